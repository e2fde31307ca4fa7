"""In-memory twins of the case-side repositories, for unit tests. The contract suite runs on these and on DynamoDB.

Everything is stored as text through the codec, so that a twin cannot keep what DynamoDB would not. Nothing is
sealed: what a vault does to a row is shown on DynamoDB.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TypeVar

from chalicelib.domain import case_events as e
from chalicelib.domain.authorities import Authority
from chalicelib.domain.case_events import Document, EventRecord
from chalicelib.domain.case_rules import open_tasks
from chalicelib.domain.cases import Case
from chalicelib.domain.certificates import NOTHING, Certificate, resting_on
from chalicelib.domain.commitment_check_events import CommitmentRevoked
from chalicelib.domain.credit import CreditFile
from chalicelib.domain.credit import Entry as CreditEntry
from chalicelib.domain.deadlines import legal_day
from chalicelib.domain.documents import Entry, entry
from chalicelib.domain.enquiries import Enquiry, Step
from chalicelib.domain.errors import Conflict
from chalicelib.domain.log_chain import Head, link
from chalicelib.domain.mandates import Mandate
from chalicelib.domain.presence import ApplicationClaimed
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
from chalicelib.storage.codec import dump_event, dumps, instant, load_event, loads
from chalicelib.storage.sealing import plain
from chalicelib.storage.tables import shard_of

T = TypeVar("T")


@dataclass
class MemoryStore:
    """What all twins of one test share, as one table does."""

    cases: dict[str, tuple[str, str]] = field(default_factory=dict)  # id → snapshot, log head
    events: dict[str, list[bytes]] = field(default_factory=dict)
    hashes: dict[str, list[tuple[str, str]]] = field(default_factory=dict)  # id → (previous, own)
    heads: dict[str, tuple[date, Head]] = field(default_factory=dict)  # id → day of the last change, head
    tasks: dict[tuple[str, int], TaskSummary] = field(default_factory=dict)
    parties: dict[str, set[str]] = field(default_factory=dict)
    about: dict[str, set[str]] = field(default_factory=dict)  # certificate → cases that rest on it
    outbox: dict[str, OutboxRow] = field(default_factory=dict)
    receipts: dict[str, StoredReceipt] = field(default_factory=dict)
    tokens: dict[tuple[str, int], TaskToken] = field(default_factory=dict)
    presences: set[str] = field(default_factory=set)
    counters: dict[tuple[str, str], int] = field(default_factory=dict)
    timers: dict[tuple[str, str], Timer] = field(default_factory=dict)
    documents: dict[str, tuple[str, Entry]] = field(default_factory=dict)
    authorities: dict[str, str] = field(default_factory=dict)
    mandates: dict[str, str] = field(default_factory=dict)
    enquiries: dict[str, str] = field(default_factory=dict)
    enquiry_steps: dict[str, list[str]] = field(default_factory=dict)
    certificates: dict[str, str] = field(default_factory=dict)
    successors: dict[str, str] = field(default_factory=dict)  # certificate → what took its place
    outages: dict[str, str] = field(default_factory=dict)
    credit: dict[str, list[str]] = field(default_factory=dict)  # subject → entries

    def credit_version(self, subject: str) -> int:
        return len(self.credit.get(subject, ()))

    def guard(self, authority: Authority | None, mandate: Mandate | None, credit: CreditFile | None) -> None:
        moved = [
            authority is not None and loads(self.authorities[authority.id], Authority).version != authority.version,
            mandate is not None and loads(self.mandates[mandate.id], Mandate).version != mandate.version,
            credit is not None and self.credit_version(credit.subject) != credit.version,
        ]
        if any(moved):
            raise Conflict.because("store.conflict")

    def guard_certificates(self, events: Sequence[EventRecord], standing: Sequence[Certificate]) -> None:
        """Each stands as it was read, and no other has taken a place that is taken now."""
        for kept in standing:
            stored = self.certificates.get(kept.identifier)
            if stored is None or loads(stored, Certificate).version != kept.version - 1:
                raise Conflict.because("store.conflict")
        replaced = {r.event.replaces for r in events if isinstance(r.event, e.ResultIssued)}
        last = {r.event.last for r in events if isinstance(r.event, CommitmentRevoked)}
        if (replaced | last) & self.successors.keys():
            raise Conflict.because("store.conflict")

    def succeed(self, event: e.Event) -> None:
        """What follows a certificate from an event on: another, nothing ever, or again nothing as yet."""
        if isinstance(event, e.ResultIssued) and event.replaces:
            self.successors[event.replaces] = event.certificate
        if isinstance(event, CommitmentRevoked) and event.last:
            self.successors[event.last] = NOTHING
        if isinstance(event, CommitmentRevoked) and event.reinstated:
            self.successors.pop(event.reinstated, None)

    def refuse_used(self, key: RequestKey | None) -> None:
        if key and key.scope in self.receipts:
            raise Conflict.because("store.conflict")

    def keep(self, key: RequestKey | None, receipt: Receipt | None) -> None:
        if key and receipt:
            self.receipts[key.scope] = StoredReceipt(key.content, loads(dumps(receipt), Receipt))


class MemoryCases:
    """Twin of ``storage.cases.DynamoCases``."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store

    def get(self, case_id: str) -> Case | None:
        stored = self.store.cases.get(case_id)
        return replace(loads(stored[0], Case), log_head=stored[1]) if stored else None

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
        stored = self.get(case.id)
        if (stored.version if stored else 0) != expected_version:
            raise Conflict.because("store.conflict")
        self.store.refuse_used(key)
        self.store.guard(authority, mandate, credit)
        self.store.guard_certificates(events, standing)
        must_fit(events, (len(text.encode()) for text in (*map(dump_event, events), dumps(case))))
        used = {r.event.presence for r in events if isinstance(r.event, e.CaseDrafted)} - {""}
        if used & self.store.presences:
            raise Conflict.because("store.conflict")
        self.store.presences |= used
        head = case.log_head
        for record in events:
            payload = plain(dump_event(record))
            digest = link(head, payload)
            self.store.events.setdefault(case.id, []).append(payload)
            self.store.hashes.setdefault(case.id, []).append((head, digest))
            head = digest
            self._follow(case, record)
        self.store.cases[case.id] = (dumps(case), head)
        self.store.heads[case.id] = (legal_day(events[-1].recorded_at), Head(case.id, case.version, head))
        first = events[0]
        row_key = f"{shard_of(case.id)}|{instant(first.recorded_at)}#{case.id}#{first.number:08d}"
        types = tuple((r.number, r.event.type) for r in events)
        self.store.outbox[row_key] = OutboxRow(row_key, case.id, types, first.recorded_at)
        self.store.keep(key, receipt)
        opened = [r.event.task for r in events if isinstance(r.event, e.TaskOpened)]
        if token and opened:
            self.store.tokens[case.id, opened[-1]] = TaskToken(token, case.workflow_attempt)
        for kept in (*((certificate,) if certificate else ()), *standing):
            self.store.certificates[kept.identifier] = dumps(kept)
        for timer in timers:
            self.store.timers[timer.case_id, timer.kind] = timer
        for kind in cleared:
            self.store.timers.pop((case.id, kind), None)

    def _follow(self, case: Case, record: EventRecord) -> None:
        event = record.event
        if isinstance(event, e.TaskEnded | e.CaseWithdrawn | e.ResultDelivered):
            self.store.tasks.pop((case.id, event.task), None)
        touched = isinstance(event, e.TaskOpened | e.TaskClaimed | e.TaskTransferred | e.TaskReleased)
        for task in open_tasks(case) if touched else ():
            if task.number != getattr(event, "task", 0):
                continue
            self.store.tasks[case.id, task.number] = TaskSummary(
                case.id, task.number, task.role, task.body, task.opened_at, task.assignee, case.item.name, case.number
            )
        if isinstance(event, ApplicationClaimed):
            self.store.parties.setdefault(event.applicant.subject, set()).add(case.id)
        if isinstance(event, e.CaseDrafted):
            for subject in {event.applicant.subject, event.agent} - {""}:
                self.store.parties.setdefault(subject, set()).add(case.id)
        self.store.succeed(event)
        for identifier in resting_on(event):
            self.store.about.setdefault(identifier, set()).add(case.id)
        document: Document | None = getattr(event, "document", None)
        if document:
            self.store.documents[document.number] = (case.id, entry(document))

    def receipt(self, scope: str) -> StoredReceipt | None:
        return self.store.receipts.get(scope)

    def presence_used(self, code_id: str) -> bool:
        return code_id in self.store.presences

    def document(self, number: str) -> tuple[str, Entry] | None:
        return self.store.documents.get(number)

    def log(self, case_id: str, after: int = 0) -> Iterable[EventRecord]:
        if case_id not in self.store.cases:
            return []
        return [load_event(payload[1:].decode()) for payload in self.store.events.get(case_id, [])[after:]]

    def next_number(self, item_code: str, day: str) -> int:
        self.store.counters[item_code, day] = self.store.counters.get((item_code, day), 0) + 1
        return self.store.counters[item_code, day]

    def worklist(self, queue: str, after: str | None, limit: int) -> Page[TaskSummary]:
        rows = [
            row
            for row in self.store.tasks.values()
            if queue == (officer_queue(row.assignee) if row.assignee else body_queue(row.body, row.role))
        ]
        return page_of(rows, lambda row: f"{instant(row.opened_at)}#{row.case_id}", after, limit)

    def cases_of(self, subject: str, after: str | None, limit: int) -> Page[Case]:
        cases = [case for case in map(self.get, self.store.parties.get(subject, ())) if case]
        return page_of(cases, lambda case: case.id, after, limit, newest_first=True)

    def cases_about(self, identifier: str, limit: int) -> Sequence[Case]:
        cases = [case for case in map(self.get, self.store.about.get(identifier, ())) if case]
        return sorted(cases, key=lambda case: case.id, reverse=True)[:limit]

    def renew_token(self, case: Case, task: int, token: str) -> None:
        stored = self.get(case.id)
        if task not in {each.number for each in open_tasks(case)}:
            raise ValueError("only an open task has a token")
        if stored is None or stored.version != case.version:
            raise Conflict.because("store.conflict")
        self.store.tokens[case.id, task] = TaskToken(token, case.workflow_attempt)

    def tokens(self, case_id: str) -> Mapping[int, TaskToken]:
        return {task: token for (owner, task), token in self.store.tokens.items() if owner == case_id}

    def forget_token(self, case_id: str, task: int) -> None:
        self.store.tokens.pop((case_id, task), None)

    def unsent(self, shard: int, before: datetime, limit: int) -> Sequence[OutboxRow]:
        rows = [r for k, r in self.store.outbox.items() if k.startswith(f"{shard}|") and r.recorded_at < before]
        return sorted(rows, key=lambda row: row.key)[:limit]

    def sent(self, row_key: str) -> None:
        self.store.outbox.pop(row_key, None)

    def due(self, shard: int, until: datetime, limit: int) -> Sequence[Timer]:
        rows = [r for r in self.store.timers.values() if shard_of(r.case_id) == shard and r.due_at <= until]
        return sorted(rows, key=lambda timer: (timer.due_at, timer.case_id))[:limit]

    def set_timer(self, timer: Timer) -> None:
        self.store.timers[timer.case_id, timer.kind] = timer

    def clear_timer(self, timer: Timer) -> None:
        if self.store.timers.get((timer.case_id, timer.kind)) == timer:
            del self.store.timers[timer.case_id, timer.kind]


