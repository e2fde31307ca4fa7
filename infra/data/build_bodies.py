"""Build ``chalicelib/data/catalog/bodies.json.gz``: the demonstration bodies of every division.

    python -m infra.data.build_bodies

For the region, each league and each banner: one body for each department that has a name on that
level (DEMO layer of the catalogue). For each sum, township or street: its government and its service
centre. Grouped by the division of level 2–4 under which the catalogue table keeps them.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from chalicelib.domain.divisions import Division, Level, ancestor, service_place_name
from chalicelib.domain.organisation_codes import demo_uscc
from chalicelib.storage.divisions import packaged_divisions

DATA = Path(__file__).resolve().parents[2] / "chalicelib" / "data" / "catalog"
GOVERNMENT, CENTRE = "80", "90"
Entry = list[str]


def build(departments: dict[str, dict[str, Any]]) -> dict[str, list[Entry]]:
    """Group division to entries ``[division, department, name, uscc, kind]``."""
    divisions = packaged_divisions()
    region = next(divisions.within("150000000000"))
    groups: dict[str, list[Entry]] = {}
    for division in divisions.within(region.code):
        if division.level is Level.VILLAGE or not division.administrative:
            continue
        if division.level is Level.TOWNSHIP:
            group = ancestor(division.code, Level.BANNER) or ""
            groups.setdefault(group, []).extend(_township(division))
        else:
            groups.setdefault(division.code, []).extend(_organs(division, departments))
    return groups


def _organs(division: Division, departments: dict[str, dict[str, Any]]) -> list[Entry]:
    entries = []
    for code, department in departments.items():
        name = department["bodies"].get(str(int(division.level)))
        if name is None:
            continue
        kind = department.get("kind", "organ")
        government = code == GOVERNMENT and division.name.endswith("盟")
        full = division.name + ("行政公署" if government else name)
        entries.append([division.code, code, full, demo_uscc(division.code, code, kind != "organ"), kind])
    return entries


def _township(division: Division) -> list[Entry]:
    street = division.name.endswith(("街道", "街道办事处"))
    government = division.name.removesuffix("办事处") + ("办事处" if street else "人民政府")
    return [
        [division.code, GOVERNMENT, government, demo_uscc(division.code, GOVERNMENT, False), "organ"],
        [division.code, CENTRE, service_place_name(division), demo_uscc(division.code, CENTRE, True), "outlet"],
    ]


def main() -> None:
    """Command line entry."""
    demo = json.loads((DATA / "demo.json").read_text(encoding="utf-8"))
    text = json.dumps(build(demo["departments"]), ensure_ascii=False, separators=(",", ":"))
    (DATA / "bodies.json.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))


if __name__ == "__main__":
    main()
