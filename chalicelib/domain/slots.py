"""Slots: the stretches of a place's opening hours in which a window serves who has booked (E4)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from chalicelib.domain.booking_rules import BookingTerms
from chalicelib.domain.opening_hours import Opening, ServiceKind

COUNTER = "-"
"""The one counter of a terminal, bank or post outlet that names no windows."""


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """One slot of one window, ``seats`` of which can be taken. ``day``: the legal day of the opening it lies in."""

    start: datetime
    window: str
    end: datetime
    kind: ServiceKind
    day: date
    seats: int
    provisional: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Seat:
    """A seat of a slot: what is taken, by whatever appointment. ``end`` is not what tells it from others."""

    start: datetime
    window: str
    number: int
    end: datetime | None = field(default=None, compare=False)

    def overlaps(self, slot: Slot) -> bool:
        """Whether it is taken in a slot of its window: terms and hours may have changed since it was booked."""
        end = self.end or self.start + timedelta(minutes=1)
        return self.window == slot.window and self.start < slot.end and slot.start < end


def slots(terms: BookingTerms, windows: Sequence[str], found: Iterable[Opening]) -> list[Slot]:
    """The slots of some windows within the stretches in which they serve, by their beginning.

    No window has two at one time, even where stretches overlap.
    """
    length = timedelta(minutes=terms.minutes)
    busy: dict[str, datetime] = {}
    made: list[Slot] = []
    for opening in sorted(found):
        if terms.rule(opening.kind) is None:
            continue
        for window in (w for w in windows if _at(opening, w)):
            start = opening.start
            while start + length <= opening.end:
                if busy.get(window, start) <= start:
                    busy[window] = end = start + length
                    kind, day, provisional = opening.kind, opening.day, opening.provisional
                    made.append(Slot(start, window, end, kind, day, terms.seats, provisional))
                start += length
    return sorted(made)


def holds(windows: Collection[str], found: Iterable[Opening], seat: Seat, end: datetime) -> bool:
    """Whether a seat still lies in a stretch in which its window serves, whatever the terms have become."""
    return seat.window in windows and any(o.start <= seat.start and end <= o.end and _at(o, seat.window) for o in found)


def _at(opening: Opening, window: str) -> bool:
    return not opening.windows or window in opening.windows


def free(slot: Slot, taken: Collection[Seat]) -> list[Seat]:
    """The seats of a slot that nobody has."""
    busy = {seat.number for seat in taken if seat.overlaps(slot)}
    numbers = (number for number in range(1, slot.seats + 1) if number not in busy)
    return [Seat(slot.start, slot.window, number, slot.end) for number in numbers]


def room(found: Sequence[Slot], taken: Collection[Seat]) -> Iterator[tuple[Slot, int]]:
    """Each slot with how many seats are left."""
    return ((slot, len(free(slot, taken))) for slot in found)
