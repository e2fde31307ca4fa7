"""Places and what is agreed with them: proposals, terms, appointments, the waiting list, queues and visits."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from chalicelib.domain.opening_hours import Closure
from chalicelib.domain.schedules import Place
from chalicelib.services import appointments, contacts, places, queues, visits
from tests import bookings as b
from tests import factories as f
from tests import places as p
from tests.proof.journeys import Act, begin, journey
from tests.proof.stack import Stack
from tests.unit.test_appointment_services import DAY, DESK, HEAD, SATURDAY, WISH, person
from tests.unit.test_messages import last_code
from tests.unit.test_rebooking import ONE_SLOT
from tests.unit.test_visits import HOME, MADE

LEADER = replace(p.MANAGER, division=f.LEAGUE, body=f"{f.LEAGUE}-90")
"""Looks after the centre at which people book; what they propose the region's bureau reviews."""

# -- proposals ----------------------------------------------------------------------------------------------------


def drafts(stack: Stack) -> list[Place]:
    """A new centre and a new terminal: one proposal, two versions, two events of each."""
    today = stack.clock.now().date()
    return [p.banner_centre(id="", since=today), p.terminal(id="", since=today)]


def proposed(stack: Stack) -> str:
    """A proposal waits for its bureau."""

    def build() -> str:
        begin(stack)
        return places.propose(stack, p.MANAGER, drafts(stack), "新设").id

    answer: str = stack.remembered("proposed", build)
    return answer


@journey
def propose_places(stack: Stack) -> Act:
    begin(stack)
    many = drafts(stack)
    return Act(lambda w, key: places.propose(w, p.MANAGER, many, "新设", key=key))


@journey
def approve_places(stack: Stack) -> Act:
    proposal = proposed(stack)
    return Act(lambda w, key: places.approve(w, p.BUREAU, proposal, "同意", key=key))


@journey
def reject_places(stack: Stack) -> Act:
    proposal = proposed(stack)
    return Act(lambda w, key: places.reject(w, p.BUREAU, proposal, "地址不详", key=key))


@journey
def withdraw_places(stack: Stack) -> Act:
    proposal = proposed(stack)
    return Act(lambda w, key: places.withdraw(w, p.MANAGER, proposal, "撤回", key=key))


# -- booking ------------------------------------------------------------------------------------------------------


def bookable(stack: Stack, *, one_slot: bool = False) -> None:
    """One place, which takes bookings, with two seats in each slot. Person 0 and person 10 have a number."""

    def build() -> None:
        begin(stack)
        stack.place_store.load([b.place(hours=ONE_SLOT) if one_slot else b.place()])
        appointments.set_terms(stack, HEAD, replace(b.TERMS, version=0))
        for number, who in (("13900000001", person(0)), ("13900000002", person(10))):
            made = contacts.add(stack, who, number=number)
            contacts.confirm(stack, who, made.id, code=last_code(stack), correct=False)
        stack.settle()
        stack.sms.sent.clear()

    stack.remembered(("bookable", one_slot), build)


def booked(stack: Stack) -> str:
    """Person 0 has a seat; answers their appointment."""

    def build() -> str:
        bookable(stack)
        made = appointments.book(stack, person(0), WISH, SATURDAY).id
        stack.settle()
        return made

    answer: str = stack.remembered("booked", build)
    return answer


def full(stack: Stack) -> str:
    """The one slot of the day is taken by persons 0 and 1; answers the appointment of person 0."""

    def build() -> str:
        bookable(stack, one_slot=True)
        made = [appointments.book(stack, person(n), WISH, SATURDAY).id for n in range(b.TERMS.seats)]
        stack.settle()
        return made[0]

    answer: str = stack.remembered("full", build)
    return answer


def waited_for(stack: Stack) -> tuple[str, str]:
    """The slot is taken, and persons 10 and 11 wait; answers the appointments of person 0 and person 10."""

    def build() -> tuple[str, str]:
        first, waiting = full(stack), []
        for number in (10, 11):
            stack.clock.advance(seconds=1)
            waiting.append(appointments.wait(stack, person(number), WISH, DAY).id)
        stack.settle()
        return first, waiting[0]

    answer: tuple[str, str] = stack.remembered("waited for", build)
    return answer


def on_the_day(stack: Stack) -> str:
    """It is time; answers the appointment of person 0."""

    def build() -> str:
        made = booked(stack)
        stack.clock.at = SATURDAY
        return made

    answer: str = stack.remembered("on the day", build)
    return answer


def booking(number: int, start: datetime = SATURDAY) -> Any:
    """Somebody books."""
    return lambda w, key: appointments.book(w, person(number), WISH, start, key=key)


def giving_back(number: int, appointment_id: str) -> Any:
    """Somebody gives it back."""
    return lambda w, key: appointments.cancel(w, person(number), appointment_id, key=key)


def checking_in(appointment_id: str) -> Any:
    """The desk sees somebody with an appointment."""
    return lambda w, key: queues.check_in(w, DESK, appointment_id, key=key)


@journey
def agree_on_terms(stack: Stack) -> Act:
    bookable(stack)
    return Act(lambda w, key: appointments.set_terms(w, HEAD, b.terms(seats=3), key=key))


@journey
def book(stack: Stack) -> Act:
    bookable(stack)
    return Act(booking(0))


@journey
def wait_for_a_seat(stack: Stack) -> Act:
    full(stack)
    return Act(lambda w, key: appointments.wait(w, person(10), WISH, DAY, key=key))


@journey
def give_a_seat_back(stack: Stack) -> Act:
    return Act(giving_back(0, booked(stack)))


