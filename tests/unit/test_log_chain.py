"""The chain, the tree and the first fault, computed from made-up bytes."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.log_chain import (
    EMPTY,
    Anchored,
    Fault,
    Finding,
    Head,
    StoredEvent,
    StoredLog,
    first_fault,
    leaf,
    link,
    merkle_root,
)
from tests import work

CASE = "01J0000000000000000000CASE"


def log_of(length: int, case: str = CASE) -> StoredLog:
    events: list[StoredEvent] = []
    previous = ""
    for number in range(1, length + 1):
        payload = f"{case} {number}".encode()
        own = link(previous, payload)
        events.append(StoredEvent(number, payload, previous, own))
        previous = own
    head = Head(case, length, previous)
    return StoredLog(case, head, head, events)


def anchored(log: StoredLog, *versions: int) -> list[Anchored]:
    return [Anchored(f"2026-03-{v:02d}", Head(CASE, v, log.events[v - 1].hash)) for v in versions]


def test_a_link_covers_the_hash_before_and_the_payload() -> None:
    assert link("ab", b"\x00x") == hashlib.sha256(b"ab\n\x00x").hexdigest()


@pytest.mark.parametrize("length", [1, 2, 9])
def test_a_whole_log_has_no_fault(length: int) -> None:
    log = log_of(length)
    assert first_fault(log, anchored(log, 1, length), lambda event: True) is None


@given(st.integers(1, 12), st.data())
def test_whatever_byte_is_changed_the_first_bad_event_is_named(length: int, data: st.DataObject) -> None:
    log = log_of(length)
    at = data.draw(st.integers(1, length))
    event = log.events[at - 1]
    place = data.draw(st.integers(0, len(event.payload) - 1))
    payload = bytearray(event.payload)
    payload[place] ^= data.draw(st.integers(1, 255))
    events = [*log.events[: at - 1], replace(event, payload=bytes(payload)), *log.events[at:]]
    assert first_fault(replace(log, events=events)) == Finding(CASE, Fault.ALTERED, at, at)


@given(st.integers(3, 12), st.data())
def test_a_log_hashed_anew_differs_between_the_last_anchor_that_agrees_and_the_first_that_does_not(
    length: int, data: st.DataObject
) -> None:
    log = log_of(length)
    at = data.draw(st.integers(1, length))
    nights = sorted(data.draw(st.sets(st.integers(1, length), min_size=1)))
    events: list[StoredEvent] = list(log.events[: at - 1])
    previous = events[-1].hash if events else ""
    for event in log.events[at - 1 :]:
        payload = event.payload + b"!" if event.number == at else event.payload
        events.append(StoredEvent(event.number, payload, previous, link(previous, payload)))
        previous = events[-1].hash
    head = Head(CASE, length, previous)
    found = first_fault(StoredLog(CASE, head, head, events), anchored(log, *nights))
    later = [night for night in nights if night >= at]
    if not later:
        assert found is None  # nobody anchored what came after: this is what the nightly anchor narrows down
    else:
        agreed = max((night for night in nights if night < at), default=0)
        assert found == Finding(CASE, Fault.REWRITTEN, agreed + 1, later[0])
        assert found.event <= at <= found.until


def test_a_fault_that_is_known_exactly_within_the_range_of_an_anchor_is_the_one_named() -> None:
    log = log_of(6)
    other = [Anchored("2026-03-02", Head(CASE, 5, "0" * 64))]
    assert first_fault(log, other) == Finding(CASE, Fault.REWRITTEN, 1, 5)
    assert first_fault(log, other, lambda event: event.number != 3) == Finding(CASE, Fault.FOREIGN, 3, 3)
    assert first_fault(log, other, lambda event: event.number != 6) == Finding(CASE, Fault.REWRITTEN, 1, 5)


def test_a_finding_says_where() -> None:
    assert str(Finding("x", Fault.ALTERED, 3, 3)) == "x: altered at event 3"
    assert str(Finding("x", Fault.REWRITTEN, 1, 5)) == "x: rewritten at events 1 to 5"


@pytest.mark.requirement("G1")
def test_a_hundred_thousand_events_are_verified_in_one_pass() -> None:
    """A hundred times as many are a hundred times the work."""
    few, many = log_of(1_000), log_of(100_000)
    assert first_fault(many, anchored(many, 1)) is None
    each = work.calls(lambda: first_fault(few, anchored(few, 1))) / 1_000
    assert work.calls(lambda: first_fault(many, anchored(many, 1))) <= 100_000 * each


# -- the tree ----------------------------------------------------------------------------------------------


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_the_tree_is_that_of_rfc_9162() -> None:
    a, b, c = (sha(letter) for letter in (b"a", b"b", b"c"))

    def node(left: str, right: str) -> str:
        return sha(b"\x01" + bytes.fromhex(left) + bytes.fromhex(right))

    assert merkle_root([]) == EMPTY == sha(b"")
    assert merkle_root([a]) == a
    assert merkle_root([a, b]) == node(a, b)
    assert merkle_root([a, b, c]) == node(node(a, b), c)


def test_a_leaf_is_no_node_and_names_case_version_and_head() -> None:
    assert leaf(Head("c", 7, "ff")) == sha(b"\x00c\n7\nff")


@given(st.lists(st.integers(0, 50), min_size=1, max_size=20, unique=True), st.data())
def test_any_changed_head_changes_the_root(numbers: list[int], data: st.DataObject) -> None:
    heads = [Head(str(number), 1, "ab") for number in numbers]
    at = data.draw(st.integers(0, len(heads) - 1))
    changed = [*heads[:at], replace(heads[at], version=2), *heads[at + 1 :]]
    assert merkle_root([leaf(h) for h in heads]) != merkle_root([leaf(h) for h in changed])
