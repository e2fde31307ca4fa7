"""On the day: checking in, taking a number without appointment, calling, and how long one waits (E4, B1).

Whoever stands there gets a number while the place is open, with or without appointment, also where delay service is
announced as by appointment: an appointment is never a condition for a walk-in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.domain import appointments as rules
from chalicelib.domain import queueing
from chalicelib.domain.actors import Actor
from chalicelib.domain.booking_rules import LENGTHS
from chalicelib.domain.deadlines import ONE_DAY, legal_day
from chalicelib.domain.errors import Forbidden, NotFound, Refused
from chalicelib.domain.queueing import Priority, Ticket, TicketState
from chalicelib.domain.schedules import Place
from chalicelib.domain.slots import COUNTER
from chalicelib.services import schedules
from chalicelib.services.appointment_ports import AppointmentPorts
from chalicelib.services.appointments import again, commit, errand_at, is_staff, read, serving
from chalicelib.services.ports import Receipt, RequestKey


@dataclass(frozen=True, slots=True)
class Waiting:
    """A number that waits: how many are called before it, and the minutes that this takes by estimate."""

    ticket: Ticket
    ahead: int
    minutes: int


def check_in(
    ports: AppointmentPorts,
    actor: Actor,
    appointment_id: str,
    priority: Priority | None = None,
    *,
    key: RequestKey | None = None,
) -> Receipt:
    """The staff sees that somebody with an appointment is there; they get a number that counts from their slot on.

    Raises Forbidden for all but the staff, NotFound, Refused when it is too early, missed or over.
    """

    def attempt() -> Receipt:
        now = ports.clock.now()
        before = read(ports, actor, appointment_id)
        if not is_staff(actor, before.place):
            raise Forbidden.because("place.staff-only")
        rules.must_be_expected(before, now)
        place = schedules.standing(ports, before.place, before.day)
        windows = serving(ports, place, before.day, before.errand.item)[0] or (before.window,)
        ticket = _ticket(ports, place, windows, priority, due=before.start or now)
        after = rules.check_in(before, ticket.number, now)
        return commit(ports, after, before, place.version, key, ticket)

    return again(ports, key, attempt)


def take_number(
    ports: AppointmentPorts,
    actor: Actor,
    place_id: str,
    item: str,
    priority: Priority | None = None,
    *,
    key: RequestKey | None = None,
) -> Receipt:
    """Somebody without appointment gets a number. Raises Forbidden for all but the staff, Refused if it is closed."""
    now = ports.clock.now()
    day = legal_day(now)
    place = schedules.standing(ports, place_id, day)
    if not is_staff(actor, place_id):
        raise Forbidden.because("place.staff-only")
    errand_at(ports, place, item)
    windows, found = serving(ports, place, day, item)
    late = serving(ports, place, day - ONE_DAY, item)[1]
    if not any(o.start <= now < o.end for o in (*late, *found)):
        raise Refused.because("queue.closed")
    return _put(ports, _ticket(ports, place, windows, priority, due=now), 0, key)


def call_next(
    ports: AppointmentPorts, actor: Actor, place_id: str, window: str, *, key: RequestKey | None = None
) -> Receipt:
    """A window calls the next number. Raises Forbidden for all but the staff, Refused if nobody waits for it."""
    day = legal_day(ports.clock.now())
    place = schedules.standing(ports, place_id, day)
    if not is_staff(actor, place_id):
        raise Forbidden.because("place.staff-only")

    def attempt() -> Receipt:
        windows = [w.id for w in place.windows] or [COUNTER]
        found = queueing.following(ports.tickets.queue(place_id, day), window, windows)
        called = queueing.call(found, window, ports.clock.now())
        return _put(ports, called, found.version, key)

    return again(ports, key, attempt)


def close_ticket(
    ports: AppointmentPorts, actor: Actor, place_id: str, number: int, served: bool, *, key: RequestKey | None = None
) -> Receipt:
    """Who was called was served, or did not come. Raises as ``call_next``, NotFound for a number that there is not."""
    day = legal_day(ports.clock.now())
    schedules.standing(ports, place_id, day)
    if not is_staff(actor, place_id):
        raise Forbidden.because("place.staff-only")

    def attempt() -> Receipt:
        found = next((t for t in ports.tickets.queue(place_id, day) if t.number == number), None)
        if found is None:
            raise NotFound.because("queue.number-unknown")
        after = queueing.close(found, TicketState.SERVED if served else TicketState.ABSENT)
        return _put(ports, after, found.version, key)

    return again(ports, key, attempt)


def queue(ports: AppointmentPorts, place_id: str) -> tuple[date, list[Ticket], list[Waiting]]:
    """Today's queue for everybody: the numbers being called, and those that wait in their order with the estimate."""
    day = legal_day(ports.clock.now())
    schedules.standing(ports, place_id, day)
    tickets = ports.tickets.queue(place_id, day)
    terms = ports.appointments.terms(place_id)
    minutes = terms.minutes if terms else LENGTHS[0]
    waiting = [
        Waiting(ticket, before, queueing.estimate(before, len(ticket.windows), minutes))
        for ticket in queueing.order(tickets)
        for before in [queueing.ahead(tickets, ticket.number) or 0]
    ]
    return day, [t for t in tickets if t.state is TicketState.CALLED], waiting


def _ticket(
    ports: AppointmentPorts, place: Place, windows: tuple[str, ...], priority: Priority | None, due: datetime
) -> Ticket:
    """A ticket with the next number of the day. A number may be left out, and is never given twice."""
    now = ports.clock.now()
    day = legal_day(now)
    number = ports.cases.next_number(f"queue.{place.id}", f"{day:%Y%m%d}")
    return Ticket(place.id, day, number, 1, TicketState.WAITING, windows, priority is not None, due, now)


def _put(ports: AppointmentPorts, ticket: Ticket, expected: int, key: RequestKey | None) -> Receipt:
    result = {"number": str(ticket.number), "state": str(ticket.state), "window": ticket.window}
    told = {name: value for name, value in result.items() if value}
    receipt = Receipt("ticket", f"{ticket.place}.{ticket.day:%Y%m%d}.{ticket.number}", ticket.version, (), told)
    ports.tickets.commit(ticket, expected_version=expected, key=key, receipt=receipt)
    return receipt
