"""Makes the fonts of printed documents: ``python -m infra.fonts FOLDER`` writes ``chalicelib/data/fonts``.

FOLDER holds, at any depth, the font files named below, as Debian 12 packages them (fonts-noto-cjk, fonts-noto-core,
fonts-hanazono; ``apt-get download`` and ``dpkg-deb -x``). Their digests are pinned, so that the same subsets come out
again. Hints and what no document needs are left out. Licences and reasons: docs/adr/0011.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import sys
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

from infra.generated import ROOT

TARGET = ROOT / "chalicelib/data/fonts"
COVERAGE = "coverage.txt"
_SIMPLIFIED = "Noto Serif CJK SC"
_NAMES = (1, 4, 6, 16)  # of the naming table: family, full name, PostScript name, typographic family


@dataclass(frozen=True, slots=True)
class Source:
    """One font of the chain. ``blocks``: the ranges of code points that are taken from it, both ends included."""

    file: str
    sha256: str
    family: str
    target: str
    blocks: tuple[tuple[int, int], ...]
    everyday: bool = False  # only the characters of GB 2312: headings
    rest: bool = False  # only what no font before it has


_LATIN = ((0x20, 0x24F), (0x1E00, 0x1EFF), (0x2010, 0x2044))
_EAST = (
    (0x20, 0x7E),
    (0xA0, 0xFF),
    (0x2010, 0x202E),  # not the narrow space, by which Mongolian suffixes hang
    (0x2030, 0x206F),
    (0x2100, 0x27BF),
    (0x2E80, 0x9FFF),
    (0xF900, 0xFAFF),
    (0xFE10, 0xFE4F),
    (0xFF00, 0xFFEF),
    (0x20000, 0x323AF),
)
CHAIN = (
    Source(
        "NotoSerifCJK-Regular.ttc",
        "a04178ec485dffdff7cc0c0c20e1fce9202d7e2160d805e8e44a4c8841c58481",
        "OneWindow Song",
        "song-regular.otf",
        _EAST,
    ),
    Source(
        "NotoSerifCJK-Bold.ttc",
        "a5d4b046c127da3d7c72f98b46c41489cd29bf52abfdf18aba920903e920d4ac",
        "OneWindow Heading",
        "song-bold.otf",
        _EAST,
        everyday=True,
    ),
    Source(
        "NotoSerif-Regular.ttf",
        "9d7583b7dc9e812afd32a14280c5cac3160012efe50c8d08938f4fea266ff67f",
        "OneWindow Letters",
        "letters.ttf",
        (*_LATIN, (0x370, 0x52F)),
    ),
    Source(
        "NotoSansMongolian-Regular.ttf",
        "601afb9f08fbbc39f0cf72cb7e11079ada6fa3feed1fadca8e6e5095e7957687",
        "OneWindow Mongolian",
        "mongolian.ttf",
        ((0x1800, 0x18AF), (0x11660, 0x1166C), (0x202F, 0x202F), (0x200C, 0x200D)),
    ),
    Source(
        "HanaMinB.ttf",
        "829543436cdf7b4c6730e2af5806fa406f8ddf0d4b656e0cd49c58d4db1c8d3c",
        "OneWindow Rare",
        "rare.ttf",
        ((0x20000, 0x323AF),),
        rest=True,
    ),
)


def make(folder: Path, target: Path = TARGET) -> None:
    """Write every subset and the list of what they cover. Raises ValueError for a font file that is another one."""
    target.mkdir(parents=True, exist_ok=True)
    covered: set[int] = set()
    for source in CHAIN:
        font = _load(folder, source)
        wanted = {code for code in font.getBestCmap() if _within(code, source.blocks)}
        if source.everyday:
            wanted &= everyday()
        if source.rest:
            wanted -= covered
        (target / source.target).write_bytes(_subset(font, wanted, source.family))
        covered |= wanted
        print(f"{source.target}: {len(wanted)} characters, {(target / source.target).stat().st_size / 1e6:.1f} MB")
    (target / COVERAGE).write_text(ranges(covered), encoding="ascii")


def everyday() -> set[int]:
    """The characters of GB 2312: what headings are written in."""
    return {
        ord(bytes((row, cell)).decode("gb2312", "ignore") or " ")
        for row in range(0xA1, 0xF8)
        for cell in range(0xA1, 0xFF)
    }


def ranges(codes: Collection[int]) -> str:
    """Code points as lines ``first-last`` in hex."""
    lines, ordered = [], sorted(codes)
    start = 0
    for at in range(1, len(ordered) + 1):
        if at == len(ordered) or ordered[at] != ordered[at - 1] + 1:
            lines.append(f"{ordered[start]:X}-{ordered[at - 1]:X}\n")
            start = at
    return "".join(lines)


def _within(code: int, blocks: Iterable[tuple[int, int]]) -> bool:
    return any(first <= code <= last for first, last in blocks)


def _load(folder: Path, source: Source) -> TTFont:
    path = next(iter(sorted(folder.rglob(source.file))), None)
    if path is None:
        raise ValueError(f"{source.file} is not below {folder}")
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != source.sha256:
        raise ValueError(f"{source.file} is another one than was pinned: {found}")
    if path.suffix != ".ttc":
        return TTFont(io.BytesIO(content), lazy=True)
    number = 0
    while True:
        font = TTFont(io.BytesIO(content), fontNumber=number, lazy=True)
        if font["name"].getDebugName(1) == _SIMPLIFIED or font["name"].getDebugName(16) == _SIMPLIFIED:
            return font
        number += 1


def _subset(font: TTFont, wanted: Collection[int], family: str) -> bytes:
    options = Options()
    options.hinting = False
    options.desubroutinize = False
    options.layout_features = ["*"] if "Mongolian" in family else ["kern", "palt", "halt", "chws", "mark", "ccmp"]
    options.name_IDs = [0, 1, 2, 4, 5, 6, 13, 14, 16, 17]  # copyright and licence stay in the font
    options.recalc_timestamp = False
    options.drop_tables += ["DSIG", "vhea", "vmtx", "VORG", "BASE"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=wanted)
    subsetter.subset(font)
    for record in font["name"].names:
        if record.nameID in _NAMES:
            record.string = family.replace(" ", "") if record.nameID == 6 else family
    made = io.BytesIO()
    font.save(made)
    return made.getvalue()


def main() -> int:
    """Command line; see the module's text."""
    parser = argparse.ArgumentParser(prog="python -m infra.fonts", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    try:
        make(parser.parse_args().folder)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
