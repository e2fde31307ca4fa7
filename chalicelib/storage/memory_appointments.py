"""In-memory twins of appointments and queues, over the same store as the case side's."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime

from chalicelib.domain.appointments import OPEN, Appointment, AppointmentState, Diary, Held, quarters
from chalicelib.domain.booking_rules import CHANGED, BookingTerms
from chalicelib.domain.errors import Conflict
from chalicelib.domain.queueing import Ticket
from chalicelib.domain.slots import Seat
from chalicelib.domain.visits import OPEN as STANDING
from chalicelib.domain.visits import Visit
from chalicelib.services.log_ports import Access
from chalicelib.services.ports import OutboxRow, Page, Receipt, RequestKey
from chalicelib.storage.codec import dumps, instant, loads
from chalicelib.storage.memory import MemoryStore, page_of
from chalicelib.storage.tables import shard_of


class MemoryAppointments:
    """Twin of ``storage.appointments.DynamoAppointments``. What is taken is asked of the appointments themselves."""

    def __init__(self, store: MemoryStore, tickets: MemoryTickets) -> None:
        self.store = store
        self.tickets = tickets
        self.rows: dict[str, str] = {}
        self.versions: dict[tuple[str, date], int] = {}
        self.agreed: dict[str, str] = {}

    def _every(self) -> list[Appointment]:
        return [loads(text, Appointment) for _, text in sorted(self.rows.items())]

    def _of_day(self, place: str, day: date) -> list[Appointment]:
        return [a for a in self._every() if (a.place, a.day) == (place, day)]

    def get(self, appointment_id: str) -> Appointment | None:
        stored = self.rows.get(appointment_id)
        return loads(stored, Appointment) if stored else None

    def of(self, subject: str, after: str | None, limit: int) -> Page[Appointment]:
        mine = [a for a in reversed(self._every()) if subject in (a.booker.subject, a.booker.agent)]
        left = [a for a in mine if after is None or a.id < after]
        return Page(left[:limit], left[limit - 1].id if len(left) > limit else None)

    def taken(self, place: str, day: date) -> Collection[Seat]:
        return frozenset(a.seat for a in self._of_day(place, day) if a.seat is not None)

    def booked(self, place: str, day: date) -> Sequence[Appointment]:
        held = [(a.seat, a) for a in self._of_day(place, day) if a.seat is not None]
        return [a for _, a in sorted(held, key=lambda pair: pair[0])]

    def waiting(self, place: str, day: date) -> Sequence[Appointment]:
        found = [a for a in self._of_day(place, day) if a.state is AppointmentState.WAITING]
        return sorted(found, key=lambda a: (a.made_at, a.id))

    def diary(self, subject: str) -> Diary:
        mine = [a for a in self._every() if a.booker.subject == subject]
        items = {a.errand.item: a.until for a in mine if a.state in OPEN}
        return Diary(tuple(held for a in mine if (held := _held(a)) is not None), items)

    def commit(
        self,
        appointment: Appointment,
        *,
        before: Appointment | None,
        place_version: int,
        ticket: Ticket | None = None,
        key: RequestKey | None = None,
        receipt: Receipt | None = None,
    ) -> None:
        stored = self.get(appointment.id)
        if (stored.version if stored else 0) != (before.version if before else 0):
            raise Conflict.because("store.conflict")
        self.store.refuse_used(key)
        others = [a for a in self._every() if a.id != appointment.id]
        seat, at = appointment.seat, (appointment.place, appointment.day)
        if appointment.state in OPEN and self.versions.get(at, 0) > place_version:
            raise Conflict.because("store.conflict")
        if seat is not None and any((a.place, a.day, a.seat) == (*at, seat) for a in others):
            raise Conflict.because("store.conflict")
        mine = [a for a in others if a.booker.subject == appointment.booker.subject]
        if any(_clash(a, appointment) for a in mine):
            raise Conflict.because("store.conflict")
        if ticket is not None:
            self.tickets.keep(ticket, 0)
        self.rows[appointment.id] = dumps(appointment)
        row_key = f"{shard_of(appointment.id)}|{instant(appointment.changed_at)}#{appointment.id}"
        types = ((appointment.version, appointment.event),)
        self.store.outbox[row_key] = OutboxRow(row_key, appointment.id, types, appointment.changed_at)
        self.store.keep(key, receipt)

    def count_version(self, place: str, day: date, version: int) -> None:
        self.versions[place, day] = max(version, self.versions.get((place, day), 0))

    def terms(self, place: str) -> BookingTerms | None:
        stored = self.agreed.get(place)
        return loads(stored, BookingTerms) if stored else None

    def set_terms(
        self, terms: BookingTerms, *, at: datetime, expected_version: int, key: RequestKey | None, receipt: Receipt
    ) -> None:
        stored = self.terms(terms.place)
        if (stored.version if stored else 0) != expected_version:
            raise Conflict.because("store.conflict")
        self.store.refuse_used(key)
        self.agreed[terms.place] = dumps(terms)
        row_key = f"{shard_of(terms.place)}|{instant(at)}#{terms.place}#{terms.version:08d}#terms"
        self.store.outbox[row_key] = OutboxRow(row_key, terms.place, ((terms.version, CHANGED),), at)
        self.store.keep(key, receipt)


class MemoryTickets:
    """Twin of ``storage.tickets.DynamoTickets``."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.rows: dict[tuple[str, date, int], str] = {}

    def queue(self, place: str, day: date) -> Sequence[Ticket]:
        found = sorted((number, text) for (p, d, number), text in self.rows.items() if (p, d) == (place, day))
        return [loads(text, Ticket) for _, text in found]

    def commit(self, ticket: Ticket, *, expected_version: int, key: RequestKey | None, receipt: Receipt) -> None:
        self.store.refuse_used(key)
        self.keep(ticket, expected_version)
        self.store.keep(key, receipt)

    def keep(self, ticket: Ticket, expected_version: int) -> None:
        place = (ticket.place, ticket.day, ticket.number)
        stored = loads(self.rows[place], Ticket).version if place in self.rows else 0
        if stored != expected_version:
            raise Conflict.because("store.conflict")
        self.rows[place] = dumps(ticket)


