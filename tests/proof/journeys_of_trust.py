"""What rests on trust: promises and their check, credit, materials that come later, outages that excuse lateness."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from chalicelib.domain.actors import Actor
from chalicelib.domain.catalog import ImplementationItem, LateOutcome
from chalicelib.domain.commitment_checks import Final, Result
from chalicelib.domain.outages import Service
from chalicelib.domain.renewals import CaseKind
from chalicelib.domain.supplements import Verdict
from chalicelib.services import cases, commitment_checks, commitments, credit, outages, supplements, tasks
from tests import factories as f
from tests import journey as short
from tests import promises as p
from tests.proof.journeys import FORM, Act, begin, drafted, journey
from tests.proof.journeys_of_law import due
from tests.proof.stack import Stack
from tests.unit.test_credit import SAFETY, TERMS
from tests.unit.test_supplements import BOTH, OTHER, PAPER, incomplete, late
from tests.unit.test_supplements import drafted as drafted_with_gaps

PROMISED = p.item(form=FORM, safety_matter=True)
"""A revocation bars twice here: from promises, and from applying (行政许可法 79)."""

BY_OUTCOME = {outcome: incomplete(late(outcome), late(outcome), form=FORM) for outcome in LateOutcome}
GAPS = BY_OUTCOME[LateOutcome.DEEMED_WITHDRAWN]


# -- promises ------------------------------------------------------------------------------------------------


def served(stack: Stack) -> str:
    """The text of the promise lies before the applicant, on record."""

    def build() -> str:
        case_id = drafted(stack, PROMISED)
        commitments.serve(stack, f.HERDER, case_id)
        stack.settle()
        return case_id

    answer: str = stack.remembered("served", build)
    return answer


def signed(stack: Stack) -> str:
    """The applicant has signed."""

    def build() -> str:
        case_id = served(stack)
        p.sign(stack, case_id)
        stack.settle()
        return case_id

    answer: str = stack.remembered("signed", build)
    return answer


@journey
def serve_promise(stack: Stack) -> Act:
    case_id = drafted(stack, PROMISED)
    return Act(lambda w, key: commitments.serve(w, f.HERDER, case_id, key=key))


def signing(case_id: str) -> Any:
    """The applicant signs the text as it was served."""
    told = {"text_version": p.TEXT.version, "text_digest": p.TEXT.digest, "confirmed": True}
    return lambda w, key: commitments.sign(w, f.HERDER, case_id, **told, key=key)


@journey
def sign_promise(stack: Stack) -> Act:
    return Act(signing(served(stack)))


@journey
def withdraw_promise(stack: Stack) -> Act:
    case_id = signed(stack)
    return Act(lambda w, key: commitments.withdraw(w, f.HERDER, case_id, reason="改为一般程序", key=key))


@journey
def decide_on_a_promise(stack: Stack) -> Act:
    case_id = signed(stack)
    return Act(lambda w, key: commitments.decide(w, f.HERDER, case_id, key=key))


# -- the check of a promise ------------------------------------------------------------------------------------


def to_check(stack: Stack) -> str:
    """Decided on the promise; the checking body has claimed the check."""

    def build() -> str:
        case_id = signed(stack)
        commitments.decide(stack, f.HERDER, case_id)
        stack.settle()
        return _claimed(stack, case_id, p.CHECKER)

    answer: str = stack.remembered("to check", build)
    return answer


def found(stack: Stack, result: Result) -> str:
    """Checked once, with this result; whoever is next has claimed what is next."""

    def build() -> str:
        case_id = to_check(stack)
        commitment_checks.record(stack, p.CHECKER, case_id, result=result, findings="所见")
        stack.settle()
        return _claimed(stack, case_id, f.DECIDER if result is Result.FALSE else p.CHECKER)

    answer: str = stack.remembered(("found", result), build)
    return answer


def heard(stack: Stack) -> str:
    """Found false, and the party has spoken."""

    def build() -> str:
        case_id = found(stack, Result.FALSE)
        commitment_checks.state_defence(stack, f.HERDER, case_id, statement="请复核")
        stack.settle()
        return case_id

    answer: str = stack.remembered("defence stated", build)
    return answer


def _claimed(stack: Stack, case_id: str, officer: Actor) -> str:
    tasks.claim(stack, officer, case_id)
    stack.settle()
    return case_id


def _recorded(case_id: str, result: Result) -> Act:
    act = commitment_checks.record
    return Act(lambda w, key: act(w, p.CHECKER, case_id, result=result, findings="所见", key=key))


def deciding(case_id: str, outcome: Final) -> Any:
    """The final decision on what a check has found false."""
    told = {"outcome": outcome, "reasons": "承诺与事实不符", "remedies": "可申请行政复议"}
    return lambda w, key: commitment_checks.decide(w, f.DECIDER, case_id, **told, key=key)


@journey
def find_a_promise_fulfilled(stack: Stack) -> Act:
    return _recorded(to_check(stack), Result.FULFILLED)


@journey
def order_mending(stack: Stack) -> Act:
    return _recorded(to_check(stack), Result.MEND)


@journey
def find_it_mended(stack: Stack) -> Act:
    return _recorded(found(stack, Result.MEND), Result.FULFILLED)


@journey
def find_a_promise_false(stack: Stack) -> Act:
    return _recorded(to_check(stack), Result.FALSE)


@journey
def state_defence(stack: Stack) -> Act:
    case_id = found(stack, Result.FALSE)
    act = commitment_checks.state_defence
    return Act(lambda w, key: act(w, f.HERDER, case_id, statement="请复核", key=key))


@journey
def waive_defence(stack: Stack) -> Act:
    case_id = found(stack, Result.FALSE)
    return Act(lambda w, key: commitment_checks.waive_defence(w, f.HERDER, case_id, key=key))


@journey
def defence_lapsed(stack: Stack) -> Act:
    due(stack, found(stack, Result.FALSE))
    return Act.schedule("sweep_timers")


@journey
def check_overdue(stack: Stack) -> Act:
    due(stack, to_check(stack))
    return Act.schedule("sweep_timers")


@journey
def revoke_for_a_false_promise(stack: Stack) -> Act:
    """The certificate is annulled, and two bars are put on the credit file."""
    return Act(deciding(heard(stack), Final.REVOKED))


def change_signed(stack: Stack, case_id: str) -> str:
    """A change of a case's certificate, its promise signed."""
    case_id = short.drafted(stack, kind=CaseKind.CHANGE, certificate=short.get(stack, case_id).certificate)
    commitments.serve(stack, f.HERDER, case_id)
    p.sign(stack, case_id)
    stack.settle()
    return case_id


