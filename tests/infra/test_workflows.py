"""Definitions and the template agree on every placeholder."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.edge.functions import Task
from infra.functions import Function
from infra.workflows import DEFINITIONS, placeholders

Json = dict[str, Any]

MACHINES = sorted(path.name.removesuffix(".asl.json") for path in DEFINITIONS.glob("*.asl.json"))


def machine_named(name: str, resources: dict[str, Json]) -> Json:
    (found,) = [
        r["Properties"]
        for r in resources.values()
        if r["Type"] == "AWS::StepFunctions::StateMachine"
        and r["Properties"]["StateMachineName"] == {"Fn::Sub": f"${{AWS::StackName}}-{name.replace('_', '-')}"}
    ]
    return found


@pytest.mark.parametrize("name", MACHINES)
def test_every_placeholder_has_a_substitution_and_every_substitution_is_used(
    name: str, resources: dict[str, Json]
) -> None:
    assert machine_named(name, resources)["DefinitionSubstitutions"].keys() == placeholders(name)


@pytest.mark.parametrize("name", MACHINES)
def test_a_definition_is_json_once_its_placeholders_are_filled(name: str, resources: dict[str, Json]) -> None:
    machine = machine_named(name, resources)
    text = machine["DefinitionString"]
    for placeholder, value in machine["DefinitionSubstitutions"].items():
        text = text.replace(f"${{{placeholder}}}", str(value) if isinstance(value, int) else placeholder)
    assert json.loads(text)["StartAt"]


def test_every_definition_belongs_to_a_task_and_every_task_to_a_definition(deployed: dict[str, Function]) -> None:
    named = {f.source.state_machine for f in deployed.values() if isinstance(f.source, Task)}
    assert named == set(MACHINES)
