"""What applicants, officers and the workflow do with a case."""

from __future__ import annotations

from datetime import timedelta

from chalicelib.services import cases, certificates, messages, tasks
from chalicelib.services.cases import Opening
from tests import factories as f
from tests import journey as short
from tests.proof.journeys import Act, at, authorised, begin, drafted, free, journey, received
from tests.proof.stack import Stack
from tests.unit.test_messages import number_of
from tests.unit.test_window import at_window


@journey
def open_draft(stack: Stack) -> Act:
    begin(stack)
    opening = Opening(f.BASIC, f.GACHA, f.Channel.WEB)
    return Act(lambda w, key: cases.open_draft(w, f.HERDER, opening, key))


@journey
def open_draft_under_an_authority(stack: Stack) -> Act:
    opening = Opening(f.BASIC, f.GACHA, f.Channel.STATION, authority=authorised(stack))
    return Act(lambda w, key: cases.open_draft(w, f.AGENT, opening, key))


@journey
def save(stack: Stack) -> Act:
    case_id = drafted(stack)
    version = short.get(stack, case_id).version
    told = {"form": {"subject": "x"}, "materials": [short.APPLICATION], "delivery": "window", "expected": version}
    return Act(lambda w, key: cases.save(w, f.HERDER, case_id, **told), keyed=False)


@journey
def submit(stack: Stack) -> Act:
    case_id = drafted(stack)
    return Act(lambda w, key: cases.submit(w, f.HERDER, case_id, key=key))


@journey
def discard_draft(stack: Stack) -> Act:
    case_id = drafted(stack)
    return Act(lambda w, key: cases.discard_draft(w, case_id, actor=f.HERDER, reason="x", key=key))


@journey
def withdraw(stack: Stack) -> Act:
    case_id = at(stack, "review")
    return Act(lambda w, key: cases.withdraw(w, f.HERDER, case_id, "不办了", key=key))


@journey
def read_as_an_officer(stack: Stack) -> Act:
    case_id = at(stack, "accept")
    return Act(lambda w, key: cases.read(w, f.ACCEPTOR, case_id))


@journey
def claim(stack: Stack) -> Act:
    case_id = free(stack, "receive")
    return Act(lambda w, key: tasks.claim(w, f.WINDOW, case_id, key=key))


@journey
def transfer(stack: Stack) -> Act:
    case_id = at(stack, "review")
    told = {"officer": f.COLLEAGUE.subject, "reason": "x"}
    return Act(lambda w, key: tasks.transfer(w, f.REVIEWER, case_id, **told, key=key))


@journey
def release(stack: Stack) -> Act:
    case_id = at(stack, "review")
    return Act(lambda w, key: tasks.release(w, f.REVIEWER, case_id, reason="x", key=key))


@journey
def forward(stack: Stack) -> Act:
    case_id = at(stack, "receive")
    return Act(lambda w, key: tasks.forward(w, f.WINDOW, case_id, key=key))


@journey
def accept(stack: Stack) -> Act:
    case_id = at(stack, "accept")
    return Act(lambda w, key: tasks.accept(w, f.ACCEPTOR, case_id, key=key))


@journey
def refuse_acceptance(stack: Stack) -> Act:
    case_id = at(stack, "accept")
    told = {"ground": "not_competent", "reason": "x", "competent_body": "某局"}
    return Act(lambda w, key: tasks.refuse_acceptance(w, f.ACCEPTOR, case_id, **told, key=key))


@journey
def give_opinion(stack: Stack) -> Act:
    case_id = at(stack, "preliminary_review")
    told = {"conclusion": "agree", "opinion": "同意"}
    return Act(lambda w, key: tasks.give_opinion(w, f.BANNER_REVIEWER, case_id, **told, key=key))


@journey
def send_back(stack: Stack) -> Act:
    case_id = at(stack, "decide")
    return Act(lambda w, key: tasks.send_back(w, f.DECIDER, case_id, reason="x", position=None, key=key))


@journey
def grant(stack: Stack) -> Act:
    case_id = at(stack, "decide")
    return Act(lambda w, key: tasks.grant(w, f.DECIDER, case_id, opinion="准予", key=key))


@journey
def refuse(stack: Stack) -> Act:
    case_id = at(stack, "decide")
    told = {"reasons": "不符合条件", "remedies": "可以申请行政复议"}
    return Act(lambda w, key: tasks.refuse(w, f.DECIDER, case_id, **told, key=key))


def issued(stack: Stack) -> str:
    """Granted, its certificate made."""

    def build() -> str:
        case_id = at(stack, "decide")
        short.grant(stack, f.DECIDER, case_id)
        stack.settle()
        return case_id

    answer: str = stack.remembered("issued", build)
    return answer


