"""Cases as applicants and everybody who may see them know them."""

from __future__ import annotations

from datetime import date
from typing import Any

from chalicelib import wiring
from chalicelib.api import procedure_views, supplements, views
from chalicelib.domain.actors import ActorKind
from chalicelib.domain.case_events import DeferredMaterial, SubmittedMaterial
from chalicelib.domain.presence import Shown
from chalicelib.domain.renewals import CaseKind
from chalicelib.domain.routing import Channel
from chalicelib.edge.api import ApiBlueprint, Reply, Request, receipt_reply
from chalicelib.services import cases, lapses
from chalicelib.services.cases import Opening

bp = ApiBlueprint(__name__, tag="cases")

_CASE = "case.not-found"
_ACT = (_CASE, "case.act-not-yours", "case.wrong-state", "authority.not-in-force", "store.conflict")


@bp.route_v1(
    "POST",
    "/cases",
    summary=("发起申请", "Begin an application"),
    request="cases/opening",
    response="elements/receipt",
    status=201,
    keyed=True,
    problems=(
        "division.unknown",
        "item.not-offered",
        "item.not-for-this-applicant",
        "case.channel-not-yours",
        "case.applicant-missing",
        "presence.code-invalid",
        "presence.code-expired",
        "presence.code-used",
        "case.act-not-yours",
        "authority.not-in-force",
        "authority.item-not-covered",
        "renewal.certificate-unknown",
        "renewal.certificate-not-valid",
        "renewal.never-ends",
        "renewal.expired",
    ),
)
def open_case(request: Request) -> Reply:
    """Opens a draft: applicants for themselves, agents under an authority, window officers for who stands there."""
    body = request.body
    opening = Opening(
        item=body["item"],
        division=body["division"],
        channel=Channel(body["channel"]),
        presence=body.get("presence", ""),
        identity=_shown(body.get("identity")),
        authority=body.get("authority", ""),
        kind=CaseKind(body.get("kind", CaseKind.NEW)),
        certificate=body.get("certificate", ""),
    )
    return receipt_reply(cases.open_draft(wiring.current(), request.who, opening, request.once))


@bp.route_v1(
    "GET",
    "/cases",
    summary=("我的办件", "My cases"),
    query="cases/listing",
    response="cases/page",
    problems=("request.cursor-invalid",),
)
def list_cases(request: Request) -> Reply:
    """The cases that the caller applied for or filed, newest first."""
    page = cases.mine(wiring.current(), request.who, request.position(), request.limit)
    return Reply({"items": [views.case_summary(case) for case in page.items], "next": request.cursor(page.next)})


@bp.route_v1(
    "GET",
    "/cases/{case_id}",
    summary=("查看办件", "Read a case"),
    response="cases/case",
    problems=(_CASE,),
)
def read_case(request: Request) -> Reply:
    """The case as it stands. The ETag is its version."""
    ports = wiring.current()
    case = cases.read(ports, request.who, request.path["case_id"])
    law = lapses.law_of(ports, case) if case.procedures or case.hearing or case.supplements else None
    beside = {
        **procedure_views.shown(case, request.who, law, ports.clock.now()),
        **supplements.shown(case, law, request.who),
    }
    return Reply({**views.case(case, request.who), **beside}, etag=case.version)


@bp.route_v1(
    "PUT",
    "/cases/{case_id}/application",
    summary=("保存申请内容", "Save form and materials of a draft"),
    request="cases/application",
    response="elements/receipt",
    if_match=True,
    problems=(*_ACT, "case.stale", "case.too-large", "item.not-offered"),
)
def save_application(request: Request) -> Reply:
    """Replaces the draft's content. Incomplete data is kept as it is; submission judges it."""
    body = request.body
    receipt = cases.save(
        wiring.current(),
        request.who,
        request.path["case_id"],
        form=body["form"],
        materials=[SubmittedMaterial(m["code"], m["form"], m["name"], m.get("digest", "")) for m in body["materials"]],
        delivery=body.get("delivery", "electronic"),
        deferred=[DeferredMaterial(d["code"], date.fromisoformat(d["promised_on"])) for d in body.get("deferred", ())],
        expected=request.version,
    )
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/cases/{case_id}/submission",
    summary=("提交申请", "Submit the application"),
    response="elements/receipt",
    keyed=True,
    problems=(
        *_ACT,
        "item.not-offered",
        "item.version-not-in-force",
        "renewal.certificate-unknown",
        "renewal.certificate-not-valid",
        "renewal.expired",
        "credit.barred",
        "text.direction-control",
        "text.invisible",
        "text.look-alike",
        "text.radical",
        "material.missing",
        "material.surplus",
        "material.repeated",
        "supplement.account-needed",
        "supplement.instant-item",
        "supplement.not-deferrable",
        "supplement.repeated",
        "supplement.given-already",
        "supplement.no-time",
        "supplement.date-outside-period",
        "presence.no-account-to-deliver-to",
        "route.body-unknown",
        "route.division-too-wide",
        "route.licence-not-competent",
        "route.outlet-only-receives",
    ),
)
def submit_case(request: Request) -> Reply:
    """Hands the application in. Every defect of form and materials is named at once, with its place."""
    return receipt_reply(cases.submit(wiring.current(), request.who, request.path["case_id"], key=request.once))