@journey
def give_a_seat_back_that_others_wait_for(stack: Stack) -> Act:
    return Act(giving_back(0, waited_for(stack)[0]))


@journey
def check_in(stack: Stack) -> Act:
    return Act(checking_in(on_the_day(stack)))


# -- room is made -------------------------------------------------------------------------------------------------


def with_more_seats() -> Any:
    """The head of the centre gives each slot a third seat."""
    return lambda w, key: appointments.set_terms(w, HEAD, b.terms(seats=3), key=key)


def with_more_hours(stack: Stack) -> str:
    """It is proposed that the centre opens on Saturdays as Xilingol's does; answers the proposal."""
    change = b.place(version=2, name=f"{f.LEAGUE}政务服务中心", since=stack.clock.now().date(), demo=False)
    return places.propose(stack, LEADER, [change], "延时服务").id


@journey
def agree_on_more_seats_that_others_wait_for(stack: Stack) -> Act:
    """Person 10 gets the seat, person 11 goes on waiting."""
    waited_for(stack)
    return Act(with_more_seats())


@journey
def open_for_longer_while_others_wait(stack: Stack) -> Act:
    """Persons 10 and 11 are booked."""
    waited_for(stack)
    return Act(approving(with_more_hours(stack)))


# -- a place closes -----------------------------------------------------------------------------------------------


def closing(stack: Stack, last: date) -> str:
    """It is proposed that the centre closes from Saturday to some day; answers the proposal."""
    today = stack.clock.now().date()
    closed, name = (Closure(DAY, last, "停电检修", ()),), f"{f.LEAGUE}政务服务中心"
    change = b.place(version=2, name=name, since=today, closures=closed, demo=False)
    return places.propose(stack, LEADER, [change], "停电检修").id


def approving(proposal: str) -> Any:
    """The bureau approves."""
    return lambda w, key: places.approve(w, p.REGION_BUREAU, proposal, "同意", key=key)


@journey
def close_a_day_that_is_booked(stack: Stack) -> Act:
    """Person 0 is moved to Sunday."""
    booked(stack)
    return Act(approving(closing(stack, DAY)))


@journey
def close_a_day_that_others_wait_for(stack: Stack) -> Act:
    """Persons 0 and 1 are moved to Sunday; persons 10 and 11 wait for nothing any more, and are told."""
    waited_for(stack)
    return Act(approving(closing(stack, DAY)))


@journey
def close_for_a_month(stack: Stack) -> Act:
    """There is nowhere to move person 0 to."""
    booked(stack)
    return Act(approving(closing(stack, DAY + timedelta(days=30))))


# -- the queue ----------------------------------------------------------------------------------------------------


def in_line(stack: Stack, *, called: bool = False) -> int:
    """Somebody without appointment has a number, and was called."""

    def build() -> int:
        bookable(stack)
        stack.clock.at = SATURDAY
        made = queues.take_number(stack, DESK, b.PLACE, b.ITEM)
        if called:
            queues.call_next(stack, DESK, b.PLACE, "W1")
        return int(made.result["number"])

    answer: int = stack.remembered(("in line", called), build)
    return answer


@journey
def take_number(stack: Stack) -> Act:
    bookable(stack)
    stack.clock.at = SATURDAY
    return Act(lambda w, key: queues.take_number(w, DESK, b.PLACE, b.ITEM, key=key))


@journey
def call_next(stack: Stack) -> Act:
    in_line(stack)
    return Act(lambda w, key: queues.call_next(w, DESK, b.PLACE, "W1", key=key))


@journey
def close_ticket(stack: Stack) -> Act:
    number = in_line(stack, called=True)
    return Act(lambda w, key: queues.close_ticket(w, DESK, b.PLACE, number, True, key=key))


# -- visits -------------------------------------------------------------------------------------------------------


def asked_for(stack: Stack, *, arranged: bool = False) -> str:
    """Person 0 has asked for a visit."""

    def build() -> str:
        bookable(stack)
        made = visits.ask(stack, person(0), WISH, HOME).id
        if arranged:
            visits.arrange(stack, DESK, made, MADE)
        stack.settle()
        return made

    answer: str = stack.remembered(("visit", arranged), build)
    return answer


def arranging(visit: str) -> Any:
    """The place says when it comes."""
    return lambda w, key: visits.arrange(w, DESK, visit, MADE, key=key)


@journey
def ask_for_a_visit(stack: Stack) -> Act:
    bookable(stack)
    return Act(lambda w, key: visits.ask(w, person(0), WISH, HOME, key=key))


@journey
def read_a_visit(stack: Stack) -> Act:
    """The reading is recorded."""
    visit = asked_for(stack)

    def reading(own: Any, key: object) -> None:
        visits.read(own, DESK, visit)

    return Act(reading)


@journey
def arrange_a_visit(stack: Stack) -> Act:
    return Act(arranging(asked_for(stack)))


@journey
def refuse_a_visit(stack: Stack) -> Act:
    visit = asked_for(stack)
    return Act(lambda w, key: visits.refuse(w, DESK, visit, "道路中断", key=key))


@journey
def cancel_a_visit(stack: Stack) -> Act:
    visit = asked_for(stack, arranged=True)
    return Act(lambda w, key: visits.cancel(w, person(0), visit, key=key))


@journey
def finish_a_visit(stack: Stack) -> Act:
    visit = asked_for(stack, arranged=True)
    stack.clock.at = MADE.start
    return Act(lambda w, key: visits.finish(w, DESK, visit, key=key))
