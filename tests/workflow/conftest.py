"""The real state machine on moto's interpreter, with the functions run from their own modules as Lambda does."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local import environment

environment.prepare()

from chalicelib import wiring  # noqa: E402
from chalicelib.gateways.workflows import StepFunctionsWorkflows  # noqa: E402
from chalicelib.services.tasks import CaseEnded, Superseded  # noqa: E402
from infra.local import emulator  # noqa: E402
from infra.local.functions import Functions  # noqa: E402
from tests.workflow.support import World  # noqa: E402

DEFINITIONS = Path(__file__).parents[2] / "statemachines"


class Machine:
    """The deployed state machine and a look into its executions."""

    def __init__(self, node_timeout: int, name: str = "case_routing", task: str = "open_node") -> None:
        self.client: Any = emulator.client("stepfunctions")
        text = (DEFINITIONS / f"{name}.asl.json").read_text(encoding="utf-8")
        for place, value in {
            "Partition": environment.PARTITION,
            f"{task.title().replace('_', '')}FunctionArn": _function_arn(name, task),
            "NodeTimeoutSeconds": str(node_timeout),
        }.items():
            text = text.replace(f"${{{place}}}", value)
        role = f"arn:{environment.PARTITION}:iam::{environment.ACCOUNT}:role/workflow"
        answer = self.client.create_state_machine(name=f"{name}-{node_timeout}", definition=text, roleArn=role)
        self.arn: str = answer["stateMachineArn"]

    def execution(self, name: str) -> dict[str, Any]:
        return self.client.describe_execution(executionArn=self._arn(name))  # type: ignore[no-any-return]

    def status(self, name: str) -> str:
        return str(self.execution(name)["status"])

    def history(self, name: str) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = []
        answer = self.client.get_execution_history(executionArn=self._arn(name), maxResults=1000)
        events += answer["events"]
        while "nextToken" in answer:
            answer = self.client.get_execution_history(executionArn=self._arn(name), nextToken=answer["nextToken"])
            events += answer["events"]
        return events

    def states(self, name: str) -> list[str]:
        """The states entered, in order: what AWS bills."""
        return [
            event["stateEnteredEventDetails"]["name"]
            for event in self.history(name)
            if event["type"].endswith("StateEntered")
        ]

    def last_state(self, name: str) -> str:
        return self.states(name)[-1]

    def _arn(self, name: str) -> str:
        return f"{self.arn.replace(':stateMachine:', ':execution:')}:{name}"


def _function_arn(machine: str, task: str) -> str:
    client: Any = emulator.client("lambda")
    try:
        return str(client.get_function(FunctionName=task)["Configuration"]["FunctionArn"])
    except client.exceptions.ResourceNotFoundException:
        pass
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = emulator.client("iam").create_role(RoleName=task, AssumeRolePolicyDocument=trust)
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("empty.txt", "")
    answer = client.create_function(
        FunctionName=task,
        Runtime="python3.12",
        Role=role["Role"]["Arn"],
        Handler=f"chalicelib.tasks.{machine}.{task}",
        Code={"ZipFile": code.getvalue()},
    )
    return str(answer["FunctionArn"])


@pytest.fixture(scope="session")
def functions() -> Functions:
    return Functions(expected=(CaseEnded, Superseded))


@pytest.fixture(scope="session")
def aws(functions: Functions) -> Iterator[emulator.Emulator]:
    cloud = emulator.Emulator()
    cloud.start(functions)
    yield cloud
    cloud.stop()


@pytest.fixture
def machine_of(aws: emulator.Emulator) -> Iterator[Callable[..., Machine]]:
    yield Machine
    emulator.abort_executions()
    aws.reset()


@pytest.fixture
def machine(machine_of: Callable[..., Machine]) -> Machine:
    """Its nodes wait far longer than any test."""
    return machine_of(600)


@pytest.fixture
def hasty_machine(machine_of: Callable[..., Machine]) -> Machine:
    """Its nodes wait one second and are then opened again."""
    return machine_of(1)


def _world(machine: Machine) -> Iterator[World]:
    world = World(StepFunctionsWorkflows(machine.client, machine.arn))
    wiring.install(world)  # type: ignore[arg-type]
    yield world
    wiring.install(None)


@pytest.fixture
def world(machine: Machine) -> Iterator[World]:
    yield from _world(machine)


@pytest.fixture
def hasty_world(hasty_machine: Machine) -> Iterator[World]:
    yield from _world(hasty_machine)