class MemoryAuthorities:
    """Twin of ``storage.authorities.DynamoAuthorities``."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store

    def get(self, authority_id: str) -> Authority | None:
        stored = self.store.authorities.get(authority_id)
        return loads(stored, Authority) if stored else None

    def commit(
        self, authority: Authority, *, expected_version: int, key: RequestKey | None, receipt: Receipt | None
    ) -> None:
        stored = self.get(authority.id)
        if (stored.version if stored else 0) != expected_version:
            raise Conflict.because("store.conflict")
        self.store.refuse_used(key)
        self.store.authorities[authority.id] = dumps(authority)
        self.store.keep(key, receipt)

    def of(self, subject: str, after: str | None, limit: int) -> Page[Authority]:
        everyone = [loads(text, Authority) for text in self.store.authorities.values()]
        mine = [a for a in everyone if subject in (a.agent, a.principal_subject)]
        return page_of(mine, lambda a: a.id, after, limit, newest_first=True)


class MemoryCertificates:
    """Twin of ``storage.certificates.DynamoCertificates``."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store

    def get(self, identifier: str) -> Certificate | None:
        stored = self.store.certificates.get(identifier)
        return loads(stored, Certificate) if stored else None

    def successor(self, identifier: str) -> str | None:
        return self.store.successors.get(identifier)

    def of_holder(self, subject: str, after: str | None, limit: int) -> Page[Certificate]:
        everyone = [loads(text, Certificate) for text in self.store.certificates.values()]
        mine = [c for c in everyone if c.holder_subject == subject]
        return page_of(
            mine, lambda c: f"{instant(c.issued_at)}#certificate#{c.identifier}", after, limit, newest_first=True
        )


