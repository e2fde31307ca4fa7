"""What follows when a seat is given back or a place closes, and what happens on the day itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from chalicelib.domain.appointments import FOLLOWED, Appointment, AppointmentState, Booker, Diary
from chalicelib.domain.booking_rules import CHANGED, HORIZON
from chalicelib.domain.errors import Conflict, Forbidden, Gone, NotFound, Refused, Unavailable
from chalicelib.domain.opening_hours import Closure, Span
from chalicelib.domain.queueing import Priority
from chalicelib.domain.slots import Seat
from chalicelib.services import appointments, queues, rebooking
from chalicelib.services.appointments import Wish
from chalicelib.services.ports import Receipt
from chalicelib.storage.memory_appointments import MemoryAppointments, MemoryTickets
from tests import bookings as p
from tests import factories as f
from tests.unit.test_appointment_services import DAY, DESK, HEAD, ONE_SLOT, SATURDAY, WISH, filled, person, world
from tests.unit.test_booking_rules import local

S = AppointmentState
HALF_HOUR = timedelta(minutes=30)


def kept(made: p.AppointmentWorld, appointment_id: str) -> Appointment:
    found = made.appointments.get(appointment_id)
    assert found is not None
    return found


def full_day() -> tuple[p.AppointmentWorld, list[str], list[str]]:
    """A day with one slot, booked out, for which three people wait."""
    made = world()
    made.place_store.load([p.place(version=2, hours=ONE_SLOT)])
    booked = filled(made)
    waiting = []
    for number in range(10, 13):
        made.clock.advance(seconds=1)
        waiting.append(appointments.wait(made, person(number), WISH, DAY).id)
    return made, booked, waiting


@pytest.mark.requirement("E4")
def test_whoever_has_waited_longest_gets_the_seat_that_was_given_back() -> None:
    made, booked, waiting = full_day()
    appointments.cancel(made, person(0), booked[0])
    assert rebooking.promote(made, booked[0]) == 1
    assert rebooking.promote(made, booked[0]) == 0  # the hint came twice
    states = [kept(made, i).state for i in waiting]
    assert states == [S.BOOKED, S.WAITING, S.WAITING]
    assert kept(made, waiting[0]).seat in made.appointments.taken(p.PLACE, DAY)
    told = rebooking.tell(made, waiting[0], 2, "appointment.promoted")
    assert told is not None
    assert (told.subject, "2026-03-07 09:00" in told.text.zh) == (person(10).subject, True)


@pytest.mark.requirement("E4")
@pytest.mark.parametrize(("before", "promoted"), [(1, 1), (0, 0), (-1, 0)])
def test_nobody_is_booked_into_what_could_not_be_booked_or_given_back_any_more(before: int, promoted: int) -> None:
    made, booked, _ = full_day()
    appointments.cancel(made, person(0), booked[0])
    made.clock.at = local("2026-03-06", "12:00") - timedelta(seconds=before)
    assert rebooking.promote(made, booked[0]) == promoted


@pytest.mark.requirement("E4")
def test_who_is_expected_elsewhere_by_now_is_passed_over() -> None:
    made, booked, waiting = full_day()
    first = kept(made, waiting[0])
    elsewhere = replace(kept(made, booked[1]), id="elsewhere", place="152500000000-other", booker=first.booker)
    other_item = replace(elsewhere, errand=replace(first.errand, item="150105001002"))
    made.appointments.commit(other_item, before=None, place_version=1)
    appointments.cancel(made, person(0), booked[0])
    assert rebooking.promote(made, booked[0]) == 1
    assert [kept(made, i).state for i in waiting] == [S.WAITING, S.BOOKED, S.WAITING]


class Busy(MemoryAppointments):
    """Other writes of the same rows are in the way of the first so many."""

    def __init__(self, made: p.AppointmentWorld, left: int) -> None:
        super().__init__(made.store, MemoryTickets(made.store))
        vars(self).update(vars(made.appointments))
        self.left = left

    def commit(self, *args: Any, **named: Any) -> None:
        self.left -= 1
        if self.left >= 0:
            raise Conflict.because("store.conflict")
        super().commit(*args, **named)


@pytest.mark.requirement("E4")
def test_a_write_that_was_in_the_way_costs_nobody_their_place_in_the_list() -> None:
    made, booked, waiting = full_day()
    appointments.cancel(made, person(0), booked[0])
    made.appointments = Busy(made, 2)
    assert rebooking.promote(made, booked[0]) == 1
    assert [kept(made, i).state for i in waiting] == [S.BOOKED, S.WAITING, S.WAITING]


@pytest.mark.requirement("E4")
def test_while_writes_are_always_in_the_way_nobody_is_passed_over_nor_freed_and_the_hint_comes_again() -> None:
    made, booked, waiting = full_day()
    appointments.cancel(made, person(0), booked[0])
    made.appointments = Busy(made, 99)
    with pytest.raises(Unavailable):
        rebooking.promote(made, booked[0])
    made.place_store.load([closed(3)])
    with pytest.raises(Unavailable):
        rebooking.follow_place(made, p.PLACE, 3)
    assert kept(made, booked[1]).state is S.BOOKED
    assert {kept(made, i).state for i in waiting} == {S.WAITING}


class GivenBack(MemoryAppointments):
    """The seat is given back, and nobody seems to wait, between what the next one reads and writes."""

    def __init__(self, made: p.AppointmentWorld, appointment_id: str) -> None:
        super().__init__(made.store, MemoryTickets(made.store))
        vars(self).update(vars(made.appointments))
        self.made, self.back = made, appointment_id

    def taken(self, place: str, day: date) -> Collection[Seat]:
        seen, back, self.back = super().taken(place, day), self.back, ""
        if back:
            appointments.cancel(self.made, person(0), back)
            assert rebooking.promote(self.made, back) == 0
        return seen


@pytest.mark.requirement("E4")
def test_who_joins_the_list_as_the_seat_becomes_free_is_booked_by_their_own_event() -> None:
    made = world()
    made.place_store.load([p.place(version=2, hours=ONE_SLOT)])
    first, _ = filled(made)
    made.appointments = GivenBack(made, first)
    joined = appointments.wait(made, person(10), WISH, DAY).id
    assert (kept(made, joined).state, kept(made, joined).event in FOLLOWED) == (S.WAITING, True)
    assert rebooking.promote(made, joined) == 1
    assert kept(made, joined).state is S.BOOKED


@pytest.mark.requirement("E4")
def test_when_new_terms_have_more_seats_whoever_has_waited_longest_is_booked() -> None:
    made, _, waiting = full_day()
    receipt = appointments.set_terms(made, HEAD, p.terms(version=1, seats=4))
    (row,) = [row for row in made.store.outbox.values() if row.case_id == p.PLACE and row.types == ((2, CHANGED),)]
    assert rebooking.follow_terms(made, row.case_id, receipt.version) == 2
    assert rebooking.follow_terms(made, row.case_id, receipt.version) == 0  # the hint came twice
    assert [kept(made, i).state for i in waiting] == [S.BOOKED, S.BOOKED, S.WAITING]
    assert kept(made, waiting[0]).event == "appointment.promoted"


@pytest.mark.requirement("E4")
def test_when_a_new_version_has_more_hours_whoever_waits_is_booked() -> None:
    made, booked, waiting = full_day()
    made.place_store.load([p.place(version=3)])
    assert rebooking.follow_place(made, p.PLACE, 3) == {"kept": 2, "moved": 0, "freed": 0, "promoted": 3}
    assert rebooking.follow_place(made, p.PLACE, 3)["promoted"] == 0
    assert {kept(made, i).state for i in (*booked, *waiting)} == {S.BOOKED}


@pytest.mark.requirement("E4")
def test_who_is_moved_comes_before_who_waits() -> None:
    made, booked, waiting = full_day()
    made.place_store.load([p.place(version=3, hours=(p.hours(p.K.WEEKEND, {6}, Span(570, 645)),))])
    found = rebooking.follow_place(made, p.PLACE, 3)
    assert (found["moved"], found["promoted"]) == (2, 2)
    assert [kept(made, i).start for i in booked] == [SATURDAY + HALF_HOUR] * 2
    assert [kept(made, i).state for i in waiting] == [S.BOOKED, S.BOOKED, S.WAITING]


@pytest.mark.requirement("E4")
def test_new_terms_book_nobody_where_the_place_is_closed_or_the_terms_are_not_there_yet() -> None:
    made, _, waiting = full_day()
    with pytest.raises(Unavailable):
        rebooking.follow_terms(made, p.PLACE, 2)
    appointments.set_terms(made, HEAD, p.terms(version=1, seats=4))
    made.place_store.load([p.place(version=3, closed=True)])
    assert rebooking.follow_terms(made, p.PLACE, 2) == 0
    assert {kept(made, i).state for i in waiting} == {S.WAITING}


class Counted(MemoryAppointments):
    """Counts what it is asked for, by kind."""

    def __init__(self, made: p.AppointmentWorld) -> None:
        super().__init__(made.store, MemoryTickets(made.store))
        vars(self).update(vars(made.appointments))
        made.appointments = self
        self.asked: Counter[str] = Counter()

    def taken(self, place: str, day: date) -> Collection[Seat]:
        self.asked["taken"] += 1
        return super().taken(place, day)

    def waiting(self, place: str, day: date) -> Sequence[Appointment]:
        self.asked["waiting"] += 1
        return super().waiting(place, day)

    def diary(self, subject: str) -> Diary:
        self.asked["diary"] += 1
        return super().diary(subject)


DAYS = HORIZON.days + 1


@pytest.mark.requirement("E4")
@pytest.mark.parametrize(("seats", "promoted"), [(2, 0), (3, 1), (4, 2), (9, 3)])
def test_looking_for_room_costs_one_reading_a_day_and_some_for_each_who_is_booked(seats: int, promoted: int) -> None:
    made, _, _ = full_day()
    appointments.set_terms(made, HEAD, p.terms(version=1, seats=seats))
    counted = Counted(made)
    assert rebooking.follow_terms(made, p.PLACE, 2) == promoted
    assert counted.asked["waiting"] == DAYS
    assert counted.asked["diary"] == promoted
    assert counted.asked["taken"] == min(promoted + 1, 3)  # of three who wait


@pytest.mark.requirement("E4")
def test_where_nobody_waits_or_nobody_can_be_booked_any_more_no_seats_are_read() -> None:
    empty = world()
    counted = Counted(empty)
    assert rebooking.follow_terms(empty, p.PLACE, 1) == 0
    assert counted.asked == {"waiting": DAYS}
    made, _, _ = full_day()
    appointments.set_terms(made, HEAD, p.terms(version=1, seats=9))
    made.clock.at = local("2026-03-06", "12:00")
    counted = Counted(made)
    assert rebooking.follow_terms(made, p.PLACE, 2) == 0
    assert counted.asked == {"waiting": DAYS}


@pytest.mark.requirement("H0")
def test_a_message_whose_row_met_a_conflict_is_not_taken_for_told(monkeypatch: pytest.MonkeyPatch) -> None:
    made, booked, _ = full_day()

    def in_the_way(*args: object, **named: object) -> None:
        raise Conflict.because("store.conflict")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(made.messages, "commit", in_the_way)
        with pytest.raises(Conflict):  # the hint comes again
            rebooking.tell(made, booked[0], 1, "appointment.booked")
    assert rebooking.tell(made, booked[0], 1, "appointment.booked") == made.messages.of_case(booked[0])[0]


def closed(version: int = 2, *spans: Span, last: date = DAY) -> p.Place:
    return p.place(version=version, closures=(Closure(DAY, last, "停电检修", spans),))


@pytest.mark.requirement("E4")
def test_the_booked_of_a_closed_day_are_moved_to_the_next_that_is_free_and_told() -> None:
    made = world()
    ids = filled(made)
    elsewhere = appointments.book(made, person(5), WISH, SATURDAY + timedelta(days=1)).id
    made.place_store.load([closed()])
    assert rebooking.follow_place(made, p.PLACE, 2) == {"kept": 1, "moved": 2, "freed": 0, "promoted": 0}
    moved = [kept(made, i) for i in ids]
    assert [a.state for a in moved] == [S.BOOKED, S.BOOKED]
    assert all(a.moved_from == SATURDAY for a in moved)
    starts = sorted(a.start for a in moved if a.start)
    assert starts == [SATURDAY + timedelta(days=1), SATURDAY + timedelta(days=1, minutes=30)]
    assert not made.appointments.taken(p.PLACE, DAY)
    assert kept(made, elsewhere).version == 1
    told = rebooking.tell(made, ids[0], moved[0].version, "appointment.moved")
    assert told is not None
    assert "2026-03-07 09:00" in told.text.zh
    assert rebooking.follow_place(made, p.PLACE, 2)["moved"] == 0


@pytest.mark.requirement("E4")
def test_whom_the_place_moved_may_give_it_back_until_it_begins() -> None:
    made = world()
    (first, _) = filled(made)
    made.place_store.load([closed()])
    rebooking.follow_place(made, p.PLACE, 2)
    start = kept(made, first).start
    assert start is not None
    made.clock.at = start - timedelta(seconds=1)
    assert appointments.cancel(made, person(0), first).result["state"] == "cancelled"


@pytest.mark.requirement("E4")
def test_where_nothing_is_free_soon_the_booking_is_freed_without_fault() -> None:
    made = world()
    (first, _) = filled(made)
    made.place_store.load([closed(last=DAY + timedelta(days=30))])
    counted = Counted(made)
    assert rebooking.follow_place(made, p.PLACE, 2) == {"kept": 0, "moved": 0, "freed": 2, "promoted": 0}
    assert counted.asked["taken"] == 0  # no seats of closed days
    freed = kept(made, first)
    assert (freed.state, freed.seat) == (S.FREED, None)
    diary = made.appointments.diary(person(0).subject)
    assert (diary.held, dict(diary.items)) == ((), {})


@pytest.mark.requirement("E4")
def test_a_place_that_closes_for_good_frees_everybody_and_takes_nobody() -> None:
    made = world()
    filled(made)
    made.place_store.load([p.place(version=2, closed=True)])
    assert rebooking.follow_place(made, p.PLACE, 2)["freed"] == 2
    with pytest.raises(Gone) as gone:
        appointments.book(made, f.HERDER, WISH, SATURDAY)
    assert gone.value.code == "place.closed"


@pytest.mark.requirement("E4")
@pytest.mark.parametrize("new", [closed(3), p.place(version=3, closed=True)])
def test_who_waits_for_a_day_that_closes_is_freed_told_and_may_book_elsewhere(new: p.Place) -> None:
    made, _, waiting = full_day()
    other = replace(p.place(), id="152500000000-other")
    made.place_store.load([other])
    receipt = Receipt("booking_terms", other.id, 1, (), {})
    made.appointments.set_terms(p.terms(place=other.id), at=f.START, expected_version=0, key=None, receipt=receipt)
    elsewhere = Wish(other.id, p.ITEM)
    with pytest.raises(Refused) as twice:
        appointments.book(made, person(10), elsewhere, SATURDAY)
    assert twice.value.code == "appointment.item-twice"
    made.place_store.load([new])
    counts = rebooking.follow_place(made, p.PLACE, 3)
    assert (counts["freed"], counts["promoted"]) == (5 if new.closed else 3, 0)  # the booked have Sunday, if any day
    assert [(kept(made, i).state, kept(made, i).event) for i in waiting] == [(S.FREED, "appointment.freed")] * 3
    assert not made.appointments.waiting(p.PLACE, DAY)
    told = rebooking.tell(made, waiting[0], 2, "appointment.freed")
    assert told is not None
    assert "2026-03-07" in told.text.zh
    assert rebooking.follow_place(made, p.PLACE, 3)["freed"] == 0
    assert appointments.book(made, person(10), elsewhere, SATURDAY).result["state"] == "booked"


@pytest.mark.requirement("E4")
def test_who_waits_goes_on_waiting_where_the_day_is_only_shortened_or_over() -> None:
    made, _, waiting = full_day()
    made.place_store.load([p.place(version=3, hours=(p.hours(p.K.WEEKEND, {6}, Span(540, 575)),))])
    assert rebooking.follow_place(made, p.PLACE, 3) == {"kept": 2, "moved": 0, "freed": 0, "promoted": 0}
    made.place_store.load([closed(4)])
    made.clock.at = local("2026-03-08", "00:00")
    assert rebooking.follow_place(made, p.PLACE, 4)["freed"] == 0
    assert {kept(made, i).state for i in waiting} == {S.WAITING}


@pytest.mark.requirement("E4")
def test_an_exception_that_keeps_the_hour_keeps_the_booking_and_one_that_shortens_it_moves_it_within_the_day() -> None:
    made = world()
    ids = filled(made)
    made.place_store.load([closed(2, Span(540, 720))])
    assert rebooking.follow_place(made, p.PLACE, 2)["kept"] == 2
    made.place_store.load([closed(3, Span(900, 1020))])
    assert rebooking.follow_place(made, p.PLACE, 3)["moved"] == 2
    assert [kept(made, i).start for i in ids] == [local("2026-03-07", "15:00")] * 2


@pytest.mark.requirement("E4")
def test_who_saw_the_old_hours_books_nothing_after_the_new_ones_count() -> None:
    made = world()
    new = kept(made, appointments.book(made, f.HERDER, WISH, SATURDAY).id)
    made.place_store.load([closed()])
    rebooking.follow_place(made, p.PLACE, 2)
    late = replace(new, id="late", booker=Booker("x", "某人"), number=2)
    waits = replace(late, state=S.WAITING, start=None, end=None, window="", number=0)
    for too_late in (late, waits):
        with pytest.raises(Conflict):
            made.appointments.commit(too_late, before=None, place_version=1)


def test_a_hint_that_comes_before_its_version_comes_again() -> None:
    with pytest.raises(Unavailable):
        rebooking.follow_place(world(), p.PLACE, 2)


# -- on the day ---------------------------------------------------------------------------------------------


def numbers(made: p.AppointmentWorld) -> list[int]:
    return [w.ticket.number for w in queues.queue(made, p.PLACE)[2]]


@pytest.mark.requirement("E4")
def test_who_checks_in_counts_from_their_slot_and_who_walks_in_from_their_coming() -> None:
    made = world()
    first, second = filled(made)
    made.clock.at = SATURDAY
    walk_in = queues.take_number(made, DESK, p.PLACE, p.ITEM).result["number"]
    made.clock.advance(minutes=10)
    late = queues.take_number(made, DESK, p.PLACE, p.ITEM).result["number"]
    booked = queues.check_in(made, DESK, first).result["number"]
    assert numbers(made) == [int(walk_in), int(booked), int(late)]
    assert [w.minutes for w in queues.queue(made, p.PLACE)[2]] == [0, 30, 60]
    made.clock.at = SATURDAY + timedelta(minutes=15)
    with pytest.raises(Refused) as missed:
        queues.check_in(made, DESK, second)
    assert missed.value.code == "appointment.missed"
    assert queues.take_number(made, DESK, p.PLACE, p.ITEM).result["number"] == "4"


@pytest.mark.requirement("B1")
def test_who_may_not_book_walks_in_all_the_same_also_where_service_is_by_appointment() -> None:
    made = world()
    made.place_store.load([p.place(version=2, hours=(replace(ONE_SLOT[0], access=p.APPOINTMENT),))])
    made.clock.at = SATURDAY
    assert queues.take_number(made, DESK, p.PLACE, p.ITEM).result["number"] == "1"
    made.clock.at = SATURDAY + HALF_HOUR
    with pytest.raises(Refused) as refused:
        queues.take_number(made, DESK, p.PLACE, p.ITEM)
    assert refused.value.code == "queue.closed"


@pytest.mark.requirement("E4")
def test_priority_reorders_and_never_excludes() -> None:
    made = world()
    made.clock.at = SATURDAY
    for _ in range(2):
        queues.take_number(made, DESK, p.PLACE, p.ITEM)
    for ground in (Priority.SOLDIER, Priority.PREGNANT, Priority.DISABLED, Priority.ELDERLY):
        made.clock.advance(seconds=1)
        queues.take_number(made, DESK, p.PLACE, p.ITEM, ground)
    assert numbers(made) == [3, 4, 5, 1, 6, 2]
    called = []
    for _ in range(6):
        made.clock.advance(minutes=1)
        called.append(queues.call_next(made, DESK, p.PLACE, "W1").result["number"])
    assert called == ["3", "4", "5", "1", "6", "2"]
    with pytest.raises(Refused) as empty:
        queues.call_next(made, DESK, p.PLACE, "W1")
    assert empty.value.code == "queue.empty"


@pytest.mark.requirement("E4")
def test_a_number_that_was_called_is_served_or_absent_once() -> None:
    made = world()
    made.clock.at = SATURDAY
    queues.take_number(made, DESK, p.PLACE, p.ITEM)
    with pytest.raises(Refused):
        queues.close_ticket(made, DESK, p.PLACE, 1, served=True)
    queues.call_next(made, DESK, p.PLACE, "W1")
    assert [t.number for t in queues.queue(made, p.PLACE)[1]] == [1]
    assert queues.close_ticket(made, DESK, p.PLACE, 1, served=False).result["state"] == "absent"
    with pytest.raises(Refused):
        queues.close_ticket(made, DESK, p.PLACE, 1, served=True)
    with pytest.raises(NotFound):
        queues.close_ticket(made, DESK, p.PLACE, 9, served=True)


@pytest.mark.requirement("I4")
def test_only_the_staff_of_the_place_checks_in_gives_numbers_and_calls() -> None:
    made = world()
    booked = appointments.book(made, f.HERDER, WISH, SATURDAY).id
    made.clock.at = SATURDAY
    elsewhere = replace(DESK, division=f.BANNER)
    with pytest.raises(Forbidden):
        queues.check_in(made, f.HERDER, booked)
    with pytest.raises(NotFound):
        queues.check_in(made, elsewhere, booked)
    for actor in (f.HERDER, elsewhere):
        with pytest.raises(Forbidden):
            queues.take_number(made, actor, p.PLACE, p.ITEM)
        with pytest.raises(Forbidden):
            queues.call_next(made, actor, p.PLACE, "W1")
        with pytest.raises(Forbidden):
            queues.close_ticket(made, actor, p.PLACE, 1, served=True)
    with pytest.raises(NotFound) as absent:
        queues.close_ticket(made, elsewhere, f"{f.LEAGUE}-none", 1, served=True)
    assert absent.value.code == "place.not-found"


@pytest.mark.requirement("E4")
def test_a_field_window_calls_only_whom_it_serves() -> None:
    made = world()
    made.clock.at = SATURDAY
    queues.take_number(made, DESK, p.PLACE, p.ITEM)
    for window, code in (("W2", "queue.empty"), ("W7", "queue.window-unknown")):
        with pytest.raises(Refused) as refused:
            queues.call_next(made, DESK, p.PLACE, window)
        assert refused.value.code == code


def test_staying_away_keeps_from_booking_but_not_from_coming() -> None:
    made = p.AppointmentWorld().open_for_booking(p.terms(no_shows=p.NoShowRule(1, 30, 10)))
    appointments.book(made, f.HERDER, WISH, SATURDAY)
    made.clock.at = SATURDAY + timedelta(days=3)
    with pytest.raises(Refused) as refused:
        appointments.book(made, f.HERDER, Wish(p.PLACE, p.ITEM), local("2026-03-11", "09:00"))
    assert refused.value.code == "appointment.barred"
    assert queues.take_number(made, DESK, p.PLACE, p.ITEM).result["number"] == "1"
