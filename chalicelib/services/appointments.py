"""Booking and giving back (预约), the waiting list (候补), and the terms on which a place takes bookings (E4).

Capacity holds without a lock: a seat is taken under "does not exist". Who loses the race for one looks again and tries
another, until none is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TypeVar
from zlib import crc32

from chalicelib.domain import access, opening_hours
from chalicelib.domain import appointments as rules
from chalicelib.domain import booking_rules as terms_rules
from chalicelib.domain import service_points as points
from chalicelib.domain.actors import Actor, ActorKind, Role
from chalicelib.domain.appointments import Appointment, AppointmentState, Booker, Errand
from chalicelib.domain.booking_rules import HORIZON, BookingTerms
from chalicelib.domain.deadlines import ONE_DAY, legal_day
from chalicelib.domain.errors import Conflict, Forbidden, Invalid, NotFound, Refused, raise_all
from chalicelib.domain.opening_hours import Opening
from chalicelib.domain.queueing import Ticket
from chalicelib.domain.schedules import Place, division_of
from chalicelib.domain.slots import COUNTER, Seat, Slot, free, room, slots
from chalicelib.domain.visits import Visit
from chalicelib.services import schedules
from chalicelib.services.appointment_ports import AppointmentPorts
from chalicelib.services.ports import Page, Receipt, RequestKey

T = TypeVar("T", Appointment, Visit)

ATTEMPTS = 40
"""How often a seat is tried for. Each failure means that somebody else was served, or that two met."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to come for, and where. An agent names the applicant and the authority."""

    place: str
    item: str
    principal: str = ""
    authority: str = ""


@dataclass(frozen=True, slots=True)
class Counter:
    """A place on a day, with its terms: what slots follow from."""

    place: Place
    terms: BookingTerms
    day: date


# -- what there is ------------------------------------------------------------------------------------------


def availability(ports: AppointmentPorts, place_id: str, day: date, item: str) -> list[tuple[Slot, int, bool]]:
    """The slots of a day for an item, each with how many seats are left and whether it can be booked at this moment.

    Raises NotFound without such a place, Gone for one that is closed, Invalid for an item that it does not serve; empty
    where none are taken.
    """
    now, calendar = ports.clock.now(), ports.calendar.current()
    place = schedules.standing(ports, place_id, day)
    errand_at(ports, place, item)
    terms = ports.appointments.terms(place.id)
    if terms is None:
        return []
    if not timedelta() <= day - legal_day(now) <= HORIZON:
        return []
    taken = ports.appointments.taken(place.id, day)
    found = []
    for slot, left in room(slots_of(ports, Counter(place, terms, day), item), taken):
        rule = terms.rule(slot.kind)
        opens, closes = rule.stretch(slot.start, calendar) if rule else (now, now)
        found.append((slot, left, opens <= now < closes and now < slot.start))
    return found


def slots_of(ports: AppointmentPorts, counter: Counter, item: str) -> list[Slot]:
    """The slots of a place's day for an item, full ones too; none where it is not served."""
    return slots(counter.terms, *serving(ports, counter.place, counter.day, item))


def serving(ports: AppointmentPorts, place: Place, day: date, item: str) -> tuple[tuple[str, ...], list[Opening]]:
    """At which windows a place takes an item, and in which stretches of a day, by the rule of "where and when"."""
    row = ports.catalog.index().by_code.get(item)
    found = points.service(place, row, place.division) if row else None
    if row is None or found is None:
        return (), []
    windows = tuple(w.id for w in found.windows) or (COUNTER,)
    every = opening_hours.openings(place.hours, place.closures, day, day, ports.calendar.current())
    return windows, [opening for opening in every if points.serves(opening, found, row)]


def errand_at(ports: AppointmentPorts, place: Place, item: str) -> Errand:
    """What somebody wants to come for. Raises Invalid if the place does not serve it."""
    row = ports.catalog.index().by_code.get(item)
    if row is None or points.service(place, row, place.division) is None:
        raise Invalid.because("appointment.item-not-served", "/item", item=item)
    return Errand(item, row["name"])


def counter_of(ports: AppointmentPorts, place_id: str, day: date) -> Counter:
    """Raises NotFound without such a place, Gone for one that is closed, Refused if it takes no bookings."""
    place = schedules.standing(ports, place_id, day)
    terms = ports.appointments.terms(place_id)
    if terms is None:
        raise Refused.because("appointment.not-taken-here")
    return Counter(place, terms, day)


# -- booking ------------------------------------------------------------------------------------------------


