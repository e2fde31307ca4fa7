"""What the edge puts around functions: registry, error names, batch failures, log context."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pytest

import chalicelib.events.certificates
import chalicelib.events.reconciliation
import chalicelib.events.relay
import chalicelib.events.task_callbacks
import chalicelib.events.timers
import chalicelib.events.workflow_starter
import chalicelib.tasks.case_routing  # noqa: F401  # all of them for the registry
from chalicelib.domain.errors import Conflict, NotFound, Unavailable
from chalicelib.edge import functions
from chalicelib.edge.functions import (
    REGISTRY,
    EventBlueprint,
    FunctionSpec,
    Queue,
    Schedule,
    Stream,
    Task,
    TaskBlueprint,
    TaskFailed,
    TryAgain,
)
from chalicelib.edge.messages import StreamRecord
from chalicelib.observability import logger
from chalicelib.services.ports import Hint
from tests.workflow.support import failed_items, sqs_event, stream_event

HINT = Hint("01CASE", 3, "case.granted")


class Ended(Exception):
    """A domain name of the test's own state machine."""


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> dict[str, FunctionSpec]:
    """An empty registry, so that the test's functions are not deployed."""
    fresh: dict[str, FunctionSpec] = {}
    monkeypatch.setattr(functions, "REGISTRY", fresh)
    return fresh


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Each log line's message and the keys that were on it."""
    seen: list[dict[str, Any]] = []
    for level in ("info", "warning", "exception"):

        def keep(message: str, *args: object, _level: str = level, **fields: object) -> None:
            seen.append({"level": _level, "message": message, **logger.thread_safe_get_current_keys(), **fields})

        monkeypatch.setattr(logger, level, keep)
    return seen


def task(function: Any) -> Any:
    return TaskBlueprint("rooms.tasks").task(state_machine="one", errors=(Ended,))(function)


def queue(consumer: Any) -> Any:
    return EventBlueprint("rooms.events").queue(detail_types=("case.granted",))(consumer)


def raising(error: Exception) -> Any:
    def function(event: object) -> None:
        raise error

    return function


def test_a_declared_function_keeps_its_name_and_handler_string(registry: dict[str, FunctionSpec]) -> None:
    tasks, events = TaskBlueprint("rooms.tasks"), EventBlueprint("rooms.events")

    @tasks.task(state_machine="one", errors=(Ended,))
    def open_it(event: Mapping[str, Any]) -> None: ...

    @events.queue(detail_types=["case.granted"])
    def consume(hint: Hint) -> None: ...

    @events.stream(key_prefix="outbox#")
    def relay(records: Sequence[StreamRecord]) -> Collection[str]:
        return ()

    @events.schedule(rate="rate(1 minute)")
    def sweep(event: Mapping[str, Any]) -> Mapping[str, Any]:
        return {}

    assert {name: (spec.handler, spec.source) for name, spec in registry.items()} == {
        "open_it": ("rooms.tasks.open_it", Task("one", ("Ended",))),
        "consume": ("rooms.events.consume", Queue(("case.granted",))),
        "relay": ("rooms.events.relay", Stream("outbox#")),
        "sweep": ("rooms.events.sweep", Schedule("rate(1 minute)")),
    }


def test_two_functions_of_one_name_are_refused() -> None:
    def consume(hint: Hint) -> None: ...

    EventBlueprint("rooms.a").queue(detail_types=("x",))(consume)
    with pytest.raises(ValueError, match=r"rooms\.a\.consume and rooms\.b\.consume"):
        EventBlueprint("rooms.b").queue(detail_types=("x",))(consume)


@pytest.mark.parametrize("rate", ["1 minute", "rate(1 minutes)", "rate(0 hours)", "every hour", "rate(5 minute)"])
def test_a_rate_that_eventbridge_would_refuse_is_refused_at_once(rate: str) -> None:
    with pytest.raises(ValueError, match="not a schedule expression"):
        Schedule(rate)


# -- tasks ---------------------------------------------------------------------------------------------------


def test_a_task_gets_the_event_and_its_answer_is_handed_on() -> None:
    def answer(event: Mapping[str, Any]) -> int:
        return event["attempt"] + 1  # type: ignore[no-any-return]

    assert task(answer)({"attempt": 1}, None) == 2


