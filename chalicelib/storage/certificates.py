"""Issued certificates; they are written in the transaction of the case that earned them."""

from __future__ import annotations

from pynamodb.exceptions import DoesNotExist

from chalicelib.domain.certificates import Certificate
from chalicelib.services.ports import Page
from chalicelib.storage import tables as t
from chalicelib.storage.codec import loads
from chalicelib.storage.reading import page, reading


class DynamoCertificates:
    """Implements ``ports.CertificateRepository``."""

    @reading
    def get(self, identifier: str) -> Certificate | None:
        try:
            row = t.CertificateRow.get(f"certificate#{identifier}", "certificate")
        except DoesNotExist:
            return None
        return loads(row.snapshot, Certificate)

    @reading
    def of_holder(self, subject: str, after: str | None, limit: int) -> Page[Certificate]:
        rows, cursor = page(f"holder#{subject}", after, limit, newest_first=True)
        found = [loads(row.snapshot, Certificate) for row in rows if isinstance(row, t.CertificateRow)]
        return Page(found, cursor)
