"""Issued certificates; they are written in the transaction of the case that earned them."""

from __future__ import annotations

from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.condition import Condition

from chalicelib.domain.case_events import Event, ResultIssued
from chalicelib.domain.certificates import NOTHING, Certificate
from chalicelib.domain.commitment_check_events import CommitmentRevoked
from chalicelib.services.ports import Page
from chalicelib.storage import tables as t
from chalicelib.storage.codec import dumps, instant, loads
from chalicelib.storage.reading import page, reading
from chalicelib.storage.sealing import Key, Safe
from chalicelib.storage.transactions import Change


class DynamoCertificates:
    """Implements ``ports.CertificateRepository``. A certificate of a case that was erased is not there any more."""

    def __init__(self, safe: Safe) -> None:
        self._safe = safe

    @reading
    def get(self, identifier: str) -> Certificate | None:
        try:
            row = t.CertificateRow.get(f"certificate#{identifier}", "certificate", consistent_read=True)
        except DoesNotExist:
            return None
        key = self._safe.key(row.case_id)
        return _certificate(row, key) if key else None

    @reading
    def successor(self, identifier: str) -> str | None:
        try:
            row = t.SuccessorRow.get(f"certificate#{identifier}", "successor", consistent_read=True)
        except DoesNotExist:
            return None
        return row.successor

    @reading
    def of_holder(self, subject: str, after: str | None, limit: int) -> Page[Certificate]:
        rows, cursor = page(f"holder#{subject}", after, limit, newest_first=True)
        issued = [row for row in rows if isinstance(row, t.CertificateRow)]
        keys = self._safe.keys(row.case_id for row in issued)
        return Page([_certificate(row, keys[row.case_id]) for row in issued if row.case_id in keys], cursor)


def certificate_row(certificate: Certificate, key: Key) -> t.CertificateRow:
    """How it is stored, sealed under the key of its case."""
    pk = f"certificate#{certificate.identifier}"
    return t.CertificateRow(
        pk,
        "certificate",
        version=certificate.version,
        case_id=certificate.case_id,
        snapshot=key.seal(pk, dumps(certificate)),
        lpk=f"holder#{certificate.holder_subject}",
        lsk=f"{instant(certificate.issued_at)}#{pk}",
    )


def as_read(certificate: Certificate) -> Condition:
    """It stands as it did when this next version of it was made."""
    before = certificate.version - 1
    same: Condition = t.CertificateRow.version == before
    if before > 1:
        return same
    # Rows written before there were versions have none.
    same |= t.CertificateRow.pk.exists() & t.CertificateRow.version.does_not_exist()
    return same


def follow(change: Change, event: Event) -> None:
    """What follows a certificate from an event on: another, nothing ever, or again nothing as yet."""
    if isinstance(event, ResultIssued) and event.replaces:
        change.create(_successor_row(event.replaces, event.certificate))
    if isinstance(event, CommitmentRevoked):
        if event.last:
            change.create(_successor_row(event.last, NOTHING))
        if event.reinstated:
            change.delete(_successor_row(event.reinstated))


def _successor_row(identifier: str, successor: str = NOTHING) -> t.SuccessorRow:
    return t.SuccessorRow(f"certificate#{identifier}", "successor", successor=successor)


def _certificate(row: t.CertificateRow, key: Key) -> Certificate:
    return loads(key.open(row.pk, row.snapshot), Certificate)
