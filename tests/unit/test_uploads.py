"""Who may upload what and when; the check, its crashes and its end; what counts as a material."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain import uploads as rules
from chalicelib.domain.case_events import SubmittedMaterial
from chalicelib.domain.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, Refused, Unavailable
from chalicelib.domain.file_checks import Flaw, MediaType
from chalicelib.domain.uploads import Upload, UploadState
from chalicelib.services import cases, uploads
from tests import factories as f
from tests import journey
from tests import upload_files as files

PDF = files.pdf()


def announced(world: f.World, case_id: str, content: bytes = PDF, media_type: MediaType = MediaType.PDF) -> str:
    return uploads.announce(world, f.HERDER, case_id, files.wish(content, media_type)).id


def stored(world: f.World, upload_id: str) -> Upload:
    found = world.uploads.get(upload_id)
    assert found is not None
    return found


def clean(world: f.World, case_id: str, content: bytes = PDF) -> Upload:
    upload_id = announced(world, case_id, content)
    world.objects.post(stored(world, upload_id), content)
    uploads.finalise(world, f.HERDER, upload_id)
    return stored(world, upload_id)


def save(world: f.World, case_id: str, *materials: SubmittedMaterial) -> None:
    version = journey.get(world, case_id).version
    form = {"subject": "高中教师"}
    cases.save(world, f.HERDER, case_id, form=form, materials=materials, delivery="electronic", expected=version)


@pytest.fixture
def world() -> f.World:
    return f.World()


@pytest.fixture
def case_id(world: f.World) -> str:
    return journey.drafted(world)


@pytest.mark.requirement("B9")
def test_a_sound_file_becomes_clean_is_kept_and_leaves_quarantine(world: f.World, case_id: str) -> None:
    upload = clean(world, case_id)
    assert (upload.state, upload.flaws) == (UploadState.CLEAN, ())
    assert world.objects.kept == {upload.object_key: PDF}
    assert world.objects.quarantine == {}
    _, link = uploads.link(world, f.HERDER, upload.id)
    assert link.url.endswith(upload.object_key)


@pytest.mark.requirement("B9")
@pytest.mark.parametrize("name", files.HOSTILE)
def test_no_hostile_file_is_kept_or_served(world: f.World, case_id: str, name: str) -> None:
    hostile = files.HOSTILE[name]
    content = hostile.make()
    upload_id = announced(world, case_id, content, hostile.media_type)
    world.objects.post(stored(world, upload_id), content)
    receipt = uploads.finalise(world, f.HERDER, upload_id)
    assert receipt.result["state"] == "refused"
    assert hostile.flaw in stored(world, upload_id).flaws
    assert (world.objects.kept, world.objects.quarantine) == ({}, {})
    with pytest.raises(Refused, match=r"upload\.not-clean"):
        uploads.link(world, f.HERDER, upload_id)


@pytest.mark.parametrize("sent", [b"", PDF[:-1], PDF + b"\n", files.pdf(version=b"1.4")])
def test_other_bytes_than_those_announced_are_refused(world: f.World, case_id: str, sent: bytes) -> None:
    upload_id = announced(world, case_id)
    world.objects.post(stored(world, upload_id), sent)
    uploads.finalise(world, f.HERDER, upload_id)
    assert stored(world, upload_id).flaws == (Flaw.OTHER_CONTENT,)


def test_a_file_that_has_not_arrived_can_still_come(world: f.World, case_id: str) -> None:
    upload_id = announced(world, case_id)
    with pytest.raises(Refused, match=r"upload\.not-there"):
        uploads.finalise(world, f.HERDER, upload_id)
    _, form = uploads.read(world, f.HERDER, upload_id)
    assert form is not None
    world.objects.post(stored(world, upload_id), PDF)
    assert uploads.finalise(world, f.HERDER, upload_id).result == {"state": "clean"}
    assert uploads.read(world, f.HERDER, upload_id)[1] is None


def test_a_verdict_stands_however_often_it_is_asked_for(world: f.World, case_id: str) -> None:
    upload = clean(world, case_id)
    world.objects.post(upload, b"something else")
    assert uploads.finalise(world, f.HERDER, upload.id).version == upload.version
    assert world.objects.kept == {upload.object_key: PDF}


@pytest.mark.parametrize("dies_at", ["received", "keep", "clear"])
@pytest.mark.parametrize("after", [False, True])
def test_a_check_that_was_cut_short_is_gone_on_with(
    world: f.World, case_id: str, dies_at: str, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = announced(world, case_id)
    world.objects.post(stored(world, upload_id), PDF)
    real = getattr(world.objects, dies_at)

    def dying(*args: object) -> object:
        if after:
            real(*args)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(world.objects, dies_at, dying)
        with pytest.raises(KeyboardInterrupt):
            uploads.finalise(world, f.HERDER, upload_id)
    assert uploads.finalise(world, f.HERDER, upload_id).result == {"state": "clean"}
    assert list(world.objects.kept.values()) == [PDF]


def test_without_a_verdict_of_the_scanner_nothing_is_clean(world: f.World, case_id: str) -> None:
    world.scanner = f.FakeScanner(active=True, down=True)
    with pytest.raises(Unavailable, match=r"scanner\.unavailable"):
        clean(world, case_id)
    (upload,) = world.uploads.of(case_id)
    assert (upload.state, world.objects.kept) == (UploadState.CHECKING, {})
    world.scanner.down = False
    uploads.finalise(world, f.HERDER, upload.id)
    assert (stored(world, upload.id).state, stored(world, upload.id).scanned) == (UploadState.CLEAN, True)


def test_what_the_scanner_finds_is_refused(world: f.World, case_id: str) -> None:
    world.scanner = f.FakeScanner(active=True, finds=b"hello")
    content = files.pdf(files.stream(b"hello", b"", pack=False))
    assert clean(world, case_id, content).flaws == (Flaw.INFECTED,)
    assert world.objects.kept == {}


# -- announcing ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"material": "m9"}, "material.surplus"),
        ({"media_type": "application/zip"}, "upload.media-type"),
        ({"media_type": "image/svg+xml"}, "upload.media-type"),
        (
            {"media_type": "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
            "upload.media-type",
        ),
        ({"name": "申请.exe"}, "upload.name-type"),
        ({"name": "申请.pdf.exe"}, "upload.name-type"),
        ({"name": "申请.png"}, "upload.name-type"),
        ({"name": "../申请.pdf"}, "upload.name"),
        ({"name": ".pdf"}, "upload.name"),
        ({"name": "a\r\nX: y.pdf"}, "upload.name"),
        ({"name": "exe\u202efdp.pdf"}, "text.direction-control"),
        ({"size": 0}, "upload.too-large"),
        ({"size": rules.MOST_BYTES + 1}, "upload.too-large"),
    ],
)
def test_what_cannot_be_taken_is_refused_before_it_is_sent(
    world: f.World, case_id: str, changes: dict[str, object], code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        uploads.announce(world, f.HERDER, case_id, replace(files.wish(PDF), **changes))  # type: ignore[arg-type]
    assert code in [v.code for v in refused.value.violations]
    assert world.uploads.of(case_id) == []


@pytest.mark.parametrize("name", ["申请表.PDF", "ᠮᠣᠩᠭᠣᠯ.pdf", "𠮷 (1).pdf", "a.exe.pdf"])
def test_names_in_every_script_are_taken(world: f.World, case_id: str, name: str) -> None:
    uploads.announce(world, f.HERDER, case_id, replace(files.wish(PDF), name=name))
    assert [u.name for u in uploads.of_case(world, f.HERDER, case_id)] == [name]


def test_a_case_takes_a_hundred_uploads(world: f.World, case_id: str) -> None:
    for _ in range(rules.MOST_UPLOADS):
        announced(world, case_id)
    with pytest.raises(Refused, match=r"upload\.too-many"):
        announced(world, case_id)


@pytest.mark.parametrize(("actor", "error"), [(f.STRANGER, NotFound), (f.SUPERVISOR, NotFound), (f.REVIEWER, NotFound)])
def test_only_who_fills_in_the_application_uploads(
    world: f.World, case_id: str, actor: f.Actor, error: type[DomainError]
) -> None:
    upload = clean(world, case_id)
    for act in (
        lambda: uploads.announce(world, actor, case_id, files.wish(PDF)),
        lambda: uploads.read(world, actor, upload.id),
        lambda: uploads.finalise(world, actor, upload.id),
        lambda: uploads.link(world, actor, upload.id),
        lambda: uploads.of_case(world, actor, case_id),
    ):
        with pytest.raises(error):
            act()


def test_an_officer_reads_the_files_of_the_case_before_them_and_a_supervisor_does_not(world: f.World) -> None:
    case_id = journey.drafted(world)
    upload = clean(world, case_id)
    save(world, case_id, SubmittedMaterial("m1", "electronic", "申请书", upload.sha256))
    cases.submit(world, f.HERDER, case_id)
    journey.opened(world, case_id)
    assert [u.id for u in uploads.of_case(world, f.ACCEPTOR, case_id)] == [upload.id]
    assert uploads.link(world, f.ACCEPTOR, upload.id)[0] == upload
    with pytest.raises(Forbidden):
        uploads.link(world, f.SUPERVISOR, upload.id)
    with pytest.raises(Forbidden):
        uploads.finalise(world, f.ACCEPTOR, upload.id)


def test_nothing_is_uploaded_to_a_case_that_was_handed_in(world: f.World) -> None:
    case_id = journey.drafted(world)
    waiting = announced(world, case_id)
    world.objects.post(stored(world, waiting), PDF)
    cases.submit(world, f.HERDER, case_id)
    with pytest.raises(Refused, match=r"case\.wrong-state"):
        announced(world, case_id)
    with pytest.raises(Refused, match=r"case\.wrong-state"):
        uploads.finalise(world, f.HERDER, waiting)
    assert uploads.read(world, f.HERDER, waiting)[1] is None


@pytest.mark.parametrize("upload_id", ["", "x", "-", "x-y", "0" * 26, "0" * 26 + "-" + "1" * 26])
def test_an_upload_that_does_not_exist_is_not_found(world: f.World, case_id: str, upload_id: str) -> None:
    for wanted in (upload_id, f"{case_id}-{upload_id}"):
        with pytest.raises(NotFound, match=r"upload\.not-found"):
            uploads.read(world, f.HERDER, wanted)


# -- as a material -------------------------------------------------------------------------------------------


@pytest.mark.requirement("B9")
def test_an_electronic_material_needs_a_clean_upload_of_this_case_for_it(world: f.World, case_id: str) -> None:
    upload = clean(world, case_id)
    save(world, case_id, SubmittedMaterial("m1", "electronic", "申请书", upload.sha256))
    cases.submit(world, f.HERDER, case_id)
    assert journey.get(world, case_id).materials[0].digest == upload.sha256


@pytest.mark.parametrize("why", ["no upload", "no digest", "unfinished", "refused", "another case", "another material"])
def test_an_electronic_material_without_one_is_refused_with_its_place(world: f.World, case_id: str, why: str) -> None:
    code, digest = "m1", files.wish(PDF).sha256
    match why:
        case "no digest":
            digest = ""
        case "unfinished":
            announced(world, case_id)
        case "refused":
            script = files.HOSTILE["a PDF with a script"].make()
            digest = clean(world, case_id, script).sha256
        case "another case":
            clean(world, journey.drafted(world))
        case "another material":
            wish = replace(files.wish(PDF), material="m2")
            upload_id = uploads.announce(world, f.HERDER, case_id, wish).id
            world.objects.post(stored(world, upload_id), PDF)
            uploads.finalise(world, f.HERDER, upload_id)
    save(world, case_id, SubmittedMaterial(code, "electronic", "申请书", digest))
    with pytest.raises(Invalid) as refused:
        cases.submit(world, f.HERDER, case_id)
    found = [(v.code, v.pointer) for v in refused.value.violations]
    assert found == [("material.upload-unknown", "/materials/0/digest")]


# -- what nobody finished --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "there"), [(-1, True), (0, False), (1, False)])
def test_an_unfinished_upload_is_removed_after_an_hour(world: f.World, case_id: str, seconds: int, there: bool) -> None:
    upload_id = announced(world, case_id)
    upload = stored(world, upload_id)
    world.objects.post(upload, PDF)
    world.clock.at = upload.expires_at + timedelta(seconds=seconds)
    uploads.on_timer(world, case_id)
    assert (world.uploads.get(upload_id) is not None) is there
    assert (upload.object_key in world.objects.quarantine) is there
    assert journey.get(world, case_id).materials == (journey.APPLICATION,)


def test_what_is_finished_stays_and_the_timer_waits_for_the_rest(world: f.World, case_id: str) -> None:
    kept = clean(world, case_id)
    world.clock.advance(minutes=30)
    later = announced(world, case_id)
    world.clock.advance(minutes=30)
    uploads.on_timer(world, case_id)
    assert {u.id for u in world.uploads.of(case_id)} == {kept.id, later}
    assert world.store.timers[case_id, uploads.TIMER].due_at == stored(world, later).expires_at


def test_announcing_again_and_again_does_not_put_the_removal_off(world: f.World, case_id: str) -> None:
    first = stored(world, announced(world, case_id))
    world.clock.advance(minutes=59)
    announced(world, case_id)
    assert world.store.timers[case_id, uploads.TIMER].due_at == first.expires_at


@pytest.mark.parametrize("dies_at", ["objects", "uploads"])
def test_a_removal_that_was_cut_short_is_gone_on_with_and_the_upload_is_seen_by_nobody(
    world: f.World, case_id: str, dies_at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = announced(world, case_id)
    world.objects.post(stored(world, upload_id), PDF)
    world.clock.advance(hours=2)

    def dying(*args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(getattr(world, dies_at), "remove", dying)
        with pytest.raises(KeyboardInterrupt):
            uploads.on_timer(world, case_id)
    with pytest.raises(NotFound):
        uploads.finalise(world, f.HERDER, upload_id)
    assert uploads.of_case(world, f.HERDER, case_id) == []
    uploads.on_timer(world, case_id)
    assert (world.uploads.of(case_id), world.objects.quarantine) == ([], {})


def test_a_check_and_the_removal_at_the_same_moment_never_both_happen(
    world: f.World, case_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = announced(world, case_id)
    world.objects.post(stored(world, upload_id), PDF)
    world.clock.advance(hours=2)
    real = world.objects.received

    def slow(upload: Upload) -> bytes | None:
        content = real(upload)
        uploads.on_timer(world, case_id)
        return content

    monkeypatch.setattr(world.objects, "received", slow)
    with pytest.raises((Conflict, NotFound)):
        uploads.finalise(world, f.HERDER, upload_id)
    assert (world.objects.kept, world.uploads.of(case_id)) == ({}, [])


def test_an_upload_that_somebody_is_busy_with_is_looked_at_again_in_minutes(
    world: f.World, case_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = announced(world, case_id)
    world.clock.advance(minutes=40)
    later = announced(world, case_id)
    world.clock.advance(minutes=20)
    commit = world.uploads.commit

    def beside(after: Upload, **options: object) -> None:
        """Somebody else writes between the look and the removal."""
        monkeypatch.setattr(world.uploads, "commit", commit)
        raise Conflict.because("store.conflict")

    monkeypatch.setattr(world.uploads, "commit", beside)
    uploads.on_timer(world, case_id)
    assert {u.id for u in world.uploads.of(case_id)} == {busy, later}
    assert world.store.timers[case_id, uploads.TIMER].due_at == world.clock.now() + timedelta(minutes=5)
    world.clock.advance(minutes=5)
    uploads.on_timer(world, case_id)
    assert [u.id for u in world.uploads.of(case_id)] == [later]


def test_the_files_of_a_discarded_draft_are_removed(world: f.World, case_id: str) -> None:
    clean(world, case_id)
    cases.discard_draft(world, case_id, actor=f.HERDER)
    assert world.store.timers[case_id, uploads.TIMER].due_at == world.clock.now()
    uploads.on_timer(world, case_id)
    assert (world.objects.kept, world.uploads.of(case_id)) == ({}, [])
