"""The structure of a PNG picture (ISO/IEC 15948): chunks from the signature to IEND, and nothing behind it."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chalicelib.domain.file_checks import MOST_PIXELS, MOST_SIDE, Flaw, unpacked

MOST_DECODED = 200 * 1024 * 1024
MOST_TEXT = 1024 * 1024  # of a compressed text or colour profile
_SIGNATURE = 8
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_PACKED = frozenset({b"zTXt", b"iCCP", b"iTXt"})
# Start and step of the seven passes of an interlaced picture: x, y, width of a step, height of a step.
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


@dataclass(frozen=True, slots=True)
class _Chunk:
    kind: bytes
    start: int  # of its data
    size: int
    sound: bool

    @property
    def end(self) -> int:
        return self.start + self.size + 4


def flaws(content: bytes) -> Iterator[Flaw]:
    """What is wrong with a PNG picture."""
    chunks = list(_chunks(content))
    if not _whole(chunks):
        yield Flaw.DAMAGED
        return
    if chunks[-1].end != len(content):
        yield Flaw.TRAILING
        return
    width, height, depth, colour, _, _, interlaced = struct.unpack_from(">IIBBBBB", content, chunks[0].start)
    if not (width and height) or colour not in _CHANNELS or depth not in (1, 2, 4, 8, 16) or interlaced > 1:
        yield Flaw.DAMAGED
        return
    decoded = _decoded_size(width, height, depth * _CHANNELS[colour], interlaced == 1)
    if width > MOST_SIDE or height > MOST_SIDE or width * height > MOST_PIXELS or decoded > MOST_DECODED:
        yield Flaw.PICTURE_SIZE
        return
    yield from _packed(content, chunks, decoded)


def _chunks(content: bytes) -> Iterator[_Chunk]:
    """The chunks up to IEND, or to the first that does not fit."""
    at = _SIGNATURE
    while at + 12 <= len(content):
        size, kind = struct.unpack_from(">I4s", content, at)
        end = at + 12 + size
        if end > len(content):
            yield _Chunk(kind, at + 8, 0, sound=False)
            return
        checksum = zlib.crc32(memoryview(content)[at + 4 : end - 4])
        yield _Chunk(kind, at + 8, size, sound=checksum == struct.unpack_from(">I", content, end - 4)[0])
        if kind == b"IEND":
            return
        at = end


def _whole(chunks: Sequence[_Chunk]) -> bool:
    if not chunks or not all(c.sound and c.kind.isalpha() for c in chunks):
        return False
    kinds = [c.kind for c in chunks]
    data = [i for i, kind in enumerate(kinds) if kind == b"IDAT"]
    return (
        (kinds[0], chunks[0].size, kinds[-1], chunks[-1].size) == (b"IHDR", 13, b"IEND", 0)
        and kinds.count(b"IHDR") == 1
        and bool(data)
        and data == list(range(data[0], data[-1] + 1))
    )


def _decoded_size(width: int, height: int, bits: int, interlaced: bool) -> int:
    """How many bytes the picture's data must unpack to: each row has its filter byte."""
    if not interlaced:
        return height * (1 + (width * bits + 7) // 8)
    total = 0
    for x, y, across, down in _ADAM7:
        columns, rows = -(-max(0, width - x) // across), -(-max(0, height - y) // down)
        total += rows * (1 + (columns * bits + 7) // 8) if columns else 0
    return total


def _packed(content: bytes, chunks: Sequence[_Chunk], decoded: int) -> Iterator[Flaw]:
    """Does the picture's data hold what its header says; are texts and profiles of a bearable size?"""
    data = b"".join(content[c.start : c.start + c.size] for c in chunks if c.kind == b"IDAT")
    try:
        found = sum(len(piece) for piece in unpacked(memoryview(data), decoded))
    except zlib.error:
        found = -1
    if found != decoded:
        yield Flaw.EXPANDS if found > decoded else Flaw.DAMAGED
    if sum(c.size for c in chunks if c.kind in _PACKED) > MOST_TEXT or any(
        _text_size(content, c) > MOST_TEXT for c in chunks if c.kind in _PACKED
    ):
        yield Flaw.EXPANDS


def _text_size(content: bytes, chunk: _Chunk) -> int:
    """How large a compressed text or profile becomes; 0 if it cannot be unpacked by anybody."""
    body = content[chunk.start : chunk.start + chunk.size]
    keyword = body.find(b"\0")
    if keyword < 0:
        return 0
    start = keyword + 2
    if chunk.kind == b"iTXt":
        if body[keyword + 1 : keyword + 2] != b"\1":
            return len(body)
        language = body.find(b"\0", keyword + 3)
        start = body.find(b"\0", language + 1) + 1
    try:
        return sum(len(piece) for piece in unpacked(memoryview(body)[start:], MOST_TEXT))
    except zlib.error:
        return 0
