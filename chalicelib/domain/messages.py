"""What an applicant is told about a case: the inbox row, its deliveries by other channels, and when it counts as told.

One message for each event and case, under an id that follows from both: telling twice leaves one message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from chalicelib.domain.catalog import ToldBy
from chalicelib.domain.contacts import Contact, ContactBook, ContactChannel
from chalicelib.domain.presence import is_provisional

TELLING: tuple[str, ...] = (
    "case.submitted",
    "case.notified",
    "case.accepted",
    "case.not_accepted",
    "case.deemed_accepted",
    "case.correction_lapsed",
    "case.time_extended",
    "case.procedure_started",
    "case.hearing_notified",
    "case.supplemented",
    "case.supplements_checked",
    "case.supplements_lapsed",
    "case.hearing_scheduled",
    "case.fees_assessed",
    "case.granted",
    "case.refused",
    "case.deemed_renewed",
    "case.issued",
    "case.delivered",
    "commitment.fulfilled",
    "commitment.mending_ordered",
    "commitment.found_false",
    "commitment.revoked",
    "commitment.upheld",
    "commitment.kept",
)
"""Events that the applicant is told of. Each has its text in ``data/messages.json``."""

REMINDERS: tuple[str, ...] = (
    "reminder.correction",
    "reminder.expiry",
    "reminder.supplement",
    "reminder.mending",
    "reminder.defence",
)
"""What the applicant is reminded of, before their own dates."""

ATTEMPTS = 4
"""How often a delivery is tried before its contact is given up for this message; the queue tries once more (5)."""


class Outcome(StrEnum):
    """How far a delivery has come."""

    PENDING = "pending"
    SENT = "sent"  # the provider has it; whether it arrived is not known
    DELIVERED = "delivered"
    FAILED = "failed"


_PROOFS = {ToldBy.SMS_DELIVERED: ContactChannel.SMS, ToldBy.POST_DELIVERED: ContactChannel.POST}


@dataclass(frozen=True, slots=True)
class Delivery:
    """One way to one contact. ``reason`` of a failure is a code: refused | unreachable | removed | returned."""

    channel: ContactChannel
    contact: str
    outcome: Outcome = Outcome.PENDING
    attempts: int = 0
    last_at: datetime | None = None
    reference: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """What the message says, in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message. ``kind`` is the event or reminder; ``told_at`` the moment at which the person counts as told."""

    id: str
    case_id: str
    kind: str
    subject: str
    text: Text
    created_at: datetime
    told_by: str
    version: int = 1
    told_at: datetime | None = None
    read_at: datetime | None = None
    deliveries: tuple[Delivery, ...] = ()

    @property
    def slot(self) -> str:
        """The part of the id behind the case."""
        return self.id.removeprefix(f"{self.case_id}.")

    @property
    def pending(self) -> tuple[Delivery, ...]:
        """What has still to be sent."""
        return tuple(d for d in self.deliveries if d.outcome is Outcome.PENDING)


def id_of_event(case_id: str, number: int) -> str:
    """The message about an event."""
    return f"{case_id}.{number:08d}"


def id_of_reminder(case_id: str, kind: str, day: str) -> str:
    """The reminder of a date: another date is another reminder."""
    return f"{case_id}.{kind.rsplit('.', 1)[-1]}-{day}"


def compose(template: Mapping[str, str], places: Mapping[str, str]) -> Text:
    """Fill a template in both languages."""
    return Text(template["zh"].format_map(places), template["en"].format_map(places))


def first_deliveries(book: ContactBook) -> tuple[Delivery, ...]:
    """One delivery for each channel that the person confirmed, to the contact that comes first."""
    first = (next(book.usable(channel), None) for channel in ContactChannel)
    return tuple(Delivery(c.channel, c.id) for c in first if c is not None)


def post_in(message: Message) -> Message:
    """The message lies in the inbox: where the version says that this is enough, the person counts as told.

    Who has no account has no inbox either: they count as told when the paper is handed over.
    """
    reads = not is_provisional(message.subject)
    told = message.created_at if reads and message.told_by == ToldBy.INBOX_DELIVERED else None
    return replace(message, told_at=told)


def read(message: Message, now: datetime) -> Message:
    """The person opened it. The first time counts."""
    if message.read_at is not None:
        return message
    told = message.told_at or (now if message.told_by == ToldBy.INBOX_READ else None)
    return replace(message, version=message.version + 1, read_at=now, told_at=told)


def handed_over(message: Message, at: datetime) -> Message:
    """The paper was handed over; where the version says so, this is the moment of being told."""
    counts = message.told_by == ToldBy.HANDED_OVER or is_provisional(message.subject)
    if not counts or message.told_at is not None:
        return message
    return replace(message, version=message.version + 1, told_at=at)


def arrived(message: Message, delivery: Delivery, reference: str, sure: bool, now: datetime) -> Message:
    """A provider took it; ``sure`` if it also says that it arrived."""
    outcome = Outcome.DELIVERED if sure else Outcome.SENT
    done = replace(delivery, outcome=outcome, attempts=delivery.attempts + 1, last_at=now, reference=reference)
    if not _waits(message, delivery):
        return message
    proof = sure and _proves(message, delivery.channel)
    return replace(_with(message, done), told_at=message.told_at or (now if proof else None))


def _proves(message: Message, channel: ContactChannel) -> bool:
    return _PROOFS.get(ToldBy(message.told_by)) is channel


def _delivery(message: Message, channel: ContactChannel, contact: str) -> Delivery | None:
    return next((d for d in message.deliveries if (d.channel, d.contact) == (channel, contact)), None)


def _waits(message: Message, delivery: Delivery) -> bool:
    """Nothing was recorded of it yet: a report can be faster than the answer to the handing over."""
    present = _delivery(message, delivery.channel, delivery.contact)
    return present is not None and present.outcome is Outcome.PENDING


def is_of(message: Message, channel: ContactChannel, contact: str, reference: str) -> bool:
    """True if a report with this reference is about a delivery of the message."""
    own = _delivery(message, channel, contact)
    # The report may be faster than the answer to the handing over, which brings the reference.
    return own is not None and own.reference in ("", reference)


def reported(
    message: Message, channel: ContactChannel, contact: str, reference: str, arrived: bool, at: datetime, now: datetime
) -> Message:
    """The provider tells later what became of a delivery; the same message if that says nothing new.

    Reports come in any order: that it arrived is a proof and stands, whatever is said after it. ``at`` is the moment
    of arrival and counts as that of being told, as far as it can be true.
    """
    own = _delivery(message, channel, contact)
    if own is None or own.outcome is Outcome.DELIVERED or (own.outcome is Outcome.FAILED and not arrived):
        return message
    if not arrived:
        return _with(message, replace(own, outcome=Outcome.FAILED, reference=reference, reason="returned"))
    done = replace(own, outcome=Outcome.DELIVERED, reference=reference, reason="")
    told = min(max(at, message.created_at), now) if _proves(message, channel) else None
    return replace(_with(message, done), told_at=message.told_at or told)


def missed(message: Message, delivery: Delivery, now: datetime) -> Message:
    """The provider did not answer: tried again, until that has happened often enough."""
    if not _waits(message, delivery):
        return message
    attempts = delivery.attempts + 1
    tried = replace(delivery, attempts=attempts, last_at=now)
    if attempts >= ATTEMPTS:
        tried = replace(tried, outcome=Outcome.FAILED, reason="unreachable")
    return _with(message, tried)


def lost(message: Message, delivery: Delivery, reason: str, now: datetime) -> Message:
    """This contact will never get it."""
    if not _waits(message, delivery):
        return message
    done = replace(delivery, outcome=Outcome.FAILED, attempts=delivery.attempts + 1, last_at=now, reason=reason)
    return _with(message, done)


def fall_back(message: Message, book: ContactBook) -> Message:
    """Where every contact tried of a channel has failed, its next confirmed one gets a delivery of its own.

    The other channel has had its delivery from the beginning.
    """
    tried = {d.contact for d in message.deliveries}
    for channel in ContactChannel:
        own = [d for d in message.deliveries if d.channel is channel]
        if own and all(d.outcome is Outcome.FAILED for d in own):
            following = _next(book.usable(channel), tried)
            if following is not None:
                message = replace(message, deliveries=(*message.deliveries, Delivery(channel, following.id)))
    return message


def _next(contacts: Iterable[Contact], tried: set[str]) -> Contact | None:
    return next((c for c in contacts if c.id not in tried), None)


def _with(message: Message, done: Delivery) -> Message:
    deliveries = tuple(
        done if (d.channel, d.contact) == (done.channel, done.contact) else d for d in message.deliveries
    )
    return replace(message, version=message.version + 1, deliveries=deliveries)
