"""What happens at the same time to seats, waiting lists, queues, visits and places."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from chalicelib.domain.appointments import AppointmentState
from chalicelib.domain.booking_rules import CHANGED as TERMS_CHANGED
from chalicelib.services import appointments, places, queues, rebooking, visits
from chalicelib.services.ports import Hint, Receipt
from chalicelib.storage.tables import shard_of
from tests import bookings as b
from tests import places as p
from tests.proof.explorer import Actor, Outcome, Race, Refusal, asked, race
from tests.proof.journeys_of_places import (
    approving,
    arranging,
    asked_for,
    bookable,
    booked,
    booking,
    checking_in,
    closing,
    full,
    giving_back,
    in_line,
    on_the_day,
    proposed,
    waited_for,
    with_more_seats,
)
from tests.proof.stack import Stack
from tests.unit.test_appointment_services import DAY, DESK, SATURDAY, WISH, person
from tests.unit.test_visits import HOME


def _one_exactly(outcomes: Sequence[Outcome], stack: Stack) -> str:
    told = sum(isinstance(outcome, Receipt) for outcome in outcomes)
    return "" if told == 1 else f"{told} were told yes: {outcomes}"


# -- seats --------------------------------------------------------------------------------------------------------


@race
def two_for_the_last_seat(stack: Stack) -> Race:
    """Somebody gets it: neither both nor nobody."""
    bookable(stack, one_slot=True)
    appointments.book(stack, person(1), WISH, SATURDAY)
    stack.settle()
    both = [asked(stack, booking(number), str(number)) for number in (0, 10)]
    return Race(both, impossible=_one_exactly)


@race
def one_person_books_twice(stack: Stack) -> Race:
    """The same person, the same item, at two times."""
    bookable(stack)
    starts = (SATURDAY, SATURDAY + timedelta(minutes=30))
    both = [asked(stack, booking(0, start), str(start)) for start in starts]
    return Race(both, impossible=_one_exactly)


def _promoting(appointment_id: str) -> Actor:
    return lambda own: rebooking.promote(own, appointment_id)


@race
def give_back_against_promotion(stack: Stack) -> Race:
    """A seat is free for two who wait; the first of them gives up while the seats are handed out."""
    first, waiting = waited_for(stack)
    appointments.cancel(stack, person(0), first)
    return Race([asked(stack, giving_back(10, waiting), "gives up"), _promoting(first)])


@race
def two_promotions_of_one_seat(stack: Stack) -> Race:
    first, _ = waited_for(stack)
    appointments.cancel(stack, person(0), first)
    return Race([_promoting(first), _promoting(first)], impossible=_promoted_twice)


def _promoted_twice(outcomes: Sequence[Outcome], stack: Stack) -> str:
    total = sum(outcome for outcome in outcomes if isinstance(outcome, int))
    return f"one seat, and {total} were booked" if total > 1 else ""


@race
def promotion_against_booking(stack: Stack) -> Race:
    """Who comes by meanwhile may be first; nobody loses what they were told they have."""
    first, _ = waited_for(stack)
    appointments.cancel(stack, person(0), first)
    return Race([_promoting(first), asked(stack, booking(2), "booking")])


@race
def wait_against_giving_back(stack: Stack) -> Race:
    """Who joins the list as the seat becomes free, when nobody seems to wait, is not forgotten."""
    first = full(stack)
    joins = asked(stack, lambda w, key: appointments.wait(w, person(10), WISH, DAY, key=key), "wait")

    def gives_back(own: Any) -> None:
        giving_back(0, first)(own, None)
        _published(own, Hint(first, 2, "appointment.cancelled"))
        rebooking.promote(own, first)
        rebooking.tell(own, first, 2, "appointment.cancelled")

    return Race([joins, gives_back], unaided=True)


@race
def wait_against_new_terms(stack: Stack) -> Race:
    """Who joins the list as new terms make room, when nobody seems to wait, is not forgotten."""
    full(stack)
    joins = asked(stack, lambda w, key: appointments.wait(w, person(10), WISH, DAY, key=key), "wait")

    def makes_room(own: Any) -> None:
        with_more_seats()(own, None)
        _published(own, Hint(b.PLACE, 2, TERMS_CHANGED))
        rebooking.follow_terms(own, b.PLACE, 2)

    return Race([joins, makes_room], unaided=True)


def _published(own: Any, hint: Hint) -> None:
    """The hint of the second event is out: nobody publishes it again, and what it brings about is now."""
    own.outside.stream[:] = [change for change in own.outside.stream if change[0]["case_id"]["S"] != hint.case_id]
    own.outside.published.append(hint)
    for row in own.cases.unsent(shard_of(hint.case_id), own.clock.now() + timedelta(days=1), 50):
        if row.case_id == hint.case_id:
            own.cases.sent(row.key)


# -- a place closes -----------------------------------------------------------------------------------------------


@race
def closing_against_booking(stack: Stack) -> Race:
    """Whoever books by the old hours is moved, or too late: nobody comes to a closed door."""
    bookable(stack)
    approving(closing(stack, DAY))(stack, None)
    stack.outside.stream.clear()
    follow: Actor = lambda own: str(rebooking.follow_place(own, b.PLACE, 2))  # noqa: E731
    return Race([_by_the_old_hours(stack, asked(stack, booking(0), "booking")), follow])


def _by_the_old_hours(stack: Stack, act: Actor) -> Actor:
    """A container that has read the places just before the new version was approved."""
    known = [place for place in stack.place_store.versions(b.place().division) if place.version == 1]

    def acts(own: Any) -> object:
        own.places._store = _Read(known)
        return act(own)

    return acts


class _Read:
    """What a container keeps for a minute."""

    def __init__(self, known: Sequence[Any]) -> None:
        self._known = known

    def versions(self, area: str) -> Sequence[Any]:
        return self._known


@race
def closing_against_waiting(stack: Stack) -> Race:
    """Whoever joins the list by the old hours is freed, or too late: nobody waits for a closed day."""
    full(stack)
    approving(closing(stack, DAY))(stack, None)
    stack.outside.stream.clear()
    joins = asked(stack, lambda w, key: appointments.wait(w, person(10), WISH, DAY, key=key), "wait")
    follow: Actor = lambda own: str(rebooking.follow_place(own, b.PLACE, 2))  # noqa: E731
    return Race([_by_the_old_hours(stack, joins), follow])


@race
def approval_against_booking(stack: Stack) -> Race:
    bookable(stack)
    proposal = closing(stack, DAY)
    return Race([asked(stack, booking(0), "booking"), asked(stack, approving(proposal), "approval")])


@race
def closing_against_giving_back(stack: Stack) -> Race:
    """Who gives up while the place moves them is moved first, or gone."""
    mine = booked(stack)
    approving(closing(stack, DAY))(stack, None)
    stack.outside.stream.clear()
    follow: Actor = lambda own: str(rebooking.follow_place(own, b.PLACE, 2))  # noqa: E731
    return Race([asked(stack, giving_back(0, mine), "gives up"), follow])


@race
def two_reviews_of_one_proposal(stack: Stack) -> Race:
    """One officer of the bureau approves what a colleague rejects."""
    proposal = proposed(stack)
    yes = asked(stack, lambda w, key: places.approve(w, p.BUREAU, proposal, "同意", key=key), "yes")
    no = asked(stack, lambda w, key: places.reject(w, p.BUREAU, proposal, "不详", key=key), "no")
    return Race([yes, no], impossible=_one_exactly)


# -- on the day ---------------------------------------------------------------------------------------------------


@race
def check_in_against_its_last_moment(stack: Stack) -> Race:
    """The time to check in runs out at the desk: there, or missed, and a number only for who is there."""
    mine = on_the_day(stack)
    last = SATURDAY + timedelta(minutes=b.TERMS.grace)
    stack.clock.at = last - timedelta(seconds=1)

    def passes(own: Any) -> object:
        own.clock.at = last
        return appointments.read(own, person(0), mine).standing(own.clock.now())

    def missed_and_there(outcomes: Sequence[Outcome], now: Stack) -> str:
        found = now.appointments.get(mine)
        assert found is not None
        told = isinstance(outcomes[0], Receipt)
        if told != (found.state is AppointmentState.CHECKED_IN):
            return f"told {outcomes[0]}, and it is {found.state}"
        return "" if told or outcomes[0] == Refusal("appointment.missed") else f"told {outcomes[0]}"

    return Race([asked(stack, checking_in(mine), "check in"), passes], impossible=missed_and_there)


@race
def check_in_at_two_windows(stack: Stack) -> Race:
    """One appointment, one number."""
    mine = on_the_day(stack)
    both = [asked(stack, checking_in(mine), name) for name in ("one", "two")]
    return Race(both, impossible=_one_exactly)


@race
def two_calls_of_one_number(stack: Stack) -> Race:
    """One number waits, and two officers of the window call."""
    in_line(stack)
    act = queues.call_next
    both = [asked(stack, lambda w, key: act(w, DESK, b.PLACE, "W1", key=key), name) for name in ("one", "two")]
    return Race(both, impossible=_one_exactly)


@race
def two_numbers_at_once(stack: Stack) -> Race:
    """Two people, two numbers."""
    in_line(stack)
    act = queues.take_number
    both = [asked(stack, lambda w, key: act(w, DESK, b.PLACE, b.ITEM, key=key), name) for name in ("one", "two")]
    return Race(both, impossible=_same_number)


def _same_number(outcomes: Sequence[Outcome], stack: Stack) -> str:
    numbers = [outcome.result["number"] for outcome in outcomes if isinstance(outcome, Receipt)]
    return "" if len(set(numbers)) == len(outcomes) else f"two people, and the numbers {numbers}"


# -- visits -------------------------------------------------------------------------------------------------------


@race
def arrange_against_cancel_of_a_visit(stack: Stack) -> Race:
    visit = asked_for(stack)
    gives_up = asked(stack, lambda w, key: visits.cancel(w, person(0), visit, key=key), "gives up")
    return Race([gives_up, asked(stack, arranging(visit), "arrangement")])


@race
def one_officer_for_two_visits(stack: Stack) -> Race:
    first = asked_for(stack)
    second = visits.ask(stack, person(1), WISH, HOME).id
    stack.settle()
    both = [asked(stack, arranging(visit), visit) for visit in (first, second)]
    return Race(both, impossible=_one_exactly)
