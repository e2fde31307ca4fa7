"""What dies or is lost is found and repaired from the case's own state, on the interpreter (F4)."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.events.reconciliation import reconcile
from chalicelib.events.task_callbacks import report_tasks
from chalicelib.services import tasks, workflow
from chalicelib.services.ports import Hint
from chalicelib.services.workflow import AUTOMATIC_ATTEMPTS, Finding
from tests.workflow.support import World, sqs_event, until

pytestmark = pytest.mark.requirement("F4")

CASE = "01JNCASE00000000000000REC0"


def kill(machine: Any, attempt: int) -> None:
    # moto cannot stop an execution whose thread has not begun.
    until(lambda: machine.history(f"{CASE}-{attempt}")[-1]["type"] == "TaskSubmitted")
    machine.client.stop_execution(executionArn=machine.execution(f"{CASE}-{attempt}")["executionArn"])
    until(lambda: machine.status(f"{CASE}-{attempt}") == "ABORTED")


def opened(world: World, task: int) -> None:
    until(lambda: (t := world.case(CASE).task) is not None and t.number == task and (CASE, task) in world.store.tokens)


def finish(world: World, first: int, last: int) -> None:
    for task in range(first, last + 1):
        opened(world, task)
        world.end_task(CASE)
        workflow.report_tasks(world, CASE)


def test_a_killed_execution_is_recorded_and_restarted_where_the_case_stands(world: World, machine: Any) -> None:
    world.submit(CASE)
    workflow.start(world, CASE)
    finish(world, 1, 2)
    opened(world, 3)
    kill(machine, 1)
    assert reconcile({}, None)["restarted"] == 1
    assert world.log(CASE)[-2:] == ["case.workflow_died", "case.workflow_restarted"]
    assert workflow.start(world, CASE)  # what the restart's event does
    finish(world, 3, 5)
    until(lambda: machine.status(f"{CASE}-2") == "SUCCEEDED")
    assert world.case(CASE).state == "granted"
    assert world.log(CASE).count("case.task_opened") == 5


def test_an_officer_may_end_a_task_while_its_execution_is_dead(world: World, machine: Any) -> None:
    world.submit(CASE)
    workflow.start(world, CASE)
    opened(world, 1)
    kill(machine, 1)
    # When the officer forwards the case, the token is dead, and nobody is told of a failure
    world.end_task(CASE)
    assert report_tasks(sqs_event(Hint(CASE, 4, "case.forwarded")), None) == {"batchItemFailures": []}
    assert world.store.tokens == {}
    # Then the restarted execution opens the next node, not the same again
    assert reconcile({}, None)["restarted"] == 1
    workflow.start(world, CASE)
    opened(world, 2)
    assert world.case(CASE).task.role == "accept"  # type: ignore[union-attr]


def test_a_case_that_is_killed_again_and_again_is_left_to_a_supervisor(world: World, machine: Any) -> None:
    world.submit(CASE)
    for attempt in range(1, AUTOMATIC_ATTEMPTS + 1):
        assert workflow.start(world, CASE)
        kill(machine, attempt)
        expected = Finding.RESTARTED if attempt < AUTOMATIC_ATTEMPTS else Finding.DEAD
        assert workflow.look_after(world, CASE) is expected
    assert world.case(CASE).workflow_dead
    tasks.restart_workflow(world, CASE, reason="supervisor")
    workflow.start(world, CASE)
    finish(world, 1, 5)
    until(lambda: machine.status(f"{CASE}-{AUTOMATIC_ATTEMPTS + 1}") == "SUCCEEDED")


def test_a_lost_start_is_made_up_for(world: World, machine: Any) -> None:
    world.submit(CASE)
    assert reconcile({}, None)["started"] == 1
    opened(world, 1)
    assert machine.status(f"{CASE}-1") == "RUNNING"


def test_an_older_execution_that_was_thought_dead_does_not_get_in_the_way(world: World, machine: Any) -> None:
    world.submit(CASE)
    workflow.start(world, CASE)
    opened(world, 1)
    # Given a death recorded by mistake
    first = world.store.tokens[CASE, 1]
    tasks.record_workflow_death(world, CASE, 1)
    tasks.restart_workflow(world, CASE, reason="test")
    workflow.start(world, CASE)
    until(lambda: world.store.tokens[CASE, 1] != first)
    finish(world, 1, 5)
    until(lambda: machine.status(f"{CASE}-2") == "SUCCEEDED")
    assert world.log(CASE).count("case.task_opened") == 5
    # and when the older one comes to open a node, at its timeout, it finds that it was superseded
    world.workflows.succeed(first.value, {"case_id": CASE, "attempt": 1, "next": "node"})
    until(lambda: machine.status(f"{CASE}-1") == "SUCCEEDED")
    assert machine.last_state(f"{CASE}-1") in {"AnotherAttemptTookOver", "CaseHasEnded"}


class Crash(BaseException):
    """The process is gone: nothing may catch this."""


def test_wherever_a_report_crashes_one_look_puts_the_case_back_on_its_way(world: World, machine: Any) -> None:
    world.submit(CASE, ("accept", *["review"] * 9, "decide"))
    workflow.start(world, CASE)
    task = 1
    for before in range(1, 6):
        for after in (False, True):
            opened(world, task)
            world.end_task(CASE)
            with pytest.raises(Crash):
                report_crashing(world, before, after=after)
            workflow.look_after(world, CASE)
            task += 1
            opened(world, task)
    assert machine.status(f"{CASE}-1") == "RUNNING"
    assert world.log(CASE).count("case.task_opened") == 11


def report_crashing(world: World, call: int, *, after: bool) -> None:
    """Report the case's tasks and die right before, or right after, the numbered call to anything outside."""
    count = 0

    def counted(port: Any) -> Any:
        class Counted:
            def __getattr__(self, name: str) -> Any:
                def run(*args: Any, **kwargs: Any) -> Any:
                    nonlocal count
                    count += 1
                    if count == call and not after:
                        raise Crash
                    answer = getattr(port, name)(*args, **kwargs)
                    if count == call:
                        raise Crash
                    return answer

                return run

        return Counted()

    class Ports:
        cases = counted(world.cases)
        workflows = counted(world.workflows)

    workflow.report_tasks(Ports(), CASE)  # type: ignore[arg-type]
