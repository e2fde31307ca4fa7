"""即办件: decided on the spot by the chief representative (首席事务代表) within a mandate that is on record (B6).

The head of a body lets one of its officers decide certain items alone, up to an amount and for a time. Each such
decision names its mandate, and is committed only if the mandate still stands at that moment. What other bodies have a
part in cannot be decided so: a mandate gives no more than the body itself has.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from chalicelib.domain import fees
from chalicelib.domain.actors import Actor, ActorKind, Role
from chalicelib.domain.case_events import CaseAccepted, CaseGranted, Document, Event, EventRecord
from chalicelib.domain.case_rules import Act, CaseState, Evolutions, Transition, Transitions, task_number
from chalicelib.domain.catalog import CaseType, StepRole
from chalicelib.domain.errors import Forbidden, Invalid, NotFound, Refused, Violation, raise_all
from chalicelib.domain.hearings import none_pending
from chalicelib.domain.procedures import none_running
from chalicelib.domain.renewals import something_is_left

if TYPE_CHECKING:
    from chalicelib.domain.cases import Case
    from chalicelib.domain.deadlines import Lapse, Law

LONGEST = timedelta(days=366)
"""A mandate lasts a year at most, so that each is given anew by whoever is head then."""


class MandateState(StrEnum):
    """Whether it was taken back. Expiry is not a state: it follows from the clock."""

    GIVEN = "given"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Mandate:
    """``officer`` of ``body`` may decide cases of ``items`` (basic codes) from ``since`` until before ``until``.

    ``max_amount`` in fen bounds what a single decision may be about; None: no bound.
    """

    id: str
    version: int
    state: MandateState
    body: str
    officer: str
    items: tuple[str, ...]
    max_amount: int | None
    since: datetime
    until: datetime
    given_by: str
    given_at: datetime
    revoked_by: str = ""
    revoked_at: datetime | None = None

    def in_force(self, at: datetime) -> bool:
        """True while it stands, has begun and is not yet over."""
        return self.state is MandateState.GIVEN and self.since <= at < self.until


@dataclass(frozen=True, slots=True)
class Terms:
    """What the head writes into a mandate."""

    officer: str
    items: tuple[str, ...]
    max_amount: int | None
    since: datetime
    until: datetime


def give(actor: Actor, mandate_id: str, terms: Terms, now: datetime) -> Mandate:
    """The head of a body mandates an officer. Raises Forbidden for anybody else, Invalid for bad terms."""
    _only_heads(actor)
    raise_all(
        Invalid,
        [
            Violation("mandate.until-past", "/until") if terms.until <= max(now, terms.since) else None,
            Violation("mandate.until-too-far", "/until", {"days": LONGEST.days})
            if terms.until > max(now, terms.since) + LONGEST
            else None,
        ],
    )
    return Mandate(
        id=mandate_id,
        version=1,
        state=MandateState.GIVEN,
        body=actor.body,
        officer=terms.officer,
        items=tuple(sorted(set(terms.items))),
        max_amount=terms.max_amount,
        since=terms.since,
        until=terms.until,
        given_by=actor.subject,
        given_at=now,
    )


def revoke(mandate: Mandate, actor: Actor, now: datetime) -> Mandate:
    """A head of the same body takes it back. What was decided under it stays decided."""
    if not may_see(mandate, actor):
        raise NotFound.because("mandate.not-found")
    _only_heads(actor)
    if mandate.state is MandateState.REVOKED:
        raise Refused.because("mandate.revoked")
    return replace(
        mandate,
        version=mandate.version + 1,
        state=MandateState.REVOKED,
        revoked_by=actor.subject,
        revoked_at=now,
    )


def may_see(mandate: Mandate, actor: Actor) -> bool:
    """Its officer, and the heads of its body."""
    if actor.kind is not ActorKind.OFFICER or actor.body != mandate.body:
        return False
    return actor.subject == mandate.officer or Role.HEAD in actor.roles


def _only_heads(actor: Actor) -> None:
    if actor.kind is not ActorKind.OFFICER or Role.HEAD not in actor.roles or not actor.body:
        raise Forbidden.because("mandate.heads-only")


def unfit_for(
    mandates: Sequence[Mandate], actor: Actor, body: str, basic_code: str, amount: int | None, now: datetime
) -> Violation | Mandate:
    """The mandate under which the officer may decide, or the reason that bars the nearest one.

    Reasons in this order: none stands, none names the item, none is in force now, none reaches the amount.
    """
    found = [m for m in mandates if m.officer == actor.subject and m.body == body == actor.body]
    found = [m for m in found if m.state is MandateState.GIVEN]
    if not found:
        return Violation("mandate.none")
    found = [m for m in found if basic_code in m.items]
    if not found:
        return Violation("mandate.item-not-covered")
    found = [m for m in found if m.in_force(now)]
    if not found:
        return Violation("mandate.expired")
    enough = [m for m in found if m.max_amount is None or (amount or 0) <= m.max_amount]
    if not enough:
        return Violation("mandate.amount-exceeded", "/amount", {"most": max(m.max_amount or 0 for m in found)})
    return enough[0]


# -- the act ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DecideInstantly:
    """Grant on the spot, and accept in the same act what is not accepted yet.

    ``mandates``: those that the officer holds. ``case_number`` and ``acceptance`` are empty where the case was
    accepted before. ``amount`` in fen: what the decision is about, if about money.
    """

    mandates: tuple[Mandate, ...]
    amount: int | None
    opinion: str
    document: Document
    case_number: str = ""
    acceptance: Document | None = None


def item_is_instant(case: Case, command: DecideInstantly, act: Act) -> Violation | None:
    """Only what the version calls 即办件 is decided on the spot."""
    if act.law is None or act.law.item.case_type is CaseType.INSTANT:
        return None
    return Violation("item.not-instant")


def mandate_covers_it(case: Case, command: DecideInstantly, act: Act) -> Violation | None:
    """There is a mandate for this item, this amount, now."""
    found = _mandate(case, command, act)
    return found if isinstance(found, Violation) else None


def amount_is_told(case: Case, command: DecideInstantly, act: Act) -> Violation | None:
    """A payment is decided by its amount, else no bound of a mandate could hold."""
    if act.law is not None and act.law.item.result_kind == "payment" and command.amount is None:
        return Violation("mandate.amount-missing", "/amount")
    return None


def nobody_else_has_a_part(case: Case, command: DecideInstantly, act: Act) -> Violation | None:
    """From acceptance on every step is the deciding body's own."""
    remaining = [n for n in case.route.nodes[case.position :] if n.role is not StepRole.RECEIVE]
    other = next((n for n in remaining if n.body != act.actor.body), None)
    return Violation("mandate.other-body", "", {"body": other.body_name}) if other else None


