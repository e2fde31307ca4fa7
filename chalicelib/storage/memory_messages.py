"""In-memory twins of contacts and messages, over the same store as the case side's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from chalicelib.domain.contacts import ContactBook
from chalicelib.domain.errors import Conflict
from chalicelib.domain.messages import Message
from chalicelib.domain.webhooks import Signed
from chalicelib.services.ports import Page, Receipt, RequestKey, Timer
from chalicelib.storage.codec import dumps, instant, loads
from chalicelib.storage.memory import MemoryStore


class MemoryContacts:
    """Twin of ``storage.messages.DynamoContacts``."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.books: dict[str, str] = {}

    def get(self, subject: str) -> ContactBook:
        stored = self.books.get(subject)
        return loads(stored, ContactBook) if stored else ContactBook(subject)

    def commit(
        self,
        book: ContactBook,
        *,
        expected_version: int,
        at: datetime,
        key: RequestKey | None = None,
        receipt: Receipt | None = None,
    ) -> None:
        if self.get(book.subject).version != expected_version:
            raise Conflict.because("store.conflict")
        self.store.refuse_used(key)
        self.books[book.subject] = dumps(book)
        self.store.keep(key, receipt)


class MemoryMessages:
    """Twin of ``storage.messages.DynamoMessages``."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.texts: dict[str, str] = {}
        self.calls: set[tuple[str, str]] = set()

    def get(self, message_id: str) -> Message | None:
        stored = self.texts.get(message_id)
        return loads(stored, Message) if stored else None

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
        stored = self.get(message.id)
        if (stored.version if stored else 0) != expected_version:
            raise Conflict.because("store.conflict")
        self.store.refuse_used(key)
        if signed and self.was_taken(signed):
            raise Conflict.because("store.conflict")
        self.texts[message.id] = dumps(message)
        self.store.keep(key, receipt)
        if signed:
            self.calls.add((signed.sender, signed.id))
        for timer in timers:
            self.store.timers[timer.case_id, timer.kind] = timer

    def was_taken(self, signed: Signed) -> bool:
        return (signed.sender, signed.id) in self.calls

    def of(self, subject: str, after: str | None, limit: int) -> Page[Message]:
        own = [m for m in self._all() if m.subject == subject]
        ordered = sorted(own, key=_position, reverse=True)
        rows = [m for m in ordered if after is None or _position(m) < after]
        return Page(rows[:limit], _position(rows[limit - 1]) if len(rows) > limit else None)

    def of_case(self, case_id: str) -> Sequence[Message]:
        return sorted((m for m in self._all() if m.case_id == case_id), key=lambda m: m.id)

    def _all(self) -> list[Message]:
        return [loads(text, Message) for text in self.texts.values()]


def _position(message: Message) -> str:
    return f"{instant(message.created_at)}#{message.id}"
