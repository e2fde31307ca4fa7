"""A made-up place with Xilingol's timetable and booking rules, for tests of appointments. Nothing here is real."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from chalicelib.domain.booking_rules import BookingRule, BookingTerms, Mark, MarkUnit
from chalicelib.domain.booking_rules import NoShowRule as NoShowRule
from chalicelib.domain.opening_hours import Access, Hours, ServiceKind, Span
from chalicelib.domain.schedules import Place, PlaceKind, Window, WindowKind
from chalicelib.services.appointment_ports import AppointmentRepository, TicketRepository, VisitRepository
from chalicelib.services.ports import Receipt
from chalicelib.storage.calendar import packaged
from chalicelib.storage.memory_appointments import MemoryAppointments, MemoryTickets, MemoryVisits
from tests import factories as f

K, U = ServiceKind, MarkUnit
SINCE = date(2026, 1, 1)
PLACE, TERMINAL = "152500000000-centre", "152500000000-terminal-1"
ITEM = f.BASIC
NOON = 12 * 60
APPOINTMENT = Access.APPOINTMENT

XILINGOL_WEEK = BookingRule(
    (K.NOON, K.WEEKEND), Mark(U.WEEKDAY, 1, 9 * 60), Mark(U.WEEKDAY, 5, NOON), Mark(U.WEEKDAY, 5, NOON)
)
XILINGOL_HOLIDAY = BookingRule((K.HOLIDAY,), Mark(U.DAY, 7), Mark(U.DAY, 1, NOON), Mark(U.DAY, 1, NOON))
DAYS_BEFORE = BookingRule((K.REGULAR, K.SPECIAL), Mark(U.DAY, 14), Mark(U.MINUTE, 30), Mark(U.MINUTE, 60))
TERMS = BookingTerms(PLACE, 1, 30, 2, (XILINGOL_WEEK, XILINGOL_HOLIDAY, DAYS_BEFORE), early=30, grace=15)


def terms(**changes: Any) -> BookingTerms:
    return replace(TERMS, **changes)


def hours(kind: ServiceKind, weekdays: set[int], *spans: Span, **more: Any) -> Hours:
    return Hours(kind, frozenset(weekdays), spans, SINCE, **more)


WEEK = {1, 2, 3, 4, 5}
XILINGOL = (
    hours(K.REGULAR, WEEK, Span(510, 720), Span(870, 1050)),
    hours(K.NOON, WEEK, Span(720, 870)),
    hours(K.WEEKEND, {6, 7}, Span(540, 720), Span(900, 1020)),
    hours(K.HOLIDAY, {1, 2, 3, 4, 5, 6, 7}, Span(540, 720), Span(900, 1020)),
)


def place(**changes: Any) -> Place:
    made = Place(
        id=PLACE,
        version=1,
        kind=PlaceKind.CENTRE,
        division=f.LEAGUE,
        name="锡林郭勒盟政务服务中心",
        address="示例路1号",
        phone="0479-0000000",
        since=SINCE,
        windows=(
            Window("W1", WindowKind.GENERAL, "综合窗口"),
            Window("W2", WindowKind.FIELD, "社保窗口", ("81",)),
            Window("W9", WindowKind.ENQUIRY, "咨询台"),
        ),
        facilities=(),
        hours=XILINGOL,
        demo=True,
    )
    return replace(made, **changes)


def terminal() -> Place:
    return place(id=TERMINAL, kind=PlaceKind.TERMINAL, name="自助终端", windows=(), items=(ITEM,))


class AppointmentWorld(f.World):
    """A world with one place, which takes bookings."""

    def __init__(self) -> None:
        super().__init__()
        tickets = MemoryTickets(self.store)
        self.tickets: TicketRepository = tickets
        self.appointments: AppointmentRepository = MemoryAppointments(self.store, tickets)
        self.visits: VisitRepository = MemoryVisits(self.store)
        self.place_store.load([place(), terminal()])
        self.calendar.calendar = packaged()

    def open_for_booking(self, agreed: BookingTerms = TERMS) -> AppointmentWorld:
        receipt = Receipt("booking_terms", agreed.place, 1, (), {})
        self.appointments.set_terms(agreed, at=f.START, expected_version=0, key=None, receipt=receipt)
        return self
