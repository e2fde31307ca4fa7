"""What follows when a seat is given back, or terms or hours change: who waits is booked, the booked are moved or freed.

Who waits for a day on which the place does not take their item any more is freed, too.

Everything here goes by the state it finds, not by what the hint said: hints come twice, late and in any order. Doing it
again moves nobody a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from chalicelib.domain import appointments as rules
from chalicelib.domain.appointments import Appointment, AppointmentState
from chalicelib.domain.booking_rules import HORIZON, BookingTerms
from chalicelib.domain.deadlines import legal_day
from chalicelib.domain.errors import Conflict, Unavailable
from chalicelib.domain.messages import Message
from chalicelib.domain.schedules import Place, area_of, division_of, in_force
from chalicelib.domain.slots import Seat, Slot, free, holds
from chalicelib.services import notifications
from chalicelib.services.appointment_ports import AppointmentPorts
from chalicelib.services.appointments import Counter, commit, serving, slots_of

MOVED_WITHIN = 7
"""Days after the one that was booked, on which another seat is looked for."""


# -- somebody gave a seat back, or joined the list ----------------------------------------------------------


def promote(ports: AppointmentPorts, appointment_id: str) -> int:
    """Book the seats that are free on the day of this appointment for whoever waits, first come first. How many.

    Nobody is booked into what they could not book themselves any more, or not give back.
    """
    found = ports.appointments.get(appointment_id)
    if found is None:
        return 0
    day = found.day
    place = _open_on(_versions(ports, found.place), day)
    terms = ports.appointments.terms(found.place)
    if place is None or terms is None:
        return 0
    return _promoted_at(ports, Counter(place, terms, day))


def follow_terms(ports: AppointmentPorts, place_id: str, version: int) -> int:
    """Book whoever waits and for whom new terms have made room, from their event. How many.

    Raises Unavailable while the terms are not to be read yet: the hint comes again.
    """
    terms = ports.appointments.terms(place_id)
    if terms is None or terms.version < version:
        raise Unavailable.because("store.unavailable")
    return _promoted_ahead(ports, _versions(ports, place_id), terms)


def _promoted_ahead(ports: AppointmentPorts, versions: Sequence[Place], terms: BookingTerms) -> int:
    """Book whoever waits at a place, on each day for which one can wait."""
    today = legal_day(ports.clock.now())
    days = [today + timedelta(days=ahead) for ahead in range(HORIZON.days + 1)]
    found = [(day, place) for day in days if (place := _open_on(versions, day)) is not None]
    return sum(_promoted_at(ports, Counter(place, terms, day)) for day, place in found)


@dataclass(slots=True)
class _Left:
    """What is left of a day for whoever waits: read once for all of them, and again after a seat was offered.

    Where nobody can be booked nothing is read, and where no seat is left nobody's diary: a function that is stopped in
    the middle of a long list has not spent its time on those who get nothing.
    """

    ports: AppointmentPorts
    counter: Counter
    slots: dict[str, list[Slot]] = field(default_factory=dict)
    seats: dict[str, list[tuple[Slot, Seat]]] = field(default_factory=dict)
    taken: Collection[Seat] | None = None

    def of(self, item: str) -> list[tuple[Slot, Seat]]:
        """The free seats that somebody may be given for an item at this moment, by their beginning."""
        if item not in self.slots:
            terms, now, calendar = self.counter.terms, self.ports.clock.now(), self.ports.calendar.current()
            every = slots_of(self.ports, self.counter, item)
            self.slots[item] = [slot for slot in every if rules.promotable(slot, terms, now, calendar)]
        if item not in self.seats:
            slots = self.slots[item]
            if slots and self.taken is None:
                self.taken = self.ports.appointments.taken(self.counter.place.id, self.counter.day)
            self.seats[item] = [(slot, seat) for slot in slots for seat in free(slot, self.taken or ())]
        return self.seats[item]

    def forget(self) -> None:
        """A seat is about to be taken."""
        self.taken = None
        self.seats.clear()


def _promoted_at(ports: AppointmentPorts, counter: Counter) -> int:
    waiting, left = ports.appointments.waiting(counter.place.id, counter.day), _Left(ports, counter)
    return sum(_promoted(ports, left, appointment) for appointment in waiting)


def _promoted(ports: AppointmentPorts, left: _Left, waiting: Appointment) -> bool:
    now, calendar, counter = ports.clock.now(), ports.calendar.current(), left.counter
    if waiting.standing(now) is not AppointmentState.WAITING:
        return False

    def offers() -> Iterator[Offer]:
        seats = left.of(waiting.errand.item)
        if not seats:
            return
        diary = ports.appointments.diary(waiting.booker.subject)
        for slot, seat in seats:
            if any(rules.unbookable(slot, "", counter.terms, diary, now, calendar)):  # what they wait for is theirs
                continue
            left.forget()
            yield rules.booked(waiting, slot, seat, counter.terms, "appointment.promoted", now), counter.place

    return _seated(ports, waiting, offers)


# -- the place has other hours ---------------------------------------------------------------------------------------


def follow_place(ports: AppointmentPorts, place_id: str, version: int) -> dict[str, int]:
    """Move or free every appointment that the place's hours no longer hold, from the event of a new version.

    First the version is made to count, so that nobody takes a seat or waits any more who has seen an earlier one; then
    what is booked is looked at, and whoever waits may have what is left, or is freed where there is nothing any more to
    wait for. Raises Unavailable while the version is not to be read yet: the hint comes again.
    """
    counts = {"kept": 0, "moved": 0, "freed": 0, "promoted": 0}
    now = ports.clock.now()
    versions = _versions(ports, place_id)
    if max((p.version for p in versions), default=0) < version:
        raise Unavailable.because("store.unavailable")
    found: list[tuple[Place, Appointment]] = []
    waiting: list[tuple[Place, Appointment]] = []
    for days in range(-1, HORIZON.days + MOVED_WITHIN + 1):  # an opening of yesterday may run past midnight
        day = legal_day(now) + timedelta(days=days)
        place = in_force(versions, day).get(place_id)
        if place is not None:
            ports.appointments.count_version(place_id, day, place.version)
            found += ((place, appointment) for appointment in ports.appointments.booked(place_id, day))
            waiting += ((place, appointment) for appointment in ports.appointments.waiting(place_id, day))
    for place, appointment in found:
        counts[_settled(ports, place, appointment, now)] += 1
    for place, appointment in waiting:
        counts["freed"] += _freed_of_waiting(ports, place, appointment, now)
    terms = ports.appointments.terms(place_id)
    if terms is not None:
        counts["promoted"] = _promoted_ahead(ports, versions, terms)
    return counts


def _settled(ports: AppointmentPorts, place: Place, before: Appointment, now: datetime) -> str:
    seat = before.seat
    if seat is None or before.standing(now) is not AppointmentState.BOOKED or seat.start <= now:
        return "kept"
    if _holds(ports, place, before, seat):
        return "kept"

    def offers() -> Iterator[Offer]:
        others = [held for held in ports.appointments.diary(before.booker.subject).held if held.id != before.id]
        for counter, slot, other in _elsewhere(ports, before, now):
            if not rules.expected_elsewhere(slot, others):
                yield rules.moved(before, slot, other, counter.terms, now), counter.place

    if _seated(ports, before, offers):
        return "moved"
    if _changed(ports, before):
        return "kept"
    ports.appointments.commit(rules.freed(before, now), before=before, place_version=place.version)
    return "freed"


def _freed_of_waiting(ports: AppointmentPorts, place: Place, before: Appointment, now: datetime) -> bool:
    """Free whoever waits for a day on which the place does not take the item: nothing can be given back there."""
    if before.standing(now) is not AppointmentState.WAITING:
        return False
    _, openings = serving(ports, place, before.day, before.errand.item)
    if openings or _changed(ports, before):
        return False
    ports.appointments.commit(rules.freed(before, now), before=before, place_version=place.version)
    return True


def _holds(ports: AppointmentPorts, place: Place, before: Appointment, seat: Seat) -> bool:
    return holds(*serving(ports, place, before.day, before.errand.item), seat, before.until)


def _elsewhere(ports: AppointmentPorts, before: Appointment, now: datetime) -> Iterator[tuple[Counter, Slot, Seat]]:
    """Free seats at the same place, later on the same day or soon after."""
    terms, versions = ports.appointments.terms(before.place), _versions(ports, before.place)
    for days in range(MOVED_WITHIN + 1):
        day = before.day + timedelta(days=days)
        place = _open_on(versions, day)
        if place is None or terms is None:
            continue
        counter = Counter(place, terms, day)
        found = [s for s in slots_of(ports, counter, before.errand.item) if s.start >= max(now, before.until)]
        taken = ports.appointments.taken(place.id, day) if found else ()
        for slot in found:
            yield from ((counter, slot, seat) for seat in free(slot, taken))


def _versions(ports: AppointmentPorts, place_id: str) -> list[Place]:
    """Every version of a place that is published, and not what a container has kept."""
    return [p for p in ports.place_store.versions(area_of(division_of(place_id))) if p.id == place_id]


def _open_on(versions: Sequence[Place], day: date) -> Place | None:
    """The place as it is on a day; None where it is closed for good."""
    found = next(iter(in_force(versions, day).values()), None)
    return None if found is None or found.closed else found


# -- taking a seat for somebody -----------------------------------------------------------------------------

Offer = tuple[Appointment, Place]
"""The appointment as it would be, and the place as it was seen."""

TRIES = 10


def _seated(ports: AppointmentPorts, before: Appointment, offers: Callable[[], Iterator[Offer]]) -> bool:
    """Take the first seat that is offered. False if there is none, or the appointment has changed meanwhile.

    A conflict does not say whether the seat is gone, or another write of the same rows was only in the way: the offers
    are looked at again. Raises Unavailable when that never ends: the hint comes again, and nobody is passed over.
    """
    for _ in range(TRIES):
        offer = next(offers(), None)
        if offer is None:
            return False
        after, place = offer
        try:
            commit(ports, after, before, place.version)
        except Conflict:
            if _changed(ports, before):
                return False
        else:
            return True
    raise Unavailable.because("store.unavailable")


def _changed(ports: AppointmentPorts, before: Appointment) -> bool:
    now = ports.appointments.get(before.id)
    return now is None or now.version != before.version


# -- telling ------------------------------------------------------------------------------------------------


def tell(ports: AppointmentPorts, appointment_id: str, number: int, kind: str) -> Message | None:
    """Tell the booked what became of their appointment. Again is harmless; Unavailable while a provider is away."""
    found = ports.appointments.get(appointment_id)
    if found is None or kind not in rules.TOLD:
        return None
    places = {
        "item": found.errand.name,
        "place": found.place_name,
        "when": notifications.wall_time(found.start) or found.day.isoformat(),
        "was": notifications.wall_time(found.moved_from),
        "where": f"{ports.public_address}/v1/appointments/{found.id}",
    }
    return notifications.tell(ports, notifications.About(found.id, number, kind, found.booker.subject), places)
