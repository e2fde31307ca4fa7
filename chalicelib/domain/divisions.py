"""Administrative divisions (GB/T 2260 codes padded to 12 digits) and their five levels.

Level numbers follow the exchange standard's 行使层级 (1 national … 6 village), not the depth below
the region, so that an exercise level and a division's level compare directly.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache


class Level(IntEnum):
    """行使层级: who exercises a power, and the level of a division."""

    NATIONAL = 1
    REGION = 2
    LEAGUE = 3
    BANNER = 4
    TOWNSHIP = 5
    VILLAGE = 6


_LENGTH = {Level.REGION: 2, Level.LEAGUE: 4, Level.BANNER: 6, Level.TOWNSHIP: 9, Level.VILLAGE: 12}


@lru_cache(maxsize=1 << 15)
def level_of(code: str) -> Level:
    """The level that a 12-digit code stands for, from its trailing zeros.

    Remembered: answers about places ask it of every place of a banner.
    """
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


# -- names ------------------------------------------------------------------------------------

_VILLAGE_ENDINGS = (
    # longest first: the committee's name, then what kind of place it serves
    ("嘎查村民委员会", "嘎查"),
    ("社区居民委员会", "社区"),
    ("嘎查委员会", "嘎查"),
    ("社区委员会", "社区"),
    ("社区居委会", "社区"),
    ("村民委员会", "村"),
    ("居民委员会", "社区"),
    ("嘎查村委会", "嘎查"),
    ("嘎查委会", "嘎查"),
    ("村民委会", "村"),
    ("嘎查村", "嘎查"),
    ("居委会", "社区"),
    ("村委会", "村"),
    ("社区", "社区"),
    ("嘎查", "嘎查"),
    ("村委", "村"),
    ("村", "村"),
)
_TOWNSHIP_ENDINGS = ("街道办事处", "街道", "苏木", "镇", "乡")


def village_name(name: str) -> tuple[str, str]:
    """Split a village row's name into its stem and the kind of place (嘎查, 村, 社区; empty if unknown).

    The statistics bureau lists the committee (村委会, 嘎查村民委员会 …), people say the place.
    """
    for ending, kind in _VILLAGE_ENDINGS:
        if name.endswith(ending) and len(name) > len(ending):
            return name.removesuffix(ending), kind
    return name, ""


def is_administrative(code: str, name: str) -> bool:
    """Whether a row is a division in law, and not a statistical zone, farm, park or virtual community.

    Counties: fifth digit 7 marks a zone. Below, only the name tells: the statistics bureau's seventh
    and tenth digits mix farms with real streets and villages.
    """
    level = level_of(code)
    if level is Level.BANNER:
        return code[4] != "7"
    if level is Level.TOWNSHIP:
        return name.endswith(_TOWNSHIP_ENDINGS)
    if level is Level.VILLAGE:
        return "虚拟" not in name and village_name(name)[1] != ""
    return True


def service_place_name(division: Division) -> str:
    """The prescribed name of a division's service place (实施意见 二(二)2: 政务服务中心, 便民服务中心, 便民服务站)."""
    if division.level is Level.VILLAGE:
        stem, kind = village_name(division.name)
        return f"{stem if stem.endswith(kind) else stem + kind}便民服务站"
    if division.level is Level.TOWNSHIP:
        return f"{division.name.removesuffix('办事处')}便民服务中心"
    return f"{division.name}政务服务中心"


def name_matches(division: Division, wanted: str) -> bool:
    """Whether ``wanted`` names the division: a part of its name, or the same stem under another ending."""
    if not wanted or wanted in division.name:
        return True
    if division.level is not Level.VILLAGE:
        return False
    stem, kind = village_name(wanted)
    own_stem, own_kind = village_name(division.name)
    return kind != "" and stem == own_stem and kind == own_kind


class DivisionIndex:
    """All divisions of a region, looked up without parsing what nobody asks for.

    Built from lines ``code,name,mca`` sorted by code (``mca`` only where the Ministry of Civil Affairs
    uses another code). Sorted codes make every subtree one contiguous run, so a lookup is a bisection.
    """

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()
        self._aliases: dict[str, str] | None = None

    def __len__(self) -> int:
        return len(self._lines)

    def get(self, code: str) -> Division | None:
        """The division with this code of the statistics bureau."""
        if len(code) != 12 or not code.isdigit():
            return None
        at = bisect_left(self._lines, code)
        if at == len(self._lines) or not self._lines[at].startswith(code):
            return None
        return _division(self._lines[at])

    def by_mca_code(self, code: str) -> Division | None:
        """The township that the Ministry of Civil Affairs calls by this code.

        Kept apart from ``get``: 205 of its codes are the bureau's codes of *other* townships.
        """
        if self._aliases is None:
            own = (line.rsplit(",", 2) for line in self._lines if not line.endswith(","))
            self._aliases = {mca: head for head, _, mca in own}
        canonical = self._aliases.get(code)
        return self.get(canonical) if canonical else None

    def children(self, code: str) -> Iterator[Division]:
        """The divisions one level below, in order of code."""
        level = level_of(code)
        if level is Level.VILLAGE:
            return
        prefix = code[: _LENGTH[level]]
        end, width = prefix + "~", _LENGTH[Level(level + 1)]
        at = bisect_left(self._lines, prefix.ljust(width, "0") + "~")
        while at < len(self._lines) and self._lines[at] < end:
            child = _division(self._lines[at])
            yield child
            at = bisect_left(self._lines, child.code[:width] + "~", at)

    def within(self, code: str, level: Level | None = None) -> Iterator[Division]:
        """The division itself and everything below it, in order of code; of one level if named."""
        for line in self._run(code):
            if level is None or level_of(line[:12]) is level:
                yield _division(line)

    def _run(self, code: str) -> Iterator[str]:
        prefix = code[: _LENGTH[level_of(code)]]
        for at in range(bisect_left(self._lines, prefix), bisect_left(self._lines, prefix + "~")):
            yield self._lines[at]

    def ancestors(self, code: str) -> tuple[Division, ...]:
        """The chain from the region down to, but without, the division itself."""
        level = level_of(code)
        codes = (ancestor(code, Level(upper)) for upper in range(Level.REGION, level))
        found = (self.get(upper) for upper in codes if upper is not None)
        return tuple(division for division in found if division is not None)

    def find(self, name: str, within: str, level: Level | None = None) -> Iterator[Division]:
        """Divisions inside ``within`` whose name matches (see ``name_matches``), in order of code."""
        stem = village_name(name)[0]
        for line in self._run(within):
            if stem not in line:  # cheap: most lines end here
                continue
            division = _division(line)
            if (level is None or division.level is level) and name_matches(division, name):
                yield division


def _division(line: str) -> Division:
    code, name, mca = line.split(",")
    level = level_of(code)
    parent = ancestor(code, Level(level - 1)) if level > Level.REGION else None
    aliases = (f"mca:{mca}",) if mca else ()
    return Division(code, name, level, parent, is_administrative(code, name), aliases)