def book(
    ports: AppointmentPorts, actor: Actor, wish: Wish, start: datetime, *, key: RequestKey | None = None
) -> Receipt:
    """Take a seat in the slot that begins at ``start``.

    Raises Invalid for a slot that there is not, or a foreign item; Refused when it is too early, too late or full, and
    when the person is expected elsewhere, has the item booked or stayed away too often; Forbidden for others' bookings.
    """
    booker = booker_of(ports, actor, wish)
    _foreseeable(start - ports.clock.now(), "/start")
    candidates = list(_beginning_at(ports, wish, start))
    if not candidates:
        raise Invalid.because("appointment.no-such-slot", "/start")
    counter, errand, _ = candidates[0]
    new = _fresh(ports, counter, booker, errand)

    def attempt() -> Receipt:
        now, calendar = ports.clock.now(), ports.calendar.current()
        diary = ports.appointments.diary(booker.subject)
        raise_all(Refused, rules.unbookable(candidates[0][2], wish.item, counter.terms, diary, now, calendar))
        taken = ports.appointments.taken(counter.place.id, counter.day)
        seats = [(slot, seat) for _, _, slot in candidates for seat in free(slot, taken)]
        if not seats:
            raise Refused.because("appointment.full", "/start")
        slot, seat = _chosen(seats, new.id)
        made = replace(rules.booked(new, slot, seat, counter.terms, "appointment.booked", now), version=1)
        return commit(ports, made, None, counter.place.version, key)

    return again(ports, key, attempt)


def wait(ports: AppointmentPorts, actor: Actor, wish: Wish, day: date, *, key: RequestKey | None = None) -> Receipt:
    """Join the waiting list of a day on which every slot that can be booked now is taken. Raises as ``book``."""
    booker = booker_of(ports, actor, wish)
    _foreseeable(day - legal_day(ports.clock.now()), "/day")
    counter = counter_of(ports, wish.place, day)
    errand = errand_at(ports, counter.place, wish.item)
    new = _fresh(ports, counter, booker, errand)

    found = slots_of(ports, counter, wish.item)
    if not found:
        raise Invalid.because("appointment.no-such-slot", "/day")

    def attempt() -> Receipt:
        now, calendar = ports.clock.now(), ports.calendar.current()
        diary = ports.appointments.diary(booker.subject)
        taken = ports.appointments.taken(counter.place.id, counter.day)
        room = any(
            free(slot, taken) and not any(rules.unbookable(slot, "", counter.terms, diary, now, calendar))
            for slot in found
        )
        raise_all(Refused, rules.unwaitable(found, wish.item, counter.terms, diary, now, calendar, room=room))
        return commit(ports, new, None, counter.place.version, key)

    return again(ports, key, attempt)


def cancel(ports: AppointmentPorts, actor: Actor, appointment_id: str, *, key: RequestKey | None = None) -> Receipt:
    """Give a booking, or a place in the waiting list, back. Raises NotFound, Refused when it is over or too late."""

    def attempt() -> Receipt:
        before = read(ports, actor, appointment_id)
        if is_staff(actor, before.place):
            raise Forbidden.because("appointment.applicants-only")
        after = rules.cancel(before, ports.clock.now(), ports.calendar.current())
        return commit(ports, after, before, 0, key)

    return again(ports, key, attempt)


def read(ports: AppointmentPorts, actor: Actor, appointment_id: str) -> Appointment:
    """For whom it is, who booked it for them, and the staff of the place. Raises NotFound for everybody else."""
    found = ports.appointments.get(appointment_id)
    if found is None or not (is_own(ports, actor, found.booker) or is_staff(actor, found.place)):
        raise NotFound.because("appointment.not-found")
    return found


def is_own(ports: AppointmentPorts, actor: Actor, booker: Booker) -> bool:
    """The applicant's own, or their agent's for as long as the authority lasts: then the agent is a stranger again."""
    if actor.kind is not ActorKind.AGENT:
        return actor.subject == booker.subject
    authority = ports.authorities.get(booker.authority) if booker.agent == actor.subject else None
    return authority is not None and authority.in_force(ports.clock.now())


def mine(ports: AppointmentPorts, actor: Actor, after: str | None, limit: int) -> Page[Appointment]:
    """The actor's own appointments, and an agent's those that ``is_own`` says are theirs to see; newest first.

    A page may have fewer than ``limit``, and still not be the last.
    """
    page = ports.appointments.of(actor.subject, after, limit)
    return Page(owned(ports, actor, page.items), page.next)


def owned(ports: AppointmentPorts, actor: Actor, found: Sequence[T]) -> list[T]:
    """Those of some appointments or visits that are the actor's by ``is_own``; each authority is looked at once."""
    bookers = {thing.booker for thing in found}
    theirs = {booker for booker in bookers if is_own(ports, actor, booker)}
    return [thing for thing in found if thing.booker in theirs]


# -- terms --------------------------------------------------------------------------------------------------


def read_terms(ports: AppointmentPorts, place_id: str) -> BookingTerms:
    """The terms of a place. Raises NotFound if it has none, Gone if it is closed."""
    schedules.standing(ports, place_id, legal_day(ports.clock.now()))
    found = ports.appointments.terms(place_id)
    if found is None:
        raise NotFound.because("booking-terms.none")
    return found


