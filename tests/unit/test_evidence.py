"""The evidence of a signature stands on its own: with the key anybody can verify it, and every change is noticed."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.gateways.signatures import SealedConfirmation
from chalicelib.services import commitments
from chalicelib.services.seal_ports import SealKey
from infra.evidence import NotGenuine, main, verify
from tests import factories as f
from tests import promises as p

pytestmark = pytest.mark.requirement("C2")

KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC = KEY.public_key()


class RealSeal(f.FakeSeal):
    """Signs as KMS does: the digest itself."""

    def sign(self, digest: bytes) -> bytes:
        return KEY.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256())))

    def keys(self) -> tuple[SealKey, ...]:
        point = PUBLIC.public_numbers()
        return (SealKey(self.key_id, point.x.to_bytes(32), point.y.to_bytes(32)),)


def exported() -> dict[str, Any]:
    world = p.world()
    world.seal = RealSeal()
    world.signatures = SealedConfirmation(world.seal)  # type: ignore[assignment]
    evidence, key = commitments.evidence(world, f.HERDER, p.signed(world))
    return {
        **{name: getattr(evidence, name) for name in ("statement", "digest", "algorithm", "signature", "key_id")},
        "public_key": base64.b64encode(key).decode(),
    }


def test_the_evidence_alone_shows_who_promised_what() -> None:
    said = verify(exported())
    assert said["signer"]["name"] == f.HERDER.name
    assert said["text"]["digest"] == p.TEXT.digest
    assert verify(exported(), PUBLIC)["case"] == said["case"]


def _reworded(evidence: dict[str, Any]) -> None:
    evidence["statement"] = evidence["statement"].replace("条款promise", "另一条款")


def _reworded_with_its_digest(evidence: dict[str, Any]) -> None:
    _reworded(evidence)
    evidence["digest"] = hashlib.sha256(evidence["statement"].encode()).hexdigest()


def _resigned(evidence: dict[str, Any]) -> None:
    """By somebody with a key of their own, over clauses that are not those of the text."""
    said = json.loads(evidence["statement"])
    said["text"]["clauses"][0]["zh"] = "另一条款"
    kept = SealedConfirmation(RealSeal()).sign(json.dumps(said, ensure_ascii=False))
    evidence.update(statement=kept.statement, digest=kept.digest, signature=kept.signature)


@pytest.mark.parametrize(
    "change",
    [
        _reworded,
        _resigned,
        _reworded_with_its_digest,
        lambda e: e.update(signature=base64.b64encode(b"0" * 70).decode()),
        lambda e: e.update(algorithm="none"),
        lambda e: e.update(digest="0" * 64),
    ],
)
def test_every_change_is_noticed(change: Callable[[dict[str, Any]], object]) -> None:
    evidence = copy.deepcopy(exported())
    change(evidence)
    with pytest.raises(NotGenuine):
        verify(evidence)


def test_a_key_of_somebody_else_does_not_verify() -> None:
    with pytest.raises(NotGenuine):
        verify(exported(), ec.generate_private_key(ec.SECP256R1()).public_key())


def test_the_command_tells_genuine_from_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, key = tmp_path / "evidence.json", tmp_path / "key.pem"
    evidence = exported()
    file.write_text(json.dumps(evidence, ensure_ascii=False), encoding="utf-8")
    key.write_bytes(PUBLIC.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    assert main([str(file), "--key", str(key)]) == 0
    assert "条款promise" in capsys.readouterr().out
    file.write_text(json.dumps({**evidence, "digest": "0" * 64}), encoding="utf-8")
    assert main([str(file)]) == 1
