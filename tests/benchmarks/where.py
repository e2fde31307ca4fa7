"""Where and when: over a place for every division of the region, and over ten times as many."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from chalicelib.domain.divisions import Level, service_place_name
from chalicelib.domain.schedules import Place, PlaceKind, Position, area_of, place_id_of
from chalicelib.services import schedules
from chalicelib.storage.calendar import PackagedCalendar
from chalicelib.storage.catalog_memory import MemoryCatalog
from chalicelib.storage.divisions import packaged_divisions
from chalicelib.storage.place_files import demo_places
from chalicelib.storage.places_view import KeptPlaces
from tests import factories as f
from tests import places as p
from tests.benchmarks.figures import Report, percentile
from tests.benchmarks.stand import timed

SEED = 20261125
REGION = "150000000000"
BEGIN = datetime(2026, 11, 25, 2, tzinfo=UTC)  # a Wednesday, 10:00 in Shanghai
WEEK = timedelta(days=7)
RESIDENT_ID = "152009901000"  # 居民身份证申领: accepted by the banner
TERMINALS = "152009903000"  # taken in every village, and at every terminal of this part
DIVISIONS = packaged_divisions()
CATALOG = MemoryCatalog()
_NAMED = {Level.TOWNSHIP: PlaceKind.TOWNSHIP_CENTRE, Level.VILLAGE: PlaceKind.STATION}


class Region:
    """Places in memory, by area, which is all that the use case can ask for. Counts how often it does."""

    def __init__(self, times: int) -> None:
        self.places = 0
        self.reads = 0
        self._areas: dict[str, list[Place]] = {}
        for place in _everything():
            area = self._areas.setdefault(area_of(place.division), [])
            area.append(place)
            # The hardest case: all take the item, in the same hours, so that at night nothing but the id orders them.
            area.extend(_terminal(place, number) for number in range(1, times))
            self.places += times

    def versions(self, area: str) -> Sequence[Place]:
        self.reads += 1
        return self._areas.get(area, ())

    def largest(self) -> str:
        """The area with the most places."""
        return max(self._areas, key=lambda area: len(self._areas[area]))

    def near(self, position: Position) -> frozenset[str]:
        raise AssertionError(f"no question of this part is about a position: {position}")


class Container(f.World):
    """What a warm container has: places that it keeps."""

    def __init__(self, region: Region) -> None:
        super().__init__()
        self.divisions = DIVISIONS  # type: ignore[assignment]
        self.calendar = PackagedCalendar()  # type: ignore[assignment]
        self.clock.at = BEGIN
        self._kept = KeptPlaces(region, self.clock)  # type: ignore[arg-type]

    def ask(self, question: tuple[str, str, datetime]) -> None:
        item, village, moment = question
        schedules.where(self, CATALOG, DIVISIONS, item, division=village, moment=moment)

    @property
    def places(self) -> KeptPlaces:
        return self._kept


def where_and_when(report: Report, count: int) -> None:
    """Questions at any hour of a week, asked twice: of villages all over the region, and of the largest banner."""
    for times in (1, 10):
        chance = random.Random(SEED)
        region = Region(times)
        container = Container(region)
        ask = container.ask
        villages = [d.code for d in DIVISIONS.within(REGION, Level.VILLAGE)]
        largest = [d.code for d in DIVISIONS.within(region.largest(), Level.VILLAGE)]
        anywhere = [(chance.choice((RESIDENT_ID, TERMINALS)), *_when(chance, villages)) for _ in range(count)]
        there = [(TERMINALS, *_when(chance, largest)) for _ in range(count)]
        ask(there[0])
        cold = region.reads
        _, first = timed(ask, [*anywhere, *there], 1)
        before = region.reads
        _, each = timed(ask, anywhere, 1)
        _, hardest = timed(ask, there, 1)
        report.say(f"where_places_{times}x", region.places, "places")
        report.say(f"where_reads_cold_{times}x", cold, "areas", f"<= {_areas(there[0][1])}")
        report.say(f"where_reads_warm_{times}x", region.reads - before, "areas", "== 0")
        report.say(f"where_first_p95_{times}x", percentile(first, 0.95) * 1000, "ms")
        report.say(f"where_p95_{times}x", percentile(each, 0.95) * 1000, "ms", "<= 20")
        report.say(f"where_largest_banner_p95_{times}x", percentile(hardest, 0.95) * 1000, "ms", "<= 20")


def _when(chance: random.Random, villages: Sequence[str]) -> tuple[str, datetime]:
    return chance.choice(villages), BEGIN + chance.random() * WEEK


def _everything() -> Iterator[Place]:
    yield from demo_places(DIVISIONS)
    for level, kind in _NAMED.items():
        for division in DIVISIONS.within(REGION, level):
            if division.administrative:
                yield replace(
                    p.sum_centre(),
                    id=place_id_of(kind, division.code, ""),
                    kind=kind,
                    division=division.code,
                    name=service_place_name(division),
                )


def _terminal(beside: Place, number: int) -> Place:
    return replace(
        beside, id=f"{beside.division}-x{number}", kind=PlaceKind.TERMINAL, items=(TERMINALS,), hours=(p.REGULAR,)
    )


def _areas(village: str) -> int:
    """The areas that a question may be about: region, league and the banners of the league."""
    league = next(d.code for d in DIVISIONS.within(REGION, Level.LEAGUE) if d.code[:4] == village[:4])
    return 2 + len(list(DIVISIONS.within(league, Level.BANNER)))
