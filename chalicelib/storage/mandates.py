"""Mandates of chief representatives in the cases table."""

from __future__ import annotations

from pynamodb.connection import Connection
from pynamodb.exceptions import DoesNotExist

from chalicelib.domain.mandates import Mandate
from chalicelib.services.ports import Page, Receipt, RequestKey
from chalicelib.storage import tables as t
from chalicelib.storage.cases import receipt_row
from chalicelib.storage.codec import dumps, loads
from chalicelib.storage.reading import page, reading
from chalicelib.storage.transactions import Change


class DynamoMandates:
    """Implements ``ports.MandateRepository``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @reading
    def get(self, mandate_id: str) -> Mandate | None:
        try:
            row = t.MandateRow.get(f"mandate#{mandate_id}", "mandate", consistent_read=True)
        except DoesNotExist:
            return None
        return loads(row.snapshot, Mandate)

    def commit(self, mandate: Mandate, *, expected_version: int, key: RequestKey | None, receipt: Receipt) -> None:
        change = Change(self._connection)
        pk = f"mandate#{mandate.id}"
        row = t.MandateRow(
            pk,
            "mandate",
            lpk=f"mandates#{mandate.officer}",
            lsk=mandate.id,
            version=mandate.version,
            snapshot=dumps(mandate),
        )
        if expected_version == 0:
            change.create(row)
            listed = f"mandates#{mandate.body}"
            change.create(t.MandateBodyRow(pk, "body", lpk=listed, lsk=mandate.id, mandate_id=mandate.id))
        else:
            change.put(row, t.MandateRow.version == expected_version)
        if key:
            change.create(receipt_row(key, receipt, mandate.revoked_at or mandate.given_at))
        change.commit()

    def of_officer(self, subject: str, after: str | None, limit: int) -> Page[Mandate]:
        return self._listed(f"mandates#{subject}", after, limit)

    def of_body(self, body: str, after: str | None, limit: int) -> Page[Mandate]:
        return self._listed(f"mandates#{body}", after, limit)

    @reading
    def _listed(self, listing: str, after: str | None, limit: int) -> Page[Mandate]:
        rows, cursor = page(listing, after, limit, newest_first=True)
        ids = [row.pk.removeprefix("mandate#") for row in rows]
        # The index may lag behind; what a decision rests on must not.
        keys = [(f"mandate#{i}", "mandate") for i in ids]
        fresh = t.MandateRow.batch_get(keys, consistent_read=True)
        found = {m.id: m for m in (loads(row.snapshot, Mandate) for row in fresh)}
        return Page([found[i] for i in ids if i in found], cursor)
