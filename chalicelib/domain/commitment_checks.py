"""What follows a decision on a promise: the check (事后核查), mending, the party heard, and the final decision (C5).

    decided ─► check ─► fulfilled
                 │  └─► mend by a date ─► check again
                 ▼
           found false ─► heard, waived or silent ─► revoked | upheld | kept (行政许可法 69(3))

A finding is not a decision: nothing happens to the decision, the certificate or the party's credit before the final
one. Its check has a task of its own beside the one of delivery (docs/adr).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from chalicelib.domain.actors import ActorKind
from chalicelib.domain.case_events import Document, Event, EventRecord, TaskOpened
from chalicelib.domain.case_rules import (
    CHECK,
    MINE,
    REVOKE,
    Act,
    CaseState,
    Evolution,
    Evolutions,
    Transition,
    Transitions,
    task_is_one_of,
    task_of,
    text_is_given,
)
from chalicelib.domain.commitment_check_events import (
    Checked,
    CheckFulfilled,
    CheckOverdue,
    CommitmentKept,
    CommitmentRevoked,
    CommitmentUpheld,
    Decided,
    DefenceLapsed,
    DefenceStated,
    DefenceWaived,
    DeliveryCalledOff,
    FoundFalse,
    MendingOrdered,
)
from chalicelib.domain.commitment_terms import CommitmentTerms
from chalicelib.domain.commitments import was_decided
from chalicelib.domain.deadlines import Lapse, Law, deadline
from chalicelib.domain.errors import Violation

if TYPE_CHECKING:
    from chalicelib.domain.cases import Case

S = CaseState
AFTER = frozenset({S.GRANTED, S.ISSUED, S.CLOSED})
"""Where a case stands when its promise is checked."""


class Result(StrEnum):
    """What a check finds."""

    FULFILLED = "fulfilled"
    MEND = "mend"
    FALSE = "false"


class Final(StrEnum):
    """How a check ends. The last three are decisions, made after the party could speak."""

    FULFILLED = "fulfilled"
    REVOKED = "revoked"  # 撤销
    UPHELD = "upheld"  # 维持: after hearing the party, the promise does not count as false
    KEPT = "kept"  # 不予撤销: revoking would harm the public interest gravely (行政许可法 69(3))


@dataclass(frozen=True, slots=True)
class Check:
    """How far the check has come. ``answered_at``: when the party spoke, waived, or its time was over."""

    mending_since: datetime | None = None
    found_false_at: datetime | None = None
    answered_at: datetime | None = None
    statement: str = ""
    final: str = ""
    final_at: datetime | None = None
    overdue_at: datetime | None = None
    depending: tuple[str, ...] = ()
    reinstated: str = ""

    @property
    def concluded(self) -> bool:
        """True once there is nothing left to check."""
        return self.found_false_at is not None or bool(self.final)


# -- commands --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenCheck:
    """The workflow opens the next task of the check."""

    attempt: int


@dataclass(frozen=True, slots=True)
class RecordCheck:
    """The checking body records what it found."""

    result: Result
    findings: str
    document: Document
    follows: str = ""


@dataclass(frozen=True, slots=True)
class StateDefence:
    """The party states its case (陈述申辩)."""

    statement: str


@dataclass(frozen=True, slots=True)
class WaiveDefence:
    """The party will not speak."""


@dataclass(frozen=True, slots=True)
class LapseDefence:
    """The time to speak is over."""


@dataclass(frozen=True, slots=True)
class FlagOverdue:
    """The check was not done in its time: shown to those who supervise."""


@dataclass(frozen=True, slots=True)
class DecideRevocation:
    """The final decision. ``depending``: numbers of the cases that rest on what is revoked.

    ``reinstated``: the certificate that counts again with the revocation. ``last``: the one that nothing follows any
    more.
    """

    outcome: Final
    reasons: str
    remedies: str
    document: Document
    depending: tuple[str, ...] = ()
    reinstated: str = ""
    last: str = ""


# -- times -----------------------------------------------------------------------------------------------


def check_of(case: Case) -> Check:
    """The check as far as it has come."""
    return case.check or Check()


def is_open(case: Case) -> bool:
    """True while the check needs somebody: decided on a promise, and not at its end."""
    return was_decided(case) and case.state in AFTER and not check_of(case).final


def checked_until(case: Case, law: Law) -> datetime | None:
    """By when the check is to be done; after a mending order, by when that is to be mended."""
    terms, check = law.item.commitment, check_of(case)
    if terms is None or case.decided_at is None:
        return None
    mending = mended_until(case, law)
    if check.mending_since is not None and mending is not None:
        return mending
    return deadline(case.decided_at, terms.check.within, law.calendar).at


def mended_until(case: Case, law: Law) -> datetime | None:
    """By when has to be mended what a check found."""
    since, terms = check_of(case).mending_since, law.item.commitment
    if since is None or terms is None or terms.mending is None:
        return None
    return deadline(since, terms.mending, law.calendar).at


def heard_until(case: Case, law: Law) -> datetime | None:
    """Until when the party can speak."""
    since, terms = check_of(case).found_false_at, law.item.commitment
    if since is None or terms is None:
        return None
    return deadline(since, terms.hearing, law.calendar).at


def follows(result: Result, law: Law, now: datetime) -> str:
    """What the written result tells the party to do, and by when: they learn it with the finding (行政许可法 7)."""
    terms = law.item.commitment
    limit = terms and {Result.MEND: terms.mending, Result.FALSE: terms.hearing}.get(result)
    day = deadline(now, limit, law.calendar).last_day if limit else None
    if day is None:
        return ""
    until = f"{day.year}年{day.month}月{day.day}日24时前"
    if result is Result.MEND:
        return f"应于{until}完成整改,届时再次核查。"
    return f"拟撤销本办件的决定。在{until}可以陈述、申辩,也可以放弃;逾期未陈述、申辩的,依法作出决定。"


def stage(case: Case) -> str:
    """Where the check stands: checking | mending | hearing | deciding | done."""
    check = check_of(case)
    if check.final:
        return "done"
    if check.found_false_at is not None:
        return "deciding" if check.answered_at is not None else "hearing"
    return "mending" if check.mending_since is not None else "checking"


# -- rules -----------------------------------------------------------------------------------------------


def rests_on_a_promise(case: Case, command: object, act: Act) -> Violation | None:
    """Only what was decided on a promise is checked so."""
    return None if was_decided(case) else Violation("check.no-promise")


def not_concluded(case: Case, command: object, act: Act) -> Violation | None:
    """There is one result, whoever records it."""
    return Violation("check.concluded") if check_of(case).concluded else None


def attempt_is_current(case: Case, command: OpenCheck, act: Act) -> Violation | None:
    """An execution that was replaced has no say any more."""
    return None if command.attempt == case.workflow_attempt else Violation("workflow.superseded")


def something_to_open(case: Case, command: object, act: Act) -> Violation | None:
    """The check is not at its end, and its task is not open yet."""
    return None if is_open(case) and case.check_task is None else Violation("workflow.nothing-to-open")


def mending_is_possible(case: Case, command: RecordCheck, act: Act) -> Violation | None:
    """Mending is ordered once, and only where the version allows it; until its date nothing counts as false."""
    terms: CommitmentTerms | None = act.law.item.commitment if act.law else None
    check = check_of(case)
    if command.result is Result.MEND:
        if terms is None or terms.mending is None:
            return Violation("check.no-mending", "/result")
        if check.mending_since is not None:
            return Violation("check.mended-before", "/result")
    until = mended_until(case, act.law) if act.law else None
    if command.result is Result.FALSE and check.mending_since is not None and (until is None or act.now < until):
        return Violation("check.mending-runs", "/result")
    return None


def found_false(case: Case, command: object, act: Act) -> Violation | None:
    """Nothing is revoked, and nobody heard, before a check has found the promise false."""
    check = check_of(case)
    if check.final:
        return Violation("check.concluded")
    return None if check.found_false_at is not None else Violation("revocation.not-intended")


def party_can_still_speak(case: Case, command: object, act: Act) -> Violation | None:
    """Once, and in time."""
    return Violation("revocation.heard-already") if check_of(case).answered_at is not None else None


def party_speaks_for_itself(case: Case, command: object, act: Act) -> Violation | None:
    """The applicant, or their agent; nobody at a window speaks for them or gives up their right."""
    return Violation("revocation.party-only") if act.actor.kind is ActorKind.OFFICER else None


def party_was_heard(case: Case, command: object, act: Act) -> Violation | None:
    """Nobody's decision is revoked before they could speak: they did, would not, or let the time go by."""
    return None if check_of(case).answered_at is not None else Violation("revocation.not-heard")


