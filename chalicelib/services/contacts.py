"""A person's contacts: entered, confirmed, removed (H0)."""

from __future__ import annotations

from datetime import datetime

from chalicelib.domain import contacts as rules
from chalicelib.domain import texts
from chalicelib.domain.actors import Actor
from chalicelib.domain.contacts import Contact, ContactBook, ContactChannel, PostalAddress
from chalicelib.domain.errors import Invalid, Unavailable, raise_all
from chalicelib.services.message_ports import MessagePorts, Undeliverable
from chalicelib.services.ports import Receipt, RequestKey

_CODE = "code.sms"


def of(ports: MessagePorts, actor: Actor) -> ContactBook:
    """The actor's own contacts. Raises Forbidden."""
    rules.must_be_holder(actor)
    return ports.contacts.get(actor.subject)


def add(
    ports: MessagePorts,
    actor: Actor,
    *,
    number: str = "",
    address: PostalAddress | None = None,
    key: RequestKey | None = None,
) -> Receipt:
    """Enter a number or an address. A number is sent a code. Raises Forbidden, Invalid, Refused, Conflict.

    The contact stands even if the code could not be sent; another one can be asked for.
    """
    before, now = of(ports, actor), ports.clock.now()
    if bool(number) == (address is not None):
        raise Invalid.because("contact.channel")
    if address is not None:
        words = {"recipient": address.recipient, "address": address.address}
        raise_all(Invalid, texts.violations(words, "/address"))
    channel = ContactChannel.SMS if address is None else ContactChannel.POST
    contact = Contact(ports.ids.new(now), channel, now, number, address)
    book = rules.add(before, contact)
    code = _fresh(ports, now)
    if channel is ContactChannel.SMS:
        book = rules.with_code(book, contact.id, code, now)
    receipt = _receipt(book, contact.id, "unconfirmed")
    ports.contacts.commit(book, expected_version=before.version, at=now, key=key, receipt=receipt)
    if channel is ContactChannel.SMS:
        _send(ports, book, contact, code)
    return receipt


def renew_code(ports: MessagePorts, actor: Actor, contact_id: str, *, key: RequestKey | None = None) -> Receipt:
    """Send another code; the one before no longer counts. Raises NotFound, Forbidden, Refused."""
    before, now = of(ports, actor), ports.clock.now()
    code = _fresh(ports, now)
    book = rules.with_code(before, contact_id, code, now)
    receipt = _receipt(book, contact_id, "unconfirmed")
    ports.contacts.commit(book, expected_version=before.version, at=now, key=key, receipt=receipt)
    _send(ports, book, book.find(contact_id), code)
    return receipt


def confirm(
    ports: MessagePorts, actor: Actor, contact_id: str, *, code: str, correct: bool, key: RequestKey | None = None
) -> Receipt:
    """By the code sent to a number, or by saying that an address is right. Raises NotFound, Invalid, Refused."""
    before, now = of(ports, actor), ports.clock.now()
    if before.find(contact_id).channel is ContactChannel.SMS:
        if not code:
            raise Invalid.because("contact.code-missing", "/code")
        book, wrong = rules.confirm_number(before, contact_id, code, now)
        if wrong is not None:
            # The try is counted before it is refused; a guess that runs beside it is told of the conflict.
            ports.contacts.commit(book, expected_version=before.version, at=now)
            raise wrong
    else:
        book = rules.confirm_address(before, contact_id, correct, now)
    receipt = _receipt(book, contact_id, "confirmed")
    ports.contacts.commit(book, expected_version=before.version, at=now, key=key, receipt=receipt)
    return receipt


def remove(ports: MessagePorts, actor: Actor, contact_id: str, *, key: RequestKey | None = None) -> Receipt:
    """Forget a contact: nothing is sent there any more. Raises NotFound."""
    before, now = of(ports, actor), ports.clock.now()
    book = rules.remove(before, contact_id)
    receipt = _receipt(book, contact_id, "removed")
    ports.contacts.commit(book, expected_version=before.version, at=now, key=key, receipt=receipt)
    return receipt


def _fresh(ports: MessagePorts, now: datetime) -> str:
    return rules.code_from(ports.ids.new(now))


def _send(ports: MessagePorts, book: ContactBook, contact: Contact, code: str) -> None:
    words = ports.message_texts.template(_CODE)
    text = f"{words['zh']} {words['en']}".format(code=code, minutes=int(rules.CODE_LASTS.total_seconds() // 60))
    try:
        ports.sms.send(contact.number, text, f"{contact.id}.{book.version}")
    except (Unavailable, Undeliverable):
        # Without its code the contact shows that none is under way, and the person asks for another.
        bare = rules.without_code(book, contact.id)
        ports.contacts.commit(bare, expected_version=book.version, at=ports.clock.now())


def _receipt(book: ContactBook, contact_id: str, state: str) -> Receipt:
    return Receipt("contact", contact_id, book.version, (), {"state": state})
