"""When a place is open, against tables written by hand from the region's rule and Xilingol's own timetable."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.calendar import Calendar, DayKind, Year
from chalicelib.domain.deadlines import SHANGHAI
from chalicelib.domain.opening_hours import Closure, Hours, Opening, ServiceKind, Span, at, coming, merged, openings
from chalicelib.storage.calendar import packaged

SINCE = date(2026, 1, 1)
WORKDAYS, WEEKEND = frozenset({1, 2, 3, 4, 5}), frozenset({6, 7})
K = ServiceKind


def clock(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


def spans(*texts: str) -> tuple[Span, ...]:
    return tuple(Span(clock(a), clock(b)) for a, b in (text.split("-") for text in texts))


REGULAR = Hours(K.REGULAR, WORKDAYS, spans("8:30-12:00", "14:30-17:30"), SINCE)
XILINGOL = (
    REGULAR,
    Hours(K.EARLY_LATE, WORKDAYS, spans("8:00-8:30", "17:30-18:00"), SINCE),
    Hours(K.NOON, WORKDAYS, spans("12:00-14:30"), SINCE),
    Hours(K.WEEKEND, WEEKEND, spans("9:00-12:00", "15:00-17:00"), SINCE),
    Hours(K.HOLIDAY, frozenset(range(1, 8)), spans("9:00-12:00", "15:00-17:00"), SINCE),
)
REGION_RULE = (REGULAR, Hours(K.WEEKEND, WEEKEND, spans("9:00-12:00"), SINCE))


def local(day: date, text: str) -> datetime:
    return datetime.combine(day, time(*map(int, text.split(":"))), SHANGHAI).astimezone(UTC)


def told(found: list[tuple[datetime, datetime]]) -> list[str]:
    return [f"{a.astimezone(SHANGHAI):%H:%M}-{b.astimezone(SHANGHAI):%H:%M}" for a, b in found]


@pytest.mark.requirement("E2")
@pytest.mark.parametrize(
    ("hours", "day", "expected"),
    [
        pytest.param(XILINGOL, date(2026, 3, 3), ["08:00-18:00"], id="xilingol-a-tuesday-without-a-gap"),
        pytest.param(XILINGOL, date(2026, 3, 7), ["09:00-12:00", "15:00-17:00"], id="xilingol-a-saturday"),
        pytest.param(XILINGOL, date(2026, 5, 9), ["08:00-18:00"], id="xilingol-a-make-up-saturday-is-a-regular-day"),
        pytest.param(XILINGOL, date(2026, 10, 1), ["09:00-12:00", "15:00-17:00"], id="xilingol-a-holiday"),
        pytest.param(XILINGOL, date(2026, 10, 3), ["09:00-12:00", "15:00-17:00"], id="a-saturday-in-a-holiday"),
        pytest.param(REGION_RULE, date(2026, 3, 7), ["09:00-12:00"], id="the-regions-rule-on-a-saturday"),
        pytest.param(REGION_RULE, date(2026, 3, 3), ["08:30-12:00", "14:30-17:30"], id="the-regions-rule-on-a-tuesday"),
        pytest.param(REGION_RULE, date(2026, 10, 3), [], id="a-saturday-in-a-holiday-is-no-weekend"),
        pytest.param(REGION_RULE, date(2025, 12, 31), [], id="before-it-is-valid"),
    ],
)
def test_hours_follow_the_official_calendar(hours: tuple[Hours, ...], day: date, expected: list[str]) -> None:
    assert told(merged(openings(hours, (), day, day, packaged()))) == expected


@pytest.mark.requirement("E2")
def test_an_exception_takes_the_place_of_everything_else_on_its_days() -> None:
    closed = Closure(date(2026, 3, 3), date(2026, 3, 4), "搬迁")
    special = Closure(date(2026, 3, 7), date(2026, 3, 7), "设备检修", spans("10:00-11:00"))
    found = list(openings(XILINGOL, (closed, special), date(2026, 3, 3), date(2026, 3, 7), packaged()))
    assert {o.day for o in found} == {date(2026, 3, day) for day in (5, 6, 7)}
    saturday = [o for o in found if o.day == date(2026, 3, 7)]
    assert [(o.kind, o.reason) for o in saturday] == [(K.SPECIAL, "设备检修")]
    assert told(merged(saturday)) == ["10:00-11:00"]


@pytest.mark.requirement("E2", "E3")
def test_a_span_past_midnight_is_open_on_the_next_morning_and_belongs_to_the_day_before() -> None:
    night = (Hours(K.REGULAR, frozenset({5}), (Span(clock("22:00"), clock("22:00") + 8 * 60),), SINCE),)
    friday, saturday = date(2026, 3, 6), date(2026, 3, 7)
    for moment, is_open in (
        (local(friday, "21:59"), False),
        (local(friday, "22:00"), True),
        (local(saturday, "5:59"), True),
        (local(saturday, "6:00"), False),
    ):
        found = at(night, (), moment, packaged())
        assert bool(found) is is_open, moment
        assert all(o.day == friday for o in found)


@pytest.mark.requirement("E3")
def test_the_next_opening_skips_what_has_begun_and_finds_what_comes() -> None:
    friday = local(date(2026, 3, 6), "17:31")
    found = next(coming(REGION_RULE, (), friday, packaged()))
    assert (found.kind, found.start) == (K.WEEKEND, local(date(2026, 3, 7), "9:00"))
    at_nine = next(coming(REGION_RULE, (), found.start, packaged()))
    assert at_nine == found
    a_second_later = next(coming(REGION_RULE, (), found.start + timedelta(seconds=1), packaged()))
    assert a_second_later.start == local(date(2026, 3, 8), "9:00")
    assert list(coming((), (), friday, packaged())) == []


@pytest.mark.requirement("E2", "B10")
def test_a_year_that_is_not_announced_yet_is_answered_provisionally() -> None:
    found = next(coming(REGION_RULE, (), local(date(2031, 3, 6), "7:00"), Calendar()))
    assert found.provisional
    announced = Calendar({2031: Year(2031, "通知", {date(2031, 3, 6): (DayKind.HOLIDAY, "假日")})})
    later = next(coming(REGION_RULE, (), local(date(2031, 3, 6), "7:00"), announced))
    assert (later.day, later.provisional) == (date(2031, 3, 7), False)


HOURS = st.builds(
    Hours,
    st.sampled_from([K.REGULAR, K.EARLY_LATE, K.NOON, K.WEEKEND, K.HOLIDAY]),
    st.frozensets(st.integers(1, 7), min_size=1),
    st.lists(
        st.tuples(st.integers(0, 1439), st.integers(1, 1440)).map(lambda t: Span(t[0], t[0] + t[1])),
        min_size=1,
        max_size=3,
    ).map(tuple),
    st.just(SINCE),
)


@pytest.mark.requirement("E2")
@given(st.lists(HOURS, max_size=5), st.dates(date(2026, 1, 2), date(2026, 12, 30)), st.integers(0, 1439))
def test_merged_stretches_never_overlap_and_say_the_same_as_the_question_at_every_minute(
    hours: list[Hours], day: date, minute: int
) -> None:
    found = list(openings(hours, (), day - timedelta(days=1), day, packaged()))
    whole = merged(found)
    assert all(a < b for a, b in whole)
    assert all(one[1] < other[0] for one, other in pairwise(whole))
    moment = local(day, "0:00") + timedelta(minutes=minute)
    inside = any(a <= moment < b for a, b in whole)
    assert bool(at(hours, (), moment, packaged())) is inside


def test_openings_sort_by_their_beginning() -> None:
    first = Opening(local(SINCE, "9:00"), local(SINCE, "10:00"), K.REGULAR, SINCE)
    second = Opening(local(SINCE, "9:30"), local(SINCE, "9:40"), K.NOON, SINCE)
    assert sorted([second, first]) == [first, second]
