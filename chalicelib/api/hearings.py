"""Hearing rights of the applicant and of third parties (行政许可法 36, 46-48)."""

from __future__ import annotations

from chalicelib import wiring
from chalicelib.api import views
from chalicelib.domain.hearing_rights import HearingGround
from chalicelib.domain.hearings import ThirdParty
from chalicelib.edge.api import ApiBlueprint, Reply, Request, receipt_reply
from chalicelib.services import hearings

bp = ApiBlueprint(__name__, tag="hearings")

_ACT = (
    "case.not-found",
    "case.act-not-yours",
    "case.wrong-state",
    "task.none-open",
    "task.not-claimed-by-you",
    "task.wrong-act",
    "store.conflict",
)
_SAYS = (
    *_ACT,
    "authority.not-in-force",
    "hearing.not-notified",
    "hearing.party-unknown",
    "hearing.party-not-yours",
    "hearing.waived",
)


@bp.route_v1(
    "POST",
    "/cases/{case_id}/hearing-notice",
    summary=("告知听证权利", "Tell of hearing rights"),
    request="hearings/notice",
    response="elements/receipt",
    keyed=True,
    problems=(
        *_ACT,
        "case.text-missing",
        "hearing.not-in-version",
        "hearing.already-notified",
        "hearing.party-names",
    ),
)
def tell_of_hearing(request: Request) -> Reply:
    """To the applicant and to third parties with a great direct interest. Nothing is decided while the right runs."""
    body = request.body
    receipt = hearings.notify(
        wiring.current(),
        request.who,
        request.path["case_id"],
        ground=body.get("ground", HearingGround.DIRECT_INTEREST),
        reason=body["reason"],
        third_parties=[ThirdParty(p["name"], p.get("subject", "")) for p in body.get("third_parties", ())],
        key=request.once,
    )
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/cases/{case_id}/hearing-request",
    summary=("申请听证", "Apply for the hearing"),
    request="hearings/party",
    response="elements/receipt",
    keyed=True,
    problems=(*_SAYS, "hearing.already-requested", "hearing.too-late"),
)
def request_hearing(request: Request) -> Reply:
    """Within five working days of being told. The examining officer records it for third parties."""
    receipt = hearings.request(
        wiring.current(), request.who, request.path["case_id"], party=request.body["party"], key=request.once
    )
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/cases/{case_id}/hearing-waiver",
    summary=("放弃听证", "Waive the hearing"),
    request="hearings/party",
    response="elements/receipt",
    keyed=True,
    problems=_SAYS,
)
def waive_hearing(request: Request) -> Reply:
    """Gives the right up, also after having applied."""
    receipt = hearings.waive(
        wiring.current(), request.who, request.path["case_id"], party=request.body["party"], key=request.once
    )
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/cases/{case_id}/hearing-date",
    summary=("通知听证时间地点", "Tell the date of the hearing"),
    request="hearings/date",
    response="elements/receipt",
    keyed=True,
    problems=(
        *_ACT,
        "case.text-missing",
        "hearing.not-notified",
        "hearing.not-requested",
        "hearing.already-held",
        "hearing.too-soon",
        "hearing.beyond-twenty-days",
        "hearing.presider-examines",
        "procedure.overlaps",
    ),
)
def tell_hearing_date(request: Request) -> Reply:
    """Seven working days ahead at least, within twenty of the request; whoever examines does not preside."""
    body = request.body
    receipt = hearings.schedule(
        wiring.current(),
        request.who,
        request.path["case_id"],
        held_on=views.moment(body["held_on"], "/held_on"),
        place=body["place"],
        presider=body["presider"],
        key=request.once,
    )
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/cases/{case_id}/hearing-record",
    summary=("登记听证笔录", "Record the hearing"),
    request="hearings/record",
    response="elements/receipt",
    keyed=True,
    problems=(
        *_ACT,
        "case.text-missing",
        "hearing.not-notified",
        "hearing.not-requested",
        "hearing.already-held",
        "hearing.not-scheduled",
        "hearing.not-yet",
    ),
)
def record_hearing(request: Request) -> Reply:
    """After it was held. The decision rests on this record."""
    receipt = hearings.record(
        wiring.current(), request.who, request.path["case_id"], text=request.body["record"], key=request.once
    )
    return receipt_reply(receipt)
