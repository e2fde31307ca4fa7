"""Enquiries in the cases table: snapshot and steps sealed, listed for their owner and for whom they are offered to."""

from __future__ import annotations

from collections.abc import Sequence

from pynamodb.connection import Connection
from pynamodb.exceptions import DoesNotExist

from chalicelib.domain.enquiries import Enquiry, Step
from chalicelib.domain.errors import Conflict
from chalicelib.services.ports import Page, Receipt, RequestKey
from chalicelib.storage import tables as t
from chalicelib.storage.cases import receipt_row
from chalicelib.storage.codec import dumps, loads
from chalicelib.storage.reading import page, reading
from chalicelib.storage.sealing import Key, Safe
from chalicelib.storage.transactions import Change


class DynamoEnquiries:
    """Implements ``ports.EnquiryRepository``."""

    def __init__(self, connection: Connection, safe: Safe) -> None:
        self._connection = connection
        self._safe = safe

    @reading
    def get(self, enquiry_id: str) -> Enquiry | None:
        try:
            row = t.EnquiryRow.get(f"enquiry#{enquiry_id}", "enquiry", consistent_read=True)
        except DoesNotExist:
            return None
        key = self._safe.key(enquiry_id)
        return _enquiry(row, key) if key else None

    def commit(
        self, enquiry: Enquiry, step: Step, *, expected_version: int, key: RequestKey | None, receipt: Receipt
    ) -> None:
        change = Change(self._connection)
        sealing = self._safe.new(enquiry.id) if expected_version == 0 else self._read_key(enquiry.id)
        pk = f"enquiry#{enquiry.id}"
        row = t.EnquiryRow(
            pk,
            "enquiry",
            lpk=f"enquiries#{enquiry.owner}",
            lsk=enquiry.id,
            version=enquiry.version,
            snapshot=sealing.seal(_place(enquiry.version), dumps(enquiry)),
        )
        if expected_version == 0:
            change.create(row)
            change.create(sealing.row)
        else:
            change.put(row, t.EnquiryRow.version == expected_version)
        place = f"step#{step.number:04d}"
        change.create(t.EnquiryStepRow(pk, place, payload=sealing.seal(place, dumps(step))))
        if enquiry.offered_body:
            listed = f"offers#{enquiry.offered_to or enquiry.offered_body}"
            change.put(t.EnquiryOfferRow(pk, "offer", lpk=listed, lsk=enquiry.id, enquiry_id=enquiry.id))
        else:
            change.delete(t.EnquiryOfferRow(pk, "offer"))
        if key:
            change.create(receipt_row(key, receipt, step.at))
        change.commit()
        self._safe.keep(sealing)

    @reading
    def _read_key(self, enquiry_id: str) -> Key:
        key = self._safe.key(enquiry_id)
        if key is None:
            raise Conflict.because("store.conflict")
        return key

    @reading
    def history(self, enquiry_id: str) -> Sequence[Step]:
        key = self._safe.key(enquiry_id)
        if key is None:
            return []
        found = t.EnquiryStepRow.query(
            f"enquiry#{enquiry_id}", t.EnquiryStepRow.sk.startswith("step#"), consistent_read=True
        )
        return [loads(key.open(row.sk, row.payload), Step) for row in found]

    def owned_by(self, subject: str, after: str | None, limit: int) -> Page[Enquiry]:
        return self._listed(f"enquiries#{subject}", after, limit)

    def offered_to(self, whom: str, after: str | None, limit: int) -> Page[Enquiry]:
        return self._listed(f"offers#{whom}", after, limit)

    @reading
    def _listed(self, listing: str, after: str | None, limit: int) -> Page[Enquiry]:
        rows, cursor = page(listing, after, limit, newest_first=True)
        ids = [row.pk.removeprefix("enquiry#") for row in rows]
        keys = self._safe.keys(ids)
        stored = t.EnquiryRow.batch_get([(f"enquiry#{i}", "enquiry") for i in keys])
        found = {e.id: e for e in (_enquiry(row, keys[row.pk.removeprefix("enquiry#")]) for row in stored)}
        return Page([found[i] for i in ids if i in found], cursor)


def _place(version: int) -> str:
    return f"enquiry#{version}"


def _enquiry(row: t.EnquiryRow, key: Key) -> Enquiry:
    return loads(key.open(_place(int(row.version)), row.snapshot), Enquiry)
