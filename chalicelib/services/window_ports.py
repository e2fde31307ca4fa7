"""What a window needs from the outside besides cases, as Protocols: mandates and enquiries. ``ports`` names both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from chalicelib.domain.enquiries import Enquiry, Step
from chalicelib.domain.mandates import Mandate

if TYPE_CHECKING:
    from chalicelib.services.ports import Page, Receipt, RequestKey


class MandateRepository(Protocol):
    """Mandates of chief representatives."""

    def get(self, mandate_id: str) -> Mandate | None: ...

    def commit(self, mandate: Mandate, *, expected_version: int, key: RequestKey | None, receipt: Receipt) -> None:
        """Write the mandate and the receipt in one transaction. Raises Conflict."""
        ...

    def of_officer(self, subject: str, after: str | None, limit: int) -> Page[Mandate]:
        """Mandates that an officer was given, newest first."""
        ...

    def of_body(self, body: str, after: str | None, limit: int) -> Page[Mandate]:
        """Mandates that a body gave, newest first."""
        ...


class EnquiryRepository(Protocol):
    """Enquiries and their steps."""

    def get(self, enquiry_id: str) -> Enquiry | None: ...

    def commit(
        self, enquiry: Enquiry, step: Step, *, expected_version: int, key: RequestKey | None, receipt: Receipt
    ) -> None:
        """Write the enquiry, the new step and the receipt in one transaction. Raises Conflict."""
        ...

    def history(self, enquiry_id: str) -> Sequence[Step]:
        """Every step since it was asked, in order."""
        ...

    def owned_by(self, subject: str, after: str | None, limit: int) -> Page[Enquiry]:
        """Those that an officer owns, newest first."""
        ...

    def offered_to(self, whom: str, after: str | None, limit: int) -> Page[Enquiry]:
        """Those offered to an officer (subject) or to any officer of a body (its id), newest first."""
        ...
