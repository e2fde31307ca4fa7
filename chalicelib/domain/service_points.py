"""Which place takes which item, at which window and in which hours (E3, E6). Nothing of it is typed in.

What a service centre, convenience centre or station takes follows from the item's row in the catalogue: who accepts it
(an entrusted organ included), whether it has entered the hall (进驻), whether it is helped with (帮办代办), and whether
it is taken anywhere (通办). Terminals, bank and post outlets name theirs (政银合作).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from heapq import merge
from itertools import islice
from math import asin, cos, radians, sin, sqrt
from typing import Any

from chalicelib.domain.calendar import Calendar
from chalicelib.domain.divisions import Level, contains, level_of
from chalicelib.domain.opening_hours import DELAY_KINDS, Hours, Opening, at, coming
from chalicelib.domain.schedules import Place, PlaceKind, Position, Window, WindowKind

Row = Mapping[str, Any]
"""A summary of the catalogue (``catalog_summaries``)."""


class Manner(StrEnum):
    """How a place comes to take an item."""

    OWN = "own"  # 本级受理
    ENTRUSTED = "entrusted"  # 委托受理
    ASSISTED = "assisted"  # 帮办代办
    CROSS_REGION = "cross_region"  # 跨区域通办
    OUTLET = "outlet"  # 自助终端、银行和邮政网点


_ASSISTING = frozenset({PlaceKind.TOWNSHIP_CENTRE, PlaceKind.STATION})
_WINDOWS = {
    Manner.OWN: (WindowKind.GENERAL, WindowKind.FIELD),
    Manner.ENTRUSTED: (WindowKind.GENERAL, WindowKind.FIELD),
    Manner.ASSISTED: (WindowKind.ASSISTED,),
    Manner.CROSS_REGION: (WindowKind.CROSS_REGION,),
}
ANYWHERE = frozenset({"region", "nation"})
"""Scopes of items that a window for other regions takes (通办)."""


@dataclass(frozen=True, slots=True)
class Service:
    """A place takes an item in this manner, at these windows (none where a place has no windows, as a terminal)."""

    place: Place
    manner: Manner
    windows: tuple[Window, ...]


def service(place: Place, row: Row, division: str) -> Service | None:
    """How a place takes an item for applicants of a division; None if it does not."""
    if place.closed:
        return None
    if place.items:
        return Service(place, Manner.OUTLET, ()) if row["basic_code"] in place.items else None
    if not row["in_hall"]:
        return None
    for manner in _manners(place, row, division):
        windows = tuple(w for w in place.windows if _takes(w, manner, row))
        if windows:
            return Service(place, manner, windows)
    return None


def _manners(place: Place, row: Row, division: str) -> Iterator[Manner]:
    local = contains(place.division, division)
    accepted = row["accepted_at"]
    if local and accepted["level"] == level_of(place.division):
        yield Manner.ENTRUSTED if accepted["entrusted"] else Manner.OWN
    if local and row["assisted"] and place.kind in _ASSISTING:
        yield Manner.ASSISTED
    if row["scope"] in ANYWHERE and place.kind is PlaceKind.CENTRE:
        yield Manner.CROSS_REGION


def _takes(window: Window, manner: Manner, row: Row) -> bool:
    if window.kind not in _WINDOWS[manner]:
        return False
    return window.kind is not WindowKind.FIELD or row["department"] in window.departments


def serves(opening: Opening, found: Service, row: Row) -> bool:
    """Whether a stretch of a place's hours is one for this item.

    Delay service that names no items and no fields is for the items that the catalogue marks for it; an outlet's own
    items need no such mark.
    """
    if opening.windows and found.windows and not {w.id for w in found.windows} & set(opening.windows):
        return False
    if opening.items or opening.departments:
        return opening.serves(row["basic_code"], row["department"])
    return opening.kind not in DELAY_KINDS or bool(found.place.items) or bool(row["delay_service"])


@dataclass(frozen=True, slots=True)
class Answer:
    """Where and when: a place that takes the item, what is open there at the moment asked for, and what opens next.

    ``nearness`` 0 is the applicant's own village, 4 the region, above that lie the neighbours; ``metres`` the
    distance where a position was given and the place has one.
    """

    service: Service
    nearness: int
    metres: int | None
    now: tuple[Opening, ...]
    next: Opening | None


_FAR = 40_000_000
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Places that take the item alike (``alike``) and are equally near, by id; ``service`` is told of the first."""

    service: Service
    nearness: int
    metres: int | None
    places: Sequence[Place]


def alike(places: Iterable[Place], *, abroad: bool) -> list[list[Place]]:
    """Places of an area that are not closed, in groups, by id: in one nothing differs but what tells places apart.

    What is taken there, when, and how near it is, is the same; so a question about many terminals is answered once
    for all of them. ``abroad``: for applicants of another banner, to whom every division of this one is equally near.
    """
    found: dict[tuple[object, ...], list[Place]] = {}
    for place in sorted(places, key=lambda p: p.id):
        if not place.closed:
            division = "" if abroad else place.division
            decisive = (division, place.kind, place.items, place.windows, place.hours, place.closures)
            found.setdefault(decisive, []).append(place)
    return list(found.values())