def outcome_is_a_decision(case: Case, command: DecideRevocation, act: Act) -> Violation | None:
    """A fulfilled promise is found by a check, not decided here."""
    return Violation("revocation.outcome", "/outcome") if command.outcome is Final.FULFILLED else None


# -- the acts ----------------------------------------------------------------------------------------------


def _open(case: Case, command: OpenCheck, act: Act) -> tuple[Event, ...]:
    intended = check_of(case).found_false_at is not None
    body = case.route.nodes[-1].body if intended or case.commitment is None else case.commitment.check_body
    return (TaskOpened(case.tasks + 1, len(case.route.nodes), REVOKE if intended else CHECK, body),)


_RESULTS: Mapping[Result, type[Checked]] = {
    Result.FULFILLED: CheckFulfilled,
    Result.MEND: MendingOrdered,
    Result.FALSE: FoundFalse,
}


def _record(case: Case, command: RecordCheck, act: Act) -> tuple[Event, ...]:
    return (_RESULTS[command.result](_number(case, act), command.findings, command.document, command.follows),)


def _finish(case: Case, command: DecideRevocation, act: Act) -> tuple[Event, ...]:
    told = (_number(case, act), command.reasons, command.remedies, command.document)
    if command.outcome is Final.UPHELD:
        return (CommitmentUpheld(*told),)
    if command.outcome is Final.KEPT:
        return (CommitmentKept(*told),)
    revoked = CommitmentRevoked(*told, case.certificate, command.depending, command.reinstated, command.last)
    return (revoked, DeliveryCalledOff(case.task.number)) if case.task else (revoked,)


