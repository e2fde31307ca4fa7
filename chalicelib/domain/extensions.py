"""The extension of the time for the decision: once, by the head, with the reason told (行政许可法 42)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from chalicelib.domain.actors import Actor, Role
from chalicelib.domain.case_events import Document, Event
from chalicelib.domain.case_rules import Act, CaseState, Evolutions, Transition, Transitions, text_is_given
from chalicelib.domain.catalog import ImplementationItem, Limit, LimitUnit
from chalicelib.domain.clocks import ClockKind, clocks
from chalicelib.domain.deadlines import Lapse, Law
from chalicelib.domain.errors import Forbidden, Violation
from chalicelib.domain.law import extension_limit
from chalicelib.domain.procedure_kinds import basis_of
from chalicelib.domain.procedures import item_of, law_of, time_is_told

if TYPE_CHECKING:
    from chalicelib.domain.cases import Case

UNITS = {LimitUnit.WORKDAY: "个工作日", LimitUnit.DAY: "日", LimitUnit.MONTH: "个月"}


@dataclass(frozen=True, slots=True)
class Extended:
    """The one extension: by how much, when, and in which document it was told."""

    limit: Limit
    approved_at: datetime
    notice: str


@dataclass(frozen=True, slots=True)
class Extend:
    """Extend the time for the decision, in the unit of what the law allows."""

    days: int
    reason: str
    document: Document


@dataclass(frozen=True, slots=True)
class TimeExtended(Event):
    """The head approved more time, and the applicant was told why (行政许可法 42)."""

    type: ClassVar[str] = "case.time_extended"
    limit: Limit
    reason: str
    document: Document

    @property
    def told(self) -> Mapping[str, str]:
        return {
            "extension": f"{self.limit.value}{UNITS[self.limit.unit]}",
            "basis": basis_of(self.limit.basis),
            "reason": self.reason,
        }


def approver(item: ImplementationItem) -> Role:
    """Whose approval the extension needs: the organ's head; for joint handling the head of government (42(2))."""
    return Role.GOVERNMENT_HEAD if item.joint else Role.HEAD


def approves(case: Case, actor: Actor, role: Role) -> bool:
    """True for the head of the deciding organ, or of the government at whose level it decides."""
    last = case.route.nodes[-1]
    at_home = actor.body in (last.body, last.in_name_of) if role is Role.HEAD else actor.division == last.division
    return role in actor.roles and at_home


def head_may_approve(case: Case, command: Extend, act: Act) -> Violation | None:
    """The head of the deciding organ; for joint handling the head of government. Raises Forbidden for another."""
    if not approves(case, act.actor, approver(item_of(act))):
        raise Forbidden.because("extension.wrong-head")
    return None


def extension_is_first(case: Case, command: Extend, act: Act) -> Violation | None:
    """Once (行政许可法 42)."""
    return Violation("extension.already-used") if case.extended else None


def time_is_not_over(case: Case, command: Extend, act: Act) -> Violation | None:
    """Approved before the period ends: what has run out cannot be extended any more."""
    running = (clock for clock in clocks(case, law_of(act)) if clock.kind is ClockKind.DECISION_STATUTORY)
    over = any(clock.deadline.at is not None and act.now >= clock.deadline.at for clock in running)
    return Violation("extension.too-late") if over else None


def extension_is_within_law(case: Case, command: Extend, act: Act) -> Violation | None:
    """Not longer than the law allows, and only where it allows it."""
    most = extension_limit(item_of(act))
    if most is None:
        return Violation("extension.not-in-version")
    return Violation("extension.too-long", "/days", {"most": most.value}) if command.days > most.value else None


def _extend(case: Case, command: Extend, act: Act) -> tuple[Event, ...]:
    most = extension_limit(item_of(act))
    if most is None:
        raise AssertionError("unreachable: extension_is_within_law refuses first")
    return (TimeExtended(replace(most, value=command.days), command.reason, command.document),)


TRANSITIONS: Transitions = {
    Extend: Transition(
        frozenset({CaseState.IN_REVIEW}),
        (
            head_may_approve,
            text_is_given("reason"),
            time_is_told,
            extension_is_first,
            extension_is_within_law,
            time_is_not_over,
        ),
        _extend,
    ),
}

EVOLUTIONS: Evolutions = {
    TimeExtended: lambda case, ev, r: {
        "extended": Extended(ev.limit, r.effective_at, ev.document.number),
        "documents": (*case.documents, ev.document),
    },
}


def lapses(case: Case, law: Law) -> Iterable[Lapse]:
    """Nothing here happens by time alone."""
    return ()
