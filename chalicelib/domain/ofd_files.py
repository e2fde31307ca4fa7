"""The structure of an OFD document (GB/T 33190): a ZIP package without surprises, whose parts are of known kinds.

The package is read twice over, by its directory and by its local headers, and both must tell the same: what two
readers see differently is how things are smuggled. Every part is unpacked once, in pieces, and its checksum compared.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chalicelib.domain.file_checks import ARCHIVES, Flaw, has_markup, unpacked

MOST_ENTRIES = 1_000
MOST_RATIO = 100
_NEGLIGIBLE = 64 * 1024  # a short part of one repeated line may shrink to nothing
MOST_UNPACKED = 96 * 1024 * 1024
MOST_XML = 16 * 1024 * 1024  # of one part: it is looked at as a whole

_END = struct.Struct("<4s4H2IH")
_ENTRY = struct.Struct("<4s6H3I5H2I")
_LOCAL = struct.Struct("<4s5H3I2H")
_STORED, _DEFLATED = 0, 8
_LOCKED, _DESCRIBED, _UTF8 = 1 << 0, 1 << 3, 1 << 11
_DESCRIPTOR = 16  # at most so many bytes may stand between the data of a part and the next part
_SYMLINK = 0xA000

_PICTURES_AND_FONTS = "png jpg jpeg bmp gif tif tiff jb2 jbig2 gbig2 ttf otf ttc cff icc"
_KINDS = frozenset(f"xml xbrl esl dat asn1 p7s cer {_PICTURES_AND_FONTS}".split())
"""Extensions of parts: descriptions, electronic seals (GB/T 38540), pictures, fonts."""

_OTHER_ARCHIVES = b"|".join(map(re.escape, ARCHIVES))
_ARCHIVE = re.compile(rb"PK\x03\x04|PK\x05\x06|\x1f\x8b\x08|BZh[1-9]|\x28\xb5\x2f\xfd|" + _OTHER_ARCHIVES)
_PROGRAM = re.compile(rb"MZ|\x7fELF|#!|\xca\xfe\xba\xbe|\xcf\xfa\xed\xfe|%PDF-")
_DECLARATIONS = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_HEAD = 512
_ROOT, _NAMESPACE = "OFD.xml", b"ofdspec.org"


class _Broken(Exception):
    """The package is not put together as it must be."""


@dataclass(frozen=True, slots=True)
class _Part:
    name: str
    raw_name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    mode: int


def flaws(content: bytes) -> Iterator[Flaw]:
    """What is wrong with an OFD document."""
    try:
        count, size, start = _directory(content)
        if count > MOST_ENTRIES:
            yield Flaw.ENTRIES
            return
        parts = _parts(content, count, size, start)
        found = [*_named(parts), *_kinds(parts)]
        yield from found
        if found:
            return
        yield from _contents(content, parts, start)
    except (_Broken, struct.error, zlib.error):
        yield Flaw.DAMAGED


# -- the directory ---------------------------------------------------------------------------------------


def _directory(content: bytes) -> tuple[int, int, int]:
    """How many parts, and where the directory lies. It must end where the file ends: no comment, nothing behind."""
    at = len(content) - _END.size
    if at < 0:
        raise _Broken
    mark, disk, first_disk, here, count, size, start, comment = _END.unpack_from(content, at)
    if mark != b"PK\x05\x06" or disk or first_disk or here != count or comment or start + size != at:
        raise _Broken
    return count, size, start


def _parts(content: bytes, count: int, size: int, start: int) -> list[_Part]:
    parts: list[_Part] = []
    at = start
    for _ in range(count):
        mark, _, _, flags, method, _, _, crc, packed, unpacked_size, named, extra, remark, disk, _, mode, offset = (
            _ENTRY.unpack_from(content, at)
        )
        if mark != b"PK\x01\x02" or disk:
            raise _Broken
        raw_name = content[at + _ENTRY.size : at + _ENTRY.size + named]
        parts.append(_Part(_decoded(raw_name), raw_name, flags, method, crc, packed, unpacked_size, offset, mode >> 16))
        at += _ENTRY.size + named + extra + remark
    if at != start + size or not parts:
        raise _Broken
    return parts


def _decoded(name: bytes) -> str:
    """Names are UTF-8, or GBK as older Chinese programs write them."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return name.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _Broken


