"""Enquiries: whoever is asked first answers for it until it is handed over (首问负责)."""

from __future__ import annotations

from typing import Any

from chalicelib import wiring
from chalicelib.api import views
from chalicelib.domain.enquiries import Enquiry, Question, Step
from chalicelib.edge.api import ApiBlueprint, Reply, Request, receipt_reply
from chalicelib.services import enquiries

bp = ApiBlueprint(__name__, tag="enquiries")

_ACT = ("enquiry.not-found", "enquiry.closed", "store.conflict")
_OWNER = (*_ACT, "enquiry.not-yours")


@bp.route_v1(
    "POST",
    "/enquiries",
    summary=("登记咨询", "Record an enquiry"),
    request="enquiries/question",
    response="elements/receipt",
    status=201,
    keyed=True,
    problems=("enquiry.officers-only", "item.not-offered", "case.text-missing"),
)
def record_enquiry(request: Request) -> Reply:
    """By the officer who was asked; they own it from now on. Nobody has to say who they are to be answered."""
    body = request.body
    question = Question(body["question"], body.get("item", ""), body.get("contact", ""))
    return receipt_reply(enquiries.ask(wiring.current(), request.who, question, key=request.once))


@bp.route_v1(
    "GET",
    "/enquiries",
    summary=("我的咨询", "Enquiries I own or am offered"),
    query="enquiries/queue",
    response="enquiries/page",
    problems=("enquiry.officers-only", "request.cursor-invalid"),
)
def list_enquiries(request: Request) -> Reply:
    """Newest first: those the caller owns (queue ``mine``), those offered to them, or to their body."""
    queue = request.query.get("queue", "mine")
    page = enquiries.listed(wiring.current(), request.who, queue, request.position(), request.limit)
    return Reply({"items": [_view(enquiry) for enquiry in page.items], "next": request.cursor(page.next)})


@bp.route_v1(
    "GET",
    "/enquiries/{enquiry_id}",
    summary=("查看咨询", "Read an enquiry"),
    response="enquiries/enquiry",
    problems=("enquiry.not-found",),
)
def read_enquiry(request: Request) -> Reply:
    """With every step since it was asked."""
    enquiry, history = enquiries.read(wiring.current(), request.who, request.path["enquiry_id"])
    return Reply({**_view(enquiry), "history": [_step(step) for step in history]}, etag=enquiry.version)


@bp.route_v1(
    "POST",
    "/enquiries/{enquiry_id}/handover",
    summary=("转交咨询", "Offer an enquiry to somebody else"),
    request="enquiries/handover",
    response="elements/receipt",
    keyed=True,
    problems=(*_OWNER, "enquiry.body-unknown", "enquiry.offered-to-owner", "case.text-missing"),
)
def hand_enquiry_over(request: Request) -> Reply:
    """To a body, or to one officer there. Until it is taken the owner stays responsible."""
    receipt = enquiries.offer(
        wiring.current(),
        request.who,
        request.path["enquiry_id"],
        officer=request.body.get("officer", ""),
        body=request.body["body"],
        reason=request.body["reason"],
        key=request.once,
    )
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/enquiries/{enquiry_id}/taking",
    summary=("接收咨询", "Take an offered enquiry over"),
    response="elements/receipt",
    keyed=True,
    problems=(*_ACT, "enquiry.not-offered-to-you"),
)
def take_enquiry(request: Request) -> Reply:
    """From now on the caller owns it."""
    return receipt_reply(enquiries.take(wiring.current(), request.who, request.path["enquiry_id"], key=request.once))


@bp.route_v1(
    "POST",
    "/enquiries/{enquiry_id}/declining",
    summary=("退回转交", "Send an offered enquiry back"),
    request="tasks/reason",
    response="elements/receipt",
    keyed=True,
    problems=(*_ACT, "enquiry.not-offered-to-you", "case.text-missing"),
)
def decline_enquiry(request: Request) -> Reply:
    """It never left its owner."""
    receipt = enquiries.decline(
        wiring.current(),
        request.who,
        request.path["enquiry_id"],
        reason=request.body["reason"],
        key=request.once,
    )
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/enquiries/{enquiry_id}/case",
    summary=("关联办件", "Link an enquiry to a case"),
    request="enquiries/link",
    response="elements/receipt",
    keyed=True,
    problems=(*_OWNER, "case.not-found"),
)
def link_enquiry(request: Request) -> Reply:
    """To a case that the caller may see."""
    receipt = enquiries.link(
        wiring.current(), request.who, request.path["enquiry_id"], case_id=request.body["case"], key=request.once
    )
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/enquiries/{enquiry_id}/answer",
    summary=("答复咨询", "Answer an enquiry"),
    request="enquiries/answer",
    response="elements/receipt",
    keyed=True,
    problems=(*_OWNER, "case.text-missing"),
)
def answer_enquiry(request: Request) -> Reply:
    """By its owner. The answer may be bettered until the enquiry is closed."""
    receipt = enquiries.answer(
        wiring.current(), request.who, request.path["enquiry_id"], text=request.body["answer"], key=request.once
    )
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/enquiries/{enquiry_id}/closing",
    summary=("结束咨询", "Close an enquiry"),
    request="cases/reason",
    response="elements/receipt",
    keyed=True,
    problems=(*_OWNER, "case.text-missing"),
)
def close_enquiry(request: Request) -> Reply:
    """By its owner: answered, or with the reason why there is no answer."""
    receipt = enquiries.close(
        wiring.current(),
        request.who,
        request.path["enquiry_id"],
        reason=request.body.get("reason", ""),
        key=request.once,
    )
    return receipt_reply(receipt)


def _view(enquiry: Enquiry) -> dict[str, Any]:
    return {
        "id": enquiry.id,
        "version": enquiry.version,
        "state": views.labelled("enquiry", enquiry.state),
        "question": enquiry.question,
        "item": enquiry.item,
        "contact": enquiry.contact,
        "owner": enquiry.owner,
        "body": enquiry.body,
        "asked_at": views.instant(enquiry.asked_at),
        "case": enquiry.case_id,
        "offered_to": enquiry.offered_to,
        "offered_body": enquiry.offered_body,
        "answer": enquiry.answer,
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "number": step.number,
        "kind": views.labelled("enquiry_step", step.kind),
        "at": views.instant(step.at),
        "by": step.by,
        "body": step.body,
        "to": step.to,
        "to_body": step.to_body,
        "text": step.text,
    }