def deciding_change(stack: Stack, case_id: str) -> Any:
    """The applicant has a change of a case's certificate decided on their promise."""
    change = change_signed(stack, case_id)
    return lambda w, key: commitments.decide(w, f.HERDER, change, key=key)


def changed_on_a_promise(stack: Stack, case_id: str) -> str:
    """A change of a case's certificate, decided on a promise."""
    case_id = change_signed(stack, case_id)
    commitments.decide(stack, f.HERDER, case_id)
    stack.settle()
    return case_id


def heard_of_a_change(stack: Stack) -> str:
    """A change that was decided on a promise is found false, and the party has spoken."""
    case_id = _claimed(stack, changed_on_a_promise(stack, to_check(stack)), p.CHECKER)
    commitment_checks.record(stack, p.CHECKER, case_id, result=Result.FALSE, findings="所见")
    stack.settle()
    commitment_checks.state_defence(stack, f.HERDER, case_id, statement="请复核")
    return _claimed(stack, case_id, f.DECIDER)


@journey
def revoke_what_was_changed(stack: Stack) -> Act:
    """The certificate is annulled, and what has taken its place with it."""
    case_id = heard(stack)
    changed_on_a_promise(stack, case_id)
    return Act(deciding(case_id, Final.REVOKED))


@journey
def revoke_a_change(stack: Stack) -> Act:
    """Only the change was false: what it had replaced counts again."""
    return Act(deciding(heard_of_a_change(stack), Final.REVOKED))


