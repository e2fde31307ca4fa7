"""Incomplete-material acceptance (容缺受理): accepted although a secondary material is missing, handled meanwhile.

Only materials that the version marks 容缺后补 can be late, on the applicant's own wish, until a day that they promise
(``supplement_dates``). The acceptance tells what is missing, by when, and what follows otherwise (D2). The case goes
on; nothing is granted before every such material has come and was found in order (D3). At 24:00 of the day the
version's consequence happens by itself; what came in time and was not checked yet holds it (D4).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from chalicelib.domain import fees, form_places, hearings, procedures, renewals, window
from chalicelib.domain.case_events import (
    CaseGranted,
    Document,
    Event,
    EventRecord,
    SubmittedMaterial,
    TaskEnded,
)
from chalicelib.domain.case_rules import (
    MINE,
    REVIEWS,
    Act,
    CaseState,
    Evolutions,
    Transition,
    Transitions,
    task_is_one_of,
    task_number,
    text_is_given,
)
from chalicelib.domain.catalog import LateOutcome, StepRole
from chalicelib.domain.deadlines import Lapse, Law, legal_day
from chalicelib.domain.errors import Violation
from chalicelib.domain.supplement_dates import due, outstanding, promised_later

if TYPE_CHECKING:
    from chalicelib.domain.cases import Case

S = CaseState


@dataclass(frozen=True, slots=True)
class Ready:
    """A decision that only waits for supplements: on which task, whose it is, and what it will say."""

    task: int
    officer: str
    opinion: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the check of one supplement found; without defects it is in order."""

    code: str
    defects: tuple[str, ...] = ()


# -- commands and events -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Supply:
    """The applicant hands deferred materials in, all of them or some. ``unfit``: what is wrong with the files."""

    materials: tuple[SubmittedMaterial, ...]
    unfit: tuple[Violation, ...]
    document: Document


@dataclass(frozen=True, slots=True)
class CheckSupplements:
    """Whoever examines the case says of each supplement whether it is in order.

    ``document`` tells the defects, None if there are none; ``decision`` is written where a ready decision waited.
    """

    verdicts: tuple[Verdict, ...]
    document: Document | None = None
    decision: Document | None = None


@dataclass(frozen=True, slots=True)
class HoldDecision:
    """Grant as soon as the last supplement is in order."""

    opinion: str


@dataclass(frozen=True, slots=True)
class LapseSupplements:
    """The day is over and something is missing still."""

    outcome: str
    reason: str
    remedies: str = ""
    document: Document | None = None


@dataclass(frozen=True, slots=True)
class SupplementReceived(Event):
    """容缺材料 came in, with a receipt."""

    type: ClassVar[str] = "case.supplemented"
    materials: tuple[SubmittedMaterial, ...]
    document: Document


@dataclass(frozen=True, slots=True)
class SupplementsChecked(Event):
    """Supplements were checked: the codes of those in order, and every defect of the others at once."""

    type: ClassVar[str] = "case.supplements_checked"
    passed: tuple[str, ...]
    defective: tuple[Verdict, ...]
    terms: str
    names: Mapping[str, str]
    document: Document | None

    @property
    def told(self) -> Mapping[str, str]:
        """Every defect with its material, and until when it can be mended."""
        lines = [f"{self.names.get(v.code, v.code)}:{defect}" for v in self.defective for defect in v.defects]
        told = {"defects": "\n".join(f"{i}. {line}" for i, line in enumerate(lines, 1))}
        return told | {"correction": self.terms} if lines else {}


@dataclass(frozen=True, slots=True)
class DecisionHeld(Event):
    """The decision is ready and waits for supplements (D3). What it will say is told with it, not before."""

    type: ClassVar[str] = "case.decision_held"
    task: int
    officer: str
    opinion: str


@dataclass(frozen=True, slots=True)
class SupplementsLapsed(TaskEnded):
    """逾期未补交, with the outcome that the version lists (D4)."""

    type: ClassVar[str] = "case.supplements_lapsed"
    outcome: str
    reason: str
    remedies: str
    document: Document | None

    @property
    def told(self) -> Mapping[str, str]:
        """Why, and for a refusal what can be done against it."""
        return {"reasons": self.reason} | ({"remedies": self.remedies} if self.remedies else {})


# -- rules -----------------------------------------------------------------------------------------------


