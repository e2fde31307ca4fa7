"""What appointments need from the outside, as Protocols."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Protocol

from chalicelib.domain.appointments import Appointment, Diary
from chalicelib.domain.booking_rules import BookingTerms
from chalicelib.domain.queueing import Ticket
from chalicelib.domain.slots import Seat
from chalicelib.domain.visits import Visit
from chalicelib.services.listing_ports import ListedCatalog
from chalicelib.services.log_ports import Access
from chalicelib.services.message_ports import MessagePorts
from chalicelib.services.ports import Page, Receipt, RequestKey


class AppointmentRepository(Protocol):
    """Appointments, the seats that they take, and what a person has booked."""

    def get(self, appointment_id: str) -> Appointment | None:
        """The appointment as last committed (strongly consistent)."""
        ...

    def of(self, subject: str, after: str | None, limit: int) -> Page[Appointment]:
        """A person's appointments, and what an agent has booked for others; newest first."""
        ...

    def taken(self, place: str, day: date) -> Collection[Seat]:
        """The seats of a place that are taken on a day (strongly consistent)."""
        ...

    def booked(self, place: str, day: date) -> Sequence[Appointment]:
        """The appointments that have these seats, by their beginning (strongly consistent)."""
        ...

    def waiting(self, place: str, day: date) -> Sequence[Appointment]:
        """The waiting list of a day, whoever came first at its head (strongly consistent)."""
        ...

    def diary(self, subject: str) -> Diary:
        """What a person has booked lately, missed ones included (strongly consistent)."""
        ...

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
        """Write the appointment, its seat and its event in one transaction; give back what ``before`` had.

        ``place_version``: the version of the place in which the seat was found, or none was. ``ticket``: the number
        that whoever checks in is given. Raises Conflict when the appointment has moved on, the seat is taken, the
        person is booked at that time or for that item already, a later version of the place counts on that day, or the
        key was used.
        """
        ...

    def count_version(self, place: str, day: date, version: int) -> None:
        """From now on nobody takes a seat or waits on this day who has seen an earlier version of the place only."""
        ...

    def terms(self, place: str) -> BookingTerms | None:
        """The terms of a place (strongly consistent); None if it takes no bookings."""
        ...

    def set_terms(
        self, terms: BookingTerms, *, at: datetime, expected_version: int, key: RequestKey | None, receipt: Receipt
    ) -> None:
        """Write terms, their event and the receipt in one transaction. Raises Conflict."""
        ...


class TicketRepository(Protocol):
    """The queue of a place on a day. Nothing in it says who anybody is."""

    def queue(self, place: str, day: date) -> Sequence[Ticket]:
        """Every ticket of a day by number (strongly consistent)."""
        ...

    def commit(self, ticket: Ticket, *, expected_version: int, key: RequestKey | None, receipt: Receipt) -> None:
        """Write ticket and receipt in one transaction. Raises Conflict."""
        ...


class VisitRepository(Protocol):
    """On-site service: visits, and the duties of staff and equipment."""

    def get(self, visit_id: str) -> Visit | None:
        """The visit as last committed (strongly consistent)."""
        ...

    def of(self, subject: str, after: str | None, limit: int) -> Page[Visit]:
        """A person's visits, and what an agent has asked for, for others; newest first."""
        ...

    def open_at(self, place: str, after: str | None, limit: int) -> Page[Visit]:
        """What a place has still to arrange or make, oldest first."""
        ...

    def commit(
        self, visit: Visit, *, before: Visit | None, key: RequestKey | None = None, receipt: Receipt | None = None
    ) -> None:
        """Write the visit, its duties and its event in one transaction; give back what ``before`` took.

        Raises Conflict when the visit has moved on, staff or equipment is taken then, or the key was used.
        """
        ...

    def note(self, visit: Visit, access: Access, chance: str) -> None:
        """Record that somebody reads it, for as long as it is kept. See ``log_ports.CaseLogs.note``."""
        ...

    def accesses(self, visit_id: str, limit: int) -> Sequence[Access]:
        """Who has read the visit, newest first, and at most so many."""
        ...


class AppointmentPorts(MessagePorts, Protocol):
    """The ports of a case and of telling, and those of appointments."""

    @property
    def catalog(self) -> ListedCatalog: ...
    @property
    def appointments(self) -> AppointmentRepository: ...
    @property
    def tickets(self) -> TicketRepository: ...
    @property
    def visits(self) -> VisitRepository: ...
