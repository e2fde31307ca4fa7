"""A case (办件): its snapshot, its transition table, and the fold of its log.

    draft ─► received ─► in_review ─► granted ─► issued ─► closed
      │         │            │  └───► refused ──────────────┘
      ▼         ▼            ▼                      (decided on a promise: ─► revoked)
  discarded  not_accepted  withdrawn          (withdrawn also from received)

``handle`` takes a case and a command and gives the new case and its events; it raises Refused or
Invalid with every broken rule, each under its code. Nothing here reads a clock or makes a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from chalicelib.domain import (
    case_acts,
    commitment_checks,
    commitments,
    deemed_acceptance,
    extensions,
    fees,
    hearing_rights,
    hearings,
    mandates,
    materials,
    notices,
    presence,
    procedures,
    renewals,
    supplements,
)
from chalicelib.domain import case_commands as c
from chalicelib.domain import case_events as e
from chalicelib.domain.actors import Actor
from chalicelib.domain.case_events import (
    DeferredMaterial,
    Document,
    Event,
    EventRecord,
    HeldCertificate,
    IdentityCheck,
    ItemRef,
    Party,
    SubmittedMaterial,
)
from chalicelib.domain.case_rules import (
    DELIVER,
    ENDED_EARLY,
    ROLE_OF_TASK,
    ROUTED,
    Act,
    CaseState,
    Evolutions,
    Task,
    Transitions,
)
from chalicelib.domain.deadlines import Lapse, Law
from chalicelib.domain.errors import Invalid, Refused, raise_all
from chalicelib.domain.fees import FeeDue, Payment
from chalicelib.domain.routing import Channel, Node, Route
from chalicelib.domain.stays import Stay, moved
from chalicelib.domain.supplement_dates import Supplement
from chalicelib.domain.supplements import Ready

__all__ = ["DELIVER", "ENDED_EARLY", "ROLE_OF_TASK", "ROUTED", "Case", "CaseState", "Task", "fold", "handle", "judge"]

S = CaseState
NO_ROUTE = Route(())


@dataclass(frozen=True, slots=True)
class Case:
    """The snapshot. ``version`` is the number of the last event; ``position`` the node it stands on."""

    id: str
    version: int
    state: CaseState
    item: ItemRef
    applicant: Party
    division: str
    channel: Channel
    created_at: datetime
    filed_at: str = ""
    agent: str = ""
    authority: str = ""
    kind: str = renewals.CaseKind.NEW
    about: HeldCertificate | None = None
    identity: IdentityCheck | None = None
    form: Mapping[str, Any] = field(default_factory=dict)
    materials: tuple[SubmittedMaterial, ...] = ()
    delivery: str = "electronic"
    receipt_number: str = ""
    received_at: datetime | None = None
    case_number: str = ""
    accepted_at: datetime | None = None
    decided_at: datetime | None = None
    route: Route = NO_ROUTE
    position: int = 0
    task: Task | None = None
    tasks: int = 0
    documents: tuple[Document, ...] = ()
    certificate: str = ""
    fees: tuple[FeeDue, ...] = ()
    payment: Payment | None = None
    workflow_attempt: int = 0
    workflow_dead: bool = False
    procedures: tuple[procedures.Procedure, ...] = ()
    extended: extensions.Extended | None = None
    hearing: hearing_rights.Hearing | None = None
    notices: notices.Notices = notices.NONE_SENT
    deferred: tuple[DeferredMaterial, ...] = ()
    supplements: tuple[Supplement, ...] = ()
    ready: Ready | None = None
    stays: tuple[Stay, ...] = ()
    commitment: commitments.Commitment | None = None
    check: commitment_checks.Check | None = None
    check_task: Task | None = None
    log_head: str = ""  # hash of the last stored event; storage sets it, rules never look at it

    @property
    def pending_node(self) -> Node | None:
        """The node that has to be worked on next, None once nothing is left for the workflow."""
        if self.state in ROUTED and self.position < len(self.route.nodes):
            return self.route.nodes[self.position]
        return None

    @property
    def number(self) -> str:
        """The number by which people speak of it: the official one once accepted."""
        return self.case_number or self.receipt_number


def open_draft(command: c.OpenDraft, actor: Actor, now: datetime) -> tuple[Case, tuple[EventRecord, ...]]:
    """The first event of a case."""
    drafted = e.CaseDrafted(
        command.item,
        command.applicant,
        command.division,
        command.channel,
        command.filed_at,
        command.agent,
        command.authority,
        command.kind,
        command.about,
        command.presence,
        command.identity,
    )
    record = _record(command.case_id, 1, drafted, actor, now)
    return evolve(None, record), (record,)


def handle(
    case: Case,
    command: object,
    actor: Actor,
    now: datetime,
    *,
    law: Law | None = None,
    effective_at: datetime | None = None,
) -> tuple[Case, tuple[EventRecord, ...]]:
    """Judge a command and, if it may be, let it happen.

    Raises Invalid for materials that do not fit, Refused for a wrong state or any broken rule; all
    violations at once.
    """
    act = Act(actor, now, law)
    judge(case, command, act)
    records = tuple(
        _record(case.id, case.version + i, event, actor, now, effective_at)
        for i, event in enumerate(TRANSITIONS[type(command)].emit(case, command, act), 1)
    )
    for record in records:
        case = evolve(case, record)
    return case, records


def judge(case: Case, command: object, act: Act) -> None:
    """Raise what ``handle`` would raise, and do nothing else: for asking before a number is spent."""
    transition = TRANSITIONS[type(command)]
    if case.state not in transition.sources:
        raise Refused.because("case.wrong-state", state=case.state)
    raise_all(Refused, [rule(case, command, act) for rule in transition.rules])
    raise_all(Invalid, transition.defects(case, command, act))


def _record(
    case_id: str, number: int, event: Event, actor: Actor, now: datetime, effective_at: datetime | None = None
) -> EventRecord:
    ref = e.ActorRef(actor.subject, actor.kind, actor.body, actor.division)
    return EventRecord(case_id, number, now, effective_at or now, ref, event)


# -- the parts put together ------------------------------------------------------------------------

PARTS: tuple[Any, ...] = (
    case_acts,
    notices,
    deemed_acceptance,
    renewals,
    materials,
    presence,
    mandates,
    fees,
    procedures,
    extensions,
    hearings,
    supplements,
    commitments,
    commitment_checks,
)
"""Modules that bring transitions, evolutions and lapses: the core acts, then each aspect of a case's law (``Part``)."""

