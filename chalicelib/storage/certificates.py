"""Issued certificates; they are written in the transaction of the case that earned them."""

from __future__ import annotations

from pynamodb.exceptions import DoesNotExist

from chalicelib.domain.certificates import Certificate
from chalicelib.services.ports import Page
from chalicelib.storage import tables as t
from chalicelib.storage.codec import loads
from chalicelib.storage.reading import page, reading
from chalicelib.storage.sealing import Key, Safe


class DynamoCertificates:
    """Implements ``ports.CertificateRepository``. A certificate of a case that was erased is not there any more."""

    def __init__(self, safe: Safe) -> None:
        self._safe = safe

    @reading
    def get(self, identifier: str) -> Certificate | None:
        try:
            row = t.CertificateRow.get(f"certificate#{identifier}", "certificate")
        except DoesNotExist:
            return None
        key = self._safe.key(row.case_id)
        return _certificate(row, key) if key else None

    @reading
    def of_holder(self, subject: str, after: str | None, limit: int) -> Page[Certificate]:
        rows, cursor = page(f"holder#{subject}", after, limit, newest_first=True)
        issued = [row for row in rows if isinstance(row, t.CertificateRow)]
        keys = self._safe.keys(row.case_id for row in issued)
        return Page([_certificate(row, keys[row.case_id]) for row in issued if row.case_id in keys], cursor)


def _certificate(row: t.CertificateRow, key: Key) -> Certificate:
    return loads(key.open(row.pk, row.snapshot), Certificate)