def task_is_at_hand(case: Case, command: DecideInstantly, act: Act) -> Violation | None:
    """Before acceptance the officer holds the accepting task; after it nobody else works on the case."""
    if case.state is CaseState.RECEIVED:
        if case.task is None:
            return Violation("task.none-open")
        if case.task.role != StepRole.ACCEPT:
            return Violation("task.wrong-act", "", {"role": case.task.role})
        return None if case.task.assignee == act.actor.subject else Violation("task.not-claimed-by-you")
    if case.task is not None and case.task.assignee not in ("", act.actor.subject):
        return Violation("task.not-claimed-by-you")
    return None


def _mandate(case: Case, command: DecideInstantly, act: Act) -> Violation | Mandate:
    body = case.route.nodes[-1].body
    return unfit_for(command.mandates, act.actor, body, case.item.basic_code, command.amount, act.now)


def _decide(case: Case, command: DecideInstantly, act: Act) -> tuple[Event, ...]:
    mandate = _mandate(case, command, act)
    if isinstance(mandate, Violation):
        raise AssertionError("unreachable: mandate_covers_it refuses first")
    if case.state is not CaseState.RECEIVED:
        granted = CaseGranted(task_number(case), command.document, command.opinion, mandate.id)
        return (granted, *fees.with_the_decision(case, act.law))
    if command.acceptance is None:
        raise ValueError("a case that is not accepted yet needs its acceptance document")
    accepted = CaseAccepted(task_number(case), command.case_number, command.acceptance)
    granted = CaseGranted(0, command.document, command.opinion, mandate.id)
    return (accepted, granted, *fees.with_the_decision(case, act.law))


def resting_on(command: object, events: Sequence[EventRecord]) -> Mandate | None:
    """The mandate under which a command was just done: it must still stand when that is committed."""
    if not isinstance(command, DecideInstantly):
        return None
    named = {r.event.mandate for r in events if isinstance(r.event, CaseGranted)}
    return next((m for m in command.mandates if m.id in named), None)


TRANSITIONS: Transitions = {
    DecideInstantly: Transition(
        frozenset({CaseState.RECEIVED, CaseState.IN_REVIEW}),
        (
            item_is_instant,
            mandate_covers_it,
            amount_is_told,
            nobody_else_has_a_part,
            task_is_at_hand,
            none_running,
            none_pending,
            something_is_left,
        ),
        _decide,
    )
}

EVOLUTIONS: Evolutions = {}


def lapses(case: Case, law: Law) -> Iterable[Lapse]:
    """Time alone decides nothing on the spot."""
    return ()
