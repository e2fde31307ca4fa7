"""The hash chain of a case's log, and how a log that was tampered with shows it (G1).

Each event's hash covers the hash before it and the payload *as stored*, which is sealed: the chain can be verified
without the data keys, and still holds when a key was destroyed. Cutting the tail off, or hashing everything
anew, leaves a chain that holds in itself; both show against what was anchored outside the table.

Everything here is computed from bytes; nothing is read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


def link(previous: str, stored: bytes) -> str:
    """The hash of an event: over the hash before it and its payload as stored, in hexadecimals."""
    return hashlib.sha256(previous.encode() + b"\n" + stored).hexdigest()


@dataclass(frozen=True, slots=True)
class Head:
    """How far a log goes: the number of its last event, and that event's hash."""

    case_id: str
    version: int
    log_head: str


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it stands in the table. ``number`` is 0 where the key does not say one."""

    number: int
    payload: bytes
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class StoredLog:
    """All that is stored of one case's log. ``head`` is what the case's row says, ``marked`` what the anchor will take.

    Either is None when its row is gone.
    """

    case_id: str
    head: Head | None
    marked: Head | None
    events: Sequence[StoredEvent]


class Fault(StrEnum):
    """What is wrong with a log."""

    ALTERED = "altered"  # payload or hash is not what it was
    BROKEN = "broken"  # does not follow from the event before it
    MISSING = "missing"  # a number is left out
    TRUNCATED = "truncated"  # the end is gone
    SURPLUS = "surplus"  # more events than the case has
    FOREIGN = "foreign"  # not sealed for this case and number
    ROW = "row"  # the row of the case, or of its head, does not fit the log
    REWRITTEN = "rewritten"  # holds in itself, but is not what was anchored
    GONE = "gone"  # nothing left of a case that was anchored


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault and the first event that has it. ``until``: it lies between the two, when it cannot be told exactly."""

    case_id: str
    fault: Fault
    event: int
    until: int

    def __str__(self) -> str:
        where = f"event {self.event}" if self.event == self.until else f"events {self.event} to {self.until}"
        return f"{self.case_id}: {self.fault} at {where}"


@dataclass(frozen=True, slots=True)
class Anchored:
    """What was anchored of a case on a day."""

    day: str
    head: Head


Opens = Callable[[StoredEvent], bool]
"""Whether an event is what was sealed for its case and number."""


def first_fault(log: StoredLog, anchored: Iterable[Anchored] = (), opens: Opens | None = None) -> Finding | None:
    """The first bad event of a log; None when it is whole.

    ``opens`` is asked only where keys are at hand. An anchor tells the range in which a rewritten log differs;
    a fault found exactly within that range names the event.
    """
    exact = [f for f in (_in_chain(log), _not_its_own(log, opens), _rows(log)) if f]
    genuine = opens is not None and not any(f.fault is Fault.FOREIGN for f in exact)
    against = _against(log, sorted(anchored, key=lambda a: (a.head.version, a.day)), genuine)
    first = min(exact, key=lambda f: f.event, default=None)
    if against and (first is None or first.event > against.until):
        return against
    return first


def _in_chain(log: StoredLog) -> Finding | None:
    previous = ""
    for expected, event in enumerate(log.events, start=1):
        if event.number != expected:
            # A number that should not be there, or one left out: either way the log is right up to the one before.
            fault = Fault.MISSING if event.number > expected else Fault.SURPLUS
            return _at(log, fault, expected)
        if event.prev_hash != previous:
            return _at(log, Fault.BROKEN, expected)
        if link(previous, event.payload) != event.hash:
            return _at(log, Fault.ALTERED, expected)
        previous = event.hash
    return None


def _not_its_own(log: StoredLog, opens: Opens | None) -> Finding | None:
    if opens is None:
        return None
    numbered = enumerate(log.events, start=1)
    return next((_at(log, Fault.FOREIGN, number) for number, event in numbered if not opens(event)), None)


def _rows(log: StoredLog) -> Finding | None:
    """What the row of the case, and that of its head, say of the log."""
    if log.head is None and not log.events:
        return None  # nothing at all is not for the rows to tell
    last = log.events[-1] if log.events else StoredEvent(0, b"", "", "")
    for head in (log.head, log.marked):
        if head is None:
            return _at(log, Fault.ROW, last.number)
        if head.version > last.number:
            return _at(log, Fault.TRUNCATED, last.number + 1)
        if head.version < last.number:
            return _at(log, Fault.SURPLUS, head.version + 1)
        if head.log_head != last.hash:
            return _at(log, Fault.ROW, last.number)
    return None


def _against(log: StoredLog, anchored: Sequence[Anchored], genuine: bool) -> Finding | None:
    """``genuine``: what there is was sealed for its place; otherwise it may as well be other events, hashed anew."""
    hashes = {event.number: event.hash for event in log.events}
    agreed = 0
    for head in (a.head for a in anchored):
        if not hashes:
            return Finding(log.case_id, Fault.GONE, 1, 1)
        if head.version not in hashes:
            end = max(hashes) + 1
            return Finding(log.case_id, Fault.TRUNCATED, end if genuine else agreed + 1, end)
        if hashes[head.version] != head.log_head:
            return Finding(log.case_id, Fault.REWRITTEN, agreed + 1, head.version)
        agreed = head.version
    return None


def _at(log: StoredLog, fault: Fault, number: int) -> Finding:
    return Finding(log.case_id, fault, number, number)


# -- Merkle tree --------------------------------------------------------------------------------------------

EMPTY = hashlib.sha256(b"").hexdigest()


def leaf(head: Head) -> str:
    """The hash of a head as a leaf of the tree (RFC 9162, 2.1.1: leaves and nodes are told apart)."""
    return hashlib.sha256(b"\x00" + f"{head.case_id}\n{head.version}\n{head.log_head}".encode()).hexdigest()


def merkle_root(hashes: Sequence[str]) -> str:
    """The root over hashes in their order; a tree of one is its leaf, an empty one the hash of nothing."""
    if not hashes:
        return EMPTY
    level = list(hashes)
    while len(level) > 1:
        pairs = [level[i : i + 2] for i in range(0, len(level), 2)]
        level = [_node(*pair) if len(pair) == 2 else pair[0] for pair in pairs]
    return level[0]


def _node(left: str, right: str) -> str:
    return hashlib.sha256(b"\x01" + bytes.fromhex(left) + bytes.fromhex(right)).hexdigest()
