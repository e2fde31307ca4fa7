"""Booking, waiting and giving back as use cases: who may, what is refused, and what any order of events leaves."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.actors import Actor, ActorKind, Role
from chalicelib.domain.appointments import AppointmentState
from chalicelib.domain.errors import DomainError, Forbidden, Gone, Invalid, NotFound, Refused
from chalicelib.domain.opening_hours import Span
from chalicelib.domain.queueing import Priority
from chalicelib.domain.slots import Seat
from chalicelib.services import appointments, authorities, queues, schedules, visits
from chalicelib.services.appointments import Wish
from chalicelib.services.visits import Address
from chalicelib.storage.memory import MemoryStore
from chalicelib.storage.memory_appointments import MemoryAppointments, MemoryTickets
from tests import bookings as p
from tests import factories as f
from tests.unit.test_booking_rules import local

SATURDAY = local("2026-03-07", "09:00")
DAY = date(2026, 3, 7)
WISH = Wish(p.PLACE, p.ITEM)
ONE_SLOT = (p.hours(p.K.WEEKEND, {6}, Span(540, 570)),)
DESK = Actor("desk", ActorKind.OFFICER, body=f.LEAGUE_BUREAU.id, division=f.LEAGUE, roles=frozenset({Role.WINDOW}))
HEAD = replace(DESK, subject="head", roles=frozenset({Role.HEAD}))


def person(number: int) -> Actor:
    return Actor(f"person-{number}", ActorKind.PERSON, f"某人{number}")


def world() -> p.AppointmentWorld:
    return p.AppointmentWorld().open_for_booking()


def filled(made: p.AppointmentWorld, start: datetime = SATURDAY) -> list[str]:
    return [appointments.book(made, person(n), WISH, start).id for n in range(p.TERMS.seats)]


class Interleaved(MemoryAppointments):
    """Lets others book between what one racer reads and what it writes, in the order that a test draws."""

    def __init__(self, store: MemoryStore, made: p.AppointmentWorld, racers: int, plan: list[int]) -> None:
        super().__init__(store, MemoryTickets(store))
        self.made, self.left, self.plan = made, list(range(racers)), plan
        self.outcomes: list[str] = []

    def taken(self, place: str, day: date) -> Collection[Seat]:
        seen = super().taken(place, day)
        for _ in range(self.plan.pop() if self.plan else 0):
            self.next()
        return seen

    def next(self) -> None:
        if not self.left:
            return
        racer = person(self.left.pop())
        try:
            self.outcomes.append(str(appointments.book(self.made, racer, WISH, SATURDAY).result["state"]))
        except DomainError as refusal:
            self.outcomes.append(refusal.code)


@pytest.mark.requirement("E4")
@settings(deadline=None)
@given(st.integers(1, 12), st.integers(1, 4), st.lists(st.integers(0, 3), max_size=20))
def test_capacity_is_never_exceeded_nor_wasted_whoever_comes_in_between(
    racers: int, seats: int, plan: list[int]
) -> None:
    made = p.AppointmentWorld()
    store = Interleaved(made.store, made, racers, plan)
    made.appointments = store
    made.open_for_booking(p.terms(seats=seats))
    while store.left:
        store.next()
    booked = min(racers, seats)
    assert sorted(store.outcomes) == ["appointment.full"] * (racers - booked) + ["booked"] * booked
    assert len(MemoryAppointments.taken(store, p.PLACE, DAY)) == booked


@pytest.mark.requirement("E4")
@pytest.mark.parametrize(
    ("wish", "start", "error", "code"),
    [
        (Wish("152500000000-none", p.ITEM), SATURDAY, NotFound, "place.not-found"),
        (Wish(p.TERMINAL, p.ITEM), SATURDAY, Refused, "appointment.not-taken-here"),
        (Wish(p.PLACE, "150105009999"), SATURDAY, Invalid, "appointment.item-not-served"),
        (WISH, SATURDAY + timedelta(minutes=1), Invalid, "appointment.no-such-slot"),
        (WISH, local("2026-03-07", "12:00"), Invalid, "appointment.no-such-slot"),
        (WISH, local("2026-03-02", "08:30"), Refused, "appointment.past"),
        (WISH, local("2026-03-14", "09:00"), Refused, "appointment.too-early"),
        (Wish(p.PLACE, p.ITEM, principal="x"), SATURDAY, Forbidden, "appointment.not-for-others"),
    ],
)
def test_what_cannot_be_booked_is_refused_with_its_code(
    wish: Wish, start: datetime, error: type[DomainError], code: str
) -> None:
    with pytest.raises(error) as refused:
        appointments.book(world(), f.HERDER, wish, start)
    assert refused.value.code == code


@pytest.mark.requirement("E4")
def test_a_full_slot_is_refused_and_its_neighbour_is_not() -> None:
    made = world()
    filled(made)
    with pytest.raises(Refused) as refused:
        appointments.book(made, f.HERDER, WISH, SATURDAY)
    assert refused.value.code == "appointment.full"
    assert appointments.book(made, f.HERDER, WISH, SATURDAY + timedelta(minutes=30)).result["state"] == "booked"


@pytest.mark.requirement("E4")
def test_what_is_left_is_shown_to_everybody_and_says_nothing_of_anybody() -> None:
    made = world()
    filled(made)
    found = appointments.availability(made, p.PLACE, DAY, p.ITEM)
    assert [left for _, left, _ in found][:2] == [0, p.TERMS.seats]
    assert all(open_now for _, _, open_now in found)
    made.clock.at = local("2026-03-06", "12:00")
    assert not any(open_now for _, _, open_now in appointments.availability(made, p.PLACE, DAY, p.ITEM))
    assert appointments.availability(made, p.TERMINAL, DAY, p.ITEM) == []


@pytest.mark.requirement("E4")
@pytest.mark.requirement("E7")
def test_an_agent_books_under_an_authority_in_force_and_not_otherwise() -> None:
    made = world()
    until = f.START + timedelta(days=30)
    authority = authorities.propose(made, f.AGENT, principal=f.HERDER.subject, items=(p.ITEM,), until=until).id
    wish = Wish(p.PLACE, p.ITEM, f.HERDER.subject, authority)
    with pytest.raises(Forbidden) as refused:
        appointments.book(made, f.AGENT, wish, SATURDAY)
    assert refused.value.code == "authority.not-in-force"
    authorities.confirm(made, f.HERDER, authority)
    booked = appointments.book(made, f.AGENT, wish, SATURDAY).id
    shown = appointments.read(made, f.AGENT, booked)
    assert (shown.booker.name, shown.booker.agent) == (f.HERDER.name, f.AGENT.subject)
    assert appointments.mine(made, f.HERDER, None, 5).items == [shown]
    assert appointments.mine(made, f.AGENT, None, 5).items == [shown]
    assert appointments.mine(made, replace(f.AGENT, subject="colleague"), None, 5).items == []
    with pytest.raises(Invalid) as missing:
        appointments.book(made, f.AGENT, WISH, SATURDAY)
    assert missing.value.code == "appointment.booker-unknown"
    authorities.revoke(made, f.HERDER, authority)
    for act in (appointments.read, appointments.cancel):
        with pytest.raises(NotFound) as over:
            act(made, f.AGENT, booked)
        assert over.value.code == "appointment.not-found"
    assert appointments.mine(made, f.AGENT, None, 5).items == []
    assert appointments.read(made, f.HERDER, booked) == shown


@pytest.mark.requirement("I4")
def test_foreign_and_absent_appointments_look_the_same_and_staff_does_not_give_them_back() -> None:
    made = world()
    booked = appointments.book(made, f.HERDER, WISH, SATURDAY).id
    for actor, wanted in ((f.STRANGER, booked), (f.HERDER, "none"), (replace(DESK, division=f.BANNER), booked)):
        with pytest.raises(NotFound) as refused:
            appointments.read(made, actor, wanted)
        assert refused.value.code == "appointment.not-found"
    assert appointments.read(made, DESK, booked).id == booked
    with pytest.raises(Forbidden):
        appointments.cancel(made, DESK, booked)
    with pytest.raises(Forbidden):
        appointments.book(made, DESK, WISH, SATURDAY)


@pytest.mark.requirement("E4")
def test_one_waits_only_where_nothing_can_be_booked() -> None:
    made = world()
    made.place_store.load([p.place(version=2, hours=ONE_SLOT)])
    with pytest.raises(Refused) as refused:
        appointments.wait(made, f.HERDER, WISH, DAY)
    assert refused.value.code == "appointment.room-left"
    filled(made)
    waiting = appointments.wait(made, f.HERDER, WISH, DAY).id
    assert appointments.read(made, f.HERDER, waiting).state is AppointmentState.WAITING
    with pytest.raises(Refused) as twice:
        appointments.wait(made, f.HERDER, WISH, DAY)
    assert twice.value.code == "appointment.item-twice"


LATER = date(2026, 3, 21)
"""Booking of that Saturday opens on Monday the 16th at 9:00 and ends on Friday the 20th at 12:00."""


@pytest.mark.requirement("E4")
@pytest.mark.parametrize(
    ("boundary", "before", "at"),
    [
        (("2026-03-16", "09:00"), "appointment.too-early", "appointment.room-left"),
        (("2026-03-20", "12:00"), "appointment.room-left", "appointment.too-late"),
        (("2026-03-21", "09:00"), "appointment.too-late", "appointment.past"),
        (("2026-03-22", "00:00"), "appointment.past", "appointment.past"),
    ],
)
def test_one_waits_from_the_second_at_which_booking_opens_until_it_closes(
    boundary: tuple[str, str], before: str, at: str
) -> None:
    made = world()
    made.place_store.load([p.place(version=2, hours=ONE_SLOT)])
    for seconds, code in ((-1, before), (0, at), (1, at)):
        made.clock.at = local(*boundary) + timedelta(seconds=seconds)
        with pytest.raises(Refused) as refused:
            appointments.wait(made, f.HERDER, WISH, LATER)
        assert refused.value.code == code, seconds


@pytest.mark.requirement("E4")
def test_nobody_waits_once_seats_are_given_back_no_more() -> None:
    made = p.AppointmentWorld().open_for_booking(p.terms(rules=(replace(p.DAYS_BEFORE, kinds=(p.K.WEEKEND,)),)))
    made.place_store.load([p.place(version=2, hours=ONE_SLOT)])
    made.clock.at = SATURDAY - timedelta(minutes=60)
    with pytest.raises(Refused) as room:
        appointments.wait(made, f.HERDER, WISH, DAY)
    assert room.value.code == "appointment.room-left"
    filled(made)
    with pytest.raises(Refused) as late:
        appointments.wait(made, f.HERDER, WISH, DAY)
    assert late.value.code == "appointment.too-late"
    made.clock.advance(seconds=-1)
    assert appointments.wait(made, f.HERDER, WISH, DAY).result["state"] == "waiting"


@pytest.mark.requirement("E4")
@pytest.mark.parametrize(
    ("day", "code"),
    [
        (date(2026, 2, 28), "appointment.past"),
        (date(2026, 3, 1), "appointment.no-such-slot"),
        (date(2026, 4, 3), "appointment.no-such-slot"),
    ],
)
def test_nobody_waits_for_days_long_over_far_ahead_or_without_slots(day: date, code: str) -> None:
    made = world()
    made.place_store.load([p.place(version=2, hours=ONE_SLOT)])
    with pytest.raises(Invalid) as refused:
        appointments.wait(made, f.HERDER, WISH, day)
    assert refused.value.code == code


@pytest.mark.requirement("E4")
def test_terms_are_set_by_the_head_at_the_place_and_nobody_else() -> None:
    made = p.AppointmentWorld()
    for actor in (DESK, replace(HEAD, division=f.BANNER), f.HERDER):
        with pytest.raises(Forbidden):
            appointments.set_terms(made, actor, p.terms(version=0))
    with pytest.raises(NotFound):
        appointments.read_terms(made, p.PLACE)
    with pytest.raises(Invalid) as refused:
        appointments.set_terms(made, HEAD, p.terms(version=0, minutes=7, seats=0))
    assert {v.code for v in refused.value.violations} >= {"booking-terms.length", "booking-terms.seats"}
    assert appointments.set_terms(made, HEAD, p.terms(version=0)).version == 1
    assert appointments.read_terms(made, p.PLACE) == p.TERMS


@pytest.mark.requirement("E4")
def test_whatever_is_asked_of_a_closed_place_is_gone_and_before_its_day_it_is_not() -> None:
    made, last = world(), date(2026, 3, 6)
    made.place_store.load([p.place(version=2, since=DAY, closed=True)])
    assert appointments.availability(made, p.PLACE, last, p.ITEM)
    assert appointments.read_terms(made, p.PLACE) == p.TERMS
    asked: list[Callable[[], object]] = [
        lambda: appointments.availability(made, p.PLACE, DAY, p.ITEM),
        lambda: appointments.book(made, f.HERDER, WISH, SATURDAY),
        lambda: appointments.wait(made, f.HERDER, WISH, DAY),
    ]
    today: list[Callable[[], object]] = [
        lambda: appointments.read_terms(made, p.PLACE),
        lambda: appointments.set_terms(made, HEAD, p.terms(version=1)),
        lambda: visits.ask(made, f.HERDER, WISH, Address(f.GACHA, "示例嘎查1号", Priority.ELDERLY)),
        lambda: visits.of_place(made, DESK, p.PLACE, None, 5),
        lambda: queues.queue(made, p.PLACE),
        lambda: queues.take_number(made, DESK, p.PLACE, p.ITEM),
        lambda: queues.call_next(made, DESK, p.PLACE, "W1"),
        lambda: queues.close_ticket(made, DESK, p.PLACE, 1, served=True),
    ]
    for moment, acts in ((made.clock.at, asked), (SATURDAY, today)):
        made.clock.at = moment
        for act in acts:
            with pytest.raises(Gone) as gone:
                act()
            assert gone.value.code == "place.closed"
    assert schedules.place(made, p.PLACE).closed
    assert [version.version for version in schedules.versions(made, p.PLACE)] == [1, 2]


@pytest.mark.requirement("E4")
def test_later_terms_change_nothing_of_what_was_booked() -> None:
    made = world()
    booked = appointments.book(made, f.HERDER, WISH, SATURDAY).id
    before = appointments.read(made, f.HERDER, booked)
    appointments.set_terms(made, HEAD, p.terms(version=1, rules=(p.DAYS_BEFORE,), grace=0))
    assert appointments.read(made, f.HERDER, booked) == before


@pytest.mark.requirement("E4")
def test_what_was_booked_under_other_terms_still_takes_its_seat() -> None:
    made = world()
    half_past = SATURDAY + timedelta(minutes=30)
    filled(made, half_past)
    appointments.set_terms(made, HEAD, p.terms(version=1, minutes=60))
    with pytest.raises(Refused) as refused:
        appointments.book(made, f.HERDER, WISH, SATURDAY)
    assert refused.value.code == "appointment.full"
    left = [left for _, left, _ in appointments.availability(made, p.PLACE, DAY, p.ITEM)]
    assert left == [0, 2, 2, 2, 2]
