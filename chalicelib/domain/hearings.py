"""Hearing rights of the applicant and of third parties (行政许可法 36, 46-48).

Whoever has a great direct interest is told of the right to a hearing; within five days of being told they may apply
for it, and it is held within twenty days of the application, with seven days' notice, under somebody who does not
examine the case. Until the five days are over or waived, and until a hearing that is due was held, nothing is
decided. The hearing stops the clock from the day after the notice of its date to the day of its record (45).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from chalicelib.domain.actors import ActorKind
from chalicelib.domain.case_events import Document, Event, EventRecord
from chalicelib.domain.case_rules import Act, CaseState, Evolutions, Rule, Transition, Transitions, text_is_given
from chalicelib.domain.deadlines import SHANGHAI, Lapse, Law, legal_day
from chalicelib.domain.errors import Violation
from chalicelib.domain.hearing_rights import (
    CalledOff,
    Hearing,
    HearingGround,
    Interested,
    PartyRole,
    earliest,
    hold_until,
    request_is_open,
)
from chalicelib.domain.law import is_licence
from chalicelib.domain.procedure_kinds import ProcedureKind, kind_of, stops_clock
from chalicelib.domain.procedures import EXAMINES, is_stopped, item_of, law_of

if TYPE_CHECKING:
    from chalicelib.domain.cases import Case

P = ProcedureKind

RIGHTS = {
    HearingGround.DIRECT_INTEREST: (
        "您享有陈述、申辩和要求听证的权利;要求听证的,应当自被告知之日起五个工作日内提出申请。"
    ),
    HearingGround.PUBLIC_INTEREST: "该事项涉及公共利益,本机关将举行听证;您享有陈述、申辩和参加听证的权利。",
}
"""What the notice says of the rights (行政许可法 36, 46, 47)."""


@dataclass(frozen=True, slots=True)
class ThirdParty:
    """A third party as the officer names it."""

    name: str
    subject: str = ""


# -- commands and events -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NotifyHearing:
    """Tell the applicant and third parties of their right to state their case and to be heard."""

    ground: str
    reason: str
    third_parties: tuple[ThirdParty, ...]
    document: Document


@dataclass(frozen=True, slots=True)
class RequestHearing:
    """Apply for the hearing. ``party``: the number under which they were told."""

    party: int


@dataclass(frozen=True, slots=True)
class WaiveHearing:
    """Give up the right to it, also after having applied."""

    party: int


@dataclass(frozen=True, slots=True)
class ScheduleHearing:
    """Tell when and where it takes place, and who presides. Telling another date takes the place of the first."""

    held_on: datetime
    place: str
    presider: str
    document: Document


@dataclass(frozen=True, slots=True)
class RecordHearing:
    """The hearing was held: the record on which the decision rests (行政许可法 48)."""

    record: str
    document: Document


@dataclass(frozen=True, slots=True)
class HearingNotified(Event):
    """Everybody with a great direct interest was told of their rights (行政许可法 36, 46, 47)."""

    type: ClassVar[str] = "case.hearing_notified"
    ground: str
    reason: str
    stops: bool
    parties: tuple[Interested, ...]
    document: Document

    @property
    def told(self) -> Mapping[str, str]:
        return {"reason": self.reason, "rights": RIGHTS[HearingGround(self.ground)]}


@dataclass(frozen=True, slots=True)
class HearingRequested(Event):
    """Somebody applied for the hearing in time."""

    type: ClassVar[str] = "case.hearing_requested"
    party: int


@dataclass(frozen=True, slots=True)
class HearingWaived(Event):
    """Somebody gave up the right to it. ``called_off``: nobody wants the hearing any more that had its date."""

    type: ClassVar[str] = "case.hearing_waived"
    party: int
    called_off: bool


@dataclass(frozen=True, slots=True)
class HearingScheduled(Event):
    """Time, place and presider were told. ``late``: it could no longer be held within twenty days."""

    type: ClassVar[str] = "case.hearing_scheduled"
    held_on: datetime
    place: str
    presider: str
    late: bool
    document: Document

    @property
    def told(self) -> Mapping[str, str]:
        at = self.held_on.astimezone(SHANGHAI)
        return {
            "held_on": f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}",
            "place": self.place,
            "presider": self.presider,
        }


@dataclass(frozen=True, slots=True)
class HearingHeld(Event):
    """The hearing was held, and its record made."""

    type: ClassVar[str] = "case.hearing_held"
    record: str
    document: Document

    @property
    def told(self) -> Mapping[str, str]:
        return {"record": self.record}


# -- rules ---------------------------------------------------------------------------------------------


def version_knows_hearings(case: Case, command: NotifyHearing, act: Act) -> Violation | None:
    """Licences always do; other matters where their version lists it."""
    item = item_of(act)
    if is_licence(item) or any(kind_of(p) == P.HEARING for p in item.special_procedures):
        return None
    return Violation("hearing.not-in-version")


def not_yet_told(case: Case, command: NotifyHearing, act: Act) -> Violation | None:
    """Everybody is told once."""
    return Violation("hearing.already-notified") if case.hearing else None


def third_parties_are_named(case: Case, command: NotifyHearing, act: Act) -> Violation | None:
    """Each by a name, and each once."""
    names = [(p.name.strip(), p.subject) for p in command.third_parties]
    blank = any(not name for name, _ in names)
    return Violation("hearing.party-names", "/third_parties") if blank or len(set(names)) < len(names) else None


def hearing_is_known(case: Case, command: object, act: Act) -> Violation | None:
    """Somebody was told of it."""
    return None if case.hearing else Violation("hearing.not-notified")


def _party(case: Case, number: int) -> Interested | None:
    return next((p for p in case.hearing.parties if p.number == number), None) if case.hearing else None


def party_is_known(case: Case, command: RequestHearing | WaiveHearing, act: Act) -> Violation | None:
    """One of those who were told."""
    if case.hearing and _party(case, command.party) is None:
        return Violation("hearing.party-unknown", "/party")
    return None


def party_speaks_for_itself(case: Case, command: RequestHearing | WaiveHearing, act: Act) -> Violation | None:
    """The applicant's side acts for the applicant; for a third party the examining officer records what it says."""
    party = _party(case, command.party)
    if party is None:
        return None
    filing = act.actor.subject in (case.applicant.subject, case.agent)
    examining = act.actor.kind is ActorKind.OFFICER and case.task is not None
    ok = filing if party.role == PartyRole.APPLICANT else examining
    return None if ok else Violation("hearing.party-not-yours", "/party")


