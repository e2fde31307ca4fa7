"""The official calendar: which days are working days, by whose notice, and which years are not announced yet (B10).

The State Council announces the holidays and make-up days (调休) of a year late in the year before. Until then the
platform counts by weekday and the fixed dates of the holiday regulation and marks what it says as provisional.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


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
    """An announced year: the days that differ from the plain week, and the notice that announced them."""

    year: int
    source: str
    days: Mapping[date, tuple[DayKind, str]]


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


def _plain(day: date) -> DayKind:
    return DayKind.WEEKEND if day.weekday() >= 5 else DayKind.WORKDAY
