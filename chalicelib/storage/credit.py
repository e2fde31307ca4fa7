"""Credit files in the cases table: one partition a subject, every entry sealed under a key of the subject's own."""

from __future__ import annotations

from pynamodb.connection import Connection
from pynamodb.exceptions import DoesNotExist

from chalicelib.domain.credit import CreditFile, Entry
from chalicelib.domain.errors import Conflict
from chalicelib.services.ports import Receipt, RequestKey
from chalicelib.storage import tables as t
from chalicelib.storage.cases import receipt_row
from chalicelib.storage.codec import dumps, loads
from chalicelib.storage.reading import reading
from chalicelib.storage.sealing import Key, Safe
from chalicelib.storage.transactions import Change


class DynamoCredit:
    """Implements ``ports.CreditRepository``."""

    def __init__(self, connection: Connection, safe: Safe) -> None:
        self._connection = connection
        self._safe = safe

    @reading
    def file(self, subject: str) -> CreditFile:
        found = t.CreditEntryRow.query(_place(subject), t.CreditEntryRow.sk.startswith("entry#"), consistent_read=True)
        rows = list(found)
        if not rows:
            return CreditFile(subject)
        key = self._safe.key(_owner(subject))
        if key is None:  # what it was sealed under was destroyed, and the bars with it
            return CreditFile(subject)
        return CreditFile(subject, tuple(loads(key.open(row.sk, row.payload), Entry) for row in rows))

    @reading
    def subject_of(self, record_id: str) -> str | None:
        try:
            row = t.CreditRecordRow.get(f"credit-record#{record_id}", "credit", consistent_read=True)
        except DoesNotExist:
            return None
        return str(row.subject)

    def commit(self, file: CreditFile, entry: Entry, *, key: RequestKey | None, receipt: Receipt | None) -> None:
        change = Change(self._connection)
        owner, pk = _owner(file.subject), _place(file.subject)
        sealing = self._safe.new(owner) if file.version == 0 else self._read_key(owner)
        head = t.CreditRow(pk, "credit", version=entry.number)
        if file.version == 0:
            change.create(head)
            change.create(sealing.row)
        else:
            change.put(head, t.CreditRow.version == file.version)
        place = f"entry#{entry.number:06d}"
        change.create(t.CreditEntryRow(pk, place, payload=sealing.seal(place, dumps(entry))))
        if file.record(entry.record) is None:
            change.create(t.CreditRecordRow(f"credit-record#{entry.record}", "credit", subject=file.subject))
        if key and receipt:
            change.create(receipt_row(key, receipt, entry.at))
        change.commit()
        self._safe.keep(sealing)

    @reading
    def _read_key(self, owner: str) -> Key:
        key = self._safe.key(owner)
        if key is None:
            raise Conflict.because("store.conflict")
        return key


def _place(subject: str) -> str:
    return f"credit#{subject}"


def _owner(subject: str) -> str:
    return f"credit-{subject}"
