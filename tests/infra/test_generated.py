"""Generated files are checked in, and equal to what the code would generate now."""

from __future__ import annotations

from types import ModuleType

import pytest

from infra import config, openapi, reference
from infra.functions import functions
from infra.generated import stale
from infra.stages import STAGES


def test_configuration_and_policies_are_what_the_code_says_now() -> None:
    assert stale(config.generated(), lambda: list(config.FOLDER.glob("*.json"))) == []


@pytest.mark.parametrize("generator", [openapi, reference], ids=["openapi", "reference"])
def test_the_interface_and_the_reference_are_what_the_code_says_now(generator: ModuleType) -> None:
    assert stale(generator.files()) == []


def test_everything_for_a_function_stands_under_its_stage() -> None:
    """Chalice ignores a top-level function's environment and lets a stage's value beat its timeout."""
    document = config.config()
    assert "lambda_functions" not in document
    assert document["autogen_policy"] is False
    assert document["stages"].keys() == STAGES.keys()
    for stage in document["stages"].values():
        assert stage["lambda_functions"].keys() == functions().keys()
        assert not {"lambda_timeout", "lambda_memory_size"} & stage.keys()
