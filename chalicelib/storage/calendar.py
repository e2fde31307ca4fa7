"""The official calendar: the years that the package ships, and those that operators published since."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files

from chalicelib.domain.calendar import Calendar, Year, year_of
from chalicelib.domain.errors import Conflict, Unavailable
from chalicelib.services.calendar_ports import CalendarStore
from chalicelib.services.ports import Clock

KEPT = timedelta(seconds=60)
"""How long what was read is used: a year announced is in force everywhere a minute later."""


@cache
def packaged() -> Calendar:
    """The shipped years, read once for each container."""
    text = files("chalicelib.data").joinpath("calendar.json").read_text(encoding="utf-8")
    return Calendar().with_years(year_of(document) for document in json.loads(text)["years"])


class PackagedCalendar:
    """Implements ``ports.CalendarSource`` with the years known when the package was made."""

    def current(self) -> Calendar:
        return packaged()


class KeptCalendar:
    """Implements ``ports.CalendarSource`` with the shipped and the published years.

    Reads the store once a minute at most. While the store does not answer, what was read before holds.
    """

    def __init__(self, store: CalendarStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._kept: Calendar | None = None
        self._read_at: datetime | None = None

    def current(self) -> Calendar:
        now = self._clock.now()
        if self._kept is None or self._read_at is None or abs(now - self._read_at) >= KEPT:
            try:
                self._kept = packaged().with_years(self._store.years())
            except Unavailable:
                if self._kept is None:
                    raise
            self._read_at = now
        return self._kept


class MemoryYears:
    """In-memory twin of ``calendar_years.DynamoYears``."""

    def __init__(self) -> None:
        self._years: dict[tuple[int, int], Year] = {}

    def years(self) -> Sequence[Year]:
        return tuple(self._years.values())

    def publish(self, year: Year) -> None:
        if (year.year, year.revision) in self._years:
            raise Conflict.because("calendar.changed-meanwhile")
        self._years[year.year, year.revision] = year