@journey
def uphold_after_a_defence(stack: Stack) -> Act:
    return Act(deciding(heard(stack), Final.UPHELD))


@journey
def keep_what_was_false(stack: Stack) -> Act:
    return Act(deciding(heard(stack), Final.KEPT))


@journey
def record_credit_again(stack: Stack) -> Act:
    """A hint that comes when the bars are on file."""
    case_id = heard(stack)
    deciding(case_id, Final.REVOKED)(stack, None)
    stack.settle()
    return Act(lambda w, key: commitment_checks.record_credit(w, case_id))


@journey
def reconcile_a_dead_check(stack: Stack) -> Act:
    case_id = to_check(stack)
    stack.outside.kill(f"{case_id}-1")
    return Act.schedule("reconcile")


@journey
def reconcile_a_check_that_never_began(stack: Stack) -> Act:
    commitments.decide(stack, f.HERDER, signed(stack))
    stack.outside.stream.clear()
    return Act.schedule("reconcile")


# -- credit ------------------------------------------------------------------------------------------------------


def entered(stack: Stack) -> str:
    """A record about the herder."""
    begin(stack)
    return credit.enter(stack, f.CREDIT_OFFICE, f.HERDER.subject, TERMS).id


@journey
def enter_credit(stack: Stack) -> Act:
    begin(stack)
    return Act(lambda w, key: credit.enter(w, f.CREDIT_OFFICE, f.HERDER.subject, TERMS, key=key))


@journey
def correct_credit(stack: Stack) -> Act:
    begin(stack, PROMISED)
    record = credit.enter(stack, f.CREDIT_OFFICE, f.HERDER.subject, TERMS).id
    return Act(lambda w, key: credit.correct(w, f.CREDIT_OFFICE, record, SAFETY, "录入有误", key=key))


@journey
def strike_credit(stack: Stack) -> Act:
    record = entered(stack)
    return Act(lambda w, key: credit.strike(w, f.CREDIT_OFFICE, record, "录入有误", key=key))


@journey
def repair_credit(stack: Stack) -> Act:
    record = entered(stack)
    return Act(lambda w, key: credit.repair(w, f.CREDIT_OFFICE, record, "已整改", key=key))


@journey
def read_credit(stack: Stack) -> Act:
    record = entered(stack)
    return Act(lambda w, key: credit.read(w, f.HERDER, record))


# -- materials that come later -------------------------------------------------------------------------------------

WAY = (
    (f.WINDOW, tasks.forward),
    (f.ACCEPTOR, tasks.accept),
    (f.BANNER_REVIEWER, short.agree),
    (f.REVIEWER, short.agree),
    (f.DECIDER, None),
)


def accepted(stack: Stack, item: ImplementationItem = GAPS, at: Actor = f.BANNER_REVIEWER) -> str:
    """Accepted with two materials to come; this officer has the task."""

    def build() -> str:
        begin(stack, item)
        case_id = drafted_with_gaps(stack, *BOTH)
        cases.submit(stack, f.AGENT, case_id)
        for officer, act in WAY:
            stack.settle()
            _claimed(stack, case_id, officer)
            if officer is at or act is None:
                break
            act(stack, officer, case_id)
        return case_id

    answer: str = stack.remembered(("accepted", id(item), at.subject), build)
    return answer