@bp.route_v1(
    "POST",
    "/cases/{case_id}/withdrawal",
    summary=("撤回申请", "Withdraw the application"),
    request="cases/reason",
    response="elements/receipt",
    keyed=True,
    problems=_ACT,
)
def withdraw_case(request: Request) -> Reply:
    """Takes the application back, at any time between receipt and decision."""
    reason = request.body.get("reason", "")
    case_id = request.path["case_id"]
    return receipt_reply(cases.withdraw(wiring.current(), request.who, case_id, reason, key=request.once))


@bp.route_v1(
    "POST",
    "/cases/{case_id}/discarding",
    summary=("删除草稿", "Discard a draft"),
    response="elements/receipt",
    keyed=True,
    problems=_ACT,
)
def discard_case(request: Request) -> Reply:
    """Drops a draft and what was filled in."""
    receipt = cases.discard_draft(
        wiring.current(), request.path["case_id"], actor=request.who, reason="unwanted", key=request.once
    )
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/cases/{case_id}/receipt-confirmation",
    summary=("确认收到电子结果", "Confirm that the electronic result arrived"),
    response="elements/receipt",
    keyed=True,
    problems=_ACT,
)
def confirm_receipt(request: Request) -> Reply:
    """The applicant has fetched the electronic result; the case is closed."""
    case_id = request.path["case_id"]
    return receipt_reply(cases.confirm_receipt(wiring.current(), request.who, case_id, key=request.once))


@bp.route_v1(
    "GET",
    "/cases/{case_id}/timeline",
    summary=("办理进度", "What happened to a case"),
    response="cases/timeline",
    problems=(_CASE,),
)
def read_timeline(request: Request) -> Reply:
    """Every recorded event in order, with who acted and the facts that the viewer may read."""
    case, log = cases.timeline(wiring.current(), request.who, request.path["case_id"])
    return Reply(views.timeline(case, log, request.who), etag=case.version)


@bp.route_v1(
    "GET",
    "/cases/{case_id}/documents/{number}",
    summary=("查看文书", "Read a written act"),
    response="cases/document",
    problems=(_CASE, "document.not-found"),
)
def read_document(request: Request) -> Reply:
    """What a receipt, acceptance, non-acceptance or decision says."""
    return Reply(_document(request))


@bp.route_v1(
    "GET",
    "/cases/{case_id}/documents/{number}/page",
    summary=("打印文书", "A written act as a page to print"),
    content_type="text/html",
    problems=(_CASE, "document.not-found"),
)
def print_document(request: Request) -> Reply:
    """The same as a page, with the QR code that leads to its verification."""
    from chalicelib.api.pages import document_page

    return Reply(document_page(_document(request)), content_type="text/html; charset=utf-8")


@bp.route_v1(
    "GET",
    "/cases/{case_id}/documents/{number}/pdf",
    summary=("下载文书(PDF)", "A written act as PDF"),
    content_type="application/pdf",
    problems=(_CASE, "document.not-found"),
)
def download_document(request: Request) -> Reply:
    """The same to keep and to print: A4, fonts embedded, the same bytes whenever it is fetched."""
    from chalicelib.api.papers import document_paper, pdf_reply

    document = _document(request)
    return pdf_reply(document_paper(document), document["number"])


def _document(request: Request) -> dict[str, Any]:
    ports = wiring.current()
    number = request.path["number"]
    case, content = cases.document(ports, request.who, request.path["case_id"], number)
    return views.document(case, content, ports.settings.public_base_url or request.base_url, request.who)


def _shown(body: dict[str, str] | None) -> Shown | None:
    return Shown(ActorKind(body["kind"]), body["name"], body["document"], body["number"]) if body else None
