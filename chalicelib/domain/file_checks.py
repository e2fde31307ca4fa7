"""Is a file what it says it is, and nothing besides? Judged by content alone, without opening it as a program would.

Structure is all that is looked at: no picture is decoded, no page laid out. Whatever cannot be seen through is refused
(``Flaw.OBSCURE``), so that a mistake here costs somebody a second export, and nobody a virus. Work and memory are
bounded: what a file unpacks to is read in pieces and never beyond a limit (docs/uploads.md).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum

MOST_PIXELS = 100_000_000
MOST_SIDE = 30_000

PIECE = 1 << 20
"""Compressed content is unpacked in pieces of this size."""

_BITE = 1 << 16


class MediaType(StrEnum):
    """The types of files that can be judged."""

    PDF = "application/pdf"
    JPEG = "image/jpeg"
    PNG = "image/png"
    OFD = "application/ofd"  # GB/T 33190


class Flaw(StrEnum):
    """Why a file is refused; the values are codes of sentences (data/problems/uploads.json)."""

    OTHER_CONTENT = "upload.other-content"  # not the bytes that were announced
    OTHER_TYPE = "upload.other-type"
    DAMAGED = "upload.damaged"
    TRAILING = "upload.trailing-data"
    TWO_IN_ONE = "upload.two-in-one"
    ACTIVE = "upload.active-content"
    ENCRYPTED = "upload.encrypted"
    OBSCURE = "upload.obscure"
    EXPANDS = "upload.expands"
    PICTURE_SIZE = "upload.picture-size"
    ENTRIES = "upload.too-many-entries"
    ENTRY_NAME = "upload.entry-name"
    ENTRY_TYPE = "upload.entry-type"
    NESTED = "upload.nested-archive"
    INFECTED = "upload.infected"


Check = Callable[[bytes], Iterator[Flaw]]

_MAGIC: Mapping[MediaType, bytes] = {
    MediaType.PDF: b"%PDF-",
    MediaType.JPEG: b"\xff\xd8\xff",
    MediaType.PNG: b"\x89PNG\r\n\x1a\n",
    MediaType.OFD: b"PK\x03\x04",
}

ARCHIVES = (b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\xfd7zXZ\x00", b"MSCF\x00\x00\x00\x00")
"""Beginnings of archives that are long enough not to turn up by chance in compressed data."""

_MARKUP = re.compile(rb"<(?:script|html|\?php|!doctype\s+html|iframe|object\s|embed\s)", re.IGNORECASE)
_ZIP_END = b"PK\x05\x06"
_ZIP_TAIL = 22 + 0xFFFF  # within so many bytes of the end a reader of ZIP looks for the archive
_PDF_HEAD = 1024  # within so many bytes of the start a reader of PDF looks for the document


def judge(media_type: MediaType, content: bytes) -> frozenset[Flaw]:
    """Every flaw that was found; empty for a file of this type that is sound and nothing else."""
    if not content.startswith(_MAGIC[media_type]):
        return frozenset({Flaw.OTHER_TYPE})
    if two_in_one(media_type, content):
        return frozenset({Flaw.TWO_IN_ONE})
    return frozenset(_check_of(media_type)(content))


def two_in_one(media_type: MediaType, content: bytes) -> bool:
    """True if another program could find a file of its own kind in it."""
    if media_type is not MediaType.OFD and _ZIP_END in content[-_ZIP_TAIL:]:
        return True
    if media_type is not MediaType.PDF and b"%PDF-" in content[:_PDF_HEAD]:
        return True
    if content[257:262] == b"ustar" or content[0x8001:0x8006] == b"CD001":
        return True
    return any(start in content for start in ARCHIVES) or _MARKUP.search(content) is not None


def has_markup(content: bytes) -> bool:
    """True if a browser could find something to run."""
    return _MARKUP.search(content) is not None


def unpacked(compressed: memoryview, limit: int, *, raw: bool = False) -> Iterator[bytes]:
    """What deflated data holds, piece by piece, up to the end of the stream or a little over ``limit`` bytes.

    What follows the end of the stream is not looked at. Raises zlib.error for data that is damaged or ends too early.
    """
    machine = zlib.decompressobj(-zlib.MAX_WBITS if raw else zlib.MAX_WBITS)
    total, start = 0, 0
    while not machine.eof and total <= limit:
        if not machine.unconsumed_tail and start >= len(compressed):
            raise zlib.error("the compressed data ends too early")
        given: bytes | memoryview = machine.unconsumed_tail
        if not given:
            given = compressed[start : start + _BITE]
            start += _BITE
        piece = machine.decompress(given, PIECE)
        total += len(piece)
        yield piece


def _check_of(media_type: MediaType) -> Check:
    # These know the words of this module, so they are asked for only here.
    from chalicelib.domain import jpeg_files, ofd_files, pdf_files, png_files

    return {
        MediaType.PDF: pdf_files.flaws,
        MediaType.JPEG: jpeg_files.flaws,
        MediaType.PNG: png_files.flaws,
        MediaType.OFD: ofd_files.flaws,
    }[media_type]
