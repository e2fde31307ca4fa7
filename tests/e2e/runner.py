"""Finds scenarios by file name (``scenario_<name>.py``) and runs them against a URL.

python -m tests.e2e.runner main http://127.0.0.1:8000 [tokens file]
"""

from __future__ import annotations

import importlib
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from tests.e2e.harness import Scenario, ScenarioFailed, read_tokens


def names() -> list[str]:
    """The scenarios there are."""
    return sorted(path.stem.removeprefix("scenario_") for path in Path(__file__).parent.glob("scenario_*.py"))


def scenario(name: str) -> type[Scenario]:
    """The scenario of that name. Raises LookupError that lists the names there are."""
    if name not in names():
        raise LookupError(f"there is no scenario {name!r}; there are: {', '.join(names())}")
    module = importlib.import_module(f"tests.e2e.scenario_{name}")
    found = [v for v in vars(module).values() if isinstance(v, type) and issubclass(v, Scenario) and v is not Scenario]
    own = [kind for kind in found if kind.__module__ == module.__name__]
    if len(own) != 1:
        raise LookupError(f"scenario_{name}.py must define one Scenario, not {len(own)}")
    return own[0]


def run(name: str, url: str, tokens: str | None = None, say: Callable[[str], None] | None = None) -> int:
    """Run one scenario, tell how it goes, and answer an exit code."""
    say = say or (lambda line: print(line, flush=True))
    began = time.monotonic()
    try:
        kind = scenario(name)
        say(f"Scenario {name}: {kind.title}")
        running = kind(url, read_tokens(tokens) if tokens else None, say)
        running.run()
    except ScenarioFailed as failure:
        say(f"\nScenario {name} FAILED: {failure}")
        return 1
    except LookupError as error:
        say(str(error) if error.args and "scenario" in str(error) else "".join(traceback.format_exception(error)))
        return 1
    except Exception as error:
        say("".join(traceback.format_exception(error)))
        say(f"\nScenario {name} FAILED: {type(error).__name__}")
        return 1
    left = f", {len(running.skipped)} steps skipped" if running.skipped else ""
    say(f"Scenario {name} went well in {time.monotonic() - began:.1f} s{left}.")
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None))
