"""Fees: assessed with the decision, recorded as paid before the result is issued (B6; 行政许可法 58, 59).

Only the fees of the item's version exist. Where the version gives a figure nobody may ask for more; where it gives a
rate only, an officer enters the amount. What is reduced or waived needs a reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from chalicelib.domain.case_events import Event, EventRecord
from chalicelib.domain.case_rules import Act, CaseState, Evolutions, Transition, Transitions
from chalicelib.domain.errors import Violation

if TYPE_CHECKING:
    from chalicelib.domain.cases import Case
    from chalicelib.domain.deadlines import Lapse, Law


class PaymentMethod(StrEnum):
    """How it was paid. Only ``online`` is the applicant's to report, and the provider confirms it."""

    CASH = "cash"
    CARD = "card"
    TRANSFER = "transfer"
    ONLINE = "online"


@dataclass(frozen=True, slots=True)
class FeeDue:
    """One fee of a case. ``amount`` in fen; None until an officer has entered it."""

    code: str
    name: str
    amount: int | None


@dataclass(frozen=True, slots=True)
class Payment:
    """What was paid, how, and under which receipt number (票据号)."""

    amount: int
    method: str
    receipt_number: str
    paid_at: datetime


@dataclass(frozen=True, slots=True)
class FeesAssessed(Event):
    """What is due was fixed: by the version, or by an officer where it gives no figure."""

    type: ClassVar[str] = "case.fees_assessed"
    fees: tuple[FeeDue, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class FeePaid(Event):
    """The whole of it was paid. Nothing about the payer's account is kept."""

    type: ClassVar[str] = "case.fee_paid"
    amount: int
    method: str
    receipt_number: str


@dataclass(frozen=True, slots=True)
class AssessFees:
    """Enter amounts in fen by the fee's code. ``reason``: why less than the version says, or why nothing."""

    amounts: Mapping[str, int]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RecordPayment:
    """Record that what is due was paid."""

    amount: int
    method: PaymentMethod
    receipt_number: str


# -- what is due -----------------------------------------------------------------------------------------


def total(case: Case) -> int | None:
    """What is due altogether, in fen; None while an amount is missing. Nothing due is 0."""
    amounts = [fee.amount for fee in case.fees]
    return None if None in amounts else sum(amount or 0 for amount in amounts)


def settled(case: Case) -> bool:
    """True if nothing is left to pay."""
    return case.payment is not None or total(case) == 0


def with_the_decision(case: Case, law: Law | None) -> tuple[Event, ...]:
    """The assessment that goes with the decision: the version's figures, unless an officer has assessed before."""
    if law is None or not law.item.fees or case.fees:
        return ()
    return (FeesAssessed(tuple(FeeDue(fee.code, fee.name, fee.amount) for fee in law.item.fees), ""),)


# -- rules -----------------------------------------------------------------------------------------------


def fee_is_settled(case: Case, command: object, act: Act) -> Violation | None:
    """The result is issued once the fee is on record."""
    return None if settled(case) else Violation("fee.unpaid")


def item_has_fees(case: Case, command: AssessFees, act: Act) -> Violation | None:
    """Where the version names no fee, none may be asked for (行政许可法 58)."""
    return None if act.law is not None and act.law.item.fees else Violation("fee.none")


def fees_are_of_the_version(case: Case, command: AssessFees, act: Act) -> Violation | None:
    """Only its fees, and all of those without a figure."""
    known = {fee.code for fee in act.law.item.fees} if act.law else set()
    foreign = next((code for code in command.amounts if code not in known), None)
    return Violation("fee.unknown", "/fees", {"code": foreign}) if foreign else None


def every_amount_is_told(case: Case, command: AssessFees, act: Act) -> Violation | None:
    """What the version gives no figure for has to be entered."""
    wanted = [fee for fee in act.law.item.fees if fee.amount is None] if act.law else []
    lacking = next((fee.code for fee in wanted if fee.code not in command.amounts), None)
    return Violation("fee.amount-missing", "/fees", {"code": lacking}) if lacking else None


def not_more_than_the_version(case: Case, command: AssessFees, act: Act) -> Violation | None:
    """A figure of the version is the most that may be asked (行政许可法 59)."""
    for fee in act.law.item.fees if act.law else ():
        if fee.amount is not None and command.amounts.get(fee.code, fee.amount) > fee.amount:
            return Violation("fee.above-version", "/fees", {"code": fee.code, "most": fee.amount})
    return None


def less_needs_a_reason(case: Case, command: AssessFees, act: Act) -> Violation | None:
    """减免 is told with its reason."""
    fees = act.law.item.fees if act.law else ()
    less = any(command.amounts.get(f.code, f.amount or 0) < (f.amount or 1) for f in fees if f.code in command.amounts)
    return Violation("case.text-missing", "/reason") if less and not command.reason.strip() else None


def assessor_has_the_turn(case: Case, command: object, act: Act) -> Violation | None:
    """Before the decision it is for whoever holds the task."""
    if case.state is not CaseState.IN_REVIEW:
        return None
    if case.task is None:
        return Violation("task.none-open")
    return None if case.task.assignee == act.actor.subject else Violation("task.not-claimed-by-you")


def nothing_is_paid(case: Case, command: object, act: Act) -> Violation | None:
    """What is paid is neither assessed nor paid again."""
    return Violation("fee.paid") if case.payment is not None else None


def something_is_due(case: Case, command: RecordPayment, act: Act) -> Violation | None:
    """There is an amount, and it is not nothing."""
    due = total(case)
    if due is None:
        return Violation("fee.not-assessed")
    return Violation("fee.none") if due == 0 else None


def amount_is_what_is_due(case: Case, command: RecordPayment, act: Act) -> Violation | None:
    """Neither part payments nor more than is due."""
    due = total(case)
    if due in (None, 0, command.amount):
        return None
    return Violation("fee.amount-differs", "/amount", {"due": due or 0})


def _assess(case: Case, command: AssessFees, act: Act) -> tuple[Event, ...]:
    fees = act.law.item.fees if act.law else ()
    lines = tuple(FeeDue(fee.code, fee.name, command.amounts.get(fee.code, fee.amount)) for fee in fees)
    return (FeesAssessed(lines, command.reason),)


def _paid(case: Case, event: FeePaid, record: EventRecord) -> dict[str, Any]:
    return {"payment": Payment(event.amount, event.method, event.receipt_number, record.effective_at)}


TRANSITIONS: Transitions = {
    AssessFees: Transition(
        frozenset({CaseState.IN_REVIEW, CaseState.GRANTED}),
        (
            assessor_has_the_turn,
            nothing_is_paid,
            item_has_fees,
            fees_are_of_the_version,
            every_amount_is_told,
            not_more_than_the_version,
            less_needs_a_reason,
        ),
        _assess,
    ),
    RecordPayment: Transition(
        frozenset({CaseState.GRANTED}),
        (nothing_is_paid, something_is_due, amount_is_what_is_due),
        lambda case, m, a: (FeePaid(m.amount, m.method, m.receipt_number),),
    ),
}

EVOLUTIONS: Evolutions = {
    FeesAssessed: lambda case, ev, r: {"fees": ev.fees},
    FeePaid: _paid,
}


def lapses(case: Case, law: Law) -> Iterable[Lapse]:
    """Time alone pays nothing."""
    return ()
