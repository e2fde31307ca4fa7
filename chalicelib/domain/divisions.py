"""Administrative divisions (GB/T 2260 codes padded to 12 digits) and their five levels.

Level numbers follow the exchange standard's 行使层级 (1 national … 6 village), not the depth below
the region, so that an exercise level and a division's level compare directly.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    """行使层级: who exercises a power, and the level of a division."""

    NATIONAL = 1
    REGION = 2
    LEAGUE = 3
    BANNER = 4
    TOWNSHIP = 5
    VILLAGE = 6


_LENGTH = {Level.REGION: 2, Level.LEAGUE: 4, Level.BANNER: 6, Level.TOWNSHIP: 9, Level.VILLAGE: 12}


def level_of(code: str) -> Level:
    """The level that a 12-digit code stands for, from its trailing zeros."""
    for level, length in _LENGTH.items():
        if code[length:].strip("0") == "":
            return level
    raise AssertionError("unreachable: a village code uses all twelve digits")


def ancestor(code: str, level: Level) -> str | None:
    """The division of ``level`` that contains ``code``; None if ``code`` is above that level."""
    if level not in _LENGTH or level_of(code) < level:
        return None
    return code[: _LENGTH[level]].ljust(12, "0")


def contains(outer: str, inner: str) -> bool:
    """True if ``inner`` is ``outer`` itself or lies within it."""
    return inner.startswith(outer[: _LENGTH[level_of(outer)]])


@dataclass(frozen=True, slots=True)
class Division:
    """One division. ``administrative`` is False for statistical zones, farms and the like."""

    code: str
    name: str
    level: Level
    parent: str | None
    administrative: bool = True
    aliases: tuple[str, ...] = ()
