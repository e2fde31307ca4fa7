"""``make bench`` works, and what it counts is what it aims at; what it times is not judged here."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from infra.package import ROOT


@pytest.mark.engine
def test_the_bench_runs_and_a_submission_takes_one_write_and_at_most_two_reads(engine: Any) -> None:
    command = ["env", "QUICK=1", "ONLY=log,calls", sys.executable, "-m", "tests.benchmarks"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines() if line and line[0] not in "|M"]
    figures = {line[0]: float(line[1]) for line in lines if len(line) > 2 and line[1][0].isdigit()}
    assert figures["submission_writes"] == 1
    assert figures["submission_reads"] <= 2
    assert figures["verified_events"] > 0
