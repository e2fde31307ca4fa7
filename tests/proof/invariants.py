"""What must hold once everything has come to rest, whatever went wrong on the way.

``flaws`` judges one state by itself; ``differences`` compares what a faulty run has brought about with what the run
without faults did. Both answer sentences; an empty list is the proof.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.domain import cases as rules
from chalicelib.domain.case_events import EventRecord
from chalicelib.domain.case_rules import open_tasks
from chalicelib.domain.cases import Case, CaseState
from chalicelib.domain.certificates import CertificateState
from chalicelib.domain.commitment_checks import is_open
from chalicelib.domain.fees import settled
from chalicelib.domain.log_chain import first_fault
from chalicelib.domain.messages import TELLING
from chalicelib.domain.uploads import UploadState
from chalicelib.services.tasks import needs_workflow
from chalicelib.storage.codec import instant
from tests.proof import invariants_of_places as of_places
from tests.proof.stack import KEPT, Rows, Stack

REPAIRED = frozenset({"case.workflow_died", "case.workflow_restarted"})
"""Events by which a repair is put on record: a faulty run may have them, a clean one has none."""

UNCOUNTED = frozenset({"timer", "counter", "access", "event", "outbox", "token"})
"""Kinds of row that ``flaws`` judges by themselves, or that a repetition may leave more of: a reading noted twice, a
number given and not used."""


@dataclass(frozen=True)
class Effect:
    """What a run has brought about, without the numbers and ids that differ from run to run."""

    rows: Counter[str]
    logs: tuple[tuple[str, ...], ...]
    states: tuple[str, ...]
    told: tuple[str, ...]
    kept: int


def effect(stack: Stack) -> Effect:
    """The effect of everything so far."""
    rows = stack.rows(stack.stores.cases)
    catalog = stack.rows(stack.stores.catalog)
    places = stack.rows(stack.stores.places)
    kinds = Counter(_kind(row) for row in [*rows.values(), *catalog.values(), *places.values()])
    timers = [row["timer"]["S"] for row in rows.values() if "timer" in row]
    kinds.update(f"timer {timer}" for timer in timers if timer != "watch")  # which stays until it has seen the end
    logs, states = [], []
    for case_id in case_ids(rows):
        case = stack.cases.get(case_id)
        log = tuple(stack.cases.log(case_id))
        logs.append(tuple(sorted(r.event.type for r in log if r.event.type not in REPAIRED)))
        states.append(_standing(case))
    # A code (contact.version) that did not go out the person asks for again; a message (case.event.contact) must.
    told = {str(key).partition(".")[2] for _, _, key in [*stack.sms.sent, *stack.post.sent] if key.count(".") > 1}
    return Effect(
        Counter({kind: count for kind, count in kinds.items() if kind not in UNCOUNTED}),
        tuple(logs),
        (*states, *of_places.standings(stack, of_places.agreed(stack, rows))),
        tuple(sorted(told)),
        len(stack.files(KEPT)),
    )


def differences(clean: Effect, found: Effect) -> list[str]:
    """Where an effect differs from what it should be."""
    return [
        f"{name}: {getattr(found, name)} instead of {getattr(clean, name)}"
        for name in ("rows", "logs", "states", "told", "kept")
        if getattr(clean, name) != getattr(found, name)
    ]


def flaws(stack: Stack) -> list[str]:
    """Everything that is wrong with the state as it stands."""
    stack.renew()
    rows = stack.rows(stack.stores.cases)
    found: list[str] = []
    for case_id in case_ids(rows):
        found += (f"{case_id}: {flaw}" for flaw in _of_case(stack, rows, case_id))
    found += _of_everything(stack, rows)
    return found


def waiting(stack: Stack) -> list[str]:
    """Where a case and its execution wait for different things."""
    stack.renew()
    rows = stack.rows(stack.stores.cases)
    cases = [case for case_id in case_ids(rows) if (case := stack.cases.get(case_id))]
    return [f"{case.id}: {flaw}" for case in cases for flaw in _workflow(stack, rows, case)]


def _of_everything(stack: Stack, rows: Rows) -> Iterator[str]:
    left = [pk for pk, _ in rows if pk.startswith("outbox#")]
    if left:
        yield f"{len(left)} rows stay in the outbox"
    keys = [key for _, _, key in [*stack.sms.sent, *stack.post.sent]]
    twice = [key for key, count in Counter(keys).items() if count > RESENT]
    if twice:
        yield f"sent more often than retries explain: {twice}"
    yield from successions(stack, rows)
    agreed = of_places.agreed(stack, rows)
    yield from of_places.at_rest(stack, agreed)
    ids = {*case_ids(rows), *agreed.owners}
    for hint in stack.outside.published:
        if hint.case_id not in ids:
            yield f"a hint of what does not exist: {hint}"


RESENT = 4
"""A provider knows a repeated key and sends nothing for it; asking it more often than that is a loop."""


def _of_case(stack: Stack, rows: Rows, case_id: str) -> Iterator[str]:
    case, log = stack.cases.get(case_id), tuple(stack.cases.log(case_id))
    yield from of_log(stack, rows, case_id, case, log)
    if case is None:
        return  # erased: its chain is all that is left
    published = {(h.number, h.type) for h in stack.outside.published if h.case_id == case_id}
    happened = {(r.number, r.event.type) for r in log}
    if published != happened:
        yield f"published and recorded events differ: {sorted(published ^ happened)}"
    yield from _workflow(stack, rows, case)
    yield from _result(stack, rows, case)
    yield from _messages(stack, case, log)
    yield from _uploads(stack, case)
    overdue = [t["timer"]["S"] for t in _under(rows, case_id, "timer#") if t["due_at"]["S"] <= _instant(stack)]
    if overdue:
        yield f"timers are overdue: {overdue}"


def of_log(stack: Stack, rows: Rows, case_id: str, case: Case | None, log: tuple[EventRecord, ...]) -> Iterator[str]:
    """What one transaction keeps together, and what holds at every moment therefore."""
    stored = stack.logs.stored(case_id)
    fault = first_fault(stored, (), lambda event: stack.logs.is_own(case_id, event) is not False)
    if fault is not None:
        yield f"the chain does not verify: {fault}"
    if case is None:
        return
    if rules.fold(log) != replace(case, log_head=""):
        yield "log and snapshot do not agree"
    yield from _task(rows, case)
    yield from _documents(rows, case)


def _task(rows: Rows, case: Case) -> Iterator[str]:
    listed = [(int(r["number"]["N"]), r["assignee"]["S"]) for r in _under(rows, case.id, "task#")]
    wanted = sorted((task.number, task.assignee) for task in open_tasks(case))
    if sorted(listed) != wanted:
        yield f"worklist {listed}, open tasks {wanted}"


def _workflow(stack: Stack, rows: Rows, case: Case) -> Iterator[str]:
    tokens = {int(sk): row["token"]["S"] for (pk, sk), row in rows.items() if pk == f"token#{case.id}"}
    alive = [e for e in stack.outside.executions.values() if e.case_id == case.id and e.status == "RUNNING"]
    if needs_workflow(case):
        waits = [(e.attempt, e.token) for e in alive]
        moved = case.check_task if is_open(case) else case.task
        task = moved.number if moved else 0
        if waits != [(case.workflow_attempt, tokens.get(task))] or set(tokens) != {task}:
            yield f"attempt {case.workflow_attempt}, task {task}: executions wait for {waits}, tokens are {tokens}"
    elif alive or tokens:
        yield f"nothing is left to do, but {alive} and {tokens} are"
    watched = bool(_under(rows, case.id, "timer#watch"))
    if needs_workflow(case) and not watched:
        yield "nobody watches it"


def _result(stack: Stack, rows: Rows, case: Case) -> Iterator[str]:
    if case.state is CaseState.GRANTED and settled(case):
        yield "granted, and not issued"
    made = [pk for (pk, _), row in rows.items() if _kind(row) == "certificate" and row["case_id"]["S"] == case.id]
    if made != ([f"certificate#{case.certificate}"] if case.certificate else []):
        yield f"certificates {made}, the case says {case.certificate!r}"


def successions(stack: Stack, rows: Rows) -> Iterator[str]:
    """Of everything that goes back to one certificate, by renewals, changes and reissues, one counts at most."""
    found = [case for case_id in case_ids(rows) if (case := stack.cases.get(case_id))]
    about = {case.certificate: case.about.identifier for case in found if case.certificate and case.about}
    valid: Counter[str] = Counter()
    for (pk, _), row in rows.items():
        identifier = pk.removeprefix("certificate#")
        certificate = stack.certificates.get(identifier) if _kind(row) == "certificate" else None
        if certificate is not None and certificate.state is CertificateState.VALID:
            valid[_first(about, identifier)] += 1
    yield from (f"{count} certificates count that go back to {first}" for first, count in valid.items() if count > 1)


def _first(about: Mapping[str, str], identifier: str) -> str:
    while identifier in about:
        identifier = about[identifier]
    return identifier


def _documents(rows: Rows, case: Case) -> Iterator[str]:
    numbers = [d.number for d in case.documents]
    if len(numbers) != len(set(numbers)):
        yield f"a document's number was given twice: {numbers}"
    kept = {
        pk.removeprefix("document#")
        for (pk, _), r in rows.items()
        if _kind(r) == "document" and r["case_id"]["S"] == case.id
    }
    if kept != set(numbers):
        yield f"documents {sorted(kept)}, the case says {sorted(numbers)}"
    value = int(rows.get((f"counter#{case.item.code}", case.case_number[-12:-4]), {}).get("value", {}).get("N", 0))
    if case.case_number and value < int(case.case_number[-4:]):
        yield f"number {case.case_number} was given, the counter stands at {value}"


def _messages(stack: Stack, case: Case, log: Any) -> Iterator[str]:
    told = {m.id for m in stack.messages.of_case(case.id)}
    wanted = [r.number for r in log if r.event.type in TELLING]
    lying = sum(".e" in i or i.rpartition(".")[2].isdigit() for i in told)
    if len(told) < len(wanted):
        yield f"{len(told)} messages ({lying}) for {len(wanted)} events that are told"
    pending = [m.id for m in stack.messages.of_case(case.id) if m.pending]
    if pending:
        yield f"messages are not delivered: {pending}"


def _uploads(stack: Stack, case: Case) -> Iterator[str]:
    """What counts as received is there, and nothing else is kept. Quarantine forgets by its bucket's rule, in a day."""
    kept = stack.files(KEPT)
    there = stack.uploads.of(case.id)
    for upload in there:
        if upload.state is UploadState.CLEAN and upload.object_key not in kept:
            yield f"{upload.id} is clean, and its file is gone"
        if upload.state in (UploadState.REFUSED, UploadState.EXPIRED) and upload.object_key in kept:
            yield f"{upload.id} is {upload.state}, and kept"
    known = {u.object_key for u in there}
    orphans = [name for name in kept if case.id in name and name not in known]
    if orphans:
        yield f"files of no upload: {orphans}"


def _standing(case: Case | None) -> str:
    if case is None:
        return "erased"
    tasks = [f"{task.role} {task.assignee}" for task in open_tasks(case)]
    return f"{case.state} {tasks} {bool(case.certificate)} {len(case.documents)}"


def _kind(row: Any) -> str:
    return str(row.get("kind", {}).get("S", "counter"))  # an ADD alone writes no kind


def case_ids(rows: Rows) -> list[str]:
    """Every case in the table."""
    return sorted(pk.removeprefix("case#") for pk, sk in rows if sk == "case")


def _under(rows: Rows, case_id: str, prefix: str) -> list[Any]:
    return [row for (pk, sk), row in sorted(rows.items()) if pk == f"case#{case_id}" and sk.startswith(prefix)]


def _instant(stack: Stack) -> str:
    return instant(stack.clock.now())
