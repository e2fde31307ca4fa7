"""Timetables as calendars: read by a second, independent parser, and held against what the API answers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import vobject
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib import wiring
from chalicelib.api.place_feeds import feed
from chalicelib.domain.errors import Gone, NotFound
from chalicelib.domain.opening_hours import Access, Closure, Hours, ServiceKind, Span, merged
from chalicelib.domain.schedules import Place
from chalicelib.services import schedules
from chalicelib.storage.calendar import PackagedCalendar
from tests import edge_world
from tests import factories as f
from tests import places as p

pytestmark = pytest.mark.requirement("E5")
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _wired() -> Iterator[None]:
    with edge_world.installed():
        wiring.install(wiring.Wiring(edge_world.settings(REGION_CODE="152500000000")))
        yield


def world_of(*versions: Place) -> f.World:
    made = f.World()
    made.clock.at = datetime(2026, 9, 28, 2, tzinfo=UTC)
    made.calendar = PackagedCalendar()  # type: ignore[assignment]
    made.place_store.load(versions)
    return made


def events(text: bytes) -> list[Any]:
    """As the second parser reads them."""
    read = vobject.readOne(text.decode())
    read.validate(raiseException=True)
    return list(read.contents.get("vevent", []))


def test_the_second_parser_reads_every_opening_with_text_in_any_script() -> None:
    place = p.league_centre(name="锡林郭勒盟政务服务中心 ᠮᠣᠩᠭᠣᠯ 𠮷, 一楼; 大厅")
    world = world_of(place)
    found = events(feed(world, place.id))
    _, days = schedules.timetable(world, place.id, date(2026, 9, 1), date(2026, 12, 29))
    openings = [o for d in days for o in d.openings]
    assert [(e.dtstart.value, e.dtend.value) for e in found] == [(o.start, o.end) for o in openings]
    assert {e.categories.value[0] for e in found} == {"regular", "noon", "weekend", "holiday"}
    assert found[0].location.value == place.address
    assert found[0].summary.value.startswith(place.name)
    assert all(len(line) <= 75 for line in feed(world, place.id).split(b"\r\n"))


def test_uids_are_unique_and_stable_and_the_sequence_is_the_version() -> None:
    first = p.banner_centre()
    second = replace(first, version=2, since=date(2026, 10, 12), phone="0479-0000009")
    before, after = events(feed(world_of(first), first.id)), events(feed(world_of(first, second), first.id))
    uids = [e.uid.value for e in after]
    assert len(uids) == len(set(uids))
    assert uids == [e.uid.value for e in before]
    assert {e.sequence.value for e in before} == {"1"}
    for event in after:
        assert event.sequence.value == ("2" if event.dtstart.value >= datetime(2026, 10, 11, 16, tzinfo=UTC) else "1")


def test_two_hours_of_one_kind_that_begin_together_are_two_events() -> None:
    halves = tuple(replace(p.WEEKEND, windows=(w,)) for w in ("w1", "w2"))
    place = p.banner_centre(hours=halves)
    uids = [e.uid.value for e in events(feed(world_of(place), place.id))]
    assert uids
    assert len(uids) == len(set(uids))


def test_a_year_without_a_notice_is_tentative() -> None:
    world = world_of(p.banner_centre())
    world.clock.at = datetime(2029, 1, 8, 2, tzinfo=UTC)
    assert {e.status.value for e in events(feed(world, p.banner_centre().id))} == {"TENTATIVE"}


def test_the_feed_of_a_closed_place_is_gone_and_of_none_not_found() -> None:
    closed = replace(p.banner_centre(), version=2, since=date(2026, 9, 28), closed=True)
    with pytest.raises(Gone):
        feed(world_of(p.banner_centre(), closed), closed.id)
    with pytest.raises(NotFound):
        feed(world_of(), closed.id)


def test_after_the_day_on_which_a_place_closes_its_feed_is_empty() -> None:
    closed = replace(p.banner_centre(), version=2, since=date(2026, 10, 12), closed=True)
    found = events(feed(world_of(p.banner_centre(), closed), closed.id))
    assert max(e.dtstart.value for e in found) < datetime(2026, 10, 11, 16, tzinfo=UTC)


_spans = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).map(lambda t: Span(t[0], t[0] + t[1]))
_hours = st.builds(
    Hours,
    kind=st.sampled_from([k for k in ServiceKind if k is not ServiceKind.SPECIAL]),
    weekdays=st.frozensets(st.integers(1, 7), min_size=1),
    spans=st.lists(_spans, min_size=1, max_size=2).map(tuple),
    since=st.sampled_from([date(2026, 1, 1), date(2026, 10, 5), date(2026, 10, 20)]),
    until=st.sampled_from([None, date(2026, 10, 25), date(2026, 12, 31)]),
    access=st.sampled_from(list(Access)),
    make_up_as=st.integers(1, 7),
)
_closures = st.sampled_from([(), (Closure(date(2026, 10, 9), date(2026, 10, 12), "检修", (Span(600, 1500),)),)])


@settings(max_examples=15, deadline=None)
@given(hours=st.lists(_hours, min_size=1, max_size=4).map(tuple), closures=_closures)
def test_feed_and_api_agree_at_every_minute_of_a_month(hours: tuple[Hours, ...], closures: tuple[Closure, ...]) -> None:
    place = p.banner_centre(hours=hours, closures=closures)
    world = world_of(place)
    world.clock.at = datetime(2026, 9, 30, 16, tzinfo=UTC)  # 1 October in Shanghai
    found = events(feed(world, place.id))
    first, last = datetime(2026, 10, 1, 16, tzinfo=UTC), datetime(2026, 10, 31, 16, tzinfo=UTC)
    by_feed = {
        minute for event in found for minute in _minutes(max(event.dtstart.value, first), min(event.dtend.value, last))
    }
    _, days = schedules.timetable(world, place.id, date(2026, 10, 1), date(2026, 10, 31))
    stretches = merged(o for d in days for o in d.openings)
    assert all(end < start for (_, end), (start, _) in itertools.pairwise(stretches))
    by_api = {m for start, end in stretches for m in _minutes(max(start, first), min(end, last))}
    assert by_feed == by_api
    for moment in (first + n * 97 * MINUTE for n in range(300)):
        assert bool(schedules.open_at(world, place.id, moment).now) == (moment in by_feed), moment


def _minutes(start: datetime, end: datetime) -> Iterator[datetime]:
    while start < end:
        yield start
        start += MINUTE
