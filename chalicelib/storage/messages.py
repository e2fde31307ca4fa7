"""Contacts and messages in the cases table, both sealed.

A person's contacts have a key of their own; what they were told about a case is sealed under the case's key, and is
gone with it when the case is erased.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pynamodb.connection import Connection
from pynamodb.exceptions import DoesNotExist

from chalicelib.domain.contacts import ContactBook
from chalicelib.domain.errors import Conflict
from chalicelib.domain.messages import Message
from chalicelib.domain.webhooks import KEPT, Signed
from chalicelib.services.ports import Page, Receipt, RequestKey, Timer
from chalicelib.storage import tables as t
from chalicelib.storage.cases import receipt_row, timer_row
from chalicelib.storage.codec import dumps, instant, loads
from chalicelib.storage.reading import page, reading
from chalicelib.storage.sealing import Key, Safe
from chalicelib.storage.transactions import Change


class DynamoContacts:
    """Implements ``message_ports.ContactRepository``."""

    def __init__(self, connection: Connection, safe: Safe) -> None:
        self._connection = connection
        self._safe = safe

    @reading
    def get(self, subject: str) -> ContactBook:
        try:
            row = t.ContactsRow.get(f"contacts#{subject}", "contacts", consistent_read=True)
        except DoesNotExist:
            return ContactBook(subject)
        key = self._safe.key(_owner(subject))
        return loads(key.open(_place(int(row.version)), row.snapshot), ContactBook) if key else ContactBook(subject)

    def commit(
        self,
        book: ContactBook,
        *,
        expected_version: int,
        at: datetime,
        key: RequestKey | None = None,
        receipt: Receipt | None = None,
    ) -> None:
        change = Change(self._connection)
        owner = _owner(book.subject)
        # A first commit that lost a race is refused with the key that it made, and nothing was sealed under it.
        sealing = self._safe.new(owner) if expected_version == 0 else self._read_key(owner)
        row = t.ContactsRow(
            f"contacts#{book.subject}",
            "contacts",
            version=book.version,
            snapshot=sealing.seal(_place(book.version), dumps(book)),
        )
        if expected_version == 0:
            change.create(row)
            change.create(sealing.row)
        else:
            change.put(row, t.ContactsRow.version == expected_version)
        if key and receipt:
            change.create(receipt_row(key, receipt, at))
        change.commit()
        self._safe.keep(sealing)

    @reading
    def _read_key(self, owner: str) -> Key:
        return _must_be(self._safe.key(owner))


class DynamoMessages:
    """Implements ``message_ports.MessageRepository``. What was told about a case that was erased is gone."""

    def __init__(self, connection: Connection, safe: Safe) -> None:
        self._connection = connection
        self._safe = safe

    @reading
    def get(self, message_id: str) -> Message | None:
        case_id, _, slot = message_id.partition(".")
        if not slot:
            return None  # DynamoDB refuses to look for an empty key
        try:
            row = t.MessageRow.get(f"message#{case_id}", slot, consistent_read=True)
        except DoesNotExist:
            return None
        key = self._safe.key(case_id)
        return _message(row, key) if key else None

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
        change = Change(self._connection)
        sealing = self._read_key(message.case_id)
        row = t.MessageRow(
            f"message#{message.case_id}",
            message.slot,
            lpk=f"messages#{message.subject}",
            lsk=f"{instant(message.created_at)}#{message.id}",
            version=message.version,
            snapshot=sealing.seal(_slot(message.slot, message.version), dumps(message)),
        )
        if expected_version == 0:
            change.create(row)
        else:
            change.put(row, t.MessageRow.version == expected_version)
        if key and receipt:
            change.create(receipt_row(key, receipt, message.read_at or message.created_at))
        if signed:
            ttl = int((signed.at + KEPT).timestamp())
            change.create(t.WebhookRow(_call(signed), "webhook", ttl=ttl))
        for timer in timers:
            change.put(timer_row(timer))
        change.commit()

    @reading
    def was_taken(self, signed: Signed) -> bool:
        try:
            t.WebhookRow.get(_call(signed), "webhook", consistent_read=True)
        except DoesNotExist:
            return False
        return True

    @reading
    def _read_key(self, case_id: str) -> Key:
        return _must_be(self._safe.key(case_id))

    @reading
    def of(self, subject: str, after: str | None, limit: int) -> Page[Message]:
        rows, cursor = page(f"messages#{subject}", after, limit, newest_first=True)
        places = [(row.pk, row.sk) for row in rows]
        # The index may lag behind: whoever has just read a message must not see it unread.
        found = {m.id: m for m in self._opened(list(t.MessageRow.batch_get(places, consistent_read=True)))}
        ids = [f"{pk.removeprefix('message#')}.{sk}" for pk, sk in places]
        return Page([found[i] for i in ids if i in found], cursor)

    @reading
    def of_case(self, case_id: str) -> Sequence[Message]:
        return self._opened(list(t.MessageRow.query(f"message#{case_id}", consistent_read=True)))

    def _opened(self, rows: Sequence[t.MessageRow]) -> list[Message]:
        keys = self._safe.keys(row.pk.removeprefix("message#") for row in rows) if rows else {}
        pairs = ((row, keys.get(row.pk.removeprefix("message#"))) for row in rows)
        return [_message(row, key) for row, key in pairs if key]


def _call(signed: Signed) -> str:
    return f"webhook#{signed.sender}#{signed.id}"


def _owner(subject: str) -> str:
    return f"contacts-{subject}"


def _place(version: int) -> str:
    return f"contacts#{version}"


def _slot(slot: str, version: int) -> str:
    return f"message#{slot}#{version}"


def _message(row: t.MessageRow, key: Key) -> Message:
    return loads(key.open(_slot(row.sk, int(row.version)), row.snapshot), Message)


def _must_be(key: Key | None) -> Key:
    if key is None:
        raise Conflict.because("store.conflict")
    return key
