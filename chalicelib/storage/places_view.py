"""``schedule_ports.Places`` over a store of places, kept in the container for a minute, an area at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.schedules import Place, Position, area_of, division_of, in_force
from chalicelib.domain.service_points import alike
from chalicelib.services.ports import Clock
from chalicelib.services.schedule_ports import PlaceStore

KEPT = timedelta(seconds=60)
"""How long what was read is used: a version published is known everywhere a minute later."""


DAYS = 8
"""Of how many days the versions that count are kept: nearly all questions are about today and the days after."""


@dataclass
class _Area:
    """What was read of an area, and what of it counts on the days asked about."""

    read_at: datetime
    versions: Sequence[Place]
    days: dict[date, Mapping[str, Place]] = field(default_factory=dict)
    groups: dict[tuple[date, bool], Sequence[Sequence[Place]]] = field(default_factory=dict)

    def on(self, day: date) -> Mapping[str, Place]:
        if day not in self.days:
            if len(self.days) >= DAYS:
                self.days.clear()
                self.groups.clear()
            self.days[day] = in_force(self.versions, day)
        return self.days[day]

    def alike(self, day: date, abroad: bool) -> Sequence[Sequence[Place]]:
        counting = self.on(day)
        if (day, abroad) not in self.groups:
            self.groups[day, abroad] = alike(counting.values(), abroad=abroad)
        return self.groups[day, abroad]


class KeptPlaces:
    """Answers from memory while it is fresh. While the store does not answer, what was read before holds."""

    def __init__(self, store: PlaceStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._areas: dict[str, _Area] = {}

    def place(self, place_id: str, day: date) -> Place | None:
        return self.on(division_of(place_id), day).get(place_id)

    def area(self, division: str) -> Sequence[Place]:
        kept = self._kept(division)
        return kept.versions if kept else ()

    def on(self, division: str, day: date) -> Mapping[str, Place]:
        kept = self._kept(division)
        return kept.on(day) if kept else {}

    def alike(self, division: str, day: date, *, abroad: bool) -> Sequence[Sequence[Place]]:
        kept = self._kept(division)
        return kept.alike(day, abroad) if kept else ()

    def _kept(self, division: str) -> _Area | None:
        if len(division) != 12 or not (division.isascii() and division.isdigit()):
            return None
        area, now = area_of(division), self._clock.now()
        kept = self._areas.get(area)
        if kept is not None and abs(now - kept.read_at) < KEPT:
            return kept
        try:
            read = self._store.versions(area)
        except Unavailable:
            if kept is None:
                raise
            read = kept.versions
        self._areas[area] = _Area(now, read)
        return self._areas[area]

    def near(self, position: Position) -> frozenset[str]:
        return self._store.near(position)
