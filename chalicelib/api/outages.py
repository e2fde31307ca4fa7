"""When the platform itself was down."""

from __future__ import annotations

from typing import Any

from chalicelib import wiring
from chalicelib.api import views
from chalicelib.domain.outages import Outage, Service
from chalicelib.edge.api import ApiBlueprint, Auth, Reply, Request, receipt_reply
from chalicelib.services import outages

bp = ApiBlueprint(__name__, tag="outages")


@bp.route_v1(
    "POST",
    "/outages",
    summary=("登记平台故障", "Record that a service is down"),
    request="outages/outage_start",
    response="elements/receipt",
    status=201,
    keyed=True,
    problems=("outage.supervisors-only", "outage.in-the-future", "case.text-missing"),
)
def record_outage(request: Request) -> Reply:
    """By those who supervise the whole region of the stack. Days on which it falls move for applicants."""
    body = request.body
    receipt = outages.record(
        wiring.current(),
        request.who,
        service=Service(body["service"]),
        since=views.moment(body["since"], "/since"),
        reason=body["reason"],
        key=request.once,
    )
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/outages/{outage_id}/end",
    summary=("登记故障恢复", "Record that it works again"),
    request="outages/outage_end",
    response="elements/receipt",
    keyed=True,
    problems=(
        "outage.not-found",
        "outage.supervisors-only",
        "outage.ended",
        "outage.in-the-future",
        "outage.ends-before-it-began",
        "store.conflict",
    ),
)
def end_outage(request: Request) -> Reply:
    """Once. From the next working day on the moved days count."""
    receipt = outages.end(
        wiring.current(),
        request.who,
        request.path["outage_id"],
        until=views.moment(request.body["until"], "/until"),
        key=request.once,
    )
    return receipt_reply(receipt)


@bp.route_v1(
    "GET",
    "/outages",
    summary=("平台故障记录", "When the platform itself was down"),
    auth=Auth.PUBLIC,
    response="outages/outages",
)
def list_outages(request: Request) -> Reply:
    """The newest failures of each service, newest first: public, because they move dates."""
    ports = wiring.current()
    return Reply({"items": [_view(outage) for service in Service for outage in outages.of(ports, service)]})


def _view(outage: Outage) -> dict[str, Any]:
    return {
        "id": outage.id,
        "service": views.labelled("service", outage.service),
        "since": views.instant(outage.since),
        "until": views.instant(outage.until),
        "reason": outage.reason,
        "recorded_at": views.instant(outage.recorded_at),
    }
