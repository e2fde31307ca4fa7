"""Appointments in the cases table: one transaction takes the seat, the person's time and the item, or nothing.

A seat is a row that must not exist: two who want the last one are told apart by the store, without lock or counter.
The sealed snapshot alone says who booked; its key ends with it (``ttl``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta

from pynamodb.connection import Connection
from pynamodb.exceptions import DoesNotExist, PutError

from chalicelib.domain.appointments import OPEN, Appointment, AppointmentState, Diary, Held, quarters
from chalicelib.domain.booking_rules import CHANGED, BookingTerms
from chalicelib.domain.deadlines import end_of
from chalicelib.domain.errors import Conflict
from chalicelib.domain.queueing import Ticket
from chalicelib.domain.slots import Seat
from chalicelib.services.ports import Page, Receipt, RequestKey
from chalicelib.storage import booking_rows as b
from chalicelib.storage.cases import announcement, receipt_row
from chalicelib.storage.codec import dumps, instant, loads
from chalicelib.storage.reading import page, reading
from chalicelib.storage.sealing import Key, Safe
from chalicelib.storage.tables import KeyRow, Row
from chalicelib.storage.tickets import ticket_row
from chalicelib.storage.transactions import Change, is_condition_failure

KEEP = timedelta(days=200)
"""How long it is known that somebody booked: as long as a missed appointment may have a consequence."""

KEEP_KEY = KEEP + timedelta(days=40)
"""An appointment may be moved to a later day than the one for which its key was made."""


class DynamoAppointments:
    """Implements ``appointment_ports.AppointmentRepository``."""

    def __init__(self, connection: Connection, safe: Safe) -> None:
        self._connection = connection
        self._safe = safe

    @reading
    def get(self, appointment_id: str) -> Appointment | None:
        try:
            row = b.AppointmentRow.get(*_place_of(appointment_id), consistent_read=True)
        except DoesNotExist:
            return None
        key = self._safe.key(appointment_id)
        return _appointment(row, key) if key else None

    @reading
    def of(self, subject: str, after: str | None, limit: int) -> Page[Appointment]:
        rows, cursor = page(f"appointments#{subject}", after, limit, newest_first=True)
        return Page(self._all([row.lsk for row in rows]), cursor)

    @reading
    def taken(self, place: str, day: date) -> Collection[Seat]:
        return frozenset(_seat(row) for row in self._seats(place, day))

    @reading
    def booked(self, place: str, day: date) -> Sequence[Appointment]:
        return self._all([row.appointment for row in self._seats(place, day)])

    @reading
    def waiting(self, place: str, day: date) -> Sequence[Appointment]:
        rows = b.WaitRow.query(day_key(place, day), b.WaitRow.sk.startswith("wait#"), consistent_read=True)
        return self._all([row.appointment for row in rows])

    def _seats(self, place: str, day: date) -> Iterator[b.SeatRow]:
        return b.SeatRow.query(day_key(place, day), b.SeatRow.sk.startswith("seat#"), consistent_read=True)

    def _all(self, ids: Sequence[str]) -> list[Appointment]:
        keys = self._safe.keys(ids)
        stored = b.AppointmentRow.batch_get([_place_of(i) for i in keys], consistent_read=True)
        found = {a.id: a for a in (_appointment(row, keys[row.pk.removeprefix("appointment#")]) for row in stored)}
        return [found[i] for i in ids if i in found]

    @reading
    def diary(self, subject: str) -> Diary:
        pk = f"booker#{subject}"
        held = b.HeldRow.query(pk, b.HeldRow.sk.startswith("held#"), consistent_read=True)
        items = b.BookedItemRow.query(pk, b.BookedItemRow.sk.startswith("item#"), consistent_read=True)
        return Diary(
            tuple(_held(row) for row in held),
            {row.sk.removeprefix("item#"): datetime.fromisoformat(row.until) for row in items},
        )

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
        change = Change(self._connection)
        sealing = self._sealing(change, appointment, before)
        row = b.AppointmentRow(
            *_place_of(appointment.id),
            lpk=f"appointments#{appointment.booker.subject}",
            lsk=appointment.id,
            version=appointment.version,
            snapshot=sealing.seal(_sealed_for(appointment.version), dumps(appointment)),
            ttl=_ttl(appointment.day, KEEP),
        )
        if before is None:
            change.create(row)
            if agent := appointment.booker.agent:
                ttl = _ttl(appointment.day, KEEP_KEY)
                listing, own = f"appointments#{agent}", appointment.id
                change.create(b.AppointmentAgentRow(f"appointment#{own}", "agent", lpk=listing, lsk=own, ttl=ttl))
        else:
            change.put(row, b.AppointmentRow.version == before.version)
        _occupy(change, appointment, before)
        pk = day_key(appointment.place, appointment.day)
        if appointment.state in OPEN:
            seen = b.PlaceDayRow.pk.does_not_exist() | (b.PlaceDayRow.place_version <= place_version)
            change.check(b.PlaceDayRow, pk, "version", seen)
        if ticket is not None:
            change.create(ticket_row(ticket))
        change.put(announcement(appointment.id, [(appointment.version, appointment.event)], appointment.changed_at))
        if key and receipt:
            change.create(receipt_row(key, receipt, appointment.changed_at))
        change.commit()
        self._safe.keep(sealing)

    @reading
    def _sealing(self, change: Change, appointment: Appointment, before: Appointment | None) -> Key:
        if before is None:
            made = self._safe.new(appointment.id)
            change.create(KeyRow(*_key_place(made), wrapped=made.wrapped, ttl=_ttl(appointment.day, KEEP_KEY)))
            return made
        key = self._safe.key(appointment.id)
        if key is None:
            raise Conflict.because("store.conflict")
        return key

    @reading
    def count_version(self, place: str, day: date, version: int) -> None:
        row = b.PlaceDayRow(day_key(place, day), "version", place_version=version, ttl=_ttl(day, KEEP))
        try:
            row.save(condition=b.PlaceDayRow.pk.does_not_exist() | (b.PlaceDayRow.place_version < version))
        except PutError as error:
            if not is_condition_failure(error):  # a later version counts already
                raise

    @reading
    def terms(self, place: str) -> BookingTerms | None:
        with suppress(DoesNotExist):
            return loads(b.TermsRow.get(f"terms#{place}", "terms", consistent_read=True).terms, BookingTerms)
        return None

    def set_terms(
        self, terms: BookingTerms, *, at: datetime, expected_version: int, key: RequestKey | None, receipt: Receipt
    ) -> None:
        change = Change(self._connection)
        row = b.TermsRow(f"terms#{terms.place}", "terms", version=terms.version, terms=dumps(terms))
        if expected_version == 0:
            change.create(row)
        else:
            change.put(row, b.TermsRow.version == expected_version)
        change.put(announcement(terms.place, [(terms.version, CHANGED)], at, row="#terms"))
        if key:
            change.create(receipt_row(key, receipt, at))
        change.commit()


def day_key(place: str, day: date) -> str:
    """The partition of a place's day: its seats, its waiting list, the version that counts."""
    return f"day#{place}#{day.isoformat()}"


