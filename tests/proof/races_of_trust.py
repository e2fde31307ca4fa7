"""What happens at the same time to promises, credit, late materials and proofs of presence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalicelib.domain.certificates import CertificateState
from chalicelib.domain.commitment_checks import Final, Result
from chalicelib.services import cases, commitment_checks, commitments, credit, presence, supplements, tasks
from chalicelib.services.ports import Receipt
from tests import factories as f
from tests import journey as short
from tests.proof.explorer import Actor, Outcome, Race, asked, race
from tests.proof.journeys import begin
from tests.proof.journeys_of_trust import (
    BY_OUTCOME,
    accepted,
    checking,
    deciding,
    deciding_change,
    found,
    heard,
    heard_of_a_change,
    served,
    signed,
    signing,
    supplied,
    to_check,
)
from tests.proof.races import when_due
from tests.proof.stack import Stack
from tests.unit.test_credit import TERMS
from tests.unit.test_presence import PERSON, provisional, receipt
from tests.unit.test_supplements import OTHER, PAPER


def _one_at_most(outcomes: Sequence[Outcome]) -> str:
    told = [outcome for outcome in outcomes if isinstance(outcome, Receipt)]
    return f"more than one was told yes: {told}" if len(told) > 1 else ""


# -- late materials ---------------------------------------------------------------------------------------------------


def _supply_against_the_deadline(stack: Stack, outcome: str) -> Race:
    case_id = accepted(stack, BY_OUTCOME[outcome])  # type: ignore[index]
    act = supplements.supply
    mine = asked(stack, lambda w, key: act(w, f.HERDER, case_id, [PAPER, OTHER], key=key), "supplements")
    return Race([mine, when_due(stack, case_id)], exclusive=[["case.supplemented", "case.supplements_lapsed"]])


@race
def supply_against_deemed_withdrawal(stack: Stack) -> Race:
    return _supply_against_the_deadline(stack, "deemed_withdrawn")


@race
def supply_against_refusal_for_lateness(stack: Stack) -> Race:
    return _supply_against_the_deadline(stack, "refused")


@race
def two_checks_of_one_supplement(stack: Stack) -> Race:
    """The officer looks at it in two windows: in one it is in order, in the other it is not."""
    case_id = supplied(stack)
    fit = asked(stack, checking(case_id, f.BANNER_REVIEWER), "in order")
    unfit = asked(stack, checking(case_id, f.BANNER_REVIEWER, "未盖章"), "not in order")
    return Race([fit, unfit], exclusive=[["case.supplements_checked"]])


@race
def check_of_supplements_against_grant(stack: Stack) -> Race:
    """The last check would take the decision that is ready, and the officer takes it by hand."""
    case_id = supplied(stack, f.DECIDER, held=True)
    check = asked(stack, checking(case_id, f.DECIDER), "check")
    grant = asked(stack, lambda w, key: tasks.grant(w, f.DECIDER, case_id, opinion="准予", key=key), "grant")
    return Race([check, grant], exclusive=[["case.granted"]])


# -- promises ---------------------------------------------------------------------------------------------------------


@race
def withdraw_a_promise_against_its_decision(stack: Stack) -> Race:
    case_id = signed(stack)
    act = commitments.withdraw
    back = asked(stack, lambda w, key: act(w, f.HERDER, case_id, reason="改为一般程序", key=key), "withdrawal")
    decide = asked(stack, lambda w, key: commitments.decide(w, f.HERDER, case_id, key=key), "decision")
    return Race([back, decide], exclusive=[["commitment.withdrawn", "commitment.decided"]])


@race
def decide_on_a_promise_twice_under_two_keys(stack: Stack) -> Race:
    case_id = signed(stack)
    act = commitments.decide
    both = [asked(stack, lambda w, key: act(w, f.HERDER, case_id, key=key), name) for name in ("one", "two")]
    return Race(both, exclusive=[["commitment.decided"], ["case.issued"]])


@race
def revocation_against_defence(stack: Stack) -> Race:
    """The party speaks, its time runs out, and the officer would like to be done: nobody is revoked unheard."""
    case_id = found(stack, Result.FALSE)
    act = commitment_checks.state_defence
    speak = asked(stack, lambda w, key: act(w, f.HERDER, case_id, statement="请复核", key=key), "defence")
    revoke = asked(stack, deciding(case_id, Final.REVOKED), "revocation")
    exclusive = [["commitment.defence_stated", "commitment.defence_lapsed"], ["commitment.revoked"]]
    return Race([revoke, speak, when_due(stack, case_id)], exclusive=exclusive, impossible=_revoked_unheard(case_id))


def _revoked_unheard(case_id: str) -> Any:
    def told(outcomes: Sequence[Outcome], stack: Stack) -> str:
        types = [record.event.type for record in stack.cases.log(case_id)]
        if "commitment.revoked" not in types:
            return ""
        before = types[: types.index("commitment.revoked")]
        heard = any(kind.startswith("commitment.defence_") for kind in before)
        return "" if heard else f"revoked before anybody was heard: {types}"

    return told


@race
def revoke_or_uphold(stack: Stack) -> Race:
    """The officer decides in two windows."""
    case_id = heard(stack)
    both = [asked(stack, deciding(case_id, outcome), outcome) for outcome in (Final.REVOKED, Final.UPHELD)]
    return Race(both, exclusive=[["commitment.revoked", "commitment.upheld"]])


def _only_valid(case_id: str, *expected: str) -> Any:
    """Whoever was first: once it is revoked, exactly these certificates count."""

    def told(outcomes: Sequence[Outcome], stack: Stack) -> str:
        if "commitment.revoked" not in [record.event.type for record in stack.cases.log(case_id)]:
            return ""
        found = stack.certificates.of_holder(f.HERDER.subject, None, 50).items
        valid = {each.identifier for each in found if each.state is CertificateState.VALID}
        return "" if valid == set(expected) else f"{valid} count, not {expected}"

    return told


@race
def change_against_revocation(stack: Stack) -> Race:
    """A certificate is changed on a promise in the moment in which it is annulled: nothing that counts is left."""
    case_id = heard(stack)
    change = asked(stack, deciding_change(stack, case_id), "change")
    revoke = asked(stack, deciding(case_id, Final.REVOKED), "revocation")
    return Race([change, revoke], exclusive=[["commitment.revoked"]], impossible=_only_valid(case_id))


@race
def change_against_revocation_of_the_change_before_it(stack: Stack) -> Race:
    """... and where only a change was false, what it had replaced counts again, whatever comes after the change."""
    first = short.get(stack, to_check(stack)).certificate
    case_id = heard_of_a_change(stack)
    change = asked(stack, deciding_change(stack, case_id), "change")
    revoke = asked(stack, deciding(case_id, Final.REVOKED), "revocation")
    return Race([change, revoke], exclusive=[["commitment.revoked"]], impossible=_only_valid(case_id, first))


# -- credit -----------------------------------------------------------------------------------------------------------


def _barred_while(stack: Stack, case_id: str, act: Any, happened: str) -> Race:
    """A bar comes on file while its subject acts: whoever was first counts, and nobody acts past a bar."""

    def enters(own: Any) -> Outcome:
        enter = credit.enter
        bar = asked(own, lambda w, key: enter(w, f.CREDIT_OFFICE, f.HERDER.subject, TERMS, key=key), "bar")(own)
        return bar, [record.event.type for record in own.cases.log(case_id)]

    def past_the_bar(outcomes: Sequence[Outcome], now: Stack) -> str:
        entered = outcomes[1]
        if not isinstance(entered, tuple) or happened in entered[1]:
            return ""  # no bar came on file, or it came after the act
        acted = happened in [record.event.type for record in now.cases.log(case_id)]
        return f"{happened} after the bar was on file" if acted else ""

    return Race([asked(stack, act, "promise"), enters], impossible=past_the_bar)


@race
def sign_while_a_bar_is_entered(stack: Stack) -> Race:
    case_id = served(stack)
    return _barred_while(stack, case_id, signing(case_id), "commitment.signed")


@race
def decide_while_a_bar_is_entered(stack: Stack) -> Race:
    case_id = signed(stack)
    act = commitments.decide
    return _barred_while(stack, case_id, lambda w, key: act(w, f.HERDER, case_id, key=key), "commitment.decided")


@race
def two_hints_record_one_revocation(stack: Stack) -> Race:
    case_id = heard(stack)
    deciding(case_id, Final.REVOKED)(stack, None)
    record: Actor = lambda own: commitment_checks.record_credit(own, case_id)  # noqa: E731
    return Race([record, record], impossible=_two_bars)


def _two_bars(outcomes: Sequence[Outcome], stack: Stack) -> str:
    """One bars from promises, one from applying: neither is entered twice."""
    entries = [entry.record for entry in stack.credit.file(f.HERDER.subject).entries]
    return "" if len(entries) == len(set(entries)) else f"entered twice: {entries}"


# -- presence ---------------------------------------------------------------------------------------------------------


@race
def presence_code_used_twice(stack: Stack) -> Race:
    """One code, shown once, read at two windows."""
    begin(stack)
    opening = cases.Opening(f.BASIC, f.GACHA, f.Channel.WINDOW, presence=f.presence_of(stack))
    both = [asked(stack, lambda w, key: cases.open_draft(w, f.WINDOW, opening, key), name) for name in ("one", "two")]
    return Race(both, impossible=lambda outcomes, now: _one_at_most(outcomes))


@race
def two_people_claim_one_application(stack: Stack) -> Race:
    begin(stack)
    case_id = provisional(stack)
    stack.settle()
    number = receipt(stack, case_id)
    both = [
        asked(stack, lambda w, key, who=who: presence.claim(w, who, number, f.RESIDENT, key=key), who.subject)
        for who in (PERSON, f.HERDER)
    ]
    return Race(both, exclusive=[["case.applicant_claimed"]])
