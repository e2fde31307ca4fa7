"""Every transition of the state machine, on the interpreter, with the real functions (F4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain.errors import Conflict, Unavailable
from chalicelib.events.task_callbacks import report_tasks
from chalicelib.events.workflow_starter import start_workflows
from chalicelib.services import tasks
from chalicelib.services.ports import Hint
from tests.workflow.support import World, failed_items, sqs_event, until

pytestmark = pytest.mark.requirement("F4")

CASE = "01JNCASE00000000000000ROUT"


def start(case_id: str = CASE, number: int = 2) -> None:
    assert failed_items(start_workflows(sqs_event(Hint(case_id, number, "case.submitted")), None)) == []


def report(kind: str = "case.forwarded", case_id: str = CASE, number: int = 0) -> None:
    assert failed_items(report_tasks(sqs_event(Hint(case_id, number, kind)), None)) == []


def opened(world: World, task: int, case_id: str = CASE) -> None:
    until(lambda: (t := world.case(case_id).task) is not None and t.number == task)
    # The task's row is written before the execution itself has begun to wait; nobody reports that fast.
    until(lambda: (case_id, task) in world.store.tokens)


def ended(machine: Any, name: str = f"{CASE}-1") -> str:
    return str(until(lambda: (status := machine.status(name)) != "RUNNING" and status))


def test_a_case_moves_from_node_to_node_until_it_is_decided(world: World, machine: Any) -> None:
    world.submit(CASE)
    start()
    for task in range(1, 6):
        opened(world, task)
        world.end_task(CASE)
        report()
    assert ended(machine) == "SUCCEEDED"
    assert machine.last_state(f"{CASE}-1") == "AllNodesDone"
    assert world.case(CASE).state == "granted"
    assert world.store.tokens == {}


def test_a_node_costs_at_most_two_transitions_and_the_history_stays_small(world: World, machine: Any) -> None:
    # Given a case that is sent back again and again, 40 nodes in all
    world.submit(CASE, ("accept", "review", "decide"))
    start()
    opened(world, 1)
    world.end_task(CASE)
    report()
    for task in range(2, 39, 2):
        opened(world, task)
        world.end_task(CASE)
        report()
        opened(world, task + 1)
        world.send_back(CASE, 1)
        report("case.returned")
    opened(world, 40)
    world.end_task(CASE)
    report()
    opened(world, 41)
    world.end_task(CASE)
    report()
    # Then what AWS bills and counts is bounded
    assert ended(machine) == "SUCCEEDED"
    nodes = 41
    assert len(machine.states(f"{CASE}-1")) == 2 * nodes + 1  # and the end itself
    assert len(machine.history(f"{CASE}-1")) <= 10 * nodes + 10  # AWS ends an execution at 25,000


def test_a_case_sent_back_is_opened_at_the_earlier_node(world: World, machine: Any) -> None:
    world.submit(CASE, ("accept", "review", "decide"))
    start()
    for task in (1, 2):
        opened(world, task)
        world.end_task(CASE)
        report()
    opened(world, 3)
    world.send_back(CASE, 1)
    report("case.returned")
    opened(world, 4)
    assert world.case(CASE).task.role == "review"  # type: ignore[union-attr]


@pytest.mark.parametrize("end", ["withdraw", "refuse_acceptance"])
def test_a_case_that_ends_early_ends_its_waiting_execution_by_a_named_error(
    world: World, machine: Any, end: str
) -> None:
    world.submit(CASE, ("accept", "decide"))
    start()
    opened(world, 1)
    getattr(world, end)(CASE)
    report("case.withdrawn")
    assert ended(machine) == "SUCCEEDED"
    assert machine.last_state(f"{CASE}-1") == "CaseHasEnded"


def test_a_case_withdrawn_before_its_first_node_ends_the_execution_when_it_opens(world: World, machine: Any) -> None:
    case = world.submit(CASE)
    world.withdraw(CASE)
    world.workflows.start(CASE, case.workflow_attempt)  # a start that was on its way
    assert ended(machine) == "SUCCEEDED"
    assert machine.states(f"{CASE}-1") == ["OpenNode", "CaseHasEnded"]


def test_an_execution_whose_case_another_attempt_took_over_ends_quietly(world: World, machine: Any) -> None:
    world.submit(CASE)
    tasks.record_workflow_death(world, CASE, 1)
    tasks.restart_workflow(world, CASE, reason="test")
    world.workflows.start(CASE, 1)
    assert ended(machine) == "SUCCEEDED"
    assert machine.states(f"{CASE}-1") == ["OpenNode", "AnotherAttemptTookOver"]


def test_a_restarted_case_goes_on_where_it_stands_and_its_task_is_not_opened_twice(world: World, machine: Any) -> None:
    world.submit(CASE, ("accept", "decide"))
    start()
    opened(world, 1)
    token = world.store.tokens[CASE, 1]
    machine.client.stop_execution(executionArn=machine.execution(f"{CASE}-1")["executionArn"])
    tasks.record_workflow_death(world, CASE, 1)
    tasks.restart_workflow(world, CASE, reason="test")
    assert failed_items(start_workflows(sqs_event(Hint(CASE, 9, "case.workflow_restarted")), None)) == []
    until(lambda: world.store.tokens[CASE, 1] != token)
    for task in (1, 2):
        opened(world, task)
        world.end_task(CASE)
        report()
    assert ended(machine, f"{CASE}-2") == "SUCCEEDED"
    assert world.log(CASE).count("case.task_opened") == 2


def test_a_node_that_waits_too_long_is_opened_again_with_a_new_token(hasty_world: World, hasty_machine: Any) -> None:
    world = hasty_world
    world.submit(CASE, ("accept", "decide"))
    start()
    opened(world, 1)
    first = world.store.tokens[CASE, 1]
    until(lambda: world.store.tokens[CASE, 1] != first)
    # Then it is the same task, and the new token ends it
    assert world.log(CASE).count("case.task_opened") == 1
    world.end_task(CASE)
    report()
    opened(world, 2)
    world.end_task(CASE)
    report()
    assert ended(hasty_machine) == "SUCCEEDED"


def test_a_lost_callback_costs_one_timeout_and_the_next_node_is_opened(hasty_world: World, hasty_machine: Any) -> None:
    world = hasty_world
    world.submit(CASE, ("accept", "review", "decide"))
    start()
    opened(world, 1)
    world.end_task(CASE)  # and nobody reports it
    opened(world, 2)
    # A callback that comes late finds its token dead and does no harm
    report()
    assert (CASE, 1) not in world.store.tokens
    assert hasty_machine.status(f"{CASE}-1") == "RUNNING"
    assert world.case(CASE).task.number == 2  # type: ignore[union-attr]


def test_the_last_callback_lost_ends_the_execution_at_the_timeout(hasty_world: World, hasty_machine: Any) -> None:
    world = hasty_world
    world.submit(CASE, ("accept", "decide"))
    start()
    opened(world, 1)
    world.end_task(CASE)
    report()
    opened(world, 2)
    world.end_task(CASE)
    assert ended(hasty_machine) == "SUCCEEDED"
    assert hasty_machine.last_state(f"{CASE}-1") == "CaseHasEnded"


def test_a_callback_that_comes_twice_moves_the_case_once(world: World, machine: Any) -> None:
    world.submit(CASE)
    start()
    opened(world, 1)
    token = world.store.tokens[CASE, 1]
    world.end_task(CASE)
    report()
    opened(world, 2)
    # When the forgetting of the token was lost, and the hint comes again
    world.store.tokens[CASE, 1] = token
    report()
    assert set(world.store.tokens) == {(CASE, 2)}
    assert machine.status(f"{CASE}-1") == "RUNNING"
    assert machine.states(f"{CASE}-1").count("WhatNext") == 1


def test_hints_in_any_order_and_number_move_the_case_all_the_same(world: World, machine: Any) -> None:
    world.submit(CASE)
    for _ in range(3):
        start()
    for task in range(1, 6):
        opened(world, task)
        world.end_task(CASE)
        report("case.granted", number=99)
        report("case.submitted", number=1)
        report()
        start()
    assert ended(machine) == "SUCCEEDED"
    assert world.log(CASE).count("case.task_opened") == 5
    start()  # a start that comes last of all finds the name taken and the case done
    assert machine.status(f"{CASE}-1") == "SUCCEEDED"


@pytest.mark.parametrize("error", [Conflict, Unavailable])
def test_a_passing_failure_is_retried_by_the_state_machine(
    world: World, machine: Any, error: type[Conflict] | type[Unavailable]
) -> None:
    world.submit(CASE)
    world.cases.failures = [error.because("store.conflict"), error.because("store.conflict")]
    world.workflows.start(CASE, 1)
    opened(world, 1)
    assert machine.status(f"{CASE}-1") == "RUNNING"
    assert sum(event["type"] == "TaskFailed" for event in machine.history(f"{CASE}-1")) == 2


def test_a_node_that_cannot_be_opened_kills_the_execution_visibly_and_without_the_data_of_the_case(
    world: World, machine: Any, functions: Any
) -> None:
    world.submit(CASE)
    world.cases.failures = [ValueError("巴特尔 15010019800101001X")] * 10
    world.workflows.start(CASE, 1)
    assert ended(machine) == "FAILED"
    assert machine.last_state(f"{CASE}-1") == "NodeNotOpened"
    assert "15010019800101001X" not in str(machine.history(f"{CASE}-1"))
    functions.failures.clear()


def test_an_answer_that_the_machine_does_not_know_kills_it_visibly(world: World, machine: Any) -> None:
    world.submit(CASE)
    start()
    opened(world, 1)
    token = world.store.tokens[CASE, 1].value
    until(lambda: machine.history(f"{CASE}-1")[-1]["type"] == "TaskSubmitted")
    assert world.workflows.succeed(token, {"case_id": CASE, "attempt": 1, "next": "elsewhere"})
    assert ended(machine) == "FAILED"
    assert machine.last_state(f"{CASE}-1") == "UnknownAnswer"


def test_a_timed_out_execution_state_is_caught_under_both_names(machine_of: Callable[[int], Any]) -> None:
    # moto raises States.Timeout for a missed heartbeat, AWS States.HeartbeatTimeout: the definition names both.
    machine = machine_of(600)
    definition = machine.client.describe_state_machine(stateMachineArn=machine.arn)["definition"]
    assert '"States.Timeout", "States.HeartbeatTimeout"' in definition


def test_a_token_is_in_no_input_or_output_of_the_history_but_the_call_that_hands_it_over(
    world: World, machine: Any
) -> None:
    world.submit(CASE, ("accept", "decide"))
    start()
    opened(world, 1)
    token = world.store.tokens[CASE, 1].value
    world.end_task(CASE)
    report()
    opened(world, 2)
    spoken = [event["type"] for event in machine.history(f"{CASE}-1") if token in str(event)]
    assert set(spoken) <= {"TaskScheduled", "TaskSubmitted"}
