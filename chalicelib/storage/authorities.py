"""Authorities of agents in the cases table."""

from __future__ import annotations

from pynamodb.connection import Connection
from pynamodb.exceptions import DoesNotExist

from chalicelib.domain.authorities import Authority
from chalicelib.services.ports import Page, Receipt, RequestKey
from chalicelib.storage import tables as t
from chalicelib.storage.cases import receipt_row
from chalicelib.storage.codec import dumps, loads
from chalicelib.storage.reading import page, reading
from chalicelib.storage.transactions import Change


class DynamoAuthorities:
    """Implements ``ports.AuthorityRepository``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @reading
    def get(self, authority_id: str) -> Authority | None:
        try:
            row = t.AuthorityRow.get(f"authority#{authority_id}", "authority", consistent_read=True)
        except DoesNotExist:
            return None
        return loads(row.snapshot, Authority)

    def commit(
        self, authority: Authority, *, expected_version: int, key: RequestKey | None, receipt: Receipt | None
    ) -> None:
        change = Change(self._connection)
        pk = f"authority#{authority.id}"
        row = t.AuthorityRow(
            pk,
            "authority",
            lpk=f"authorities#{authority.agent}",
            lsk=authority.id,
            version=authority.version,
            snapshot=dumps(authority),
        )
        if expected_version == 0:
            change.create(row)
            listed = f"authorities#{authority.principal_subject}"
            change.create(t.PrincipalRow(pk, "principal", lpk=listed, lsk=authority.id, authority_id=authority.id))
        else:
            change.put(row, t.AuthorityRow.version == expected_version)
        if key and receipt:
            at = authority.revoked_at or authority.confirmed_at or authority.proposed_at
            change.create(receipt_row(key, receipt, at))
        change.commit()

    @reading
    def of(self, subject: str, after: str | None, limit: int) -> Page[Authority]:
        rows, cursor = page(f"authorities#{subject}", after, limit, newest_first=True)
        ids = [row.pk.removeprefix("authority#") for row in rows]
        keys = [(f"authority#{i}", "authority") for i in ids]
        found = {a.id: a for a in (loads(row.snapshot, Authority) for row in t.AuthorityRow.batch_get(keys))}
        return Page([found[i] for i in ids if i in found], cursor)
