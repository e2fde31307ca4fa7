"""Reading the administrative divisions: one by its code, or a listing by parent, name and level."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from chalicelib.domain.divisions import Division, DivisionIndex, Level
from chalicelib.domain.errors import Invalid, NotFound
from chalicelib.services.ports import Page


@dataclass(frozen=True, slots=True)
class DivisionQuery:
    """What a listing is narrowed to. Without ``name`` and ``level``: the children of ``parent``."""

    parent: str
    name: str = ""
    level: Level | None = None


def get(divisions: DivisionIndex, code: str, *, mca: bool = False) -> tuple[Division, tuple[Division, ...]]:
    """A division and its ancestors, from the region down.

    ``mca``: the code is one of the Ministry of Civil Affairs. Raises NotFound ``division.unknown``.
    """
    division = divisions.by_mca_code(code) or _same_code(divisions, code) if mca else divisions.get(code)
    if division is None:
        raise NotFound.because("division.unknown", "/path/code", division=code)
    return division, divisions.ancestors(division.code)


def _same_code(divisions: DivisionIndex, code: str) -> Division | None:
    """The division whose code both authorities share: one without an alias of its own."""
    division = divisions.get(code)
    return division if division is not None and not division.aliases else None


def listing(divisions: DivisionIndex, wanted: DivisionQuery, after: str | None, limit: int) -> Page[Division]:
    """A page of divisions in order of code. Raises Invalid for an unknown parent."""
    if divisions.get(wanted.parent) is None:
        raise Invalid.because("division.unknown", "/query/parent", division=wanted.parent)
    found = (d for d in _matching(divisions, wanted) if after is None or d.code > after)
    rows = list(islice(found, limit + 1))
    return Page(rows[:limit], rows[limit - 1].code if len(rows) > limit else None)


def _matching(divisions: DivisionIndex, wanted: DivisionQuery) -> Iterator[Division]:
    if wanted.name:
        return divisions.find(wanted.name, wanted.parent, wanted.level)
    if wanted.level is not None:
        return divisions.within(wanted.parent, wanted.level)
    return divisions.children(wanted.parent)
