"""Appointments (预约): booked, given back, waited for, moved when a place closes, checked in or missed (E4).

An appointment reserves a seat; it is never asked of anybody who walks in (B1). What time alone causes (a missed
appointment, a wait in vain) is not stored: ``standing`` says it from the clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from chalicelib.domain.booking_rules import BookingRule, BookingTerms, NoShowRule
from chalicelib.domain.calendar import Calendar
from chalicelib.domain.deadlines import end_of
from chalicelib.domain.errors import Refused, Violation
from chalicelib.domain.opening_hours import ServiceKind
from chalicelib.domain.slots import Seat, Slot

QUARTER = timedelta(minutes=15)


class AppointmentState(StrEnum):
    """Where an appointment stands. The last two follow from the clock and are never stored."""

    WAITING = "waiting"  # on the waiting list of a day
    BOOKED = "booked"
    CHECKED_IN = "checked_in"
    CANCELLED = "cancelled"
    FREED = "freed"  # the place closed, and nothing else could be found, or waited for
    MISSED = "missed"
    LAPSED = "lapsed"  # waited in vain


HELD = frozenset({AppointmentState.BOOKED, AppointmentState.CHECKED_IN})
"""States in which it has its seat."""

OPEN = HELD | {AppointmentState.WAITING}
"""States in which it has its seat, or a place in the list of a day: both rest on what the place was seen to be."""

WAITING = "appointment.waiting"
"""The event of joining a waiting list. Nobody is told of it; it is followed, as those that free a seat are."""

FOLLOWED: tuple[str, ...] = ("appointment.cancelled", WAITING)
"""Events after which somebody may wait beside a free seat. It was given back, or was so while they joined the list."""

TOLD: tuple[str, ...] = (
    "appointment.booked",
    "appointment.promoted",
    "appointment.moved",
    "appointment.freed",
    "appointment.cancelled",
)
"""Events that the booked are told of. Each has its text in ``data/messages.json``."""


@dataclass(frozen=True, slots=True)
class Booker:
    """For whom it is. ``agent``: who booked for them, under the authority named."""

    subject: str
    name: str
    agent: str = ""
    authority: str = ""


@dataclass(frozen=True, slots=True)
class Errand:
    """For what it is: an item (basic code) and its name."""

    item: str
    name: str


@dataclass(frozen=True, slots=True)
class Appointment:
    """One appointment. ``start``, ``end``, ``window``, ``number`` (of the seat), ``kind``: None or empty while waiting.

    ``rule``, ``early`` and ``grace`` are those of the terms under which it was booked: later ones change nothing of it.
    ``moved_from``: when it was before the place closed.
    """

    id: str
    version: int
    state: AppointmentState
    event: str
    booker: Booker
    errand: Errand
    place: str
    place_name: str
    day: date
    made_at: datetime
    changed_at: datetime
    early: int
    grace: int
    start: datetime | None = None
    end: datetime | None = None
    window: str = ""
    number: int = 0
    kind: ServiceKind | None = None
    rule: BookingRule | None = None
    moved_from: datetime | None = None
    ticket: int = 0

    @property
    def seat(self) -> Seat | None:
        """The seat that it has."""
        if self.state not in HELD or self.start is None:
            return None
        return Seat(self.start, self.window, self.number, self.end)

    @property
    def until(self) -> datetime:
        """When the errand is over, one way or another."""
        return self.end or end_of(self.day)

    @property
    def check_in_from(self) -> datetime | None:
        """From when on one checks in."""
        return self.start - timedelta(minutes=self.early) if self.start else None

    @property
    def missed_at(self) -> datetime | None:
        """Who has not checked in by then has missed it."""
        return self.start + timedelta(minutes=self.grace) if self.start else None

    def cancel_until(self, calendar: Calendar) -> datetime | None:
        """Before this moment it may be given back. Whom the place moved may do so until it begins."""
        if self.start is None or self.rule is None:
            return end_of(self.day) if self.state is AppointmentState.WAITING else None
        return self.start if self.moved_from else self.rule.cancel_until(self.start, calendar)

    def standing(self, now: datetime) -> AppointmentState:
        """Its state at a moment, with what time alone has made of it."""
        if self.state is AppointmentState.WAITING and now >= end_of(self.day):
            return AppointmentState.LAPSED
        if self.state is AppointmentState.BOOKED and self.missed_at is not None and now >= self.missed_at:
            return AppointmentState.MISSED
        return self.state


@dataclass(frozen=True, slots=True)
class Held:
    """What a person has booked, as the rules of one person need it. ``attended``: they checked in."""

    id: str
    start: datetime
    end: datetime
    missed_at: datetime
    attended: bool

    def missed(self, now: datetime) -> bool:
        """They were expected, and did not come."""
        return not self.attended and now >= self.missed_at


@dataclass(frozen=True, slots=True)
class Diary:
    """All that a person has booked lately. ``items``: basic code to until when it is booked or waited for."""

    held: tuple[Held, ...] = ()
    items: Mapping[str, datetime] = field(default_factory=dict)

    def has(self, item: str, now: datetime) -> bool:
        """Whether an item is booked or waited for."""
        return item in self.items and now < self.items[item]


def quarters(start: datetime, end: datetime) -> Iterator[datetime]:
    """The quarters of an hour that a stretch touches: a person is in one place at a time."""
    at = start - timedelta(minutes=start.minute % 15, seconds=start.second, microseconds=start.microsecond)
    while at < end:
        yield at
        at += QUARTER


def barred_until(rule: NoShowRule | None, held: Iterable[Held], now: datetime) -> datetime | None:
    """Until when a person books nothing because they stayed away too often; None if they may book."""
    if rule is None:
        return None
    missed = sorted(h.missed_at for h in held if h.missed(now))
    for latest in reversed(missed):
        within = [at for at in missed if latest - timedelta(days=rule.within_days) < at <= latest]
        until = latest + timedelta(days=rule.barred_days)
        if len(within) >= rule.limit and now < until:
            return until
    return None


def unbookable(
    slot: Slot, item: str, terms: BookingTerms, diary: Diary, now: datetime, calendar: Calendar
) -> Iterator[Violation]:
    """Everything that keeps a person from booking a slot for an item, full or not."""
    opens, closes = _rule(slot, terms).stretch(slot.start, calendar)
    if now >= slot.start:
        yield Violation("appointment.past", "/start")
    elif now < opens:
        yield Violation("appointment.too-early", "/start", {"at": opens.isoformat()})
    elif now >= closes:
        yield Violation("appointment.too-late", "/start", {"at": closes.isoformat()})
    yield from _person(item, terms, diary, now)
    if expected_elsewhere(slot, diary.held):
        yield Violation("appointment.double", "/start")


def _rule(slot: Slot, terms: BookingTerms) -> BookingRule:
    found = terms.rule(slot.kind)
    if found is None:
        raise LookupError(f"a slot of {slot.kind} without a rule")
    return found


def expected_elsewhere(slot: Slot, held: Iterable[Held]) -> bool:
    """Whether one of these is in a quarter of an hour that a slot touches, too: a person is in one place at a time."""
    wanted = set(quarters(slot.start, slot.end))
    return any(wanted & set(quarters(other.start, other.end)) for other in held)


def _person(item: str, terms: BookingTerms, diary: Diary, now: datetime) -> Iterator[Violation]:
    if diary.has(item, now):
        yield Violation("appointment.item-twice", "/item")
    until = barred_until(terms.no_shows, diary.held, now)
    if until is not None:
        yield Violation("appointment.barred", "", {"until": until.isoformat()})


def unwaitable(
    found: Iterable[Slot],
    item: str,
    terms: BookingTerms,
    diary: Diary,
    now: datetime,
    calendar: Calendar,
    *,
    room: bool,
) -> Iterator[Violation]:
    """Everything that keeps a person from the waiting list of a day with these slots. ``room``: there is one to book.

    One waits while a seat that is given back can still be had: from the opening of booking until it closes, or until
    seats are given back no more.
    """
    waits = [_wait(slot, terms, calendar) for slot in found if now < min(slot.start, end_of(slot.day))]
    if not waits:
        yield Violation("appointment.past", "/day")
    elif not room and not any(opens <= now < until for opens, until in waits):
        if coming := [opens for opens, _ in waits if now < opens]:
            yield Violation("appointment.too-early", "/day", {"at": min(coming).isoformat()})
        else:
            yield Violation("appointment.too-late", "/day", {"at": max(until for _, until in waits).isoformat()})
    yield from _person(item, terms, diary, now)
    if room:
        yield Violation("appointment.room-left", "/day")


def _wait(slot: Slot, terms: BookingTerms, calendar: Calendar) -> tuple[datetime, datetime]:
    """From when on, and until before when, one waits for a seat of a slot."""
    rule = _rule(slot, terms)
    opens, closes = rule.stretch(slot.start, calendar)
    return opens, min(closes, rule.cancel_until(slot.start, calendar))


def promotable(slot: Slot, terms: BookingTerms, now: datetime, calendar: Calendar) -> bool:
    """Whether somebody who waits may be given a seat of a slot: they could book it now, and give it back."""
    opens, until = _wait(slot, terms, calendar)
    return opens <= now < min(until, slot.start)


def booked(
    appointment: Appointment, slot: Slot, seat: Seat, terms: BookingTerms, event: str, now: datetime
) -> Appointment:
    """The appointment with its seat."""
    return replace(
        appointment,
        version=appointment.version + 1,
        state=AppointmentState.BOOKED,
        event=event,
        changed_at=now,
        day=slot.day,
        start=slot.start,
        end=slot.end,
        window=seat.window,
        number=seat.number,
        kind=slot.kind,
        rule=terms.rule(slot.kind),
        early=terms.early,
        grace=terms.grace,
    )


def moved(appointment: Appointment, slot: Slot, seat: Seat, terms: BookingTerms, now: datetime) -> Appointment:
    """The place closed: the appointment has another seat."""
    after = booked(appointment, slot, seat, terms, "appointment.moved", now)
    return replace(after, moved_from=appointment.moved_from or appointment.start)


def freed(appointment: Appointment, now: datetime) -> Appointment:
    """The place closed, and there was nothing else: appointment or waiting is over, and not by the person's fault."""
    return _ended(appointment, AppointmentState.FREED, "appointment.freed", now)


