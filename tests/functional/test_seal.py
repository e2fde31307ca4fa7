"""The seal against KMS: verified here with public keys, also those of a former key, also by a third party."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.config import Config
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from chalicelib.domain.errors import Unavailable
from chalicelib.gateways.seal import KmsSeal, former_keys
from chalicelib.services import certificates
from chalicelib.services.seal_ports import SealKey
from infra.local import emulator
from tests import factories as f
from tests import journey

DIGEST = hashlib.sha256("其其格".encode()).digest()


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    counted: Counter[str] = Counter()
    make_call = BaseClient._make_api_call

    def counting(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        counted[operation] += 1
        return make_call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", counting)
    return counted


def new_key(spec: str = "ECC_NIST_P256") -> str:
    made = emulator.client("kms").create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")
    return str(made["KeyMetadata"]["KeyId"])


@pytest.fixture
def key_id(_emulator: Any) -> str:
    return new_key()


def jwk_set(*keys: SealKey) -> dict[str, Any]:
    return {"keys": [{"kid": k.key_id, "kty": "EC", "crv": "P-256", "x": _text(k.x), "y": _text(k.y)} for k in keys]}


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


@pytest.mark.requirement("H1")
def test_many_verifications_ask_kms_once_for_the_public_key_and_never_to_verify(
    key_id: str, calls: Counter[str]
) -> None:
    seal = KmsSeal(emulator.client("kms"), key_id)
    signature = seal.sign(DIGEST)
    calls.clear()
    assert all(seal.verify(key_id, DIGEST, signature) for _ in range(20))
    assert calls == Counter({"GetPublicKey": 1})


@pytest.mark.requirement("H1")
def test_a_changed_digest_a_changed_signature_and_rubbish_are_noticed(key_id: str) -> None:
    seal = KmsSeal(emulator.client("kms"), key_id)
    signature = seal.sign(DIGEST)
    assert not seal.verify(key_id, hashlib.sha256(b"other").digest(), signature)
    assert not seal.verify(key_id, DIGEST, signature[:-1] + bytes([signature[-1] ^ 1]))
    assert not seal.verify(key_id, DIGEST, b"")
    assert not seal.verify("another-key", DIGEST, signature)


@pytest.mark.requirement("H1")
def test_after_a_change_of_the_key_former_seals_hold_although_the_former_key_is_gone(
    key_id: str, calls: Counter[str]
) -> None:
    client = emulator.client("kms")
    former = KmsSeal(client, key_id)
    signature = former.sign(DIGEST)
    kept = json.dumps(jwk_set(*former.keys()))
    client.disable_key(KeyId=key_id)
    seal = KmsSeal(client, new_key(), former_keys(kept))
    calls.clear()
    assert seal.verify(key_id, DIGEST, signature)
    assert calls == Counter()
    published = seal.keys()
    assert [key.key_id for key in published] == [seal.key_id, key_id]
    assert not KmsSeal(client, new_key()).verify(key_id, DIGEST, signature)


@pytest.mark.parametrize(
    "text",
    [
        "x",
        '{"keys":[{"kty":"RSA","kid":"a"}]}',
        '{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}',
        '{"keys":[{"kty":"EC","crv":"P-256","kid":"a","x":"AA","y":"AA"}]}',
    ],
)
def test_a_setting_that_holds_no_keys_of_the_seal_is_refused_when_it_is_read(text: str) -> None:
    assert former_keys("") == {}
    with pytest.raises(ValueError):  # noqa: PT011 -- JSON's own error is one, too
        former_keys(text)


@pytest.mark.usefixtures("_emulator")
def test_a_key_of_another_curve_is_refused() -> None:
    with pytest.raises(TypeError, match="P-256"):
        KmsSeal(emulator.client("kms"), new_key("ECC_NIST_P384")).keys()


def test_a_store_that_does_not_answer_is_unavailable(key_id: str) -> None:
    client = emulator.client("kms", endpoint_url="http://127.0.0.1:9", config=Config(retries={"total_max_attempts": 1}))
    with pytest.raises(Unavailable):
        KmsSeal(client, key_id).keys()


@pytest.mark.requirement("H1")
def test_a_third_party_verifies_a_certificate_from_what_is_published_alone(key_id: str) -> None:
    """As docs/certificates.md tells it, with nothing of the platform's own."""
    world = f.World()
    world.seal = KmsSeal(emulator.client("kms"), key_id)  # type: ignore[assignment]
    case_id = journey.granted(world)
    certificates.issue(world, case_id)
    found = certificates.of_case(world, f.HERDER, case_id)
    sealed, signature = found.content(), base64.b64decode(found.signature)

    jwk = next(k for k in jwk_set(*certificates.seal_keys(world))["keys"] if k["kid"] == found.seal_key)
    x, y = (int.from_bytes(base64.urlsafe_b64decode(jwk[n] + "=")) for n in "xy")
    key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    key.verify(signature, sealed, ec.ECDSA(hashes.SHA256()))
    with pytest.raises(InvalidSignature):
        key.verify(signature, sealed.replace("其其格".encode(), "另一人".encode()), ec.ECDSA(hashes.SHA256()))
