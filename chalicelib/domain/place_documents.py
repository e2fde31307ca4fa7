"""Places as JSON: what a proposal, an import file and the demo places say, and what readers are shown.

Times are hours and minutes of a legal day (``"08:30"``); an end from ``"24:00"`` on lies on the next day. There are no
time zones in it. Positions are degrees. The shapes are those of ``schemas/places``, which has judged what is read here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from chalicelib.domain.errors import Invalid, Violation, raise_all
from chalicelib.domain.opening_hours import Access, Closure, Hours, ServiceKind, Span
from chalicelib.domain.schedules import Facility, Place, PlaceKind, Position, Window, WindowKind

Json = dict[str, Any]
_DEGREE = 1_000_000


def place_of(document: Mapping[str, Any], pointer: str = "") -> Place:
    """The version of a place that a document describes; a new one without ``id``. Raises Invalid for unreal days."""
    days = _Days(pointer)
    made = Place(
        id=document.get("id", ""),
        version=document.get("replaces", 0) + 1,
        kind=PlaceKind(document["kind"]),
        division=document["division"],
        name=document["name"],
        address=document["address"],
        phone=document["phone"],
        since=days.read(document, "since"),
        windows=tuple(
            Window(w["id"], WindowKind(w["kind"]), w["name"], tuple(w.get("departments", ())))
            for w in document["windows"]
        ),
        facilities=tuple(Facility(f) for f in document.get("facilities", ())),
        hours=tuple(_hours(h, days, f"/hours/{n}") for n, h in enumerate(document["hours"])),
        closures=tuple(_closure(c, days, f"/closures/{n}") for n, c in enumerate(document.get("closures", ()))),
        position=position_of(document.get("position")),
        items=tuple(document.get("items", ())),
        closed=document.get("closed", False),
        demo=document.get("demo", False),
    )
    raise_all(Invalid, days.wrong)
    return made


class _Days:
    """Reads days and remembers those that no calendar has."""

    def __init__(self, pointer: str) -> None:
        self.wrong: list[Violation] = []
        self._pointer = pointer

    def read(self, document: Mapping[str, Any], name: str, at: str = "") -> date:
        try:
            return date.fromisoformat(document[name])
        except ValueError:
            self.wrong.append(Violation("schema.format", f"{self._pointer}{at}/{name}", {"format": "date"}))
            return date.min


def _hours(document: Mapping[str, Any], days: _Days, at: str) -> Hours:
    return Hours(
        kind=ServiceKind(document["kind"]),
        weekdays=frozenset(document["weekdays"]),
        spans=_spans(document["spans"]),
        since=days.read(document, "since", at),
        until=days.read(document, "until", at) if document.get("until") else None,
        access=Access(document.get("access", Access.WALK_IN)),
        items=tuple(document.get("items", ())),
        departments=tuple(document.get("departments", ())),
        windows=tuple(document.get("windows", ())),
        make_up_as=document.get("make_up_as", 1),
    )


def _closure(document: Mapping[str, Any], days: _Days, at: str) -> Closure:
    spans = _spans(document.get("spans", ()))
    return Closure(days.read(document, "first", at), days.read(document, "last", at), document["reason"], spans)


def _spans(documents: Sequence[Mapping[str, str]]) -> tuple[Span, ...]:
    return tuple(Span(_minutes(d["start"]), _minutes(d["end"])) for d in documents)


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def position_of(document: Mapping[str, float] | None) -> Position | None:
    """A position from degrees."""
    if document is None:
        return None
    return Position(round(document["latitude"] * _DEGREE), round(document["longitude"] * _DEGREE))


def document_of(place: Place) -> Json:
    """The document of a version; ``place_of`` reads it again but for ``version``, which stands for ``replaces`` + 1."""
    return {
        "id": place.id,
        "version": place.version,
        "kind": str(place.kind),
        "division": place.division,
        "name": place.name,
        "address": place.address,
        "phone": place.phone,
        "since": place.since.isoformat(),
        "windows": [
            {"id": w.id, "kind": str(w.kind), "name": w.name, "departments": list(w.departments)} for w in place.windows
        ],
        "facilities": [str(f) for f in place.facilities],
        "hours": [hours_document(h) for h in place.hours],
        "closures": [
            {"first": c.first.isoformat(), "last": c.last.isoformat(), "reason": c.reason, "spans": _told(c.spans)}
            for c in place.closures
        ],
        "position": _degrees(place.position),
        "items": list(place.items),
        "closed": place.closed,
        "demo": place.demo,
    }


def hours_document(hours: Hours) -> Json:
    """Hours under one heading."""
    return {
        "kind": str(hours.kind),
        "weekdays": sorted(hours.weekdays),
        "spans": _told(hours.spans),
        "since": hours.since.isoformat(),
        "until": hours.until.isoformat() if hours.until else None,
        "access": str(hours.access),
        "items": list(hours.items),
        "departments": list(hours.departments),
        "windows": list(hours.windows),
        "make_up_as": hours.make_up_as,
    }


def _told(spans: Sequence[Span]) -> list[Json]:
    return [{"start": _clock(span.start), "end": _clock(span.end)} for span in spans]


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _degrees(position: Position | None) -> Json | None:
    if position is None:
        return None
    return {"latitude": position.latitude / _DEGREE, "longitude": position.longitude / _DEGREE}
