"""A place's timetable as a calendar to subscribe to (RFC 5545, with ``icalendar``).

Every opening is an event of its own: no rule of recurrence says what the official calendar says. Its UID names place,
day, kind and beginning, so it is the same in every answer; its SEQUENCE is the version of the place that counts on that
day, so calendars take a changed event over the one they hold. Instants are in UTC and need no time-zone definitions.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta

from icalendar import Calendar, Event

from chalicelib.api.views import labelled
from chalicelib.domain.deadlines import SHANGHAI, legal_day
from chalicelib.domain.opening_hours import Opening
from chalicelib.domain.schedules import Place, in_force
from chalicelib.services import schedules
from chalicelib.services.ports import Ports

AHEAD = timedelta(days=92)
REFRESH = timedelta(hours=6)


def feed(ports: Ports, place_id: str) -> bytes:
    """The feed of a place, from the first of this month on. Raises NotFound; Gone for a closed place."""
    today = legal_day(ports.clock.now())
    place, days = schedules.timetable(ports, place_id, today.replace(day=1), today + AHEAD)
    history = schedules.versions(ports, place_id)
    calendar = Calendar()
    calendar.add("prodid", "-//OneWindow//places//ZH")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", place.name)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    stamp = datetime.combine(today, time(), SHANGHAI).astimezone(UTC)
    met: Counter[str] = Counter()
    for scheduled in days:
        counting = in_force(history, scheduled.day.date).get(place_id, place)
        for opening in scheduled.openings:
            uid = _uid(place_id, opening)
            met[uid] += 1
            calendar.add_component(_event(counting, opening, f"{uid}.{met[uid]}@onewindow", stamp))
    text: bytes = calendar.to_ical()
    return text


def _uid(place_id: str, opening: Opening) -> str:
    return f"{place_id}.{opening.day:%Y%m%d}.{opening.kind}.{opening.start:%H%M}"


def _event(place: Place, opening: Opening, uid: str, stamp: datetime) -> Event:
    kind, access = labelled("service_kind", opening.kind), labelled("place_access", opening.access)
    event = Event()
    event.add("uid", uid)
    event.add("sequence", place.version)
    event.add("dtstamp", stamp)
    event.add("dtstart", opening.start)
    event.add("dtend", opening.end)
    event.add("summary", f"{place.name} {kind['zh']}")
    told = [f"{kind['zh']} {kind['en']}", f"{access['zh']} {access['en']}", opening.reason, place.phone]
    event.add("description", "\n".join(line for line in told if line))
    event.add("location", place.address)
    event.add("categories", [str(opening.kind)])
    event.add("status", "TENTATIVE" if opening.provisional else "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    return event