def third_party_is_recorded_by_examiner(
    case: Case, command: RequestHearing | WaiveHearing, act: Act
) -> Violation | None:
    """Recording for a third party is an act on the task."""
    party = _party(case, command.party)
    if party is None or party.role == PartyRole.APPLICANT:
        return None
    return next((found for rule in EXAMINES if (found := rule(case, command, act))), None)


def request_is_in_time(case: Case, command: RequestHearing, act: Act) -> Violation | None:
    """Within five days of being told (行政许可法 47)."""
    if case.hearing is None or request_is_open(case.hearing, act):
        return None
    return Violation("hearing.too-late")


def right_is_unused(case: Case, command: RequestHearing, act: Act) -> Violation | None:
    """Applied for once, and not after it was waived."""
    party = _party(case, command.party)
    if party is None:
        return None
    if party.waived_at:
        return Violation("hearing.waived")
    return Violation("hearing.already-requested") if party.requested_at else None


def right_is_not_waived(case: Case, command: WaiveHearing, act: Act) -> Violation | None:
    """Given up once."""
    party = _party(case, command.party)
    return Violation("hearing.waived") if party and party.waived_at else None


def hearing_is_due(case: Case, command: object, act: Act) -> Violation | None:
    """Somebody applied for it, or it concerns the public."""
    hearing = case.hearing
    if hearing is None or hearing.is_due:
        return None
    return Violation("hearing.already-held" if hearing.ended_at else "hearing.not-requested")


