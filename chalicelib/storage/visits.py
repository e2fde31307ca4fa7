"""On-site service in the cases table: sealed, listed for whom it is and for the place while it is open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from pynamodb.connection import Connection
from pynamodb.exceptions import DoesNotExist

from chalicelib.domain.errors import Conflict
from chalicelib.domain.visits import OPEN, Visit
from chalicelib.services.log_ports import Access
from chalicelib.services.ports import Page, Receipt, RequestKey
from chalicelib.storage import booking_rows as b
from chalicelib.storage.case_logs import access_of, access_row
from chalicelib.storage.cases import announcement, receipt_row
from chalicelib.storage.codec import dumps, instant, loads
from chalicelib.storage.reading import page, reading
from chalicelib.storage.sealing import Key, Safe
from chalicelib.storage.tables import AccessRow, KeyRow
from chalicelib.storage.transactions import Change

KEEP = timedelta(days=400)
"""How long it is known that somebody asked: who asks at the end of the horizon is visited well within it."""


class DynamoVisits:
    """Implements ``appointment_ports.VisitRepository``."""

    def __init__(self, connection: Connection, safe: Safe) -> None:
        self._connection = connection
        self._safe = safe

    @reading
    def get(self, visit_id: str) -> Visit | None:
        try:
            row = b.VisitRow.get(_pk(visit_id), "visit", consistent_read=True)
        except DoesNotExist:
            return None
        key = self._safe.key(visit_id)
        return _visit(row, key) if key else None

    def of(self, subject: str, after: str | None, limit: int) -> Page[Visit]:
        return self._listed(f"visits#{subject}", after, limit, newest_first=True)

    def open_at(self, place: str, after: str | None, limit: int) -> Page[Visit]:
        return self._listed(f"visits-of#{place}", after, limit, newest_first=False)

    @reading
    def _listed(self, listing: str, after: str | None, limit: int, *, newest_first: bool) -> Page[Visit]:
        rows, cursor = page(listing, after, limit, newest_first=newest_first)
        return Page(self._all([row.lsk for row in rows]), cursor)

    def _all(self, ids: Sequence[str]) -> list[Visit]:
        keys = self._safe.keys(ids)
        stored = b.VisitRow.batch_get([(_pk(i), "visit") for i in keys], consistent_read=True)
        found = {v.id: v for v in (_visit(row, keys[row.pk.removeprefix("visit#")]) for row in stored)}
        return [found[i] for i in ids if i in found]

    def commit(
        self, visit: Visit, *, before: Visit | None, key: RequestKey | None = None, receipt: Receipt | None = None
    ) -> None:
        change = Change(self._connection)
        ttl = _ttl(visit)
        sealing = self._sealing(change, visit, before, ttl)
        row = b.VisitRow(
            _pk(visit.id),
            "visit",
            lpk=f"visits#{visit.booker.subject}",
            lsk=visit.id,
            version=visit.version,
            snapshot=sealing.seal(_sealed_for(visit.version), dumps(visit)),
            ttl=ttl,
        )
        if before is None:
            change.create(row)
            if agent := visit.booker.agent:
                change.create(b.VisitAgentRow(_pk(visit.id), "agent", lpk=f"visits#{agent}", lsk=visit.id, ttl=ttl))
        else:
            change.put(row, b.VisitRow.version == before.version)
        listed = b.VisitPlaceRow(_pk(visit.id), "place", lpk=f"visits-of#{visit.place}", lsk=visit.id, ttl=ttl)
        if visit.state in OPEN:
            change.put(listed)
        else:
            change.delete(listed)
        had, has = set(before.duties() if before else ()), set(visit.duties())
        for resource, at in sorted(had - has):
            change.delete(b.DutyRow(*duty_place(resource, at)))
        for resource, at in sorted(has - had):
            change.create(b.DutyRow(*duty_place(resource, at), visit=visit.id, ttl=ttl))
        change.put(announcement(visit.id, [(visit.version, visit.event)], visit.changed_at))
        if key and receipt:
            change.create(receipt_row(key, receipt, visit.changed_at))
        change.commit()
        self._safe.keep(sealing)

    @reading
    def note(self, visit: Visit, access: Access, chance: str) -> None:
        access_row(_pk(visit.id), access, chance, ttl=_ttl(visit)).save()

    @reading
    def accesses(self, visit_id: str, limit: int) -> Sequence[Access]:
        own = AccessRow.sk.startswith("access#")
        rows = AccessRow.query(_pk(visit_id), own, scan_index_forward=False, limit=limit, consistent_read=True)
        return [access_of(visit_id, row) for row in rows]

    @reading
    def _sealing(self, change: Change, visit: Visit, before: Visit | None, ttl: int) -> Key:
        if before is None:
            made = self._safe.new(visit.id)
            change.create(KeyRow(made.row.pk, made.row.sk, wrapped=made.wrapped, ttl=ttl))
            return made
        key = self._safe.key(visit.id)
        if key is None:
            raise Conflict.because("store.conflict")
        return key


def duty_place(resource: str, at: datetime) -> tuple[str, str]:
    """Where it stands that somebody or something is taken in a quarter of an hour: a digest, which names no officer."""
    return f"duty#{sha256(resource.encode()).hexdigest()[:32]}", f"quarter#{instant(at)}"


def _pk(visit_id: str) -> str:
    return f"visit#{visit_id}"


def _ttl(visit: Visit) -> int:
    return int((visit.made_at + KEEP).timestamp())


def _sealed_for(version: int) -> str:
    return f"visit#{version}"


def _visit(row: b.VisitRow, key: Key) -> Visit:
    return loads(key.open(_sealed_for(int(row.version)), row.snapshot), Visit)
