"""Our own linter for Amazon States Language: what the published ones miss.

statelint knows the grammar; it lets through an execution that hangs for a year because nobody was given its
token. Each rule here has a name, and a seeded defect in ``test_asl`` that it must find.

The token rules: a state that waits for a token has a timeout, a heartbeat shorter than it, and hands the token
over. The error rules: States.ALL stands alone and last; errors are named, exist, and the domain's are never
retried. The graph rules: targets exist, every state is reachable and can come to an end, nothing turns in place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

State = Mapping[str, Any]

PLACEHOLDER = re.compile(r"\$\{(\w+)\}")

AWS_ERRORS = frozenset(
    {
        "States.ALL",
        "States.Timeout",
        "States.HeartbeatTimeout",
        "States.TaskFailed",
        "States.Permissions",
        "States.DataLimitExceeded",
        "Lambda.ServiceException",
        "Lambda.AWSLambdaException",
        "Lambda.SdkClientException",
        "Lambda.TooManyRequestsException",
        "Lambda.ClientExecutionTimeoutException",
        "Lambda.Unknown",
        "Sandbox.Timedout",
        "Runtime.ExitError",
    }
)
"""Names that Step Functions and Lambda raise (Step Functions developer guide, error handling)."""

TYPES = frozenset({"Task", "Choice", "Pass", "Wait", "Succeed", "Fail", "Parallel", "Map"})
TERMINAL = frozenset({"Succeed", "Fail"})
JSONATA_FIELDS = frozenset({"Assign", "Arguments", "Output", "Condition", "QueryLanguage"})


@dataclass(frozen=True)
class Defect:
    """One finding: the rule's name, the state, and what is wrong there."""

    rule: str
    state: str
    text: str


@dataclass(frozen=True)
class Names:
    """Error names that the code raises. ``domain`` errors may be caught, never retried; ``technical`` both."""

    domain: frozenset[str] = frozenset()
    technical: frozenset[str] = frozenset()

    @property
    def known(self) -> frozenset[str]:
        return self.domain | self.technical | AWS_ERRORS


def fill(text: str, numbers: Collection[str] = ("NodeTimeoutSeconds",)) -> dict[str, Any]:
    """The definition as JSON, with something plausible in the place of each placeholder."""

    def value(match: re.Match[str]) -> str:
        if match[1] in numbers:
            return "3600"
        return "aws-cn" if match[1] == "Partition" else f"arn:aws-cn:lambda:cn-north-1:123456789012:function:{match[1]}"

    filled: dict[str, Any] = json.loads(PLACEHOLDER.sub(value, text))
    return filled


def lint(text: str, names: Names) -> list[Defect]:
    """Every defect of a definition as it stands in its file. Raises ValueError when it is not JSON once filled in."""
    machine = fill(text)
    found = [Defect("hardcoded-partition", "", match) for match in re.findall(r"arn:aws[\w-]*:[^\"]*", text)]
    for rule in _MACHINE_RULES:
        found += rule(machine)
    for name, state in machine["States"].items():
        for state_rule in _STATE_RULES:
            found += [Defect(_rule_name(state_rule), name, text) for text in state_rule(state)]
        found += [Defect(rule, name, text) for rule, text in _errors(state, names)]
    return found


# -- one state ---------------------------------------------------------------------------------------------


def known_type(state: State) -> Iterator[str]:
    if state.get("Type") not in TYPES:
        yield f"no state type: {state.get('Type')}"


def task_has_timeout(state: State) -> Iterator[str]:
    if state.get("Type") == "Task" and not ({"TimeoutSeconds", "TimeoutSecondsPath"} & state.keys()):
        yield "a task without TimeoutSeconds may hang for a year, unseen"


def heartbeat_is_shorter_than_timeout(state: State) -> Iterator[str]:
    timeout, heartbeat = state.get("TimeoutSeconds"), state.get("HeartbeatSeconds")
    if isinstance(timeout, int) and isinstance(heartbeat, int) and heartbeat >= timeout:
        yield f"heartbeat {heartbeat} is not shorter than the timeout {timeout}"


def token_is_handed_over(state: State) -> Iterator[str]:
    if _waits_for_token(state) and "$$.Task.Token" not in _strings(state.get("Parameters", {})):
        yield "waits for a token that nobody is given"


def both_timeouts_are_caught(state: State) -> Iterator[str]:
    if not _waits_for_token(state):
        return
    caught = {name for catcher in _list(state, "Catch") for name in _list(catcher, "ErrorEquals")}
    missing = {"States.Timeout", "States.HeartbeatTimeout"} - caught
    if missing:
        yield f"does not catch {', '.join(sorted(missing))}"


def choice_has_default(state: State) -> Iterator[str]:
    if state.get("Type") == "Choice" and "Default" not in state:
        yield "without Default an unforeseen value fails as States.NoChoiceMatched"


def choice_has_choices(state: State) -> Iterator[str]:
    if state.get("Type") == "Choice" and not state.get("Choices"):
        yield "no Choices"


def goes_on_or_ends(state: State) -> Iterator[str]:
    if state.get("Type") in {"Task", "Pass", "Wait", "Parallel", "Map"} and ("Next" in state) == ("End" in state):
        yield "has neither Next nor End, or both"


