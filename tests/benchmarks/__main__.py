"""``make bench``: prints ``name value unit`` lines, then the table of docs/performance.md.

QUICK=1 takes a minute or two and smaller numbers, for development; ONLY=submissions,journey runs some parts.
CASES= is the number of cases of the full table (1,000,000; 20,000 with QUICK).
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from infra.local.environment import BUILD
from tests.benchmarks.figures import Report
from tests.benchmarks.stand import Stand


def main() -> int:
    """Run the parts one after another; nothing but a part that cannot be run makes it fail."""
    quick = os.environ.get("QUICK", "") not in ("", "0")
    wanted = {name for name in os.environ.get("ONLY", "").split(",") if name}
    report = Report()
    BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILD, prefix="bench-") as scratch:
        folder = Path(scratch)
        parts = _parts(folder, report, quick)
        if unknown := wanted - parts.keys():
            print(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(parts)}", file=sys.stderr)
            return 2
        for name, part in parts.items():
            if not wanted or name in wanted:
                part()
    print(f"\n{report.table()}")
    missed = [figure.name for figure in report.figures if figure.holds is False]
    print(f"\nMissed: {', '.join(missed)}" if missed else "\nEvery aim is met.")
    return 0


def _parts(folder: Path, report: Report, quick: bool) -> dict[str, Callable[[], None]]:
    from tests.benchmarks import answers, cold_starts, journeys, submissions, where

    def on_stand(name: str, work: Callable[[Stand], None], *, in_memory: bool = False) -> Callable[[], None]:
        def run() -> None:
            with tempfile.TemporaryDirectory(
                dir=_fast(folder) if in_memory else folder, prefix=f"bench-{name}-"
            ) as own:
                stand = Stand(Path(own))
                try:
                    work(stand)
                finally:
                    stand.stop()

        return run

    large = int(os.environ.get("CASES") or (20_000 if quick else 1_000_000))
    return {
        "log": lambda: answers.verification(report, cases=100 if quick else 2_000, events=50),
        "where": lambda: where.where_and_when(report, 200 if quick else 2_000),
        "calls": on_stand("calls", lambda s: submissions.calls_of_a_submission(s, report)),
        "answers": on_stand("answers", lambda s: answers.search_and_guide(s, report, 100 if quick else 1_000)),
        "submissions": on_stand("submissions", lambda s: submissions.throughput(s, report, 400 if quick else 10_000)),
        "http": on_stand("http", lambda s: submissions.over_http(s, report, 100 if quick else 1_000)),
        "growth": on_stand(
            "growth", lambda s: submissions.growth(s, report, 1_000, large, 40 if quick else 200), in_memory=True
        ),
        "cold": on_stand("cold", lambda s: cold_starts.cold_starts(s, report, folder, 3 if quick else 7)),
        "journey": on_stand("journey", lambda s: journeys.routed_case(s.calls, s.engine.url, report)),
    }


def _fast(folder: Path) -> Path:
    """Where a million rows are written in minutes: files in memory, if the machine has such a place.

    The engine works on its files as ever; without waiting for the disk, what a full table costs shows more.
    """
    shared = Path("/dev/shm")
    return shared if os.access(shared, os.W_OK) else folder


if __name__ == "__main__":
    sys.exit(main())