def set_terms(ports: AppointmentPorts, actor: Actor, terms: BookingTerms, *, key: RequestKey | None = None) -> Receipt:
    """Say on what terms a place takes bookings. What was booked stays as it was booked; who waits may find room.

    ``terms.version`` is the version that these follow, 0 for the first. Raises Forbidden for all but the heads of
    bodies of the place's division, Invalid with everything that is wrong, Conflict when others were faster.
    """
    now = ports.clock.now()
    schedules.standing(ports, terms.place, legal_day(now))
    if not is_staff(actor, terms.place) or Role.HEAD not in actor.roles:
        raise Forbidden.because("place.staff-only")
    raise_all(Invalid, terms_rules.violations(terms))
    after = replace(terms, version=terms.version + 1)
    receipt = Receipt("booking_terms", after.place, after.version, (), {})
    ports.appointments.set_terms(after, at=now, expected_version=terms.version, key=key, receipt=receipt)
    return receipt


def is_staff(actor: Actor, place_id: str) -> bool:
    """Works in the division of the place, at its window or at its head."""
    at_work = bool(actor.roles & {Role.WINDOW, Role.HEAD})
    return actor.kind is ActorKind.OFFICER and at_work and actor.division == division_of(place_id)


# -- what these share with moving and promoting ----------------------------------------------------------------


def commit(
    ports: AppointmentPorts,
    after: Appointment,
    before: Appointment | None,
    place_version: int,
    key: RequestKey | None = None,
    ticket: Ticket | None = None,
) -> Receipt:
    """Write it and answer its receipt."""
    result = {"state": str(after.state)}
    if after.seat is not None:
        result |= {"start": after.seat.start.isoformat(), "window": after.seat.window}
    if after.ticket:
        result["number"] = str(after.ticket)
    receipt = Receipt("appointment", after.id, after.version, (after.version,), result)
    ports.appointments.commit(
        after, before=before, place_version=place_version, ticket=ticket, key=key, receipt=receipt
    )
    return receipt


def again(ports: AppointmentPorts, key: RequestKey | None, attempt: Callable[[], Receipt]) -> Receipt:
    """Try until nobody is in the way. Raises Conflict when the key was used, or after ``ATTEMPTS``."""
    for number in range(1, ATTEMPTS + 1):
        try:
            return attempt()
        except Conflict:
            if number == ATTEMPTS or (key and ports.cases.receipt(key.scope)):
                raise
    raise AssertionError("unreachable: the last attempt returns or raises")


def _chosen(seats: Sequence[tuple[Slot, Seat]], appointment_id: str) -> tuple[Slot, Seat]:
    """Spread by the id: many who want the same minute do not all want the same chair."""
    return seats[crc32(appointment_id.encode()) % len(seats)]


def _beginning_at(ports: AppointmentPorts, wish: Wish, start: datetime) -> Iterator[tuple[Counter, Errand, Slot]]:
    """The slots that begin at a moment, all of one opening's day: it may have begun the day before."""
    for day in (legal_day(start), legal_day(start) - ONE_DAY):
        counter = counter_of(ports, wish.place, day)
        errand = errand_at(ports, counter.place, wish.item)
        found = [slot for slot in slots_of(ports, counter, wish.item) if slot.start == start]
        if found:
            yield from ((counter, errand, slot) for slot in found)
            return


def _foreseeable(ahead: timedelta, pointer: str) -> None:
    """Raises Invalid for what is long over or far ahead, before anything is counted from it."""
    if ahead < -ONE_DAY:
        raise Invalid.because("appointment.past", pointer)
    if ahead > HORIZON:
        raise Invalid.because("appointment.no-such-slot", pointer)


def _fresh(ports: AppointmentPorts, counter: Counter, booker: Booker, errand: Errand) -> Appointment:
    now = ports.clock.now()
    return Appointment(
        id=ports.ids.new(now),
        version=1,
        state=AppointmentState.WAITING,
        event=rules.WAITING,
        booker=booker,
        errand=errand,
        place=counter.place.id,
        place_name=counter.place.name,
        day=counter.day,
        made_at=now,
        changed_at=now,
        early=counter.terms.early,
        grace=counter.terms.grace,
    )


def booker_of(ports: AppointmentPorts, actor: Actor, wish: Wish) -> Booker:
    """For whom it is: the applicant themselves, or whom an agent acts for under an authority in force."""
    return party_of(ports, actor, wish)[1]


def party_of(ports: AppointmentPorts, actor: Actor, wish: Wish) -> tuple[ActorKind, Booker]:
    """What kind of applicant it is for, and whom. Raises as ``booker_of``."""
    if actor.kind in (ActorKind.PERSON, ActorKind.ORGANISATION):
        if wish.principal not in ("", actor.subject):
            raise Forbidden.because("appointment.not-for-others")
        return actor.kind, Booker(actor.subject, actor.name)
    if actor.kind is not ActorKind.AGENT:
        raise Forbidden.because("appointment.applicants-only")
    if not wish.principal:
        raise Invalid.because("appointment.booker-unknown", "/principal")
    authority = ports.authorities.get(wish.authority) if wish.authority else None
    held = access.require_authority(authority, actor, wish.principal, wish.item, ports.clock.now())
    if held.principal is None:
        raise AssertionError("unreachable: an authority in force was confirmed")
    return held.principal.kind, Booker(wish.principal, held.principal.name, actor.subject, held.id)
