"""When a place is open: regular hours, delay service (延时服务), exceptions, and the official calendar (E2).

Hours are told in minutes of a legal day (Asia/Shanghai, UTC+8, no summer time); a span may run past midnight and
belongs to the day on which it begins. Regular hours are for working days, make-up days included; early-and-late and
noon service go with them. Weekend service is for weekend days that are neither made up nor part of a holiday, holiday
service for holidays. An exception takes the place of everything else on its days. None of it says anything about the
legal clock: whoever serves on a Saturday does not make it a working day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from heapq import merge as merge_sorted

from chalicelib.domain.calendar import Calendar, Day, DayKind
from chalicelib.domain.deadlines import ONE_DAY, SHANGHAI, legal_day

MINUTES_OF_DAY = 24 * 60


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From and until, in minutes after 0:00 of its day; ``end`` beyond 1440 lies on the next day."""

    start: int
    end: int


class ServiceKind(StrEnum):
    """Under which heading a place is open."""

    REGULAR = "regular"  # 正常办公
    EARLY_LATE = "early_late"  # 早晚弹性办
    NOON = "noon"  # 午间不间断
    WEEKEND = "weekend"  # 周末不休息
    HOLIDAY = "holiday"  # 法定节假日
    SPECIAL = "special"  # hours that an exception gives


DELAY_KINDS = (ServiceKind.EARLY_LATE, ServiceKind.NOON, ServiceKind.WEEKEND, ServiceKind.HOLIDAY)
_ON = {
    ServiceKind.REGULAR: frozenset({DayKind.WORKDAY, DayKind.MAKE_UP}),
    ServiceKind.EARLY_LATE: frozenset({DayKind.WORKDAY, DayKind.MAKE_UP}),
    ServiceKind.NOON: frozenset({DayKind.WORKDAY, DayKind.MAKE_UP}),
    ServiceKind.WEEKEND: frozenset({DayKind.WEEKEND}),
    ServiceKind.HOLIDAY: frozenset({DayKind.HOLIDAY}),
}


class Access(StrEnum):
    """How one is served. Regular hours never ask for an appointment (B1)."""

    WALK_IN = "walk_in"
    APPOINTMENT = "appointment"


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours under one heading, valid from ``since`` to ``until`` (both included; None: until changed).

    ``weekdays`` are ISO numbers (Monday 1); on a make-up day those of ``make_up_as`` count, which the place chooses.
    ``items`` (basic codes), ``departments`` and ``windows`` narrow what is served; empty: everything the place serves.
    """

    kind: ServiceKind
    weekdays: frozenset[int]
    spans: tuple[Span, ...]
    since: date
    until: date | None = None
    access: Access = Access.WALK_IN
    items: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    windows: tuple[str, ...] = ()
    make_up_as: int = 1

    def on(self, day: Day) -> bool:
        """Whether they count on this day."""
        if day.kind not in _ON.get(self.kind, ()) or not self.in_force(day.date):
            return False
        weekday = self.make_up_as if day.kind is DayKind.MAKE_UP else day.date.isoweekday()
        return weekday in self.weekdays

    def in_force(self, day: date) -> bool:
        """Whether they are valid on a date, whatever day it is."""
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Closure:
    """An exception: from ``first`` to ``last`` the place has these hours and no others; none at all: closed."""

    first: date
    last: date
    reason: str
    spans: tuple[Span, ...] = ()

    def covers(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True, order=True)
class Opening:
    """One stretch of time in which a place serves, as instants in UTC; ``end`` is not part of it.

    ``provisional``: the year's holidays are not announced yet.
    """

    start: datetime
    end: datetime
    kind: ServiceKind
    day: date
    access: Access = Access.WALK_IN
    items: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    windows: tuple[str, ...] = ()
    provisional: bool = False
    reason: str = ""

    def serves(self, item: str, department: str) -> bool:
        """Whether an item (basic code) of a department is served in this stretch."""
        if not self.items and not self.departments:
            return True
        return item in self.items or department in self.departments


def openings(
    hours: Sequence[Hours], closures: Sequence[Closure], first: date, last: date, calendar: Calendar
) -> Iterator[Opening]:
    """Every stretch that begins on the days from ``first`` to ``last``, by its beginning."""
    day = first
    while day <= last:
        yield from sorted(_of_day(hours, closures, calendar.day(day)))
        day += ONE_DAY


def plainly(hours: Sequence[Hours], day: date) -> Iterator[Opening]:
    """What such a weekday has in a week without holidays, make-up days and exceptions."""
    kind = DayKind.WEEKEND if day.isoweekday() > _FRIDAY else DayKind.WORKDAY
    yield from sorted(_of_day(hours, (), Day(day, kind, False)))


_FRIDAY = 5


def _of_day(hours: Sequence[Hours], closures: Sequence[Closure], day: Day) -> Iterator[Opening]:
    exception = next((c for c in closures if c.covers(day.date)), None)
    if exception is not None:
        for span in exception.spans:
            start, end = _instants(day.date, span)
            yield Opening(start, end, ServiceKind.SPECIAL, day.date, reason=exception.reason)
        return
    for found in hours:
        if not found.on(day):
            continue
        for span in found.spans:
            start, end = _instants(day.date, span)
            yield Opening(
                start,
                end,
                found.kind,
                day.date,
                found.access,
                found.items,
                found.departments,
                found.windows,
                day.provisional,
            )


def _instants(day: date, span: Span) -> tuple[datetime, datetime]:
    midnight = datetime.combine(day, time(), SHANGHAI).astimezone(UTC)
    return midnight + timedelta(minutes=span.start), midnight + timedelta(minutes=span.end)


def merged(found: Iterable[Opening]) -> list[tuple[datetime, datetime]]:
    """The same time without overlaps: stretches that touch or overlap are one, whatever their headings."""
    whole: list[tuple[datetime, datetime]] = []
    for opening in sorted(found):
        if whole and opening.start <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(whole[-1][1], opening.end))
        else:
            whole.append((opening.start, opening.end))
    return whole


def at(
    hours: Sequence[Hours], closures: Sequence[Closure], moment: datetime, calendar: Calendar
) -> tuple[Opening, ...]:
    """What is open at a moment. A span that began yesterday and runs past midnight is."""
    today = legal_day(moment)
    found = openings(hours, closures, today - ONE_DAY, today, calendar)
    return tuple(o for o in found if o.start <= moment < o.end)


def coming(
    hours: Sequence[Hours], closures: Sequence[Closure], moment: datetime, calendar: Calendar, days: int = 60
) -> Iterator[Opening]:
    """What opens at or after a moment, earliest first, within so many days."""
    today = legal_day(moment)
    for opening in openings(hours, closures, today, today + timedelta(days=days), calendar):
        if opening.start >= moment:
            yield opening


def earliest(*found: Iterator[Opening]) -> Iterator[Opening]:
    """The openings of several places in one order."""
    return merge_sorted(*found)
