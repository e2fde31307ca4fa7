"""KMS signs a digest as AWS does: moto hashes it once more, so that nobody outside could verify the signature.

https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html, ``MessageType``.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

_message_type: ContextVar[str] = ContextVar("message_type", default="RAW")
_HASHES: dict[int, hashes.HashAlgorithm] = {32: hashes.SHA256(), 48: hashes.SHA384(), 64: hashes.SHA512()}


def respect_message_types() -> None:
    """Let moto's KMS tell digests from messages, for keys on elliptic curves."""
    responses: Any = importlib.import_module("moto.kms.responses").KmsResponse
    key: Any = importlib.import_module("moto.kms.utils").ECDSAPrivateKey
    for name in ("sign", "verify"):
        setattr(responses, name, _remembering(getattr(responses, name)))
    key.sign, key.verify = _signing(key.sign), _verifying(key.verify)


def _remembering(act: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def call(request: Any) -> Any:
        told = _message_type.set(request._get_param("MessageType") or "RAW")
        try:
            return act(request)
        finally:
            _message_type.reset(told)

    return call


def _signing(plain: Callable[..., bytes]) -> Callable[..., bytes]:
    def sign(key: Any, message: bytes, signing_algorithm: str) -> bytes:
        if _message_type.get() != "DIGEST":
            return plain(key, message, signing_algorithm)
        signature: bytes = key.private_key.sign(message, ec.ECDSA(Prehashed(_HASHES[len(message)])))
        return signature

    return sign


def _verifying(plain: Callable[..., bool]) -> Callable[..., bool]:
    def verify(key: Any, message: bytes, signature: bytes, signing_algorithm: str) -> bool:
        if _message_type.get() != "DIGEST":
            return plain(key, message, signature, signing_algorithm)
        try:
            key.private_key.public_key().verify(signature, message, ec.ECDSA(Prehashed(_HASHES[len(message)])))
        except InvalidSignature:
            return False
        return True

    return verify