def notice_is_long_enough(case: Case, command: ScheduleHearing, act: Act) -> Violation | None:
    """Seven days before it is held (行政许可法 48(1))."""
    first = earliest(act.now, law_of(act)).last_day
    if first is not None and legal_day(command.held_on) < first:
        return Violation("hearing.too-soon", "/held_on", {"first": first.isoformat()})
    return None


def _is_late(case: Case, act: Act) -> bool:
    """No date is left that keeps both the seven and the twenty days."""
    law, hearing = law_of(act), case.hearing
    until = hold_until(hearing, law) if hearing else None
    first = earliest(act.now, law).last_day
    return until is not None and until.last_day is not None and first is not None and first > until.last_day


def date_is_within_twenty_days(case: Case, command: ScheduleHearing, act: Act) -> Violation | None:
    """Held within twenty days of the request (行政许可法 47), as long as that can still be done."""
    until = hold_until(case.hearing, law_of(act)) if case.hearing else None
    if until is None or until.last_day is None or _is_late(case, act):
        return None
    if legal_day(command.held_on) > until.last_day:
        return Violation("hearing.beyond-twenty-days", "/held_on", {"last": until.last_day.isoformat()})
    return None


def presider_does_not_examine(case: Case, command: ScheduleHearing, act: Act) -> Violation | None:
    """Somebody else than the officer who examines the application (行政许可法 48(1)(3))."""
    return Violation("hearing.presider-examines", "/presider") if command.presider == act.actor.subject else None


def clock_is_not_stopped_otherwise(case: Case, command: ScheduleHearing, act: Act) -> Violation | None:
    """The clock is stopped by one thing at a time; another date of the same hearing goes on with its stop."""
    hearing = case.hearing
    if hearing is None or not hearing.stops or hearing.scheduled_at is not None:
        return None
    return Violation("procedure.overlaps") if is_stopped(case) else None


def hearing_has_taken_place(case: Case, command: RecordHearing, act: Act) -> Violation | None:
    """It had its date, and the date has come."""
    hearing = case.hearing
    if hearing is None or not hearing.is_due:
        return None
    if hearing.held_on is None:
        return Violation("hearing.not-scheduled")
    return Violation("hearing.not-yet") if act.now < hearing.held_on else None


def none_pending(case: Case, command: object, act: Act) -> Violation | None:
    """No decision before the right to a hearing is used up: waived by all, run out, or the hearing held."""
    hearing = case.hearing
    if hearing is None or hearing.ended_at is not None:
        return None
    undecided = any(p.requested_at is None and p.waived_at is None for p in hearing.parties)
    if hearing.is_due or (undecided and request_is_open(hearing, act)):
        return Violation("hearing.pending")
    return None


# -- transitions and evolutions ------------------------------------------------------------------------


def _notify(case: Case, command: NotifyHearing, act: Act) -> tuple[Event, ...]:
    item = item_of(act)
    listed = [p for p in item.special_procedures if kind_of(p) == P.HEARING]
    stops = any(stops_clock(item, p) for p in listed) if listed else is_licence(item)
    applicant = Interested(1, PartyRole.APPLICANT, case.applicant.name, case.applicant.subject)
    others = (
        Interested(number, PartyRole.THIRD_PARTY, party.name.strip(), party.subject)
        for number, party in enumerate(command.third_parties, 2)
    )
    return (HearingNotified(command.ground, command.reason, stops, (applicant, *others), command.document),)


def _waive(case: Case, command: WaiveHearing, act: Act) -> tuple[Event, ...]:
    hearing = case.hearing
    if hearing is None:
        raise AssertionError("unreachable: hearing_is_known refuses first")
    after = replace(hearing, parties=_marked(hearing, command.party, waived_at=act.now))
    return (HearingWaived(command.party, hearing.scheduled_at is not None and hearing.is_due and not after.is_due),)


