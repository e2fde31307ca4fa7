"""Which place takes which item, derived from the catalogue; the order of answers; the list of delay-service items."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from chalicelib.domain import service_points as points
from chalicelib.domain.calendar import Calendar, Day
from chalicelib.domain.opening_hours import Access, Hours, ServiceKind, openings
from chalicelib.domain.schedules import Place, Position, Window, WindowKind
from chalicelib.domain.service_points import Answer, Candidate, Manner
from tests import factories as f
from tests import places as p

pytestmark = pytest.mark.requirement("E3")
ELSEWHERE = "150102001001"


def row(**changes: Any) -> dict[str, Any]:
    return {
        "basic_code": f.BASIC,
        "department": "05",
        "accepted_at": {"level": 4, "department": "05", "entrusted": False},
        "scope": "division",
        "assisted": False,
        "delay_service": False,
        "in_hall": True,
        **changes,
    }


def accepted(level: int, *, entrusted: bool = False) -> dict[str, Any]:
    return {"level": level, "department": "05", "entrusted": entrusted}


@pytest.mark.parametrize(
    ("place", "of", "division", "manner"),
    [
        (p.banner_centre(), row(), f.GACHA, Manner.OWN),
        (p.banner_centre(), row(accepted_at=accepted(4, entrusted=True)), f.GACHA, Manner.ENTRUSTED),
        (p.banner_centre(), row(accepted_at=accepted(3)), f.GACHA, None),
        (p.league_centre(), row(accepted_at=accepted(3)), f.GACHA, Manner.OWN),
        (p.region_centre(), row(accepted_at=accepted(2)), f.GACHA, Manner.OWN),
        (p.sum_centre(), row(accepted_at=accepted(5)), f.GACHA, Manner.OWN),
        (p.banner_centre(), row(), ELSEWHERE, None),
        (p.banner_centre(), row(in_hall=False, scope="region"), f.GACHA, None),
        (p.sum_centre(), row(), f.GACHA, None),
        (p.sum_centre(), row(assisted=True), f.GACHA, Manner.ASSISTED),
        (p.gacha_station(), row(assisted=True), f.GACHA, Manner.ASSISTED),
        (p.gacha_station(), row(assisted=True), f.SUM, None),
        (p.league_centre(), row(assisted=True), f.GACHA, None),
        (p.banner_centre(), row(scope="region"), ELSEWHERE, Manner.CROSS_REGION),
        (p.banner_centre(), row(scope="nation"), f.GACHA, Manner.OWN),
        (p.banner_centre(closed=True), row(), f.GACHA, None),
        (p.terminal(), row(in_hall=False), ELSEWHERE, Manner.OUTLET),
        (p.terminal(items=("150105001009",)), row(scope="nation"), f.GACHA, None),
    ],
)
@pytest.mark.requirement("E6")
def test_what_a_place_takes_follows_from_the_catalogue(
    place: Place, of: dict[str, Any], division: str, manner: Manner | None
) -> None:
    found = points.service(place, of, division)
    assert (found.manner if found else None) is manner


def test_an_item_is_taken_only_where_a_window_is_for_it() -> None:
    field = Window("f", WindowKind.FIELD, "社会事务窗口", ("05", "11"))
    enquiry = Window("e", WindowKind.ENQUIRY, "咨询台")
    found = points.service(p.banner_centre(windows=(enquiry, field)), row(), f.GACHA)
    assert found is not None
    assert found.windows == (field,)
    assert points.service(p.banner_centre(windows=(enquiry, field)), row(department="09"), f.GACHA) is None
    assert points.service(p.banner_centre(windows=(enquiry,)), row(), f.GACHA) is None


@pytest.mark.requirement("E2")
@pytest.mark.parametrize(
    ("hours", "marked", "served"),
    [
        (p.REGULAR, False, True),
        (p.WEEKEND, False, False),
        (p.WEEKEND, True, True),
        (replace(p.WEEKEND, items=(f.BASIC,)), False, True),
        (replace(p.WEEKEND, items=("150105001009",)), True, False),
        (replace(p.WEEKEND, departments=("05",)), False, True),
        (replace(p.WEEKEND, departments=("09",)), True, False),
        (replace(p.WEEKEND, windows=("w1",)), True, True),
        (replace(p.WEEKEND, windows=("w3",)), True, False),
    ],
)
def test_delay_service_is_for_what_it_names_or_what_the_catalogue_marks(
    hours: Hours, marked: bool, served: bool
) -> None:
    of = row(delay_service=marked)
    place = p.banner_centre(hours=(hours,))
    found = points.service(place, of, f.GACHA)
    assert found is not None
    (first, *_) = openings(place.hours, (), f.START.date(), f.START.date().replace(day=f.START.day + 6), Calendar())
    assert points.serves(first, found, of) is served
    if hours.kind is not ServiceKind.REGULAR:
        assert bool(points.delay_list([place], [of])) is served


@pytest.mark.requirement("E6")
def test_a_terminal_serves_its_own_items_at_every_hour() -> None:
    found = points.service(p.terminal(), row(), f.GACHA)
    assert found is not None
    assert {h.kind for h in p.terminal().hours} == {ServiceKind.REGULAR, ServiceKind.WEEKEND, ServiceKind.HOLIDAY}
    (entry,) = points.delay_list([p.terminal()], [row()])
    assert [h.kind for h in entry.hours] == [ServiceKind.WEEKEND, ServiceKind.HOLIDAY]


@pytest.mark.requirement("E5")
def test_the_list_names_item_place_and_hours_and_no_regular_ones() -> None:
    places = [p.league_centre(), p.sum_centre()]
    rows = [row(accepted_at=accepted(3), delay_service=True), row(basic_code="150105001000", delay_service=True)]
    (entry,) = points.delay_list(places, rows)
    assert entry.service.place == p.league_centre()
    assert [(h.kind, h.access) for h in entry.hours] == [
        (ServiceKind.NOON, Access.APPOINTMENT),
        (ServiceKind.WEEKEND, Access.WALK_IN),
        (ServiceKind.HOLIDAY, Access.APPOINTMENT),
    ]


def test_nearness_goes_up_the_own_chain_and_then_to_the_neighbours() -> None:
    chain = [f.GACHA, f.SUM, f.BANNER, f.LEAGUE, f.REGION]
    others = ["152526102204", "152526103000", "152522000000", "150102000000"]
    assert [points.nearness(code, f.GACHA) for code in chain + others] == [0, 1, 2, 3, 4, 7, 8, 9, 10]


def test_distances_are_those_of_the_map() -> None:
    hohhot, xilinhot = Position(40_842_000, 111_749_000), Position(43_933_000, 116_086_000)
    assert abs(points.metres_between(hohhot, xilinhot) - 494_000) < 5_000
    assert points.metres_between(hohhot, hohhot) == 0


def closed_for_all(places: list[Place]) -> tuple[list[Answer], int]:
    """The answers for an item taken anywhere while all are closed, and how many days of the calendar were asked for."""
    asked = []

    class Counting(Calendar):
        def day(self, day: date) -> Day:
            asked.append(day)
            return super().day(day)

    of = row(scope="region")
    groups = points.alike(places, abroad=False)
    found = [
        Candidate(taken, points.nearness(group[0].division, f.GACHA), None, group)
        for group in groups
        if (taken := points.service(group[0], of, f.GACHA))
    ]
    return points.ranked(found, of, datetime(2026, 3, 2, 20, tzinfo=UTC), Counting(), 20), len(asked)


def test_a_thousand_terminals_with_the_same_hours_cost_no_more_looking_than_one() -> None:
    many = [p.terminal(hours=(replace(p.REGULAR),), id=f"{f.BANNER}-t{n:04d}") for n in range(1000)]
    assert len(points.alike(many, abroad=False)) == 1
    assert closed_for_all(many)[1] == closed_for_all(many[:1])[1] > 0
    spread = [replace(place, division=f"1525262{n % 100:02d}000") for n, place in enumerate(many)]
    assert len(points.alike(spread, abroad=False)) == 100
    assert len(points.alike(spread, abroad=True)) == 1
    answers, looked = closed_for_all(spread)
    assert looked == closed_for_all(many[:1])[1]
    assert [a.service.place.id for a in answers] == [f"{f.BANNER}-t{n:04d}" for n in range(20)]


def test_places_that_are_ranked_as_one_come_as_if_each_were_ranked_alone() -> None:
    late = replace(p.REGULAR, spans=(p.span("10:00", "17:00"),))
    hours = ((p.REGULAR,), (late,), (p.REGULAR, p.WEEKEND))
    made = [
        p.terminal(id=f"{f.BANNER}-t{n:02d}", hours=hours[n % 3], division=(f.BANNER, f.SUM)[n % 2], closed=n % 7 == 0)
        for n in range(40)
    ]
    of = row()
    for moment in (datetime(2026, 3, 2, hour, 30, tzinfo=UTC) for hour in (0, 1, 4, 8, 20)):
        alone = [
            Candidate(taken, points.nearness(place.division, f.GACHA), None, [place])
            for place in made
            if (taken := points.service(place, of, f.GACHA))
        ]
        together = [
            Candidate(taken, points.nearness(group[0].division, f.GACHA), None, group)
            for group in points.alike(made, abroad=False)
            if (taken := points.service(group[0], of, f.GACHA))
        ]
        assert len(together) < len(alone)
        for limit in (1, 7, 20, 100):
            expected = points.ranked(alone, of, moment, Calendar(), limit)
            assert points.ranked(together, of, moment, Calendar(), limit) == expected
            assert expected == points.ranked(alone, of, moment, Calendar(), 100)[:limit]
