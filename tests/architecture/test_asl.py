"""The state machines obey our own rules and a published linter's; and our linter finds what it is there for."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from statelint.linter import Linter

import chalicelib.tasks.case_routing  # noqa: F401  # fills the registry
from chalicelib.domain import errors
from chalicelib.edge.functions import REGISTRY, TECHNICAL_ERRORS, Task
from tests.architecture.asl_lint import PLACEHOLDER, Defect, Names, fill, lint

DEFINITIONS = sorted((Path(__file__).parents[2] / "statemachines").glob("*.asl.json"))
by_name = pytest.mark.parametrize("path", DEFINITIONS, ids=lambda path: path.name)


def names(machine: str) -> Names:
    """Errors that the machine's tasks can raise: by their own declaration, and every class of the domain's tree."""
    declared = {
        error
        for spec in REGISTRY.values()
        if isinstance(spec.source, Task) and spec.source.state_machine == machine
        for error in spec.source.errors
    }
    tree = {
        cls.__name__ for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, errors.DomainError)
    }
    return Names(frozenset(declared | tree), frozenset(TECHNICAL_ERRORS))


def machine_name(path: Path) -> str:
    return path.name.removesuffix(".asl.json")


@by_name
@pytest.mark.requirement("F4")
def test_a_state_machine_has_no_defect(path: Path) -> None:
    assert lint(path.read_text(encoding="utf-8"), names(machine_name(path))) == []


@by_name
def test_a_state_machine_passes_the_published_linter(path: Path) -> None:
    assert Linter.validate(fill(path.read_text(encoding="utf-8"))) == []


@by_name
def test_every_function_placeholder_is_a_task_of_the_machine_and_every_task_is_used(path: Path) -> None:
    placeholders = set(PLACEHOLDER.findall(path.read_text(encoding="utf-8")))
    tasks = {
        f"{name.title().replace('_', '')}FunctionArn"
        for name, spec in REGISTRY.items()
        if isinstance(spec.source, Task) and spec.source.state_machine == machine_name(path)
    }
    assert {name for name in placeholders if name.endswith("FunctionArn")} == tasks


@by_name
def test_every_error_that_a_task_declares_is_caught(path: Path) -> None:
    machine = fill(path.read_text(encoding="utf-8"))
    caught = {e for s in machine["States"].values() for c in s.get("Catch", ()) for e in c["ErrorEquals"]}
    declared = {
        error
        for spec in REGISTRY.values()
        if isinstance(spec.source, Task) and spec.source.state_machine == machine_name(path)
        for error in spec.source.errors
    }
    assert declared <= caught
    assert set(TECHNICAL_ERRORS) <= caught


def test_every_state_machine_of_a_task_has_a_definition() -> None:
    wanted = {spec.source.state_machine for spec in REGISTRY.values() if isinstance(spec.source, Task)}
    assert wanted == {machine_name(path) for path in DEFINITIONS}


# -- the linter itself, on seeded defects ------------------------------------------------------------------

Machine = dict[str, Any]

SOUND: Machine = {
    "Comment": "one token task, one choice",
    "StartAt": "Ask",
    "States": {
        "Ask": {
            "Type": "Task",
            "Resource": "arn:${Partition}:states:::lambda:invoke.waitForTaskToken",
            "Parameters": {"FunctionName": "${AskFunctionArn}", "Payload": {"token.$": "$$.Task.Token"}},
            "TimeoutSeconds": 600,
            "Retry": [{"ErrorEquals": ["Lambda.ServiceException", "TryAgain"], "MaxAttempts": 2}],
            "Catch": [
                {
                    "ErrorEquals": ["States.Timeout", "States.HeartbeatTimeout"],
                    "ResultPath": "$.error",
                    "Next": "Dead",
                },
                {"ErrorEquals": ["CaseEnded"], "ResultPath": "$.error", "Next": "Done"},
            ],
            "Next": "Which",
        },
        "Which": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.next", "StringEquals": "end", "Next": "Done"}],
            "Default": "Dead",
        },
        "Done": {"Type": "Succeed"},
        "Dead": {"Type": "Fail", "Error": "Dead", "Cause": "dead"},
    },
}
KNOWN = Names(frozenset({"CaseEnded", "Refused"}), frozenset({"TryAgain"}))


def _set(path: str, value: object) -> Callable[[Machine], None]:
    """``path`` names keys and list positions, separated by slashes."""

    def change(machine: Machine) -> None:
        holder, last = _holder(machine, path)
        holder[last] = value

    return change


def _drop(path: str) -> Callable[[Machine], None]:
    def change(machine: Machine) -> None:
        holder, last = _holder(machine, path)
        del holder[last]

    return change


def _holder(machine: Machine, path: str) -> tuple[Any, Any]:
    *way, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    holder: Any = machine
    for step in way:
        holder = holder[step]
    return holder, last


ALL = {"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Dead"}
SEEDED: dict[str, tuple[Callable[[Machine], None], str]] = {
    # the seven that no published linter finds
    "token task without timeout": (_drop("States/Ask/TimeoutSeconds"), "task-has-timeout"),
    "heartbeat as long as the timeout": (_set("States/Ask/HeartbeatSeconds", 600), "heartbeat-is-shorter-than-timeout"),
    "token never handed over": (_drop("States/Ask/Parameters/Payload/token.$"), "token-is-handed-over"),
    "States.ALL beside others": (
        _set("States/Ask/Retry/0/ErrorEquals", ["States.ALL", "TryAgain"]),
        "all-stands-alone",
    ),
    "States.ALL not last": (lambda m: m["States"]["Ask"]["Catch"].insert(0, ALL), "all-stands-last"),
    "choice without default": (_drop("States/Which/Default"), "choice-has-default"),
    "state that turns in place": (_set("States/Which/Default", "Which"), "does-not-turn-in-place"),
    # the graph
    "next to nowhere": (_set("States/Ask/Next", "Nowhere"), "target-exists"),
    "start at nowhere": (_set("StartAt", "Nowhere"), "target-exists"),
    "catch to nowhere": (_set("States/Ask/Catch/0/Next", "Nowhere"), "target-exists"),
    "unreachable state": (_set("States/Island", {"Type": "Succeed"}), "is-reachable"),
    "neither next nor end": (_drop("States/Ask/Next"), "goes-on-or-ends"),
    "circle without a way out": (
        lambda m: m["States"].update(Which={"Type": "Pass", "Next": "Round"}, Round={"Type": "Pass", "Next": "Which"}),
        "comes-to-an-end",
    ),
    # grammar and errors
    "unknown state type": (_set("States/Done/Type", "Success"), "known-type"),
    "backoff below one": (_set("States/Ask/Retry/0/BackoffRate", 0.5), "retry-numbers-are-sane"),
    "error that nobody raises": (_set("States/Ask/Catch/1/ErrorEquals", ["CaseEnd"]), "errors-exist"),
    "domain error retried": (_set("States/Ask/Retry/0/ErrorEquals", ["Refused"]), "domain-is-not-retried"),
    "everything caught": (lambda m: m["States"]["Ask"]["Catch"].append(ALL), "errors-are-named"),
    "heartbeat timeout not caught": (
        _set("States/Ask/Catch/0/ErrorEquals", ["States.Timeout"]),
        "both-timeouts-are-caught",
    ),
    "catch that replaces the input": (_drop("States/Ask/Catch/1/ResultPath"), "result-of-catch-is-explicit"),
    "variables": (_set("States/Ask/Assign", {"x": 1}), "no-jsonata"),
    "JSONata": (_set("QueryLanguage", "JSONata"), "no-jsonata"),
    "no dead-letter end": (_set("States/Dead", {"Type": "Succeed"}), "has-dead-letter-end"),
    "partition hardcoded": (
        _set("States/Ask/Resource", "arn:aws:states:::lambda:invoke.waitForTaskToken"),
        "hardcoded-partition",
    ),
}


def seeded(change: Callable[[Machine], None]) -> str:
    machine = copy.deepcopy(SOUND)
    change(machine)
    return json.dumps(machine)


def test_a_sound_machine_has_no_defect() -> None:
    assert lint(json.dumps(SOUND), KNOWN) == []
    assert Linter.validate(fill(json.dumps(SOUND))) == []


@pytest.mark.parametrize("defect", SEEDED)
def test_a_seeded_defect_is_found_by_its_rule(defect: str) -> None:
    change, rule = SEEDED[defect]
    found: list[Defect] = lint(seeded(change), KNOWN)
    assert rule in {each.rule for each in found}


def test_our_linter_finds_every_seeded_defect_and_the_published_one_alone_does_not() -> None:
    ours = sum(bool(lint(seeded(change), KNOWN)) for change, _ in SEEDED.values())
    theirs = sum(bool(Linter.validate(fill(seeded(change)))) for change, _ in SEEDED.values())
    assert ours == len(SEEDED) >= 16
    assert theirs < ours
