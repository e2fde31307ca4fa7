"""Special procedures: what besides the ordinary examination takes time, and what of it counts.

Only a procedure that the item's version lists can be begun, and only with a written notice that says why and how long
it takes (行政许可法 45). From the day after the notice to the day of the result the clock stands, if the version's law
says so (``procedure_kinds``). Inspection, testing and quarantine are assigned to two officers or more (55), and two
look at the substance on site (34(3)).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from chalicelib.domain import law as law_rules
from chalicelib.domain.case_events import Document, Event, EventRecord
from chalicelib.domain.case_rules import (
    MINE,
    REVIEWS,
    Act,
    CaseState,
    Evolutions,
    Transition,
    Transitions,
    task_is_one_of,
    text_is_given,
)
from chalicelib.domain.catalog import ImplementationItem, Limit, SpecialProcedure, StepRole
from chalicelib.domain.deadlines import ONE_DAY, Deadline, Lapse, Law, Pause, deadline, legal_day
from chalicelib.domain.errors import Violation
from chalicelib.domain.procedure_kinds import (
    ASSIGNED,
    OUTSIDE,
    ProcedureKind,
    basis_of,
    kind_of,
    stops_clock,
)

if TYPE_CHECKING:
    from chalicelib.domain.cases import Case
    from chalicelib.domain.extensions import Extend

P = ProcedureKind

# -- what a case keeps ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Procedure:
    """A procedure of a case. ``days`` is the time told in the notice, ``stops`` what the version said at that time."""

    number: int
    kind: str
    name: str
    stops: bool
    basis: str
    days: int
    notified_at: datetime
    notice: str  # number of the written notice
    assigned: tuple[str, ...] = ()
    assigned_at: datetime | None = None
    result_at: datetime | None = None
    officers: tuple[str, ...] = ()


# -- commands and events -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StartProcedure:
    """Begin a procedure of the version. ``kind`` is a code of ``ProcedureKind``."""

    kind: str
    reason: str
    days: int
    document: Document


@dataclass(frozen=True, slots=True)
class AssignOfficers:
    """Name those who inspect, test or quarantine."""

    procedure: int
    officers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordResult:
    """The procedure is over. ``officers``: who was there."""

    procedure: int
    result: str
    officers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProcedureStarted(Event):
    """The applicant was told in writing which procedure begins, why, and how long it takes."""

    type: ClassVar[str] = "case.procedure_started"
    procedure: int
    kind: str
    name: str
    stops: bool
    basis: str
    reason: str
    days: int
    document: Document

    @property
    def told(self) -> Mapping[str, str]:
        clock = "所需时间不计入办理期限" if self.stops else "所需时间计入办理期限"
        return {
            "procedure": self.name,
            "basis": self.basis,
            "reason": self.reason,
            "days": f"{self.days}个工作日",
            "clock": clock,
        }


@dataclass(frozen=True, slots=True)
class OfficersAssigned(Event):
    """Two officers or more were assigned. ``late``: not within five days of the acceptance."""

    type: ClassVar[str] = "case.officers_assigned"
    procedure: int
    officers: tuple[str, ...]
    late: bool


@dataclass(frozen=True, slots=True)
class ProcedureEnded(Event):
    """The result is there; the clock goes on from the next day."""

    type: ClassVar[str] = "case.procedure_ended"
    procedure: int
    result: str
    officers: tuple[str, ...]


# -- what other parts ask ------------------------------------------------------------------------------


def pauses(case: Case) -> tuple[Pause, ...]:
    """The stretches on which the clock of the decision stands: procedures and the hearing, earliest first."""
    found = [_pause(p.notified_at, p.result_at, p.kind, p.basis) for p in case.procedures if p.stops]
    hearing = case.hearing
    if hearing is not None and hearing.stops:
        basis = basis_of(law_rules.STOPS)
        found += [_pause(off.scheduled_at, off.at, P.HEARING, basis) for off in hearing.called_off]
        if hearing.scheduled_at is not None:
            found.append(_pause(hearing.scheduled_at, hearing.ended_at, P.HEARING, basis))
    return tuple(sorted((p for p in found if p.until is None or p.since <= p.until), key=lambda p: p.since))


def _pause(notified_at: datetime, ended_at: datetime | None, code: str, basis: str) -> Pause:
    until = legal_day(ended_at) if ended_at else None
    return Pause(legal_day(notified_at) + ONE_DAY, until, code, basis)


def extension(case: Case) -> Limit | None:
    """By how much the time for the decision was extended; None if it was not."""
    return case.extended.limit if case.extended else None


def is_stopped(case: Case) -> bool:
    """True while a procedure or a hearing that stops the clock is under way."""
    hearing = case.hearing
    heard = hearing is not None and hearing.stops and hearing.scheduled_at is not None and hearing.ended_at is None
    return heard or any(p.stops and p.result_at is None for p in case.procedures)


def assignment_due(case: Case, law: Law) -> Deadline | None:
    """When officers have to be assigned at the latest; None where no law says when (行政许可法 55)."""
    limit = law_rules.assignment_limit(law.item)
    return deadline(case.accepted_at, limit, law.calendar) if case.accepted_at and limit else None


# -- rules ---------------------------------------------------------------------------------------------


def item_of(act: Act) -> ImplementationItem:
    """The version by which the act is judged."""
    return law_of(act).item


def law_of(act: Act) -> Law:
    """The law by which the act is judged; every received case has one."""
    if act.law is None:
        raise AssertionError("unreachable: a case under examination has its law")
    return act.law


def _listed(command: StartProcedure, act: Act) -> SpecialProcedure | None:
    """The procedure of the version; one that stops the clock before another of the same kind."""
    item = item_of(act)
    found = [p for p in item.special_procedures if kind_of(p) == command.kind]
    return max(found, key=lambda p: stops_clock(item, p), default=None)


def _procedure(case: Case, number: int) -> Procedure | None:
    return next((p for p in case.procedures if p.number == number), None)


def procedure_is_in_version(case: Case, command: StartProcedure, act: Act) -> Violation | None:
    """Only what the version lists can be asked for (B2)."""
    return None if _listed(command, act) else Violation("procedure.not-in-version", "/kind", {"kind": command.kind})


def procedure_is_part_of_examination(case: Case, command: StartProcedure, act: Act) -> Violation | None:
    """What the law places before the clock or after the decision is not begun in between."""
    listed = _listed(command, act)
    return Violation("procedure.not-now", "/kind") if listed and listed.effect in OUTSIDE else None


def procedure_is_no_hearing(case: Case, command: StartProcedure, act: Act) -> Violation | None:
    """A hearing has its own course (行政许可法 46-48)."""
    return Violation("procedure.is-hearing", "/kind") if command.kind == P.HEARING else None


def procedure_does_not_overlap(case: Case, command: StartProcedure, act: Act) -> Violation | None:
    """The clock is stopped by one thing at a time."""
    listed = _listed(command, act)
    if listed and stops_clock(item_of(act), listed) and is_stopped(case):
        return Violation("procedure.overlaps", "/kind")
    return None


def time_is_told(case: Case, command: StartProcedure | Extend, act: Act) -> Violation | None:
    """The notice names the days that it takes."""
    return None if command.days > 0 else Violation("procedure.days-missing", "/days")


def procedure_is_known(case: Case, command: AssignOfficers | RecordResult, act: Act) -> Violation | None:
    """There is such a procedure."""
    return None if _procedure(case, command.procedure) else Violation("procedure.unknown")


def procedure_runs(case: Case, command: AssignOfficers | RecordResult, act: Act) -> Violation | None:
    """It has no result yet."""
    found = _procedure(case, command.procedure)
    return Violation("procedure.already-ended") if found and found.result_at else None


def procedure_is_assigned_one(case: Case, command: AssignOfficers, act: Act) -> Violation | None:
    """Only inspection, testing and quarantine are assigned (行政许可法 55)."""
    found = _procedure(case, command.procedure)
    return Violation("procedure.not-assigned-kind") if found and found.kind not in ASSIGNED else None


def assignment_names_two(case: Case, command: AssignOfficers, act: Act) -> Violation | None:
    """Two officers or more (行政许可法 55)."""
    return _two(command.officers)


def visit_names_two(case: Case, command: RecordResult, act: Act) -> Violation | None:
    """A check of the substance on site is made by two officers or more (行政许可法 34(3))."""
    found = _procedure(case, command.procedure)
    return _two(command.officers) if found and found.kind == P.SITE_VISIT else None


def _two(officers: tuple[str, ...]) -> Violation | None:
    if len({name.strip() for name in officers if name.strip()}) >= law_rules.INSPECTION_OFFICERS:
        return None
    return Violation("procedure.two-officers", "/officers")


def inspection_was_assigned(case: Case, command: RecordResult, act: Act) -> Violation | None:
    """A result of an inspection, test or quarantine comes from officers who were assigned to it."""
    found = _procedure(case, command.procedure)
    if found and found.kind in ASSIGNED and not found.assigned:
        return Violation("procedure.not-assigned")
    return None


def result_follows_notice(case: Case, command: RecordResult, act: Act) -> Violation | None:
    """A result never comes before its notice."""
    found = _procedure(case, command.procedure)
    return Violation("procedure.result-before-notice") if found and act.now < found.notified_at else None


def none_running(case: Case, command: object, act: Act) -> Violation | None:
    """A decision waits for the result of what was begun."""
    running = next((p for p in case.procedures if p.result_at is None), None)
    return Violation("procedure.running", "", {"name": running.name}) if running else None


# -- transitions and evolutions ------------------------------------------------------------------------

EXAMINES = (*MINE, task_is_one_of(*REVIEWS, StepRole.DECIDE))
"""Whoever examines or decides, and has claimed the task."""

_IN_REVIEW = frozenset({CaseState.IN_REVIEW})


def _start(case: Case, command: StartProcedure, act: Act) -> tuple[Event, ...]:
    item, listed = item_of(act), _listed(command, act)
    if listed is None:
        raise AssertionError("unreachable: procedure_is_in_version refuses first")
    stops = stops_clock(item, listed)
    basis = law_rules.STOPS if stops and not listed.stops else listed.basis
    number = len(case.procedures) + 1
    event = ProcedureStarted(
        number, command.kind, listed.name, stops, basis_of(basis), command.reason, command.days, command.document
    )
    return (event,)


def _assign(case: Case, command: AssignOfficers, act: Act) -> tuple[Event, ...]:
    due = assignment_due(case, law_of(act))
    late = due is not None and due.at is not None and act.now >= due.at
    return (OfficersAssigned(command.procedure, command.officers, late),)


TRANSITIONS: Transitions = {
    StartProcedure: Transition(
        _IN_REVIEW,
        (
            *EXAMINES,
            text_is_given("reason"),
            time_is_told,
            procedure_is_no_hearing,
            procedure_is_in_version,
            procedure_is_part_of_examination,
            procedure_does_not_overlap,
        ),
        _start,
    ),
    AssignOfficers: Transition(
        _IN_REVIEW,
        (*EXAMINES, procedure_is_known, procedure_runs, procedure_is_assigned_one, assignment_names_two),
        _assign,
    ),
    RecordResult: Transition(
        _IN_REVIEW,
        (
            *EXAMINES,
            text_is_given("result"),
            procedure_is_known,
            procedure_runs,
            result_follows_notice,
            inspection_was_assigned,
            visit_names_two,
        ),
        lambda case, m, a: (ProcedureEnded(m.procedure, m.result, m.officers),),
    ),
}


def _started(case: Case, event: ProcedureStarted, record: EventRecord) -> dict[str, Any]:
    made = Procedure(
        event.procedure,
        event.kind,
        event.name,
        event.stops,
        event.basis,
        event.days,
        record.effective_at,
        event.document.number,
    )
    return {"procedures": (*case.procedures, made), "documents": (*case.documents, event.document)}


def _changed(case: Case, number: int, **changes: Any) -> dict[str, Any]:
    return {"procedures": tuple(replace(p, **changes) if p.number == number else p for p in case.procedures)}


EVOLUTIONS: Evolutions = {
    ProcedureStarted: _started,
    OfficersAssigned: lambda case, ev, r: _changed(
        case, ev.procedure, assigned=ev.officers, assigned_at=r.effective_at
    ),
    ProcedureEnded: lambda case, ev, r: _changed(case, ev.procedure, result_at=r.effective_at, officers=ev.officers),
}


def lapses(case: Case, law: Law) -> Iterable[Lapse]:
    """Nothing here happens by time alone."""
    return ()
