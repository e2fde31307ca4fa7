"""The deadlines of a case: when each period ends, and why."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from chalicelib import wiring
from chalicelib.api.views import instant, labelled
from chalicelib.domain.catalog import Limit
from chalicelib.domain.clocks import Clock
from chalicelib.domain.deadlines import DayCount, Pause, Stretch, legal_day, stretches
from chalicelib.domain.routing import Route
from chalicelib.edge.api import ApiBlueprint, Reply, Request
from chalicelib.services import deadlines

bp = ApiBlueprint(__name__, tag="deadlines")


@bp.route_v1(
    "GET",
    "/cases/{case_id}/deadlines",
    summary=("办理期限及计算说明", "The deadlines of a case, explained day by day"),
    response="deadlines/deadlines",
    problems=("case.not-found",),
)
def read_deadlines(request: Request) -> Reply:
    """Every period that has begun: statutory and promised side by side, with stops and extension.

    Each is explained in ranges and day by day: what counted, what was skipped, and by which notice of holidays.
    What rests on a year that is not announced yet is marked provisional.
    """
    found = deadlines.explain(wiring.current(), request.who, request.path["case_id"])
    body = {
        "case": found.case.id,
        "version": found.case.version,
        "state": labelled("state", found.case.state),
        "as_of": instant(found.now),
        "clocks": [_clock(clock, found.case.route, found.now) for clock in found.clocks],
    }
    return Reply(body, etag=found.case.version)


def _clock(clock: Clock, route: Route, now: datetime) -> dict[str, Any]:
    deadline = clock.deadline
    return {
        "kind": labelled("clock", clock.kind),
        "state": labelled("clock_state", clock.state(now)),
        "subject": clock.subject,
        "node": _node(clock.position, route),
        "started_at": instant(clock.start),
        "starting_day": legal_day(clock.start).isoformat(),
        "limits": [_limit(limit) for limit in clock.limits],
        "basis": _basis(clock),
        "ends_at": instant(deadline.at),
        "last_day": _day(deadline.last_day),
        "provisional": deadline.provisional,
        "counted": deadline.days[-1].count if deadline.days else 0,
        "met_at": instant(clock.met_at),
        "dropped_at": instant(clock.dropped_at),
        "pauses": [_pause(pause) for pause in clock.pauses],
        "ranges": [_stretch(stretch) for stretch in stretches(deadline.days)],
        "days": [_counted(counted) for counted in deadline.days],
    }


def _node(position: int | None, route: Route) -> dict[str, Any] | None:
    if position is None:
        return None
    node = route.nodes[position]
    return {"position": position, "role": labelled("task", node.role), "body": node.body, "body_name": node.body_name}


def _limit(limit: Limit) -> dict[str, Any]:
    basis = limit.basis
    return {
        "value": limit.value,
        "unit": labelled("unit", limit.unit),
        "counting": labelled("unit_rule", limit.unit),
        "starts": limit.starts,
        "demo": limit.demo,
        "basis": {"law": basis.law, "article": basis.article, "version": basis.version} if basis else None,
    }


def _basis(clock: Clock) -> dict[str, str] | None:
    basis = clock.basis
    return {"law": basis.law, "article": basis.article, "version": basis.version} if basis else None


def _pause(pause: Pause) -> dict[str, Any]:
    return {
        "code": labelled("procedure", pause.code),
        "since": pause.since.isoformat(),
        "until": _day(pause.until),
        "basis": pause.basis,
    }


def _stretch(stretch: Stretch) -> dict[str, Any]:
    return {
        "since": stretch.first.isoformat(),
        "until": stretch.last.isoformat(),
        "counting": labelled("counting", stretch.counting),
        "days": stretch.days,
        "count": stretch.count,
        "name": stretch.name,
        "stopped_by": stretch.pause,
        "source": stretch.source,
        "provisional": stretch.provisional,
    }


def _counted(counted: DayCount) -> dict[str, Any]:
    return {
        "date": counted.day.date.isoformat(),
        "kind": str(counted.day.kind),
        "counting": str(counted.counting),
        "count": counted.count,
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