def rows_of(appointment: Appointment) -> list[Row]:
    """What an appointment occupies besides its own row: the seat or a place in the waiting list, the person's time."""
    booker, day = f"booker#{appointment.booker.subject}", day_key(appointment.place, appointment.day)
    own, ttl = appointment.id, _ttl(appointment.day, KEEP)
    found: list[Row] = []
    if appointment.state is AppointmentState.WAITING:
        found.append(b.WaitRow(day, f"wait#{instant(appointment.made_at)}#{own}", appointment=own, ttl=ttl))
    seat, end, missed_at = appointment.seat, appointment.end, appointment.missed_at
    if seat is not None and end is not None and missed_at is not None:
        start = instant(seat.start)
        sk = f"seat#{start}#{seat.window}#{seat.number:03d}"
        found.append(b.SeatRow(day, sk, appointment=own, end=instant(end), ttl=ttl))
        found.append(
            b.HeldRow(
                booker,
                f"held#{start}#{own}",
                appointment=own,
                start=start,
                end=instant(end),
                missed_at=instant(missed_at),
                attended=appointment.state is AppointmentState.CHECKED_IN,
                ttl=ttl,
            )
        )
        for quarter in quarters(seat.start, end):
            found.append(b.QuarterRow(booker, f"quarter#{instant(quarter)}", appointment=own, ttl=ttl))
    if found:
        until = instant(appointment.until)
        sk = f"item#{appointment.errand.item}"
        found.append(b.BookedItemRow(booker, sk, appointment=own, until=until, ttl=ttl))
    return found


def _occupy(change: Change, appointment: Appointment, before: Appointment | None) -> None:
    """Take what the appointment has now and had not before, and give back the rest."""
    now = instant(appointment.changed_at)
    had = {(row.pk, row.sk): row for row in (rows_of(before) if before else ())}
    has = {(row.pk, row.sk): row for row in rows_of(appointment)}
    for place, row in had.items():
        if place not in has:
            change.delete(row)
    for place, row in has.items():
        own = type(row).appointment == appointment.id if place in had else None  # type: ignore[attr-defined]
        if own is not None:
            if row.attribute_values != had[place].attribute_values:
                change.put(row, own)
        elif isinstance(row, b.BookedItemRow):
            # What was booked once and is over stands in nobody's way.
            change.put(row, b.BookedItemRow.pk.does_not_exist() | (b.BookedItemRow.until <= now))
        else:
            change.create(row)


def _ttl(day: date, keep: timedelta) -> int:
    return int((end_of(day) + keep).timestamp())


def _place_of(appointment_id: str) -> tuple[str, str]:
    return f"appointment#{appointment_id}", "appointment"


def _key_place(key: Key) -> tuple[str, str]:
    return key.row.pk, key.row.sk


def _sealed_for(version: int) -> str:
    return f"appointment#{version}"


def _appointment(row: b.AppointmentRow, key: Key) -> Appointment:
    return loads(key.open(_sealed_for(int(row.version)), row.snapshot), Appointment)


def _seat(row: b.SeatRow) -> Seat:
    _, start, place = row.sk.split("#", 2)
    window, _, number = place.rpartition("#")
    return Seat(datetime.fromisoformat(start), window, int(number), datetime.fromisoformat(row.end))


def _held(row: b.HeldRow) -> Held:
    start, end = datetime.fromisoformat(row.start), datetime.fromisoformat(row.end)
    return Held(row.appointment, start, end, datetime.fromisoformat(row.missed_at), bool(row.attended))
