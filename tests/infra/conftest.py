"""The stacks as they would be deployed, built once for each test process."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from infra.functions import Function, functions
from infra.package import stack_template
from infra.stages import STAGES

Json = dict[str, Any]


@cache
def _stack(stage: str) -> str:
    return json.dumps(stack_template(STAGES[stage]))


@pytest.fixture
def stack() -> Json:
    """The plain CloudFormation of one stage; a fresh copy for each test."""
    loaded: Json = json.loads(_stack("hohhot"))
    return loaded


@pytest.fixture
def resources(stack: Json) -> dict[str, Json]:
    """Its resources by logical id."""
    found: dict[str, Json] = stack["Resources"]
    return found


@pytest.fixture
def deployed() -> dict[str, Function]:
    """Every function of the product by name."""
    return functions()
