"""What a provider tells later: that a message arrived, or came back. The moment may be the one that counts (H0)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib.domain import messages as rules
from chalicelib.domain.contacts import ContactChannel
from chalicelib.domain.errors import Conflict, NotFound
from chalicelib.domain.messages import Message, Outcome
from chalicelib.domain.webhooks import Signed
from chalicelib.services import messages
from chalicelib.services.message_ports import MessagePorts
from chalicelib.services.ports import Timer

TIMER = "tell"
"""Kind of the timer that sends what a report has left to be sent."""

_TRIES = 4


class Taken(StrEnum):
    """What became of a report."""

    RECORDED = "recorded"
    KNOWN = "known"  # it says nothing new: told before, or overtaken by a proof
    UNKNOWN = "unknown"  # no such message, or not by this provider: nothing to be sent again


@dataclass(frozen=True, slots=True)
class Report:
    """``key`` is the Idempotency-Key under which the message was handed over, ``reference`` the provider's own."""

    key: str
    reference: str
    arrived: bool
    at: datetime


def record(ports: MessagePorts, signed: Signed, report: Report) -> Taken:
    """Record a verified report on its delivery, together with the id of the call. Raises Conflict, Unavailable."""
    channel = ContactChannel(signed.sender)
    message_id, _, contact = report.key.rpartition(".")
    for attempt in range(1, _TRIES + 1):
        before, now = ports.messages.get(message_id), ports.clock.now()
        if before is None or not rules.is_of(before, channel, contact, report.reference):
            return Taken.UNKNOWN
        after = rules.reported(before, channel, contact, report.reference, report.arrived, report.at, now)
        if after is before:
            return Taken.KNOWN
        timers: list[Timer] = []
        if not report.arrived:
            after, timers = _after_failure(ports, after, contact, now)
        try:
            ports.messages.commit(after, expected_version=before.version, signed=signed, timers=timers)
        except Conflict:
            if ports.messages.was_taken(signed):
                return Taken.KNOWN
            if attempt == _TRIES:
                raise
            continue
        return Taken.RECORDED
    raise AssertionError("unreachable: the last attempt returns or raises")


def on_timer(ports: MessagePorts, case_id: str) -> None:
    """Send what is pending of a case's messages. Raises Unavailable to be called again."""
    for message in ports.messages.of_case(case_id):
        if any(delivery.outcome is Outcome.PENDING for delivery in message.deliveries):
            messages.deliver(ports, message)


def _after_failure(ports: MessagePorts, message: Message, contact: str, now: datetime) -> tuple[Message, list[Timer]]:
    """The contact is not used again, and the channel's next one gets the message."""
    with suppress(NotFound):  # removed by its person in the meantime
        messages.give_up(ports, message.subject, contact, now)
    after = rules.fall_back(message, ports.contacts.get(message.subject))
    return after, [Timer(message.case_id, TIMER, now)] if after.pending else []
