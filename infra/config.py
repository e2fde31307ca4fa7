"""Generates ``.chalice/config.json`` and the policy files beside it.

    python -m infra.config           writes them
    python -m infra.config --check   fails, and says where, if they differ from what the code says now

Everything for a function stands under ``stages.<stage>.lambda_functions``: Chalice prefers a stage's value to
a function's own at the top, and ignores a function's environment there altogether.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from infra import names
from infra.functions import MEMORY, Function, functions
from infra.policies import policy
from infra.stages import APP_NAME, STAGES, Stage

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".chalice"


def files() -> dict[str, str]:
    """Every generated file below ``.chalice`` with its content."""
    generated = {"config.json": _dumps(config())}
    for function in functions().values():
        generated[policy_file(function)] = _dumps(policy(function))
    return generated


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


def stale() -> list[str]:
    """Names of files that are missing, differ, or should not be there."""
    generated = files()
    there = {path.name for path in FOLDER.glob("*.json")} if FOLDER.is_dir() else set()
    differing = [
        name
        for name, content in generated.items()
        if name not in there or (FOLDER / name).read_text(encoding="utf-8") != content
    ]
    return sorted([*differing, *(there - generated.keys())])


def write() -> None:
    """Write every file and remove those that belong to nothing."""
    generated = files()
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.json"):
        if path.name not in generated:
            path.unlink()
    for name, content in generated.items():
        (FOLDER / name).write_text(content, encoding="utf-8")


def main() -> int:
    """Command line; see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="change nothing, fail if something would change")
    if not parser.parse_args().check:
        write()
        return 0
    differing = stale()
    for name in differing:
        print(f".chalice/{name} is not what the code says now: run `make config`", file=sys.stderr)
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
