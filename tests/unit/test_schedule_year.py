"""The two published timetables over every day of an announced year, and that they are nothing to the legal clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from chalicelib.domain import deadlines
from chalicelib.domain.calendar import DayKind
from chalicelib.domain.catalog import Limit, LimitUnit
from chalicelib.domain.deadlines import SHANGHAI, deadline
from chalicelib.domain.opening_hours import merged, openings
from chalicelib.storage.calendar import packaged
from chalicelib.storage.divisions import packaged_divisions
from chalicelib.storage.place_files import demo_places
from tests import factories as f

Table = dict[object, list[tuple[str, str]]]

YEAR = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
PLACES = {place.division: place for place in demo_places(packaged_divisions())}

WORKING = {DayKind.WORKDAY, DayKind.MAKE_UP}
XILINGOL = {
    True: [("08:00", "18:00")],
    DayKind.WEEKEND: [("09:00", "12:00"), ("15:00", "17:00")],
    DayKind.HOLIDAY: [("09:00", "12:00"), ("15:00", "17:00")],
}
REGION_WIDE = {
    True: [("08:30", "12:00"), ("14:30", "17:30")],
    DayKind.WEEKEND: [("09:00", "12:00")],
    DayKind.HOLIDAY: [],
}


@pytest.mark.requirement("E2")
@pytest.mark.parametrize(("division", "table"), [(f.LEAGUE, XILINGOL), (f.BANNER, REGION_WIDE)])
def test_every_day_of_a_year_has_the_hours_of_its_kind(division: str, table: Table) -> None:
    place, calendar = PLACES[division], packaged()
    met = set()
    for day in YEAR:
        kind = calendar.day(day).kind
        met.add(kind)
        found = merged(openings(place.hours, place.closures, day, day, calendar))
        told = [tuple(f"{moment.astimezone(SHANGHAI):%H:%M}" for moment in stretch) for stretch in found]
        assert told == table[kind in WORKING or kind], (day, kind)
    assert met == set(DayKind)


@pytest.mark.requirement("E2")
@pytest.mark.requirement("B10")
def test_who_serves_on_a_saturday_makes_no_working_day_of_it() -> None:
    """The period of five working days that begins on a Friday ends on the Friday after, whatever is open between."""
    friday = datetime.combine(date(2026, 11, 20), time(10), SHANGHAI).astimezone(UTC)
    found = deadline(friday, Limit(5, LimitUnit.WORKDAY), packaged())
    assert found.last_day == date(2026, 11, 27)
    saturday = date(2026, 11, 21)
    assert list(openings(PLACES[f.BANNER].hours, (), saturday, saturday, packaged()))
    assert not packaged().day(saturday).is_workday
    assert "opening_hours" not in vars(deadlines)
