"""What can be asked of a case. A command says what the actor wants; the rules in ``cases`` say whether it may be.

Whatever only the outside can give (numbers, documents, the planned route) comes in with the
command, so that the domain stays free of clocks, ids and lookups.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain.case_events import (
    AwaitedMaterial,
    DeferredMaterial,
    Document,
    HeldCertificate,
    IdentityCheck,
    ItemRef,
    Party,
    SubmittedMaterial,
)
from chalicelib.domain.catalog import ImplementationItem
from chalicelib.domain.errors import Violation
from chalicelib.domain.routing import Channel, Route


@dataclass(frozen=True, slots=True)
class OpenDraft:
    """Begin an application."""

    case_id: str
    item: ItemRef
    applicant: Party
    division: str
    channel: Channel
    filed_at: str = ""
    agent: str = ""
    authority: str = ""
    kind: str = "new"
    about: HeldCertificate | None = None
    presence: str = ""
    identity: IdentityCheck | None = None


@dataclass(frozen=True, slots=True)
class SaveApplication:
    """Replace form, materials and the wished delivery of the draft. Incomplete data is welcome."""

    item: ItemRef  # the version in force now: a draft follows the catalogue, a case does not (A6)
    form: Mapping[str, Any]
    materials: tuple[SubmittedMaterial, ...]
    delivery: str
    deferred: tuple[DeferredMaterial, ...] = ()


@dataclass(frozen=True, slots=True)
class Submit:
    """Hand the application in. ``item`` is the version in force; ``unfit`` what its form schema found.

    ``held``: materials that the platform holds. ``case_number`` and ``acceptance``: accepted on receipt (收件即受理).
    """

    item: ImplementationItem
    unfit: tuple[Violation, ...]
    receipt_number: str
    route: Route
    document: Document
    held: tuple[SubmittedMaterial, ...] = ()
    case_number: str = ""
    acceptance: Document | None = None
    awaited: tuple[AwaitedMaterial, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenTask:
    """The workflow opens the node on which the case waits."""

    attempt: int


@dataclass(frozen=True, slots=True)
class Claim:
    """An officer takes the open task."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """Hand the claimed task to a colleague (subject of the same body)."""

    officer: str
    reason: str


@dataclass(frozen=True, slots=True)
class Release:
    """Put the claimed task back into the queue of its body."""

    reason: str


@dataclass(frozen=True, slots=True)
class Forward:
    """The receiving outlet is done."""

    note: str = ""


@dataclass(frozen=True, slots=True)
class Accept:
    """受理. ``awaited``: the deferred materials, with their last days."""

    case_number: str
    document: Document
    awaited: tuple[AwaitedMaterial, ...] = ()


@dataclass(frozen=True, slots=True)
class RefuseAcceptance:
    """不予受理. ``ground``: not_a_matter | not_competent | not_complete."""

    ground: str
    reason: str
    competent_body: str
    document: Document


@dataclass(frozen=True, slots=True)
class GiveOpinion:
    """Conclude a review node."""

    conclusion: str
    opinion: str


@dataclass(frozen=True, slots=True)
class Return:
    """Send the case back to the nearest earlier review node, or to the one at ``position``."""

    reason: str
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """准予."""

    opinion: str
    document: Document


@dataclass(frozen=True, slots=True)
class Refuse:
    """不予许可. Reasons and remedies are both told (行政许可法 38(2))."""

    reasons: str
    remedies: str
    document: Document


@dataclass(frozen=True, slots=True)
class Withdraw:
    """The applicant no longer wants it."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Issue:
    """Issue the result. ``certificate`` is its identifier, empty when the document alone is the result.

    ``replaces``: the certificate whose place it takes.
    """

    certificate: str
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class HandOver:
    """The window gave the result to the applicant. ``method``: window | post; ``proof``: see ``ResultDelivered``."""

    method: str
    proof: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConfirmReceipt:
    """The applicant has fetched the electronic result."""


@dataclass(frozen=True, slots=True)
class Discard:
    """Drop a draft."""

    reason: str


@dataclass(frozen=True, slots=True)
class RecordWorkflowDeath:
    """The execution of this attempt is dead."""

    attempt: int


@dataclass(frozen=True, slots=True)
class RestartWorkflow:
    """Let a new execution take over."""

    reason: str