@journey
def confirm_receipt(stack: Stack) -> Act:
    case_id = issued(stack)
    return Act(lambda w, key: cases.confirm_receipt(w, f.HERDER, case_id, key=key))


@journey
def hand_over(stack: Stack) -> Act:
    def build() -> str:
        begin(stack)
        case_id = at_window(stack, f.WINDOW)
        cases.submit(stack, f.WINDOW, case_id)
        stack.settle()
        while task := short.get(stack, case_id).task:
            officer, act = next(((o, a) for role, o, a in short.STATIONS if role == task.role), (f.WINDOW, None))
            tasks.claim(stack, officer, case_id)
            if act is None:
                break
            act(stack, officer, case_id)
            stack.settle()
        stack.settle()
        return case_id

    case_id: str = stack.remembered("to be fetched", build)
    told = {"method": "window", "proof": {"recipient": "其其格", "relation": "self"}}
    return Act(lambda w, key: tasks.hand_over(w, f.WINDOW, case_id, **told, key=key))


@journey
def issue_again(stack: Stack) -> Act:
    """A hint that comes when everything is done."""
    case_id = issued(stack)
    return Act(lambda w, key: certificates.issue(w, case_id))


@journey
def withdraw_before_the_first_task(stack: Stack) -> Act:
    """The start of the execution, and the withdrawal, are on their way at the same time."""
    case_id = drafted(stack)
    cases.submit(stack, f.HERDER, case_id)
    return Act(lambda w, key: cases.withdraw(w, f.HERDER, case_id, "不办了", key=key))


# -- what the clock and operators do ---------------------------------------------------------------------------


@journey
def sweep_an_outbox_that_the_stream_forgot(stack: Stack) -> Act:
    case_id = drafted(stack)
    cases.submit(stack, f.HERDER, case_id)
    stack.outside.stream.clear()
    stack.clock.advance(minutes=2)
    return Act.schedule("sweep_outbox")


@journey
def reconcile_a_dead_execution(stack: Stack) -> Act:
    case_id = received(stack)
    stack.outside.kill(f"{case_id}-1")
    return Act.schedule("reconcile")


@journey
def reconcile_an_execution_that_never_began(stack: Stack) -> Act:
    case_id = drafted(stack)
    cases.submit(stack, f.HERDER, case_id)
    stack.outside.stream.clear()
    return Act.schedule("reconcile")


@journey
def reconcile_a_report_that_was_lost(stack: Stack) -> Act:
    case_id = at(stack, "receive")
    tasks.forward(stack, f.WINDOW, case_id)
    stack.outside.stream.clear()
    return Act.schedule("reconcile")


@journey
def reconcile_a_result_that_was_not_made(stack: Stack) -> Act:
    case_id = at(stack, "decide")
    short.grant(stack, f.DECIDER, case_id)
    stack.outside.stream.clear()
    return Act.schedule("reconcile")


@journey
def restart_workflow(stack: Stack) -> Act:
    case_id = received(stack)
    stack.outside.kill(f"{case_id}-1")
    tasks.record_workflow_death(stack, case_id, 1)
    return Act(lambda w, key: tasks.restart_workflow(w, case_id, actor=f.SUPERVISOR, reason="x", key=key))


@journey
def open_a_task_again_after_a_timeout(stack: Stack) -> Act:
    case_id = at(stack, "accept")
    stack.outside.time_out(f"{case_id}-1")
    return Act(lambda w, key: w.settle())


@journey
def tell_again(stack: Stack) -> Act:
    """A hint that comes when the applicant knows already."""
    case_id = received(stack)
    number = number_of(stack, case_id, "case.submitted")
    return Act(lambda w, key: messages.tell(w, case_id, number))


@journey
def abandoned_draft(stack: Stack) -> Act:
    drafted(stack)
    stack.clock.advance(days=91)
    return Act.schedule("sweep_timers")


@journey
def erase_a_discarded_draft(stack: Stack) -> Act:
    case_id = drafted(stack)
    cases.discard_draft(stack, case_id, actor=f.HERDER, reason="x")
    stack.settle()
    stack.clock.at += timedelta(days=31)
    return Act.schedule("sweep_timers")


@journey
def watch_on_time(stack: Stack) -> Act:
    received(stack)
    stack.clock.advance(hours=2)
    return Act.schedule("sweep_timers")


@journey
def anchor_logs(stack: Stack) -> Act:
    received(stack)
    stack.clock.advance(days=1)
    return Act.schedule("anchor_logs")