class _Timetables:
    """What is open at a moment and opens next for an item, looked for once for places that have the same hours."""

    def __init__(self, row: Row, moment: datetime, calendar: Calendar) -> None:
        self._row, self._moment, self._calendar = row, moment, calendar
        self._now: dict[tuple[object, ...], tuple[Opening, ...]] = {}
        self._next: dict[tuple[object, ...], Opening | None] = {}

    def now(self, found: Service) -> tuple[Opening, ...]:
        key = self._decisive(found)
        if key not in self._now:
            open_ = at(found.place.hours, found.place.closures, self._moment, self._calendar)
            self._now[key] = tuple(o for o in open_ if serves(o, found, self._row))
        return self._now[key]

    def next(self, found: Service) -> Opening | None:
        key = self._decisive(found)
        if key not in self._next:
            later = coming(found.place.hours, found.place.closures, self._moment, self._calendar)
            mine = (o for o in later if o.start > self._moment and serves(o, found, self._row))
            self._next[key] = next(mine, None)
        return self._next[key]

    @staticmethod
    def _decisive(found: Service) -> tuple[object, ...]:
        """Everything that ``serves`` and the hours depend on but the item."""
        return found.place.hours, found.place.closures, found.windows, bool(found.place.items)


def ranked(found: Iterable[Candidate], row: Row, moment: datetime, calendar: Calendar, limit: int) -> list[Answer]:
    """The answers for an item at a moment: open ones first, then the nearer, then those that open earlier.

    What opens next is looked for only where it is shown or decides the order: it is the dearest part. Alike places are
    ranked as one and told apart only as far as they are shown.
    """
    hours = _Timetables(row, moment, calendar)
    rough = [(Answer(c.service, c.nearness, c.metres, hours.now(c.service), None), c.places) for c in found]
    rough.sort(key=lambda pair: _rank(pair[0]))
    filled, last = 0, None
    shown = []
    for answer, places in rough:
        if filled >= limit and _rank(answer) != last:
            break
        filled, last = filled + len(places), _rank(answer)
        shown.append(_each(replace(answer, next=hours.next(answer.service)), places))
    return list(islice(merge(*shown, key=_order), limit))


def _each(answer: Answer, places: Sequence[Place]) -> Iterator[Answer]:
    """The same answer for each of alike places."""
    return (replace(answer, service=replace(answer.service, place=place)) for place in places)


def _rank(found: Answer) -> tuple[bool, int, int]:
    return not found.now, _FAR if found.metres is None else found.metres, found.nearness


def _order(found: Answer) -> tuple[tuple[bool, int, int], datetime, str]:
    opens = found.next.start if found.next and not found.now else _NEVER
    return _rank(found), opens, found.service.place.id


_DIGITS = ((Level.VILLAGE, 12), (Level.TOWNSHIP, 9), (Level.BANNER, 6), (Level.LEAGUE, 4), (Level.REGION, 2))


def nearness(place: str, division: str) -> int:
    """How near a place's division lies to an applicant's: the own chain from below, then the neighbours."""
    if contains(place, division):
        return Level.VILLAGE - level_of(place)
    shared = next(level for level, digits in _DIGITS if place[:digits] == division[:digits])
    return 2 * Level.VILLAGE - shared


def metres_between(one: Position, other: Position) -> int:
    """The great-circle distance, on a sphere: off by half a per cent at most, which is nothing to who has to drive."""
    south, north = radians(one.latitude / 1e6), radians(other.latitude / 1e6)
    up, right = north - south, radians((other.longitude - one.longitude) / 1e6)
    chord = sin(up / 2) ** 2 + cos(south) * cos(north) * sin(right / 2) ** 2
    return round(2 * 6_371_000 * asin(sqrt(chord)))


@dataclass(frozen=True, slots=True)
class DelayEntry:
    """One line of the list of delay-service items: an item, a place, and the hours in which it is served there."""

    row: Row
    service: Service
    hours: tuple[Hours, ...]


def delay_list(places: Sequence[Place], rows: Sequence[Row]) -> list[DelayEntry]:
    """延时服务事项清单: every item that a place serves outside its regular hours, by item and place."""
    found = []
    for place in places:
        delayed = [h for h in place.hours if h.kind in DELAY_KINDS]
        for row in rows if delayed else ():
            taken = service(place, row, place.division)
            hours = tuple(h for h in delayed if taken and _offered(h, taken, row))
            if taken and hours:
                found.append(DelayEntry(row, taken, hours))
    return sorted(found, key=lambda e: (e.row["basic_code"], e.service.place.id))


def _offered(hours: Hours, taken: Service, row: Row) -> bool:
    moment = _NEVER
    like = Opening(moment, moment, hours.kind, hours.since, hours.access, hours.items, hours.departments, hours.windows)
    return serves(like, taken, row)
