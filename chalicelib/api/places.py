"""Service places for everybody: where they are, when they are open, and what is served there."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime

from chalicelib import wiring
from chalicelib.api import place_views as views
from chalicelib.api.place_feeds import feed
from chalicelib.api.views import instant
from chalicelib.domain.errors import Invalid
from chalicelib.domain.place_documents import position_of
from chalicelib.domain.schedules import Position
from chalicelib.edge.api import ApiBlueprint, Auth, Reply, Request
from chalicelib.services import schedules

bp = ApiBlueprint(__name__, tag="places")

_MINUTE = {"Cache-Control": "public, max-age=60"}
_NO_PLACE = ("place.not-found",)
_CLOSED = (*_NO_PLACE, "place.closed")
_WHEN = ("place.moment-past", "place.moment-too-far")


@bp.route_v1(
    "GET",
    "/places",
    summary=("查询政务服务场所", "List service places"),
    auth=Auth.PUBLIC,
    query="places/division_query",
    response="places/list",
    problems=("division.unknown",),
)
def list_places(request: Request) -> Reply:
    """Those within a division; of league and region only their own, since each banner lists its townships' places."""
    found = schedules.places_of(wiring.current(), request.query["division"])
    return Reply({"items": [views.short(p) for p in found]}, headers=_MINUTE)


@bp.route_v1(
    "GET",
    "/places/{place_id}",
    summary=("查看政务服务场所", "One service place"),
    auth=Auth.PUBLIC,
    query="places/day_query",
    response="places/place",
    problems=_NO_PLACE,
)
def read_place(request: Request) -> Reply:
    """As it is today or was on a day; a closed one says so."""
    day = _day(request, "day")
    found = schedules.place(wiring.current(), request.path["place_id"], day)
    return Reply(views.place(found), etag=found.version, headers=_MINUTE)


@bp.route_v1(
    "GET",
    "/places/{place_id}/versions",
    summary=("场所历次信息", "Every version of a service place"),
    auth=Auth.PUBLIC,
    response="places/versions",
    problems=_NO_PLACE,
)
def read_versions(request: Request) -> Reply:
    """Those that are still to come, too: what a review has published is public."""
    found = schedules.versions(wiring.current(), request.path["place_id"])
    return Reply({"items": [views.place(p) for p in found]}, headers=_MINUTE)


@bp.route_v1(
    "GET",
    "/places/{place_id}/opening",
    summary=("现在是否开放", "Is it open, and when next?"),
    auth=Auth.PUBLIC,
    query="places/at_query",
    response="places/openness",
    problems=(*_CLOSED, *_WHEN),
)
def read_opening(request: Request) -> Reply:
    """Now, or at an instant of the coming year; and the next opening within sixty days."""
    found = schedules.open_at(wiring.current(), request.path["place_id"], _moment(request))
    body = {
        "place": views.short(found.place),
        "at": instant(found.moment),
        "open": bool(found.now),
        "openings": [views.opening(o) for o in found.now],
        "next": views.opening(found.next) if found.next else None,
    }
    return Reply(body, headers=_MINUTE)


@bp.route_v1(
    "GET",
    "/places/{place_id}/timetable",
    summary=("月度时间表", "The timetable of a month"),
    auth=Auth.PUBLIC,
    query="places/month_query",
    response="places/timetable",
    problems=_CLOSED,
)
def read_timetable(request: Request) -> Reply:
    """Day by day, by the official calendar: holidays and make-up days applied, and what differs from the plain week."""
    month = request.query["month"]
    first = date.fromisoformat(f"{month}-01")
    last = first.replace(day=monthrange(first.year, first.month)[1])
    found, days = schedules.timetable(wiring.current(), request.path["place_id"], first, last)
    return Reply({"place": views.short(found), "month": month, "days": [views.day(d) for d in days]}, headers=_MINUTE)


