"""What sealing, verifying and anchoring the log needs from the outside, as Protocols."""

from __future__ import annotations

from typing import Protocol


class Damaged(Exception):
    """What was sealed is not what stands there now, or not in its place. Never expected, so no DomainError."""


class Vault(Protocol):
    """Seals what is personal, under a data key for each owner (a case, an authority).

    The data key is kept wrapped, beside what it seals: whoever destroys the wrapped key has made all of it
    unreadable for good.
    """

    def create(self, owner: str) -> bytes:
        """A fresh data key for an owner, wrapped."""
        ...

    def seal(self, owner: str, key: bytes, place: str, plain: bytes) -> bytes:
        """Encrypt under the wrapped key. ``place`` says where it will stand, so that it cannot be moved."""
        ...

    def open(self, owner: str, key: bytes, place: str, sealed: bytes) -> bytes:
        """What was sealed for this owner and place. Raises Damaged for anything else."""
        ...
