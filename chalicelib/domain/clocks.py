"""The clocks of a case: every period that the law, the version and the promise set, side by side (B10).

A clock is computed from the facts of the case, the version of its item and the official calendar, never stored: nobody
can edit a deadline. The statutory and the promised time for the decision begin together and stand still for the same
stops; an extension lengthens the statutory time only, for a promise that was not kept stays one. The clock of a node
counts the days on which the case stood on that node, and on the reviews that the same body has put before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

from chalicelib.domain import hearing_rights, law, procedures, supplement_dates
from chalicelib.domain.case_rules import ENDED_EARLY, ROUTED, CaseState
from chalicelib.domain.catalog import LegalBasis, Limit, StepRole
from chalicelib.domain.commitment_checks import check_of
from chalicelib.domain.commitments import was_decided
from chalicelib.domain.deadlines import ONE_DAY, Deadline, Law, Pause, legal_day, total
from chalicelib.domain.deemed_acceptance import starts_at
from chalicelib.domain.divisions import Level, level_of
from chalicelib.domain.procedure_kinds import ASSIGNED
from chalicelib.domain.renewals import CaseKind, last_day_to_apply
from chalicelib.domain.routing import Route
from chalicelib.domain.stays import Stay, entered

if TYPE_CHECKING:
    from chalicelib.domain.cases import Case

S = CaseState


class ClockKind(StrEnum):
    """Which period a clock measures."""

    NOTICE = "notice"
    CORRECTION = "correction"  # the applicant's own
    DECISION_STATUTORY = "decision_statutory"
    DECISION_PROMISED = "decision_promised"
    PRELIMINARY_REVIEW = "preliminary_review"
    NODE = "node"
    ASSIGNMENT = "assignment"  # of those who inspect, test or quarantine
    HEARING_REQUEST = "hearing_request"  # the parties' own
    HEARING = "hearing"
    RENEWAL = "renewal"
    CERTIFICATE = "certificate"
    SUPPLEMENT = "supplement"  # the applicant's own: a deferred material
    COMMITMENT_CHECK = "commitment_check"  # 事后核查
    MENDING = "mending"  # the applicant's own
    DEFENCE = "defence"  # the applicant's own


class ClockState(StrEnum):
    """How a clock stands at a moment."""

    RUNNING = "running"
    STOPPED = "stopped"
    MET = "met"
    OVERDUE = "overdue"  # the time is over and what it is for has not happened
    LATE = "late"  # it happened when the time was over
    LAPSED = "lapsed"  # a right that was not used in time; nobody is late with it
    DROPPED = "dropped"  # the case ended without it: withdrawn, not accepted, or nobody needs it any more


RIGHTS = frozenset({ClockKind.CORRECTION, ClockKind.HEARING_REQUEST, ClockKind.SUPPLEMENT})
"""Periods of those who apply, not of those who answer."""


@dataclass(frozen=True, slots=True)
class Clock:
    """One period of a case.

    ``limits``: the limit, then its extension if there is one; none where a date ends it. ``met_at``: when what the
    clock is for happened; ``dropped_at``: when it ceased to matter. ``position``: the node it belongs to, ``subject``
    what else it is about.
    """

    kind: ClockKind
    start: datetime
    limits: tuple[Limit, ...]
    deadline: Deadline
    pauses: tuple[Pause, ...] = ()
    met_at: datetime | None = None
    dropped_at: datetime | None = None
    position: int | None = None
    subject: str = ""
    ground: LegalBasis | None = None

    @property
    def basis(self) -> LegalBasis | None:
        """Where the limit comes from, ``ground`` where a date is the limit; None for what the body itself set."""
        return self.limits[0].basis if self.limits else self.ground

    def state(self, now: datetime) -> ClockState:
        """How the clock stands at a moment. Before 24:00 of the last day is in time, at it is not."""
        at, over = self.deadline.at, self.kind in RIGHTS
        if self.met_at is not None:
            return ClockState.MET if at is None or self.met_at < at else ClockState.LATE
        if self.dropped_at is not None and (at is None or self.dropped_at < at):
            return ClockState.DROPPED
        if at is not None and (self.dropped_at is not None or now >= at):
            return ClockState.LAPSED if over else ClockState.OVERDUE if self.dropped_at is None else ClockState.LATE
        today = legal_day(now)
        return ClockState.STOPPED if any(p.covers(today) for p in self.pauses) else ClockState.RUNNING


def clocks(case: Case, ruling: Law) -> tuple[Clock, ...]:
    """Every clock that has begun, in the order in which they begin. None before receipt."""
    if case.received_at is None:
        return ()
    found = (clock for make in _MAKERS for clock in make(case, ruling))
    return tuple(sorted(found, key=lambda clock: clock.start))


# -- where a limit begins ------------------------------------------------------------------------------

_LOWER_OPINION: dict[str, Level | None] = {
    "opinion received": None,
    "opinions received": None,
    "papers received": None,
    "township opinion received": Level.TOWNSHIP,
    "village opinion received": Level.VILLAGE,
}
"""Words that begin a limit when a lower body's opinion comes in, with the level of that body where they name one."""
_RESULT = {
    "inspection passed": procedures.P.INSPECTION,
    "exam passed": procedures.P.EXAMINATION,
    "site audit result": procedures.P.SITE_VISIT,
}


