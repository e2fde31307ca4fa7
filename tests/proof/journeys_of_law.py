"""What the law adds to a case: notices, procedures, hearings, fees, mandates, papers, and what time alone brings."""

from __future__ import annotations

from datetime import timedelta

from chalicelib.domain.cases import lapses
from chalicelib.domain.catalog import CaseType
from chalicelib.domain.fees import PaymentMethod
from chalicelib.domain.mandates import Terms
from chalicelib.domain.materials import Handling, Paper
from chalicelib.domain.renewals import CaseKind
from chalicelib.services import cases, certificates, fees, hearings, mandates, materials, notices, procedures, tasks
from chalicelib.services.lapses import law_of
from tests import factories as f
from tests import journey as short
from tests.proof.journeys import FORM, Act, at, begin, free, journey, received
from tests.proof.journeys_of_cases import issued
from tests.proof.stack import Stack
from tests.unit import test_window as window
from tests.unit.test_fees import CASHIER, FIXED, OPEN
from tests.unit.test_hearings import NEIGHBOUR
from tests.unit.test_notices import PHONE, say
from tests.unit.test_procedures import HEAD

CHARGED = f.item(form=FORM, fees=(FIXED, OPEN))
WINDOW_ITEM = f.item(case_type=CaseType.INSTANT, steps=window.OWN_STEPS, type_code="10")

ON_RECEIPT = f.item(accept_on_receipt=True, steps=window.OWN_STEPS)


# -- notices --------------------------------------------------------------------------------------------------


def told(stack: Stack) -> str:
    """The applicant was told what to correct."""

    def build() -> str:
        case_id = at(stack, "accept")
        notices.notify(stack, f.ACCEPTOR, case_id, (PHONE,), say)
        stack.settle()
        return case_id

    answer: str = stack.remembered("told", build)
    return answer


@journey
def notify(stack: Stack) -> Act:
    case_id = at(stack, "accept")
    return Act(lambda w, key: notices.notify(w, f.ACCEPTOR, case_id, (PHONE,), say, key=key))


@journey
def correct(stack: Stack) -> Act:
    case_id = told(stack)
    form = {"subject": "高中教师", "phone": "13800000000"}
    return Act(lambda w, key: notices.correct(w, f.HERDER, case_id, form=form, supplied=[], key=key))


@journey
def correct_on_the_spot(stack: Stack) -> Act:
    case_id = at(stack, "accept")
    changes = {"/form/subject": ("高中教师", "初中教师")}
    act = notices.correct_on_the_spot
    return Act(lambda w, key: act(w, f.ACCEPTOR, case_id, changes, "其其格", key=key))


# -- procedures and hearings ------------------------------------------------------------------------------------


def inspected(stack: Stack) -> str:
    """An inspection has begun."""

    def build() -> str:
        case_id = at(stack, "review")
        procedures.start(stack, f.REVIEWER, case_id, kind="inspection", reason="需要", days=5)
        stack.settle()
        return case_id

    answer: str = stack.remembered("inspected", build)
    return answer


@journey
def start_procedure(stack: Stack) -> Act:
    case_id = at(stack, "review")
    asked = {"kind": "inspection", "reason": "需要", "days": 5}
    return Act(lambda w, key: procedures.start(w, f.REVIEWER, case_id, **asked, key=key))


@journey
def assign_officers(stack: Stack) -> Act:
    case_id = inspected(stack)
    asked = {"procedure": 1, "officers": ["o1", "o2"]}
    return Act(lambda w, key: procedures.assign(w, f.REVIEWER, case_id, **asked, key=key))


@journey
def record_result(stack: Stack) -> Act:
    case_id = inspected(stack)
    procedures.assign(stack, f.REVIEWER, case_id, procedure=1, officers=["o1", "o2"])
    stack.settle()
    asked = {"procedure": 1, "result": "合格", "officers": ["o1", "o2"]}
    return Act(lambda w, key: procedures.record_result(w, f.REVIEWER, case_id, **asked, key=key))