def supplied(stack: Stack, at: Actor = f.BANNER_REVIEWER, *, held: bool = False) -> str:
    """Both have come and nobody has checked them. ``held``: the decision is ready."""

    def build() -> str:
        case_id = accepted(stack, at=at)
        if held:
            supplements.hold_decision(stack, at, case_id, opinion="符合条件")
        supplements.supply(stack, f.HERDER, case_id, [PAPER, OTHER])
        stack.settle()
        return case_id

    answer: str = stack.remembered(("supplied", at.subject, held), build)
    return answer


def checking(case_id: str, officer: Actor, *defects: str) -> Any:
    """Both are in order, or the first one has these defects."""
    verdicts = [Verdict("d1", defects), Verdict("d2")]
    return lambda w, key: supplements.check(w, officer, case_id, verdicts, key=key)


@journey
def submit_with_gaps(stack: Stack) -> Act:
    begin(stack, GAPS)
    case_id = drafted_with_gaps(stack, *BOTH)
    return Act(lambda w, key: cases.submit(w, f.AGENT, case_id, key=key))


@journey
def supply(stack: Stack) -> Act:
    case_id = accepted(stack)
    return Act(lambda w, key: supplements.supply(w, f.HERDER, case_id, [PAPER], key=key))


@journey
def check_supplements(stack: Stack) -> Act:
    return Act(checking(supplied(stack), f.BANNER_REVIEWER))


@journey
def check_defective_supplements(stack: Stack) -> Act:
    return Act(checking(supplied(stack), f.BANNER_REVIEWER, "未盖章"))


@journey
def hold_decision(stack: Stack) -> Act:
    case_id = accepted(stack, at=f.DECIDER)
    return Act(lambda w, key: supplements.hold_decision(w, f.DECIDER, case_id, opinion="符合条件", key=key))


@journey
def check_what_a_decision_waits_for(stack: Stack) -> Act:
    """The last check takes the decision that was ready."""
    return Act(checking(supplied(stack, f.DECIDER, held=True), f.DECIDER))


def _lapsed(stack: Stack, outcome: LateOutcome) -> Act:
    due(stack, accepted(stack, BY_OUTCOME[outcome]))
    return Act.schedule("sweep_timers")


@journey
def late_and_deemed_withdrawn(stack: Stack) -> Act:
    return _lapsed(stack, LateOutcome.DEEMED_WITHDRAWN)


@journey
def late_and_acceptance_revoked(stack: Stack) -> Act:
    return _lapsed(stack, LateOutcome.ACCEPTANCE_REVOKED)


@journey
def late_and_refused(stack: Stack) -> Act:
    return _lapsed(stack, LateOutcome.REFUSED)


@journey
def remind_of_a_supplement(stack: Stack) -> Act:
    accepted(stack)
    stack.clock.at += timedelta(days=1, hours=1)
    return Act.schedule("sweep_timers")


# -- outages -----------------------------------------------------------------------------------------------------


def down(stack: Stack) -> str:
    """Uploads do not work since now."""
    reason = {"service": Service.UPLOADS, "since": stack.clock.now(), "reason": "存储故障"}
    made: str = outages.record(stack, f.SUPERVISOR, **reason).id
    return made


@journey
def record_outage(stack: Stack) -> Act:
    begin(stack)
    told = {"service": Service.UPLOADS, "since": stack.clock.now(), "reason": "存储故障"}
    return Act(lambda w, key: outages.record(w, f.SUPERVISOR, **told, key=key))


@journey
def end_outage(stack: Stack) -> Act:
    begin(stack)
    outage = down(stack)
    stack.clock.advance(hours=1)
    until = stack.clock.now()
    return Act(lambda w, key: outages.end(w, f.SUPERVISOR, outage, until=until, key=key))


@journey
def not_late_while_uploads_are_down(stack: Stack) -> Act:
    """The day has passed, and the timer finds that it has moved."""
    case_id = accepted(stack)
    due(stack, case_id)
    passed = stack.clock.at
    stack.clock.at = passed - timedelta(hours=3)
    down(stack)
    stack.clock.at = passed
    return Act.schedule("sweep_timers")
