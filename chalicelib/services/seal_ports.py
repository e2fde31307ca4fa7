"""What the use cases need of the electronic seal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

_SPKI_P256 = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
"""What stands before the point of every uncompressed key on P-256."""


@dataclass(frozen=True, slots=True)
class SealKey:
    """The public half of a seal key: a point on P-256, 32 bytes each coordinate."""

    key_id: str
    x: bytes
    y: bytes

    @property
    def spki(self) -> bytes:
        """The key as SubjectPublicKeyInfo in DER (RFC 5480): what most tools read."""
        return _SPKI_P256 + self.x + self.y


class Seal(Protocol):
    """The electronic seal: signs digests with a key that never leaves its store."""

    @property
    def key_id(self) -> str:
        """The key with which it signs now."""
        ...

    def sign(self, digest: bytes) -> bytes:
        """Sign a SHA-256 digest (ECDSA P-256, DER)."""
        ...

    def verify(self, key_id: str, digest: bytes, signature: bytes) -> bool:
        """Whether the key of that id made this signature. False for a key that is none of the stack's own."""
        ...

    def keys(self) -> tuple[SealKey, ...]:
        """Every key with which this stack seals, or has sealed before; the current one first."""
        ...


class SealPorts(Protocol):
    """The part of ``ports.Ports`` that is about the seal."""

    @property
    def seal(self) -> Seal: ...
