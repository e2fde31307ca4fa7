"""What signing a promise needs from the outside, as Protocols."""

from __future__ import annotations

from typing import Protocol

from chalicelib.domain.commitments import Evidence


class Signatures(Protocol):
    """Signs what an applicant promises. The built-in one seals a confirmed, authenticated act; a provider of
    electronic signatures (电子签名法 13) can take its place.
    """

    def sign(self, statement: str) -> Evidence:
        """The evidence that this was signed now, word for word. Raises Unavailable."""
        ...


class CommitmentPorts(Protocol):
    """All of them together."""

    @property
    def signatures(self) -> Signatures: ...