def _schedule(case: Case, command: ScheduleHearing, act: Act) -> tuple[Event, ...]:
    return (HearingScheduled(command.held_on, command.place, command.presider, _is_late(case, act), command.document),)


_IN_REVIEW = frozenset({CaseState.IN_REVIEW})
_SAYS: tuple[Rule, ...] = (
    hearing_is_known,
    party_is_known,
    party_speaks_for_itself,
    third_party_is_recorded_by_examiner,
)

TRANSITIONS: Transitions = {
    NotifyHearing: Transition(
        _IN_REVIEW,
        (*EXAMINES, text_is_given("reason"), version_knows_hearings, not_yet_told, third_parties_are_named),
        _notify,
    ),
    RequestHearing: Transition(
        _IN_REVIEW,
        (*_SAYS, right_is_unused, request_is_in_time),
        lambda case, m, a: (HearingRequested(m.party),),
    ),
    WaiveHearing: Transition(_IN_REVIEW, (*_SAYS, right_is_not_waived), _waive),
    ScheduleHearing: Transition(
        _IN_REVIEW,
        (
            *EXAMINES,
            text_is_given("place"),
            text_is_given("presider"),
            hearing_is_known,
            hearing_is_due,
            notice_is_long_enough,
            date_is_within_twenty_days,
            presider_does_not_examine,
            clock_is_not_stopped_otherwise,
        ),
        _schedule,
    ),
    RecordHearing: Transition(
        _IN_REVIEW,
        (*EXAMINES, text_is_given("record"), hearing_is_known, hearing_is_due, hearing_has_taken_place),
        lambda case, m, a: (HearingHeld(m.record, m.document),),
    ),
}


def _marked(hearing: Hearing, number: int, **marks: Any) -> tuple[Interested, ...]:
    return tuple(replace(p, **marks) if p.number == number else p for p in hearing.parties)


def _told(case: Case, event: HearingNotified, record: EventRecord) -> dict[str, Any]:
    hearing = Hearing(event.ground, record.effective_at, event.document.number, event.stops, event.parties)
    return {"hearing": hearing, "documents": (*case.documents, event.document)}


def _requested(case: Case, event: HearingRequested, record: EventRecord) -> dict[str, Any]:
    return _changed(case, parties=_marked(_of(case), event.party, requested_at=record.effective_at))


def _waived(case: Case, event: HearingWaived, record: EventRecord) -> dict[str, Any]:
    hearing = _of(case)
    parties = _marked(hearing, event.party, waived_at=record.effective_at)
    if not event.called_off or hearing.scheduled_at is None:
        return _changed(case, parties=parties)
    ended = (*hearing.called_off, CalledOff(hearing.scheduled_at, record.effective_at))
    return _changed(case, parties=parties, called_off=ended, scheduled_at=None, held_on=None, place="", presider="")


def _scheduled(case: Case, event: HearingScheduled, record: EventRecord) -> dict[str, Any]:
    since = _of(case).scheduled_at or record.effective_at
    changed = _changed(case, scheduled_at=since, held_on=event.held_on, place=event.place, presider=event.presider)
    return {**changed, "documents": (*case.documents, event.document)}


def _held(case: Case, event: HearingHeld, record: EventRecord) -> dict[str, Any]:
    changed = _changed(case, ended_at=record.effective_at)
    return {**changed, "documents": (*case.documents, event.document)}


def _of(case: Case) -> Hearing:
    if case.hearing is None:
        raise ValueError("the first event of a hearing is case.hearing_notified")
    return case.hearing


def _changed(case: Case, **changes: Any) -> dict[str, Any]:
    return {"hearing": replace(_of(case), **changes)}


EVOLUTIONS: Evolutions = {
    HearingNotified: _told,
    HearingRequested: _requested,
    HearingWaived: _waived,
    HearingScheduled: _scheduled,
    HearingHeld: _held,
}


def lapses(case: Case, law: Law) -> Iterable[Lapse]:
    """Nothing here happens by time alone: what runs out is asked for by ``none_pending``."""
    return ()
