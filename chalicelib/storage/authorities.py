"""Authorities of agents in the cases table."""

from __future__ import annotations

from pynamodb.connection import Connection
from pynamodb.exceptions import DoesNotExist

from chalicelib.domain.authorities import Authority
from chalicelib.domain.errors import Conflict
from chalicelib.services.ports import Page, Receipt, RequestKey
from chalicelib.storage import tables as t
from chalicelib.storage.cases import receipt_row
from chalicelib.storage.codec import dumps, loads
from chalicelib.storage.reading import page, reading
from chalicelib.storage.sealing import Key, Safe
from chalicelib.storage.transactions import Change


class DynamoAuthorities:
    """Implements ``ports.AuthorityRepository``."""

    def __init__(self, connection: Connection, safe: Safe) -> None:
        self._connection = connection
        self._safe = safe

    @reading
    def get(self, authority_id: str) -> Authority | None:
        try:
            row = t.AuthorityRow.get(f"authority#{authority_id}", "authority", consistent_read=True)
        except DoesNotExist:
            return None
        key = self._safe.key(authority_id)
        return _authority(row, key) if key else None

    def commit(
        self, authority: Authority, *, expected_version: int, key: RequestKey | None, receipt: Receipt | None
    ) -> None:
        change = Change(self._connection)
        sealing = self._safe.new(authority.id) if expected_version == 0 else self._read_key(authority.id)
        pk = f"authority#{authority.id}"
        row = t.AuthorityRow(
            pk,
            "authority",
            lpk=f"authorities#{authority.agent}",
            lsk=authority.id,
            version=authority.version,
            snapshot=sealing.seal(_place(authority.version), dumps(authority)),
        )
        if expected_version == 0:
            change.create(row)
            change.create(sealing.row)
            listed = f"authorities#{authority.principal_subject}"
            change.create(t.PrincipalRow(pk, "principal", lpk=listed, lsk=authority.id, authority_id=authority.id))
        else:
            change.put(row, t.AuthorityRow.version == expected_version)
        if key and receipt:
            at = authority.revoked_at or authority.confirmed_at or authority.proposed_at
            change.create(receipt_row(key, receipt, at))
        change.commit()
        self._safe.keep(sealing)

    @reading
    def _read_key(self, authority_id: str) -> Key:
        key = self._safe.key(authority_id)
        if key is None:
            raise Conflict.because("store.conflict")
        return key

    @reading
    def of(self, subject: str, after: str | None, limit: int) -> Page[Authority]:
        rows, cursor = page(f"authorities#{subject}", after, limit, newest_first=True)
        ids = [row.pk.removeprefix("authority#") for row in rows]
        keys = self._safe.keys(ids)
        stored = t.AuthorityRow.batch_get([(f"authority#{i}", "authority") for i in keys])
        found = {a.id: a for a in (_authority(row, keys[row.pk.removeprefix("authority#")]) for row in stored)}
        return Page([found[i] for i in ids if i in found], cursor)


def _place(version: int) -> str:
    return f"authority#{version}"


def _authority(row: t.AuthorityRow, key: Key) -> Authority:
    return loads(key.open(_place(int(row.version)), row.snapshot), Authority)