def decision_starts(case: Case, limit: Limit) -> datetime | None:
    """The moment from which the time for the decision runs: acceptance, unless the version says otherwise.

    None while that moment has not come. Words of a law that no fact of a case answers to mean acceptance.
    """
    if limit.starts in law.FROM_RECEIPT:
        return case.received_at
    if limit.starts in _LOWER_OPINION:
        return _after_preliminary_review(case, _LOWER_OPINION[limit.starts])
    if limit.starts in _RESULT:
        kind = _RESULT[limit.starts]
        return next((p.result_at for p in case.procedures if p.kind == kind and p.result_at), None)
    return case.accepted_at


def _after_preliminary_review(case: Case, level: Level | None) -> datetime | None:
    """When the papers reached the upper body (行政许可法 43); acceptance where nobody of ``level`` reviews before."""
    before = [
        i
        for i, node in enumerate(case.route.nodes)
        if node.role is StepRole.PRELIMINARY_REVIEW and level in (None, level_of(node.division))
    ]
    if not before:
        return case.accepted_at
    return next((stay.since for stay in case.stays if stay.position > before[-1] and stay.state in ROUTED), None)


# -- the clocks, kind by kind --------------------------------------------------------------------------


def _notice(case: Case, ruling: Law) -> Iterator[Clock]:
    """From receipt, or from the last complete correction, to the notice, the acceptance or the refusal of it."""
    limit, start = law.notice_limit(ruling.item), starts_at(case)
    if limit is None or start is None:
        return
    # Deemed acceptance counts from receipt, but told was nobody in time: what matters is when it came about.
    answered = (
        s.recorded_at for s in case.stays if s.recorded_at >= start and s.state not in (S.RECEIVED, S.WITHDRAWN)
    )
    clock = _clock(ClockKind.NOTICE, start, (limit,), ruling)
    yield replace(clock, met_at=next(answered, None), dropped_at=entered(case, {S.WITHDRAWN}))


def _correction(case: Case, ruling: Law) -> Iterator[Clock]:
    """The applicant's time to supply what the last notice named."""
    terms = ruling.item.correction
    if terms is None or not case.notices.sent:
        return
    sent_at = case.notices.sent[-1].sent_at
    supplied = case.notices.supplied_at
    met_at = supplied if supplied is not None and supplied >= sent_at else None
    clock = _clock(ClockKind.CORRECTION, sent_at, (terms.limit,), ruling)
    yield replace(clock, met_at=met_at, dropped_at=_ended_early(case))


