"""Fees: only the version's, never more than its figure, and on record before the result is issued."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain import case_commands as c
from chalicelib.domain import cases as rules
from chalicelib.domain.catalog import Fee
from chalicelib.domain.errors import DomainError, Forbidden, Invalid, NotFound, Refused
from chalicelib.domain.fees import PaymentMethod, RecordPayment
from chalicelib.services import certificates, fees, tasks, workflow
from chalicelib.services.workflow import Finding
from tests import factories as f
from tests import journey

FIXED = Fee("F1", "工本费", 1000)
OPEN = Fee("F2", "占用费", None, "按面积")
CASHIER = replace(f.WINDOW, subject="cashier")
ELSEWHERE = replace(f.WINDOW, subject="elsewhere", body="150100000000-05")


def charging(*made: Fee) -> f.World:
    return f.World(f.item(fees=made))


def paid(world: f.World, case_id: str, amount: int = 1000, actor: f.Actor = CASHIER, method: str = "cash") -> None:
    fees.pay(world, actor, case_id, amount=amount, method=PaymentMethod(method), receipt_number="15260001")


def assessed(world: f.World, case_id: str, actor: f.Actor, reason: str = "", **amounts: int) -> None:
    fees.assess(world, actor, case_id, amounts=amounts, reason=reason)


@pytest.mark.requirement("B6")
def test_an_item_without_fees_is_issued_as_ever() -> None:
    world = f.World()
    case_id = journey.granted(world)
    assert journey.get(world, case_id).fees == ()
    assert certificates.issue(world, case_id)


@pytest.mark.requirement("B6")
def test_the_result_waits_for_the_fee_and_is_issued_once_it_is_on_record() -> None:
    world = charging(FIXED)
    case_id = journey.granted(world)
    assert [(fee.code, fee.amount) for fee in journey.get(world, case_id).fees] == [("F1", 1000)]
    assert not certificates.issue(world, case_id)
    assert workflow.look_after(world, case_id) is Finding.MOVING
    with pytest.raises(Refused, match=r"fee\.unpaid"):
        rules.handle(journey.get(world, case_id), c.Issue("1.2"), rules_system(), world.clock.now())
    paid(world, case_id)
    assert certificates.issue(world, case_id)
    case = journey.get(world, case_id)
    assert case.state == "issued"
    assert rules.fold(tuple(world.cases.log(case_id))) == replace(case, log_head="")


def rules_system() -> Any:
    from chalicelib.domain.actors import SYSTEM

    return SYSTEM


def test_what_is_paid_and_not_issued_yet_is_not_paid_again() -> None:
    world = charging(FIXED)
    case_id = journey.granted(world)
    paid(world, case_id)
    command = RecordPayment(1000, PaymentMethod.CASH, "15260002")
    with pytest.raises(Refused, match=r"fee\.paid"):
        rules.handle(journey.get(world, case_id), command, CASHIER, world.clock.now())


def test_what_the_version_gives_no_figure_for_is_entered_by_the_deciding_body() -> None:
    world = charging(FIXED, OPEN)
    case_id = journey.granted(world)
    with pytest.raises(Refused, match=r"fee\.not-assessed"):
        paid(world, case_id)
    with pytest.raises(Forbidden):
        assessed(world, case_id, CASHIER, F2=5)
    assessed(world, case_id, f.DECIDER, F2=500)
    with pytest.raises(Refused, match=r"fee\.amount-differs"):
        paid(world, case_id, 500)
    paid(world, case_id, 1500)
    with pytest.raises(NotFound):  # nothing is left to collect, so the case is none of theirs any more
        assessed(world, case_id, f.DECIDER, F2=1)


def test_an_amount_can_be_entered_before_the_decision_by_whoever_holds_the_task() -> None:
    world = charging(OPEN)
    case_id = journey.at(world, "decide")
    assessed(world, case_id, f.DECIDER, F2=700)
    tasks.grant(world, f.DECIDER, case_id, opinion="")
    assert [fee.amount for fee in journey.get(world, case_id).fees] == [700]


@pytest.mark.parametrize(
    ("amounts", "reason", "code"),
    [
        pytest.param({"F9": 1, "F2": 1}, "", "fee.unknown", id="no fee that the version lacks (行政许可法 58)"),
        pytest.param({"F1": 1000}, "", "fee.amount-missing", id="every open amount is told"),
        pytest.param({"F1": 1001, "F2": 1}, "", "fee.above-version", id="one fen above the figure (行政许可法 59)"),
        pytest.param({"F1": 999, "F2": 1}, " ", "case.text-missing", id="one fen below needs its reason"),
        pytest.param({"F2": 0}, "", "case.text-missing", id="a waiver needs its reason"),
        pytest.param({"F1": 1000, "F2": 1}, "", None, id="exactly the figure"),
        pytest.param({"F1": 0, "F2": 0}, "低保家庭免收", None, id="waived with its reason"),
    ],
)
def test_an_assessment_keeps_to_the_version(amounts: dict[str, int], reason: str, code: str | None) -> None:
    world = charging(FIXED, OPEN)
    case_id = journey.granted(world)
    if code is None:
        assessed(world, case_id, f.DECIDER, reason, **amounts)
        return
    with pytest.raises(Refused) as refusal:
        assessed(world, case_id, f.DECIDER, reason, **amounts)
    assert [v.code for v in refusal.value.violations] == [code]


def test_what_is_waived_altogether_is_settled_and_can_be_issued() -> None:
    world = charging(OPEN)
    case_id = journey.granted(world)
    assessed(world, case_id, f.DECIDER, "低保家庭免收", F2=0)
    with pytest.raises(DomainError):
        paid(world, case_id, 1)
    assert certificates.issue(world, case_id)


def test_where_the_version_names_no_fee_none_can_be_asked_for() -> None:
    world = f.World()
    case_id = journey.at(world, "decide")
    with pytest.raises(Refused, match=r"fee\.none"):
        assessed(world, case_id, f.DECIDER, F1=1)


def test_only_windows_and_deciders_on_the_route_see_the_case_to_take_the_fee() -> None:
    world = charging(FIXED)
    case_id = journey.granted(world)
    for stranger in (ELSEWHERE, f.REVIEWER, f.STRANGER):
        with pytest.raises(NotFound):
            paid(world, case_id, actor=stranger)
    paid(world, case_id)
    with pytest.raises(NotFound):
        fees.read(world, CASHIER, case_id)


def test_the_provider_is_not_asked_about_a_case_on_which_nothing_can_be_paid() -> None:
    world = charging(FIXED)
    case_id = journey.at(world, "decide")
    with pytest.raises(Refused, match=r"case\.wrong-state"):
        paid(world, case_id, actor=f.HERDER, method="online")
    journey.grant(world, f.DECIDER, case_id)
    paid(world, case_id)
    with pytest.raises(Refused, match=r"fee\.paid"):
        paid(world, case_id, actor=f.HERDER, method="online")
    free = f.World()
    with pytest.raises(Refused, match=r"fee\.none"):
        paid(free, journey.granted(free), actor=f.HERDER, method="online")
    assert world.payments.asked + free.payments.asked == 0


def test_the_applicant_reports_only_what_the_provider_confirms() -> None:
    world = charging(FIXED)
    case_id = journey.granted(world)
    with pytest.raises(Invalid, match=r"fee\.method-not-yours"):
        paid(world, case_id, actor=f.HERDER)
    with pytest.raises(Invalid, match=r"fee\.payment-unknown"):
        paid(world, case_id, actor=f.HERDER, method="online")
    order = journey.get(world, case_id).case_number
    world.payments.paid[order, "15260001"] = 999
    with pytest.raises(Refused, match=r"fee\.amount-differs"):
        paid(world, case_id, actor=f.HERDER, method="online")
    world.payments.paid[order, "15260001"] = 1000
    paid(world, case_id, actor=f.HERDER, method="online")
    payment = journey.get(world, case_id).payment
    assert payment is not None
    assert (payment.amount, payment.method) == (1000, "online")