def _number(case: Case, act: Act) -> int:
    task = task_of(case, act.actor)
    return task.number if task else 0


TRANSITIONS: Transitions = {
    OpenCheck: Transition(AFTER, (attempt_is_current, something_to_open), _open),
    RecordCheck: Transition(
        AFTER,
        (
            rests_on_a_promise,
            not_concluded,
            *MINE,
            task_is_one_of(CHECK),
            text_is_given("findings"),
            mending_is_possible,
        ),
        _record,
    ),
    StateDefence: Transition(
        AFTER,
        (found_false, party_can_still_speak, party_speaks_for_itself, text_is_given("statement")),
        lambda case, m, a: (DefenceStated(m.statement),),
    ),
    WaiveDefence: Transition(
        AFTER, (found_false, party_can_still_speak, party_speaks_for_itself), lambda case, m, a: (DefenceWaived(),)
    ),
    LapseDefence: Transition(AFTER, (found_false, party_can_still_speak), lambda case, m, a: (DefenceLapsed(),)),
    FlagOverdue: Transition(AFTER, (not_concluded,), lambda case, m, a: (CheckOverdue(),)),
    DecideRevocation: Transition(
        AFTER,
        (
            found_false,
            *MINE,
            task_is_one_of(REVOKE),
            text_is_given("reasons"),
            text_is_given("remedies"),
            outcome_is_a_decision,
            party_was_heard,
        ),
        _finish,
    ),
}

# -- evolutions --------------------------------------------------------------------------------------------


def _answered(case: Case, event: Event, record: EventRecord) -> dict[str, Any]:
    said = getattr(event, "statement", "")
    return {"check": replace(check_of(case), answered_at=record.effective_at, statement=said)}


def _resulted(note: Callable[[Check, datetime], Check]) -> Evolution:
    def resulted(case: Case, event: Checked, record: EventRecord) -> dict[str, Any]:
        check = note(check_of(case), record.effective_at)
        return {"check": check, "check_task": None, "documents": (*case.documents, event.document)}

    return resulted


def _ended(final: Final) -> Evolution:
    def ended(case: Case, event: Checked | Decided, record: EventRecord) -> dict[str, Any]:
        check = replace(check_of(case), final=final.value, final_at=record.effective_at)
        after: dict[str, Any] = {"check": check, "check_task": None, "documents": (*case.documents, event.document)}
        if isinstance(event, CommitmentRevoked):
            check = replace(check, depending=event.depending, reinstated=event.reinstated)
            after |= {"check": check, "state": S.REVOKED}
        return after

    return ended


EVOLUTIONS: Evolutions = {
    CheckFulfilled: _ended(Final.FULFILLED),
    MendingOrdered: _resulted(lambda check, at: replace(check, mending_since=at)),
    FoundFalse: _resulted(lambda check, at: replace(check, found_false_at=at)),
    DefenceStated: _answered,
    DefenceWaived: _answered,
    DefenceLapsed: _answered,
    CheckOverdue: lambda case, ev, r: {"check": replace(check_of(case), overdue_at=r.effective_at)},
    CommitmentRevoked: _ended(Final.REVOKED),
    CommitmentUpheld: _ended(Final.UPHELD),
    CommitmentKept: _ended(Final.KEPT),
    DeliveryCalledOff: lambda case, ev, r: {"task": None},
}


def lapses(case: Case, law: Law) -> Iterable[Lapse]:
    """The time to speak ends by itself, and a check that is late becomes visible."""
    if not is_open(case):
        return
    check = check_of(case)
    if check.found_false_at is not None:
        until = heard_until(case, law)
        if check.answered_at is None and until is not None:
            yield Lapse(until, LapseDefence())
        return
    due = checked_until(case, law)
    if check.overdue_at is None and due is not None:
        yield Lapse(due, FlagOverdue())
