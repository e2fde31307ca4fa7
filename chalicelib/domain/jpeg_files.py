"""The structure of a JPEG picture (ISO/IEC 10918-1, annex B): segments, scans, and the end where the end is."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.domain.file_checks import MOST_PIXELS, MOST_SIDE, Flaw

MOST_SCANS = 64
"""A progressive picture of thousands of scans is there to keep a decoder busy."""

MOST_PICTURES = 8
"""Cameras append previews and gain maps as further pictures (CIPA DC-007)."""

_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_KNOWN = frozenset({*range(0xC0, 0xD0), *range(0xD9, 0xFF)})
# In entropy-coded data FF is followed by 00, a restart marker or another FF; anything else is the next marker.
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


class _Broken(Exception):
    """The segments do not follow one another as they must."""


@dataclass(slots=True)
class _Picture:
    end: int
    width: int = 0
    height: int = 0
    scans: int = 0


def flaws(content: bytes) -> Iterator[Flaw]:
    """What is wrong with a JPEG picture."""
    at, pictures = 0, 0
    try:
        while at < len(content) and content.startswith(b"\xff\xd8\xff", at) and pictures < MOST_PICTURES:
            picture = _read(content, at)
            pictures += 1
            if not (picture.width and picture.height and picture.scans):
                yield Flaw.DAMAGED
                return
            if picture.scans > MOST_SCANS or not _bearable(picture):
                yield Flaw.PICTURE_SIZE
                return
            at = _after_padding(content, picture.end)
    except (_Broken, struct.error):
        yield Flaw.DAMAGED
        return
    if at < len(content):
        yield Flaw.TRAILING


def _bearable(picture: _Picture) -> bool:
    return max(picture.width, picture.height) <= MOST_SIDE and picture.width * picture.height <= MOST_PIXELS


def _read(content: bytes, start: int) -> _Picture:
    """Walk from SOI to EOI. Raises _Broken."""
    at = start + 2
    picture = _Picture(0)
    while True:
        while content[at : at + 2] == b"\xff\xff":  # fill bytes
            at += 1
        mark, kind = struct.unpack_from(">BB", content, at)
        if mark != 0xFF or kind not in _KNOWN:
            raise _Broken
        if kind == _EOI:
            picture.end = at + 2
            return picture
        (size,) = struct.unpack_from(">H", content, at + 2)
        if size < 2 or at + 2 + size > len(content):
            raise _Broken
        if kind in _FRAMES:
            height, width = struct.unpack_from(">HH", content, at + 5)
            picture.width, picture.height = max(width, picture.width), max(height, picture.height)
        at += 2 + size
        if kind == _SOS:
            picture.scans += 1
            following = _MARKER.search(content, at)
            if following is None:
                raise _Broken
            at = following.start()


def _after_padding(content: bytes, at: int) -> int:
    """Some cameras fill up to a full block with zeros."""
    while at < len(content) and content[at] == 0:
        at += 1
    return at