@journey
def extend(stack: Stack) -> Act:
    case_id = at(stack, "review")
    return Act(lambda w, key: procedures.extend(w, HEAD, case_id, days=5, reason="案情复杂", key=key))


def heard(stack: Stack, *steps: str) -> str:
    """Everybody was told of the right to a hearing; then, in this order, what is named happened."""

    def build() -> str:
        case_id = at(stack, "decide") if not steps else heard(stack, *steps[:-1])
        match steps[-1:]:
            case ("requested",):
                hearings.request(stack, f.HERDER, case_id, party=1)
            case ("scheduled",):
                _schedule(stack, case_id, None)
            case _:
                asked = {"ground": "direct_interest", "reason": "涉及相邻权", "third_parties": [NEIGHBOUR]}
                hearings.notify(stack, f.DECIDER, case_id, **asked)
        stack.settle()
        return case_id

    answer: str = stack.remembered(("heard", *steps), build)
    return answer


def _schedule(w: object, case_id: str, key: object) -> object:
    held_on = f.START + timedelta(days=14)
    asked = {"held_on": held_on, "place": "盟政务服务中心", "presider": "presider", "key": key}
    return hearings.schedule(w, f.DECIDER, case_id, **asked)


@journey
def notify_hearing(stack: Stack) -> Act:
    case_id = at(stack, "decide")
    asked = {"ground": "direct_interest", "reason": "涉及相邻权", "third_parties": [NEIGHBOUR]}
    return Act(lambda w, key: hearings.notify(w, f.DECIDER, case_id, **asked, key=key))


@journey
def request_hearing(stack: Stack) -> Act:
    case_id = heard(stack)
    return Act(lambda w, key: hearings.request(w, f.HERDER, case_id, party=1, key=key))


@journey
def waive_hearing(stack: Stack) -> Act:
    case_id = heard(stack)
    return Act(lambda w, key: hearings.waive(w, f.HERDER, case_id, party=1, key=key))


@journey
def schedule_hearing(stack: Stack) -> Act:
    case_id = heard(stack, "requested")
    return Act(lambda w, key: _schedule(w, case_id, key))


@journey
def record_hearing(stack: Stack) -> Act:
    case_id = heard(stack, "requested", "scheduled")
    stack.clock.at = f.START + timedelta(days=14, hours=3)
    return Act(lambda w, key: hearings.record(w, f.DECIDER, case_id, text="听证笔录", key=key))


# -- fees, papers, the window --------------------------------------------------------------------------------------


def charged(stack: Stack) -> str:
    """Granted, what is due on record."""

    def build() -> str:
        case_id = at(stack, "decide", CHARGED)
        fees.assess(stack, f.DECIDER, case_id, amounts={"F2": 500}, reason="")
        short.grant(stack, f.DECIDER, case_id)
        stack.settle()
        return case_id

    answer: str = stack.remembered("charged", build)
    return answer


@journey
def assess_fees(stack: Stack) -> Act:
    case_id = at(stack, "decide", CHARGED)
    return Act(lambda w, key: fees.assess(w, f.DECIDER, case_id, amounts={"F2": 500}, reason="", key=key))


@journey
def pay(stack: Stack) -> Act:
    case_id = charged(stack)
    paid = {"amount": 1500, "method": PaymentMethod.CASH, "receipt_number": "1526"}
    return Act(lambda w, key: fees.pay(w, CASHIER, case_id, **paid, key=key))


@journey
def record_papers(stack: Stack) -> Act:
    case_id = at(stack, "receive")
    papers = (Paper("m1", Handling.SEEN),)
    return Act(lambda w, key: materials.record_papers(w, f.WINDOW, case_id, papers, key=key))


@journey
def give_mandate(stack: Stack) -> Act:
    begin(stack, WINDOW_ITEM)
    now = stack.clock.now()
    terms = Terms(window.CHIEF.subject, (f.BASIC,), None, now, now + timedelta(days=30))
    return Act(lambda w, key: mandates.give(w, window.HEAD, terms, key=key))


