"""What happened to a case: the append-only log that is the case's truth.

Every event is a frozen dataclass; ``Event.type`` is its name on the bus and in the timeline. The
snapshot of a case is exactly the fold of its events (``cases.evolve``), so nothing is known about a
case that its log does not say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar

from chalicelib.domain.actors import ActorKind
from chalicelib.domain.routing import Route


@dataclass(frozen=True, slots=True)
class Party:
    """An applicant: account at the issuer, kind, and the name as registered there."""

    subject: str
    kind: ActorKind
    name: str


@dataclass(frozen=True, slots=True)
class ItemRef:
    """The implementation item and version that a case was filed under, for good (A6)."""

    code: str
    basic_code: str
    version: int
    name: str
    name_en: str
    body: str
    demo: bool


@dataclass(frozen=True, slots=True)
class SubmittedMaterial:
    """A material handed in. ``form`` is paper, electronic or held; ``digest`` the SHA-256 of an electronic copy.

    ``handling``: what the window did with a paper (seen | scanned | kept). ``certificate``: what is held already.
    """

    code: str
    form: str
    name: str
    digest: str = ""
    handling: str = ""
    certificate: str = ""


@dataclass(frozen=True, slots=True)
class DeferredMaterial:
    """容缺材料: a material that the applicant asks to hand in later, with the day that they promise."""

    code: str
    promised_on: date


@dataclass(frozen=True, slots=True)
class AwaitedMaterial:
    """A deferred material as the acceptance tells it: in time until 24:00 of ``due``, then ``outcome`` happens."""

    code: str
    name: str
    due: date
    outcome: str  # a code of ``catalog.LateOutcome``


@dataclass(frozen=True, slots=True)
class HeldCertificate:
    """The certificate that a renewal, change or reissue is about, as it stood when the draft was opened."""

    identifier: str
    valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class IdentityCheck:
    """What an officer checked of who has no account: kind of document, its number covered, a digest of the whole."""

    document: str
    number: str
    digest: str


@dataclass(frozen=True, slots=True)
class Document:
    """A written act: numbered, dated, with the SHA-256 of what it says.

    ``code`` is its verification code, part of what it says: whoever does not hold the paper knows neither the code nor,
    from the digest, anything of the rest.
    """

    number: str
    kind: str  # receipt | acceptance | non_acceptance | decision
    issued_at: datetime
    body: str
    digest: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events."""

    type: ClassVar[str]
    carries_application: ClassVar[bool] = False
    """True for events that store what the applicant handed in; see ``sizes``."""

    @property
    def told(self) -> Mapping[str, str]:
        """The words of the written act that goes with the event: they are the applicant's to read."""
        return {}


@dataclass(frozen=True, slots=True)
class CaseDrafted(Event):
    """A draft was opened. ``division`` is the place for which the matter is applied."""

    type: ClassVar[str] = "case.drafted"
    item: ItemRef
    applicant: Party
    division: str
    channel: str
    filed_at: str  # division of the outlet or hall where it was filed; empty when filed online
    agent: str  # subject of the agent or window officer who files for the applicant; empty when self
    authority: str  # id of the agent's authority; empty when none is needed
    kind: str = "new"
    about: HeldCertificate | None = None
    presence: str = ""  # id of the presence code that the applicant showed at the window
    identity: IdentityCheck | None = None  # what the window checked instead


@dataclass(frozen=True, slots=True)
class ApplicationSaved(Event):
    """Form and materials of the draft were replaced."""

    type: ClassVar[str] = "case.saved"
    carries_application: ClassVar[bool] = True
    item: ItemRef
    form: Mapping[str, Any]
    materials: tuple[SubmittedMaterial, ...]
    delivery: str
    deferred: tuple[DeferredMaterial, ...] = ()


@dataclass(frozen=True, slots=True)
class ApplicationSubmitted(Event):
    """The application was received (收件): the statutory five days begin (行政许可法 32)."""

    type: ClassVar[str] = "case.submitted"
    receipt_number: str
    route: Route
    document: Document
    held: tuple[SubmittedMaterial, ...] = ()  # materials that the platform held and did not ask for (B8)


_LATE = {
    "deemed_withdrawn": "视为撤回申请",
    "acceptance_revoked": "撤销受理",
    "refused": "不予许可(不予办理)",
}


def awaited_terms(awaited: Iterable[AwaitedMaterial]) -> dict[str, str]:
    """What an acceptance with gaps says of them: what is missing, by when, and what follows otherwise (D2)."""
    lines = [
        f"{i}. {m.name}:应于{m.due.year}年{m.due.month}月{m.due.day}日24时前补交;逾期未补交的,{_LATE[m.outcome]}。"
        for i, m in enumerate(awaited, 1)
    ]
    return {"awaited": "\n".join(lines)} if lines else {}


@dataclass(frozen=True, slots=True)
class TaskEnded(Event):
    """Base of events by which the open task ends."""

    task: int


@dataclass(frozen=True, slots=True)
class ApplicationForwarded(TaskEnded):
    """The receiving outlet checked form and identity and passed the case on."""

    type: ClassVar[str] = "case.forwarded"
    note: str


