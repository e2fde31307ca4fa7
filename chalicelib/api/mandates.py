"""Mandates of chief representatives (首席事务代表), and what they decide on the spot (即办件)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chalicelib import wiring
from chalicelib.api import views
from chalicelib.domain.mandates import Mandate, Terms
from chalicelib.edge.api import ApiBlueprint, Reply, Request, receipt_reply
from chalicelib.services import mandates

bp = ApiBlueprint(__name__, tag="mandates")

_NOT_FOUND = "mandate.not-found"


@bp.route_v1(
    "POST",
    "/mandates",
    summary=("授权首席事务代表", "Mandate a chief representative"),
    request="mandates/terms",
    response="elements/receipt",
    status=201,
    keyed=True,
    problems=(
        "mandate.heads-only",
        "mandate.until-past",
        "mandate.until-too-far",
        "item.not-offered",
        "item.not-instant",
    ),
)
def give_mandate(request: Request) -> Reply:
    """By the head of a body, for an officer of that body: items that are decided on the spot, an amount, a time."""
    ports = wiring.current()
    body = request.body
    terms = Terms(
        officer=body["officer"],
        items=tuple(body["items"]),
        max_amount=body.get("max_amount"),
        since=views.moment(body["since"], "/since") if "since" in body else ports.clock.now(),
        until=views.moment(body["until"], "/until"),
    )
    return receipt_reply(mandates.give(ports, request.who, terms, key=request.once))


@bp.route_v1(
    "GET",
    "/mandates",
    summary=("首席事务代表授权", "Mandates I gave or hold"),
    query="cases/listing",
    response="mandates/page",
    problems=("mandate.officers-only", "request.cursor-invalid"),
)
def list_mandates(request: Request) -> Reply:
    """For a head those of the body, for other officers their own; newest first."""
    ports = wiring.current()
    page = mandates.visible(ports, request.who, request.position(), request.limit)
    now = ports.clock.now()
    return Reply({"items": [_view(m, now) for m in page.items], "next": request.cursor(page.next)})


@bp.route_v1(
    "GET",
    "/mandates/{mandate_id}",
    summary=("查看授权", "Read a mandate"),
    response="mandates/mandate",
    problems=(_NOT_FOUND,),
)
def read_mandate(request: Request) -> Reply:
    """For its officer and the heads of its body."""
    ports = wiring.current()
    mandate = mandates.read(ports, request.who, request.path["mandate_id"])
    return Reply(_view(mandate, ports.clock.now()), etag=mandate.version)


@bp.route_v1(
    "POST",
    "/mandates/{mandate_id}/revocation",
    summary=("收回授权", "Take a mandate back"),
    response="elements/receipt",
    keyed=True,
    problems=(_NOT_FOUND, "mandate.heads-only", "mandate.revoked", "store.conflict"),
)
def revoke_mandate(request: Request) -> Reply:
    """By a head of the body. What was decided under it stays decided."""
    mandate_id = request.path["mandate_id"]
    return receipt_reply(mandates.revoke(wiring.current(), request.who, mandate_id, key=request.once))


@bp.route_v1(
    "POST",
    "/cases/{case_id}/instant-decision",
    summary=("当场办结", "Decide on the spot"),
    request="mandates/decision",
    response="elements/receipt",
    keyed=True,
    problems=(
        "renewal.certificate-not-valid",
        "case.not-found",
        "case.act-not-yours",
        "case.wrong-state",
        "item.not-instant",
        "mandate.none",
        "mandate.item-not-covered",
        "mandate.expired",
        "mandate.amount-exceeded",
        "mandate.amount-missing",
        "mandate.other-body",
        "task.none-open",
        "task.not-claimed-by-you",
        "task.wrong-act",
        "store.conflict",
    ),
)
def decide_instantly(request: Request) -> Reply:
    """Grants within the caller's mandate, and accepts first where that was not done yet; no workflow is waited for."""
    receipt = mandates.decide_instantly(
        wiring.current(),
        request.who,
        request.path["case_id"],
        opinion=request.body.get("opinion", ""),
        amount=request.body.get("amount"),
        key=request.once,
    )
    return receipt_reply(receipt)


def _view(mandate: Mandate, now: datetime) -> dict[str, Any]:
    return {
        "id": mandate.id,
        "version": mandate.version,
        "state": views.labelled("mandate", mandate.state),
        "in_force": mandate.in_force(now),
        "body": mandate.body,
        "officer": mandate.officer,
        "items": list(mandate.items),
        "max_amount": mandate.max_amount,
        "since": views.instant(mandate.since),
        "until": views.instant(mandate.until),
        "given_by": mandate.given_by,
        "given_at": views.instant(mandate.given_at),
        "revoked_at": views.instant(mandate.revoked_at),
    }
