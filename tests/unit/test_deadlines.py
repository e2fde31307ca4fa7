"""Counting legal time: hand-written tables at the boundaries, and properties that hold for every calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.calendar import DayKind, Year
from chalicelib.domain.catalog import Limit, LimitUnit
from chalicelib.domain.deadlines import (
    SHANGHAI,
    Counting,
    Pause,
    deadline,
    end_of,
    legal_day,
    standing,
    stretches,
    total,
)
from chalicelib.storage.calendar import packaged

OFFICIAL = packaged()
SECOND = timedelta(seconds=1)
W, D, M = LimitUnit.WORKDAY, LimitUnit.DAY, LimitUnit.MONTH

pytestmark = pytest.mark.requirement("B10")


def at(text: str) -> datetime:
    """A moment in Beijing."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def pause(since: str, until: str | None, code: str = "inspection") -> Pause:
    return Pause(date.fromisoformat(since), date.fromisoformat(until) if until else None, code, "行政许可法 45")


# -- where days begin and end ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        pytest.param("2026-03-02T23:59:59", "2026-03-02", id="one second before midnight"),
        pytest.param("2026-03-03T00:00:00", "2026-03-03", id="24:00 is the next day"),
        pytest.param("2026-03-03T00:00:01", "2026-03-03", id="one second after"),
    ],
)
def test_a_legal_day_is_a_day_in_shanghai(moment: str, day: str) -> None:
    assert legal_day(at(moment)) == date.fromisoformat(day)


@pytest.mark.parametrize("offset", [-SECOND, timedelta(), SECOND], ids=["-1 s", "0", "+1 s"])
def test_a_start_around_midnight_belongs_to_the_day_on_which_it_falls(offset: timedelta) -> None:
    midnight = at("2026-03-03T00:00:00")  # a Tuesday begins
    expected = "2026-03-09" if offset < timedelta() else "2026-03-10"
    assert deadline(midnight + offset, Limit(5, W), OFFICIAL).last_day == date.fromisoformat(expected)


def test_a_period_ends_at_24_00_in_shanghai() -> None:
    found = deadline(at("2026-03-02T09:00"), Limit(5, W), OFFICIAL)
    assert found.at == at("2026-03-10T00:00")
    assert found.at == end_of(date(2026, 3, 9))


# -- the official calendar --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "limit", "last_day", "provisional"),
    [
        pytest.param("2026-03-02", Limit(5, W), "2026-03-09", False, id="82: over a weekend"),
        pytest.param("2026-03-06", Limit(1, W), "2026-03-09", False, id="82: Friday, one day is Monday"),
        pytest.param("2026-03-07", Limit(1, W), "2026-03-09", False, id="82: received on a Saturday"),
        pytest.param(
            "2026-02-13", Limit(1, W), "2026-02-14", False, id="82: the Saturday before Spring Festival is made up"
        ),
        pytest.param("2026-02-13", Limit(2, W), "2026-02-24", False, id="82: over Spring Festival"),
        pytest.param("2026-02-14", Limit(5, W), "2026-02-28", False, id="82: the Saturday after it is made up too"),
        pytest.param("2026-09-30", Limit(1, W), "2026-10-08", False, id="82: over the National Day"),
        pytest.param("2026-10-09", Limit(1, W), "2026-10-10", False, id="82: a make-up Saturday after it"),
        pytest.param("2026-12-30", Limit(1, W), "2026-12-31", False, id="82: the last day of the announced year"),
        pytest.param("2026-12-31", Limit(1, W), "2027-01-04", True, id="82: New Year of the unannounced year"),
        pytest.param("2026-12-07", Limit(20, W), "2027-01-05", True, id="42(1): 20 days into 2027"),
        pytest.param("2027-04-30", Limit(1, W), "2027-05-03", True, id="82: fixed holidays of an unannounced year"),
        pytest.param("2026-03-02", Limit(20, W), "2026-03-30", False, id="42(1): 20 days"),
        pytest.param("2026-03-02", Limit(45, W), "2026-05-08", False, id="42(2): 45 days over two holidays"),
        pytest.param("2026-03-02", Limit(0, W), "2026-03-02", False, id="on the spot: the same day"),
        pytest.param("2026-03-02", Limit(3, D), "2026-03-05", False, id="201: three natural days"),
        pytest.param("2026-03-02", Limit(5, D), "2026-03-09", False, id="203: a Saturday moves to Monday"),
        pytest.param("2026-02-10", Limit(5, D), "2026-02-24", False, id="203: a holiday moves to the day after it"),
        pytest.param("2026-02-10", Limit(4, D), "2026-02-14", False, id="203: a make-up Saturday is a working day"),
        pytest.param(
            "2026-01-31", Limit(1, M), "2026-02-28", False, id="202: no such day, the end of the month (made up)"
        ),
        pytest.param("2026-03-15", Limit(1, M), "2026-04-15", False, id="202: the same date"),
        pytest.param("2026-03-18", Limit(1, M), "2026-04-20", False, id="202, 203: the same date is a Saturday"),
        pytest.param("2026-11-30", Limit(3, M), "2027-03-01", True, id="202: over the year, 28 February is a Sunday"),
        pytest.param("2024-01-31", Limit(1, M), "2024-02-29", False, id="202: a leap year"),
        pytest.param("2026-12-15", Limit(12, M), "2027-12-15", True, id="202: twelve months"),
    ],
)
def test_the_last_day_follows_the_official_calendar(start: str, limit: Limit, last_day: str, provisional: bool) -> None:
    found = deadline(at(f"{start}T10:00"), limit, OFFICIAL)
    assert (found.last_day, found.provisional) == (date.fromisoformat(last_day), provisional)


