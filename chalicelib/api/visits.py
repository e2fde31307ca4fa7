"""On-site service (上门服务): asking for it, arranging it, what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chalicelib import wiring
from chalicelib.api import views
from chalicelib.domain.actors import Actor
from chalicelib.domain.certificates import masked
from chalicelib.domain.queueing import Priority
from chalicelib.domain.visits import Arrangement, Visit
from chalicelib.edge.api import ApiBlueprint, Reply, Request, receipt_reply
from chalicelib.services import visits
from chalicelib.services.appointments import Wish
from chalicelib.services.visits import Address

bp = ApiBlueprint(__name__, tag="appointments")

_ACT = ("visit.not-found", "visit.over", "store.conflict")
_STAFF = (*_ACT, "place.staff-only")


@bp.route_v1(
    "POST",
    "/visits",
    summary=("申请上门服务", "Ask for a visit"),
    request="appointments/visit_wish",
    response="elements/receipt",
    status=201,
    keyed=True,
    problems=(
        "place.not-found",
        "place.closed",
        "appointment.item-not-served",
        "appointment.not-for-others",
        "appointment.applicants-only",
        "appointment.booker-unknown",
        "authority.not-in-force",
        "authority.item-not-covered",
        "visit.none-from-here",
        "visit.outside-area",
        "visit.ground-of-persons",
        "division.unknown",
    ),
)
def ask_for_visit(request: Request) -> Reply:
    """By a person who cannot come, or an agent under their authority. The place decides when, by whom and with what."""
    body = request.body
    wish = Wish(body["place"], body["item"], body.get("principal", ""), body.get("authority", ""))
    address = Address(body["division"], body["address"], Priority(body["ground"]))
    return receipt_reply(visits.ask(wiring.current(), request.who, wish, address, key=request.once))


@bp.route_v1(
    "GET",
    "/visits",
    summary=("我的上门服务", "My visits"),
    query="elements/query",
    response="appointments/visits",
    problems=("request.cursor-invalid",),
)
def list_visits(request: Request) -> Reply:
    """Newest first, those that are over too. An agent's are those asked for under an authority that is in force.

    To the agent the name is masked, and address and ground are left out: they stand in the visit itself.
    """
    page = visits.mine(wiring.current(), request.who, request.position(), request.limit)
    return Reply({"items": [_listed(found, request.who) for found in page.items], "next": request.cursor(page.next)})


@bp.route_v1(
    "GET",
    "/visits/{visit_id}",
    summary=("查看上门服务", "Read a visit"),
    response="appointments/visit",
    problems=("visit.not-found",),
)
def read_visit(request: Request) -> Reply:
    """For whom it is, who asked for them, and the staff of the place. Readings by the others are recorded.

    Whose visit it is is shown the latest of them (``accesses``).
    """
    ports = wiring.current()
    found = visits.read(ports, request.who, request.path["visit_id"])
    noted = visits.readers(ports, request.who, found)
    shown = _view(found) if noted is None else {**_view(found), "accesses": [views.reading(read) for read in noted]}
    return Reply(shown, etag=found.version)


@bp.route_v1(
    "GET",
    "/visit-requests/{place_id}",
    summary=("待办上门服务", "What a place has to arrange or make"),
    query="elements/query",
    response="appointments/visits",
    problems=("place.not-found", "place.closed", "place.staff-only", "request.cursor-invalid"),
)
def list_visit_requests(request: Request) -> Reply:
    """For its staff, oldest first. Names are masked, address and ground left out: they stand in the visit itself."""
    page = visits.of_place(wiring.current(), request.who, request.path["place_id"], request.position(), request.limit)
    return Reply({"items": [_listed(found, request.who) for found in page.items], "next": request.cursor(page.next)})


@bp.route_v1(
    "POST",
    "/visits/{visit_id}/arrangement",
    summary=("安排上门服务", "Arrange a visit"),
    request="appointments/arrangement",
    response="elements/receipt",
    keyed=True,
    problems=(*_STAFF, "visit.past", "visit.too-far", "visit.length", "visit.staff", "visit.equipment"),
)
def arrange_visit(request: Request) -> Reply:
    """When, by whom and with what; again to change it. Nobody and nothing is sent to two places at a time."""
    body = request.body
    made = Arrangement(
        datetime.fromisoformat(body["start"]),
        datetime.fromisoformat(body["end"]),
        tuple(body["staff"]),
        tuple(body.get("equipment", ())),
    )
    receipt = visits.arrange(wiring.current(), request.who, request.path["visit_id"], made, key=request.once)
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/visits/{visit_id}/refusal",
    summary=("无法上门", "Refuse a visit"),
    request="tasks/reason",
    response="elements/receipt",
    keyed=True,
    problems=(*_STAFF, "case.text-missing"),
)
def refuse_visit(request: Request) -> Reply:
    """With the reason. The applicant may still come, send an agent, or apply online."""
    receipt = visits.refuse(
        wiring.current(), request.who, request.path["visit_id"], request.body["reason"], key=request.once
    )
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/visits/{visit_id}/completion",
    summary=("完成上门服务", "Record that a visit was made"),
    response="elements/receipt",
    keyed=True,
    problems=(*_STAFF, "visit.not-begun"),
)
def finish_visit(request: Request) -> Reply:
    """By the staff, once it has begun."""
    return receipt_reply(visits.finish(wiring.current(), request.who, request.path["visit_id"], key=request.once))


@bp.route_v1(
    "POST",
    "/visits/{visit_id}/cancellation",
    summary=("取消上门服务", "Cancel a visit"),
    response="elements/receipt",
    keyed=True,
    problems=(*_ACT, "visit.begun", "appointment.applicants-only"),
)
def cancel_visit(request: Request) -> Reply:
    """By the applicant, or who asked for them, until it begins."""
    return receipt_reply(visits.cancel(wiring.current(), request.who, request.path["visit_id"], key=request.once))


def _listed(found: Visit, viewer: Actor) -> dict[str, Any]:
    """A visit in a list: whole to the one whose it is."""
    shown = _view(found)
    if visits.is_applicants(viewer, found):
        return shown
    hidden = {name: value for name, value in shown.items() if name not in ("address", "ground")}
    return {**hidden, "booker": masked(found.booker.name)}


def _view(found: Visit) -> dict[str, Any]:
    return {
        "id": found.id,
        "version": found.version,
        "state": views.labelled("visit", found.state),
        "item": found.errand.item,
        "item_name": found.errand.name,
        "place": found.place,
        "place_name": found.place_name,
        "booker": found.booker.name,
        "by_agent": bool(found.booker.agent),
        "made_at": views.instant(found.made_at),
        "division": found.division,
        "address": found.address,
        "ground": views.labelled("priority", found.ground),
        "start": views.instant(found.start),
        "end": views.instant(found.end),
        "staff": list(found.staff),
        "equipment": list(found.equipment),
        "reason": found.reason,
    }
