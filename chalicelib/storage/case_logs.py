"""The logs of cases as they stand in DynamoDB: to verify, to anchor, to erase; and who has read what."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from pynamodb.connection import Connection
from pynamodb.exceptions import DoesNotExist

from chalicelib.domain.actors import ActorKind
from chalicelib.domain.case_events import EventRecord
from chalicelib.domain.cases import Case
from chalicelib.domain.erasure import ERASED
from chalicelib.domain.log_chain import Head, StoredEvent, StoredLog, link
from chalicelib.services.log_ports import Access, Damaged
from chalicelib.services.ports import Page
from chalicelib.storage import tables as t
from chalicelib.storage.cases import event_place, head_row, heads_list, outbox_row
from chalicelib.storage.codec import dump_event, instant
from chalicelib.storage.reading import reading
from chalicelib.storage.sealing import Safe, plain
from chalicelib.storage.tables import shard_of
from chalicelib.storage.transactions import Change

_PAGE = 1_000


class DynamoCaseLogs:
    """Implements ``log_ports.CaseLogs``."""

    def __init__(self, connection: Connection, safe: Safe) -> None:
        self._connection = connection
        self._safe = safe

    @reading
    def stored(self, case_id: str) -> StoredLog:
        pk = f"case#{case_id}"
        rows = t.EventRow.query(pk, t.EventRow.sk.startswith("event#"), consistent_read=True)
        events = [StoredEvent(_number(row.sk), row.payload, row.prev_hash, row.hash) for row in rows]
        return StoredLog(case_id, _head(t.CaseRow, case_id, "case"), _head(t.HeadRow, case_id, "head"), events)

    @reading
    def is_own(self, case_id: str, event: StoredEvent) -> bool | None:
        key = self._safe.key(case_id)
        if key is None:
            return None
        try:
            key.open(event_place(event.number), event.payload)
        except Damaged:
            return False
        return True

    def shard(self, case_id: str) -> int:
        return shard_of(case_id)

    def heads(self, day: date, shard: int) -> Iterable[Head]:
        return self._heads(heads_list(day, shard))

    @reading
    def _heads(self, listing: str) -> list[Head]:
        rows = t.Row.listing.query(listing, page_size=_PAGE)
        return [Head(row.lsk, int(row.version), row.log_head) for row in rows if isinstance(row, t.HeadRow)]

    def erase(self, case: Case, record: EventRecord) -> None:
        change = Change(self._connection)
        pk = f"case#{case.id}"
        payload = plain(dump_event(record))
        head = Head(case.id, record.number, link(case.log_head, payload))
        sk = event_place(record.number)
        change.create(t.EventRow(pk, sk, payload=payload, prev_hash=case.log_head, hash=head.log_head))
        left = t.CaseRow(pk, "case", version=record.number, state=ERASED, snapshot=plain(""), log_head=head.log_head)
        change.put(left, t.CaseRow.version == case.version)
        change.put(head_row(head, record.recorded_at))
        change.put(outbox_row(case.id, [record]))
        change.delete(t.KeyRow(f"key#{case.id}", "key"))
        for subject in {case.applicant.subject, case.agent} - {""}:
            change.delete(t.PartyRow(pk, f"party#{subject}"))
        if case.certificate:
            change.delete(t.CertificateRow(f"certificate#{case.certificate}", "certificate"))
        change.commit()
        self._safe.forget(case.id)
        self._forget_messages(case.id)

    @reading
    def _forget_messages(self, case_id: str) -> None:
        """They cannot be read any more; what is left would only tell whose case it was."""
        for row in t.MessageRow.query(f"message#{case_id}", consistent_read=True):
            row.delete()

    @reading
    def note(self, access: Access, chance: str) -> None:
        access_row(f"case#{access.case_id}", access, chance).save()

    @reading
    def accesses(self, case_id: str, after: str | None, limit: int) -> Page[Access]:
        condition = t.AccessRow.sk.between("access#", after or "access$")  # "$" sorts right behind "#"
        found = t.AccessRow.query(
            f"case#{case_id}", condition, scan_index_forward=False, limit=limit + 2, consistent_read=True
        )
        rows = [row for row in found if row.sk != after]
        cursor = rows[limit - 1].sk if len(rows) > limit else None
        return Page([access_of(case_id, row) for row in rows[:limit]], cursor)


def _head(kind: type[t.CaseRow | t.HeadRow], case_id: str, sk: str) -> Head | None:
    try:
        row = kind.get(f"case#{case_id}", sk, consistent_read=True)
    except DoesNotExist:
        return None
    return Head(case_id, int(row.version), row.log_head)


def _number(sk: str) -> int:
    digits = sk.removeprefix("event#")
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def access_row(pk: str, access: Access, chance: str, ttl: int | None = None) -> t.AccessRow:
    """The row of an access to what stands under ``pk``."""
    return t.AccessRow(
        pk,
        f"access#{instant(access.at)}#{chance}",
        subject=access.subject,
        actor_kind=str(access.kind),
        body=access.body,
        what=access.what,
        at=instant(access.at),
        ttl=ttl,
    )


def access_of(case_id: str, row: t.AccessRow) -> Access:
    """The access that a row records, of a case or visit."""
    at = datetime.fromisoformat(row.at)
    return Access(case_id, row.subject, ActorKind(row.actor_kind), row.body, row.what, at)
