"""Issued certificates; they are written in the transaction of the case that earned them."""

from __future__ import annotations

from pynamodb.exceptions import DoesNotExist

from chalicelib.domain.certificates import Certificate
from chalicelib.storage import tables as t
from chalicelib.storage.codec import loads
from chalicelib.storage.reading import reading


class DynamoCertificates:
    """Implements ``ports.CertificateRepository``."""

    @reading
    def get(self, identifier: str) -> Certificate | None:
        try:
            row = t.CertificateRow.get(f"certificate#{identifier}", "certificate")
        except DoesNotExist:
            return None
        return loads(row.snapshot, Certificate)
