"""What every store of uploads promises."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain import uploads as rules
from chalicelib.domain.errors import Conflict
from chalicelib.domain.file_checks import Flaw
from chalicelib.domain.uploads import Upload, UploadState
from chalicelib.services.ports import Receipt, RequestKey, Timer
from chalicelib.storage.tables import shard_of
from tests import factories as f
from tests import journey
from tests import upload_files as files

KEY = RequestKey("scope", "content")


def made(world: f.World, case_id: str) -> Upload:
    now = world.clock.now()
    wish = replace(files.wish(files.pdf()), name="其其格𠮷ᠮᠣᠩᠭᠣᠯ.pdf")
    return rules.opened(rules.upload_id(case_id, world.ids.new(now)), wish, now)


def receipt(upload: Upload) -> Receipt:
    return Receipt("upload", upload.id, upload.version, (), {"state": str(upload.state)})


def test_an_upload_comes_back_as_it_went_in_under_its_case_only(world: f.World) -> None:
    one, other = journey.drafted(world), journey.drafted(world)
    first, second = made(world, one), made(world, one)
    for upload in (first, second):
        world.uploads.commit(upload, expected_version=0)
    assert world.uploads.get(first.id) == first
    assert list(world.uploads.of(one)) == [first, second]
    assert list(world.uploads.of(other)) == []
    assert world.uploads.get(rules.upload_id(other, "0" * 26)) is None
    assert world.uploads.get("nonsense") is None


def test_upload_receipt_and_timer_are_written_together_or_not_at_all(world: f.World) -> None:
    case_id = journey.drafted(world)
    upload = made(world, case_id)
    timer = Timer(case_id, "uploads", upload.expires_at)
    world.uploads.commit(upload, expected_version=0, key=KEY, receipt=receipt(upload), timers=[timer])
    stored = world.cases.receipt("scope")
    assert stored is not None
    assert stored.receipt == receipt(upload)
    assert timer in world.cases.due(shard_of(case_id), upload.expires_at, 10)
    again = made(world, case_id)
    with pytest.raises(Conflict):
        world.uploads.commit(again, expected_version=0, key=KEY, receipt=receipt(again))
    assert world.uploads.get(again.id) is None


def test_an_upload_changes_only_from_the_version_that_was_read(world: f.World) -> None:
    upload = made(world, journey.drafted(world))
    world.uploads.commit(upload, expected_version=0)
    later = world.clock.now() + timedelta(seconds=1)
    judged = rules.moved(upload, UploadState.REFUSED, later, [Flaw.ACTIVE], scanned=True)
    world.uploads.commit(judged, expected_version=1)
    for stale in (0, 1, 3):
        with pytest.raises(Conflict):
            world.uploads.commit(rules.moved(upload, UploadState.CLEAN, later), expected_version=stale)
    with pytest.raises(Conflict):
        world.uploads.remove(upload)
    assert world.uploads.get(upload.id) == judged
    world.uploads.remove(judged)
    assert world.uploads.get(upload.id) is None


def test_uploads_do_not_disturb_their_case(world: f.World) -> None:
    case_id = journey.drafted(world)
    before = journey.get(world, case_id)
    world.uploads.commit(made(world, case_id), expected_version=0)
    assert journey.get(world, case_id) == before
    assert [record.number for record in world.cases.log(case_id)] == [1, 2]
