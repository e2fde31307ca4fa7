"""What every store of appointments and queues promises: above all that no seat is given twice."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from threading import Barrier

import pytest

from chalicelib.domain.actors import Actor, ActorKind
from chalicelib.domain.appointments import Appointment, AppointmentState
from chalicelib.domain.booking_rules import CHANGED
from chalicelib.domain.errors import Conflict, DomainError, Unavailable
from chalicelib.domain.opening_hours import Span
from chalicelib.domain.queueing import Ticket, TicketState
from chalicelib.services import appointments, authorities, visits
from chalicelib.services.appointments import Wish
from chalicelib.services.ports import OutboxRow, Receipt, RequestKey
from chalicelib.storage import booking_rows, tables
from chalicelib.storage.appointments import DynamoAppointments
from chalicelib.storage.cases import DynamoCases
from chalicelib.storage.sealing import Safe
from chalicelib.storage.tickets import DynamoTickets
from chalicelib.storage.visits import DynamoVisits
from tests import bookings as p
from tests import cloud as stack
from tests import factories as f
from tests.unit.test_appointment_services import DESK
from tests.unit.test_booking_rules import local
from tests.unit.test_visits import HOME, MADE

SATURDAY, SUNDAY = local("2026-03-07", "09:00"), local("2026-03-08", "09:00")
WISH = Wish(p.PLACE, p.ITEM)
KEY = RequestKey("scope", "content")


def on_dynamo(made: p.AppointmentWorld, tables_of: stack.Tables) -> p.AppointmentWorld:
    connection = tables.bind(tables_of.cases, tables_of.region, tables_of.endpoint)
    vault = f.FakeVault()
    safe = Safe(lambda: vault)
    made.cases = DynamoCases(connection, safe)  # type: ignore[assignment]
    made.appointments = DynamoAppointments(connection, safe)
    made.tickets = DynamoTickets(connection)
    made.visits = DynamoVisits(connection, safe)
    return made


@pytest.fixture(params=["memory", "moto", pytest.param("engine", marks=pytest.mark.engine)])
def world(request: pytest.FixtureRequest) -> p.AppointmentWorld:
    """All ports, on one of the three stores."""
    made = p.AppointmentWorld()
    if request.param != "memory":
        on_dynamo(made, request.getfixturevalue("aws" if request.param == "moto" else "engine_tables"))
    return made.open_for_booking()


def person(number: int) -> Actor:
    return Actor(f"person-{number}", ActorKind.PERSON, f"某人{number}")


def unsent(world: p.AppointmentWorld) -> list[OutboxRow]:
    return [row for n in range(16) for row in world.cases.unsent(n, world.clock.now() + timedelta(1), 9)]


def kept(world: p.AppointmentWorld, appointment_id: str) -> Appointment:
    found = world.appointments.get(appointment_id)
    assert found is not None
    return found


@pytest.mark.requirement("E4")
def test_a_booking_is_kept_listed_and_takes_its_seat(world: p.AppointmentWorld) -> None:
    receipt = appointments.book(world, f.HERDER, WISH, SATURDAY, key=KEY)
    made = kept(world, receipt.id)
    assert (made.booker.name, made.state, made.version) == (f.HERDER.name, AppointmentState.BOOKED, 1)
    assert world.appointments.of(f.HERDER.subject, None, 5).items == [made]
    assert world.appointments.taken(p.PLACE, made.day) == {made.seat}
    assert world.appointments.booked(p.PLACE, made.day) == [made]
    diary = world.appointments.diary(f.HERDER.subject)
    assert [h.id for h in diary.held] == [made.id]
    assert diary.items == {p.ITEM: made.end}
    stored = world.cases.receipt(KEY.scope)
    assert stored is not None
    assert stored.receipt == receipt
    assert {(row.case_id, *row.types) for row in unsent(world)} == {
        (p.PLACE, (1, "booking_terms.changed")),
        (made.id, (1, "appointment.booked")),
    }


@pytest.mark.requirement("E4")
def test_what_is_given_back_is_free_again_for_the_same_person_too(world: p.AppointmentWorld) -> None:
    first = appointments.book(world, f.HERDER, WISH, SATURDAY)
    appointments.cancel(world, f.HERDER, first.id)
    assert not world.appointments.taken(p.PLACE, date(2026, 3, 7))
    assert world.appointments.diary(f.HERDER.subject).held == ()
    again = appointments.book(world, f.HERDER, WISH, SATURDAY)
    assert [a.id for a in world.appointments.of(f.HERDER.subject, None, 5).items] == [again.id, first.id]


@pytest.mark.requirement("E4")
def test_no_seat_quarter_or_item_is_given_twice_whatever_the_rules_saw(world: p.AppointmentWorld) -> None:
    """The store refuses by itself what the rules would have refused had they read a moment later."""
    made = kept(world, appointments.book(world, f.HERDER, WISH, SATURDAY).id)
    other = replace(made.errand, item="150105001002")
    elsewhere = replace(made, id="02", booker=replace(made.booker, subject="x"))
    same_time = replace(made, id="03", errand=other, number=2)
    same_item = replace(made, id="04", start=SUNDAY, end=SUNDAY + timedelta(minutes=30), day=date(2026, 3, 8))
    for clash in (elsewhere, same_time, same_item):
        with pytest.raises(Conflict):
            world.appointments.commit(clash, before=None, place_version=1)
        assert world.appointments.get(clash.id) is None
    world.clock.at = SATURDAY + timedelta(hours=1)
    late = replace(same_item, changed_at=world.clock.at)
    world.appointments.commit(late, before=None, place_version=1)
    assert kept(world, "04") == late


@pytest.mark.requirement("E4")
def test_an_appointment_changes_only_from_the_version_that_was_read(world: p.AppointmentWorld) -> None:
    before = kept(world, appointments.book(world, f.HERDER, WISH, SATURDAY).id)
    appointments.cancel(world, f.HERDER, before.id)
    late = replace(before, version=2, state=AppointmentState.CHECKED_IN)
    with pytest.raises(Conflict):
        world.appointments.commit(late, before=before, place_version=1)
    assert not world.appointments.taken(p.PLACE, before.day)


@pytest.mark.requirement("E4")
def test_nobody_takes_a_seat_in_a_version_of_the_place_that_no_longer_counts(world: p.AppointmentWorld) -> None:
    world.appointments.count_version(p.PLACE, date(2026, 3, 7), 2)
    world.appointments.count_version(p.PLACE, date(2026, 3, 7), 1)  # comes late and changes nothing
    with pytest.raises(Conflict):
        appointments.book(world, f.HERDER, WISH, SATURDAY)
    made = kept(world, appointments.book(world, f.HERDER, WISH, SUNDAY).id)
    free = {"day": date(2026, 3, 7), "start": None, "end": None, "window": "", "number": 0}
    waits = replace(made, id="05", booker=replace(made.booker, subject="x"), state=AppointmentState.WAITING, **free)
    with pytest.raises(Conflict):
        world.appointments.commit(waits, before=None, place_version=1)
    assert world.appointments.waiting(p.PLACE, waits.day) == []
    world.appointments.commit(waits, before=None, place_version=2)
    assert world.appointments.waiting(p.PLACE, waits.day) == [waits]
    world.place_store.load([p.place(version=2)])
    assert appointments.book(world, person(1), WISH, SATURDAY).version == 1


@pytest.mark.requirement("E4")
def test_the_waiting_list_keeps_the_order_in_which_people_came(world: p.AppointmentWorld) -> None:
    for number in range(2):
        appointments.book(world, person(number), WISH, SATURDAY)
    world.place_store.load([p.place(version=2, hours=(p.hours(p.K.WEEKEND, {6}, Span(540, 570)),))])
    ids = []
    for number in range(2, 5):
        ids.append(appointments.wait(world, person(number), WISH, date(2026, 3, 7)).id)
        world.clock.advance(seconds=1)
    assert [a.id for a in world.appointments.waiting(p.PLACE, date(2026, 3, 7))] == ids
    appointments.cancel(world, person(3), ids[1])
    assert [a.id for a in world.appointments.waiting(p.PLACE, date(2026, 3, 7))] == [ids[0], ids[2]]


@pytest.mark.requirement("E7")
def test_what_an_agent_made_is_listed_for_them_and_for_whom_it_is(world: p.AppointmentWorld) -> None:
    until = f.START + timedelta(days=300)
    authority = authorities.propose(world, f.AGENT, principal=f.HERDER.subject, items=(p.ITEM,), until=until).id
    authorities.confirm(world, f.HERDER, authority)
    wish = Wish(p.PLACE, p.ITEM, f.HERDER.subject, authority)
    booked = appointments.book(world, f.AGENT, wish, SATURDAY).id
    appointments.cancel(world, f.AGENT, booked)
    again = appointments.book(world, f.AGENT, wish, SUNDAY).id
    asked = [visits.ask(world, f.AGENT, wish, HOME).id for _ in range(2)]
    visits.arrange(world, DESK, asked[0], MADE)
    for who in (f.AGENT.subject, f.HERDER.subject):
        first = world.appointments.of(who, None, 1)
        rest = world.appointments.of(who, first.next, 1)
        assert [a.id for a in (*first.items, *rest.items)] == [again, booked], who
        assert [v.id for v in world.visits.of(who, None, 5).items] == asked[::-1], who


def test_terms_are_kept_and_change_only_from_the_version_read(world: p.AppointmentWorld) -> None:
    assert world.appointments.terms(p.PLACE) == p.TERMS
    assert world.appointments.terms("elsewhere") is None
    later = p.terms(version=2, seats=9)
    receipt = Receipt("booking_terms", p.PLACE, 2, (), {})
    world.appointments.set_terms(later, at=f.START, expected_version=1, key=KEY, receipt=receipt)
    assert world.appointments.terms(p.PLACE) == later
    assert [row.types for row in unsent(world)] == [((1, CHANGED),), ((2, CHANGED),)]
    for expected, key in ((1, None), (2, KEY)):
        with pytest.raises(Conflict):
            world.appointments.set_terms(later, at=f.START, expected_version=expected, key=key, receipt=receipt)


def test_a_queue_keeps_its_tickets_by_number(world: p.AppointmentWorld) -> None:
    day = date(2026, 3, 3)
    tickets = [Ticket(p.PLACE, day, n, 1, TicketState.WAITING, ("W1",), False, f.START, f.START) for n in (10, 9)]
    receipt = Receipt("ticket", "x", 1, (), {})
    for ticket in tickets:
        world.tickets.commit(ticket, expected_version=0, key=None, receipt=receipt)
    assert [t.number for t in world.tickets.queue(p.PLACE, day)] == [9, 10]
    assert world.tickets.queue(p.PLACE, date(2026, 3, 4)) == []
    with pytest.raises(Conflict):
        world.tickets.commit(tickets[0], expected_version=0, key=None, receipt=receipt)
    called = replace(tickets[0], version=2, state=TicketState.CALLED, called_at=f.START)
    world.tickets.commit(called, expected_version=1, key=None, receipt=receipt)
    assert world.tickets.queue(p.PLACE, day)[1] == called


@pytest.mark.requirement("E4")
def test_visits_are_kept_listed_and_take_their_staff_once(world: p.AppointmentWorld) -> None:
    first, second = (visits.ask(world, person(n), WISH, HOME).id for n in range(2))
    assert [v.id for v in world.visits.open_at(p.PLACE, None, 1).items] == [first]
    visits.arrange(world, DESK, first, MADE)
    with pytest.raises(Conflict):
        visits.arrange(world, DESK, second, MADE)
    later = replace(MADE, start=MADE.end, end=MADE.end + timedelta(hours=1))
    visits.arrange(world, DESK, first, later)
    visits.arrange(world, DESK, second, MADE)
    visits.refuse(world, DESK, first, "道路中断")
    assert [v.id for v in world.visits.open_at(p.PLACE, None, 5).items] == [second]
    (kept_visit,) = world.visits.of(person(0).subject, None, 5).items
    assert kept_visit == world.visits.get(first)
    assert (kept_visit.address, kept_visit.version) == (HOME.text, 4)
    with pytest.raises(Conflict):
        world.visits.commit(kept_visit, before=replace(kept_visit, version=1))
    assert world.visits.get("none") is None
    assert world.visits.accesses(first, 5) == []
    for at in range(2):
        world.clock.advance(seconds=at)
        visits.read(world, DESK, first)
    accesses = world.visits.accesses(first, 5)
    assert world.visits.accesses(first, 1) == accesses[:1]
    assert [(a.subject, a.what, a.at) for a in accesses] == [
        (DESK.subject, "visit", world.clock.now() - timedelta(seconds=ago)) for ago in range(2)
    ]
    assert world.visits.get(first) == kept_visit


@pytest.mark.requirement("H3")
def test_rows_of_seats_lists_and_queues_do_not_say_who_booked(engine_or_moto: p.AppointmentWorld) -> None:
    appointments.book(engine_or_moto, f.HERDER, WISH, SATURDAY)
    visit = visits.ask(engine_or_moto, f.HERDER, WISH, HOME).id
    visits.arrange(engine_or_moto, DESK, visit, MADE)
    rows = [row for row in tables.Row.scan() if not row.pk.startswith(("booker#", "idem#"))]
    assert any(isinstance(row, booking_rows.SeatRow) for row in rows)
    duties = [row for row in rows if isinstance(row, booking_rows.DutyRow)]
    assert duties
    assert not [row for row in duties if any(name in row.pk for name in (*MADE.staff, *MADE.equipment))]
    for row in rows:
        told = {name: value for name, value in row.attribute_values.items() if name not in ("lpk", "ttl")}
        assert f.HERDER.subject not in str(told).replace(row.pk, ""), row.kind
        assert f.HERDER.name not in str(told), row.kind
        assert row.pk.startswith("booker#") or f.HERDER.subject not in row.pk


@pytest.fixture
def engine_or_moto(aws: stack.Tables) -> p.AppointmentWorld:
    return on_dynamo(p.AppointmentWorld(), aws).open_for_booking()


RACERS, SEATS = 200, 5


def wish_again_and_again(world: p.AppointmentWorld, number: int) -> str:
    """What a client does while the store is too busy to answer: the same request under the same key."""
    key = RequestKey(f"racer-{number}", "content")
    while True:
        try:
            return str(appointments.book(world, person(number), WISH, SATURDAY, key=key).result["state"])
        except Unavailable:
            continue
        except DomainError as refusal:
            done = world.cases.receipt(key.scope)
            return str(done.receipt.result["state"]) if done else refusal.code


@pytest.mark.engine
@pytest.mark.requirement("E4")
def test_of_two_hundred_racers_for_five_places_exactly_five_are_booked(engine_tables: stack.Tables) -> None:
    world = on_dynamo(p.AppointmentWorld(), engine_tables).open_for_booking(p.terms(seats=SEATS))
    start = Barrier(RACERS)

    def race(number: int) -> str:
        start.wait()
        return wish_again_and_again(world, number)

    with ThreadPoolExecutor(RACERS) as pool:
        outcomes = Counter(pool.map(race, range(RACERS)))
    assert outcomes == {"booked": SEATS, "appointment.full": RACERS - SEATS}
    assert len(world.appointments.booked(p.PLACE, date(2026, 3, 7))) == SEATS


@pytest.mark.engine
@pytest.mark.requirement("E4")
def test_one_person_who_books_from_twenty_windows_at_once_has_one_booking(engine_tables: stack.Tables) -> None:
    world = on_dynamo(p.AppointmentWorld(), engine_tables).open_for_booking(p.terms(seats=20))
    starts = [SATURDAY + n * timedelta(minutes=30) for n in range(5)] * 4
    barrier = Barrier(len(starts))

    def race(number: int) -> str:
        barrier.wait()
        try:
            return str(appointments.book(world, f.HERDER, WISH, starts[number]).result["state"])
        except DomainError as refusal:
            return refusal.code

    with ThreadPoolExecutor(len(starts)) as pool:
        outcomes = Counter(pool.map(race, range(len(starts))))
    assert outcomes["booked"] == 1
    assert set(outcomes) <= {"booked", "appointment.double", "appointment.item-twice"}