def cancel(appointment: Appointment, now: datetime, calendar: Calendar) -> Appointment:
    """The person gives it back. Raises Refused when it is over or too late."""
    standing = appointment.standing(now)
    if standing not in (AppointmentState.BOOKED, AppointmentState.WAITING):
        raise Refused.because("appointment.over", state=str(standing))
    until = appointment.cancel_until(calendar)
    if until is not None and now >= until:
        raise Refused.because("appointment.cancel-too-late", at=until.isoformat())
    return _ended(appointment, AppointmentState.CANCELLED, "appointment.cancelled", now)


def check_in(appointment: Appointment, ticket: int, now: datetime) -> Appointment:
    """The person is there. Raises Refused too early, too late, or when it is over: they take a number like anybody."""
    must_be_expected(appointment, now)
    return replace(
        appointment,
        version=appointment.version + 1,
        state=AppointmentState.CHECKED_IN,
        event="appointment.checked_in",
        changed_at=now,
        ticket=ticket,
    )


def must_be_expected(appointment: Appointment, now: datetime) -> None:
    """Raises Refused unless the person may check in now."""
    standing = appointment.standing(now)
    if standing is AppointmentState.MISSED:
        raise Refused.because("appointment.missed")
    if standing is not AppointmentState.BOOKED:
        raise Refused.because("appointment.over", state=str(standing))
    since = appointment.check_in_from
    if since is not None and now < since:
        raise Refused.because("appointment.check-in-too-early", at=since.isoformat())


def _ended(appointment: Appointment, state: AppointmentState, event: str, now: datetime) -> Appointment:
    return replace(appointment, version=appointment.version + 1, state=state, event=event, changed_at=now)
