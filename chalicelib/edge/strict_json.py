"""The one way in which JSON enters: RFC 8259 to the letter, and a little narrower (RFC 7493, I-JSON).

Python's own loader takes NaN, keeps the last of two equal members, dies on deep nesting and lets lone
surrogates through, each of which means something else to the next program that reads the data. What
passes here can be hashed by RFC 8785 without further thought.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from chalicelib.domain.errors import Violation
from chalicelib.edge.problems import Malformed, TooLarge
from chalicelib.schemas.validation import join_pointer

MOST_BYTES = 256 * 1024
MOST_DEPTH = 32
GREATEST = 2**53 - 1
"""Beyond this an integer is not the same number in every program (RFC 8259, 6)."""

_BOM = b"\xef\xbb\xbf"
_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\Z)|[\[\]{}]', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Control characters other than line feed and tab."""


def parse_json(raw: bytes) -> Any:
    """The value of a JSON text.

    Integral numbers are ints even when written ``1.0``, so that code after a schema's ``integer`` gets one.
    Raises TooLarge ``request.body-too-large``; Malformed with ``request.not-utf8``, ``request.bom``,
    ``request.too-deep``, ``request.not-json``, ``request.duplicate-member``, ``request.number-range`` or
    ``request.lone-surrogate``.
    """
    if len(raw) > MOST_BYTES:
        raise TooLarge.because("request.body-too-large", limit=MOST_BYTES // 1024)
    if raw.startswith(_BOM):
        raise Malformed.because("request.bom")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed.because("request.not-utf8") from None
    if _depth(raw) > MOST_DEPTH:
        raise Malformed.because("request.too-deep", limit=MOST_DEPTH)
    try:
        value = _DECODER.decode(text)
    except ValueError:
        raise Malformed.because("request.not-json") from None
    texts = ((place, text) for place, text in _scalars(value, "") if isinstance(text, str))
    surrogates = [Violation("request.lone-surrogate", place) for place, text in texts if _SURROGATE.search(text)]
    if surrogates:
        raise Malformed(*surrogates)
    return value


def content_violations(value: Any, pointer: str = "") -> list[Violation]:
    """What is JSON, but nothing that the platform keeps, each with its place.

    ``request.control-character``: a text, or the name of a member, with a control character other than line
    feed and tab. ``request.number-range``: a number like 1e300, whose canonical form is an integer that no
    program reads back exactly.
    """
    found = []
    for place, scalar in _scalars(value, pointer):
        if isinstance(scalar, str):
            if _CONTROL.search(scalar):
                found.append(Violation("request.control-character", place))
        elif abs(scalar) > GREATEST:
            found.append(Violation("request.number-range", place))
    return found


def _scalars(value: Any, pointer: str) -> Iterator[tuple[str, str | int | float]]:
    """Every text and number of a value with its place. Names of members come at the place of their object."""
    if isinstance(value, str | int | float):
        yield pointer, value
    elif isinstance(value, dict):
        for name, member in value.items():
            yield pointer, name
            yield from _scalars(member, join_pointer(pointer, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _scalars(item, join_pointer(pointer, index))


def _depth(raw: bytes) -> int:
    """The deepest nesting, found before anything recursive runs. Strings are skipped whole.

    The pattern takes an unclosed string to the end of the text and never goes back, so that no text
    makes it slow.
    """
    depth = deepest = 0
    for token in _BRACKETS.finditer(raw):
        first = raw[token.start()]
        if first in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif first in b"]}":
            depth -= 1
    return deepest


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Malformed.because("request.duplicate-member")
    return found


def _integer(digits: str) -> int:
    # The length first: turning a very long text into an int takes quadratic time.
    if len(digits) > len(str(-GREATEST)) or abs(number := int(digits)) > GREATEST:
        raise Malformed.because("request.number-range")
    return number


def _number(digits: str) -> int | float:
    number = float(digits)
    if not math.isfinite(number):
        raise Malformed.because("request.number-range")
    return int(number) if number.is_integer() and abs(number) <= GREATEST else number


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_members, parse_int=_integer, parse_float=_number, parse_constant=_constant
)
