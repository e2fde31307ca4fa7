"""Uploading: announce a file, put it into quarantine, have it checked, use it as a material (B9).

The check can be repeated at any point of it: it reads what lies in quarantine, keeps the bytes that it has judged under
a name that is used once, and only then says so. Whoever asks again gets on with it, or gets the same verdict.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from chalicelib.domain import access, presence, uploads
from chalicelib.domain.actors import Actor
from chalicelib.domain.case_events import SubmittedMaterial
from chalicelib.domain.case_rules import CaseState
from chalicelib.domain.cases import Case
from chalicelib.domain.errors import Conflict, Forbidden, Invalid, NotFound, Refused, Violation, raise_all
from chalicelib.domain.file_checks import Flaw, judge
from chalicelib.domain.materials import ELECTRONIC
from chalicelib.domain.uploads import OpenUpload, Upload, UploadState, Wish
from chalicelib.services import accesses, lapses
from chalicelib.services.changes import authority_of
from chalicelib.services.filed import item_of
from chalicelib.services.ports import Ports, Receipt, RequestKey, Timer
from chalicelib.services.upload_ports import Link, PostForm

TIMER = "uploads"
"""Kind of the timer at which unfinished uploads of a case are removed."""


def announce(ports: Ports, actor: Actor, case_id: str, wish: Wish, key: RequestKey | None = None) -> Receipt:
    """Say what will be uploaded. The form to post it with is fetched by ``read``.

    Raises Invalid for a file or material that the case cannot take, Refused in a state where it takes none.
    """
    now = ports.clock.now()
    case = _writable(ports, actor, ports.cases.get(case_id))
    there = _shown(ports.uploads.of(case.id))
    raise_all(Refused, uploads.impossible(case, there))
    raise_all(Invalid, uploads.unacceptable(wish, item_of(ports.catalog, case)))
    upload = uploads.opened(uploads.upload_id(case.id, ports.ids.new(now)), wish, now)
    receipt = _receipt(upload)
    due = min(u.expires_at for u in (*there, upload) if u.state in uploads.UNFINISHED)
    ports.uploads.commit(
        upload, expected_version=0, key=key, receipt=receipt, timers=[Timer(case.id, TIMER, max(due, now))]
    )
    return receipt


def read(ports: Ports, actor: Actor, upload_id: str) -> tuple[Upload, PostForm | None]:
    """The upload; with the form to post the file with, for those who may, as long as it is awaited."""
    case, upload = _found(ports, actor, upload_id)
    accesses.note(ports, actor, case, f"upload {upload.id}")
    may_post = upload.state is UploadState.PENDING and uploads.takes_files(case)
    mine = access.is_applicant(case, actor) or presence.is_filer(case, actor)
    return upload, ports.objects.form(upload) if may_post and mine else None


def of_case(ports: Ports, actor: Actor, case_id: str) -> Sequence[Upload]:
    """The uploads of a case, oldest first, for those who may read what the applicant wrote."""
    case = _readable(ports, actor, ports.cases.get(case_id))
    accesses.note(ports, actor, case, "uploads")
    return _shown(ports.uploads.of(case.id))


def link(ports: Ports, actor: Actor, upload_id: str) -> tuple[Upload, Link]:
    """Where the file can be fetched. Only what was found clean can (Refused otherwise)."""
    case, upload = _found(ports, actor, upload_id)
    if upload.state is not UploadState.CLEAN:
        raise Refused.because("upload.not-clean", state=upload.state)
    accesses.note(ports, actor, case, f"upload {upload.id}")
    return upload, ports.objects.link(upload)


def finalise(ports: Ports, actor: Actor, upload_id: str, key: RequestKey | None = None) -> Receipt:
    """Check the file and say what was found. A verdict once given stands.

    Raises Refused ``upload.not-there`` while nothing lies in quarantine, Unavailable when the scanner is silent.
    """
    case, upload = _found(ports, actor, upload_id)
    _writable(ports, actor, case)
    if upload.state not in uploads.UNFINISHED:
        return _receipt(upload)
    raise_all(Refused, uploads.impossible(case, ()))
    content = ports.objects.received(upload)
    if content is None:
        raise Refused.because("upload.not-there")
    # From here on the reaper waits, and no further form is handed out.
    upload = _move(ports, upload, UploadState.CHECKING)
    flaws = _flaws(ports, upload, content)
    if not flaws:
        ports.objects.keep(upload, content)
    verdict = UploadState.REFUSED if flaws else UploadState.CLEAN
    judged = uploads.moved(upload, verdict, ports.clock.now(), flaws, scanned=ports.scanner.active)
    receipt = _receipt(judged)
    ports.uploads.commit(judged, expected_version=upload.version, key=key, receipt=receipt)
    ports.objects.clear(judged)
    return receipt


def _flaws(ports: Ports, upload: Upload, content: bytes) -> frozenset[Flaw]:
    """The checks in the order of their cost; the scanner sees only what has passed all others."""
    if len(content) != upload.size or hashlib.sha256(content).hexdigest() != upload.sha256:
        return frozenset({Flaw.OTHER_CONTENT})
    found = judge(upload.media_type, content)
    if not found and ports.scanner.infected(content):
        return frozenset({Flaw.INFECTED})
    return found


# -- as materials ------------------------------------------------------------------------------------------


def unbacked(ports: Ports, case: Case, materials: Sequence[SubmittedMaterial]) -> Sequence[Violation]:
    """Electronic materials without a clean upload of this case behind them. Asks only if there are any."""
    if not any(m.form == ELECTRONIC for m in materials):
        return ()
    return uploads.unbacked(materials, ports.uploads.of(case.id))


# -- what nobody finished ------------------------------------------------------------------------------------


def on_timer(ports: Ports, case_id: str) -> None:
    """Remove what nobody finished in time, and everything of a draft that was discarded."""
    case = ports.cases.get(case_id)
    gone = case is None or case.state is CaseState.DISCARDED
    now = ports.clock.now()
    waiting = []
    for upload in ports.uploads.of(case_id):
        unfinished = upload.state in uploads.UNFINISHED
        if gone or upload.state is UploadState.EXPIRED or (unfinished and upload.expires_at <= now):
            if not _reap(ports, upload):
                waiting.append(now + uploads.AGAIN)
        elif unfinished:
            waiting.append(upload.expires_at)
    if waiting:
        ports.cases.set_timer(Timer(case_id, TIMER, min(waiting)))


def leftovers(ports: Ports, case_id: str) -> list[Timer]:
    """The timer that removes the files of a case which is being discarded, if it has any."""
    return [Timer(case_id, TIMER, ports.clock.now())] if ports.uploads.of(case_id) else []


def _reap(ports: Ports, upload: Upload) -> bool:
    """Say first that it is over, so that no check that runs meanwhile can end well; a crash leaves it for next time.

    False if somebody went on with it in this very moment.
    """
    try:
        if upload.state is not UploadState.EXPIRED:
            upload = _move(ports, upload, UploadState.EXPIRED)
        ports.objects.remove(upload)
        ports.uploads.remove(upload)
    except Conflict:
        return False
    return True


# -- who -------------------------------------------------------------------------------------------------------


def _found(ports: Ports, actor: Actor, upload_id: str) -> tuple[Case, Upload]:
    case = _readable(ports, actor, ports.cases.get(uploads.case_of(upload_id)), "upload.not-found")
    upload = ports.uploads.get(upload_id)
    if upload is None or upload.state is UploadState.EXPIRED:
        raise NotFound.because("upload.not-found")
    return case, upload


def _readable(ports: Ports, actor: Actor, case: Case | None, absent: str = "case.not-found") -> Case:
    """Files are what the applicant wrote: whoever only oversees sees how a case is handled, not them (I4)."""
    found = accesses.readable(ports, actor, case, absent)
    if access.only_oversees(found, actor):
        raise Forbidden.because("case.act-not-yours")
    return found


def _writable(ports: Ports, actor: Actor, case: Case | None) -> Case:
    """The case as time has left it, if the actor may fill in its application."""
    now = ports.clock.now()
    seen = access.authorise(case, actor, OpenUpload, authority_of(ports, actor, case, OpenUpload), now)
    return lapses.seen_at(ports, seen, now)


def _shown(there: Sequence[Upload]) -> Sequence[Upload]:
    return [upload for upload in there if upload.state is not UploadState.EXPIRED]


def _move(ports: Ports, upload: Upload, state: UploadState) -> Upload:
    after = uploads.moved(upload, state, ports.clock.now())
    ports.uploads.commit(after, expected_version=upload.version)
    return after


def _receipt(upload: Upload) -> Receipt:
    result = {"state": str(upload.state)}
    if upload.flaws:
        result["flaws"] = " ".join(upload.flaws)
    return Receipt("upload", upload.id, upload.version, (), result)
