"""Answers about service places: open now, next opening, where and when, a month, the next holiday (E2, E3, E5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from chalicelib.domain import service_points as points
from chalicelib.domain.calendar import Calendar, Day, DayKind
from chalicelib.domain.deadlines import ONE_DAY, legal_day
from chalicelib.domain.divisions import DivisionIndex, Level, ancestor, contains
from chalicelib.domain.errors import Gone, Invalid, NotFound, Violation, raise_all
from chalicelib.domain.opening_hours import Opening, at, coming, openings, plainly
from chalicelib.domain.schedules import Place, Position, division_of, in_force
from chalicelib.domain.service_points import Answer, Candidate, DelayEntry, Row, Service
from chalicelib.services.ports import Ports, PublishedCatalog

FARTHEST = timedelta(days=366)
"""How far ahead is answered: beyond it neither hours nor holidays are known."""


@dataclass(frozen=True, slots=True)
class Openness:
    """What is open at a moment, and what opens next."""

    place: Place
    moment: datetime
    now: tuple[Opening, ...]
    next: Opening | None


@dataclass(frozen=True, slots=True)
class ScheduledDay:
    """A day of a timetable. ``usual``: what the place would have on such a weekday without holiday or exception."""

    day: Day
    openings: tuple[Opening, ...]
    usual: tuple[Opening, ...]

    @property
    def differs(self) -> bool:
        def shape(found: tuple[Opening, ...]) -> list[tuple[datetime, datetime]]:
            return [(o.start, o.end) for o in found]

        return shape(self.openings) != shape(self.usual)


@dataclass(frozen=True, slots=True)
class DelayList:
    """延时服务事项清单 of a division on a day. The version moves when the catalogue or one of the places does."""

    division: str
    day: date
    version: str
    entries: Sequence[DelayEntry]


def place(ports: Ports, place_id: str, day: date | None = None) -> Place:
    """The version of a place that counts on a day, today if none is named. Raises NotFound."""
    found = ports.places.place(place_id, day or _today(ports))
    if found is None:
        raise NotFound.because("place.not-found")
    return found


def standing(ports: Ports, place_id: str, day: date | None = None) -> Place:
    """The place on a day, today if none is named. Raises NotFound, and Gone when it is closed for good by then.

    Whoever asks something of a place begins here; what it was, ``place`` and ``versions`` go on telling.
    """
    found = place(ports, place_id, day)
    if found.closed:
        raise Gone.because("place.closed", since=found.since.isoformat())
    return found


def versions(ports: Ports, place_id: str) -> Sequence[Place]:
    """Every version of a place, oldest first. Raises NotFound."""
    found = [p for p in ports.places.area(division_of(place_id)) if p.id == place_id]
    if not found:
        raise NotFound.because("place.not-found")
    return found


def places_of(ports: Ports, division: str) -> Sequence[Place]:
    """The open places within a division (of league and region only their own). Raises Invalid."""
    _known(ports, division)
    found = ports.places.on(division, _today(ports)).values()
    return [p for p in found if not p.closed and contains(division, p.division)]


def open_at(ports: Ports, place_id: str, moment: datetime | None) -> Openness:
    """What is open at a moment, now if none is named, and the next opening within sixty days."""
    now = ports.clock.now()
    wanted = moment or now
    raise_all(Invalid, [_answerable(wanted, now)])
    found = standing(ports, place_id)
    calendar = ports.calendar.current()
    later = (o for o in coming(found.hours, found.closures, wanted, calendar) if o.start > wanted)
    return Openness(found, wanted, at(found.hours, found.closures, wanted, calendar), next(later, None))


def timetable(ports: Ports, place_id: str, first: date, last: date) -> tuple[Place, list[ScheduledDay]]:
    """The days from ``first`` to ``last``, by the version that counts on each. Raises NotFound, Gone."""
    today = standing(ports, place_id)
    history = versions(ports, place_id)
    calendar = ports.calendar.current()
    return today, [_scheduled(in_force(history, day).get(place_id), day, calendar) for day in _days(first, last)]


def next_holiday(ports: Ports, place_id: str) -> tuple[Place, str, list[ScheduledDay]]:
    """What changes in the next holiday: its days and the make-up days that go with it. Empty if none is known."""
    today, calendar = _today(ports), ports.calendar.current()
    year = [calendar.day(day) for day in _days(today, today + FARTHEST)]
    name = next((day.name for day in year if day.kind is DayKind.HOLIDAY), "")
    if not name:
        return standing(ports, place_id), "", []
    first = next(day.date for day in year if day.kind is DayKind.HOLIDAY)
    near = [day.date for day in year if day.name == name and abs(day.date - first) <= timedelta(days=30)]
    found, scheduled = timetable(ports, place_id, near[0], near[-1])
    return found, name, [day for day in scheduled if day.day.date in near]


def where(
    ports: Ports,
    catalog: PublishedCatalog,
    divisions: DivisionIndex,
    item: str,
    *,
    division: str = "",
    position: Position | None = None,
    moment: datetime | None = None,
    limit: int = 20,
) -> tuple[datetime, Row, list[Answer]]:
    """Where an item is taken at or after a moment, in or near a division or around a position.

    Raises Invalid for an unknown item or division, a moment that is over or too far away, and neither place given.
    """
    now = ports.clock.now()
    wanted = moment or now
    row = catalog.index().by_code.get(item)
    found: list[Violation | None] = [_answerable(wanted, now)]
    if row is None:
        found.append(Violation("item.not-offered", "/query/item"))
    if division and divisions.get(division) is None:
        found.append(Violation("division.unknown", "/query/division", {"division": division}))
    if not division and position is None:
        found.append(Violation("place.where-missing", "/query/division"))
    raise_all(Invalid, found)
    if row is None:
        raise AssertionError("unreachable: raised above")
    calendar, day = ports.calendar.current(), legal_day(wanted)
    candidates = (
        _candidate(taken, places, division, position)
        for places in _around(ports, divisions, row, division, position, day)
        if (taken := points.service(places[0], row, division or places[0].division)) is not None
    )
    return wanted, row, points.ranked(candidates, row, wanted, calendar, limit)


def delay_list(ports: Ports, catalog: PublishedCatalog, division: str, day: date | None) -> DelayList:
    """The list of delay-service items of the places within a division, on a day from today on or before."""
    _known(ports, division)
    wanted = day or _today(ports)
    mine = [p for p in ports.places.area(division) if contains(division, p.division)]
    counting = [p for p in ports.places.on(division, wanted).values() if contains(division, p.division)]
    head = catalog.release()
    published = sum(1 for p in mine if p.since <= wanted)
    version = f"{head.number if head else 0}.{published}"
    return DelayList(division, wanted, version, points.delay_list(counting, catalog.index().summaries))


def _candidate(taken: Service, places: Sequence[Place], division: str, position: Position | None) -> Candidate:
    place = taken.place
    near = points.nearness(place.division, division) if division else 0
    metres = points.metres_between(position, place.position) if position and place.position else None
    return Candidate(taken, near, metres, places)


def _around(
    ports: Ports, divisions: DivisionIndex, row: Row, division: str, position: Position | None, day: date
) -> Iterator[Sequence[Place]]:
    """Where to look: around a position if one is given, else in the division and near it; alike places together."""
    if position is not None:
        found = (ports.places.place(place_id, day) for place_id in sorted(ports.places.near(position)))
        # The version that counts on the day may stand elsewhere, or nowhere that is known.
        yield from ([place] for place in found if place is not None and place.position is not None)
        return
    own = [code for level in (Level.BANNER, Level.LEAGUE, Level.REGION) if (code := ancestor(division, level))]
    for area in own:
        yield from ports.places.alike(area, day, abroad=False)
    league = ancestor(division, Level.LEAGUE)
    if league and row["scope"] in points.ANYWHERE:
        # What is taken anywhere is looked for in the neighbouring banners too.
        for child in divisions.children(league):
            if child.code not in own:
                yield from ports.places.alike(child.code, day, abroad=True)


def _scheduled(found: Place | None, day: date, calendar: Calendar) -> ScheduledDay:
    told = calendar.day(day)
    if found is None or found.closed:
        return ScheduledDay(told, (), ())
    openings_ = tuple(openings(found.hours, found.closures, day, day, calendar))
    return ScheduledDay(told, openings_, tuple(plainly(found.hours, day)))


def _days(first: date, last: date) -> Iterator[date]:
    return (first + n * ONE_DAY for n in range((last - first).days + 1))


def _today(ports: Ports) -> date:
    return legal_day(ports.clock.now())


def _known(ports: Ports, division: str) -> None:
    if ports.divisions.get(division) is None:
        raise Invalid.because("division.unknown", "/query/division", division=division)


def _answerable(moment: datetime, now: datetime) -> Violation | None:
    if legal_day(moment) < legal_day(now):
        return Violation("place.moment-past", "/query/at")
    if moment > now + FARTHEST:
        return Violation("place.moment-too-far", "/query/at")
    return None
