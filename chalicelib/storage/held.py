"""What the platform holds about people: for now the certificates that it issued itself."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.domain.certificates import Certificate
from chalicelib.services.ports import CertificateRepository

MOST = 50
"""The newest certificates of a holder that are looked at: more than anybody has, and one query."""


class HeldCertificates:
    """Implements ``ports.HeldData`` over the certificates issued here."""

    def __init__(self, certificates: CertificateRepository) -> None:
        self._certificates = certificates

    def certificates_of(self, subject: str) -> Sequence[Certificate]:
        """The holder's certificates, newest first."""
        return self._certificates.of_holder(subject, None, MOST).items
