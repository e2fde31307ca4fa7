"""Special procedures of a case, and the extension of its time."""

from __future__ import annotations

from chalicelib import wiring
from chalicelib.edge.api import ApiBlueprint, Reply, Request, receipt_reply
from chalicelib.services import procedures

bp = ApiBlueprint(__name__, tag="procedures")

_ACT = (
    "case.not-found",
    "case.act-not-yours",
    "case.wrong-state",
    "case.text-missing",
    "task.none-open",
    "task.not-claimed-by-you",
    "task.wrong-act",
    "store.conflict",
)
_ONE = ("procedure.unknown", "procedure.already-ended", "procedure.two-officers")


@bp.route_v1(
    "POST",
    "/cases/{case_id}/procedures",
    summary=("启动特别程序", "Begin a special procedure"),
    request="procedures/start",
    response="elements/receipt",
    keyed=True,
    problems=(
        *_ACT,
        "procedure.not-in-version",
        "procedure.not-now",
        "procedure.is-hearing",
        "procedure.overlaps",
        "procedure.days-missing",
    ),
)
def start_procedure(request: Request) -> Reply:
    """Only what the version lists, and only with the written notice that this makes.

    Where its law says so the clock stands from the day after the notice to the day of the result.
    """
    body = request.body
    receipt = procedures.start(
        wiring.current(),
        request.who,
        request.path["case_id"],
        kind=body["kind"],
        reason=body["reason"],
        days=body["days"],
        key=request.once,
    )
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/cases/{case_id}/procedures/{procedure}/assignment",
    summary=("指派工作人员", "Assign officers"),
    request="procedures/assignment",
    response="elements/receipt",
    keyed=True,
    problems=(*_ACT, *_ONE, "procedure.not-assigned-kind"),
)
def assign_officers(request: Request) -> Reply:
    """Two or more, within five working days of acceptance (行政许可法 55); a late one is recorded as late."""
    receipt = procedures.assign(
        wiring.current(),
        request.who,
        request.path["case_id"],
        procedure=_number(request),
        officers=request.body["officers"],
        key=request.once,
    )
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/cases/{case_id}/procedures/{procedure}/result",
    summary=("登记程序结果", "Record the result of a procedure"),
    request="procedures/result",
    response="elements/receipt",
    keyed=True,
    problems=(*_ACT, *_ONE, "procedure.not-assigned", "procedure.result-before-notice"),
)
def record_result(request: Request) -> Reply:
    """Today is the day of the result; the clock goes on tomorrow."""
    receipt = procedures.record_result(
        wiring.current(),
        request.who,
        request.path["case_id"],
        procedure=_number(request),
        result=request.body["result"],
        officers=request.body.get("officers", ()),
        key=request.once,
    )
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/cases/{case_id}/extension",
    summary=("延长办理期限", "Extend the time for the decision"),
    request="procedures/extension",
    response="elements/receipt",
    keyed=True,
    problems=(
        "case.not-found",
        "case.wrong-state",
        "case.text-missing",
        "extension.wrong-head",
        "extension.already-used",
        "extension.not-in-version",
        "extension.too-long",
        "extension.too-late",
        "store.conflict",
    ),
)
def extend_time(request: Request) -> Reply:
    """Once, by the head of the deciding organ (head of government for joint handling), with the reason told."""
    receipt = procedures.extend(
        wiring.current(),
        request.who,
        request.path["case_id"],
        days=request.body["days"],
        reason=request.body["reason"],
        key=request.once,
    )
    return receipt_reply(receipt)


def _number(request: Request) -> int:
    """The number in the path; what is no number names no procedure."""
    text = request.path["procedure"]
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0
