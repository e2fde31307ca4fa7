"""Build ``chalicelib/data/catalog/initials.json``: for each pinyin initial the characters it stands for.

    python -m infra.data.build_initials        (needs the development dependency pypinyin)

All characters of GB 2312, so that names of later items are found too. A character whose common
readings begin with different letters stands under each of them (行: h and x).
"""

from __future__ import annotations

import json
from pathlib import Path

from pypinyin import Style, lazy_pinyin

TARGET = Path(__file__).resolve().parents[2] / "chalicelib" / "data" / "catalog" / "initials.json"
# Common double readings in names of items and bodies; a dictionary's full list would match nearly anything.
DOUBLE = {
    "h": "行会还",
    "x": "行校降",
    "z": "重长藏传",
    "c": "重长藏传参",
    "d": "调单的",
    "t": "调弹",
    "l": "率乐",
    "s": "率石什",
    "y": "乐",
    "j": "校降车会",
    "s ": "参单",
}


def build() -> dict[str, str]:
    """Initial letter to characters, in the order of GB 2312."""
    table: dict[str, list[str]] = {}
    for high in range(0xB0, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                character = bytes((high, low)).decode("gb2312")
            except UnicodeDecodeError:
                continue
            letter = lazy_pinyin(character, style=Style.FIRST_LETTER)[0]
            letters = {letter} | {key.strip() for key, also in DOUBLE.items() if character in also}
            for each in letters:
                table.setdefault(each, []).append(character)
    return {letter: "".join(characters) for letter, characters in sorted(table.items()) if letter.isascii()}


def main() -> None:
    """Command line entry."""
    document = {"format": 1, "note": "Built by infra/data/build_initials.py with pypinyin.", "initials": build()}
    TARGET.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
