"""Cases and executions stay in step: reports in any order, lost messages, dead executions, timers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber

from chalicelib import wiring
from chalicelib.domain.errors import Unavailable
from chalicelib.events import timers
from chalicelib.events.certificates import issue_certificates
from chalicelib.events.reconciliation import reconcile
from chalicelib.events.task_callbacks import report_tasks
from chalicelib.events.timers import sweep_timers
from chalicelib.events.workflow_starter import start_workflows
from chalicelib.gateways.workflows import StepFunctionsWorkflows
from chalicelib.services import certificates, tasks, workflow
from chalicelib.services.ports import Hint, TaskToken, Timer
from chalicelib.services.workflow import AUTOMATIC_ATTEMPTS, WATCH_EVERY, Finding
from chalicelib.storage.tables import shard_of
from tests.workflow.support import NOON, ListedWorkflows, World, failed_items, sqs_event

CASE = "01JNCASE0000000000000000AA"


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    wiring.install(world)  # type: ignore[arg-type]
    yield world
    wiring.install(None)


@pytest.fixture
def issued(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The cases whose result was issued. Issuing itself is tested with certificates."""
    seen: list[str] = []
    monkeypatch.setattr(certificates, "issue", lambda ports, case_id: not seen.append(case_id))
    return seen


def open_node(world: World, token: str = "t", attempt: int = 1) -> None:
    tasks.open_task(world, CASE, attempt, token)


def decided(world: World) -> None:
    world.submit(CASE, ("accept", "decide"))
    for token in ("t1", "t2"):
        open_node(world, token)
        world.end_task(CASE)
        workflow.report_tasks(world, CASE)


# -- reporting ------------------------------------------------------------------------------------------------


@pytest.mark.requirement("F4")
def test_an_ended_task_is_reported_with_the_node_that_follows(world: World) -> None:
    world.submit(CASE)
    open_node(world, "t1")
    world.end_task(CASE)
    assert workflow.report_tasks(world, CASE) == 1
    assert world.workflows.succeeded == [("t1", {"case_id": CASE, "attempt": 1, "next": "node"})]
    assert world.store.tokens == {}


def test_the_last_task_is_reported_as_the_end(world: World) -> None:
    decided(world)
    assert [output["next"] for _, output in world.workflows.succeeded] == ["node", "end"]


def test_a_task_that_is_still_open_is_not_reported(world: World) -> None:
    world.submit(CASE)
    open_node(world, "t1")
    assert workflow.report_tasks(world, CASE) == 0
    assert world.store.tokens == {(CASE, 1): TaskToken("t1", 1)}


@pytest.mark.parametrize("end", ["withdraw", "refuse_acceptance"])
def test_a_case_that_ended_early_fails_its_token_by_name(world: World, end: str) -> None:
    world.submit(CASE, ("accept", "decide"))
    open_node(world, "t1")
    getattr(world, end)(CASE)
    workflow.report_tasks(world, CASE)
    assert world.workflows.failed == [("t1", "CaseEnded")]
    assert world.workflows.succeeded == []


def test_a_dead_token_is_forgotten(world: World) -> None:
    world.submit(CASE)
    open_node(world, "t1")
    world.end_task(CASE)
    world.workflows.dead_tokens.add("t1")
    workflow.report_tasks(world, CASE)
    assert world.store.tokens == {}


def test_a_token_stays_when_step_functions_does_not_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.submit(CASE)
    open_node(world, "t1")
    world.end_task(CASE)

    def unavailable(token: str, output: object) -> bool:
        raise Unavailable.because("workflow.unavailable")

    monkeypatch.setattr(world.workflows, "succeed", unavailable)
    event = sqs_event(Hint(CASE, 4, "case.forwarded"))
    assert failed_items(report_tasks(event, None)) == ["m0"]
    monkeypatch.undo()
    wiring.install(world)  # type: ignore[arg-type]
    assert failed_items(report_tasks(event, None)) == []
    assert world.workflows.succeeded[0][0] == "t1"


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_hints_report_the_same_in_any_order(world: World, order: tuple[int, ...]) -> None:
    world.submit(CASE)
    open_node(world, "t1")
    world.end_task(CASE)
    hints = [Hint(CASE, 2, "case.submitted"), Hint(CASE, 4, "case.forwarded"), Hint(CASE, 9, "case.granted")]
    for _ in range(2):
        report_tasks(sqs_event(*(hints[i] for i in order)), None)
    assert [token for token, _ in world.workflows.succeeded] == ["t1"]