class MemoryCredit:
    """Twin of ``storage.credit.DynamoCredit``."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store

    def file(self, subject: str) -> CreditFile:
        return CreditFile(subject, tuple(loads(text, CreditEntry) for text in self.store.credit.get(subject, ())))

    def subject_of(self, record_id: str) -> str | None:
        return next((s for s in self.store.credit if self.file(s).record(record_id)), None)

    def commit(self, file: CreditFile, entry: CreditEntry, *, key: RequestKey | None, receipt: Receipt | None) -> None:
        if self.store.credit_version(file.subject) != file.version:
            raise Conflict.because("store.conflict")
        self.store.refuse_used(key)
        self.store.credit.setdefault(file.subject, []).append(dumps(entry))
        self.store.keep(key, receipt)


class MemoryEnquiries:
    """Twin of ``storage.enquiries.DynamoEnquiries``."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store

    def get(self, enquiry_id: str) -> Enquiry | None:
        stored = self.store.enquiries.get(enquiry_id)
        return loads(stored, Enquiry) if stored else None

    def commit(
        self, enquiry: Enquiry, step: Step, *, expected_version: int, key: RequestKey | None, receipt: Receipt
    ) -> None:
        stored = self.get(enquiry.id)
        if (stored.version if stored else 0) != expected_version:
            raise Conflict.because("store.conflict")
        self.store.refuse_used(key)
        self.store.enquiries[enquiry.id] = dumps(enquiry)
        self.store.enquiry_steps.setdefault(enquiry.id, []).append(dumps(step))
        self.store.keep(key, receipt)

    def history(self, enquiry_id: str) -> Sequence[Step]:
        return [loads(text, Step) for text in self.store.enquiry_steps.get(enquiry_id, [])]

    def owned_by(self, subject: str, after: str | None, limit: int) -> Page[Enquiry]:
        return self._listed(lambda q: q.owner == subject, after, limit)

    def offered_to(self, whom: str, after: str | None, limit: int) -> Page[Enquiry]:
        return self._listed(lambda q: bool(q.offered_body) and (q.offered_to or q.offered_body) == whom, after, limit)

    def _listed(self, wanted: Callable[[Enquiry], bool], after: str | None, limit: int) -> Page[Enquiry]:
        everyone = [loads(text, Enquiry) for text in self.store.enquiries.values()]
        return page_of([q for q in everyone if wanted(q)], lambda q: q.id, after, limit, newest_first=True)


