"""The queue of a place's day in the cases table. Nothing in it says who anybody is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from pynamodb.connection import Connection

from chalicelib.domain.deadlines import end_of
from chalicelib.domain.queueing import Ticket
from chalicelib.services.ports import Receipt, RequestKey
from chalicelib.storage import booking_rows as b
from chalicelib.storage.cases import receipt_row
from chalicelib.storage.codec import dumps, loads
from chalicelib.storage.reading import reading
from chalicelib.storage.transactions import Change

KEEP = timedelta(days=30)


class DynamoTickets:
    """Implements ``appointment_ports.TicketRepository``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @reading
    def queue(self, place: str, day: date) -> Sequence[Ticket]:
        rows = b.TicketRow.query(queue_key(place, day), consistent_read=True)
        return [loads(row.ticket, Ticket) for row in rows]

    def commit(self, ticket: Ticket, *, expected_version: int, key: RequestKey | None, receipt: Receipt) -> None:
        change = Change(self._connection)
        row = ticket_row(ticket)
        if expected_version == 0:
            change.create(row)
        else:
            change.put(row, b.TicketRow.version == expected_version)
        if key:
            change.create(receipt_row(key, receipt, ticket.called_at or ticket.taken_at))
        change.commit()


def ticket_row(ticket: Ticket) -> b.TicketRow:
    """How a ticket is stored."""
    ttl = int((end_of(ticket.day) + KEEP).timestamp())
    pk, sk = queue_key(ticket.place, ticket.day), f"{ticket.number:06d}"
    return b.TicketRow(pk, sk, version=ticket.version, ticket=dumps(ticket), ttl=ttl)


def queue_key(place: str, day: date) -> str:
    """The partition of a place's queue on a day."""
    return f"queue#{place}#{day.isoformat()}"
