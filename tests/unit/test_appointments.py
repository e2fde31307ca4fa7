"""Booking, giving back, checking in and staying away, second by second at each boundary."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from chalicelib.domain import appointments as rules
from chalicelib.domain.appointments import Appointment, AppointmentState, Booker, Diary, Errand, Held
from chalicelib.domain.booking_rules import NoShowRule
from chalicelib.domain.errors import Refused
from chalicelib.domain.slots import Seat, Slot
from chalicelib.storage.calendar import packaged
from tests import bookings as p
from tests import factories as f
from tests.unit.test_booking_rules import local

K, S = p.K, AppointmentState
SECOND = timedelta(seconds=1)
SATURDAY, NOON, HOLIDAY = local("2026-03-07", "09:00"), local("2026-03-11", "12:00"), local("2026-10-01", "09:00")
TUESDAY = local("2026-03-10", "09:00")


def slot(start: datetime, kind: p.ServiceKind = K.REGULAR) -> Slot:
    return Slot(start, "W1", start + timedelta(minutes=30), kind, start.date(), 2)


def waiting(day: date = date(2026, 3, 10)) -> Appointment:
    return Appointment(
        id="01",
        version=1,
        state=S.WAITING,
        event="appointment.waiting",
        booker=Booker(f.HERDER.subject, f.HERDER.name),
        errand=Errand(p.ITEM, "示例许可"),
        place=p.PLACE,
        place_name="锡林郭勒盟政务服务中心",
        day=day,
        made_at=f.START,
        changed_at=f.START,
        early=30,
        grace=15,
    )


def booked(start: datetime = TUESDAY, kind: p.ServiceKind = K.REGULAR) -> Appointment:
    return rules.booked(waiting(), slot(start, kind), Seat(start, "W1", 1), p.TERMS, "appointment.booked", f.START)


@pytest.mark.requirement("E4")
@pytest.mark.parametrize(
    ("start", "kind", "boundary", "before", "at"),
    [
        pytest.param(SATURDAY, K.WEEKEND, ("2026-03-02", "09:00"), "appointment.too-early", "", id="weekend-opens"),
        pytest.param(SATURDAY, K.WEEKEND, ("2026-03-06", "12:00"), "", "appointment.too-late", id="weekend-closes"),
        pytest.param(NOON, K.NOON, ("2026-03-02", "09:00"), "appointment.too-early", "", id="noon-opens"),
        pytest.param(NOON, K.NOON, ("2026-03-06", "12:00"), "", "appointment.too-late", id="noon-closes"),
        pytest.param(HOLIDAY, K.HOLIDAY, ("2026-09-23", "00:00"), "appointment.too-early", "", id="holiday-opens"),
        pytest.param(HOLIDAY, K.HOLIDAY, ("2026-09-30", "12:00"), "", "appointment.too-late", id="holiday-closes"),
        pytest.param(TUESDAY, K.REGULAR, ("2026-03-10", "08:30"), "", "appointment.too-late", id="half-an-hour-before"),
        pytest.param(
            TUESDAY, K.REGULAR, ("2026-03-10", "09:00"), "appointment.too-late", "appointment.past", id="it-has-begun"
        ),
    ],
)
def test_booking_turns_at_the_second(
    start: datetime, kind: p.ServiceKind, boundary: tuple[str, str], before: str, at: str
) -> None:
    moment = local(*boundary)
    for now, expected in ((moment - SECOND, before), (moment, at), (moment + SECOND, at)):
        found = [v.code for v in rules.unbookable(slot(start, kind), p.ITEM, p.TERMS, Diary(), now, packaged())]
        assert found == ([expected] if expected else []), now


@pytest.mark.requirement("E4")
@pytest.mark.parametrize(
    ("made", "until"),
    [
        (booked(SATURDAY, K.WEEKEND), local("2026-03-06", "12:00")),
        (booked(HOLIDAY, K.HOLIDAY), local("2026-09-30", "12:00")),
        (booked(), local("2026-03-10", "08:00")),
        (replace(booked(), moved_from=SATURDAY), TUESDAY),
    ],
)
def test_a_booking_is_given_back_before_the_second_and_not_at_it(made: Appointment, until: datetime) -> None:
    assert rules.cancel(made, until - SECOND, packaged()).state is S.CANCELLED
    for now in (until, until + SECOND):
        with pytest.raises(Refused) as refused:
            rules.cancel(made, now, packaged())
        assert refused.value.code == "appointment.cancel-too-late"


@pytest.mark.requirement("E4")
@pytest.mark.parametrize(
    ("now", "code"),
    [
        (local("2026-03-10", "08:30") - SECOND, "appointment.check-in-too-early"),
        (local("2026-03-10", "08:30"), ""),
        (local("2026-03-10", "09:15") - SECOND, ""),
        (local("2026-03-10", "09:15"), "appointment.missed"),
        (local("2026-03-10", "09:15") + SECOND, "appointment.missed"),
    ],
)
def test_one_checks_in_from_early_until_the_end_of_grace(now: datetime, code: str) -> None:
    if not code:
        assert rules.check_in(booked(), 7, now).ticket == 7
        return
    with pytest.raises(Refused) as refused:
        rules.check_in(booked(), 7, now)
    assert refused.value.code == code


@pytest.mark.requirement("E4")
def test_who_stays_away_has_missed_it_and_nothing_had_to_be_written() -> None:
    made = booked()
    missed_at = local("2026-03-10", "09:15")
    assert [made.standing(missed_at + n * SECOND) for n in (-1, 0, 1)] == [S.BOOKED, S.MISSED, S.MISSED]
    there = rules.check_in(made, 1, TUESDAY)
    assert there.standing(missed_at + timedelta(days=1)) is S.CHECKED_IN


@pytest.mark.requirement("E4")
def test_a_wait_in_vain_ends_with_its_day() -> None:
    end = local("2026-03-11", "00:00")
    assert [waiting().standing(end + n * SECOND) for n in (-1, 0)] == [S.WAITING, S.LAPSED]
    with pytest.raises(Refused) as refused:
        rules.cancel(waiting(), end, packaged())
    assert refused.value.code == "appointment.over"


@pytest.mark.parametrize("state", [S.CANCELLED, S.FREED, S.CHECKED_IN])
def test_what_is_over_is_neither_given_back_nor_checked_in(state: AppointmentState) -> None:
    over = replace(booked(), state=state)
    for act in (lambda: rules.cancel(over, f.START, packaged()), lambda: rules.check_in(over, 1, TUESDAY)):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == "appointment.over"


def held(start: datetime, attended: bool = False) -> Held:
    return Held("x", start, start + timedelta(minutes=30), start + timedelta(minutes=15), attended)


@pytest.mark.requirement("E4")
@pytest.mark.parametrize(
    ("other", "double"),
    [
        (TUESDAY - timedelta(minutes=30), False),
        (TUESDAY - timedelta(minutes=29), True),
        (TUESDAY, True),
        (TUESDAY + timedelta(minutes=29), True),
        (TUESDAY + timedelta(minutes=30), False),
    ],
)
def test_nobody_is_expected_in_two_places_at_a_time(other: datetime, double: bool) -> None:
    diary = Diary((held(other),))
    found = [v.code for v in rules.unbookable(slot(TUESDAY), p.ITEM, p.TERMS, diary, f.START, packaged())]
    assert found == (["appointment.double"] if double else [])


@pytest.mark.requirement("E4")
def test_nobody_books_or_waits_twice_for_one_item_at_a_time() -> None:
    diary, afternoon = Diary(items={p.ITEM: TUESDAY}), slot(local("2026-03-10", "14:30"))
    for now, expected in ((TUESDAY - SECOND, ["appointment.item-twice"]), (TUESDAY, [])):
        found = rules.unwaitable([afternoon], p.ITEM, p.TERMS, diary, now, packaged(), room=False)
        assert [v.code for v in found] == expected
    other = rules.unwaitable([afternoon], "150105001002", p.TERMS, diary, f.START, packaged(), room=False)
    assert not list(other)


def test_the_quarters_of_a_stretch_are_all_that_it_touches() -> None:
    at = local("2026-03-10", "09:05")
    found = list(rules.quarters(at, at + timedelta(minutes=30)))
    assert found == [local("2026-03-10", text) for text in ("09:00", "09:15", "09:30")]
    assert list(rules.quarters(TUESDAY, TUESDAY + timedelta(minutes=15))) == [TUESDAY]


RULE = NoShowRule(limit=2, within_days=30, barred_days=10)


@pytest.mark.requirement("E4")
@pytest.mark.parametrize(
    ("missed", "now", "barred"),
    [
        ([], TUESDAY, False),
        ([TUESDAY], TUESDAY + timedelta(days=1), False),
        ([TUESDAY, TUESDAY + timedelta(days=5)], TUESDAY + timedelta(days=5), False),
        ([TUESDAY, TUESDAY + timedelta(days=5)], TUESDAY + timedelta(days=5, minutes=15), True),
        ([TUESDAY, TUESDAY + timedelta(days=5)], TUESDAY + timedelta(days=15, minutes=15) - SECOND, True),
        ([TUESDAY, TUESDAY + timedelta(days=5)], TUESDAY + timedelta(days=15, minutes=15), False),
        ([TUESDAY, TUESDAY + timedelta(days=31)], TUESDAY + timedelta(days=32), False),
    ],
)
def test_who_stays_away_too_often_books_nothing_for_a_while(
    missed: list[datetime], now: datetime, barred: bool
) -> None:
    assert (rules.barred_until(RULE, [held(at) for at in missed], now) is not None) is barred


def test_who_came_or_is_still_expected_is_not_barred() -> None:
    came = [held(TUESDAY, attended=True), held(TUESDAY + timedelta(days=1), attended=True)]
    assert rules.barred_until(RULE, came, TUESDAY + timedelta(days=2)) is None
    assert rules.barred_until(None, [held(TUESDAY)] * 9, TUESDAY + timedelta(days=2)) is None


@pytest.mark.requirement("E4")
def test_whom_the_place_moved_keeps_what_was_told_first() -> None:
    once = rules.moved(booked(), slot(TUESDAY + timedelta(days=1)), Seat(TUESDAY, "W1", 2), p.TERMS, f.START)
    twice = rules.moved(once, slot(TUESDAY + timedelta(days=2)), Seat(TUESDAY, "W1", 1), p.TERMS, f.START)
    assert (once.moved_from, twice.moved_from, twice.version) == (TUESDAY, TUESDAY, once.version + 1)
    assert rules.freed(once, f.START).seat is None


@pytest.mark.requirement("E4")
@pytest.mark.parametrize(("minutes", "elsewhere"), [(-40, False), (-30, True), (0, True), (25, True), (40, False)])
def test_nobody_is_expected_twice_in_a_quarter_of_an_hour(minutes: int, elsewhere: bool) -> None:
    start = TUESDAY + timedelta(minutes=20)  # until 9:50: the quarters from 9:15 to 10:00
    other = start + timedelta(minutes=minutes)
    held = Held("other", other, other + timedelta(minutes=30), other, attended=False)
    assert rules.expected_elsewhere(slot(start), [held]) is elsewhere
