"""Administrative divisions for everybody: one by its code, listings by parent, name and level."""

from __future__ import annotations

from typing import Any

from chalicelib import wiring
from chalicelib.api.views import labelled
from chalicelib.domain.divisions import Division, Level, service_place_name
from chalicelib.edge.api import ApiBlueprint, Auth, Reply, Request
from chalicelib.services import divisions
from chalicelib.services.divisions import DivisionQuery

bp = ApiBlueprint(__name__, tag="divisions")

_RARELY_CHANGES = {"Cache-Control": "public, max-age=3600"}


@bp.route_v1(
    "GET",
    "/divisions",
    summary=("查询行政区划", "List divisions"),
    auth=Auth.PUBLIC,
    query="divisions/query",
    response="divisions/page",
    problems=("division.unknown",),
)
def list_divisions(request: Request) -> Reply:
    """The children of ``parent`` (the home region if none is named).

    With ``name`` or ``level``: everything within ``parent`` that matches. A village is found under any
    form of its name (嘎查, 嘎查委员会, 嘎查村民委员会).
    """
    current = wiring.current()
    level = request.query.get("level")
    wanted = DivisionQuery(
        parent=request.query.get("parent", current.home),
        name=request.query.get("name", ""),
        level=Level(int(level)) if level else None,
    )
    page = divisions.listing(current.divisions, wanted, request.position(), request.limit)
    body = {"items": [_division(found) for found in page.items], "next": request.cursor(page.next)}
    return Reply(body, headers=_RARELY_CHANGES)


@bp.route_v1(
    "GET",
    "/divisions/{division_code}",
    summary=("查看行政区划", "One division"),
    auth=Auth.PUBLIC,
    query="divisions/scheme",
    response="divisions/division",
    problems=("division.unknown",),
)
def read_division(request: Request) -> Reply:
    """By the code of the statistics bureau, or with ``scheme=mca`` of the Ministry of Civil Affairs.

    The two must be told apart: 205 codes of the ministry are the bureau's codes of other townships.
    """
    mca = request.query.get("scheme") == "mca"
    found, above = divisions.get(wiring.current().divisions, request.path["division_code"], mca=mca)
    body = {**_division(found), "ancestors": [_named(division) for division in above]}
    return Reply(body, headers=_RARELY_CHANGES)


def _division(division: Division) -> dict[str, Any]:
    return {
        **_named(division),
        "parent": division.parent,
        "administrative": division.administrative,
        "aliases": [dict(zip(("scheme", "code"), alias.split(":"), strict=True)) for alias in division.aliases],
        "service_place": service_place_name(division) if division.administrative else None,
    }


def _named(division: Division) -> dict[str, Any]:
    return {"code": division.code, "name": division.name, "level": labelled("level", str(int(division.level)))}
