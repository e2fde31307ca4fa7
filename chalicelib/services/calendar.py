"""Publishing the official calendar: how a year becomes known when the State Council has announced it (B10).

Deadlines are derived from the calendar, so a new year moves every open one by itself; facts recorded before stay. The
timers of open cases look again within the hour (``services.workflow.watch``).
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.calendar import FIRST_YEAR, LAST_YEAR, Calendar, Year, violations
from chalicelib.domain.errors import Invalid, NotFound, raise_all
from chalicelib.services.calendar_ports import CalendarStore
from chalicelib.services.ports import CalendarSource, Clock


def publish_year(store: CalendarStore, shipped: Calendar, clock: Clock, year: Year) -> Year:
    """Publish a year, or a correction of one as its next revision. The same content again changes nothing.

    ``shipped``: the years that came with the platform. Raises Invalid with everything that is wrong with the year,
    and publishes nothing then; Conflict when somebody else published it in between.
    """
    raise_all(Invalid, violations(year))
    known = shipped.with_years(store.years()).years.get(year.year)
    if known is not None and known.says_the_same(year):
        return known
    made = replace(year, revision=known.revision + 1 if known else 1, published_at=clock.now())
    store.publish(made)
    return made


def read_year(source: CalendarSource, year: int) -> tuple[Calendar, Year | None]:
    """The calendar in force, and the announced year in it; None while its notice has not come. Raises NotFound."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise NotFound.because("calendar.year-unknown", year=year)
    calendar = source.current()
    return calendar, calendar.years.get(year)