@journey
def revoke_mandate(stack: Stack) -> Act:
    begin(stack, WINDOW_ITEM)
    mandate = window.mandated(stack)
    return Act(lambda w, key: mandates.revoke(w, window.HEAD, mandate, key=key))


@journey
def decide_instantly(stack: Stack) -> Act:
    begin(stack, WINDOW_ITEM)
    window.mandated(stack)
    case_id = short.drafted(stack)
    cases.submit(stack, f.HERDER, case_id)
    stack.settle()
    tasks.claim(stack, window.CHIEF, case_id)
    stack.settle()
    return Act(lambda w, key: mandates.decide_instantly(w, window.CHIEF, case_id, opinion="x", amount=None, key=key))


@journey
def accept_on_receipt(stack: Stack) -> Act:
    begin(stack, ON_RECEIPT)
    case_id = window.at_window(stack, window.LEAGUE_WINDOW)
    stack.settle()
    return Act(lambda w, key: cases.submit(w, window.LEAGUE_WINDOW, case_id, key=key))


# -- what time alone brings about ------------------------------------------------------------------------------------


def due(stack: Stack, case_id: str) -> None:
    """Move the clock to a minute after the next moment of the law."""
    case = short.get(stack, case_id)
    law = law_of(stack, case)
    assert law is not None
    stack.clock.at = max(stack.clock.at, lapses(case, law)[0].at + timedelta(minutes=1))


@journey
def deemed_accepted(stack: Stack) -> Act:
    due(stack, received(stack))
    return Act.schedule("sweep_timers")


@journey
def withdraw_after_silence(stack: Stack) -> Act:
    """Time was faster than the applicant: acceptance is recorded first, and then the withdrawal."""
    case_id = free(stack, "accept")
    due(stack, case_id)
    return Act(lambda w, key: cases.withdraw(w, f.HERDER, case_id, "不办了", key=key))


@journey
def correction_lapsed(stack: Stack) -> Act:
    due(stack, told(stack))
    return Act.schedule("sweep_timers")


@journey
def remind_of_a_correction(stack: Stack) -> Act:
    case_id = told(stack)
    case = short.get(stack, case_id)
    law = law_of(stack, case)
    assert law is not None
    stack.clock.at = lapses(case, law)[0].at - timedelta(days=1)
    return Act.schedule("sweep_timers")


def changing(stack: Stack, identifier: str) -> str:
    """A change of a certificate that waits for its decision."""
    case_id = short.drafted(stack, kind=CaseKind.CHANGE, certificate=identifier)
    cases.submit(stack, f.HERDER, case_id)
    stack.settle()
    for _, officer, act in short.STATIONS[1:-1]:
        tasks.claim(stack, officer, case_id)
        act(stack, officer, case_id)
        stack.settle()
    tasks.claim(stack, f.DECIDER, case_id)
    return case_id


@journey
def replace_a_certificate(stack: Stack) -> Act:
    """The certificate that was changed no longer counts once the new one does."""
    identifier = short.get(stack, issued(stack)).certificate
    case_id = changing(stack, identifier)
    short.grant(stack, f.DECIDER, case_id)
    return Act(lambda w, key: certificates.issue(w, case_id))


@journey
def deemed_renewed(stack: Stack) -> Act:
    issued(stack)
    identifier = stack.certificates.of_holder(f.HERDER.subject, None, 1).items[0].identifier
    found = stack.certificates.get(identifier)
    assert found is not None
    assert found.valid_until is not None
    stack.clock.at = found.valid_until - timedelta(days=120)
    case_id = short.drafted(stack, kind=CaseKind.RENEWAL, certificate=identifier)
    cases.submit(stack, f.HERDER, case_id)
    stack.settle()
    due(stack, case_id)
    stack.clock.at = max(stack.clock.at, found.valid_until + timedelta(minutes=1))
    return Act.schedule("sweep_timers")
