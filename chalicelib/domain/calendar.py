"""The official calendar: which days are working days, by whose notice, and which years are not announced yet (B10).

The State Council announces the holidays and make-up days (调休) of a year late in the year before. Until then the
platform counts by weekday and the fixed dates of the holiday regulation and marks what it says as provisional.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from chalicelib.domain.errors import Invalid, Violation, raise_all


class DayKind(StrEnum):
    """What a day is, as the law counts days."""

    WORKDAY = "workday"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"  # 法定节假日 and the days off around it
    MAKE_UP = "make_up"  # 调休上班: a weekend day that is a working day


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the calendar. ``name`` is the holiday's, ``source`` the notice that says so."""

    date: date
    kind: DayKind
    provisional: bool
    name: str = ""
    source: str = ""

    @property
    def is_workday(self) -> bool:
        """True for ordinary and for make-up working days."""
        return self.kind in (DayKind.WORKDAY, DayKind.MAKE_UP)


@dataclass(frozen=True, slots=True)
class Year:
    """An announced year: the days that differ from the plain week, and the notice that announced them.

    ``revision`` 0 came with the platform; the ones after it were published by operators, at ``published_at``.
    """

    year: int
    source: str
    days: Mapping[date, tuple[DayKind, str]]
    revision: int = 0
    published_at: datetime | None = None

    def says_the_same(self, other: Year) -> bool:
        """True if both come from the same notice and name the same days."""
        return (self.year, self.source, dict(self.days)) == (other.year, other.source, dict(other.days))


# 全国年节及纪念日放假办法 fixes these by the solar calendar; the movable ones need the yearly notice.
_FIXED = {(1, 1): "元旦", (5, 1): "劳动节", (5, 2): "劳动节", (10, 1): "国庆节", (10, 2): "国庆节", (10, 3): "国庆节"}


@dataclass(frozen=True, slots=True)
class Calendar:
    """All announced years. Every other year is answered provisionally."""

    years: Mapping[int, Year] = field(default_factory=dict)

    def day(self, day: date) -> Day:
        """What this day is."""
        year = self.years.get(day.year)
        if year is not None:
            kind, name = year.days.get(day, (_plain(day), ""))
            return Day(day, kind, False, name, year.source)
        name = _FIXED.get((day.month, day.day), "")
        return Day(day, DayKind.HOLIDAY if name else _plain(day), True, name)

    def special_days(self, year: int) -> list[Day]:
        """The days of a year that differ from the plain week, as they are known now."""
        announced = self.years.get(year)
        dates = announced.days if announced else [date(year, month, day) for month, day in _FIXED]
        return [self.day(day) for day in sorted(dates)]

    def workdays(self, year: int) -> int:
        """How many working days a year has, as it is known now."""
        days = date(year, 12, 31).timetuple().tm_yday
        return sum(self.day(date(year, 1, 1) + timedelta(days=n)).is_workday for n in range(days))

    def with_years(self, years: Iterable[Year]) -> Calendar:
        """This calendar with further years; of several revisions of one year the last one holds."""
        known = dict(self.years)
        for year in sorted(years, key=lambda y: y.revision):
            known[year.year] = year
        return Calendar(known)


def year_of(document: Any) -> Year:
    """An announced year from its document: ``{"year", "source", "days": {"2026-01-04": ["make_up", "元旦"]}}``.

    Raises Invalid with every place that cannot be read. Whether it makes sense is for ``violations`` to say.
    """
    if not isinstance(document, Mapping) or not isinstance(document.get("days"), Mapping):
        raise Invalid.because("calendar.unreadable", "", place="days")
    found: list[Violation] = []
    if type(document.get("year")) is not int:
        found.append(Violation("calendar.unreadable", "/year", {"place": "year"}))
    if not isinstance(document.get("source"), str):
        found.append(Violation("calendar.unreadable", "/source", {"place": "source"}))
    days: dict[date, tuple[DayKind, str]] = {}
    for text, told in document["days"].items():
        try:
            kind, name = told
            days[date.fromisoformat(text)] = (DayKind(kind), str(name))
        except (TypeError, ValueError):
            found.append(Violation("calendar.unreadable", f"/days/{text}", {"place": str(text)}))
    raise_all(Invalid, found)
    return Year(document["year"], document["source"], days)


def document_of(year: Year) -> dict[str, Any]:
    """The document of a year; ``year_of`` reads it again."""
    days = {day.isoformat(): [str(kind), name] for day, (kind, name) in sorted(year.days.items())}
    return {"year": year.year, "source": year.source, "days": days}


FIRST_YEAR, LAST_YEAR = 2000, 2100
"""Years that can be published: what lies outside is a slip of the pen."""

_ANNOUNCED = frozenset({DayKind.HOLIDAY, DayKind.MAKE_UP})


def violations(year: Year) -> list[Violation]:
    """Everything that is wrong with an announced year, each with its place in the file."""
    found: list[Violation] = []
    if not FIRST_YEAR <= year.year <= LAST_YEAR:
        found.append(Violation("calendar.year-unlikely", "/year", {"year": year.year}))
    if not year.source.strip():
        found.append(Violation("calendar.source-missing", "/source"))
    for day, (kind, name) in sorted(year.days.items()):
        found += _flaws(year.year, day, kind, name)
    if FIRST_YEAR <= year.year <= LAST_YEAR:
        fixed = (date(year.year, month, day) for month, day in _FIXED)
        missing = (day for day in fixed if year.days.get(day, (None, ""))[0] is not DayKind.HOLIDAY)
        found += [
            Violation("calendar.fixed-holiday-missing", _place(day), {"date": day.isoformat()}) for day in missing
        ]
    return found


def _flaws(year: int, day: date, kind: DayKind, name: str) -> Iterable[Violation]:
    place = _place(day)
    params: dict[str, str | int] = {"date": day.isoformat()}
    if day.year != year:
        yield Violation("calendar.day-outside-year", place, params)
    if kind not in _ANNOUNCED:
        yield Violation("calendar.kind-not-announced", place, {**params, "kind": str(kind)})
    if kind is DayKind.MAKE_UP and _plain(day) is DayKind.WORKDAY:
        yield Violation("calendar.make-up-on-weekday", place, params)
    if kind is DayKind.HOLIDAY and not name.strip():
        yield Violation("calendar.holiday-unnamed", place, params)


def _place(day: date) -> str:
    return f"/days/{day.isoformat()}"


def _plain(day: date) -> DayKind:
    return DayKind.WEEKEND if day.weekday() >= 5 else DayKind.WORKDAY
