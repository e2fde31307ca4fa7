"""What passes the checks of structure, and what never does."""

from __future__ import annotations

import struct
import tracemalloc
import zlib

import pytest

from chalicelib.data import problems
from chalicelib.domain.file_checks import Flaw, MediaType, judge
from tests import upload_files as files
from tests import work


@pytest.mark.requirement("B9")
@pytest.mark.parametrize("name", files.SOUND)
def test_a_sound_file_passes(name: str) -> None:
    media_type, content = files.SOUND[name]
    assert judge(media_type, content) == frozenset()


@pytest.mark.requirement("B9")
@pytest.mark.parametrize("name", files.HOSTILE)
def test_a_hostile_file_is_refused_for_what_it_is_with_little_work_and_in_little_memory(name: str) -> None:
    hostile = files.HOSTILE[name]
    content = hostile.make()
    assert hostile.flaw in judge(hostile.media_type, content)
    tracemalloc.start()
    try:
        assert work.calls(lambda: judge(hostile.media_type, content)) < 10_000
        assert tracemalloc.get_traced_memory()[1] < 128 << 20
    finally:
        tracemalloc.stop()


def test_there_are_hostile_files_enough() -> None:
    assert len(files.HOSTILE) >= 40


@pytest.mark.parametrize("name", files.SOUND)
def test_a_file_that_stops_early_or_goes_on_is_never_sound(name: str) -> None:
    media_type, content = files.SOUND[name]
    for end in {*range(1, len(content) - 3, max(1, len(content) // 40)), len(content) - 4}:
        if content[:end].rstrip().endswith(b"%%EOF"):
            continue  # an incremental update leaves whole documents in between
        assert judge(media_type, content[:end]), end
    assert judge(media_type, content + b"x")


@pytest.mark.parametrize("media_type", MediaType)
def test_a_sound_file_of_one_type_is_none_of_the_others(media_type: MediaType) -> None:
    for kind, content in files.SOUND.values():
        if kind is not media_type:
            assert judge(media_type, content) == {Flaw.OTHER_TYPE}


@pytest.mark.parametrize("side", [29_999, 30_000, 30_001])
def test_a_picture_may_have_thirty_thousand_pixels_on_a_side(side: int) -> None:
    flaws = judge(MediaType.JPEG, files.jpeg(width=side, height=1))
    assert (Flaw.PICTURE_SIZE in flaws) == (side > 30_000)


def test_an_interlaced_picture_unpacks_to_its_seven_passes() -> None:
    # 3 by 3 pixels, 8 bit grey: passes of 1, 0, 0, 1, 2, 3 and 3 pixels in rows.
    rows = b"\0x" + b"\0x" + b"\0xx" + b"\0x" + b"\0x" + b"\0xxx"
    header = struct.pack(">IIBBBBB", 3, 3, 8, 0, 0, 0, 1)
    made = b"\x89PNG\r\n\x1a\n" + b"".join(
        files.chunk(kind, data) for kind, data in ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    )
    assert judge(MediaType.PNG, made) == frozenset()


def test_an_honest_file_of_full_size_is_no_more_work_than_a_small_one() -> None:
    noise = bytes(range(256)) * (19 * 1024 * 4)
    full = files.pdf(files.stream(noise, b"", pack=False))
    assert len(full) > 19 << 20
    assert judge(MediaType.PDF, full) == frozenset()
    assert work.calls(lambda: judge(MediaType.PDF, full)) < 1_000


def test_every_reason_for_refusing_a_file_has_its_sentence() -> None:
    assert [flaw for flaw in Flaw if flaw not in problems()] == []
