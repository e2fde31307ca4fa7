"""``schedule_ports.Places`` over a store of places, kept in the container for a minute, an area at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.schedules import Place, Position, area_of, division_of, in_force
from chalicelib.services.ports import Clock
from chalicelib.services.schedule_ports import PlaceStore

KEPT = timedelta(seconds=60)
"""How long what was read is used: a version published is known everywhere a minute later."""


class KeptPlaces:
    """Answers from memory while it is fresh. While the store does not answer, what was read before holds."""

    def __init__(self, store: PlaceStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._areas: dict[str, tuple[datetime, Sequence[Place]]] = {}

    def place(self, place_id: str, day: date) -> Place | None:
        mine = (p for p in self.area(division_of(place_id)) if p.id == place_id)
        return in_force(mine, day).get(place_id)

    def area(self, division: str) -> Sequence[Place]:
        if len(division) != 12 or not (division.isascii() and division.isdigit()):
            return ()
        area, now = area_of(division), self._clock.now()
        kept = self._areas.get(area)
        if kept is not None and abs(now - kept[0]) < KEPT:
            return kept[1]
        try:
            read = self._store.versions(area)
        except Unavailable:
            if kept is None:
                raise
            read = kept[1]
        self._areas[area] = (now, read)
        return read

    def near(self, position: Position) -> frozenset[str]:
        return self._store.near(position)
