"""Contacts and messages on each of the three stores."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain import contacts as rules
from chalicelib.domain import messages as m
from chalicelib.domain.contacts import Contact, ContactBook, ContactChannel, PostalAddress
from chalicelib.domain.errors import Conflict
from chalicelib.domain.messages import Delivery, Message, Text
from chalicelib.services.ports import Receipt, RequestKey
from chalicelib.storage import tables
from tests import factories as f
from tests import journey

NUMBER = "13800000000"
KEY = RequestKey("5" * 64, "c" * 64)
RECEIPT = Receipt("contact", "c1", 1, (), {"state": "unconfirmed"})


def book(subject: str = "herder") -> ContactBook:
    added = rules.add(ContactBook(subject), Contact("c1", ContactChannel.SMS, f.START, NUMBER))
    home = Contact("c2", ContactChannel.POST, f.START, address=PostalAddress("甲", "某苏木某嘎查1号", "026300"))
    return replace(rules.add(rules.with_code(added, "c1", "123456", f.START), home), version=1)


def message(case_id: str, number: int = 2, **changes: object) -> Message:
    made = Message(
        m.id_of_event(case_id, number),
        case_id,
        "case.submitted",
        "herder",
        Text("收件", "received"),
        f.START + timedelta(seconds=number),
        "inbox_delivered",
        deliveries=(Delivery(ContactChannel.SMS, "c1"),),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_contacts_come_back_as_they_were_written_and_nobody_has_none(world: f.World) -> None:
    assert world.contacts.get("herder") == ContactBook("herder")
    world.contacts.commit(book(), expected_version=0, at=f.START, key=KEY, receipt=RECEIPT)
    assert world.contacts.get("herder") == book()
    stored = world.cases.receipt(KEY.scope)
    assert stored is not None
    assert stored.receipt == RECEIPT
    after = rules.remove(book(), "c1")
    world.contacts.commit(after, expected_version=1, at=f.START)
    assert world.contacts.get("herder") == after


def test_contacts_are_changed_only_as_they_were_read_and_a_key_is_used_once(world: f.World) -> None:
    world.contacts.commit(book(), expected_version=0, at=f.START, key=KEY, receipt=RECEIPT)
    with pytest.raises(Conflict):
        world.contacts.commit(book(), expected_version=0, at=f.START)
    after = rules.remove(book(), "c1")
    with pytest.raises(Conflict):
        world.contacts.commit(after, expected_version=7, at=f.START)
    with pytest.raises(Conflict):
        world.contacts.commit(after, expected_version=1, at=f.START, key=KEY, receipt=RECEIPT)
    assert world.contacts.get("herder") == book()


def test_a_message_is_created_once_and_changed_only_as_it_was_read(world: f.World) -> None:
    case_id = journey.drafted(world)
    assert world.messages.get(m.id_of_event(case_id, 2)) is None
    made = message(case_id)
    world.messages.commit(made, expected_version=0)
    with pytest.raises(Conflict):
        world.messages.commit(made, expected_version=0)
    assert world.messages.get(made.id) == made
    read = m.read(made, f.START + timedelta(hours=1))
    world.messages.commit(read, expected_version=1, key=KEY, receipt=RECEIPT)
    assert world.messages.get(made.id) == read
    with pytest.raises(Conflict):
        world.messages.commit(read, expected_version=1)


@pytest.mark.parametrize("message_id", ["x", "x.", ".", ".00000002", "÷", "a.b.c"])
def test_an_id_that_no_message_has_is_not_there(world: f.World, message_id: str) -> None:
    assert world.messages.get(message_id) is None


def test_messages_are_listed_newest_first_page_by_page_for_their_recipient_and_by_case(world: f.World) -> None:
    case_id = journey.drafted(world)
    for number in range(1, 6):
        world.messages.commit(message(case_id, number), expected_version=0)
    world.messages.commit(message(case_id, 9, subject="other"), expected_version=0)
    first = world.messages.of("herder", None, 3)
    rest = world.messages.of("herder", first.next, 3)
    assert [int(row.slot) for row in [*first.items, *rest.items]] == [5, 4, 3, 2, 1]
    assert rest.next is None
    assert [int(row.slot) for row in world.messages.of_case(case_id)] == [1, 2, 3, 4, 5, 9]
    assert world.messages.of("nobody", None, 3).items == []


@pytest.mark.requirement("H0")
def test_neither_number_nor_text_stands_in_the_table_in_the_clear(world: f.World) -> None:
    if isinstance(world.contacts, type(f.World().contacts)):
        pytest.skip("nothing is sealed in memory")
    case_id = journey.drafted(world)
    world.contacts.commit(book(), expected_version=0, at=f.START)
    world.messages.commit(message(case_id), expected_version=0)
    rows = [
        *tables.Row.query("contacts#herder"),
        *tables.Row.query(f"message#{case_id}"),
    ]
    assert len(rows) == 2
    text = str([row.serialize() for row in rows])
    for secret in (NUMBER, "某苏木", "收件"):
        assert secret not in text


@pytest.mark.parametrize("message_id", ["unknown", "unknown.", ".1", "."])
def test_what_is_no_id_of_a_message_is_absent_in_every_store(world: f.World, message_id: str) -> None:
    assert world.messages.get(message_id) is None
