"""Telling somebody of what is no case: one message for each event, delivered as those of cases are (H0)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain import messages as rules
from chalicelib.domain.catalog import ToldBy
from chalicelib.domain.deadlines import SHANGHAI
from chalicelib.domain.errors import Conflict
from chalicelib.domain.messages import Message
from chalicelib.services import messages
from chalicelib.services.message_ports import MessagePorts


@dataclass(frozen=True, slots=True)
class About:
    """Which event of what somebody is told of. ``owner``: under whose data key the message is sealed."""

    owner: str
    number: int
    kind: str
    subject: str


def tell(ports: MessagePorts, about: About, places: Mapping[str, str]) -> Message:
    """Lay the message into the inbox, unless it lies there, and deliver it.

    Raises Unavailable as ``deliver``; Conflict when another write was in the way: the hint comes again.
    """
    message_id = rules.id_of_event(about.owner, about.number)
    told = ports.messages.get(message_id)
    if told is None:
        told = rules.post_in(
            Message(
                message_id,
                about.owner,
                about.kind,
                about.subject,
                rules.compose(ports.message_texts.template(about.kind), places),
                ports.clock.now(),
                str(ToldBy.INBOX_DELIVERED),
                deliveries=rules.first_deliveries(ports.contacts.get(about.subject)),
            )
        )
        try:
            ports.messages.commit(told, expected_version=0)
        except Conflict:
            # The same hint ran beside this one; what it wrote is as good. But only what lies there may be sent.
            beside = ports.messages.get(message_id)
            if beside is None:
                raise
            told = beside
    return messages.deliver(ports, told)


def wall_time(at: datetime | None) -> str:
    """A moment as a person reads it."""
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if at else ""
