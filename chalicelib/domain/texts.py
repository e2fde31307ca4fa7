"""Text that people are asked to trust must say what it seems to say.

Names in every script are ordinary input: Chinese with rare characters, Mongolian script with its joiners and variation
selectors, combining marks. Refused is only what deceives a reader: invisible or direction-changing characters, letters
of another alphabet among look-alikes (Unicode TR 39), radicals in place of ideographs.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from chalicelib.domain.errors import Violation

_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
_INVISIBLE = frozenset("\u200b\u2060\u2061\u2062\u2063\u2064\ufeff\u00ad\u115f\u1160\u3164\uffa0\ufffc")
# Written Mongolian needs them: NNBSP, MVS and the free variation selectors; joiners shape many scripts.
_NEEDED = frozenset("\u202f\u180b\u180c\u180d\u180e\u180f\u200c\u200d")
_RADICALS = (("\u2e80", "\u2fdf"),)
_CONFUSABLE = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")


def violations(data: object, pointer: str = "") -> Iterator[Violation]:
    """Every deceiving text in a JSON value, each with its pointer."""
    if isinstance(data, str):
        code = _problem(data)
        if code:
            yield Violation(code, pointer)
    elif isinstance(data, Mapping):
        for name, value in data.items():
            yield from violations(value, f"{pointer}/{str(name).replace('~', '~0').replace('/', '~1')}")
    elif isinstance(data, Sequence):
        for index, value in enumerate(data):
            yield from violations(value, f"{pointer}/{index}")


def _problem(text: str) -> str | None:
    if any(ch in _DIRECTION for ch in text):
        return "text.direction-control"
    if any(ch in _INVISIBLE or _is_control(ch) for ch in text):
        return "text.invisible"
    if any(low <= ch <= high for ch in text for low, high in _RADICALS):
        return "text.radical"
    if any(len(_alphabets(word)) > 1 for word in _words(text)):
        return "text.look-alike"
    return None


def _is_control(ch: str) -> bool:
    category = unicodedata.category(ch)
    return (category == "Cc" and ch not in "\n\t") or (category == "Cf" and ch not in _NEEDED)


def _words(text: str) -> Iterator[str]:
    return ("".join(run) for is_letter, run in groupby(text, str.isalpha) if is_letter)


def _alphabets(word: str) -> set[str]:
    """The alphabets with look-alike letters that a word mixes."""
    names = {unicodedata.name(ch, "").split(" ", 1)[0] for ch in word}
    return names.intersection(_CONFUSABLE)