def _decision(case: Case, ruling: Law) -> Iterator[Clock]:
    """The statutory and the promised time for the decision, with the same beginning and the same stops."""
    stops = procedures.pauses(case)
    extension = procedures.extension(case)
    statutory, promised = law.decision_limit(ruling.item), ruling.item.promised_limit
    if statutory and promised:
        # A promise begins with the law's own time: from a later beginning it could end after that time is over.
        promised = replace(promised, starts=statutory.starts)
    for kind, limit, more in (
        (ClockKind.DECISION_STATUTORY, statutory, extension),
        (ClockKind.DECISION_PROMISED, promised, None),
    ):
        start = decision_starts(case, limit) if limit else None
        if limit is None or start is None:
            continue
        limits = (limit, more) if more else (limit,)
        clock = _clock(kind, start, limits, ruling, stops)
        yield replace(clock, met_at=case.decided_at, dropped_at=_ended_early(case))


def _nodes(case: Case, ruling: Law) -> Iterator[Clock]:
    """Each node with a limit of its own; the preliminary review has one by law (行政许可法 43)."""
    for position, node in enumerate(case.route.nodes):
        limit = law.preliminary_limit(ruling.item, node)
        first = _first_of(case.route, position)
        stays = [stay for stay in case.stays if first <= stay.position <= position and stay.state in ROUTED]
        if limit is None or not stays:
            continue
        preliminary = node.role is StepRole.PRELIMINARY_REVIEW
        kind = ClockKind.PRELIMINARY_REVIEW if preliminary else ClockKind.NODE
        stops = (*procedures.pauses(case), *_elsewhere(stays)) if node.role is not StepRole.ACCEPT else ()
        clock = _clock(kind, _node_starts(case, limit, first, stays[0].since), (limit,), ruling, stops)
        left = stays[-1].until
        done = left is not None and not (case.state in ENDED_EARLY and left == _ended_early(case))
        yield replace(
            clock, met_at=left if done else None, dropped_at=None if done else _ended_early(case), position=position
        )


def _first_of(route: Route, position: int) -> int:
    """Where the time of a node begins: at the reviews without a limit that the same body has put before it."""
    first, body = position, route.nodes[position].body
    while first and (before := route.nodes[first - 1]).role is StepRole.REVIEW and not before.limit:
        if before.body != body:
            break
        first -= 1
    return first


def _node_starts(case: Case, limit: Limit, first: int, arrived: datetime) -> datetime:
    """From when a node's limit runs: its arrival, or what the law names, if nobody else had the case in between."""
    if any(node.role not in (StepRole.RECEIVE, StepRole.ACCEPT) for node in case.route.nodes[:first]):
        return arrived
    if limit.starts in law.FROM_RECEIPT:
        return starts_at(case) or arrived
    return case.accepted_at or arrived if limit.starts == "acceptance" else arrived


def _elsewhere(stays: Sequence[Stay]) -> Iterator[Pause]:
    """The days on which a case that came back to a node stood on others."""
    for left, back in pairwise(stays):
        if left.until is not None and legal_day(left.until) < legal_day(back.since):
            yield Pause(legal_day(left.until) + ONE_DAY, legal_day(back.since), "elsewhere")


def _assignment(case: Case, ruling: Law) -> Iterator[Clock]:
    """Officers for an inspection, a test or a quarantine (行政许可法 55)."""
    limit = law.assignment_limit(ruling.item)
    if limit is None or case.accepted_at is None:
        return
    for procedure in case.procedures:
        if procedure.kind in ASSIGNED:
            clock = _clock(ClockKind.ASSIGNMENT, case.accepted_at, (limit,), ruling)
            dropped = case.decided_at or _ended_early(case)
            yield replace(clock, met_at=procedure.assigned_at, dropped_at=dropped, subject=procedure.name)


def _hearing(case: Case, ruling: Law) -> Iterator[Clock]:
    """The time to apply for a hearing, and to hold it (行政许可法 47)."""
    hearing = case.hearing
    if hearing is None:
        return
    requested, over = hearing.first_request, case.decided_at or _ended_early(case)
    waived = max((p.waived_at for p in hearing.parties if p.waived_at), default=None)
    if hearing.ground != hearing_rights.HearingGround.PUBLIC_INTEREST:
        clock = _clock(ClockKind.HEARING_REQUEST, hearing.notified_at, (law.HEARING_REQUEST,), ruling)
        yield replace(clock, met_at=requested, dropped_at=over)
    if requested is not None:
        clock = _clock(ClockKind.HEARING, requested, (law.HEARING_HELD,), ruling)
        given_up = over if hearing.is_due or hearing.ended_at else waived or over
        yield replace(clock, met_at=hearing.ended_at, dropped_at=given_up)


