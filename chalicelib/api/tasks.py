"""The officer's desk: what waits for them, and what they do with it."""

from __future__ import annotations

from chalicelib import wiring
from chalicelib.api import views
from chalicelib.edge.api import ApiBlueprint, Reply, Request, receipt_reply
from chalicelib.services import tasks

bp = ApiBlueprint(__name__, tag="tasks")

_TASK = (
    "case.not-found",
    "case.act-not-yours",
    "case.wrong-state",
    "task.none-open",
    "task.not-claimed-by-you",
    "store.conflict",
)
_ACT = (*_TASK, "task.wrong-act")


@bp.route_v1(
    "GET",
    "/worklist",
    summary=("待办列表", "What waits for me"),
    query="tasks/queue",
    response="tasks/worklist",
    problems=("worklist.not-yours", "request.cursor-invalid"),
)
def read_worklist(request: Request) -> Reply:
    """Open tasks, oldest first: those the caller holds (queue ``mine``), or the free ones of a kind at their body."""
    queue = request.query.get("queue", "mine")
    page = tasks.worklist(wiring.current(), request.who, queue, request.position(), request.limit)
    rows = [
        {
            "case": row.case_id,
            "task": row.task,
            "role": views.labelled("task", row.role),
            "body": row.body,
            "opened_at": views.instant(row.opened_at),
            "claimed": bool(row.assignee),
            "item_name": row.item_name,
            "number": row.number,
        }
        for row in page.items
    ]
    return Reply({"items": rows, "next": request.cursor(page.next)})


@bp.route_v1(
    "POST",
    "/cases/{case_id}/claim",
    summary=("领取任务", "Claim the open task"),
    response="elements/receipt",
    keyed=True,
    problems=(*_TASK, "task.already-claimed"),
)
def claim_task(request: Request) -> Reply:
    """From now on only the caller acts on it."""
    return receipt_reply(tasks.claim(wiring.current(), request.who, request.path["case_id"], key=request.once))


@bp.route_v1(
    "POST",
    "/cases/{case_id}/transfer",
    summary=("转办", "Hand the task to a colleague"),
    request="tasks/transfer",
    response="elements/receipt",
    keyed=True,
    problems=(*_TASK, "task.transfer-to-holder", "case.text-missing"),
)
def transfer_task(request: Request) -> Reply:
    """The colleague works at the same body and holds the role that the task needs, or they will not see it."""
    receipt = tasks.transfer(
        wiring.current(),
        request.who,
        request.path["case_id"],
        officer=request.body["officer"],
        reason=request.body["reason"],
        key=request.once,
    )
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/cases/{case_id}/release",
    summary=("退回待领", "Put a claimed task back"),
    request="tasks/reason",
    response="elements/receipt",
    keyed=True,
    problems=(*_TASK, "task.not-claimed", "case.text-missing"),
)
def release_task(request: Request) -> Reply:
    """By its holder, or by a supervisor of the area when nobody works on it."""
    receipt = tasks.release(
        wiring.current(), request.who, request.path["case_id"], reason=request.body["reason"], key=request.once
    )
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/cases/{case_id}/forwarding",
    summary=("收件转送", "Pass a received application on"),
    request="tasks/forwarding",
    response="elements/receipt",
    keyed=True,
    problems=_ACT,
)
def forward_case(request: Request) -> Reply:
    """The receiving outlet has checked form and identity; it decides nothing."""
    note = request.body.get("note", "")
    receipt = tasks.forward(wiring.current(), request.who, request.path["case_id"], note=note, key=request.once)
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/cases/{case_id}/acceptance",
    summary=("受理", "Accept"),
    response="elements/receipt",
    keyed=True,
    problems=_ACT,
)
def accept_case(request: Request) -> Reply:
    """Gives the case its official number and a numbered, dated acceptance document."""
    return receipt_reply(tasks.accept(wiring.current(), request.who, request.path["case_id"], key=request.once))


