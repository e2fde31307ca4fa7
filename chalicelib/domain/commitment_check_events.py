"""What can happen in the check of a promise, as the log keeps it (``commitment_checks``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from chalicelib.domain.case_events import Document, Event, TaskEnded


@dataclass(frozen=True, slots=True)
class Checked(TaskEnded):
    """A result of the check, in writing."""

    findings: str
    document: Document
    follows: str = ""  # by when to mend, or until when the party can speak

    @property
    def told(self) -> Mapping[str, str]:
        return {"findings": self.findings} | ({"follows": self.follows} if self.follows else {})


@dataclass(frozen=True, slots=True)
class CheckFulfilled(Checked):
    """The promise is fulfilled: nothing follows."""

    type: ClassVar[str] = "commitment.fulfilled"


@dataclass(frozen=True, slots=True)
class MendingOrdered(Checked):
    """限期整改: to be mended within the version's period, then checked again."""

    type: ClassVar[str] = "commitment.mending_ordered"


@dataclass(frozen=True, slots=True)
class FoundFalse(Checked):
    """Found false: the party is told in writing that revocation is intended, and may speak."""

    type: ClassVar[str] = "commitment.found_false"


@dataclass(frozen=True, slots=True)
class DefenceStated(Event):
    """The party spoke. What it said stays with the case."""

    type: ClassVar[str] = "commitment.defence_stated"
    statement: str


@dataclass(frozen=True, slots=True)
class DefenceWaived(Event):
    """The party will not speak."""

    type: ClassVar[str] = "commitment.defence_waived"


@dataclass(frozen=True, slots=True)
class DefenceLapsed(Event):
    """The party said nothing in its time."""

    type: ClassVar[str] = "commitment.defence_lapsed"


@dataclass(frozen=True, slots=True)
class CheckOverdue(Event):
    """The check is late."""

    type: ClassVar[str] = "commitment.check_overdue"


@dataclass(frozen=True, slots=True)
class Decided(TaskEnded):
    """A final decision, in writing, with reasons and remedies."""

    reasons: str
    remedies: str
    document: Document

    @property
    def told(self) -> Mapping[str, str]:
        return {"reasons": self.reasons, "remedies": self.remedies}


@dataclass(frozen=True, slots=True)
class CommitmentRevoked(Decided):
    """撤销: the decision is void, and with it the certificate.

    ``reinstated``: the certificate that counts again, where only its renewal, change or reissue was revoked. ``last``:
    the certificate that nothing follows any more.
    """

    type: ClassVar[str] = "commitment.revoked"
    certificate: str = ""
    depending: tuple[str, ...] = ()
    reinstated: str = ""
    last: str = ""


@dataclass(frozen=True, slots=True)
class CommitmentUpheld(Decided):
    """The decision stands."""

    type: ClassVar[str] = "commitment.upheld"


@dataclass(frozen=True, slots=True)
class CommitmentKept(Decided):
    """The promise was false, but revoking would harm the public interest gravely (行政许可法 69(3))."""

    type: ClassVar[str] = "commitment.kept"


@dataclass(frozen=True, slots=True)
class DeliveryCalledOff(TaskEnded):
    """Nothing is handed over any more."""

    type: ClassVar[str] = "commitment.delivery_called_off"