TRANSITIONS: Transitions = {k: v for part in PARTS for k, v in part.TRANSITIONS.items()}


# -- the fold ----------------------------------------------------------------------------------------


def fold(records: tuple[EventRecord, ...]) -> Case:
    """Rebuild a case from its whole log."""
    case: Case | None = None
    for record in records:
        case = evolve(case, record)
    if case is None:
        raise ValueError("a case has at least one event")
    return case


def evolve(case: Case | None, record: EventRecord) -> Case:
    """Let one recorded event happen to the snapshot."""
    event = record.event
    if isinstance(event, e.CaseDrafted):
        return Case(
            id=record.case_id,
            version=record.number,
            state=S.DRAFT,
            item=event.item,
            applicant=event.applicant,
            division=event.division,
            channel=Channel(event.channel),
            created_at=record.recorded_at,
            filed_at=event.filed_at,
            agent=event.agent,
            authority=event.authority,
            kind=event.kind,
            about=event.about,
            identity=event.identity,
        )
    if case is None:
        raise ValueError("the first event of a case is case.drafted")
    after = replace(case, version=record.number, **EVOLUTIONS[type(event)](case, event, record))
    return moved(after, record)


EVOLUTIONS: Evolutions = {k: v for part in PARTS for k, v in part.EVOLUTIONS.items()}

_KINDS: tuple[type[Event], ...] = (e.CaseDrafted, *EVOLUTIONS)
EVENTS: Mapping[str, type[Event]] = {kind.type: kind for kind in _KINDS}
"""Every kind of event a log can hold, by its name."""


# -- what time alone brings about ----------------------------------------------------------------------


def lapses(case: Case, law: Law) -> list[Lapse]:
    """What will happen by itself if nothing else does, earliest first. At most one for each part of the law."""
    found = [lapse for part in PARTS for lapse in part.lapses(case, law)]
    return sorted(found, key=lambda lapse: lapse.at)