@bp.route_v1(
    "POST",
    "/cases/{case_id}/non-acceptance",
    summary=("不予受理", "Refuse acceptance"),
    request="tasks/non_acceptance",
    response="elements/receipt",
    keyed=True,
    problems=(*_ACT, "case.text-missing"),
)
def refuse_acceptance(request: Request) -> Reply:
    """With the reason in writing, and the competent body named if another one is."""
    receipt = tasks.refuse_acceptance(
        wiring.current(),
        request.who,
        request.path["case_id"],
        ground=request.body["ground"],
        reason=request.body["reason"],
        competent_body=request.body.get("competent_body", ""),
        key=request.once,
    )
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/cases/{case_id}/opinion",
    summary=("审核意见", "Give a review opinion"),
    request="tasks/opinion",
    response="elements/receipt",
    keyed=True,
    problems=(*_ACT, "case.text-missing"),
)
def give_opinion(request: Request) -> Reply:
    """Concludes a preliminary or later review; the case goes on to the next node either way."""
    receipt = tasks.give_opinion(
        wiring.current(),
        request.who,
        request.path["case_id"],
        conclusion=request.body["conclusion"],
        opinion=request.body["opinion"],
        key=request.once,
    )
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/cases/{case_id}/return",
    summary=("退回", "Send back for a better opinion"),
    request="tasks/return",
    response="elements/receipt",
    keyed=True,
    problems=(*_ACT, "task.return-target", "case.text-missing"),
)
def return_case(request: Request) -> Reply:
    """To the nearest earlier review, or to the node named."""
    receipt = tasks.send_back(
        wiring.current(),
        request.who,
        request.path["case_id"],
        reason=request.body["reason"],
        position=request.body.get("position"),
        key=request.once,
    )
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/cases/{case_id}/grant",
    summary=("准予", "Grant"),
    request="tasks/grant",
    response="elements/receipt",
    keyed=True,
    problems=(*_ACT, "renewal.certificate-not-valid"),
)
def grant_case(request: Request) -> Reply:
    """The result is issued by the platform as soon as the decision is on record."""
    opinion = request.body.get("opinion", "")
    receipt = tasks.grant(wiring.current(), request.who, request.path["case_id"], opinion=opinion, key=request.once)
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/cases/{case_id}/refusal",
    summary=("不予许可", "Refuse"),
    request="tasks/refusal",
    response="elements/receipt",
    keyed=True,
    problems=(*_ACT, "case.text-missing"),
)
def refuse_case(request: Request) -> Reply:
    """With reasons and remedies (行政许可法 38(2))."""
    receipt = tasks.refuse(
        wiring.current(),
        request.who,
        request.path["case_id"],
        reasons=request.body["reasons"],
        remedies=request.body["remedies"],
        key=request.once,
    )
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/cases/{case_id}/delivery",
    summary=("出件", "Hand the result over"),
    request="tasks/delivery",
    response="elements/receipt",
    keyed=True,
    problems=_ACT,
)
def deliver_result(request: Request) -> Reply:
    """The window where the application came in gave the result to the applicant, or posted it."""
    receipt = tasks.hand_over(
        wiring.current(),
        request.who,
        request.path["case_id"],
        method=request.body["method"],
        proof=request.body["proof"],
        key=request.once,
    )
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/cases/{case_id}/workflow-restart",
    summary=("恢复中断的流程", "Restart a dead workflow"),
    request="tasks/reason",
    response="elements/receipt",
    keyed=True,
    problems=("case.not-found", "case.act-not-yours", "case.wrong-state", "workflow.alive"),
)
def restart_workflow(request: Request) -> Reply:
    """By a supervisor, once the platform's own restarts are used up."""
    receipt = tasks.restart_workflow(
        wiring.current(),
        request.path["case_id"],
        actor=request.who,
        reason=request.body["reason"],
        key=request.once,
    )
    return receipt_reply(receipt)