class MemoryMandates:
    """Twin of ``storage.mandates.DynamoMandates``."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store

    def get(self, mandate_id: str) -> Mandate | None:
        stored = self.store.mandates.get(mandate_id)
        return loads(stored, Mandate) if stored else None

    def commit(self, mandate: Mandate, *, expected_version: int, key: RequestKey | None, receipt: Receipt) -> None:
        stored = self.get(mandate.id)
        if (stored.version if stored else 0) != expected_version:
            raise Conflict.because("store.conflict")
        self.store.refuse_used(key)
        self.store.mandates[mandate.id] = dumps(mandate)
        self.store.keep(key, receipt)

    def of_officer(self, subject: str, after: str | None, limit: int) -> Page[Mandate]:
        return self._listed(lambda m: m.officer == subject, after, limit)

    def of_body(self, body: str, after: str | None, limit: int) -> Page[Mandate]:
        return self._listed(lambda m: m.body == body, after, limit)

    def _listed(self, wanted: Callable[[Mandate], bool], after: str | None, limit: int) -> Page[Mandate]:
        everyone = [loads(text, Mandate) for text in self.store.mandates.values()]
        return page_of([m for m in everyone if wanted(m)], lambda m: m.id, after, limit, newest_first=True)


def page_of(
    rows: Sequence[T], key: Callable[[T], str], after: str | None, limit: int, *, newest_first: bool = False
) -> Page[T]:
    """One page of rows, as a query of an index gives it."""
    ordered = sorted(rows, key=key, reverse=newest_first)
    if after is not None:
        ordered = [row for row in ordered if (key(row) < after if newest_first else key(row) > after)]
    return Page(ordered[:limit], key(ordered[limit - 1]) if len(ordered) > limit else None)