@pytest.mark.parametrize("error", [Ended("01CASE"), NotFound.because("case.not-found")])
def test_declared_and_domain_errors_reach_the_state_machine_under_their_names(error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        task(raising(error))({}, None)
    assert caught.type.__name__ == type(error).__name__


@pytest.mark.parametrize("error", [Conflict.because("store.conflict"), Unavailable.because("store.unavailable")])
def test_what_may_pass_is_told_to_the_state_machine_as_try_again(error: Exception) -> None:
    with pytest.raises(TryAgain, match="store"):
        task(raising(error))({}, None)


def test_an_unforeseen_error_tells_the_state_machine_nothing_of_the_case(lines: list[dict[str, Any]]) -> None:
    with pytest.raises(TaskFailed) as caught:
        task(raising(KeyError("巴特尔")))({}, None)
    assert "巴特尔" not in str(caught.value)
    assert caught.value.__suppress_context__
    assert [line["level"] for line in lines] == ["exception"]


def test_an_expected_error_is_logged_as_information(lines: list[dict[str, Any]]) -> None:
    with pytest.raises(Ended):
        task(raising(Ended()))({}, None)
    assert [(line["level"], line["error"]) for line in lines] == [("info", "Ended")]


def test_log_lines_of_a_task_name_case_and_execution_and_the_next_invocation_starts_clean(
    lines: list[dict[str, Any]],
) -> None:
    def speak(event: Mapping[str, Any]) -> None:
        logger.info("spoken")

    handler = task(speak)
    handler({"case_id": "01A", "execution": "01A-1"}, None)
    handler({}, None)
    assert (lines[0]["case_id"], lines[0]["execution"]) == ("01A", "01A-1")
    assert {"case_id", "execution"}.isdisjoint(lines[1])
    assert logger.thread_safe_get_current_keys() == {}


def test_log_keys_are_cleared_when_a_task_fails() -> None:
    with pytest.raises(TaskFailed):
        task(raising(RuntimeError()))({"case_id": "01A"}, None)
    assert logger.thread_safe_get_current_keys() == {}


# -- queues --------------------------------------------------------------------------------------------------


def test_a_consumer_gets_the_hints_one_by_one() -> None:
    seen: list[Hint] = []

    def consume(hint: Hint) -> None:
        seen.append(hint)

    other = Hint("01OTHER", 4, "case.granted")
    assert failed_items(queue(consume)(sqs_event(HINT, other), None)) == []
    assert seen == [HINT, other]


def test_a_message_that_fails_is_reported_and_its_neighbours_are_done(lines: list[dict[str, Any]]) -> None:
    done: list[int] = []

    def consume(hint: Hint) -> None:
        if hint.number == 2:
            raise Conflict.because("store.conflict")
        if hint.number == 3:
            raise RuntimeError
        done.append(hint.number)

    hints = [Hint("01CASE", number, "case.granted") for number in (1, 2, 3, 4)]
    assert failed_items(queue(consume)(sqs_event(*hints), None)) == ["m1", "m2"]
    assert done == [1, 4]
    assert [(line["level"], line["message"]) for line in lines] == [
        ("info", "hint_to_be_retried"),
        ("exception", "hint_failed"),
    ]
    assert lines[0]["event_number"] == 2


@pytest.mark.parametrize("body", ["", "{}", "[]", '{"detail": {"case_id": "x"}}', '{"detail": null}'])
def test_a_message_that_is_no_hint_goes_back_and_does_not_stop_the_others(body: str) -> None:
    seen: list[Hint] = []

    def consume(hint: Hint) -> None:
        seen.append(hint)

    assert failed_items(queue(consume)(sqs_event(body, HINT), None)) == ["m0"]
    assert seen == [HINT]


# -- stream and clock ----------------------------------------------------------------------------------------


def stream(answer: Collection[str], seen: list[StreamRecord]) -> Any:
    def relay(records: Sequence[StreamRecord]) -> Collection[str]:
        seen.extend(records)
        return answer

    return EventBlueprint("rooms.events").stream(key_prefix="outbox#")(relay)


def test_only_new_rows_with_the_prefix_reach_the_function() -> None:
    seen: list[StreamRecord] = []
    rows = [{"pk": "outbox#1", "sk": "a", "first": 3}, {"pk": "case#1", "sk": "case"}]
    handler = stream((), seen)
    assert handler(stream_event(rows), None) == {"batchItemFailures": []}
    assert handler(stream_event(rows, "MODIFY"), None) == {"batchItemFailures": []}
    assert seen == [StreamRecord("000", {"pk": "outbox#1", "sk": "a", "first": 3})]


def test_failed_rows_are_reported_in_the_order_of_the_stream() -> None:
    rows = [{"pk": f"outbox#{i}", "sk": "a"} for i in range(3)]
    answer = stream({"002", "001"}, [])(stream_event(rows), None)
    assert failed_items(answer) == ["001", "002"]


def test_a_row_outside_the_prefix_is_not_even_read() -> None:
    event = stream_event([{"pk": "case#1", "sk": "case"}])
    event["Records"][0]["dynamodb"]["NewImage"]["blob"] = {"B": "AA=="}
    assert stream((), [])(event, None) == {"batchItemFailures": []}


def test_a_scheduled_function_answers_a_summary_and_logs_it(lines: list[dict[str, Any]]) -> None:
    def sweep(event: Mapping[str, Any]) -> Mapping[str, int]:
        return {"sent": 2}

    handler = EventBlueprint("rooms.events").schedule(rate="rate(1 minute)")(sweep)
    assert handler(None, None) == {"sent": 2}
    assert [(line["message"], line["sent"]) for line in lines] == [("schedule_done", 2)]


# -- as Lambda loads them --------------------------------------------------------------------------------------


def test_every_declared_handler_is_found_from_its_own_module_without_app() -> None:
    # A process of its own: Lambda imports the module of the handler string and nothing else (chalice#1566).
    program = (
        "import importlib, sys\n"
        "for handler in sys.argv[1:]:\n"
        "    module, _, name = handler.rpartition('.')\n"
        "    assert callable(getattr(importlib.import_module(module), name)), handler\n"
        "assert 'app' not in sys.modules\n"
    )
    handlers = [spec.handler for spec in REGISTRY.values()]
    assert len(handlers) >= 8
    done = subprocess.run([sys.executable, "-c", program, *handlers], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