def no_jsonata(state: State) -> Iterator[str]:
    used = JSONATA_FIELDS & state.keys()
    if used or any(text.startswith("{%") for text in _strings(state)):
        yield f"JSONata or variables, which the interpreter of the tests cannot run: {', '.join(sorted(used))}"


def retry_numbers_are_sane(state: State) -> Iterator[str]:
    for retrier in _list(state, "Retry"):
        if (
            retrier.get("MaxAttempts", 3) < 0
            or retrier.get("IntervalSeconds", 1) < 1
            or retrier.get("BackoffRate", 2) < 1
        ):
            yield "MaxAttempts below 0, IntervalSeconds or BackoffRate below 1"


def result_of_catch_is_explicit(state: State) -> Iterator[str]:
    for catcher in _list(state, "Catch"):
        if "ResultPath" not in catcher:
            yield "a Catch without ResultPath replaces the input by the error"


_STATE_RULES: tuple[Callable[[State], Iterator[str]], ...] = (
    known_type,
    task_has_timeout,
    heartbeat_is_shorter_than_timeout,
    token_is_handed_over,
    both_timeouts_are_caught,
    choice_has_default,
    choice_has_choices,
    goes_on_or_ends,
    no_jsonata,
    retry_numbers_are_sane,
    result_of_catch_is_explicit,
)


def _errors(state: State, names: Names) -> Iterator[tuple[str, str]]:
    for field in ("Retry", "Catch"):
        handlers = _list(state, field)
        for i, handler in enumerate(handlers):
            errors = _list(handler, "ErrorEquals")
            if not errors:
                yield "errors-are-named", f"{field} without ErrorEquals"
            if "States.ALL" in errors and len(errors) > 1:
                yield "all-stands-alone", f"States.ALL beside other names in {field}"
            if "States.ALL" in errors and i < len(handlers) - 1:
                yield "all-stands-last", f"{field} behind States.ALL is never reached"
            if "States.ALL" in errors:
                yield "errors-are-named", f"States.ALL in {field} hides what happened"
            for error in sorted(set(errors) - names.known):
                yield "errors-exist", f"nobody raises {error}"
            if field == "Retry":
                for error in sorted(set(errors) & names.domain):
                    yield "domain-is-not-retried", f"{error} does not get better by itself"


# -- the graph ---------------------------------------------------------------------------------------------


def _targets(state: State) -> Iterator[tuple[str, str]]:
    """(how, where to) for every way out of a state."""
    for field in ("Next", "Default"):
        if field in state:
            yield field, state[field]
    for choice in _list(state, "Choices"):
        yield "Choices", choice.get("Next", "")
    for catcher in _list(state, "Catch"):
        yield "Catch", catcher.get("Next", "")


def _graph(machine: Mapping[str, Any]) -> list[Defect]:
    states: Mapping[str, State] = machine["States"]
    start = machine.get("StartAt", "")
    found = [Defect("target-exists", "", f"StartAt names {start}")] if start not in states else []
    for name, state in states.items():
        for how, target in _targets(state):
            if target not in states:
                found.append(Defect("target-exists", name, f"{how} names {target}"))
            if target == name:
                # A Catch back into its own state is lawful, but moto's interpreter ignores it.
                found.append(Defect("does-not-turn-in-place", name, f"{how} leads back into the state itself"))
    ways = {name: {target for _, target in _targets(state)} for name, state in states.items()}
    reached = _closure({start}, ways)
    found += [Defect("is-reachable", name, "no way leads here") for name in states if name not in reached]
    back: dict[str, set[str]] = {name: set() for name in states}
    for name, targets in ways.items():
        for target in targets & states.keys():
            back[target].add(name)
    ends = {n for n, state in states.items() if state.get("Type") in TERMINAL or state.get("End") is True}
    ending = _closure(ends, back)
    found += [Defect("comes-to-an-end", name, "no way leads to an end") for name in states if name not in ending]
    return found


def _closure(seed: set[str], ways: Mapping[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    front = set(seed)
    while front:
        reached |= front
        front = {target for name in front for target in ways.get(name, ())} - reached
    return reached


def _machine_level(machine: Mapping[str, Any]) -> list[Defect]:
    found = []
    if machine.get("QueryLanguage", "JSONPath") != "JSONPath":
        found.append(Defect("no-jsonata", "", "QueryLanguage is not JSONPath"))
    if not any(state.get("Type") == "Fail" for state in machine["States"].values()):
        found.append(Defect("has-dead-letter-end", "", "no Fail state: dying would not be told from ending"))
    if not machine.get("Comment"):
        found.append(Defect("says-what-it-is-for", "", "no Comment"))
    return found


_MACHINE_RULES: tuple[Callable[[Mapping[str, Any]], list[Defect]], ...] = (_graph, _machine_level)


# -- small things --------------------------------------------------------------------------------------------


def _waits_for_token(state: State) -> bool:
    return str(state.get("Resource", "")).endswith(".waitForTaskToken")


def _list(holder: Mapping[str, Any], field: str) -> list[Any]:
    value = holder.get(field, [])
    return value if isinstance(value, list) else []


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for item in value.values() for text in _strings(item)]
    if isinstance(value, list):
        return [text for item in value for text in _strings(item)]
    return []


def _rule_name(rule: Callable[..., Any]) -> str:
    return rule.__name__.replace("_", "-")