def _named(parts: Sequence[_Part]) -> Iterator[Flaw]:
    """Names that lead out of the package, or mean two things."""
    seen: set[str] = set()
    for part in parts:
        steps = part.name.removeprefix("/").rstrip("/").split("/")
        strange = any(ord(ch) < 0x20 or ch in '\\:*?"<>|\x7f' for ch in part.name)
        # OFD writes paths inside the package from its root, but the names of parts never begin with a slash.
        if strange or part.name.startswith("/") or any(step in ("", ".", "..") for step in steps):
            yield Flaw.ENTRY_NAME
            return
        if part.name.casefold() in seen or part.mode & 0xF000 == _SYMLINK:
            yield Flaw.ENTRY_NAME
            return
        seen.add(part.name.casefold())


def _kinds(parts: Sequence[_Part]) -> Iterator[Flaw]:
    if any(part.flags & _LOCKED for part in parts):
        yield Flaw.ENCRYPTED
    for part in parts:
        is_folder = part.name.endswith("/")
        if part.method not in (_STORED, _DEFLATED) or (is_folder and part.size):
            yield Flaw.OBSCURE
            return
        if not is_folder and part.name.rpartition(".")[2].lower() not in _KINDS:
            yield Flaw.ENTRY_TYPE
            return
    if _ROOT not in {part.name for part in parts}:
        yield Flaw.OTHER_TYPE
    total, packed = sum(p.size for p in parts), sum(p.packed for p in parts)
    swollen = any(p.size > MOST_RATIO * p.packed + _NEGLIGIBLE for p in parts)
    if swollen or total > min(MOST_UNPACKED, MOST_RATIO * packed + _NEGLIGIBLE):
        yield Flaw.EXPANDS


# -- the parts -------------------------------------------------------------------------------------------


def _contents(content: bytes, parts: Sequence[_Part], directory: int) -> Iterator[Flaw]:
    """Every part lies where it should, with nothing between, and is what its name says."""
    view = memoryview(content)
    expected = 0
    ordered = sorted(parts, key=lambda part: part.offset)
    following = [part.offset for part in ordered[1:]] + [directory]
    for part, end in zip(ordered, following, strict=True):
        if part.offset != expected:
            raise _Broken
        start = _start_of(content, part)
        gap = end - (start + part.packed)
        if gap < 0 or gap > (_DESCRIPTOR if part.flags & _DESCRIBED else 0):
            raise _Broken
        expected = end
        found = _judged(view[start : start + part.packed], part)
        if found is not None:
            yield found
            return


def _start_of(content: bytes, part: _Part) -> int:
    """Where the data of a part begins. Its own header must tell what the directory tells."""
    mark, _, flags, method, _, _, crc, packed, size, named, extra = _LOCAL.unpack_from(content, part.offset)
    named_at = part.offset + _LOCAL.size
    same = (
        mark == b"PK\x03\x04"
        and flags & (_LOCKED | _DESCRIBED) == part.flags & (_LOCKED | _DESCRIBED)
        and method == part.method
        and content[named_at : named_at + named] == part.raw_name
    )
    told = (crc, packed, size)
    if not same or (told != (part.crc, part.packed, part.size) and not (part.flags & _DESCRIBED and told == (0, 0, 0))):
        raise _Broken
    return int(named_at + named + extra)


def _judged(packed: memoryview, part: _Part) -> Flaw | None:
    """Unpack a part and look at it. Raises _Broken if it is not of the size and checksum that were told."""
    is_text = part.name.lower().endswith((".xml", ".xbrl"))
    if is_text and part.size > MOST_XML:
        return Flaw.EXPANDS
    size, crc, head, text = 0, 0, b"", bytearray()
    for piece in [bytes(packed)] if part.method == _STORED else unpacked(packed, part.size, raw=True):
        size += len(piece)
        if size > part.size:
            raise _Broken
        crc = zlib.crc32(piece, crc)
        head = head if len(head) >= _HEAD else (head + piece)[:_HEAD]
        if is_text:
            text += piece
    if (size, crc) != (part.size, part.crc):
        raise _Broken
    if _ARCHIVE.match(head) or head[257:262] == b"ustar":
        return Flaw.NESTED
    if _PROGRAM.match(head):
        return Flaw.ENTRY_TYPE
    return _judged_text(part.name, bytes(text)) if is_text else None


def _judged_text(name: str, text: bytes) -> Flaw | None:
    """XML in UTF-8, declaring nothing of its own: no entities, no document types."""
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return Flaw.OBSCURE
    if b"\0" in text or not text.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        return Flaw.DAMAGED
    if _DECLARATIONS.search(text) or has_markup(text):
        return Flaw.ACTIVE
    if name == _ROOT and _NAMESPACE not in text[:4096]:
        return Flaw.OTHER_TYPE
    return None