# -- stops -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pauses", "last_day"),
    [
        pytest.param((), "2026-03-09", id="45: none"),
        pytest.param((pause("2026-03-04", "2026-03-05"),), "2026-03-11", id="45: two working days"),
        pytest.param((pause("2026-03-04", "2026-03-04"),), "2026-03-10", id="45: one day"),
        pytest.param(
            (pause("2026-03-04", "2026-03-03"),), "2026-03-09", id="45: notice and result on one day stop nothing"
        ),
        pytest.param((pause("2026-03-07", "2026-03-08"),), "2026-03-09", id="45: a weekend costs nothing"),
        pytest.param((pause("2026-03-09", "2026-03-09"),), "2026-03-10", id="45: the last day itself"),
        pytest.param((pause("2026-03-10", "2026-03-20"),), "2026-03-09", id="45: after the end"),
        pytest.param(
            (pause("2026-03-03", "2026-03-04"), pause("2026-03-05", "2026-03-06", "testing")),
            "2026-03-13",
            id="45: two, next to each other",
        ),
        pytest.param(
            (pause("2026-03-03", "2026-03-05"), pause("2026-03-04", "2026-03-06", "testing")),
            "2026-03-13",
            id="45: two that overlap count once",
        ),
        pytest.param(
            (pause("2026-03-03", "2026-03-06"), pause("2026-03-04", "2026-03-04", "testing")),
            "2026-03-13",
            id="45: one within the other",
        ),
        pytest.param(
            (pause("2026-03-03", "2026-03-03"), pause("2026-03-06", "2026-03-06", "testing")),
            "2026-03-11",
            id="45: two apart",
        ),
        pytest.param((pause("2026-03-02", "2026-03-02"),), "2026-03-09", id="45: the starting day counts neither way"),
    ],
)
def test_a_stop_moves_the_end_by_the_working_days_that_it_takes(pauses: tuple[Pause, ...], last_day: str) -> None:
    found = deadline(at("2026-03-02T10:00"), Limit(5, W), OFFICIAL, pauses)
    assert found.last_day == date.fromisoformat(last_day)


@pytest.mark.parametrize("moved", [-1, 0, 1], ids=["-1 day", "0", "+1 day"])
def test_a_stop_over_a_holiday_ends_on_its_day(moved: int) -> None:
    stop = Pause(date(2026, 2, 12), date(2026, 2, 24) + timedelta(days=moved), "inspection")
    found = deadline(at("2026-02-11T10:00"), Limit(2, W), OFFICIAL, [stop])
    assert found.last_day == date(2026, 2, 26) + timedelta(days=moved)  # 24 February is the first working day


def test_a_stop_without_result_has_no_end_and_says_since_when() -> None:
    stops = [pause("2026-03-05", None)]
    found = deadline(at("2026-03-02T10:00"), Limit(5, W), OFFICIAL, stops)
    assert (found.at, found.last_day, found.days[-1].count) == (None, None, 2)
    shown = standing(found, stops, date(2026, 3, 9), OFFICIAL)
    assert [str(d.counting) for d in shown.days] == ["start", "counted", "counted", *["stopped"] * 5]
    assert standing(found, stops, date(2026, 3, 4), OFFICIAL) == found


def test_an_open_stop_that_begins_after_the_end_stops_nothing() -> None:
    found = deadline(at("2026-03-02T10:00"), Limit(5, W), OFFICIAL, [pause("2026-03-10", None)])
    assert found.last_day == date(2026, 3, 9)


