"""Telling the applicant: one inbox row for an event, and its deliveries by the channels that they confirmed (H0).

Whatever runs twice finds what was done: the message's id follows from case and event, and each delivery stands in
it with its outcome. A crash between inbox and provider leaves a pending delivery, which the queue brings back.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from chalicelib.domain import contacts as contact_rules
from chalicelib.domain import messages as rules
from chalicelib.domain.actors import Actor
from chalicelib.domain.case_events import EventRecord, ResultDelivered
from chalicelib.domain.cases import Case
from chalicelib.domain.contacts import ContactChannel
from chalicelib.domain.deadlines import legal_day
from chalicelib.domain.errors import Conflict, NotFound, Unavailable
from chalicelib.domain.messages import Delivery, Message, Outcome
from chalicelib.services.filed import item_of
from chalicelib.services.message_ports import MessagePorts, Sent, Undeliverable
from chalicelib.services.ports import Page, Receipt, RequestKey

_TRIES = 4


def tell(ports: MessagePorts, case_id: str, number: int) -> Message | None:
    """Tell the applicant of an event. Doing it again sends only what has not been sent.

    None for an event that nobody is told of. Raises Unavailable while a delivery is to be tried again.
    """
    record = next((r for r in ports.cases.log(case_id, number - 1) if r.number == number), None)
    case = ports.cases.get(case_id)
    if record is None or case is None or record.event.type not in rules.TELLING:
        return None
    if isinstance(record.event, ResultDelivered) and record.event.method == "window":
        _handed_over(ports, record)
    day = legal_day(record.effective_at)
    message_id = rules.id_of_event(case_id, number)
    return deliver(ports, put(ports, case, message_id, record.event.type, {"day": f"{day:%Y-%m-%d}"}))


def put(ports: MessagePorts, case: Case, message_id: str, kind: str, places: dict[str, str]) -> Message:
    """Lay a message into the applicant's inbox, unless it lies there."""
    found = ports.messages.get(message_id)
    if found is not None:
        return found
    item = item_of(ports.catalog, case)
    subject = case.applicant.subject
    where = f"{ports.public_address}/v1/messages/{message_id}"
    english = case.item.name_en or case.item.name
    template = ports.message_texts.template(kind)
    told = {"number": case.number, "item": case.item.name, "item_en": english, "where": where, **places}
    message = rules.post_in(
        Message(
            message_id,
            case.id,
            kind,
            subject,
            rules.compose(template, told),
            ports.clock.now(),
            str(item.told_by),
            deliveries=rules.first_deliveries(ports.contacts.get(subject)),
        )
    )
    try:
        ports.messages.commit(message, expected_version=0)
    except Conflict:
        # The same hint ran beside this one; what it wrote is as good. But only what lies there may be sent.
        beside = ports.messages.get(message_id)
        if beside is None:
            raise
        return beside
    return message


def deliver(ports: MessagePorts, message: Message) -> Message:
    """Send what is pending, each delivery once. Raises Unavailable while something is left to try."""
    tried: set[str] = set()
    while delivery := next((d for d in message.pending if d.contact not in tried), None):
        tried.add(delivery.contact)
        message = _attempt(ports, message, delivery)
    if message.pending:
        raise Unavailable.because("message.provider-unavailable")
    return message


def _attempt(ports: MessagePorts, message: Message, delivery: Delivery) -> Message:
    now = ports.clock.now()
    try:
        sent = _send(ports, message, delivery)
    except NotFound:
        return _change(ports, message.id, lambda m: rules.lost(m, delivery, "removed", now))
    except Undeliverable:
        give_up(ports, message.subject, delivery.contact, now)
        return _change(ports, message.id, lambda m: rules.lost(m, delivery, "refused", now))
    except Unavailable:
        return _change(ports, message.id, lambda m: rules.missed(m, delivery, now))
    return _change(ports, message.id, lambda m: rules.arrived(m, delivery, sent.reference, sent.arrived, now))


def _send(ports: MessagePorts, message: Message, delivery: Delivery) -> Sent:
    # Read at the last moment: who removed a number hears nothing there any more.
    contact = ports.contacts.get(message.subject).find(delivery.contact)
    key = f"{message.id}.{delivery.contact}"
    if delivery.channel is ContactChannel.SMS:
        return ports.sms.send(contact.number, message.text.zh, key)
    if contact.address is None:
        raise AssertionError("unreachable: a contact by post has its address")
    return ports.post.send(contact.address, f"{message.text.zh}\n\n{message.text.en}", key)


def _change(ports: MessagePorts, message_id: str, change: Callable[[Message], Message]) -> Message:
    """Record an outcome on the message as it stands now: the person may have read it in between."""
    for attempt in range(1, _TRIES + 1):
        before = ports.messages.get(message_id)
        if before is None:
            raise NotFound.because("message.not-found")
        after = change(before)
        if any(d.outcome is Outcome.FAILED for d in after.deliveries):
            after = rules.fall_back(after, ports.contacts.get(after.subject))
        if after.version == before.version:
            return after
        try:
            ports.messages.commit(after, expected_version=before.version)
        except Conflict:
            if attempt == _TRIES:
                raise
            continue
        return after
    raise AssertionError("unreachable: the last attempt returns or raises")


def give_up(ports: MessagePorts, subject: str, contact_id: str, now: datetime) -> None:
    """What was sent to this contact is lost for good. Raises NotFound if it was removed, Conflict."""
    book = ports.contacts.get(subject)
    ports.contacts.commit(contact_rules.failed(book, contact_id, now), expected_version=book.version, at=now)


def _handed_over(ports: MessagePorts, record: EventRecord) -> None:
    for message in ports.messages.of_case(record.case_id):
        _change(ports, message.id, lambda m: rules.handed_over(m, record.effective_at))


# -- reading ---------------------------------------------------------------------------------------------


def mine(ports: MessagePorts, actor: Actor, after: str | None, limit: int) -> Page[Message]:
    """The actor's own messages, newest first. Raises Forbidden for whoever is told otherwise."""
    contact_rules.must_be_holder(actor)
    return ports.messages.of(actor.subject, after, limit)


def get(ports: MessagePorts, actor: Actor, message_id: str) -> Message:
    """One of the actor's own messages. Raises NotFound for every other one."""
    contact_rules.must_be_holder(actor)
    found = ports.messages.get(message_id)
    if found is None or found.subject != actor.subject:
        raise NotFound.because("message.not-found")
    return found


def mark_read(ports: MessagePorts, actor: Actor, message_id: str, *, key: RequestKey | None = None) -> Receipt:
    """The person has read it. The first time counts; again is harmless."""
    before = get(ports, actor, message_id)
    after = rules.read(before, ports.clock.now())
    receipt = Receipt("message", after.id, after.version, (), {"state": "read"})
    if after is not before:
        ports.messages.commit(after, expected_version=before.version, key=key, receipt=receipt)
    return receipt
