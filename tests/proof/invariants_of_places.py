"""What must hold of places, appointments, queues and visits. They keep no log: their version counts their events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.domain import visits as visit_rules
from chalicelib.domain.appointments import TOLD, Appointment, AppointmentState
from chalicelib.domain.booking_rules import CHANGED as TERMS_CHANGED
from chalicelib.domain.messages import id_of_event
from chalicelib.domain.place_reviews import Proposal, ProposalState
from chalicelib.domain.schedules import Place, in_force
from chalicelib.domain.slots import holds
from chalicelib.domain.visits import Visit
from chalicelib.services import appointments as bookings
from chalicelib.services.places import CHANGED
from chalicelib.storage.appointments import rows_of
from chalicelib.storage.visits import duty_place
from tests.proof.stack import Rows, Stack

OCCUPIED = frozenset({"seat", "wait", "held", "quarter", "booked_item"})
"""Kinds of row by which an appointment keeps others from a seat or a time."""

EVENTS = frozenset({*TOLD, *visit_rules.TOLD})


@dataclass(frozen=True)
class Agreed:
    """All that stands of this kind."""

    rows: Rows
    appointments: Sequence[Appointment]
    visits: Sequence[Visit]
    places: Sequence[Place]
    proposals: Sequence[Proposal]

    @property
    def owners(self) -> set[str]:
        """What hints may name besides cases."""
        return {thing.id for kind in (self.appointments, self.visits, self.places) for thing in kind}


def agreed(stack: Stack, rows: Rows) -> Agreed:
    """Read it. ``rows``: those of the table of cases."""
    kept = stack.rows(stack.stores.places)
    areas = sorted({pk.removeprefix("area#") for pk, _ in kept if pk.startswith("area#")})
    booked = (stack.appointments.get(pk.removeprefix("appointment#")) for pk, sk in rows if sk == "appointment")
    asked = (stack.visits.get(pk.removeprefix("visit#")) for pk, sk in rows if sk == "visit")
    proposed = (stack.place_store.proposal(pk.removeprefix("proposal#")) for pk, sk in kept if sk == "proposal")
    return Agreed(
        rows,
        [found for found in booked if found is not None],
        [found for found in asked if found is not None],
        [place for area in areas for place in stack.place_store.versions(area)],
        [found for found in proposed if found is not None],
    )


def at_once(found: Agreed) -> Iterator[str]:
    """What one transaction keeps together, and what holds at every moment therefore."""
    taken = {(*at, row["appointment"]["S"]) for at, row in found.rows.items() if _kind(row) in OCCUPIED}
    owned = {(row.pk, row.sk, appointment.id) for appointment in found.appointments for row in rows_of(appointment)}
    if taken - owned:
        yield f"taken by nobody: {sorted(taken - owned)}"
    if missing := {at[:2] for at in owned} - {at[:2] for at in taken}:
        yield f"had, and not taken: {sorted(missing)}"
    yield from _queues(found)
    duties = {at for at, row in found.rows.items() if _kind(row) == "duty"}
    wanted = {duty_place(who, at) for visit in found.visits for who, at in visit.duties()}
    if duties != wanted:
        yield f"duties {sorted(duties)}, the visits say {sorted(wanted)}"


def at_rest(stack: Stack, found: Agreed) -> Iterator[str]:
    """What holds once everything has followed: all are told, nobody waits beside a free seat or a closed door."""
    yield from at_once(found)
    published = {(hint.case_id, hint.number, hint.type) for hint in stack.outside.published}
    for thing in (*found.appointments, *found.visits):
        own = [(number, kind) for owner, number, kind in published if owner == thing.id]
        if sorted(number for number, _ in own) != list(range(1, thing.version + 1)):
            yield f"{thing.id} has {thing.version} events, published are {sorted(own)}"
        yield from _messages(stack, thing.id, own)
    for proposal in found.proposals:
        for place in proposal.places if proposal.state is ProposalState.APPROVED else ():
            if (place.id, place.version, CHANGED) not in published:
                yield f"version {place.version} of {place.id} was never announced"
    for (pk, sk), row in found.rows.items():
        place = pk.removeprefix("terms#")
        for version in range(1, int(row["version"]["N"]) + 1) if sk == "terms" else ():
            if (place, version, TERMS_CHANGED) not in published:
                yield f"version {version} of the terms of {place} was never announced"
    for appointment in found.appointments:
        yield from _stuck(stack, found, appointment)


def standings(stack: Stack, found: Agreed) -> list[str]:
    """Where everything stands, without the ids and seats that a repetition draws anew."""
    booked = (f"{a.standing(stack.clock.now())} {a.version} {a.start}" for a in found.appointments)
    visited = (f"{v.state} {v.version} {v.start}" for v in found.visits)
    reviewed = (f"{q.state} {q.version}" for q in found.proposals)
    return sorted([*booked, *visited, *reviewed])


def _stuck(stack: Stack, found: Agreed, appointment: Appointment) -> Iterator[str]:
    ports, now, item = _ports(stack), stack.clock.now(), appointment.errand.item
    versions = (place for place in found.places if place.id == appointment.place)
    place = in_force(versions, appointment.day)[appointment.place]
    standing, seat = appointment.standing(now), appointment.seat
    if standing is AppointmentState.WAITING and not bookings.serving(ports, place, appointment.day, item)[1]:
        yield f"{appointment.id} waits for {appointment.day}, when the place is closed"
    elif standing is AppointmentState.WAITING:
        slots = bookings.availability(ports, place.id, appointment.day, item)
        if free := [slot for slot, left, open_now in slots if left and open_now]:
            yield f"{appointment.id} waits beside {free[0]}"
    if standing is AppointmentState.BOOKED and seat is not None and seat.start > now:
        served = bookings.serving(ports, place, appointment.day, item)
        if place.closed or not holds(*served, seat, appointment.until):
            yield f"{appointment.id} is booked for {seat}, when the place is closed"


def _queues(found: Agreed) -> Iterator[str]:
    tickets = {(pk.split("#")[1], int(sk)) for (pk, sk), row in found.rows.items() if _kind(row) == "ticket"}
    for appointment in found.appointments:
        has = (appointment.place, appointment.ticket) in tickets
        if has != (appointment.state is AppointmentState.CHECKED_IN):
            yield f"{appointment.id} is {appointment.state} with number {appointment.ticket}, the queue has {tickets}"
    given = {pk: int(row["value"]["N"]) for (pk, _), row in found.rows.items() if pk.startswith("counter#queue.")}
    for place, number in tickets:
        if number > given.get(f"counter#queue.{place}", 0):
            yield f"number {number} of {place} was given, the counters stand at {given}"


def _messages(stack: Stack, owner: str, published: Iterable[tuple[int, str]]) -> Iterator[str]:
    told = stack.messages.of_case(owner)
    wanted = sorted(id_of_event(owner, number) for number, kind in published if kind in EVENTS)
    if sorted(message.id for message in told) != wanted:
        yield f"messages {sorted(message.id for message in told)} instead of {wanted}"
    if pending := [message.id for message in told if message.pending]:
        yield f"messages are not delivered: {pending}"


def _ports(stack: Stack) -> Any:
    """The stack serves every port; that it says so to a type checker would gain nothing."""
    return stack


def _kind(row: Any) -> str:
    return str(row.get("kind", {}).get("S", ""))
