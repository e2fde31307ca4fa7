"""Fees of a case and their payment."""

from __future__ import annotations

from chalicelib import wiring
from chalicelib.api import views
from chalicelib.domain.fees import PaymentMethod, settled, total
from chalicelib.edge.api import ApiBlueprint, Reply, Request, receipt_reply
from chalicelib.services import fees

bp = ApiBlueprint(__name__, tag="fees")

_ACT = ("case.not-found", "case.act-not-yours", "case.wrong-state", "fee.none", "fee.paid", "store.conflict")


@bp.route_v1(
    "GET",
    "/cases/{case_id}/fees",
    summary=("应缴费用", "What is due for a case"),
    response="fees/fees",
    problems=("case.not-found",),
)
def read_fees(request: Request) -> Reply:
    """The fees as assessed with the decision, in fen, and how they were paid. Empty where the item has none."""
    case = fees.read(wiring.current(), request.who, request.path["case_id"])
    payment = case.payment
    shown = {
        "fees": [{"code": fee.code, "name": fee.name, "amount": fee.amount} for fee in case.fees],
        "total": total(case),
        "settled": settled(case),
        "order": case.number,
        "payment": None
        if payment is None
        else {
            "amount": payment.amount,
            "method": views.labelled("payment", payment.method),
            "receipt_number": payment.receipt_number,
            "paid_at": views.instant(payment.paid_at),
        },
    }
    return Reply(shown, etag=case.version)


@bp.route_v1(
    "POST",
    "/cases/{case_id}/fee-assessment",
    summary=("核定费用", "Enter what is due"),
    request="fees/assessment",
    response="elements/receipt",
    keyed=True,
    problems=(
        *_ACT,
        "fee.unknown",
        "fee.amount-missing",
        "fee.above-version",
        "case.text-missing",
        "task.none-open",
        "task.not-claimed-by-you",
    ),
)
def assess_fees(request: Request) -> Reply:
    """Where the version gives a rate and no figure, or where less than its figure is asked for."""
    receipt = fees.assess(
        wiring.current(),
        request.who,
        request.path["case_id"],
        amounts={line["code"]: line["amount"] for line in request.body["fees"]},
        reason=request.body.get("reason", ""),
        key=request.once,
    )
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/cases/{case_id}/fee-payment",
    summary=("登记缴费", "Record a payment"),
    request="fees/payment",
    response="elements/receipt",
    keyed=True,
    problems=(
        *_ACT,
        "fee.not-assessed",
        "fee.amount-differs",
        "fee.method-not-yours",
        "fee.payment-unknown",
        "fee.provider-unavailable",
    ),
)
def record_payment(request: Request) -> Reply:
    """By a window for what it took; by the applicant for what the online provider confirms. The result follows."""
    receipt = fees.pay(
        wiring.current(),
        request.who,
        request.path["case_id"],
        amount=request.body["amount"],
        method=PaymentMethod(request.body["method"]),
        receipt_number=request.body["receipt_number"],
        key=request.once,
    )
    return receipt_reply(receipt)