@bp.route_v1(
    "GET",
    "/places/{place_id}/holiday",
    summary=("下一节假日安排", "What changes in the next holiday"),
    auth=Auth.PUBLIC,
    response="places/holiday",
    problems=_CLOSED,
)
def read_holiday(request: Request) -> Reply:
    """Its days and the make-up days that go with it."""
    found, name, days = schedules.next_holiday(wiring.current(), request.path["place_id"])
    return Reply({"place": views.short(found), "holiday": name, "days": [views.day(d) for d in days]}, headers=_MINUTE)


@bp.route_v1(
    "GET",
    "/places/{place_id}/calendar.ics",
    summary=("订阅时间表(iCalendar)", "The timetable as a calendar to subscribe to"),
    auth=Auth.PUBLIC,
    content_type="text/calendar",
    problems=_CLOSED,
)
def read_feed(request: Request) -> Reply:
    """RFC 5545, this month and the three after it. The feed of a closed place is gone (410), and calendars drop it."""
    current = wiring.current()
    body = feed(current, request.path["place_id"])
    headers = {"Cache-Control": "public, max-age=3600"}
    return Reply(body, content_type="text/calendar; charset=utf-8", headers=headers)


@bp.route_v1(
    "GET",
    "/where",
    summary=("在哪办、何时办", "Where and when an item is taken"),
    auth=Auth.PUBLIC,
    query="places/where_query",
    response="places/where",
    problems=("item.not-offered", "division.unknown", "place.where-missing", "place.position-impossible", *_WHEN),
)
def read_where(request: Request) -> Reply:
    """At or after an instant, in or near a division or within about a hundred kilometres of a position.

    Places open at that moment come first, then the nearer ones: own village, township, banner, league, region, and
    the neighbours.
    """
    current, query = wiring.current(), request.query
    wanted, row, answers = schedules.where(
        current,
        current.catalog,
        current.divisions,
        query["item"],
        division=query.get("division", ""),
        position=_near(query.get("near", "")),
        moment=_moment(request),
        limit=request.limit,
    )
    item = {"basic_code": row["basic_code"], "name": row["name"]}
    body = {"item": item, "at": instant(wanted), "items": [views.answer(a) for a in answers]}
    return Reply(body, headers=_MINUTE)


@bp.route_v1(
    "GET",
    "/delay-service",
    summary=("延时服务事项清单", "The list of delay-service items"),
    auth=Auth.PUBLIC,
    query="places/delay_query",
    response="places/delay_list",
    problems=("division.unknown", "place.list-changed", "request.cursor-invalid"),
)
def read_delay_list(request: Request) -> Reply:
    """Every item that the places of a division serve outside regular hours, with the hours and how one is served.

    It follows from catalogue and places and changes only when a review changes one of them; so does its version.
    """
    current = wiring.current()
    found = schedules.delay_list(current, current.catalog, request.query["division"], _day(request, "day"))
    start = _start(request.position(), found.version)
    end = start + request.limit
    body = {
        "division": found.division,
        "day": found.day.isoformat(),
        "version": found.version,
        "items": [views.delay_entry(e) for e in found.entries[start:end]],
        "next": request.cursor(f"{found.version}:{end}" if len(found.entries) > end else None),
    }
    return Reply(body, headers=_MINUTE)


def _start(position: str | None, version: str) -> int:
    """How many entries were seen already. Entries of one version do not move; those of another would."""
    if position is None:
        return 0
    of_version, _, seen = position.partition(":")
    if of_version != version:
        raise Invalid.because("place.list-changed", "/query/cursor")
    return int(seen)


def _moment(request: Request) -> datetime | None:
    """A moment in UTC. RFC 3339 knows some that nobody can keep: leap seconds, and what lies outside the calendar."""
    text = request.query.get("at")
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid.because("schema.format", "/query/at", format="date-time") from None


def _day(request: Request, name: str) -> date | None:
    text = request.query.get(name)
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid.because("schema.format", f"/query/{name}", format="date") from None


def _near(text: str) -> Position | None:
    if not text:
        return None
    latitude, longitude = (float(part) for part in text.split(","))
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise Invalid.because("place.position-impossible", "/query/near")
    return position_of({"latitude": latitude, "longitude": longitude})
