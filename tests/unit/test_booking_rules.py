"""When a seat may be booked and given back, second by second, and which slots there are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.booking_rules import (
    HORIZON,
    BookingRule,
    BookingTerms,
    Mark,
    MarkUnit,
    NoShowRule,
    violations,
)
from chalicelib.domain.deadlines import SHANGHAI
from chalicelib.domain.opening_hours import Opening, ServiceKind, Span, openings
from chalicelib.domain.slots import Seat, free, slots
from chalicelib.storage.calendar import packaged
from tests import bookings as p
from tests.bookings import DAYS_BEFORE, TERMS, XILINGOL_HOLIDAY, XILINGOL_WEEK

K, U = ServiceKind, MarkUnit


def local(day: str, clock: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time.fromisoformat(clock), SHANGHAI).astimezone(UTC)


@pytest.mark.requirement("E4")
@pytest.mark.parametrize(
    ("rule", "start", "opens", "closes"),
    [
        pytest.param(
            XILINGOL_WEEK,
            local("2026-03-07", "09:00"),
            local("2026-03-02", "09:00"),
            local("2026-03-06", "12:00"),
            id="a-saturday-is-booked-in-its-own-week",
        ),
        pytest.param(
            XILINGOL_WEEK,
            local("2026-03-08", "15:00"),
            local("2026-03-02", "09:00"),
            local("2026-03-06", "12:00"),
            id="a-sunday-too",
        ),
        pytest.param(
            XILINGOL_WEEK,
            local("2026-03-11", "12:00"),
            local("2026-03-02", "09:00"),
            local("2026-03-06", "12:00"),
            id="noon-on-a-wednesday-in-the-week-before",
        ),
        pytest.param(
            XILINGOL_WEEK,
            local("2026-03-06", "12:00"),
            local("2026-02-23", "09:00"),
            local("2026-02-27", "12:00"),
            id="noon-on-a-friday-is-not-before-itself",
        ),
        pytest.param(
            XILINGOL_HOLIDAY,
            local("2026-10-01", "09:00"),
            local("2026-09-23", "00:00"),
            local("2026-09-30", "12:00"),
            id="a-holiday-until-noon-of-the-day-before",
        ),
        pytest.param(
            XILINGOL_HOLIDAY,
            local("2026-10-04", "15:00"),
            local("2026-09-26", "00:00"),
            local("2026-10-03", "12:00"),
            id="the-day-before-may-be-a-holiday-itself",
        ),
        pytest.param(
            BookingRule((K.REGULAR,), Mark(U.WORKDAY, 5), Mark(U.WORKDAY, 2, 17 * 60), Mark(U.MINUTE, 30)),
            local("2026-10-09", "09:00"),
            local("2026-09-22", "00:00"),
            local("2026-09-30", "17:00"),
            id="working-days-leap-over-a-holiday",
        ),
        pytest.param(
            BookingRule((K.REGULAR,), Mark(U.DAY, 31), Mark(U.MINUTE, 30), Mark(U.MINUTE, 0)),
            local("2026-03-11", "09:00"),
            local("2026-02-08", "09:00"),
            local("2026-03-11", "08:30"),
            id="never-further-ahead-than-the-horizon",
        ),
    ],
)
def test_a_stretch_of_booking_is_counted_back_from_the_service(
    rule: BookingRule, start: datetime, opens: datetime, closes: datetime
) -> None:
    assert rule.stretch(start, packaged()) == (opens, closes)


@pytest.mark.requirement("E4")
def test_a_working_day_before_a_make_up_day_is_counted_like_any_other() -> None:
    """2026-05-09 is a Saturday that is worked: the working day before Monday."""
    mark = Mark(U.WORKDAY, 1, 12 * 60)
    assert mark.before(local("2026-05-11", "09:00"), packaged()) == local("2026-05-09", "12:00")


moments = st.integers(0, 330 * 24 * 60).map(lambda n: datetime(2026, 2, 1, tzinfo=UTC) + timedelta(minutes=n))
marks = st.one_of(
    st.builds(Mark, st.just(U.WEEKDAY), st.integers(1, 7), st.integers(0, 1439)),
    st.builds(Mark, st.sampled_from([U.DAY, U.WORKDAY]), st.integers(1, 31), st.integers(0, 1439)),
    st.builds(Mark, st.just(U.MINUTE), st.integers(0, 44640)),
)


@settings(deadline=None)
@given(marks, moments)
def test_a_sound_mark_never_lies_after_what_it_is_counted_back_from(mark: Mark, moment: datetime) -> None:
    assert mark.before(moment, packaged()) <= moment


@settings(deadline=None)
@given(marks, marks, moments)
def test_booking_opens_within_the_horizon_and_closes_before_the_service(
    opens: Mark, closes: Mark, start: datetime
) -> None:
    first, last = BookingRule((K.REGULAR,), opens, closes, closes).stretch(start, packaged())
    assert start - HORIZON <= first
    assert last <= start


@pytest.mark.requirement("E4")
@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"minutes": 20}, {"booking-terms.length"}),
        ({"seats": 0}, {"booking-terms.seats"}),
        ({"grace": 31}, {"booking-terms.grace"}),
        ({"no_shows": NoShowRule(0, 90, 30)}, {"booking-terms.no-shows"}),
        ({"no_shows": NoShowRule(1, 90, 91)}, {"booking-terms.no-shows"}),
        ({"rules": (DAYS_BEFORE, DAYS_BEFORE)}, {"booking-terms.kinds"}),
        (
            {"rules": (BookingRule((K.NOON,), Mark(U.WEEKDAY, 8), Mark(U.DAY, 0), Mark(U.MINUTE, 5, 60)),)},
            {"booking-terms.mark"},
        ),
        ({"minutes": 7, "seats": 100}, {"booking-terms.length", "booking-terms.seats", "booking-terms.grace"}),
    ],
)
def test_terms_that_make_no_sense_are_refused_with_everything_that_is_wrong(
    changes: dict[str, object], codes: set[str]
) -> None:
    made = p.terms(**changes)
    assert {v.code for v in violations(made)} == codes


def test_terms_that_make_sense_are_taken() -> None:
    assert not list(violations(TERMS))
    assert not list(violations(p.terms(no_shows=NoShowRule(3, 90, 30))))


def of_day(day: str, made: BookingTerms = TERMS, windows: Sequence[str] = ("W1",)) -> list[str]:
    place = p.place()
    when = date.fromisoformat(day)
    found = openings(place.hours, place.closures, when, when, packaged())
    return [f"{s.start.astimezone(SHANGHAI):%H:%M} {s.window} {s.kind}" for s in slots(made, windows, found)]


@pytest.mark.requirement("E4")
def test_slots_follow_hours_windows_and_length() -> None:
    saturday = of_day("2026-03-07", p.terms(minutes=60))
    assert saturday == [f"{hour} W1 weekend" for hour in ("09:00", "10:00", "11:00", "15:00", "16:00")]
    assert "12:00 W1 noon" in of_day("2026-03-03")
    assert of_day("2026-10-01", p.terms(minutes=60)) == [
        f"{hour} W1 holiday" for hour in ("09:00", "10:00", "11:00", "15:00", "16:00")
    ]


@pytest.mark.requirement("E4")
def test_each_window_has_its_slots_where_the_hours_name_it() -> None:
    place = p.place(
        hours=(p.hours(K.WEEKEND, {6}, Span(540, 600)), p.hours(K.WEEKEND, {6}, Span(600, 630), windows=("W2",)))
    )
    day = date(2026, 3, 7)
    found = slots(p.terms(minutes=30), ("W1", "W2"), openings(place.hours, (), day, day, packaged()))
    assert [s.window for s in found] == ["W1", "W2", "W1", "W2", "W2"]


@pytest.mark.requirement("E4")
def test_kinds_without_a_rule_take_no_bookings() -> None:
    assert of_day("2026-03-07", p.terms(rules=(DAYS_BEFORE,))) == []


instants = st.integers(0, 96).map(lambda n: datetime(2026, 3, 7, tzinfo=UTC) + timedelta(minutes=5 * n))


@st.composite
def stretches(draw: st.DrawFn) -> Opening:
    start = draw(instants)
    length = timedelta(minutes=draw(st.integers(1, 300)))
    return Opening(start, start + length, draw(st.sampled_from([K.REGULAR, K.NOON, K.WEEKEND])), date(2026, 3, 7))


@settings(deadline=None)
@given(st.lists(stretches(), max_size=6), st.sampled_from([15, 30, 60]))
def test_slots_of_one_window_never_overlap_and_lie_within_an_opening(found: Sequence[Opening], length: int) -> None:
    made = slots(p.terms(minutes=length), ("W1", "W2"), found)
    for slot in made:
        assert any(o.start <= slot.start and slot.end <= o.end for o in found)
        others = [s for s in made if s.window == slot.window and s is not slot]
        assert not any(s.start < slot.end and slot.start < s.end for s in others)


def test_a_seat_that_is_taken_is_not_free() -> None:
    place = p.place(hours=(p.hours(K.WEEKEND, {6}, Span(540, 570)),))
    found = openings(place.hours, (), date(2026, 3, 7), date(2026, 3, 7), packaged())
    (slot,) = slots(p.terms(seats=2), ("W1",), found)
    first, second = free(slot, ())
    assert free(slot, {first}) == [second]
    assert free(slot, {first, second, Seat(slot.start, "W9", 1)}) == []
