"""The platform's own failures in the cases table, in one partition for each service; and their in-memory twin."""

from __future__ import annotations

from collections.abc import Sequence

from pynamodb.connection import Connection
from pynamodb.exceptions import DoesNotExist

from chalicelib.domain.errors import Conflict
from chalicelib.domain.outages import Outage, Service
from chalicelib.services.ports import Receipt, RequestKey
from chalicelib.storage import tables as t
from chalicelib.storage.cases import receipt_row
from chalicelib.storage.codec import dumps, loads
from chalicelib.storage.memory import MemoryStore
from chalicelib.storage.reading import reading
from chalicelib.storage.transactions import Change

NEWEST = 50
"""As many failures as a date of an open case can have met: periods are counted in days."""


class DynamoOutages:
    """Implements ``outage_ports.OutageRepository``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @reading
    def get(self, outage_id: str) -> Outage | None:
        try:
            row = t.OutageRow.get(*_place(outage_id), consistent_read=True)
        except DoesNotExist:
            return None
        return loads(row.snapshot, Outage)

    def commit(self, outage: Outage, *, expected_version: int, key: RequestKey | None, receipt: Receipt) -> None:
        change = Change(self._connection)
        row = t.OutageRow(*_place(outage.id), version=outage.version, snapshot=dumps(outage))
        if expected_version == 0:
            change.create(row)
        else:
            change.put(row, t.OutageRow.version == expected_version)
        if key:
            change.create(receipt_row(key, receipt, outage.until or outage.recorded_at))
        change.commit()

    @reading
    def of(self, service: Service) -> Sequence[Outage]:
        rows = t.OutageRow.query(f"outage#{service}", consistent_read=True, scan_index_forward=False, limit=NEWEST)
        return [loads(row.snapshot, Outage) for row in rows]


def _place(outage_id: str) -> tuple[str, str]:
    service, _, number = outage_id.partition("-")
    return f"outage#{service}", number or "-"


class MemoryOutages:
    """Twin of ``DynamoOutages``."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store

    def get(self, outage_id: str) -> Outage | None:
        stored = self.store.outages.get(outage_id)
        return loads(stored, Outage) if stored else None

    def commit(self, outage: Outage, *, expected_version: int, key: RequestKey | None, receipt: Receipt) -> None:
        stored = self.get(outage.id)
        if (stored.version if stored else 0) != expected_version:
            raise Conflict.because("store.conflict")
        self.store.refuse_used(key)
        self.store.outages[outage.id] = dumps(outage)
        self.store.keep(key, receipt)

    def of(self, service: Service) -> Sequence[Outage]:
        ids = sorted((i for i in self.store.outages if i.startswith(f"{service}-")), reverse=True)
        return [loads(self.store.outages[i], Outage) for i in ids[:NEWEST]]
