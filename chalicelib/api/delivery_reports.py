"""Where providers of text messages and letters tell what became of a message."""

from __future__ import annotations

from chalicelib import wiring
from chalicelib.api import views
from chalicelib.edge.api import ApiBlueprint, Auth, Reply, Request
from chalicelib.services import delivery_reports
from chalicelib.services.delivery_reports import Report

bp = ApiBlueprint(__name__, tag="messages")


@bp.route_v1(
    "POST",
    "/delivery-reports/{sender}",
    summary=("投递结果回执", "Report what became of a message"),
    auth=Auth.SIGNED,
    request="messages/report",
    response="messages/report_taken",
    problems=("webhook.not-verified", "store.conflict"),
)
def take_delivery_report(request: Request) -> Reply:
    """For the providers ``sms`` and ``post``, signed after Standard Webhooks. Anything but 2xx is to be sent again."""
    body = request.body
    data = body["data"]
    report = Report(
        key=data["key"],
        reference=data["reference"],
        arrived=body["type"] == "message.delivered",
        at=views.moment(body["timestamp"], "/timestamp"),
    )
    return Reply({"outcome": str(delivery_reports.record(wiring.current(), request.call, report))})
