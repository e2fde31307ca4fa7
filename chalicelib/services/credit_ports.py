"""What credit needs from the outside, as Protocols."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from chalicelib.domain.credit import CreditFile, Entry

if TYPE_CHECKING:
    from chalicelib.services.ports import Receipt, RequestKey


class CreditRepository(Protocol):
    """Credit files, one a subject; entries are added and never changed."""

    def file(self, subject: str) -> CreditFile:
        """The subject's file (strongly consistent); one without entries if there is nothing on record."""
        ...

    def subject_of(self, record_id: str) -> str | None:
        """In whose file a record stands."""
        ...

    def commit(self, file: CreditFile, entry: Entry, *, key: RequestKey | None, receipt: Receipt | None) -> None:
        """Add an entry to the file as it was read. Raises Conflict if it has grown since."""
        ...


class CreditPorts(Protocol):
    """All of them together."""

    @property
    def credit(self) -> CreditRepository: ...
