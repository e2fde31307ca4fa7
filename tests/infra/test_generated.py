"""Generated files are checked in, and equal to what the code would generate now."""

from __future__ import annotations

from infra import config
from infra.functions import functions
from infra.stages import STAGES


def test_the_configuration_is_what_the_code_says_now() -> None:
    assert config.stale() == []


def test_everything_for_a_function_stands_under_its_stage() -> None:
    """Chalice ignores a top-level function's environment and lets a stage's value beat its timeout."""
    document = config.config()
    assert "lambda_functions" not in document
    assert document["autogen_policy"] is False
    assert document["stages"].keys() == STAGES.keys()
    for stage in document["stages"].values():
        assert stage["lambda_functions"].keys() == functions().keys()
        assert not {"lambda_timeout", "lambda_memory_size"} & stage.keys()
