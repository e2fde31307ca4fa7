"""The electronic seal in AWS KMS: the private key never leaves it. Seals are verified here, with public keys."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import Unavailable
from chalicelib.services.seal_ports import SealKey

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

_WIDTH = 32  # bytes of a coordinate on P-256


class KmsSeal:
    """Implements ``ports.Seal`` with an ECC_NIST_P256 key.

    ``former``: public keys with which the stack sealed before, by key id. They are configuration and not asked for at
    KMS, so that a former key may be disabled, and a key is the stack's own only if whoever deploys it says so.
    """

    def __init__(self, client: KMSClient, key_id: str, former: Mapping[str, SealKey] | None = None) -> None:
        self._client = client
        self.key_id = key_id
        self._keys: dict[str, SealKey] = {k: v for k, v in (former or {}).items() if k != key_id}

    def sign(self, digest: bytes) -> bytes:
        try:
            answer = self._client.sign(
                KeyId=self.key_id, Message=digest, MessageType="DIGEST", SigningAlgorithm="ECDSA_SHA_256"
            )
        except (BotoCoreError, ClientError) as error:
            raise Unavailable.because("seal.unavailable") from error
        return answer["Signature"]

    def keys(self) -> tuple[SealKey, ...]:
        current = self._current()
        return (current, *(key for key in self._keys.values() if key is not current))

    def verify(self, key_id: str, digest: bytes, signature: bytes) -> bool:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, utils

        key = self._current() if key_id == self.key_id else self._keys.get(key_id)
        if key is None:
            return False
        numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(key.x), int.from_bytes(key.y), ec.SECP256R1())
        try:
            numbers.public_key().verify(signature, digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
        except InvalidSignature:
            return False
        return True

    def _current(self) -> SealKey:
        """The public half of the current key: asked for once in the life of a container."""
        if self.key_id not in self._keys:
            try:
                spki = self._client.get_public_key(KeyId=self.key_id)["PublicKey"]
            except (BotoCoreError, ClientError) as error:
                raise Unavailable.because("seal.unavailable") from error
            self._keys[self.key_id] = _public_key(self.key_id, spki)
        return self._keys[self.key_id]


def _public_key(key_id: str, spki: bytes) -> SealKey:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    key = load_der_public_key(spki)
    if not (isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)):
        raise TypeError(f"seal key {key_id} is not on P-256")
    numbers = key.public_numbers()
    return SealKey(key_id, numbers.x.to_bytes(_WIDTH), numbers.y.to_bytes(_WIDTH))


def former_keys(text: str) -> dict[str, SealKey]:
    """Public keys from the setting: a JWK set as ``GET /v1/seal-keys`` answers it. Empty text: none.

    Raises ValueError for anything but keys on P-256, each with a kid.
    """
    keys = json.loads(text)["keys"] if text else []
    found = {}
    for jwk in keys:
        if (jwk.get("kty"), jwk.get("crv")) != ("EC", "P-256") or not jwk.get("kid"):
            raise ValueError("a former seal key must be a JWK of kty EC on P-256 with a kid")
        found[jwk["kid"]] = SealKey(jwk["kid"], _coordinate(jwk["x"]), _coordinate(jwk["y"]))
    return found


def _coordinate(text: str) -> bytes:
    value = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if len(value) != _WIDTH:
        raise ValueError(f"a coordinate on P-256 has {_WIDTH} bytes")
    return value
