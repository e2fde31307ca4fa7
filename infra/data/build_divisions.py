"""Build ``chalicelib/data/divisions.csv.gz`` from the two published lists (sources: docs/catalogue.md).

    python -m infra.data.build_divisions --nbs divisions.csv --mca townships.csv

``--nbs``: columns code (12 digits), name. ``--mca``: columns code, name, nbs2023_code (the bureau's
code of the township of the same name under the same parent; empty where there is none).
"""

from __future__ import annotations

import argparse
import csv
import gzip
from pathlib import Path

TARGET = Path(__file__).resolve().parents[2] / "chalicelib" / "data" / "divisions.csv.gz"


def build(nbs: Path, mca: Path) -> bytes:
    """The packed list: one line ``code,name,mca code if it differs`` for each division, sorted by code."""
    with mca.open(encoding="utf-8", newline="") as rows:
        aliases = {row["nbs2023_code"]: row["code"] for row in csv.DictReader(rows) if row["nbs2023_code"]}
    with nbs.open(encoding="utf-8", newline="") as rows:
        names = {row["code"]: row["name"] for row in csv.DictReader(rows)}
    lines = []
    for code, name in sorted(names.items()):
        alias = aliases.get(code, code)
        lines.append(f"{code},{name},{alias if alias != code else ''}")
    # No name and no time in the header: the same sources give the same bytes.
    return gzip.compress("\n".join(lines).encode(), 9, mtime=0)


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nbs", type=Path, required=True)
    parser.add_argument("--mca", type=Path, required=True)
    arguments = parser.parse_args()
    TARGET.write_bytes(build(arguments.nbs, arguments.mca))


if __name__ == "__main__":
    main()