@dataclass(frozen=True, slots=True)
class CaseAccepted(TaskEnded):
    """受理: the case has its official number and an acceptance document, which tells what may come later (D2)."""

    type: ClassVar[str] = "case.accepted"
    case_number: str
    document: Document
    awaited: tuple[AwaitedMaterial, ...] = ()

    @property
    def told(self) -> Mapping[str, str]:
        return awaited_terms(self.awaited)


@dataclass(frozen=True, slots=True)
class AcceptanceRefused(TaskEnded):
    """不予受理, with the reason and, if known, the competent body (行政许可法 32(1), (2))."""

    type: ClassVar[str] = "case.not_accepted"
    ground: str
    reason: str
    competent_body: str
    document: Document

    @property
    def told(self) -> Mapping[str, str]:
        return {"ground": self.ground, "reason": self.reason, "competent_body": self.competent_body}


@dataclass(frozen=True, slots=True)
class TaskOpened(Event):
    """The node at ``position`` waits for an officer. ``renewed``: opened before, lost, opened again."""

    type: ClassVar[str] = "case.task_opened"
    task: int
    position: int
    role: str
    body: str


@dataclass(frozen=True, slots=True)
class TaskClaimed(Event):
    """An officer took the open task."""

    type: ClassVar[str] = "case.task_claimed"
    task: int
    officer: str


@dataclass(frozen=True, slots=True)
class TaskTransferred(Event):
    """The open task went to a colleague of the same body."""

    type: ClassVar[str] = "case.task_transferred"
    task: int
    officer: str
    reason: str


@dataclass(frozen=True, slots=True)
class TaskReleased(Event):
    """The claimed task is free again for any officer of its body."""

    type: ClassVar[str] = "case.task_released"
    task: int
    reason: str


@dataclass(frozen=True, slots=True)
class CaseReturned(TaskEnded):
    """The case went back to an earlier node for a better opinion."""

    type: ClassVar[str] = "case.returned"
    position: int
    reason: str


@dataclass(frozen=True, slots=True)
class OpinionGiven(TaskEnded):
    """A review node is done: 初审 or 审核 opinion."""

    type: ClassVar[str] = "case.opinion_given"
    position: int
    conclusion: str  # agree | disagree
    opinion: str


@dataclass(frozen=True, slots=True)
class CaseGranted(TaskEnded):
    """准予: decided for the applicant."""

    type: ClassVar[str] = "case.granted"
    document: Document
    opinion: str
    mandate: str = ""  # decided on the spot by a chief representative under this mandate (B6)

    @property
    def told(self) -> Mapping[str, str]:
        return {"opinion": self.opinion} | ({"mandate": self.mandate} if self.mandate else {})


@dataclass(frozen=True, slots=True)
class CaseRefused(TaskEnded):
    """不予许可, with reasons and the remedies told (行政许可法 38(2))."""

    type: ClassVar[str] = "case.refused"
    document: Document
    reasons: str
    remedies: str

    @property
    def told(self) -> Mapping[str, str]:
        return {"reasons": self.reasons, "remedies": self.remedies}


@dataclass(frozen=True, slots=True)
class CaseWithdrawn(Event):
    """The applicant withdrew. ``task`` is the task that was open, 0 if none."""

    type: ClassVar[str] = "case.withdrawn"
    reason: str
    task: int


@dataclass(frozen=True, slots=True)
class ResultIssued(Event):
    """The result exists: an electronic certificate, or the decision document alone.

    ``replaces``: the certificate whose place it takes, after a renewal, change or reissue.
    """

    type: ClassVar[str] = "case.issued"
    certificate: str
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class ResultDelivered(Event):
    """The result reached the applicant; the case is closed (办结).

    ``proof``: at a window recipient and relation (and the signature's digest), by post carrier and tracking number,
    electronically when it was fetched.
    """

    type: ClassVar[str] = "case.delivered"
    method: str
    task: int
    proof: Mapping[str, str] = field(default_factory=dict)


def fetched(task: int, at: datetime) -> ResultDelivered:
    """The applicant fetched the electronic result themself, which is its own proof."""
    return ResultDelivered("electronic", task, {"fetched_at": at.isoformat()})


@dataclass(frozen=True, slots=True)
class DraftDiscarded(Event):
    """An abandoned or unwanted draft is gone."""

    type: ClassVar[str] = "case.discarded"
    reason: str


@dataclass(frozen=True, slots=True)
class WorkflowDied(Event):
    """The execution that moves the case was found dead; visible until it is restarted (F4)."""

    type: ClassVar[str] = "case.workflow_died"
    attempt: int


@dataclass(frozen=True, slots=True)
class WorkflowRestarted(Event):
    """A new execution takes over where the case stands."""

    type: ClassVar[str] = "case.workflow_restarted"
    attempt: int
    reason: str


@dataclass(frozen=True, slots=True)
class ActorRef:
    """Who acted, as the log keeps it."""

    subject: str
    kind: ActorKind
    body: str = ""
    division: str = ""


@dataclass(frozen=True, slots=True)
class EventRecord:
    """An event in the log: its number, when it was recorded, when it counts, and who acted.

    ``effective_at`` differs from ``recorded_at`` where the law fixes the moment (deemed acceptance
    counts from receipt, whenever it is noticed).
    """

    case_id: str
    number: int
    recorded_at: datetime
    effective_at: datetime
    actor: ActorRef
    event: Event
