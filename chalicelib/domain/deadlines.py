"""Legal time: when a period ends, and why (B10).

Instants are UTC everywhere; a legal day is a day in Asia/Shanghai (UTC+8, no summer time). The starting day is not
counted; a period ends at 24:00 of its last day: before that instant it is in time, at it the consequence takes effect.
Working days and natural days are both real units; a natural-day period whose last day is no working day ends on the
next working day (民法典 203). Days on which the clock stands (行政许可法 45) are skipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum
from itertools import groupby

from chalicelib.domain.calendar import Calendar, Day
from chalicelib.domain.catalog import ImplementationItem, Limit, LimitUnit
from chalicelib.domain.outages import Outage

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
ONE_DAY = timedelta(days=1)


def legal_day(at: datetime) -> date:
    """The day on which an instant falls, as the law counts days."""
    return at.astimezone(SHANGHAI).date()


def end_of(day: date) -> datetime:
    """24:00 Asia/Shanghai of a day, as a UTC instant."""
    return datetime.combine(day + ONE_DAY, time(), SHANGHAI).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Law:
    """What a case is judged by: the version of its item, the official calendar, and when the platform itself failed.

    ``void``: the certificate that the case is about was annulled meanwhile.
    """

    item: ImplementationItem
    calendar: Calendar
    outages: tuple[Outage, ...] = ()
    void: bool = False


@dataclass(frozen=True, slots=True)
class Lapse:
    """What time alone brings about: at ``at``, ``command`` happens by itself, whether a timer runs or not.

    The command lacks the numbers that only the outside can give; ``services.lapses`` fills them in.
    ``since``: from when it counts, where the law lets it count from earlier than the moment at which it happens.
    """

    at: datetime
    command: object
    since: datetime | None = None

    @property
    def effective_at(self) -> datetime:
        """From when it counts."""
        return self.since or self.at


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch of days on which the clock stands, first and last day included. ``until`` None: it still stands."""

    since: date
    until: date | None
    code: str
    basis: str = ""

    def covers(self, day: date) -> bool:
        """True if the clock stands on this day."""
        return self.since <= day and (self.until is None or day <= self.until)


class Counting(StrEnum):
    """Why a day counts or not."""

    START = "start"  # the starting day
    COUNTED = "counted"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    STOPPED = "stopped"
    MOVED = "moved"  # the last natural day was no working day: the period goes on to the next one


@dataclass(frozen=True, slots=True)
class DayCount:
    """One day of an explanation: what it is, whether it counts, the running count, and what stopped it."""

    day: Day
    counting: Counting
    count: int
    pause: str = ""


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a period ends. ``at`` is None while the clock stands with no end in sight."""

    at: datetime | None
    last_day: date | None
    provisional: bool
    days: tuple[DayCount, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Neighbouring days of one kind in an explanation. ``days`` is how many, ``count`` the running count at its end."""

    first: date
    last: date
    counting: Counting
    days: int
    count: int
    name: str
    pause: str
    source: str
    provisional: bool


LONGEST = 4000
"""Days on which the clock runs before a period counts as endless; the longest in any law read is a year."""


def deadline(start: datetime, limit: Limit, calendar: Calendar, pauses: Sequence[Pause] = ()) -> Deadline:
    """The end of a period that starts at an instant, with every day on the way."""
    first = legal_day(start)
    days = [DayCount(calendar.day(first), Counting.START, 0)]
    if not _count(days, limit, calendar, pauses):
        return _endless(days)
    return _ending(days)


def total(start: datetime, limits: Sequence[Limit], calendar: Calendar, pauses: Sequence[Pause] = ()) -> Deadline:
    """The end of several periods, each of which begins where the one before it ends: a limit and its extension.

    Periods of one unit are one period, so that a natural day in between that is no working day moves nothing. Raises
    ValueError without a limit.
    """
    added = _added(limits)
    days = [DayCount(calendar.day(legal_day(start)), Counting.START, 0)]
    for limit in added:
        if not _count(days, limit, calendar, pauses):
            return _endless(days)
    return _ending(days)


