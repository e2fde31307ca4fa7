"""In-memory twin of the stored logs, for unit tests. Nothing is sealed here, so a key that is gone is a mark."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from chalicelib.domain.case_events import EventRecord
from chalicelib.domain.cases import Case
from chalicelib.domain.deadlines import legal_day
from chalicelib.domain.errors import Conflict
from chalicelib.domain.log_chain import Head, StoredEvent, StoredLog, link
from chalicelib.services.log_ports import Access
from chalicelib.services.ports import OutboxRow, Page
from chalicelib.storage.codec import dump_event, instant
from chalicelib.storage.memory import MemoryStore
from chalicelib.storage.sealing import plain
from chalicelib.storage.tables import shard_of


class MemoryCaseLogs:
    """Twin of ``storage.case_logs.DynamoCaseLogs``."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self._accesses: dict[str, dict[str, Access]] = {}

    def stored(self, case_id: str) -> StoredLog:
        payloads, hashes = self.store.events.get(case_id, []), self.store.hashes.get(case_id, [])
        events = [
            StoredEvent(number, payload, previous, own)
            for number, (payload, (previous, own)) in enumerate(zip(payloads, hashes, strict=True), start=1)
        ]
        marked = self.store.heads.get(case_id)
        head = marked[1] if marked else None
        return StoredLog(case_id, head, head, events)

    def is_own(self, case_id: str, event: StoredEvent) -> bool | None:
        return True if case_id in self.store.cases else None

    def shard(self, case_id: str) -> int:
        return shard_of(case_id)

    def heads(self, day: date, shard: int) -> Iterable[Head]:
        found = [head for on, head in self.store.heads.values() if on == day and shard_of(head.case_id) == shard]
        return sorted(found, key=lambda head: head.case_id)

    def erase(self, case: Case, record: EventRecord) -> None:
        marked = self.store.heads.get(case.id)
        if marked is None or marked[1].version != case.version:
            raise Conflict.because("store.conflict")
        payload = plain(dump_event(record))
        digest = link(case.log_head, payload)
        self.store.events[case.id].append(payload)
        self.store.hashes[case.id].append((case.log_head, digest))
        self.store.heads[case.id] = (legal_day(record.recorded_at), Head(case.id, record.number, digest))
        key = f"{shard_of(case.id)}|{instant(record.recorded_at)}#{case.id}#{record.number:08d}"
        types = ((record.number, record.event.type),)
        self.store.outbox[key] = OutboxRow(key, case.id, types, record.recorded_at)
        del self.store.cases[case.id]
        for cases in self.store.parties.values():
            cases.discard(case.id)
        self.store.certificates.pop(case.certificate, None)

    def note(self, access: Access, chance: str) -> None:
        self._accesses.setdefault(access.case_id, {})[f"access#{instant(access.at)}#{chance}"] = access

    def accesses(self, case_id: str, after: str | None, limit: int) -> Page[Access]:
        rows = sorted(self._accesses.get(case_id, {}).items(), reverse=True)
        rows = [row for row in rows if after is None or row[0] < after]
        cursor = rows[limit - 1][0] if len(rows) > limit else None
        return Page([access for _, access in rows[:limit]], cursor)
