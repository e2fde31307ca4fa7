"""Reads the tables of doors: what each account gets on each route and object (cases.txt says how)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

OTHERS = "others"


@dataclass
class Section:
    """One or several routes that answer alike. ``rows`` are by account, their cells by object."""

    routes: list[str]
    objects: Sequence[str]
    public: bool = False
    rows: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def told(self, who: str, what: str) -> str | None:
        """What the table says, if it has a row for this account or for all others."""
        row = self.rows.get(who) or self.rows.get(OTHERS)
        return None if row is None else row[what]


@dataclass(frozen=True)
class Table:
    """A file: sections, and what its short words stand for."""

    sections: Sequence[Section]
    words: Mapping[str, str]

    def of(self, route: str) -> Section | None:
        return next((section for section in self.sections if route in section.routes), None)

    def spelled(self, cell: str) -> str:
        return self.words.get(cell, cell)


def read(name: str) -> Table:
    """A table beside this module. Raises ValueError with the line that cannot be read."""
    text = Path(__file__).with_name(name).read_text("utf-8")
    words: dict[str, str] = {}
    objects: list[str] = []
    sections: list[Section] = []
    gap = True
    for number, line in enumerate(text.splitlines(), 1):
        parts = line.partition("#")[0].split()
        if not parts:
            gap = gap or not line
            continue
        first, rest = parts[0], parts[1:]
        if first == "word":
            words[rest[0]] = " ".join(rest[1:])
        elif first == "objects" and not sections:
            objects = rest
        elif first == "==":
            if gap:
                sections.append(Section([], objects))
            sections[-1].routes.append(" ".join(rest))
        elif first == "objects":
            sections[-1].objects = rest
        elif first == "public":
            sections[-1].public = True
        else:
            section = sections[-1]
            if len(rest) != len(section.objects) or first in section.rows:
                raise ValueError(f"{name}:{number}: {len(section.objects)} cells are wanted, one row for each account")
            section.rows[first] = dict(zip(section.objects, rest, strict=True))
        gap = False
    return Table(sections, words)
