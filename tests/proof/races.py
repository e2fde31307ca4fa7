"""What happens at the same time. A race is one function: what stands, and who acts on it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from chalicelib.domain.cases import lapses as coming
from chalicelib.domain.erasure import Ground
from chalicelib.services import (
    authorities,
    cases,
    certificates,
    erasure,
    lapses,
    mandates,
    notices,
    tasks,
    uploads,
    workflow,
)
from tests import factories as f
from tests import journey as short
from tests.proof.explorer import Actor, Race, asked, race
from tests.proof.journeys import at, authorised, begin, drafted, free, received
from tests.proof.journeys_beside import posted
from tests.proof.journeys_of_cases import issued
from tests.proof.journeys_of_law import WINDOW_ITEM, changing, told
from tests.proof.stack import Stack
from tests.unit import test_window as window
from tests.unit.test_notices import PHONE, say


def when_due(stack: Stack, case_id: str) -> Actor:
    """The deadline passes, and the timer looks at the case."""
    law = lapses.law_of(stack, short.get(stack, case_id))
    assert law is not None
    moment = coming(short.get(stack, case_id), law)[0].at + timedelta(seconds=1)

    def passes(own: Any) -> None:
        own.clock.at = max(own.clock.at, moment)
        lapses.on_timer(own, case_id)

    return passes


@race
def submit_twice_under_one_key(stack: Stack) -> Race:
    case_id = drafted(stack)
    one = asked(stack, lambda w, key: cases.submit(w, f.HERDER, case_id, key=key), "submission")
    return Race([one, one], exclusive=[["case.submitted"]], same=True)


@race
def submit_twice_under_two_keys(stack: Stack) -> Race:
    case_id = drafted(stack)
    both = [asked(stack, lambda w, key: cases.submit(w, f.HERDER, case_id, key=key), name) for name in ("one", "two")]
    return Race(both, exclusive=[["case.submitted"]])


@race
def correct_against_the_deadline(stack: Stack) -> Race:
    case_id = told(stack)
    form = {"subject": "高中教师", "phone": "13800000000"}
    mine = asked(stack, lambda w, key: notices.correct(w, f.HERDER, case_id, form=form, supplied=[], key=key), "mine")
    return Race([mine, when_due(stack, case_id)], exclusive=[["case.corrected", "case.correction_lapsed"]])


@race
def withdraw_against_decide(stack: Stack) -> Race:
    case_id = at(stack, "decide")
    theirs = asked(stack, lambda w, key: cases.withdraw(w, f.HERDER, case_id, "x", key=key), "withdrawal")
    ours = asked(stack, lambda w, key: tasks.grant(w, f.DECIDER, case_id, opinion="准予", key=key), "decision")
    return Race([theirs, ours], exclusive=[["case.withdrawn", "case.granted"]])


@race
def two_officers_on_one_task(stack: Stack) -> Race:
    case_id = free(stack, "review")
    both = [
        asked(stack, lambda w, key, who=who: tasks.claim(w, who, case_id, key=key), who.subject)
        for who in (f.REVIEWER, f.COLLEAGUE)
    ]
    return Race(both)


@race
def claim_against_transfer(stack: Stack) -> Race:
    """One gives the task to a third officer, another one takes it as soon as it is free."""
    case_id = at(stack, "review")
    told_to = {"officer": "league-third", "reason": "x"}
    give = asked(stack, lambda w, key: tasks.transfer(w, f.REVIEWER, case_id, **told_to, key=key), "transfer")
    back = asked(stack, lambda w, key: tasks.release(w, f.REVIEWER, case_id, reason="x", key=key), "release")
    take = asked(stack, lambda w, key: tasks.claim(w, f.COLLEAGUE, case_id, key=key), "claim")
    return Race([give, back, take], exclusive=[["case.task_transferred", "case.task_released"]])


@race
def callback_against_timeout(stack: Stack) -> Race:
    """The officer is done while the execution gives up waiting and opens the task again with a new token."""
    case_id = at(stack, "review")

    def done(own: Any) -> object:
        told = asked(own, lambda w, key: short.agree(w, f.REVIEWER, case_id), "opinion")(own)
        own.outside.stream.clear()  # this is the one consumer of the hint, and it comes once
        workflow.report_tasks(own, case_id)
        return told

    def times_out(own: Any) -> None:
        own.outside.time_out(f"{case_id}-1")
        token = own.outside.next_token()
        own.outside.wait_for(f"{case_id}-1", token)
        own.opened(case_id, 1, token)

    return Race([done, times_out], unaided=True)


@race
def notice_against_deemed_acceptance(stack: Stack) -> Race:
    case_id = at(stack, "accept")
    tell = asked(stack, lambda w, key: notices.notify(w, f.ACCEPTOR, case_id, (PHONE,), say, key=key), "notice")
    return Race([tell, when_due(stack, case_id)], exclusive=[["case.notified", "case.deemed_accepted"]])


@race
def submit_against_revocation(stack: Stack) -> Race:
    """The applicant takes the authority back while the agent hands in."""
    authority = authorised(stack)
    case_id = short.drafted(stack, f.AGENT, f.Channel.STATION, authority=authority)
    hand_in = asked(stack, lambda w, key: cases.submit(w, f.AGENT, case_id, key=key), "submission")
    revoke = asked(stack, lambda w, key: authorities.revoke(w, f.HERDER, authority, key=key), "revocation")
    return Race([hand_in, revoke])


@race
def instant_decision_against_revocation(stack: Stack) -> Race:
    begin(stack, WINDOW_ITEM)
    mandate = window.mandated(stack)
    case_id = short.drafted(stack)
    cases.submit(stack, f.HERDER, case_id)
    stack.settle()
    tasks.claim(stack, window.CHIEF, case_id)
    act = mandates.decide_instantly
    decide = asked(stack, lambda w, key: act(w, window.CHIEF, case_id, opinion="x", amount=None, key=key), "decision")
    revoke = asked(stack, lambda w, key: mandates.revoke(w, window.HEAD, mandate, key=key), "revocation")
    return Race([decide, revoke], exclusive=[["case.granted"]])


@race
def two_hints_issue_one_certificate(stack: Stack) -> Race:
    case_id = at(stack, "decide")
    short.grant(stack, f.DECIDER, case_id)
    looks = [lambda own: certificates.issue(own, case_id), lambda own: str(workflow.look_after(own, case_id))]
    return Race(looks, exclusive=[["case.issued"]])


def _two_changes(stack: Stack, identifier: str) -> list[str]:
    """Both granted, neither issued."""
    both = [changing(stack, identifier), changing(stack, identifier)]
    for case_id in both:
        short.grant(stack, f.DECIDER, case_id)
    return both


@race
def two_changes_of_one_certificate(stack: Stack) -> Race:
    """Whichever is issued first, the other one replaces what that has brought."""
    one, two = _two_changes(stack, short.get(stack, issued(stack)).certificate)
    return Race([lambda own: certificates.issue(own, one), lambda own: certificates.issue(own, two)])


@race
def change_against_erasure(stack: Stack) -> Race:
    """The person of the earlier case is erased, which the end of their certificate allows."""
    earlier = issued(stack)
    cases.confirm_receipt(stack, f.HERDER, earlier)
    stack.settle()
    found = stack.certificates.get(short.get(stack, earlier).certificate)
    assert found is not None
    assert found.valid_until is not None
    one, two = _two_changes(stack, found.identifier)
    stack.clock.at = found.valid_until

    def erase(own: Any) -> None:
        erasure.erase_person(own, earlier, Ground.RETENTION)

    return Race([lambda own: certificates.issue(own, one), lambda own: certificates.issue(own, two), erase])


@race
def finalise_against_the_reaper(stack: Stack) -> Race:
    upload_id = posted(stack)
    case_id = upload_id.partition("-")[0]
    judge = asked(stack, lambda w, key: uploads.finalise(w, f.HERDER, upload_id, key), "check")

    def reap(own: Any) -> None:
        own.clock.advance(days=2)
        uploads.on_timer(own, case_id)

    return Race([judge, reap])


@race
def two_reconciliations_restart_one_case(stack: Stack) -> Race:
    case_id = received(stack)
    stack.outside.kill(f"{case_id}-1")
    look: Actor = lambda own: str(workflow.look_after(own, case_id))  # noqa: E731
    return Race([look, look], exclusive=[["case.workflow_restarted"], ["case.workflow_died"]])
