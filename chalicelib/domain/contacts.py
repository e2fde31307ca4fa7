"""Where a person wants to be told, besides the inbox: numbers and addresses that they entered and confirmed (H0).

Nothing is sent anywhere before it was confirmed, but the one code that confirms a number. All of a person's contacts
are one object with one version, so that limits on codes hold however many requests come at once.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.domain.actors import Actor, ActorKind
from chalicelib.domain.certificates import masked
from chalicelib.domain.errors import Forbidden, Invalid, NotFound, Refused

CODE_LASTS = timedelta(minutes=10)
CODE_TRIES = 5
CODES_A_DAY = 10
MOST = 6
_ROUNDS = 50_000

HOLDERS = frozenset({ActorKind.PERSON, ActorKind.ORGANISATION})
"""Accounts that apply for something, and so have something to be told."""


class ContactChannel(StrEnum):
    """How somebody is reached. The inbox needs no contact."""

    SMS = "sms"
    POST = "post"


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """Where a letter goes."""

    recipient: str
    address: str
    postcode: str


@dataclass(frozen=True, slots=True)
class Code:
    """The code that was sent to a number: only its digest, when, and how often it was guessed at."""

    digest: str
    sent_at: datetime
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Contact:
    """A number or an address. ``failed_at``: what was sent there last was refused for good."""

    id: str
    channel: ContactChannel
    added_at: datetime
    number: str = ""
    address: PostalAddress | None = None
    confirmed_at: datetime | None = None
    failed_at: datetime | None = None
    code: Code | None = None

    @property
    def usable(self) -> bool:
        """Confirmed, and not known to be dead."""
        return self.confirmed_at is not None and self.failed_at is None

    @property
    def shown(self) -> str:
        """What a list shows: enough to know it again, too little to use it."""
        if self.address is None:
            return f"{self.number[:3]}****{self.number[-4:]}"
        return f"{masked(self.address.recipient)} {self.address.address[:6]}****"


@dataclass(frozen=True, slots=True)
class ContactBook:
    """All contacts of a person, the first of a channel being the one that is used first."""

    subject: str
    version: int = 0
    contacts: tuple[Contact, ...] = ()
    codes_sent: tuple[datetime, ...] = ()

    def usable(self, channel: ContactChannel) -> Iterator[Contact]:
        """The confirmed contacts of a channel, in the order in which they are tried."""
        return (c for c in self.contacts if c.channel is channel and c.usable)

    def find(self, contact_id: str) -> Contact:
        """Raises NotFound."""
        for contact in self.contacts:
            if contact.id == contact_id:
                return contact
        raise NotFound.because("contact.not-found")


def must_be_holder(actor: Actor) -> None:
    """Raises Forbidden for officers, agents and supervisors: they are told through their work, not by messages."""
    if actor.kind not in HOLDERS:
        raise Forbidden.because("contact.applicants-only")


def add(book: ContactBook, contact: Contact) -> ContactBook:
    """Enter a contact, not yet confirmed. Raises Refused for one too many, or one that is there already."""
    if len(book.contacts) >= MOST:
        raise Refused.because("contact.too-many", most=MOST)
    if any((c.number, c.address) == (contact.number, contact.address) for c in book.contacts):
        raise Refused.because("contact.known")
    return replace(book, version=book.version + 1, contacts=(*book.contacts, contact))


def remove(book: ContactBook, contact_id: str) -> ContactBook:
    """Forget a contact. Raises NotFound."""
    gone = book.find(contact_id)
    return replace(book, version=book.version + 1, contacts=tuple(c for c in book.contacts if c is not gone))


def with_code(book: ContactBook, contact_id: str, code: str, now: datetime) -> ContactBook:
    """A fresh code takes the place of an older one. Raises Refused when none is needed, or too many were sent."""
    contact = book.find(contact_id)
    if contact.channel is not ContactChannel.SMS or contact.confirmed_at is not None:
        raise Refused.because("contact.no-code-needed")
    today = tuple(at for at in book.codes_sent if at > now - timedelta(days=1))
    if len(today) >= CODES_A_DAY:
        raise Refused.because("contact.too-many-codes", most=CODES_A_DAY)
    return replace(_with(book, replace(contact, code=Code(_digest(contact.id, code), now))), codes_sent=(*today, now))


def without_code(book: ContactBook, contact_id: str) -> ContactBook:
    """The code did not leave the house."""
    return _with(book, replace(book.find(contact_id), code=None))


def confirm_number(book: ContactBook, contact_id: str, code: str, now: datetime) -> tuple[ContactBook, Refused | None]:
    """Judge a code. A wrong one changes the book too: it counts as a try, and is refused once that is stored.

    Raises Refused at once when there is no code that could be right.
    """
    contact = book.find(contact_id)
    if contact.confirmed_at is not None:
        raise Refused.because("contact.confirmed")
    sent = contact.code
    if sent is None or now >= sent.sent_at + CODE_LASTS:
        raise Refused.because("contact.code-expired", "/code")
    if sent.tries >= CODE_TRIES:
        raise Refused.because("contact.code-used-up", "/code")
    if not hmac.compare_digest(sent.digest, _digest(contact.id, code)):
        tried = replace(sent, tries=sent.tries + 1)
        wrong = Refused.because("contact.code-wrong", "/code", left=CODE_TRIES - tried.tries)
        return _with(book, replace(contact, code=tried)), wrong  # type: ignore[return-value]
    return _with(book, replace(contact, code=None, confirmed_at=now)), None


def confirm_address(book: ContactBook, contact_id: str, correct: bool, now: datetime) -> ContactBook:
    """The person says that the address, shown to them once more, is right. Raises Invalid, Refused."""
    contact = book.find(contact_id)
    if contact.confirmed_at is not None:
        raise Refused.because("contact.confirmed")
    if not correct:
        raise Invalid.because("contact.confirmation-missing", "/correct")
    return _with(book, replace(contact, confirmed_at=now))


def failed(book: ContactBook, contact_id: str, now: datetime) -> ContactBook:
    """What was sent there was refused for good: shown to the person, and not used again."""
    return _with(book, replace(book.find(contact_id), failed_at=now))


def code_from(chance: str) -> str:
    """Six digits from a fresh id: its 80 bits of chance, not its time, which anybody can guess."""
    return f"{int.from_bytes(hashlib.sha256(chance.encode()).digest()[:8]) % 1_000_000:06d}"


def _with(book: ContactBook, contact: Contact) -> ContactBook:
    contacts = tuple(contact if c.id == contact.id else c for c in book.contacts)
    return replace(book, version=book.version + 1, contacts=contacts)


def _digest(contact_id: str, code: str) -> str:
    # Slow on purpose: there are only a million codes.
    return hashlib.pbkdf2_hmac("sha256", code.encode(), contact_id.encode(), _ROUNDS).hex()
