"""Whoever writes to the table past our code, with every right, is found out: the first bad event is named (G1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from chalicelib.domain.deadlines import legal_day
from chalicelib.domain.log_chain import Fault, Finding, link
from chalicelib.services import anchors, audit, certificates
from chalicelib.services.log_ports import Damaged
from chalicelib.storage import tables
from chalicelib.storage.authorities import DynamoAuthorities
from chalicelib.storage.case_logs import DynamoCaseLogs
from chalicelib.storage.cases import DynamoCases, event_place
from chalicelib.storage.certificates import DynamoCertificates
from chalicelib.storage.sealing import Safe
from infra.local import emulator
from tests import factories as f
from tests import journey

Row = dict[str, Any]


@dataclass
class Intruder:
    """Reads and writes rows of one case as they are. ``last`` is the number of the last event."""

    client: Any
    table: str
    case_id: str
    other: str  # a second case, whole
    vault: f.FakeVault

    @property
    def last(self) -> int:
        return len(self.events())

    def get(self, sk: str, case_id: str = "") -> Row:
        key = {"pk": {"S": f"case#{case_id or self.case_id}"}, "sk": {"S": sk}}
        row: Row = self.client.get_item(TableName=self.table, Key=key, ConsistentRead=True)["Item"]
        return row

    def put(self, row: Row, **changes: Any) -> None:
        self.client.put_item(TableName=self.table, Item={**row, **changes})

    def delete(self, sk: str) -> None:
        self.client.delete_item(TableName=self.table, Key={"pk": {"S": f"case#{self.case_id}"}, "sk": {"S": sk}})

    def event(self, number: int, case_id: str = "") -> Row:
        return self.get(event_place(number), case_id)

    def events(self) -> list[Row]:
        found: list[Row] = self.client.query(
            TableName=self.table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
            ExpressionAttributeValues={":pk": {"S": f"case#{self.case_id}"}, ":sk": {"S": "event#"}},
        )["Items"]
        return found

    def hash_anew(self, payloads: list[bytes]) -> None:
        """The chain of these payloads, with the rows of case and head to fit: whole in itself."""
        model = self.event(1)
        previous = ""
        for number, payload in enumerate(payloads, start=1):
            own = link(previous, payload)
            self.put(
                model,
                sk={"S": event_place(number)},
                payload={"B": payload},
                prev_hash={"S": previous},
                hash={"S": own},
            )
            previous = own
        for surplus in range(len(payloads) + 1, self.last + 1):
            self.delete(event_place(surplus))
        for sk in ("case", "head"):
            self.put(self.get(sk), version={"N": str(len(payloads))}, log_head={"S": previous})

    def payloads(self) -> list[bytes]:
        return [row["payload"]["B"] for row in self.events()]

    def wrapped(self) -> bytes:
        key = {"pk": {"S": f"key#{self.case_id}"}, "sk": {"S": "key"}}
        wrapped: bytes = self.client.get_item(TableName=self.table, Key=key)["Item"]["wrapped"]["B"]
        return wrapped


@pytest.fixture
def world(aws: Any) -> f.World:
    made = f.World()
    connection = tables.bind(aws.cases, aws.region)
    vault = f.FakeVault()
    safe = Safe(lambda: vault)
    made.cases = DynamoCases(connection, safe)  # type: ignore[assignment]
    made.logs = DynamoCaseLogs(connection, safe)  # type: ignore[assignment]
    made.authorities = DynamoAuthorities(connection, safe)  # type: ignore[assignment]
    made.certificates = DynamoCertificates(safe)  # type: ignore[assignment]
    made.vault = vault  # type: ignore[attr-defined]
    return made


@pytest.fixture
def intruder(world: f.World, aws: Any) -> Intruder:
    """A case whose whole life was anchored in the night after."""
    case_id, other = journey.granted(world), journey.granted(world)
    certificates.issue(world, case_id)
    world.clock.advance(days=1)
    anchors.anchor_what_is_due(world)
    return Intruder(emulator.client("dynamodb"), aws.cases, case_id, other, world.vault)  # type: ignore[attr-defined]


def other_bytes(payload: bytes) -> bytes:
    return payload[:-1] + bytes([payload[-1] ^ 1])


def edit_a_payload(i: Intruder) -> None:
    row = i.event(3)
    i.put(row, payload={"B": other_bytes(row["payload"]["B"])})


def edit_a_hash(i: Intruder) -> None:
    i.put(i.event(3), hash={"S": "0" * 64})


def edit_a_previous_hash(i: Intruder) -> None:
    i.put(i.event(3), prev_hash={"S": "0" * 64})


def delete_one(i: Intruder) -> None:
    i.delete(event_place(3))


def delete_the_first(i: Intruder) -> None:
    i.delete(event_place(1))


def swap_two_payloads(i: Intruder) -> None:
    third, fourth = i.event(3), i.event(4)
    i.put(third, payload=fourth["payload"])
    i.put(fourth, payload=third["payload"])


def swap_two_rows(i: Intruder) -> None:
    third, fourth = i.event(3), i.event(4)
    i.put(third, sk=fourth["sk"])
    i.put(fourth, sk=third["sk"])


def insert_one(i: Intruder) -> None:
    rows = i.events()
    for row in reversed(rows[2:]):
        i.put(row, sk={"S": event_place(int(row["sk"]["S"].removeprefix("event#")) + 1)})
    payload = b"\x00{}"
    previous = rows[1]["hash"]["S"]
    i.put(rows[2], payload={"B": payload}, prev_hash={"S": previous}, hash={"S": link(previous, payload)})


def repeat_one(i: Intruder) -> None:
    i.put(i.event(2), sk={"S": event_place(3)})


def append_one(i: Intruder) -> None:
    last, payload = i.event(i.last), b"\x00{}"
    own = link(last["hash"]["S"], payload)
    i.put(last, sk={"S": event_place(i.last + 1)}, payload={"B": payload}, prev_hash=last["hash"], hash={"S": own})


def put_one_beside_the_numbers(i: Intruder) -> None:
    i.put(i.event(3), sk={"S": "event#00000003x"})


def cut_the_end_off(i: Intruder) -> None:
    i.delete(event_place(i.last))


def cut_the_end_off_and_mend_the_rows(i: Intruder) -> None:
    i.hash_anew(i.payloads()[:-2])


def edit_and_hash_anew(i: Intruder) -> None:
    payloads = i.payloads()
    payloads[2] = other_bytes(payloads[2])
    i.hash_anew(payloads)


def edit_seal_and_hash_anew(i: Intruder) -> None:
    """With the data key in hand: what stands there opens, but is not what was anchored."""
    payloads, wrapped = i.payloads(), i.wrapped()
    plain = i.vault.open(i.case_id, wrapped, event_place(3), payloads[2][1:])
    payloads[2] = b"\x01" + i.vault.seal(i.case_id, wrapped, event_place(3), plain)
    i.hash_anew(payloads)


def take_anothers_and_hash_anew(i: Intruder) -> None:
    payloads = i.payloads()
    payloads[2] = i.event(3, i.other)["payload"]["B"]
    i.hash_anew(payloads)


def swap_and_hash_anew(i: Intruder) -> None:
    payloads = i.payloads()
    payloads[2], payloads[3] = payloads[3], payloads[2]
    i.hash_anew(payloads)


def drop_and_hash_anew(i: Intruder) -> None:
    payloads = i.payloads()
    i.hash_anew([*payloads[:2], *payloads[3:]])


def edit_the_head_of_the_case(i: Intruder) -> None:
    i.put(i.get("case"), log_head={"S": "0" * 64})


def bring_an_old_case_back(i: Intruder) -> None:
    i.put(i.get("case"), version={"N": "4"}, log_head=i.event(4)["hash"])


def hide_from_the_anchor(i: Intruder) -> None:
    i.delete("head")


def delete_the_row_of_the_case(i: Intruder) -> None:
    i.delete("case")


def delete_everything(i: Intruder) -> None:
    for row in i.events():
        i.delete(row["sk"]["S"])
    i.delete("case")
    i.delete("head")


# What was done, and what is found with the data keys at hand and without: the fault, and between which events it lies
# (n is the last one). Without keys a log that was hashed anew shows only against the anchor, which names a range.
TAMPERING: list[tuple[Callable[[Intruder], None], str, str]] = [
    (edit_a_payload, "altered 3", "altered 3"),
    (edit_a_hash, "altered 3", "altered 3"),
    (edit_a_previous_hash, "broken 3", "broken 3"),
    (delete_one, "missing 3", "missing 3"),
    (delete_the_first, "missing 1", "missing 1"),
    (swap_two_payloads, "altered 3", "altered 3"),
    (swap_two_rows, "broken 3", "broken 3"),
    (insert_one, "foreign 3", "broken 4"),
    (repeat_one, "broken 3", "broken 3"),
    (append_one, "foreign n+1", "surplus n+1"),
    (put_one_beside_the_numbers, "surplus 4", "surplus 4"),
    (cut_the_end_off, "truncated n", "truncated n"),
    (cut_the_end_off_and_mend_the_rows, "truncated n-1", "truncated 1 n-1"),
    (edit_and_hash_anew, "foreign 3", "rewritten 1 n"),
    (edit_seal_and_hash_anew, "rewritten 1 n", "rewritten 1 n"),
    (take_anothers_and_hash_anew, "foreign 3", "rewritten 1 n"),
    (swap_and_hash_anew, "foreign 3", "rewritten 1 n"),
    (drop_and_hash_anew, "foreign 3", "truncated 1 n"),
    (edit_the_head_of_the_case, "row n", "row n"),
    (bring_an_old_case_back, "surplus 5", "surplus 5"),
    (hide_from_the_anchor, "row n", "row n"),
    (delete_the_row_of_the_case, "row n", "row n"),
    (delete_everything, "gone 1", "gone 1"),
]


def expected(text: str, case_id: str, n: int) -> Finding:
    fault, *places = text.split()
    numbers = [{"n": n, "n-1": n - 1, "n+1": n + 1}.get(place) or int(place) for place in places]
    return Finding(case_id, Fault(fault), numbers[0], numbers[-1])


@pytest.mark.requirement("G1")
@pytest.mark.parametrize("keys", [True, False], ids=["with keys", "without keys"])
@pytest.mark.parametrize(("tamper", "with_keys", "without"), TAMPERING, ids=[row[0].__name__ for row in TAMPERING])
def test_tampering_is_found_and_the_first_bad_event_is_named(
    world: f.World,
    intruder: Intruder,
    tamper: Callable[[Intruder], None],
    with_keys: str,
    without: str,
    keys: bool,
) -> None:
    assert audit.verify_case(world, intruder.case_id, with_keys=keys).finding is None
    last = intruder.last
    tamper(intruder)
    verdict = audit.verify_case(world, intruder.case_id, with_keys=keys)
    assert verdict.finding == expected(with_keys if keys else without, intruder.case_id, last)
    assert audit.verify_case(world, intruder.other, with_keys=keys).is_whole


@pytest.mark.requirement("G1")
def test_a_day_is_whole_until_one_of_its_logs_is_not(world: f.World, intruder: Intruder) -> None:
    day = legal_day(f.START)
    whole = audit.verify_day(world, day)
    assert whole.is_whole
    assert sorted(case.case_id for case in whole.cases) == [intruder.case_id, intruder.other]
    edit_and_hash_anew(intruder)
    found = [case.finding for case in audit.verify_day(world, day).cases if case.finding]
    assert found == [Finding(intruder.case_id, Fault.FOREIGN, 3, 3)]


def test_what_was_done_before_the_night_shows_only_with_the_keys(world: f.World) -> None:
    """The limit of the anchor, said plainly: until the first night the chain rests on the data key alone."""
    case_id = journey.granted(world)
    client = emulator.client("dynamodb")
    early = Intruder(client, tables.Row.Meta.table_name, case_id, "", world.vault)  # type: ignore[attr-defined]
    edit_and_hash_anew(early)
    assert audit.verify_case(world, case_id, with_keys=False).finding is None
    assert audit.verify_case(world, case_id).finding == Finding(case_id, Fault.FOREIGN, 3, 3)


def test_what_was_not_sealed_for_its_place_is_never_shown(world: f.World, intruder: Intruder) -> None:
    """A forged event or snapshot reaches nobody: reading stops instead."""
    assert len(list(world.cases.log(intruder.case_id))) == intruder.last
    row = intruder.event(3)
    for forged in (b"\x00{}", b"\x01" + b"x" * 40, b"", intruder.event(2)["payload"]["B"]):
        intruder.put(row, payload={"B": forged})
        with pytest.raises(Damaged):
            list(world.cases.log(intruder.case_id))
    case = intruder.get("case")
    for changes in ({"snapshot": {"B": b"\x00{}"}}, {"version": {"N": "4"}}):
        intruder.put(case, **changes)
        with pytest.raises(Damaged):
            world.cases.get(intruder.case_id)