def none_outstanding(case: Case, command: object, act: Act) -> Violation | None:
    """Nothing is granted before the last supplement is in and in order (D3)."""
    left = outstanding(case)
    names = "、".join(s.name for s in left)
    return Violation("supplement.outstanding", "", {"names": names}) if left else None


def something_is_outstanding(case: Case, command: object, act: Act) -> Violation | None:
    """Where nothing is awaited a decision is taken, not held."""
    return None if outstanding(case) else Violation("supplement.nothing-outstanding")


def _flaws_of_supply(case: Case, command: Supply, act: Act) -> Iterator[Violation]:
    """Whatever is not awaited, or comes twice."""
    expected = promised_later(case) if case.accepted_at is None else {s.code for s in outstanding(case) if s.is_awaited}
    if case.accepted_at is None:
        expected = expected - {m.code for m in case.materials}
    codes = [m.code for m in command.materials]
    for at, code in enumerate(codes):
        if code in codes[:at]:
            yield Violation("material.repeated", f"/materials/{at}/code", {"code": code})
        elif code not in expected:
            yield Violation("supplement.not-awaited", f"/materials/{at}/code", {"code": code})
    yield from command.unfit


def _flaws_of_check(case: Case, command: CheckSupplements, act: Act) -> Iterator[Violation]:
    """Only what waits for it is checked, once, and a defect is told in words."""
    waiting = {s.code for s in case.supplements if s.waits_for_check}
    codes = [v.code for v in command.verdicts]
    for at, verdict in enumerate(command.verdicts):
        if verdict.code in codes[:at] or verdict.code not in waiting:
            yield Violation("supplement.not-to-check", f"/verdicts/{at}/material", {"code": verdict.code})
        for number, defect in enumerate(verdict.defects):
            if not defect.strip():
                yield Violation("case.text-missing", f"/verdicts/{at}/defects/{number}")


# -- what time alone brings about -----------------------------------------------------------------------


def lapses(case: Case, law: Law) -> Iterable[Lapse]:
    """The version's consequence, for the material whose day is over first. What came in time and waits holds it."""
    if case.state is not S.IN_REVIEW:
        return ()
    late = []
    for found in outstanding(case):
        until = due(found, law)
        if until is None or (found.waits_for_check and found.supplied_at is not None and found.supplied_at < until):
            continue
        late.append((max(until, found.found_at) if found.found_at else until, found))
    if not late:
        return ()
    at, first = min(late, key=lambda entry: entry[0])
    names = "、".join(found.name for moment, found in late if moment <= at)
    day = legal_day(at - timedelta(microseconds=1))
    reason = f"容缺材料“{names}”应于{first.due.year}年{first.due.month}月{first.due.day}日24时前补交,"
    reason += f"截至{day.year}年{day.month}月{day.day}日仍未补交齐全且符合要求,按照本事项公布的容缺受理规定处理。"
    return (Lapse(at, LapseSupplements(first.outcome, reason)),)


# -- transitions -----------------------------------------------------------------------------------------


def waiting_decision(case: Case) -> Ready | None:
    """The decision that waits: held on the task that is open, by whoever holds it, with something still awaited."""
    ready, task = case.ready, case.task
    if ready is None or task is None or case.state is not S.IN_REVIEW or not outstanding(case):
        return None
    return ready if (task.number, task.assignee) == (ready.task, ready.officer) else None


def releases(case: Case, command: CheckSupplements, act: Act) -> Ready | None:
    """The ready decision that these verdicts set free: nothing else is awaited, and nothing else stands against it."""
    ready, passed = waiting_decision(case), {v.code for v in command.verdicts if not v.defects}
    if ready is None or any(s.code not in passed for s in outstanding(case)):
        return None
    rules = (procedures.none_running, hearings.none_pending, renewals.something_is_left)
    return None if any(rule(case, command, act) for rule in rules) else ready


def _checked(case: Case, command: CheckSupplements, act: Act) -> tuple[Event, ...]:
    passed = tuple(v.code for v in command.verdicts if not v.defects)
    defective = tuple(v for v in command.verdicts if v.defects)
    names = {s.code: s.name for s in case.supplements}
    checked = SupplementsChecked(passed, defective, _mending(case, defective, act), names, command.document)
    ready = releases(case, command, act)
    if ready is None or command.decision is None:
        return (checked,)
    granted = CaseGranted(task_number(case), command.decision, ready.opinion)
    return (checked, granted, *fees.with_the_decision(case, act.law))


