"""Authorities under which agents act for applicants (帮办代办)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chalicelib import wiring
from chalicelib.api import views
from chalicelib.domain.authorities import Authority
from chalicelib.edge.api import ApiBlueprint, Reply, Request, receipt_reply
from chalicelib.services import authorities

bp = ApiBlueprint(__name__, tag="authorities")

_NOT_FOUND = "authority.not-found"


@bp.route_v1(
    "POST",
    "/authorities",
    summary=("申请代办授权", "Ask an applicant for authority"),
    request="authorities/proposal",
    response="elements/receipt",
    status=201,
    keyed=True,
    problems=(
        "authority.agents-only",
        "authority.until-past",
        "authority.until-too-far",
        "authority.own-agent",
        "item.not-offered",
        "help.item-not-listed",
    ),
)
def propose_authority(request: Request) -> Reply:
    """By an agent of a station. Nothing may be done under it until the applicant has confirmed."""
    receipt = authorities.propose(
        wiring.current(),
        request.who,
        principal=request.body["principal"],
        items=tuple(request.body["items"]),
        until=views.moment(request.body["until"], "/until"),
        commitments=request.body.get("commitments", False),
        key=request.once,
    )
    return receipt_reply(receipt)


@bp.route_v1(
    "GET",
    "/authorities",
    summary=("我的授权", "Authorities I gave or hold"),
    query="cases/listing",
    response="authorities/page",
    problems=("request.cursor-invalid",),
)
def list_authorities(request: Request) -> Reply:
    """Newest first."""
    ports = wiring.current()
    page = authorities.mine(ports, request.who, request.position(), request.limit)
    now = ports.clock.now()
    return Reply({"items": [_view(a, now) for a in page.items], "next": request.cursor(page.next)})


@bp.route_v1(
    "GET",
    "/authorities/{authority_id}",
    summary=("查看授权", "Read an authority"),
    response="authorities/authority",
    problems=(_NOT_FOUND,),
)
def read_authority(request: Request) -> Reply:
    """For its two sides."""
    ports = wiring.current()
    authority = authorities.read(ports, request.who, request.path["authority_id"])
    return Reply(_view(authority, ports.clock.now()), etag=authority.version)


@bp.route_v1(
    "POST",
    "/authorities/{authority_id}/confirmation",
    summary=("确认授权", "Confirm an authority"),
    response="elements/receipt",
    keyed=True,
    problems=(_NOT_FOUND, "authority.applicants-only", "authority.not-proposed", "authority.expired", "store.conflict"),
)
def confirm_authority(request: Request) -> Reply:
    """By the applicant, with their own account."""
    authority_id = request.path["authority_id"]
    return receipt_reply(authorities.confirm(wiring.current(), request.who, authority_id, key=request.once))


@bp.route_v1(
    "POST",
    "/authorities/{authority_id}/revocation",
    summary=("撤销授权", "Revoke an authority"),
    response="elements/receipt",
    keyed=True,
    problems=(_NOT_FOUND, "authority.revoked", "store.conflict"),
)
def revoke_authority(request: Request) -> Reply:
    """By either side, at any time. What was filed under it stays filed."""
    authority_id = request.path["authority_id"]
    return receipt_reply(authorities.revoke(wiring.current(), request.who, authority_id, key=request.once))


def _view(authority: Authority, now: datetime) -> dict[str, Any]:
    return {
        "id": authority.id,
        "version": authority.version,
        "state": views.labelled("authority", authority.state),
        "in_force": authority.in_force(now),
        "principal": authority.principal_subject,
        "agent": authority.agent,
        "station": authority.station,
        "items": list(authority.items),
        "commitments": authority.commitments,
        "since": views.instant(authority.since),
        "until": views.instant(authority.until),
        "proposed_at": views.instant(authority.proposed_at),
        "confirmed_at": views.instant(authority.confirmed_at),
        "revoked_at": views.instant(authority.revoked_at),
    }
