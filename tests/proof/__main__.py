"""The proof, for a release: faults at every call, and a thousand schedules of every race, on the engine.

python -m tests.proof                     every point, both halves at once, and a summary; fails if anything was found
python -m tests.proof --stride 10         every tenth point, to see something sooner
python -m tests.proof --part 0            one half, as the first line starts it; writes build/proof/0.json
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from time import monotonic
from typing import Any

from infra.local.environment import BUILD
from tests.cloud import _with_tables
from tests.proof import explorer
from tests.proof.stack import Stack, standing
from tests.proof.sweep import Summary, sweep

PARTS = 2
STRIDE = 1
SCHEDULES = 1_000


def main() -> int:
    """Answer 0 if nothing was found."""
    asked = argparse.ArgumentParser(prog="python -m tests.proof")
    asked.add_argument("--part", type=int)
    asked.add_argument("--stride", type=int, default=STRIDE)
    asked.add_argument("--schedules", type=int, default=SCHEDULES)
    told = asked.parse_args()
    if told.part is not None:
        _part(told.part, told.stride, told.schedules)
        return 0
    same = ["--stride", str(told.stride), "--schedules", str(told.schedules)]
    start = [sys.executable, "-m", "tests.proof", *same, "--part"]
    running = [subprocess.Popen([*start, str(part)]) for part in range(PARTS)]
    if sum(process.wait() for process in running):
        return 1
    return _report([json.loads((BUILD / "proof" / f"{part}.json").read_text()) for part in range(PARTS)])


def _part(part: int, stride: int, schedules: int) -> None:
    from infra.local.emulator import Emulator
    from infra.local.engine import Engine

    emulator = Emulator()
    emulator.start()
    with (
        Engine.start(in_memory=True) as engine,
        contextmanager(_with_tables)(engine.url) as stores,
        standing(stores) as stack,
    ):
        mine = [name for place, name in enumerate(explorer.load()) if place % PARTS == part]
        began = monotonic()
        found = [_explored(stack, name, schedules) for name in mine]
        between = monotonic()
        swept = sweep(stack, part, PARTS, stride)
        took = (between - began, monotonic() - between)
    kept = {
        "sweep": {**vars(swept), "places": sorted(swept.places)},
        "took": f"part {part}: {took[0]:.0f} s for {sum(e.schedules for e in found)} schedules, "
        f"{took[1]:.0f} s for {sum(swept.modes.values())} points",
        "violations": [flaw for explored in found for flaw in explored.violations],
    }
    folder = BUILD / "proof"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{part}.json").write_text(json.dumps(kept, ensure_ascii=False))


def _explored(stack: Stack, name: str, schedules: int) -> explorer.Explored:
    found = explorer.explore(stack, name, schedules)
    print(found, flush=True)  # noqa: T201 -- there are forty of them, a minute each
    return found


def _report(parts: list[dict[str, Any]]) -> int:
    whole, violations = Summary(), []
    for part in parts:
        swept = {**part["sweep"], "places": set(part["sweep"]["places"]), "modes": Counter(part["sweep"]["modes"])}
        whole = whole.with_part(Summary(**swept))
        violations += part["violations"]
    violations += whole.violations
    for line in (
        *violations,
        *whole.lines(),
        *(part["took"] for part in parts),
    ):
        print(line)  # noqa: T201
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