def _mending(case: Case, defective: Sequence[Verdict], act: Act) -> str:
    """Until when each of them can still be mended: the day that was promised, or what the version adds to it."""
    if act.law is None:
        return ""
    lines = []
    for found in case.supplements:
        if found.code not in {v.code for v in defective}:
            continue
        until = due(replace(found, told_at=found.told_at or act.now), act.law)
        if until is not None and until > act.now:
            day = legal_day(until - timedelta(microseconds=1))
            lines.append(f"“{found.name}”应于{day.year}年{day.month}月{day.day}日24时前重新补交。")
        else:
            lines.append(f"“{found.name}”的补交期限已届满。")
    return "".join(lines)


TRANSITIONS: Transitions = {
    Supply: Transition(
        frozenset({S.RECEIVED, S.CORRECTING, S.IN_REVIEW}),
        (),
        lambda case, m, a: (SupplementReceived(m.materials, m.document),),
        _flaws_of_supply,
    ),
    CheckSupplements: Transition(
        frozenset({S.IN_REVIEW}), (*MINE, task_is_one_of(*REVIEWS, StepRole.DECIDE)), _checked, _flaws_of_check
    ),
    HoldDecision: Transition(
        frozenset({S.IN_REVIEW}),
        (
            *MINE,
            task_is_one_of(StepRole.DECIDE),
            text_is_given("opinion"),
            something_is_outstanding,
            procedures.none_running,
            hearings.none_pending,
            renewals.something_is_left,
        ),
        lambda case, m, a: (DecisionHeld(task_number(case), a.actor.subject, m.opinion),),
    ),
    LapseSupplements: Transition(
        frozenset({S.IN_REVIEW}),
        (),
        lambda case, m, a: (
            SupplementsLapsed(task_number(case), m.outcome, m.reason, m.remedies, m.document),
            *(window.handing_over(case) if m.outcome == LateOutcome.REFUSED else ()),
        ),
    ),
}


# -- evolutions ------------------------------------------------------------------------------------------


def _supplied(case: Case, event: SupplementReceived, record: EventRecord) -> dict[str, Any]:
    new = {m.code: m for m in event.materials}
    kept = tuple(new.pop(m.code, m) for m in case.materials)
    supplied = {m.code for m in event.materials}
    changed: dict[str, Any] = {
        "materials": (*kept, *new.values()),
        "documents": (*case.documents, event.document),
        "supplements": tuple(
            replace(s, supplied_at=record.effective_at, defects=()) if s.code in supplied else s
            for s in case.supplements
        ),
    }
    if case.accepted_at is None:
        # It can be named by the next notice, like everything that comes in new (B3).
        places = (form_places.material(code) for code in supplied)
        changed["notices"] = replace(
            case.notices, supplied=tuple(dict.fromkeys((*case.notices.supplied, *sorted(places))))
        )
    return changed


def _judged(case: Case, event: SupplementsChecked, record: EventRecord) -> dict[str, Any]:
    found = {v.code: v.defects for v in event.defective}
    at = record.effective_at
    changed = []
    for supplement in case.supplements:
        if supplement.code in event.passed:
            supplement = replace(supplement, passed_at=at, defects=())
        elif supplement.code in found:
            told_at = supplement.told_at or at
            supplement = replace(supplement, defects=found[supplement.code], told_at=told_at, found_at=at)
        changed.append(supplement)
    return {
        "supplements": tuple(changed),
        "documents": (*case.documents, event.document) if event.document else case.documents,
    }


def _lapsed(case: Case, event: SupplementsLapsed, record: EventRecord) -> dict[str, Any]:
    documents = (*case.documents, event.document) if event.document else case.documents
    if event.outcome == LateOutcome.REFUSED:
        end = {"decided_at": record.effective_at, "position": len(case.route.nodes)}
        return {"state": S.REFUSED, "documents": documents, "task": None, **end}
    withdrawn = event.outcome == LateOutcome.DEEMED_WITHDRAWN
    return {"state": S.WITHDRAWN if withdrawn else S.ACCEPTANCE_REVOKED, "documents": documents, "task": None}


EVOLUTIONS: Evolutions = {
    SupplementReceived: _supplied,
    SupplementsChecked: _judged,
    DecisionHeld: lambda case, ev, r: {"ready": Ready(ev.task, ev.officer, ev.opinion, r.effective_at)},
    SupplementsLapsed: _lapsed,
}
