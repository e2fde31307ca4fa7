"""Cases in DynamoDB: snapshot, log, worklist, outbox, receipts, tokens and timers, changed together or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from pynamodb.connection import Connection
from pynamodb.exceptions import DeleteError, DoesNotExist

from chalicelib.domain import case_events as e
from chalicelib.domain.authorities import Authority
from chalicelib.domain.case_events import Document, EventRecord
from chalicelib.domain.case_rules import open_tasks
from chalicelib.domain.cases import Case
from chalicelib.domain.certificates import Certificate, resting_on
from chalicelib.domain.credit import CreditFile
from chalicelib.domain.deadlines import legal_day
from chalicelib.domain.documents import Entry, entry
from chalicelib.domain.erasure import ERASED
from chalicelib.domain.errors import Conflict
from chalicelib.domain.log_chain import Head, link
from chalicelib.domain.mandates import Mandate
from chalicelib.domain.presence import KEPT, ApplicationClaimed, is_provisional
from chalicelib.domain.sizes import must_fit
from chalicelib.services.ports import (
    OutboxRow,
    Page,
    Receipt,
    RequestKey,
    StoredReceipt,
    TaskSummary,
    TaskToken,
    Timer,
    body_queue,
    officer_queue,
)
from chalicelib.storage import tables as t
from chalicelib.storage.certificates import as_read, certificate_row, follow
from chalicelib.storage.codec import dump_event, dumps, instant, load_event, loads
from chalicelib.storage.reading import page, reading
from chalicelib.storage.sealing import Key, Safe
from chalicelib.storage.transactions import Change, is_condition_failure

KEEP_RECEIPTS = timedelta(days=7)
"""How long a repeated request still gets its first answer."""


class DynamoCases:
    """Implements ``ports.CaseRepository`` on the cases table that ``tables.bind`` opened."""

    def __init__(self, connection: Connection, safe: Safe) -> None:
        self._connection = connection
        self._safe = safe

    # -- cases ---------------------------------------------------------------------------------------

    @reading
    def get(self, case_id: str) -> Case | None:
        row, key = self._safe.row_and_key(t.CaseRow, f"case#{case_id}", "case", case_id)
        if row is None:
            return None
        if row.state == ERASED:
            self._safe.forget(case_id)
            return None
        return _case(row, key) if key else None

    def _opened(self, row: t.CaseRow) -> Case | None:
        case_id = row.pk.removeprefix("case#")
        if row.state == ERASED:
            self._safe.forget(case_id)
            return None
        key = self._safe.key(case_id)
        return _case(row, key) if key else None

    def commit(
        self,
        case: Case,
        events: Sequence[EventRecord],
        *,
        expected_version: int,
        key: RequestKey | None = None,
        receipt: Receipt | None = None,
        token: str | None = None,
        certificate: Certificate | None = None,
        standing: Sequence[Certificate] = (),
        authority: Authority | None = None,
        mandate: Mandate | None = None,
        credit: CreditFile | None = None,
        timers: Sequence[Timer] = (),
        cleared: Sequence[str] = (),
    ) -> None:
        change = Change(self._connection)
        sealing = self._key(change, case.id, expected_version)
        said, snapshot = [dump_event(record) for record in events], dumps(case)
        must_fit(events, (len(text.encode()) for text in (*said, snapshot)))
        head = self._append(change, case, events, said, sealing)
        self._snapshot(change, case, snapshot, head, expected_version, sealing)
        self._task(change, case, events)
        change.put(outbox_row(case.id, events))
        change.put(head_row(Head(case.id, case.version, head), events[-1].recorded_at))
        for event in events:
            self._lists(change, case.id, event)
        if key and receipt:
            change.create(receipt_row(key, receipt, events[0].recorded_at))
        opened = [record.event.task for record in events if isinstance(record.event, e.TaskOpened)]
        if token and opened:
            change.put(_token_row(case, opened[-1], token))
        if certificate:
            change.create(certificate_row(certificate, sealing))
        for kept in standing:
            key_of_it = sealing if kept.case_id == case.id else self._stored_key(kept.case_id)
            change.put(certificate_row(kept, key_of_it), as_read(kept))
        _guard(change, authority, mandate, credit)
        for timer in timers:
            change.put(timer_row(timer))
        for kind in cleared:
            change.delete(t.TimerRow(f"case#{case.id}", f"timer#{kind}"))
        change.commit()
        self._safe.keep(sealing)

    def _key(self, change: Change, case_id: str, expected_version: int) -> Key:
        """The data key of the case, made with its first event."""
        if expected_version == 0:
            made = self._safe.new(case_id)
            change.create(made.row)
            return made
        return self._stored_key(case_id)

    def _stored_key(self, case_id: str) -> Key:
        key = self._read_key(case_id)
        if key is None:  # erased since the caller read the case, or its certificate
            raise Conflict.because("store.conflict")
        return key

    @reading
    def _read_key(self, case_id: str) -> Key | None:
        return self._safe.key(case_id)

    def _append(
        self, change: Change, case: Case, events: Sequence[EventRecord], said: Sequence[str], sealing: Key
    ) -> str:
        head = case.log_head
        for event, text in zip(events, said, strict=True):
            sk = event_place(event.number)
            payload = sealing.seal(sk, text)
            digest = link(head, payload)
            change.create(t.EventRow(f"case#{case.id}", sk, payload=payload, prev_hash=head, hash=digest))
            head = digest
        return head

    def _snapshot(self, change: Change, case: Case, text: str, head: str, expected_version: int, sealing: Key) -> None:
        row = t.CaseRow(
            f"case#{case.id}",
            "case",
            version=case.version,
            state=case.state.value,
            snapshot=sealing.seal(f"case#{case.version}", text),
            log_head=head,
        )
        if expected_version == 0:
            change.create(row)
        else:
            change.put(row, t.CaseRow.version == expected_version)

    def _task(self, change: Change, case: Case, events: Sequence[EventRecord]) -> None:
        """The worklist row follows the task: written anew when it changes hands, gone when it ends."""
        for record in events:
            ended = getattr(record.event, "task", 0)
            ends = isinstance(record.event, e.TaskEnded | e.CaseWithdrawn | e.ResultDelivered)
            if ends and ended:
                change.delete(t.TaskRow(f"case#{case.id}", f"task#{_number(ended)}"))
        touches = e.TaskOpened | e.TaskClaimed | e.TaskTransferred | e.TaskReleased
        touched = {record.event.task for record in events if isinstance(record.event, touches)}
        for task in open_tasks(case):
            if task.number not in touched:
                continue
            queue = officer_queue(task.assignee) if task.assignee else body_queue(task.body, task.role)
            change.put(
                t.TaskRow(
                    f"case#{case.id}",
                    f"task#{_number(task.number)}",
                    lpk=queue,
                    lsk=f"{instant(task.opened_at)}#{case.id}",
                    case_id=case.id,
                    number=task.number,
                    role=task.role,
                    body=task.body,
                    assignee=task.assignee,
                    opened_at=instant(task.opened_at),
                    item_name=case.item.name,
                    case_number=case.number,
                )
            )

    def _lists(self, change: Change, case_id: str, record: EventRecord) -> None:
        event = record.event
        if isinstance(event, ApplicationClaimed):
            subject = event.applicant.subject
            pk, sk = f"case#{case_id}", f"party#{subject}"
            change.put(t.PartyRow(pk, sk, lpk=f"party#{subject}", lsk=case_id, case_id=case_id))
        if isinstance(event, e.CaseDrafted):
            if event.presence:
                ttl = int((record.recorded_at + KEPT).timestamp())
                change.create(t.PresenceRow(f"presence#{event.presence}", "presence", case_id=case_id, ttl=ttl))
            for subject in {event.applicant.subject, event.agent} - {""}:
                if is_provisional(subject):
                    continue  # nobody will ever ask for the list of a party without account
                pk, sk = f"case#{case_id}", f"party#{subject}"
                change.create(t.PartyRow(pk, sk, lpk=f"party#{subject}", lsk=case_id, case_id=case_id))
        follow(change, event)
        for identifier in resting_on(event):
            pk, sk = f"case#{case_id}", f"about#{identifier}"
            change.put(t.AboutRow(pk, sk, lpk=sk, lsk=case_id, case_id=case_id))
        document: Document | None = getattr(event, "document", None)
        if document:
            row = t.DocumentRow(
                f"document#{document.number}", "document", case_id=case_id, document=dumps(entry(document))
            )
            change.create(row)

    @reading
    def receipt(self, scope: str) -> StoredReceipt | None:
        try:
            row = t.ReceiptRow.get(f"idem#{scope}", "idem", consistent_read=True)
        except DoesNotExist:
            return None
        return StoredReceipt(row.content, loads(row.receipt, Receipt))

    @reading
    def presence_used(self, code_id: str) -> bool:
        try:
            t.PresenceRow.get(f"presence#{code_id}", "presence", consistent_read=True)
        except DoesNotExist:
            return False
        return True

    @reading
    def document(self, number: str) -> tuple[str, Entry] | None:
        try:
            row = t.DocumentRow.get(f"document#{number}", "document")
        except DoesNotExist:
            return None
        return row.case_id, loads(row.document, Entry)

    @reading
    def log(self, case_id: str, after: int = 0) -> Iterable[EventRecord]:
        key = self._safe.key(case_id)
        if key is None:
            return []
        condition = t.EventRow.sk.between(event_place(after + 1), event_place(99_999_999))
        rows = t.EventRow.query(f"case#{case_id}", condition, consistent_read=True)
        return [load_event(key.open(row.sk, row.payload)) for row in rows]

    @reading
    def next_number(self, item_code: str, day: str) -> int:
        # The one bare ADD of the product: a lost answer makes botocore repeat it, which leaves a gap
        # in the numbers and never gives one twice.
        row = t.CounterRow(f"counter#{item_code}", day)
        row.update(actions=[t.CounterRow.value.add(1)])
        return int(row.value)

    # -- lists ---------------------------------------------------------------------------------------

    @reading
    def worklist(self, queue: str, after: str | None, limit: int) -> Page[TaskSummary]:
        rows, cursor = page(queue, after, limit, newest_first=False)
        return Page([_summary(row) for row in rows if isinstance(row, t.TaskRow)], cursor)

    @reading
    def cases_of(self, subject: str, after: str | None, limit: int) -> Page[Case]:
        rows, cursor = page(f"party#{subject}", after, limit, newest_first=True)
        ids = [row.case_id for row in rows if isinstance(row, t.PartyRow)]
        found = {case.id: case for case in self._cases(ids)}
        return Page([found[case_id] for case_id in ids if case_id in found], cursor)

    @reading
    def cases_about(self, identifier: str, limit: int) -> Sequence[Case]:
        rows, _ = page(f"about#{identifier}", None, limit, newest_first=True)
        ids = [row.case_id for row in rows if isinstance(row, t.AboutRow)]
        found = {case.id: case for case in self._cases(ids)}
        return [found[case_id] for case_id in ids if case_id in found]

    def _cases(self, ids: Sequence[str]) -> Iterator[Case]:
        keys = self._safe.keys(ids)
        for row in t.CaseRow.batch_get([(f"case#{case_id}", "case") for case_id in keys]):
            if opened := self._opened(row):
                yield opened

    # -- workflow ------------------------------------------------------------------------------------

    def renew_token(self, case: Case, task: int, token: str) -> None:
        if task not in {each.number for each in open_tasks(case)}:
            raise ValueError("only an open task has a token")
        change = Change(self._connection)
        change.check(t.CaseRow, f"case#{case.id}", "case", t.CaseRow.version == case.version)
        change.put(_token_row(case, task, token))
        change.commit()

    @reading
    def tokens(self, case_id: str) -> Mapping[int, TaskToken]:
        rows = t.TokenRow.query(f"token#{case_id}", consistent_read=True)
        return {int(row.sk): TaskToken(row.token, int(row.attempt)) for row in rows}

    @reading
    def forget_token(self, case_id: str, task: int) -> None:
        t.TokenRow(f"token#{case_id}", _number(task)).delete()

    @reading
    def unsent(self, shard: int, before: datetime, limit: int) -> Sequence[OutboxRow]:
        condition = t.OutboxRow.sk < instant(before)
        rows = t.OutboxRow.query(f"outbox#{shard}", condition, limit=limit)
        return [
            OutboxRow(
                f"{row.pk}|{row.sk}",
                row.case_id,
                tuple((number, kind) for number, kind in json.loads(row.types)),
                datetime.fromisoformat(row.recorded_at),
            )
            for row in rows
        ]

    @reading
    def sent(self, row_key: str) -> None:
        pk, sk = row_key.split("|", 1)
        t.OutboxRow(pk, sk).delete()

    @reading
    def due(self, shard: int, until: datetime, limit: int) -> Sequence[Timer]:
        # "~" sorts behind the "#" that follows the moment: everything at ``until`` itself is due.
        rows = t.Row.due.query(f"due#{shard}", t.Row.dsk < f"{instant(until)}~", limit=limit)
        return [_timer(row) for row in rows if isinstance(row, t.TimerRow)]

    @reading
    def set_timer(self, timer: Timer) -> None:
        timer_row(timer).save()

    @reading
    def clear_timer(self, timer: Timer) -> None:
        """Remove the timer unless it was set to another moment in between."""
        row = t.TimerRow(f"case#{timer.case_id}", f"timer#{timer.kind}")
        try:
            row.delete(condition=t.TimerRow.due_at == instant(timer.due_at))
        except DeleteError as error:
            if not is_condition_failure(error):
                raise


def outbox_row(case_id: str, events: Sequence[EventRecord]) -> t.OutboxRow:
    """What the relay has to publish of one commit."""
    return announcement(case_id, [(r.number, r.event.type) for r in events], events[0].recorded_at)


def announcement(owner: str, types: Sequence[tuple[int, str]], at: datetime, *, row: str = "") -> t.OutboxRow:
    """What the relay has to publish of a case, or whatever else has numbered events: number and type of each.

    ``row`` tells it from another row of the same owner, moment and number, where an owner has numbers of two kinds.
    """
    first, last = types[0][0], types[-1][0]
    return t.OutboxRow(
        f"outbox#{t.shard_of(owner)}",
        f"{instant(at)}#{owner}#{first:08d}{row}",
        case_id=owner,
        first=first,
        last=last,
        types=json.dumps(types),
        recorded_at=instant(at),
    )


def head_row(head: Head, at: datetime) -> t.HeadRow:
    """How far the log goes, listed by the legal day and shard, where the anchor finds it."""
    return t.HeadRow(
        f"case#{head.case_id}",
        "head",
        lpk=heads_list(legal_day(at), t.shard_of(head.case_id)),
        lsk=head.case_id,
        version=head.version,
        log_head=head.log_head,
    )


def heads_list(day: date, shard: int) -> str:
    """The list of cases of a shard whose last change was recorded on a day."""
    return f"heads#{day.isoformat()}#{shard}"


def receipt_row(key: RequestKey, receipt: Receipt, now: datetime) -> t.ReceiptRow:
    """The row that makes a keyed request happen once. DynamoDB drops it some time after ``ttl``."""
    ttl = int((now + KEEP_RECEIPTS).timestamp())
    return t.ReceiptRow(f"idem#{key.scope}", "idem", content=key.content, receipt=dumps(receipt), ttl=ttl)


def _guard(change: Change, authority: Authority | None, mandate: Mandate | None, credit: CreditFile | None) -> None:
    """What a change rests on must still stand as it was read."""
    if authority:
        same = t.AuthorityRow.version == authority.version
        change.check(t.AuthorityRow, f"authority#{authority.id}", "authority", same)
    if mandate:
        unchanged = t.MandateRow.version == mandate.version
        change.check(t.MandateRow, f"mandate#{mandate.id}", "mandate", unchanged)
    if credit:
        clean = t.CreditRow.pk.does_not_exist()
        as_read = t.CreditRow.version == credit.version
        change.check(t.CreditRow, f"credit#{credit.subject}", "credit", as_read if credit.version else clean)


def _token_row(case: Case, task: int, token: str) -> t.TokenRow:
    return t.TokenRow(f"token#{case.id}", _number(task), token=token, attempt=case.workflow_attempt)


def _number(task: int) -> str:
    return f"{task:04d}"


def event_place(number: int) -> str:
    """Sort key of an event; it is sealed for this place."""
    return f"event#{number:08d}"


def _case(row: t.CaseRow, key: Key) -> Case:
    case = loads(key.open(f"case#{int(row.version)}", row.snapshot), Case)
    return replace(case, log_head=row.log_head)


def _summary(row: t.TaskRow) -> TaskSummary:
    return TaskSummary(
        case_id=row.case_id,
        task=int(row.number),
        role=row.role,
        body=row.body,
        opened_at=datetime.fromisoformat(row.opened_at),
        assignee=row.assignee,
        item_name=row.item_name,
        number=row.case_number,
    )


def timer_row(timer: Timer) -> t.TimerRow:
    """The due-index row of a timer."""
    return t.TimerRow(
        f"case#{timer.case_id}",
        f"timer#{timer.kind}",
        dpk=f"due#{t.shard_of(timer.case_id)}",
        dsk=f"{instant(timer.due_at)}#{timer.case_id}",
        case_id=timer.case_id,
        timer=timer.kind,
        due_at=instant(timer.due_at),
    )


def _timer(row: t.TimerRow) -> Timer:
    return Timer(row.case_id, row.timer, datetime.fromisoformat(row.due_at))
