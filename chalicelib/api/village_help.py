"""Village help (帮办代办): the public list of a township or village."""

from __future__ import annotations

from chalicelib import wiring
from chalicelib.api import views
from chalicelib.edge.api import ApiBlueprint, Auth, Reply, Request
from chalicelib.services import village_help

bp = ApiBlueprint(__name__, tag="authorities")


@bp.route_v1(
    "GET",
    "/help",
    summary=("帮办代办清单", "What village help helps with"),
    auth=Auth.PUBLIC,
    query="help/query",
    response="help/list",
    problems=("division.unknown", "help.lower-levels-only"),
)
def read_help_list(request: Request) -> Reply:
    """The items of a township or village, where one finds the help, and what an agent may not do. It costs nothing."""
    found = village_help.help_list(wiring.current(), request.query["division"])
    shown = {
        "division": found.division,
        "name": found.name,
        "free": True,
        "limits": [views.labelled("help_limit", limit) for limit in village_help.LIMITS],
        "items": [
            {
                "item": row["basic_code"],
                "name": row["name"],
                "name_en": row["name_en"],
                "accepted_level": row["accepted_at"]["level"],
            }
            for row in found.rows
        ],
        "places": [{"id": p.id, "name": p.name, "address": p.address, "phone": p.phone} for p in found.places],
    }
    return Reply(shown)
