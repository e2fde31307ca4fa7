"""What telling people needs from the outside, as Protocols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chalicelib.domain.contacts import ContactBook, PostalAddress
from chalicelib.domain.messages import Message
from chalicelib.domain.webhooks import Signed
from chalicelib.services.ports import Page, Ports, Receipt, RequestKey, Timer


class Undeliverable(Exception):
    """The provider refuses this contact, and will do so tomorrow."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a provider answers: its reference, and whether it already knows that the message arrived."""

    reference: str
    arrived: bool


class SmsPort(Protocol):
    """Sends text messages."""

    def send(self, number: str, text: str, key: str) -> Sent:
        """Send one. ``key`` stays the same when it is tried again.

        Raises Unavailable ``message.provider-unavailable`` when trying again may help, Undeliverable otherwise.
        """
        ...


class PostPort(Protocol):
    """Prints and posts letters."""

    def send(self, address: PostalAddress, text: str, key: str) -> Sent:
        """As ``SmsPort.send``."""
        ...


class ContactRepository(Protocol):
    """Contacts, one book for each person."""

    def get(self, subject: str) -> ContactBook:
        """The book as last committed; an empty one if there is none."""
        ...

    def commit(
        self,
        book: ContactBook,
        *,
        expected_version: int,
        at: datetime,
        key: RequestKey | None = None,
        receipt: Receipt | None = None,
    ) -> None:
        """Write book and receipt in one transaction. Raises Conflict."""
        ...


class MessageRepository(Protocol):
    """Messages, listed for whom they are for."""

    def get(self, message_id: str) -> Message | None: ...

    def commit(
        self,
        message: Message,
        *,
        expected_version: int,
        key: RequestKey | None = None,
        receipt: Receipt | None = None,
        signed: Signed | None = None,
        timers: Sequence[Timer] = (),
    ) -> None:
        """Write message, receipt and timers in one transaction; ``expected_version`` 0 for a new one.

        ``signed``: the call that brought it about, whose id is taken once. Raises Conflict.
        """
        ...

    def was_taken(self, signed: Signed) -> bool:
        """Whether a call with this sender and id has had its effect."""
        ...

    def of(self, subject: str, after: str | None, limit: int) -> Page[Message]:
        """The messages of a person, newest first."""
        ...

    def of_case(self, case_id: str) -> Sequence[Message]: ...


class MessageTexts(Protocol):
    """What messages say."""

    def template(self, kind: str) -> Mapping[str, str]:
        """``{"zh": …, "en": …}`` of an event or reminder."""
        ...


class MessagePorts(Ports, Protocol):
    """The ports of a case, and those of telling."""

    @property
    def contacts(self) -> ContactRepository: ...
    @property
    def messages(self) -> MessageRepository: ...
    @property
    def message_texts(self) -> MessageTexts: ...
    @property
    def sms(self) -> SmsPort: ...
    @property
    def post(self) -> PostPort: ...
    def webhook_secrets(self, sender: str) -> Sequence[bytes]:
        """What calls of a sender (``sms``, ``post``) are signed with; none for one that is not known."""
        ...

    @property
    def public_address(self) -> str:
        """Where the public reaches the API, no slash at the end."""
        ...
