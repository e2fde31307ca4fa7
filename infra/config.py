"""Generates ``.chalice/config.json`` and the policy files beside it.

    python -m infra.config           writes them
    python -m infra.config --check   fails, and says where, if they differ from what the code says now

Everything for a function stands under ``stages.<stage>.lambda_functions``: Chalice prefers a stage's value to
a function's own at the top, and ignores a function's environment there altogether.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from infra import names
from infra.functions import MEMORY, Function, functions
from infra.generated import ROOT, command
from infra.policies import policy
from infra.stages import APP_NAME, STAGES, Stage

FOLDER = ROOT / ".chalice"


def files() -> dict[str, str]:
    """Every generated file below ``.chalice`` with its content."""
    generated = {"config.json": _dumps(config())}
    for function in functions().values():
        generated[policy_file(function)] = _dumps(policy(function))
    return generated


def generated() -> dict[Path, str]:
    """The same by path."""
    return {FOLDER / name: content for name, content in files().items()}


def config() -> dict[str, Any]:
    """Chalice's configuration of all stages."""
    return {
        "version": "2.0",
        "app_name": APP_NAME,
        # Chalice would read app.py alone and grant Resource "*".
        "autogen_policy": False,
        "stages": {stage.name: _stage(stage) for stage in STAGES.values()},
    }


def policy_file(function: Function) -> str:
    """Where the policy of a function stands, below ``.chalice``."""
    return f"policy-{function.name}.json"


def _stage(stage: Stage) -> dict[str, Any]:
    return {
        "api_gateway_stage": names.API_STAGE,
        "api_gateway_endpoint_type": "REGIONAL",  # edge-optimised endpoints do not exist in China
        # The wheels for the other architecture cannot be imported where the gate runs, and so not be proven.
        "lambda_architecture": "x86_64",
        "environment_variables": {"STAGE": stage.name, "REGION_CODE": stage.region_code, "LOG_LEVEL": "INFO"},
        "lambda_functions": {
            function.name: {
                "iam_policy_file": policy_file(function),
                "lambda_memory_size": MEMORY,
                "lambda_timeout": function.timeout,
            }
            for function in functions().values()
        },
    }


def _dumps(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _there() -> list[Path]:
    return sorted(FOLDER.glob("*.json"))


if __name__ == "__main__":
    sys.exit(command("Generate .chalice/config.json and the policies", "config", generated, _there))
