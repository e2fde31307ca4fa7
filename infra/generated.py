"""Files that are generated and checked in: written, or compared, the same way for each of them.

Checked in, because a reviewer should see what a change of code does to the configuration, to the interface and to
the reference; compared in the gate (``make check_clean``), so that they cannot fall behind.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def stale(files: Mapping[Path, str], among: Callable[[], list[Path]] = list) -> list[Path]:
    """Paths that are missing, differ, or (of those ``among`` lists) should not be there."""
    differing = [
        path for path, content in files.items() if not path.is_file() or path.read_text(encoding="utf-8") != content
    ]
    return sorted([*differing, *(path for path in among() if path not in files)])


def command(
    what: str, target: str, make: Callable[[], Mapping[Path, str]], among: Callable[[], list[Path]] = list
) -> int:
    """The command line of a generator: writes its files, or with ``--check`` fails if one is not up to date."""
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--check", action="store_true", help="change nothing, fail if something would change")
    files = make()
    if parser.parse_args().check:
        differing = stale(files, among)
        for path in differing:
            print(f"{path.relative_to(ROOT)} is not what the code says now: run `make {target}`", file=sys.stderr)
        return 1 if differing else 0
    for path in among():
        if path not in files:
            path.unlink()
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return 0