def test_an_open_stop_holds_although_another_one_ends_on_the_way() -> None:
    stops = [pause("2026-03-04", "2026-03-06"), pause("2026-03-05", None, "testing")]
    assert deadline(at("2026-03-02T10:00"), Limit(5, W), OFFICIAL, stops).at is None


def test_natural_days_stand_still_as_well_and_end_on_a_working_day() -> None:
    found = deadline(at("2026-03-02T10:00"), Limit(4, D), OFFICIAL, [pause("2026-03-05", "2026-03-06")])
    assert found.last_day == date(2026, 3, 9)  # the fourth day would be Sunday 8 March
    assert found.days[-1].counting is Counting.MOVED


def test_a_stop_of_many_years_is_still_a_stop() -> None:
    long = Pause(date(2026, 3, 4), date(2040, 3, 4), "suspension")
    assert deadline(at("2026-03-02T10:00"), Limit(5, W), OFFICIAL, [long]).last_day == date(2040, 3, 8)


# -- a limit and its extension --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "last_day"),
    [
        pytest.param((Limit(20, W), Limit(10, W)), "2026-04-14", id="42(1): 20 + 10 workdays are 30"),
        pytest.param((Limit(45, W), Limit(15, W)), "2026-05-28", id="42(2): 45 + 15 workdays are 60"),
        pytest.param(
            (Limit(5, D), Limit(1, D)), "2026-03-09", id="a weekend between two natural periods moves nothing"
        ),
        pytest.param((Limit(5, D), Limit(1, W)), "2026-03-10", id="another unit begins where the first period ended"),
    ],
)
def test_an_extension_goes_on_where_the_limit_ends(limits: tuple[Limit, ...], last_day: str) -> None:
    found = total(at("2026-03-02T10:00"), limits, OFFICIAL)
    assert found.last_day == date.fromisoformat(last_day)
    assert [d.day.date for d in found.days] == [date(2026, 3, 2) + timedelta(days=n) for n in range(len(found.days))]


def test_a_clock_without_a_limit_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="at least one limit"):
        total(at("2026-03-02T10:00"), (), OFFICIAL)


# -- the year that was not announced -----------------------------------------------------------------------------


def test_a_provisional_end_moves_when_the_year_is_announced() -> None:
    start = at("2026-12-28T10:00")
    before = deadline(start, Limit(5, W), OFFICIAL)
    assert (before.last_day, before.provisional) == (date(2027, 1, 5), True)
    days = {date(2027, 1, 1): (DayKind.HOLIDAY, "元旦"), date(2027, 1, 2): (DayKind.MAKE_UP, "元旦")}
    announced = OFFICIAL.with_years([Year(2027, "通知", days, 1)])
    after = deadline(start, Limit(5, W), announced)
    assert (after.last_day, after.provisional) == (date(2027, 1, 4), False)


# -- the explanation ----------------------------------------------------------------------------------------------


def test_an_explanation_names_the_holiday_the_make_up_day_and_the_notice() -> None:
    found = deadline(at("2026-02-13T10:00"), Limit(2, W), OFFICIAL)
    ranges = stretches(found.days)
    told = [(str(s.first), str(s.last), str(s.counting), s.days, s.count, s.name) for s in ranges]
    assert told == [
        ("2026-02-13", "2026-02-13", "start", 1, 0, ""),
        ("2026-02-14", "2026-02-14", "counted", 1, 1, "春节"),
        ("2026-02-15", "2026-02-23", "holiday", 9, 1, "春节"),
        ("2026-02-24", "2026-02-24", "counted", 1, 2, ""),
    ]
    assert all("通知" in s.source and not s.provisional for s in ranges)


# -- properties ------------------------------------------------------------------------------------------------------

starts = st.builds(
    lambda day, clock: datetime.combine(day, clock, UTC), st.dates(date(2025, 12, 1), date(2027, 12, 31)), st.times()
)
days_or_workdays = st.builds(Limit, st.integers(0, 60), st.sampled_from([W, D]))
limits = days_or_workdays | st.builds(Limit, st.integers(1, 12), st.just(M))


@st.composite
def stops(draw: st.DrawFn) -> list[Pause]:
    found = []
    for _ in range(draw(st.integers(0, 4))):
        since = draw(st.dates(date(2025, 12, 1), date(2028, 3, 1)))
        found.append(Pause(since, since + timedelta(days=draw(st.integers(-1, 40))), "inspection"))
    return found