def _held(appointment: Appointment) -> Held | None:
    seat, end, missed_at = appointment.seat, appointment.end, appointment.missed_at
    if seat is None or end is None or missed_at is None:
        return None
    attended = appointment.state is AppointmentState.CHECKED_IN
    return Held(appointment.id, seat.start, end, missed_at, attended)


def _clash(one: Appointment, other: Appointment) -> bool:
    """Whether one person cannot have both."""
    if one.state not in OPEN or other.state not in OPEN:
        return False
    if one.errand.item == other.errand.item and one.until > other.changed_at:
        return True
    if one.start is None or one.end is None or other.start is None or other.end is None:
        return False
    return not set(quarters(one.start, one.end)).isdisjoint(quarters(other.start, other.end))


class MemoryVisits:
    """Twin of ``storage.visits.DynamoVisits``."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.rows: dict[str, str] = {}
        self.read: dict[str, list[Access]] = {}

    def _every(self) -> list[Visit]:
        return [loads(text, Visit) for _, text in sorted(self.rows.items())]

    def get(self, visit_id: str) -> Visit | None:
        stored = self.rows.get(visit_id)
        return loads(stored, Visit) if stored else None

    def of(self, subject: str, after: str | None, limit: int) -> Page[Visit]:
        mine = [v for v in self._every() if subject in (v.booker.subject, v.booker.agent)]
        return page_of(mine, lambda v: v.id, after, limit, newest_first=True)

    def open_at(self, place: str, after: str | None, limit: int) -> Page[Visit]:
        found = [v for v in self._every() if v.place == place and v.state in STANDING]
        return page_of(found, lambda v: v.id, after, limit)

    def commit(
        self, visit: Visit, *, before: Visit | None, key: RequestKey | None = None, receipt: Receipt | None = None
    ) -> None:
        stored = self.get(visit.id)
        if (stored.version if stored else 0) != (before.version if before else 0):
            raise Conflict.because("store.conflict")
        self.store.refuse_used(key)
        taken = {duty for other in self._every() if other.id != visit.id for duty in other.duties()}
        if not taken.isdisjoint(visit.duties()):
            raise Conflict.because("store.conflict")
        self.rows[visit.id] = dumps(visit)
        row_key = f"{shard_of(visit.id)}|{instant(visit.changed_at)}#{visit.id}"
        self.store.outbox[row_key] = OutboxRow(row_key, visit.id, ((visit.version, visit.event),), visit.changed_at)
        self.store.keep(key, receipt)

    def note(self, visit: Visit, access: Access, chance: str) -> None:
        self.read.setdefault(visit.id, []).append(access)

    def accesses(self, visit_id: str, limit: int) -> Sequence[Access]:
        return self.read.get(visit_id, [])[::-1][:limit]
