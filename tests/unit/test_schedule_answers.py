"""Answers about places: open now, next opening, a month, the next holiday, where and when, the delay-service list."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from chalicelib.domain.errors import DomainError, Gone, Invalid, NotFound
from chalicelib.domain.opening_hours import Closure, ServiceKind, merged
from chalicelib.domain.schedules import PlaceKind, Position
from chalicelib.domain.service_points import Manner
from chalicelib.services import schedules
from chalicelib.storage.calendar import PackagedCalendar
from chalicelib.storage.catalog_memory import MemoryCatalog
from chalicelib.storage.divisions import packaged_divisions
from chalicelib.storage.place_files import demo_places
from tests import factories as f
from tests import places as p

CATALOG = MemoryCatalog()
RESIDENT_ID = "152009901000"  # 居民身份证申领: accepted by the banner, marked for delay service
TEACHER = "150105901001"
SATURDAY = datetime(2026, 11, 28, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai


def china(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


@pytest.fixture(name="world")
def _world() -> f.World:
    made = f.World()
    made.clock.at = china("2026-11-25T10:00")
    made.calendar = PackagedCalendar()  # type: ignore[assignment]
    made.divisions = packaged_divisions()  # type: ignore[assignment]
    made.place_store.load([p.league_centre(), p.banner_centre(), p.sum_centre(), p.gacha_station(), p.region_centre()])
    return made


def where(world: f.World, item: str, **more: object) -> list[tuple[str, bool, Manner]]:
    _, _, found = schedules.where(world, CATALOG, packaged_divisions(), item, **more)  # type: ignore[arg-type]
    return [(a.service.place.id, bool(a.now), a.service.manner) for a in found]


@pytest.mark.requirement("E2")
@pytest.mark.parametrize(
    ("moment", "kinds", "opens"),
    [
        ("2026-11-25T10:00", ["regular"], "2026-11-25T12:00"),
        ("2026-11-25T13:00", ["noon"], "2026-11-25T14:30"),
        ("2026-11-25T18:00", [], "2026-11-26T08:30"),
        ("2026-11-28T10:00", ["weekend"], "2026-11-29T09:00"),
        ("2026-11-29T20:00", [], "2026-11-30T08:30"),
    ],
)
def test_what_is_open_and_what_opens_next(world: f.World, moment: str, kinds: list[str], opens: str) -> None:
    found = schedules.open_at(world, p.league_centre().id, china(moment))
    assert [o.kind for o in found.now] == kinds
    assert found.next is not None
    assert found.next.start == china(opens)


@pytest.mark.requirement("E1")
def test_a_closed_place_is_gone_and_an_unknown_one_not_found(world: f.World) -> None:
    world.place_store.load([replace(p.sum_centre(), version=2, since=date(2026, 11, 25), closed=True)])
    for ask in (
        lambda: schedules.open_at(world, p.sum_centre().id, None),
        lambda: schedules.timetable(world, p.sum_centre().id, date(2026, 11, 1), date(2026, 11, 30)),
        lambda: schedules.next_holiday(world, p.sum_centre().id),
    ):
        with pytest.raises(Gone) as gone:
            ask()
        assert gone.value.code == "place.closed"
    assert schedules.place(world, p.sum_centre().id).closed
    assert not schedules.place(world, p.sum_centre().id, date(2026, 11, 24)).closed
    assert [v.version for v in schedules.versions(world, p.sum_centre().id)] == [1, 2]
    for unknown in ("152526102000-station", "nonsense", "", "999999999999-centre", "15252610200٠-centre"):
        with pytest.raises(NotFound):
            schedules.open_at(world, unknown, None)
        with pytest.raises(NotFound):
            schedules.versions(world, unknown)
    assert p.sum_centre().id not in [found.id for found in schedules.places_of(world, f.BANNER)]


def test_the_past_and_what_lies_beyond_a_year_are_not_answered(world: f.World) -> None:
    for moment, code in (
        (china("2026-11-24T23:59"), "place.moment-past"),
        (china("2027-11-28T10:00"), "place.moment-too-far"),
    ):
        for ask in (
            lambda at: schedules.open_at(world, p.league_centre().id, at),
            lambda at: where(world, RESIDENT_ID, division=f.GACHA, moment=at),
        ):
            with pytest.raises(Invalid) as refused:
                ask(moment)
            assert refused.value.code == code
    assert schedules.open_at(world, p.league_centre().id, china("2026-11-25T00:00")).now == ()


@pytest.mark.requirement("E2")
def test_a_month_follows_version_exception_and_calendar(world: f.World) -> None:
    closure = Closure(date(2026, 11, 20), date(2026, 11, 20), "设备检修", (p.span("10:00", "11:00"),))
    second = replace(p.banner_centre(), version=2, since=date(2026, 11, 16), closures=(closure,), hours=(p.REGULAR,))
    world.place_store.load([second])
    _, days = schedules.timetable(world, second.id, date(2026, 11, 1), date(2026, 11, 30))
    by_day = {d.day.date.day: d for d in days}
    assert len(days) == 30
    assert [o.kind for o in by_day[7].openings] == ["weekend"]
    assert by_day[21].openings == ()
    (special,) = by_day[20].openings
    assert (special.kind, special.reason) == (ServiceKind.SPECIAL, "设备检修")
    assert [d.day.date.day for d in days if d.differs] == [20]
    assert len(by_day[20].usual) == 2


@pytest.mark.requirement("E2")
def test_the_next_holiday_names_its_days_its_make_up_days_and_what_differs(world: f.World) -> None:
    world.clock.at = china(
        "2026-09-21T10:00"
    )  # before 国庆节 2026: 1 to 7 October, made up on 20 September, 10 October
    world.clock.at = china("2026-09-28T10:00")
    _, name, days = schedules.next_holiday(world, p.league_centre().id)
    assert name == "国庆节"
    kinds = {d.day.date: (d.day.kind, [o.kind for o in d.openings], d.differs) for d in days}
    assert kinds[date(2026, 10, 1)] == ("holiday", ["holiday"], True)
    made_up = [d for d in days if d.day.kind == "make_up"]
    assert made_up
    for day in made_up:
        assert [o.kind for o in day.openings] == ["regular", "noon", "regular"]
        assert day.differs
    _, name, days = schedules.next_holiday(world, p.banner_centre().id)
    assert [d.openings for d in days if d.day.kind == "holiday"] == [()] * sum(d.day.kind == "holiday" for d in days)


@pytest.mark.requirement("E3")
def test_on_a_saturday_the_open_centre_comes_first_and_its_next_opening_is_told(world: f.World) -> None:
    assert where(world, RESIDENT_ID, division=f.GACHA, moment=SATURDAY) == [(p.banner_centre().id, True, Manner.OWN)]
    _, row, (found,) = schedules.where(
        world, CATALOG, packaged_divisions(), RESIDENT_ID, division=f.GACHA, moment=china("2026-11-28T13:00")
    )
    assert row["name"] == "居民身份证申领"
    assert found.now == ()
    assert found.next is not None
    assert found.next.start == china("2026-11-29T09:00")
    assert [w.id for w in found.service.windows] == ["w1"]


@pytest.mark.requirement("E3")
def test_help_at_the_own_village_is_nearer_than_the_centre(world: f.World) -> None:
    assert where(world, "152009903000", division=f.GACHA, moment=china("2026-11-26T09:00"), limit=3) == [
        (p.gacha_station().id, True, Manner.ASSISTED),
        (p.sum_centre().id, True, Manner.ASSISTED),
        (p.banner_centre().id, True, Manner.OWN),
    ]


@pytest.mark.requirement("E3")
def test_what_is_taken_anywhere_is_found_at_the_neighbours_too(world: f.World) -> None:
    world.place_store.load(demo_places(packaged_divisions()))
    row = next(r for r in CATALOG.index().summaries if r["scope"] == "region" and r["accepted_at"]["level"] == 4)
    found = where(world, row["basic_code"], division=f.GACHA, moment=china("2026-11-26T09:00"), limit=50)
    assert found[0][0] in (p.gacha_station().id, p.banner_centre().id)
    others = [place for place, _, manner in found if manner is Manner.CROSS_REGION]
    assert any(place.startswith("1525") and not place.startswith("152526") for place in others)
    assert all(place.startswith(("1525", "150000")) for place, _, _ in found)


@pytest.mark.requirement("E1")
def test_places_ranked_as_one_are_those_that_count_on_the_day(world: f.World) -> None:
    closing = p.terminal(2, version=2, since=date(2026, 11, 27), closed=True)
    world.place_store.load([p.terminal(1), p.terminal(2), closing])
    places, first = world.places, date(2026, 11, 25)
    for day in (first + timedelta(days=n % 12) for n in range(24)):
        (terminals,) = [g for g in places.alike(f.BANNER, day, abroad=True) if g[0].kind is PlaceKind.TERMINAL]
        assert [t.id for t in terminals] == [p.terminal(n).id for n in (1, 2) if n == 1 or day < closing.since]
    assert places.alike("nonsense", first, abroad=False) == ()


@pytest.mark.requirement("E3")
def test_around_a_position_the_nearest_place_comes_first(world: f.World) -> None:
    near, far = Position(44_580_000, 117_600_000), Position(44_900_000, 117_900_000)
    world.place_store.load(
        [p.terminal(1, position=near, items=(RESIDENT_ID,)), p.terminal(2, position=far, items=(RESIDENT_ID,))]
    )
    _, _, found = schedules.where(
        world, CATALOG, packaged_divisions(), RESIDENT_ID, position=Position(44_580_000, 117_610_000), moment=SATURDAY
    )
    assert (found[0].service.place.id, found[0].metres) == (p.terminal(1).id, 792)
    assert [a.service.place.id for a in found] == [p.terminal(1).id, p.terminal(2).id]


def test_unknown_item_and_division_and_no_place_at_all_are_refused_at_once(world: f.World) -> None:
    with pytest.raises(Invalid) as refused:
        where(world, "999999999999", division="152599000000", moment=china("2026-11-24T10:00"))
    assert [v.code for v in refused.value.violations] == ["place.moment-past", "item.not-offered", "division.unknown"]
    with pytest.raises(Invalid) as nowhere:
        where(world, RESIDENT_ID)
    assert nowhere.value.code == "place.where-missing"
    for ask in (
        lambda: schedules.places_of(world, "152599000000"),
        lambda: schedules.delay_list(world, CATALOG, "152599000000", None),
    ):
        with pytest.raises(DomainError) as unknown:
            ask()
        assert unknown.value.code == "division.unknown"


@pytest.mark.requirement("E5")
def test_the_delay_service_list_is_derived_and_its_version_moves_with_the_places(world: f.World) -> None:
    before = schedules.delay_list(world, CATALOG, f.BANNER, None)
    assert before.version == "1.3"
    marked = {r["basic_code"] for r in CATALOG.index().summaries if r["delay_service"]}
    assert before.entries
    assert {e.row["basic_code"] for e in before.entries} <= marked
    assert {h.kind for e in before.entries for h in e.hours} == {ServiceKind.WEEKEND}
    second = replace(p.banner_centre(), version=2, since=date(2026, 11, 26), hours=(p.REGULAR,))
    world.place_store.load([second])
    assert schedules.delay_list(world, CATALOG, f.BANNER, None).version == "1.3"
    tomorrow = schedules.delay_list(world, CATALOG, f.BANNER, date(2026, 11, 26))
    assert (tomorrow.version, list(tomorrow.entries)) == ("1.4", [])
    assert schedules.delay_list(world, CATALOG, f.BANNER, date(2026, 11, 25)).entries == before.entries


@pytest.mark.requirement("E1")
def test_demo_places_stand_in_every_league_and_banner_under_their_prescribed_names() -> None:
    from chalicelib.domain.schedules import violations

    divisions = packaged_divisions()
    made = demo_places(divisions)
    assert len(made) == 1 + 12 + 103
    assert all(place.demo for place in made)
    assert "锡林郭勒盟政务服务中心" in {place.name for place in made}
    for place in made:
        assert [v.code for v in violations(place, divisions.get(place.division), place.since)] == [], place.id


@pytest.mark.requirement("E2")
def test_xilingol_serves_at_noon_early_late_and_in_holidays_and_overlaps_merge() -> None:
    place = next(x for x in demo_places(packaged_divisions()) if x.division == f.LEAGUE)
    world = f.World()
    world.clock.at = china("2026-11-25T07:00")
    world.place_store.load([place])
    _, (day,) = schedules.timetable(world, place.id, date(2026, 11, 25), date(2026, 11, 25))
    assert merged(day.openings) == [(china("2026-11-25T08:00"), china("2026-11-25T18:00"))]
    assert max(o.end - o.start for o in day.openings) == timedelta(hours=3, minutes=30)