@given(starts, limits, stops())
def test_the_clock_never_runs_backwards(start: datetime, limit: Limit, pauses: list[Pause]) -> None:
    found = deadline(start, limit, OFFICIAL, pauses)
    counts = [counted.count for counted in found.days]
    assert all(0 <= after - before <= 1 for before, after in pairwise(counts))
    assert found.at is not None
    assert found.at > start


@given(starts, limits, stops())
def test_the_explanation_adds_up_to_the_date(start: datetime, limit: Limit, pauses: list[Pause]) -> None:
    found = deadline(start, limit, OFFICIAL, pauses)
    first = legal_day(start)
    assert [d.day.date for d in found.days] == [first + timedelta(days=n) for n in range(len(found.days))]
    assert found.last_day == found.days[-1].day.date
    counted = [d for d in found.days if d.counting is Counting.COUNTED]
    assert len(counted) == found.days[-1].count
    if limit.unit is not M:
        assert len(counted) == limit.value
    if limit.unit is W:
        assert all(d.day.is_workday for d in counted)
    assert sum(s.days for s in stretches(found.days)) == len(found.days)
    assert [s.count for s in stretches(found.days)][-1] == found.days[-1].count


@given(starts, limits, stops(), st.integers(0, 60))
def test_a_longer_stop_never_ends_earlier(start: datetime, limit: Limit, pauses: list[Pause], more: int) -> None:
    longer = [Pause(p.since, p.until + timedelta(days=more), p.code) for p in pauses if p.until]
    assert _last(start, limit, longer) >= _last(start, limit, pauses)


@given(starts, limits, stops(), st.integers(0, 30))
def test_more_days_never_end_earlier(start: datetime, limit: Limit, pauses: list[Pause], more: int) -> None:
    longer = Limit(limit.value + more, limit.unit)
    assert _last(start, longer, pauses) >= _last(start, limit, pauses)


@given(starts, days_or_workdays, stops(), st.timedeltas(timedelta(), timedelta(days=90)))
def test_a_later_start_never_ends_earlier(start: datetime, limit: Limit, pauses: list[Pause], later: timedelta) -> None:
    assert _last(start + later, limit, pauses) >= _last(start, limit, pauses)


@given(starts, st.integers(1, 12), st.timedeltas(timedelta(), timedelta(days=90)))
def test_months_from_a_later_start_never_end_earlier(start: datetime, months: int, later: timedelta) -> None:
    # Without stops: a month has as many days as it happens to have, and those are what a stop moves.
    assert _last(start + later, Limit(months, M), []) >= _last(start, Limit(months, M), [])


@given(starts, limits, stops())
def test_a_stop_more_never_ends_earlier(start: datetime, limit: Limit, pauses: list[Pause]) -> None:
    assert _last(start, limit, pauses) >= _last(start, limit, [])


@given(starts, limits, stops())
def test_one_limit_alone_is_its_own_total(start: datetime, limit: Limit, pauses: list[Pause]) -> None:
    assert total(start, [limit], OFFICIAL, pauses) == deadline(start, limit, OFFICIAL, pauses)


@given(starts, limits, stops(), st.integers(-14, 14))
def test_an_instant_is_the_same_in_whatever_zone_it_is_written(
    start: datetime, limit: Limit, pauses: list[Pause], hours: int
) -> None:
    expected = deadline(start, limit, OFFICIAL, pauses)
    for zone in (SHANGHAI, timezone(timedelta(hours=hours))):
        assert deadline(start.astimezone(zone), limit, OFFICIAL, pauses) == expected


@st.composite
def announcements(draw: st.DrawFn) -> list[Year]:
    """Notices for years that have none yet."""
    found = []
    for year in (2027, 2028):
        days = st.dates(date(year, 1, 1), date(year, 12, 31))
        kinds = st.sampled_from([(DayKind.HOLIDAY, "假"), (DayKind.MAKE_UP, "班")])
        found.append(Year(year, "通知", draw(st.dictionaries(days, kinds, max_size=40)), 1))
    return found


@given(starts, limits, stops(), announcements())
def test_a_new_notice_moves_only_what_was_provisional(
    start: datetime, limit: Limit, pauses: list[Pause], announced: list[Year]
) -> None:
    before = deadline(start, limit, OFFICIAL, pauses)
    after = deadline(start, limit, OFFICIAL.with_years(announced), pauses)
    settled = [day for day in before.days if not day.day.provisional]
    assert list(after.days[: len(settled)]) == settled
    if not before.provisional:
        assert after == before
    assert after.provisional is any(day.day.date.year > 2028 for day in after.days)


def _last(start: datetime, limit: Limit, pauses: list[Pause]) -> date:
    found = deadline(start, limit, OFFICIAL, pauses).last_day
    assert found is not None
    return found
