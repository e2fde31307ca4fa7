"""The structure of a PDF file (ISO 32000-2), as far as it must be known to refuse what acts by itself."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.domain.file_checks import Flaw, unpacked

MOST_UNPACKED = 96 * 1024 * 1024
"""Of everything in a file but its pictures: text, drawings, fonts, object streams."""

MOST_STREAMS = 20_000

_HEADER = re.compile(rb"%PDF-(?:1\.[0-7]|2\.0)[\r\n \t]")
_TRAILER = re.compile(rb"startxref[\r\n \t]+(\d{1,10})[\r\n \t]+%%EOF[\r\n \t\x00]*\Z")
_TAIL = 2048
_XREF = re.compile(rb"[\r\n \t]*(?:xref[\r\n \t]|\d+[\r\n \t]+\d+[\r\n \t]+obj)")

_END = rb"(?=[\x00\t\n\f\r ()<>\[\]{}/%]|\Z)"
# What runs, starts programs, carries or fetches other files, or sends data away (ISO 32000-2, 12.6 and 7.11).
_ACTIVE = re.compile(
    rb"/(?:JavaScript|Launch|EmbeddedFiles?|RichMedia|Rendition|XFA|SubmitForm|ImportData|GoToE|GoToR|Movie)" + _END
)
_ENCRYPTED = re.compile(rb"/Encrypt" + _END)
_LONGEST_NAME = 32  # pieces overlap by so much, so that no name is cut in two

_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_STREAM = re.compile(rb"(?<!end)stream[ \t]*(?:\r\n|\n|\r)")
_BEFORE = 2048  # the dictionary of a stream stands in so many bytes before it
_OBJECTS = re.compile(rb"/ObjStm" + _END)
_PICTURE = re.compile(rb"/Subtype[\x00\t\n\f\r ]*/Image" + _END)
_FILTER = re.compile(rb"/Filter[\x00\t\n\f\r ]*(\[[^\]]*\]|/[^\x00\t\n\f\r ()<>\[\]{}/%]+|[^/\[])")
_PLAIN_FILTER = re.compile(rb"\[?[\x00\t\n\f\r ]*/(?:FlateDecode|Fl)[\x00\t\n\f\r ]*\]?")
_FLATE = re.compile(rb"/(?:FlateDecode|Fl)" + _END)
_PREDICTOR = re.compile(rb"/(?:Predictor|DecodeParms|DP)" + _END)


def flaws(content: bytes) -> Iterator[Flaw]:
    """What is wrong with a PDF file."""
    if not _HEADER.match(content):
        yield Flaw.DAMAGED
    trailer = _TRAILER.search(content, max(0, len(content) - _TAIL))
    if trailer is None:
        ended = b"%%EOF" in content
        yield Flaw.TRAILING if ended else Flaw.DAMAGED
    elif not _XREF.match(content, min(int(trailer[1]), len(content))):
        yield Flaw.DAMAGED
    # A name may be written with escapes (/J#61vaScript); they are undone everywhere, which can only find too much.
    spelt = _spelt_out(content)
    if _ACTIVE.search(spelt):
        yield Flaw.ACTIVE
    if _ENCRYPTED.search(spelt):
        yield Flaw.ENCRYPTED
    else:
        yield from _hidden(content, len(_OBJECTS.findall(spelt)))


def _hidden(content: bytes, object_streams: int) -> Iterator[Flaw]:
    """What stands in compressed streams. Objects may stand there, too, so each of those must be seen through."""
    view = memoryview(content)
    left = MOST_UNPACKED
    seen = 0
    for number, found in enumerate(_STREAM.finditer(content)):
        told = _spelt_out(content[max(0, found.start() - _BEFORE) : found.start()]).rpartition(b"endobj")[2]
        holds_objects = _OBJECTS.search(told) is not None
        seen += holds_objects
        if number >= MOST_STREAMS or (holds_objects and _filtered_strangely(told)):
            yield Flaw.OBSCURE
            return
        if not _FLATE.search(told) or (_PICTURE.search(told) and not holds_objects):
            continue
        inside = _look_inside(view[found.end() :], left)
        left -= inside.size
        # Damage in a font is a blemish; damage where objects stand may be something that only we cannot read.
        if inside.active or left < 0 or (inside.broken and holds_objects):
            yield Flaw.ACTIVE if inside.active else Flaw.EXPANDS if left < 0 else Flaw.OBSCURE
            return
    if seen < object_streams:
        yield Flaw.OBSCURE


@dataclass(frozen=True, slots=True)
class _Inside:
    size: int
    active: bool = False
    broken: bool = False


def _look_inside(compressed: memoryview, limit: int) -> _Inside:
    """How many bytes came out, whether a forbidden name was among them, and whether it went wrong."""
    total, rest = 0, b""
    try:
        for piece in unpacked(compressed, limit):
            total += len(piece)
            text = _spelt_out(rest + piece)
            if _ACTIVE.search(text):
                return _Inside(total, active=True)
            rest = text[-_LONGEST_NAME:]
    except zlib.error:
        return _Inside(total, broken=True)
    return _Inside(total)


def _filtered_strangely(told: bytes) -> bool:
    """True if a stream is packed in another way than plain deflating."""
    given = _FILTER.search(told)
    return (given is not None and _PLAIN_FILTER.fullmatch(given[1]) is None) or _PREDICTOR.search(told) is not None


def _spelt_out(text: bytes) -> bytes:
    return _ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), text) if b"#" in text else text
