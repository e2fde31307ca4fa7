"""Fees of a case: what is due, entered by an officer where the version gives no figure, and recorded as paid."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from chalicelib.domain import cases as rules
from chalicelib.domain.actors import Actor, ActorKind
from chalicelib.domain.case_rules import Act
from chalicelib.domain.cases import Case
from chalicelib.domain.errors import Invalid
from chalicelib.domain.fees import AssessFees, PaymentMethod, RecordPayment, total
from chalicelib.services import cases
from chalicelib.services.changes import change
from chalicelib.services.ports import Ports, Receipt, RequestKey


def read(ports: Ports, actor: Actor, case_id: str) -> Case:
    """The case with its fees, for those who may see it."""
    return cases.read(ports, actor, case_id, "fees")


def assess(
    ports: Ports,
    actor: Actor,
    case_id: str,
    *,
    amounts: Mapping[str, int],
    reason: str,
    key: RequestKey | None = None,
) -> Receipt:
    """Enter what is due: before the decision by whoever holds the task, after it by the deciding body."""
    command = AssessFees(amounts, reason)
    return change(ports, actor, case_id, AssessFees, lambda case, now: command, key=key)


def pay(
    ports: Ports,
    actor: Actor,
    case_id: str,
    *,
    amount: int,
    method: PaymentMethod,
    receipt_number: str,
    key: RequestKey | None = None,
) -> Receipt:
    """Record a payment; the result is issued on its event.

    A window records what it took. Applicants report what they paid online, which counts once the provider confirms it:
    Invalid ``fee.payment-unknown`` while it does not. Nobody but a window reports cash.
    """

    def build(case: Case, now: datetime) -> RecordPayment:
        online = method is PaymentMethod.ONLINE
        if actor.kind is not ActorKind.OFFICER and not online:
            raise Invalid.because("fee.method-not-yours", "/method")
        # Before the provider is asked: whether anything is to be paid at all.
        rules.judge(case, RecordPayment(total(case) or amount, method, receipt_number), Act(actor, now))
        received = ports.payments.received(case.number, receipt_number) if online else amount
        if received is None:
            raise Invalid.because("fee.payment-unknown", "/receipt_number")
        return RecordPayment(received, method, receipt_number)

    return change(ports, actor, case_id, RecordPayment, build, key=key)