def _renewal(case: Case, ruling: Law) -> Iterator[Clock]:
    """A renewal is decided before the certificate ends, or it counts as granted (行政许可法 50)."""
    ends = case.about.valid_until if case.about else None
    if case.kind != CaseKind.RENEWAL or ends is None or not law.is_licence(ruling.item) or case.received_at is None:
        return
    if legal_day(case.received_at) > last_day_to_apply(ends, ruling.calendar):
        return
    deadline = Deadline(ends, legal_day(ends - timedelta(microseconds=1)), False, ())
    # Deemed renewal counts from the end of the certificate itself, and is therefore late.
    clock = Clock(ClockKind.RENEWAL, case.received_at, (), deadline, ground=law.RENEWED_BY_SILENCE)
    yield replace(clock, met_at=case.decided_at, dropped_at=_ended_early(case))


def _certificate(case: Case, ruling: Law) -> Iterator[Clock]:
    """From the decision to the certificate (行政许可法 44)."""
    limit = law.certificate_limit(ruling.item)
    granted = entered(case, {S.GRANTED})
    if limit is not None and granted is not None and case.decided_at is not None:
        clock = _clock(ClockKind.CERTIFICATE, case.decided_at, (limit,), ruling)
        yield replace(clock, met_at=entered(case, {S.ISSUED, S.CLOSED}))


def _supplements(case: Case, ruling: Law) -> Iterator[Clock]:
    """Each deferred material, until 24:00 of its day; a defect told later gives the version's time for mending."""
    for found in case.supplements:
        if case.accepted_at is None:
            return
        until = supplement_dates.due(found, ruling)
        last = legal_day(until - timedelta(microseconds=1)) if until else None
        clock = Clock(ClockKind.SUPPLEMENT, case.accepted_at, (), Deadline(until, last, False, ()), subject=found.name)
        dropped = _ended_early(case) or case.decided_at
        yield replace(clock, met_at=None if found.defects else found.supplied_at, dropped_at=dropped)


def _promise(case: Case, ruling: Law) -> Iterator[Clock]:
    """What follows a decision on a promise: the check, mending, the time to speak."""
    terms, check = ruling.item.commitment, check_of(case)
    if terms is None or case.decided_at is None or not was_decided(case):
        return
    results = [at for at in (check.mending_since, check.found_false_at, check.final_at) if at is not None]
    clock = _clock(ClockKind.COMMITMENT_CHECK, case.decided_at, (terms.check.within,), ruling)
    yield replace(clock, met_at=min(results, default=None))
    if check.mending_since is not None and terms.mending is not None:
        clock = _clock(ClockKind.MENDING, check.mending_since, (terms.mending,), ruling)
        yield replace(clock, met_at=check.found_false_at or check.final_at)
    if check.found_false_at is not None:
        clock = _clock(ClockKind.DEFENCE, check.found_false_at, (terms.hearing,), ruling)
        yield replace(clock, met_at=check.answered_at)


_MAKERS: tuple[Callable[[Case, Law], Iterator[Clock]], ...] = (
    _notice,
    _correction,
    _decision,
    _nodes,
    _assignment,
    _hearing,
    _renewal,
    _certificate,
    _supplements,
    _promise,
)


def _clock(
    kind: ClockKind, start: datetime, limits: tuple[Limit, ...], ruling: Law, stops: Sequence[Pause] = ()
) -> Clock:
    found = total(start, limits, ruling.calendar, stops)
    return Clock(kind, start, limits, found, tuple(stops))


def _ended_early(case: Case) -> datetime | None:
    return entered(case, ENDED_EARLY)