def test_a_task_opened_while_the_report_is_made_is_not_taken_for_ended(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a case whose first task has ended and was reported by somebody else
    world.submit(CASE)
    open_node(world, "t1")
    world.end_task(CASE)
    # When the second is opened between any two reads of the report
    inner = world.store_cases
    tokens, get = inner.tokens, inner.get
    opening = [lambda: tasks.open_task(world, CASE, 1, "t2")]

    def first_open(read: Callable[[str], Any]) -> Callable[[str], Any]:
        def reading(case_id: str) -> Any:
            answer = read(case_id)
            if opening:
                opening.pop()()
            return answer

        return reading

    monkeypatch.setattr(inner, "tokens", first_open(tokens))
    monkeypatch.setattr(inner, "get", first_open(get))
    workflow.report_tasks(world, CASE)
    # Then its token is still there
    assert world.store.tokens == {(CASE, 2): TaskToken("t2", 1)}
    assert [token for token, _ in world.workflows.succeeded] == ["t1"]


def test_a_token_renewed_just_before_its_task_ended_is_the_one_reported(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.submit(CASE)
    open_node(world, "old")
    inner = world.store_cases
    get = inner.get

    def renew_and_end(case_id: str) -> Any:
        monkeypatch.setattr(inner, "get", get)
        open_node(world, "new")
        world.end_task(CASE)
        return get(case_id)

    monkeypatch.setattr(inner, "get", renew_and_end)
    workflow.report_tasks(world, CASE)
    assert [token for token, _ in world.workflows.succeeded] == ["new"]
    assert world.store.tokens == {}


@pytest.mark.requirement("F4")
def test_the_callback_of_an_older_execution_carries_the_attempt_of_that_execution(world: World) -> None:
    # Given an execution that was taken for dead and replaced, while its task is still open under its token
    world.submit(CASE)
    open_node(world, "old")
    tasks.record_workflow_death(world, CASE, 1)
    tasks.restart_workflow(world, CASE, reason="test")
    # When the task ends before the new execution has opened it again
    world.end_task(CASE)
    workflow.report_tasks(world, CASE)
    # Then the old one hears its own attempt, and is told to stop when it comes for the next node
    [(token, output)] = world.workflows.succeeded
    assert (token, output) == ("old", {"case_id": CASE, "attempt": 1, "next": "node"})
    with pytest.raises(tasks.Superseded):
        open_node(world, "next", attempt=1)
    open_node(world, "new", attempt=2)
    assert world.store.tokens == {(CASE, 2): TaskToken("new", 2)}


def test_a_hint_about_an_unknown_case_is_done_with(world: World) -> None:
    hint = Hint("01UNKNOWN", 1, "case.submitted")
    assert failed_items(report_tasks(sqs_event(hint), None)) == []
    assert failed_items(start_workflows(sqs_event(hint), None)) == []


# -- starting -------------------------------------------------------------------------------------------------


@pytest.mark.requirement("F4")
def test_a_submitted_case_is_started_under_its_attempt_and_watched(world: World) -> None:
    world.submit(CASE, watched=False)
    assert failed_items(start_workflows(sqs_event(Hint(CASE, 2, "case.submitted")), None)) == []
    assert world.workflows.alive == {(CASE, 1)}
    assert world.watch_timer(CASE) == Timer(CASE, "watch", NOON + WATCH_EVERY)


def test_a_case_that_needs_no_workflow_is_not_started(world: World) -> None:
    world.submit(CASE)
    world.withdraw(CASE)
    assert workflow.start(world, CASE) is False
    assert world.workflows.alive == set()


def test_a_case_known_to_be_dead_waits_for_its_restart(world: World) -> None:
    world.submit(CASE)
    tasks.record_workflow_death(world, CASE, 1)
    assert workflow.start(world, CASE) is False
    tasks.restart_workflow(world, CASE, reason="test")
    assert workflow.start(world, CASE) is True
    assert world.workflows.alive == {(CASE, 2)}


def test_a_granted_case_is_issued(world: World, issued: list[str]) -> None:
    decided(world)
    assert failed_items(issue_certificates(sqs_event(Hint(CASE, 9, "case.granted")), None)) == []
    assert issued == [CASE]


# -- looking after ----------------------------------------------------------------------------------------------


def test_a_case_that_moves_is_left_alone(world: World) -> None:
    world.submit(CASE)
    workflow.start(world, CASE)
    before = world.log(CASE)
    assert workflow.look_after(world, CASE) is Finding.MOVING
    assert world.log(CASE) == before


@pytest.mark.requirement("F4")
def test_a_start_that_was_lost_is_made_up_for_without_a_death(world: World) -> None:
    world.submit(CASE)
    assert workflow.look_after(world, CASE) is Finding.STARTED
    assert world.workflows.alive == {(CASE, 1)}
    assert "case.workflow_died" not in world.log(CASE)


@pytest.mark.requirement("F4")
def test_a_dead_execution_is_recorded_and_the_case_restarted(world: World) -> None:
    world.submit(CASE)
    workflow.start(world, CASE)
    world.workflows.kill(CASE, 1)
    assert workflow.look_after(world, CASE) is Finding.RESTARTED
    assert world.log(CASE)[-2:] == ["case.workflow_died", "case.workflow_restarted"]
    assert world.case(CASE).workflow_attempt == 2
    # the restart's own event starts it, and if that is lost, the next look does
    assert workflow.look_after(world, CASE) is Finding.STARTED
    assert world.workflows.alive == {(CASE, 2)}


def test_a_crash_between_death_and_restart_is_made_up_for(world: World) -> None:
    world.submit(CASE)
    workflow.start(world, CASE)
    world.workflows.kill(CASE, 1)
    tasks.record_workflow_death(world, CASE, 1)
    assert workflow.look_after(world, CASE) is Finding.RESTARTED
    assert world.log(CASE).count("case.workflow_died") == 1


@pytest.mark.requirement("F4")
def test_a_case_that_keeps_dying_stays_visibly_dead_until_a_supervisor_restarts_it(world: World) -> None:
    world.submit(CASE)
    for attempt in range(1, AUTOMATIC_ATTEMPTS):
        workflow.start(world, CASE)
        world.workflows.kill(CASE, attempt)
        assert workflow.look_after(world, CASE) is Finding.RESTARTED
    workflow.start(world, CASE)
    world.workflows.kill(CASE, AUTOMATIC_ATTEMPTS)
    for _ in range(2):
        assert workflow.look_after(world, CASE) is Finding.DEAD
    assert world.case(CASE).workflow_dead
    tasks.restart_workflow(world, CASE, reason="supervisor")
    workflow.start(world, CASE)
    assert workflow.look_after(world, CASE) is Finding.MOVING


def test_a_lost_callback_is_made_up_for(world: World) -> None:
    world.submit(CASE)
    workflow.start(world, CASE)
    open_node(world, "t1")
    world.end_task(CASE)
    assert workflow.look_after(world, CASE) is Finding.REPORTED
    assert [token for token, _ in world.workflows.succeeded] == ["t1"]


def test_a_granted_case_without_a_result_is_issued(world: World, issued: list[str]) -> None:
    decided(world)
    assert workflow.look_after(world, CASE) is Finding.ISSUED
    assert issued == [CASE]


def test_an_execution_that_ended_with_its_case_is_no_death(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.submit(CASE)
    workflow.start(world, CASE)

    def ended_meanwhile(case_id: str, attempt: int) -> bool:
        world.withdraw(CASE)
        world.workflows.kill(CASE, 1)
        return False

    monkeypatch.setattr(world.workflows, "is_running", ended_meanwhile)
    assert workflow.look_after(world, CASE) is Finding.MOVING
    assert "case.workflow_died" not in world.log(CASE)


def test_a_finished_case_is_no_longer_watched(world: World) -> None:
    world.submit(CASE)
    world.withdraw(CASE)
    assert workflow.watch(world, CASE) is Finding.FINISHED
    assert world.watch_timer(CASE) is None


# -- reconciliation of all ----------------------------------------------------------------------------------------


def cases_of_one_shard(count: int) -> list[str]:
    every = (f"01JNCASE{number:018d}" for number in itertools.count())
    return list(itertools.islice((case_id for case_id in every if shard_of(case_id) == 5), count))


def test_reconciliation_looks_at_every_watched_case_once_due_or_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflow, "PAGE", 3)
    ids = cases_of_one_shard(10)
    for case_id in ids:
        world.submit(case_id)
    world.withdraw(ids[0])
    summary = reconcile({}, None)
    assert (summary["started"], summary["finished"], summary["failed"]) == (9, 1, 0)
    assert {case_id for case_id, _ in world.workflows.alive} == set(ids[1:])
    assert reconcile({}, None)["moving"] == 9


def test_drafts_ahead_of_a_watched_case_do_not_hide_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflow, "PAGE", 2)
    *drafts, case_id = cases_of_one_shard(7)
    for draft in drafts:
        world.draft(draft)
        world.store_cases.set_timer(Timer(draft, "draft", NOON))
    world.submit(case_id)
    assert reconcile({}, None)["started"] == 1


def test_a_case_that_cannot_be_judged_does_not_stop_the_others_and_is_looked_at_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = cases_of_one_shard(4)
    for case_id in ids:
        world.submit(case_id)
    look = workflow.look_after

    def broken(ports: Any, case_id: str) -> Finding:
        if case_id == ids[1]:
            raise RuntimeError
        return look(ports, case_id)

    monkeypatch.setattr(workflow, "look_after", broken)
    summary = reconcile({}, None)
    assert (summary["started"], summary["failed"]) == (3, 1)
    assert world.watch_timer(ids[1]) is not None


def test_a_long_line_is_worked_off_in_several_runs(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.events.reconciliation.CASES_PER_SHARD", 4)
    ids = cases_of_one_shard(6)
    for case_id in ids:
        world.submit(case_id)
    world.clock.advance(minutes=1)
    assert reconcile({}, None)["started"] == 4
    assert reconcile({}, None)["started"] == 2


def test_an_operator_can_look_after_one_case(world: World) -> None:
    world.submit(CASE, watched=False)
    assert reconcile({"case_id": CASE}, None) == {"started": 1}


# -- timers -------------------------------------------------------------------------------------------------------


def test_an_abandoned_draft_is_discarded_when_its_time_has_come(world: World) -> None:
    world.draft(CASE)
    sweep_timers({}, None)
    assert world.case(CASE).state == "draft"
    world.clock.advance(days=90)
    assert sweep_timers({}, None)["done"] == 1
    assert world.case(CASE).state == "discarded"
    assert {kind for _, kind in world.store.timers} == {"erase"}


def test_a_draft_timer_of_a_submitted_case_does_nothing_and_goes(world: World) -> None:
    world.submit(CASE, watched=False)
    world.store_cases.set_timer(Timer(CASE, "draft", NOON))
    assert sweep_timers({}, None)["done"] == 1
    assert world.case(CASE).state == "received"
    assert world.store.timers == {}


def test_a_watched_case_is_looked_after_each_time_its_timer_falls_due(world: World) -> None:
    world.submit(CASE)
    assert sweep_timers({}, None)["done"] == 0
    world.clock.advance(hours=1)
    assert sweep_timers({}, None)["done"] == 1
    assert world.workflows.alive == {(CASE, 1)}
    assert world.watch_timer(CASE) == Timer(CASE, "watch", NOON + timedelta(hours=1) + WATCH_EVERY)


def test_a_failing_timer_moves_back_and_does_not_stop_the_others(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timers, "PAGE", 2)
    ids = cases_of_one_shard(5)
    for case_id in ids:
        world.draft(case_id)

    def broken(ports: Any, timer: Timer) -> None:
        if timer.case_id in ids[:2]:
            raise RuntimeError
        timers._discard_draft(ports, timer)

    monkeypatch.setattr(timers, "HANDLERS", {"draft": broken})
    world.clock.advance(days=90)
    assert sweep_timers({}, None) == {"done": 3, "failed": 2, "unknown": 0, "failed_shards": 0}
    assert {t.case_id: t.due_at for t in world.store.timers.values() if t.kind == "draft"} == {
        case_id: world.clock.now() + timers.AFTER_FAILURE for case_id in ids[:2]
    }


def test_a_timer_of_an_unknown_kind_is_kept_for_another_day(world: World) -> None:
    world.store_cases.set_timer(Timer(CASE, "from_the_future", NOON))
    assert sweep_timers({}, None)["unknown"] == 1
    assert world.store.timers[CASE, "from_the_future"].due_at == NOON + timers.AFTER_UNKNOWN


# -- Step Functions -------------------------------------------------------------------------------------------------

MACHINE = "arn:aws-cn:states:cn-north-1:123456789012:stateMachine:case_routing"


@pytest.fixture
def client() -> Any:
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    return boto3.client("stepfunctions", region_name="cn-north-1", **keys)


def test_an_execution_bears_the_name_of_case_and_attempt(client: Any) -> None:
    with Stubber(client) as stub:
        stub.add_response(
            "start_execution",
            {"executionArn": "arn:x:states:cn-north-1:1:execution:a:b", "startDate": NOON},
            {
                "stateMachineArn": MACHINE,
                "name": f"{CASE}-2",
                "input": f'{{"case_id": "{CASE}", "attempt": 2}}',
            },
        )
        assert StepFunctionsWorkflows(client, MACHINE).start(CASE, 2) is True


def test_a_name_already_taken_is_no_failure(client: Any) -> None:
    with Stubber(client) as stub:
        stub.add_client_error("start_execution", "ExecutionAlreadyExists")
        assert StepFunctionsWorkflows(client, MACHINE).start(CASE, 1) is False


@pytest.mark.parametrize("code", ["TaskTimedOut", "InvalidToken", "TaskDoesNotExist"])
def test_a_token_nobody_waits_for_is_dead(client: Any, code: str) -> None:
    with Stubber(client) as stub:
        stub.add_client_error("send_task_success", code)
        stub.add_client_error("send_task_failure", code)
        gateway = StepFunctionsWorkflows(client, MACHINE)
        assert gateway.succeed("t", {"next": "end"}) is False
        assert gateway.fail("t", "CaseEnded", "the case is withdrawn") is False


@pytest.mark.parametrize(
    "operation", ["start_execution", "send_task_success", "send_task_failure", "describe_execution"]
)
def test_anything_else_is_worth_another_try(client: Any, operation: str) -> None:
    gateway = StepFunctionsWorkflows(client, MACHINE)
    calls: dict[str, Callable[[], object]] = {
        "start_execution": lambda: gateway.start(CASE, 1),
        "send_task_success": lambda: gateway.succeed("t", {}),
        "send_task_failure": lambda: gateway.fail("t", "CaseEnded", ""),
        "describe_execution": lambda: gateway.is_running(CASE, 1),
    }
    with Stubber(client) as stub:
        stub.add_client_error(operation, "ThrottlingException")
        with pytest.raises(Unavailable) as caught:
            calls[operation]()
    assert caught.value.code == "workflow.unavailable"


def test_step_functions_out_of_reach_is_worth_another_try() -> None:
    class Unreachable:
        def start_execution(self, **_: object) -> None:
            raise EndpointConnectionError(endpoint_url="https://states")

        describe_execution = send_task_success = send_task_failure = start_execution

    gateway = StepFunctionsWorkflows(Unreachable(), MACHINE)  # type: ignore[arg-type]
    with pytest.raises(Unavailable):
        gateway.start(CASE, 1)
    with pytest.raises(Unavailable):
        gateway.is_running(CASE, 1)
    with pytest.raises(Unavailable):
        gateway.succeed("t", {})


@pytest.mark.parametrize(
    ("status", "running"),
    [("RUNNING", True), ("PENDING_REDRIVE", True), ("FAILED", False), ("ABORTED", False), ("SUCCEEDED", False)],
)
def test_an_execution_is_found_by_its_name_in_the_machines_own_partition(
    client: Any, status: str, running: bool
) -> None:
    arn = MACHINE.replace("stateMachine", "execution") + f":{CASE}-1"
    answer = {"executionArn": arn, "stateMachineArn": MACHINE, "status": status, "startDate": NOON}
    with Stubber(client) as stub:
        stub.add_response("describe_execution", answer, {"executionArn": arn})
        assert StepFunctionsWorkflows(client, MACHINE).is_running(CASE, 1) is running


def test_an_execution_that_does_not_exist_is_not_running(client: Any) -> None:
    with Stubber(client) as stub:
        stub.add_client_error("describe_execution", "ExecutionDoesNotExist")
        assert StepFunctionsWorkflows(client, MACHINE).is_running(CASE, 1) is False


def test_a_token_is_never_logged(
    client: Any, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with Stubber(client) as stub:
        stub.add_client_error("send_task_success", "TaskTimedOut", "token SECRET-TOKEN is gone")
        StepFunctionsWorkflows(client, MACHINE).succeed("SECRET-TOKEN", {"next": "end"})
    assert "SECRET-TOKEN" not in caplog.text + capsys.readouterr().out


def test_the_listed_twin_behaves_as_the_port_says() -> None:
    twin = ListedWorkflows()
    assert twin.start(CASE, 1)
    assert twin.start(CASE, 1)
    twin.kill(CASE, 1)
    assert not twin.start(CASE, 1)
    assert not twin.is_running(CASE, 1)
