"""The official calendar as the package ships it."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from chalicelib.domain.calendar import Calendar, DayKind, Year


class PackagedCalendar:
    """Implements ``ports.CalendarSource`` with the years known when the package was made."""

    def current(self) -> Calendar:
        return packaged()


@cache
def packaged() -> Calendar:
    """The shipped years, read once for each container."""
    text = files("chalicelib.data").joinpath("calendar.json").read_text(encoding="utf-8")
    years = [year_of(entry) for entry in json.loads(text)["years"]]
    return Calendar({year.year: year for year in years})


def year_of(entry: dict[str, Any]) -> Year:
    """One announced year from its stored form: ``{"year", "source", "days": {"2026-01-04": ["make_up", "元旦"]}}``."""
    days = {date.fromisoformat(day): (DayKind(kind), name) for day, (kind, name) in entry["days"].items()}
    return Year(entry["year"], entry["source"], days)
