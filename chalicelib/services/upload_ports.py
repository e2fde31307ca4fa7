"""What uploads need from the outside, as Protocols; ``ports.Ports`` includes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from chalicelib.domain.uploads import Upload

if TYPE_CHECKING:
    from chalicelib.services.ports import Receipt, RequestKey, Timer


@dataclass(frozen=True, slots=True)
class PostForm:
    """The permission to put one file into quarantine: where to post it, and the fields to post before it."""

    url: str
    fields: Mapping[str, str]
    expires_in: int  # seconds


@dataclass(frozen=True, slots=True)
class Link:
    """The permission to fetch one kept file."""

    url: str
    expires_in: int  # seconds


class UploadRepository(Protocol):
    """Uploads, under the cases that they belong to."""

    def get(self, upload_id: str) -> Upload | None:
        """The upload as last committed (strongly consistent)."""
        ...

    def of(self, case_id: str) -> Sequence[Upload]:
        """Every upload of a case, oldest first (strongly consistent)."""
        ...

    def commit(
        self,
        upload: Upload,
        *,
        expected_version: int,
        key: RequestKey | None = None,
        receipt: Receipt | None = None,
        timers: Sequence[Timer] = (),
    ) -> None:
        """Write upload, receipt and timers in one transaction. Raises Conflict, also when the case was erased."""
        ...

    def remove(self, upload: Upload) -> None:
        """Forget it, if it still stands as it was read. Raises Conflict otherwise."""
        ...


class Objects(Protocol):
    """The files themselves: in quarantine until they are judged, then kept or gone."""

    def form(self, upload: Upload) -> PostForm:
        """The permission to put exactly the announced file into quarantine."""
        ...

    def received(self, upload: Upload) -> bytes | None:
        """What lies in quarantine, cut off one byte behind the announced size; None if there is nothing."""
        ...

    def keep(self, upload: Upload, content: bytes) -> None:
        """Keep these bytes, the very ones that were judged. Keeping them twice is harmless."""
        ...

    def link(self, upload: Upload) -> Link:
        """The permission to fetch a kept file, as a download under its own name."""
        ...

    def clear(self, upload: Upload) -> None:
        """Empty the quarantine. Clearing it twice is harmless."""
        ...

    def remove(self, upload: Upload) -> None:
        """Remove the file wherever it lies. Removing it twice is harmless."""
        ...


class Scanner(Protocol):
    """Looks for what the structure of a file does not show."""

    @property
    def active(self) -> bool:
        """False where there is none: then the structure alone decides."""
        ...

    def infected(self, content: bytes) -> bool:
        """True if the file must not be kept. Raises Unavailable when no verdict can be had."""
        ...


class UploadPorts(Protocol):
    """All of them together."""

    @property
    def uploads(self) -> UploadRepository: ...
    @property
    def objects(self) -> Objects: ...
    @property
    def scanner(self) -> Scanner: ...
