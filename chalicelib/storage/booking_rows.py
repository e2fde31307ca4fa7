"""Rows of appointments in the cases table. Who booked stands in the sealed snapshot; seats and queues do not say."""

from __future__ import annotations

from pynamodb.attributes import BinaryAttribute, BooleanAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.storage.tables import Row


class AppointmentRow(Row, discriminator="appointment"):
    """appointment#<id>/appointment: the snapshot, sealed; listed for whom it is."""

    version = NumberAttribute()
    snapshot = BinaryAttribute(legacy_encoding=False)


class AppointmentAgentRow(Row, discriminator="appointment_agent"):
    """appointment#<id>/agent: lists it for the agent who booked it for somebody."""


class SeatRow(Row, discriminator="seat"):
    """day#<place>#<date>/seat#<start>#<window>#<number>: this seat is taken. It must not exist to be taken."""

    appointment = UnicodeAttribute()
    end = UnicodeAttribute()


class WaitRow(Row, discriminator="wait"):
    """day#<place>#<date>/wait#<since>#<id>: somebody waits for a seat of this day."""

    appointment = UnicodeAttribute()


class PlaceDayRow(Row, discriminator="place_day"):
    """day#<place>#<date>/version: the version of the place that whoever takes a seat must have seen."""

    place_version = NumberAttribute()


class HeldRow(Row, discriminator="held"):
    """booker#<subject>/held#<start>#<id>: what a person has booked, attended or missed."""

    appointment = UnicodeAttribute()
    start = UnicodeAttribute()
    end = UnicodeAttribute()
    missed_at = UnicodeAttribute()
    attended = BooleanAttribute()


class QuarterRow(Row, discriminator="quarter"):
    """booker#<subject>/quarter#<instant>: in this quarter of an hour the person is expected somewhere."""

    appointment = UnicodeAttribute()


class BookedItemRow(Row, discriminator="booked_item"):
    """booker#<subject>/item#<basic code>: the person has booked, or waits for, this item until a moment."""

    appointment = UnicodeAttribute()
    until = UnicodeAttribute()


class TermsRow(Row, discriminator="booking_terms"):
    """terms#<place>/terms: on what terms a place takes bookings."""

    version = NumberAttribute()
    terms = UnicodeAttribute()


class TicketRow(Row, discriminator="ticket"):
    """queue#<place>#<date>/<number>: a number of the day."""

    version = NumberAttribute()
    ticket = UnicodeAttribute()


class VisitRow(Row, discriminator="visit"):
    """visit#<id>/visit: on-site service, sealed; listed for whom it is."""

    version = NumberAttribute()
    snapshot = BinaryAttribute(legacy_encoding=False)


class VisitPlaceRow(Row, discriminator="visit_place"):
    """visit#<id>/place: lists it for the place while it is open."""


class VisitAgentRow(Row, discriminator="visit_agent"):
    """visit#<id>/agent: lists it for the agent who asked for it for somebody."""


class DutyRow(Row, discriminator="duty"):
    """duty#<digest of account or code>/quarter#<instant>: taken by a visit. It must not exist to be taken."""

    visit = UnicodeAttribute()
