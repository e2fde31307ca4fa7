"""Slots: the stretches of a place's opening hours in which a window serves who has booked (E4)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from chalicelib.domain.booking_rules import BookingTerms
from chalicelib.domain.opening_hours import Opening, ServiceKind
from chalicelib.domain.schedules import LEVELS, Place, WindowKind

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
    """A seat of a slot: what is taken, by whatever appointment."""

    start: datetime
    window: str
    number: int


def windows_for(place: Place, department: str) -> tuple[str, ...]:
    """The windows of a place at which an item of a department is taken."""
    if not place.windows and place.kind not in LEVELS:
        return (COUNTER,)
    return tuple(
        w.id
        for w in place.windows
        if w.kind is WindowKind.GENERAL or (w.kind is WindowKind.FIELD and department in w.departments)
    )


def slots(place: Place, terms: BookingTerms, found: Iterable[Opening], basic_code: str, department: str) -> list[Slot]:
    """The slots in which an item can be booked, by their beginning. No window has two at one time."""
    windows = windows_for(place, department)
    length = timedelta(minutes=terms.minutes)
    busy: dict[str, datetime] = {}
    made: list[Slot] = []
    for opening in sorted(found):
        if terms.rule(opening.kind) is None or not opening.serves(basic_code, department):
            continue
        for window in windows:
            if opening.windows and window not in opening.windows:
                continue
            start = opening.start
            while start + length <= opening.end:
                if busy.get(window, start) <= start:
                    made.append(
                        Slot(
                            start,
                            window,
                            start + length,
                            opening.kind,
                            opening.day,
                            terms.seats,
                            opening.provisional,
                        )
                    )
                    busy[window] = start + length
                start += length
    return sorted(made)


def holds(place: Place, found: Iterable[Opening], basic_code: str, department: str, seat: Seat, end: datetime) -> bool:
    """Whether the place still serves an item at the window and time of a seat, whatever its terms have become."""
    if place.closed or seat.window not in windows_for(place, department):
        return False
    return any(
        o.start <= seat.start
        and end <= o.end
        and o.serves(basic_code, department)
        and (not o.windows or seat.window in o.windows)
        for o in found
    )


def free(slot: Slot, taken: Collection[Seat]) -> list[Seat]:
    """The seats of a slot that nobody has."""
    every = (Seat(slot.start, slot.window, number) for number in range(1, slot.seats + 1))
    return [seat for seat in every if seat not in taken]


def room(found: Sequence[Slot], taken: Collection[Seat]) -> Iterator[tuple[Slot, int]]:
    """Each slot with how many seats are left."""
    return ((slot, len(free(slot, taken))) for slot in found)