def days_before(last: date, limit: Limit, calendar: Calendar) -> date:
    """The latest day after which a whole period still lies, up to and including ``last``."""
    day, left = last, limit.value
    while left > 0:
        left -= limit.unit is not LimitUnit.WORKDAY or calendar.day(day).is_workday
        day -= ONE_DAY
    return day


def standing(found: Deadline, pauses: Sequence[Pause], until: date, calendar: Calendar) -> Deadline:
    """A deadline that has no end in sight, with the days on which the clock has stood so far, up to ``until``."""
    if found.at is not None:
        return found
    last, days = found.days[-1], list(found.days)
    day = last.day.date + ONE_DAY
    while day <= until:
        pause = next((p for p in pauses if p.covers(day)), None)
        if pause is None:
            break
        days.append(DayCount(calendar.day(day), Counting.STOPPED, last.count, pause.code))
        day += ONE_DAY
    return _endless(days)


def stretches(days: Sequence[DayCount]) -> tuple[Stretch, ...]:
    """The same explanation in ranges: neighbouring days that count, or do not, for the same reason."""
    groups = groupby(days, lambda d: (d.counting, d.day.name, d.pause, d.day.source, d.day.provisional))
    found = []
    for (counting, name, pause, source, provisional), group in groups:
        own = list(group)
        first, last = own[0].day.date, own[-1].day.date
        found.append(Stretch(first, last, counting, len(own), own[-1].count, name, pause, source, provisional))
    return tuple(found)


def _added(limits: Sequence[Limit]) -> list[Limit]:
    """Neighbouring periods of one unit as one."""
    if not limits:
        raise ValueError("a clock has at least one limit")
    added = [limits[0]]
    for limit in limits[1:]:
        if limit.unit is added[-1].unit:
            added[-1] = replace(added[-1], value=added[-1].value + limit.value)
        else:
            added.append(limit)
    return added


def _count(days: list[DayCount], limit: Limit, calendar: Calendar, pauses: Sequence[Pause]) -> bool:
    """Go on from the last of ``days`` until the period is over. False if the clock stands with no end in sight."""
    if limit.value == 0:
        return True
    day, before = days[-1].day.date, days[-1].count
    target = before + _target(day, limit)
    looked_at = 0
    while looked_at < LONGEST:
        day += ONE_DAY
        covering = [p for p in pauses if p.covers(day)]
        if any(p.until is None for p in covering):
            return False
        pause = covering[0] if covering else None
        counted = _judge(calendar.day(day), limit.unit, pause, days[-1].count, target)
        days.append(counted)
        looked_at += pause is None
        if counted.count >= target and (limit.unit is LimitUnit.WORKDAY or counted.day.is_workday) and pause is None:
            return True
    raise ValueError(f"a period of {limit.value} {limit.unit} did not end within {LONGEST} days")


def _ending(days: Sequence[DayCount]) -> Deadline:
    last = days[-1].day.date
    return Deadline(end_of(last), last, _is_provisional(days), tuple(days))


def _endless(days: Sequence[DayCount]) -> Deadline:
    return Deadline(None, None, _is_provisional(days), tuple(days))


def _is_provisional(days: Sequence[DayCount]) -> bool:
    return any(counted.day.provisional for counted in days)


def _target(start: date, limit: Limit) -> int:
    """How many days have to be counted. A month runs to the same date of a later month (民法典 202)."""
    if limit.unit is not LimitUnit.MONTH:
        return limit.value
    month = start.month - 1 + limit.value
    year, month = start.year + month // 12, month % 12 + 1
    following = date(year + month // 12, month % 12 + 1, 1)
    return (min(date(year, month, 1) + timedelta(days=start.day - 1), following - ONE_DAY) - start).days


def _judge(day: Day, unit: LimitUnit, pause: Pause | None, count: int, target: int) -> DayCount:
    if pause is not None:
        return DayCount(day, Counting.STOPPED, count, pause.code)
    if unit is not LimitUnit.WORKDAY:
        return DayCount(day, Counting.COUNTED, count + 1) if count < target else DayCount(day, Counting.MOVED, count)
    if day.is_workday:
        return DayCount(day, Counting.COUNTED, count + 1)
    return DayCount(day, Counting.WEEKEND if day.kind == "weekend" else Counting.HOLIDAY, count)
