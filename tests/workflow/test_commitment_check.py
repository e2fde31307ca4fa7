"""Every transition of the state machine of checks, on the interpreter, with the real function (C5, F4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.commitment_checks import Final, Result
from chalicelib.events.task_callbacks import report_tasks
from chalicelib.events.workflow_starter import start_workflows
from chalicelib.gateways.workflows import StepFunctionsWorkflows
from chalicelib.services import commitment_checks, tasks
from chalicelib.services.ports import Hint
from tests import factories as f
from tests import journey
from tests import promises as p
from tests.workflow.support import LockedCases, failed_items, sqs_event, until

pytestmark = [pytest.mark.requirement("C5"), pytest.mark.requirement("F4")]


@pytest.fixture
def check_machine(machine_of: Callable[..., Any]) -> Any:
    """Its tasks wait far longer than any test."""
    return machine_of(600, "commitment_check", "open_check")


@pytest.fixture
def hasty_check_machine(machine_of: Callable[..., Any]) -> Any:
    """Its tasks wait one second and are then opened again."""
    return machine_of(1, "commitment_check", "open_check")


def _world(machine: Any) -> Iterator[f.World]:
    world = p.world()
    world.cases = LockedCases(world.cases)  # type: ignore[assignment]
    world.checks = StepFunctionsWorkflows(machine.client, machine.arn)  # type: ignore[assignment]
    world.workflows = world.checks  # callbacks go by their token, whichever machine waits
    wiring.install(world)  # type: ignore[arg-type]
    yield world
    wiring.install(None)


@pytest.fixture
def checks(check_machine: Any) -> Iterator[f.World]:
    yield from _world(check_machine)


@pytest.fixture
def hasty_checks(hasty_check_machine: Any) -> Iterator[f.World]:
    yield from _world(hasty_check_machine)


def started(world: f.World) -> str:
    case_id = p.decided(world)
    assert failed_items(start_workflows(sqs_event(Hint(case_id, 5, "commitment.decided")), None)) == []
    return case_id


def claimed(world: f.World, case_id: str, officer: f.Actor) -> None:
    # The task's row is written before the execution itself has begun to wait; nobody reports that fast.
    until(lambda: (t := journey.get(world, case_id).check_task) and (case_id, t.number) in world.store.tokens)
    tasks.claim(world, officer, case_id)


def found(world: f.World, case_id: str, result: Result) -> None:
    claimed(world, case_id, p.CHECKER)
    commitment_checks.record(world, p.CHECKER, case_id, result=result, findings="所见")
    report(case_id)


def report(case_id: str) -> None:
    assert failed_items(report_tasks(sqs_event(Hint(case_id, 9, "commitment.fulfilled")), None)) == []


def ended(machine: Any, name: str) -> str:
    return str(until(lambda: (status := machine.status(name)) != "RUNNING" and status))


def test_a_fulfilled_promise_costs_one_task_of_two_transitions(checks: f.World, check_machine: Any) -> None:
    case_id = started(checks)
    found(checks, case_id, Result.FULFILLED)
    assert ended(check_machine, f"{case_id}-1") == "SUCCEEDED"
    assert check_machine.states(f"{case_id}-1") == ["OpenCheck", "WhatNext", "CheckDone"]
    assert checks.store.tokens == {}


def test_the_longest_way_stays_far_below_a_thousand_events(checks: f.World, check_machine: Any) -> None:
    case_id = started(checks)
    found(checks, case_id, Result.MEND)
    until_ = commitment_checks.read(checks, p.CHECKER, case_id).mend_until
    assert until_ is not None
    checks.clock.at = until_
    found(checks, case_id, Result.FALSE)
    commitment_checks.waive_defence(checks, f.HERDER, case_id)
    claimed(checks, case_id, f.DECIDER)
    p.finish(checks, case_id, Final.REVOKED)
    report(case_id)
    assert ended(check_machine, f"{case_id}-1") == "SUCCEEDED"
    assert len(check_machine.states(f"{case_id}-1")) == 2 * 3 + 1
    assert len(check_machine.history(f"{case_id}-1")) < 50


def test_a_start_that_comes_after_the_end_ends_at_once(checks: f.World, check_machine: Any) -> None:
    case_id = p.checked(checks, Result.FULFILLED)
    checks.checks.start(case_id, 1)
    assert ended(check_machine, f"{case_id}-1") == "SUCCEEDED"
    assert check_machine.states(f"{case_id}-1") == ["OpenCheck", "CaseHasEnded"]


def test_an_execution_whose_check_another_attempt_took_over_ends_quietly(checks: f.World, check_machine: Any) -> None:
    case_id = p.decided(checks)
    tasks.record_workflow_death(checks, case_id, 1)
    tasks.restart_workflow(checks, case_id, reason="test")
    checks.checks.start(case_id, 1)
    assert ended(check_machine, f"{case_id}-1") == "SUCCEEDED"
    assert check_machine.last_state(f"{case_id}-1") == "AnotherAttemptTookOver"


def test_a_task_that_waits_too_long_is_opened_again_with_a_new_token(
    hasty_checks: f.World, hasty_check_machine: Any
) -> None:
    case_id = started(hasty_checks)
    claimed(hasty_checks, case_id, p.CHECKER)
    first = hasty_checks.store.tokens[case_id, 1]
    until(lambda: hasty_checks.store.tokens[case_id, 1] != first)
    commitment_checks.record(hasty_checks, p.CHECKER, case_id, result=Result.FULFILLED, findings="所见")
    report(case_id)
    assert ended(hasty_check_machine, f"{case_id}-1") == "SUCCEEDED"
    assert "OpenAgain" in hasty_check_machine.states(f"{case_id}-1")
    assert [r.event.type for r in hasty_checks.cases.log(case_id)].count("case.task_opened") == 1


def test_a_task_that_cannot_be_opened_kills_the_execution_visibly_and_without_personal_data(
    checks: f.World, check_machine: Any, functions: Any
) -> None:
    case_id = p.decided(checks)
    checks.cases.failures = [ValueError("巴特尔 15010019800101001X")] * 10  # type: ignore[attr-defined]
    checks.checks.start(case_id, 1)
    assert ended(check_machine, f"{case_id}-1") == "FAILED"
    assert check_machine.last_state(f"{case_id}-1") == "CheckNotOpened"
    assert "15010019800101001X" not in str(check_machine.history(f"{case_id}-1"))
    functions.failures.clear()


def test_an_answer_that_the_machine_does_not_know_kills_it_visibly(checks: f.World, check_machine: Any) -> None:
    case_id = started(checks)
    claimed(checks, case_id, p.CHECKER)
    until(lambda: check_machine.history(f"{case_id}-1")[-1]["type"] == "TaskSubmitted")
    token = checks.store.tokens[case_id, 1]
    assert checks.workflows.succeed(token.value, {"case_id": case_id, "attempt": 1, "next": "elsewhere"})
    assert ended(check_machine, f"{case_id}-1") == "FAILED"
    assert check_machine.last_state(f"{case_id}-1") == "UnknownAnswer"
