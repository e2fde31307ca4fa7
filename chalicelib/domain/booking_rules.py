"""When a seat may be booked and given back: marks in wall time counted back from the service (E4).

Places say it differently: until Friday 12:00, until 12:00 of the day before, two working days before at 17:00, half an
hour before. Each of them is a mark. First the mark at which booking closes is counted back from the service, then the
one at which it opens from there: "Monday 9:00 to Friday 12:00" is one stretch of one week.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from chalicelib.domain.calendar import Calendar
from chalicelib.domain.deadlines import ONE_DAY, SHANGHAI, legal_day
from chalicelib.domain.errors import Violation
from chalicelib.domain.opening_hours import MINUTES_OF_DAY, ServiceKind

HORIZON = timedelta(days=31)
"""Nobody books further ahead than this, whatever the marks say: a calendar or timetable may still change."""


CHANGED = "booking_terms.changed"
"""The event of new terms, numbered by their version; its owner is the place. They may make room for who waits."""


class MarkUnit(StrEnum):
    """What a mark counts."""

    WEEKDAY = "weekday"  # number: ISO weekday, the last one before
    DAY = "day"  # number: natural days before
    WORKDAY = "workday"  # number: working days before
    MINUTE = "minute"  # number: minutes before; no wall time


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment before another one. ``minute``: wall time of its day, in minutes after 0:00 in Asia/Shanghai."""

    unit: MarkUnit
    number: int
    minute: int = 0

    def before(self, moment: datetime, calendar: Calendar) -> datetime:
        """The moment that it marks, as an instant in UTC."""
        day = legal_day(moment)
        match self.unit:
            case MarkUnit.MINUTE:
                return moment - timedelta(minutes=self.number)
            case MarkUnit.DAY:
                return _at(day - timedelta(days=self.number), self.minute)
            case MarkUnit.WORKDAY:
                for _ in range(self.number):
                    day = _workday_before(day, calendar)
                return _at(day, self.minute)
            case MarkUnit.WEEKDAY:
                day -= timedelta(days=(day.isoweekday() - self.number) % 7)
                found = _at(day, self.minute)
                return found if found < moment else _at(day - timedelta(days=7), self.minute)


def _workday_before(day: date, calendar: Calendar) -> date:
    day -= ONE_DAY
    while not calendar.day(day).is_workday:
        day -= ONE_DAY
    return day


def _at(day: date, minute: int) -> datetime:
    midnight = datetime.combine(day, time(), SHANGHAI)
    return (midnight + timedelta(minutes=minute)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class BookingRule:
    """How service of some kinds is booked. ``cancels``: until when a booking may be given back."""

    kinds: tuple[ServiceKind, ...]
    opens: Mark
    closes: Mark
    cancels: Mark

    def stretch(self, start: datetime, calendar: Calendar) -> tuple[datetime, datetime]:
        """From when on, and until before when, service that begins at ``start`` can be booked."""
        closes = self.closes.before(start, calendar)
        return max(self.opens.before(closes, calendar), start - HORIZON), closes

    def cancel_until(self, start: datetime, calendar: Calendar) -> datetime:
        """Before this moment a booking may be given back."""
        return self.cancels.before(start, calendar)


@dataclass(frozen=True, slots=True)
class NoShowRule:
    """Who stays away ``limit`` times within so many days books nothing for ``barred_days``. They may walk in (B1)."""

    limit: int
    within_days: int
    barred_days: int


@dataclass(frozen=True, slots=True)
class BookingTerms:
    """On what terms a place takes bookings. Without any it takes none, and everybody walks in.

    ``minutes``: length of a slot. ``seats``: how many are served at one window in one slot. ``early`` and ``grace``:
    minutes before and after the beginning in which one checks in.
    """

    place: str
    version: int
    minutes: int
    seats: int
    rules: tuple[BookingRule, ...]
    early: int
    grace: int
    no_shows: NoShowRule | None = None

    def rule(self, kind: ServiceKind) -> BookingRule | None:
        """The rule for a kind of service; None if it takes no bookings."""
        return next((rule for rule in self.rules if kind in rule.kinds), None)


LENGTHS = (15, 30, 60)
"""Minutes of a slot: whole quarters of an hour, in which a person is at one place only."""

MOST_SEATS = 99

LONGEST_BAR = 90
"""Days: nobody is kept from booking for longer, nor for what is longer ago."""


def violations(terms: BookingTerms) -> Iterator[Violation]:
    """Everything that speaks against these terms."""
    if terms.minutes not in LENGTHS:
        yield Violation("booking-terms.length", "/minutes")
    if not 1 <= terms.seats <= MOST_SEATS:
        yield Violation("booking-terms.seats", "/seats", {"most": MOST_SEATS})
    if not 0 <= terms.grace <= terms.minutes:
        yield Violation("booking-terms.grace", "/grace")
    if terms.no_shows is not None and not _bearable(terms.no_shows):
        yield Violation("booking-terms.no-shows", "/no_shows", {"days": LONGEST_BAR})
    seen: set[ServiceKind] = set()
    for number, rule in enumerate(terms.rules):
        pointer = f"/rules/{number}"
        if not rule.kinds or seen & set(rule.kinds) or len(set(rule.kinds)) < len(rule.kinds):
            yield Violation("booking-terms.kinds", f"{pointer}/kinds")
        seen |= set(rule.kinds)
        for name, mark in (("opens", rule.opens), ("closes", rule.closes), ("cancels", rule.cancels)):
            if not _sound(mark):
                yield Violation("booking-terms.mark", f"{pointer}/{name}")


def _bearable(rule: NoShowRule) -> bool:
    return rule.limit >= 1 and 1 <= rule.within_days <= LONGEST_BAR and 1 <= rule.barred_days <= LONGEST_BAR


def _sound(mark: Mark) -> bool:
    """Whether a mark marks something, and not after the moment that it is counted back from."""
    if not 0 <= mark.minute < MINUTES_OF_DAY:
        return False
    match mark.unit:
        case MarkUnit.WEEKDAY:
            return 1 <= mark.number <= 7
        case MarkUnit.MINUTE:
            return 0 <= mark.number <= HORIZON // timedelta(minutes=1) and mark.minute == 0
        case _:
            return 1 <= mark.number <= HORIZON.days
