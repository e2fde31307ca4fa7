"""Uploads: electronic copies on their way to becoming materials of a case (B9).

    pending ─► checking ─► clean          the applicant puts the file into quarantine, then asks for the check;
       │          │  └───► refused        only what is clean is kept, served, and counts as a material
       └──────────┴──────► expired        nobody finished it: it is removed, and was never received

What a file must be like to be clean is judged by ``file_checks``; here stands who may upload what, and when.
An upload is no part of the case's log: the case names it by its digest, and only once it is handed in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from chalicelib.domain import texts
from chalicelib.domain.case_events import SubmittedMaterial
from chalicelib.domain.case_rules import ROUTED, CaseState
from chalicelib.domain.catalog import ImplementationItem
from chalicelib.domain.errors import Violation
from chalicelib.domain.file_checks import Flaw, MediaType
from chalicelib.domain.materials import ELECTRONIC
from chalicelib.domain.supplement_dates import promised_later

if TYPE_CHECKING:
    from chalicelib.domain.cases import Case

MOST_BYTES = 20 * 1024 * 1024
MOST_UPLOADS = 100
"""Of one case, refused ones included: as many as an application may name materials."""

LIFE = timedelta(hours=1)
"""How long an upload may stay unfinished."""

AGAIN = timedelta(minutes=5)
"""After which one is looked at again that somebody was busy with when it should have been removed."""

FORM_LIFE = timedelta(minutes=5)
"""How long the permission to put the file into quarantine holds; it can be fetched again."""

EXTENSIONS = {
    MediaType.PDF: ("pdf",),
    MediaType.JPEG: ("jpg", "jpeg"),
    MediaType.PNG: ("png",),
    MediaType.OFD: ("ofd",),
}
"""What can be uploaded. Office formats are not among them: they carry macros, and look different everywhere."""

_NAME = re.compile(r"[^/\\:*?\"<>|\x00-\x1f\x7f]{1,200}")


class UploadState(StrEnum):
    """Where an upload stands."""

    PENDING = "pending"
    CHECKING = "checking"
    CLEAN = "clean"
    REFUSED = "refused"
    EXPIRED = "expired"  # never shown: being removed


UNFINISHED = frozenset({UploadState.PENDING, UploadState.CHECKING})
_FILLED_IN = frozenset({CaseState.DRAFT, CaseState.CORRECTING})


class OpenUpload:
    """The act of handing in a file, for those who may fill in the application."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody says they will upload. ``material`` is a code of the case's version, ``sha256`` hexadecimal."""

    material: str
    name: str
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload. ``flaws`` says why it was refused; ``scanned`` whether a scanner looked at it, too."""

    id: str
    case_id: str
    version: int
    state: UploadState
    material: str
    name: str
    media_type: MediaType
    size: int
    sha256: str
    opened_at: datetime
    changed_at: datetime
    flaws: tuple[Flaw, ...] = ()
    scanned: bool = False

    @property
    def object_key(self) -> str:
        """Where the file lies, in quarantine and when kept. Chosen by us, and never used twice."""
        return object_key(self.id)

    @property
    def expires_at(self) -> datetime:
        """When it is removed if nobody goes on with it."""
        return self.changed_at + LIFE


def upload_id(case_id: str, chance: str) -> str:
    """An upload is found under its case."""
    return f"{case_id}-{chance}"


def case_of(upload: str) -> str:
    """The case that an upload's id names, empty if it names none."""
    case_id, dash, _ = upload.partition("-")
    return case_id if dash else ""


def object_key(upload: str) -> str:
    """The place of an upload's file in a bucket: all files of a case stand together."""
    return upload.replace("-", "/", 1)


def opened(upload: str, wish: Wish, now: datetime) -> Upload:
    """The upload as it begins."""
    return Upload(
        id=upload,
        case_id=case_of(upload),
        version=1,
        state=UploadState.PENDING,
        material=wish.material,
        name=wish.name,
        media_type=MediaType(wish.media_type),
        size=wish.size,
        sha256=wish.sha256,
        opened_at=now,
        changed_at=now,
    )


def moved(
    upload: Upload, state: UploadState, now: datetime, flaws: Iterable[Flaw] = (), *, scanned: bool = False
) -> Upload:
    """The upload in its next state."""
    found = tuple(sorted(set(flaws)))
    return replace(upload, state=state, version=upload.version + 1, changed_at=now, flaws=found, scanned=scanned)


# -- rules -----------------------------------------------------------------------------------------------


def unacceptable(wish: Wish, item: ImplementationItem) -> list[Violation]:
    """Everything that is wrong with what somebody wants to upload."""
    found: list[Violation] = []
    if wish.material not in {m.code for m in item.materials}:
        found.append(Violation("material.surplus", "/material", {"code": wish.material}))
    if wish.media_type not in EXTENSIONS:
        found.append(Violation("upload.media-type", "/media_type"))
    elif not _named_as(wish.name, EXTENSIONS[MediaType(wish.media_type)]):
        found.append(Violation("upload.name-type", "/name"))
    if not _NAME.fullmatch(wish.name) or wish.name.startswith("."):
        found.append(Violation("upload.name", "/name"))
    found += texts.violations(wish.name, "/name")
    if not 0 < wish.size <= MOST_BYTES:
        found.append(Violation("upload.too-large", "/size", {"megabytes": MOST_BYTES // 1024 // 1024}))
    return found


def _named_as(name: str, extensions: tuple[str, ...]) -> bool:
    return name.lower().endswith(tuple(f".{extension}" for extension in extensions))


def takes_files(case: Case) -> bool:
    """True while the application can be filled in or corrected, or a material is still to come (D1)."""
    return case.state in _FILLED_IN or (case.state in ROUTED and bool(promised_later(case)))


def impossible(case: Case, there: Sequence[Upload]) -> list[Violation]:
    """Why a case takes no further upload."""
    if not takes_files(case):
        return [Violation("case.wrong-state", "", {"state": case.state})]
    if len(there) >= MOST_UPLOADS:
        return [Violation("upload.too-many", "", {"most": MOST_UPLOADS})]
    return []


def unbacked(materials: Sequence[SubmittedMaterial], there: Iterable[Upload]) -> list[Violation]:
    """Electronic materials that no clean upload of the case stands behind, under the same material."""
    clean = {(u.material, u.sha256) for u in there if u.state is UploadState.CLEAN}
    return [
        Violation("material.upload-unknown", f"/materials/{i}/digest", {"code": m.code})
        for i, m in enumerate(materials)
        if m.form == ELECTRONIC and (m.code, m.digest) not in clean
    ]
