"""The official calendar for everybody: which days are working days, and by whose notice."""

from __future__ import annotations

from chalicelib import wiring
from chalicelib.api.views import instant, labelled
from chalicelib.edge.api import ApiBlueprint, Auth, Reply, Request
from chalicelib.services import calendar

bp = ApiBlueprint(__name__, tag="calendar")

_CHANGES_ONCE_A_YEAR = {"Cache-Control": "public, max-age=300"}


@bp.route_v1(
    "GET",
    "/calendar/{year}",
    summary=("查看年度工作日历", "A year of the official calendar"),
    auth=Auth.PUBLIC,
    response="calendar/year",
    problems=("calendar.year-unknown",),
)
def read_year(request: Request) -> Reply:
    """The days of a year that differ from the plain week.

    A year whose notice has not come yet is not ``announced``: its deadlines are provisional.
    """
    text = request.path["year"]
    year = int(text) if text.isascii() and text.isdigit() and len(text) == 4 else 0
    found, announced = calendar.read_year(wiring.current().calendar, year)
    body = {
        "year": year,
        "announced": announced is not None,
        "source": announced.source if announced else "",
        "revision": announced.revision if announced else 0,
        "published_at": instant(announced.published_at) if announced else None,
        "workdays": found.workdays(year),
        "days": [
            {"date": day.date.isoformat(), "kind": labelled("day_kind", day.kind), "name": day.name}
            for day in found.special_days(year)
        ],
    }
    return Reply(body, headers=_CHANGES_ONCE_A_YEAR)
