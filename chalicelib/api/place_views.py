"""Places, hours, openings and proposals as the API shows them: codes with their labels."""

from __future__ import annotations

from typing import Any

from chalicelib import wiring
from chalicelib.api.views import instant, labelled
from chalicelib.domain.opening_hours import Hours, Opening
from chalicelib.domain.place_documents import document_of, hours_document
from chalicelib.domain.place_reviews import Proposal
from chalicelib.domain.schedules import Place, Window
from chalicelib.domain.service_points import Answer, DelayEntry
from chalicelib.services.schedules import ScheduledDay

Json = dict[str, Any]


def place(found: Place) -> Json:
    """One version of a place, whole."""
    return {
        **document_of(found),
        **_named(found),
        "windows": [window(w) for w in found.windows],
        "facilities": [labelled("facility", f) for f in found.facilities],
        "hours": [hours(h) for h in found.hours],
    }


def short(found: Place) -> Json:
    """A place in a listing."""
    return {
        "id": found.id,
        "version": found.version,
        "division": found.division,
        "name": found.name,
        "address": found.address,
        "phone": found.phone,
        "demo": found.demo,
        **_named(found),
    }


def _named(found: Place) -> Json:
    division = wiring.current().divisions.get(found.division)
    return {"kind": labelled("place_kind", found.kind), "division_name": division.name if division else ""}


def window(found: Window) -> Json:
    """A window."""
    return {
        "id": found.id,
        "kind": labelled("window_kind", found.kind),
        "name": found.name,
        "departments": list(found.departments),
    }


def hours(found: Hours) -> Json:
    """Hours under one heading."""
    labels = {"kind": labelled("service_kind", found.kind), "access": labelled("place_access", found.access)}
    return {**hours_document(found), **labels}


def opening(found: Opening) -> Json:
    """A stretch of time in which a place serves."""
    return {
        "start": instant(found.start),
        "end": instant(found.end),
        "day": found.day.isoformat(),
        "kind": labelled("service_kind", found.kind),
        "access": labelled("place_access", found.access),
        "items": list(found.items),
        "departments": list(found.departments),
        "windows": list(found.windows),
        "provisional": found.provisional,
        "reason": found.reason,
    }


def day(found: ScheduledDay) -> Json:
    """A day of a timetable."""
    return {
        "date": found.day.date.isoformat(),
        "kind": labelled("day_kind", found.day.kind),
        "name": found.day.name,
        "provisional": found.day.provisional,
        "openings": [opening(o) for o in found.openings],
        "differs": found.differs,
        "usual": [opening(o) for o in found.usual],
    }


def answer(found: Answer) -> Json:
    """A place that takes an item, and when."""
    return {
        "place": short(found.service.place),
        "manner": labelled("manner", found.service.manner),
        "windows": [window(w) for w in found.service.windows],
        "nearness": found.nearness,
        "metres": found.metres,
        "open": bool(found.now),
        "openings": [opening(o) for o in found.now],
        "next": opening(found.next) if found.next else None,
    }


def delay_entry(found: DelayEntry) -> Json:
    """A line of the list of delay-service items."""
    row = found.row
    return {
        "item": {"basic_code": row["basic_code"], "name": row["name"], "department": row["department"]},
        "place": short(found.service.place),
        "manner": labelled("manner", found.service.manner),
        "hours": [hours(h) for h in found.hours],
    }


def proposal(found: Proposal) -> Json:
    """A proposal with every step of its review."""
    return {
        "id": found.id,
        "version": found.version,
        "state": labelled("place_proposal", found.state),
        "division": found.division,
        "places": [place(p) for p in found.places],
        "steps": [
            {
                "kind": labelled("place_step", step.kind),
                "by": step.by,
                "body": step.body,
                "at": instant(step.at),
                "opinion": step.opinion,
            }
            for step in found.steps
        ],
    }
