"""A case (办件): its snapshot, its transition table, and the fold of its log.

    draft ─► received ─► in_review ─► granted ─► issued ─► closed
      │         │            │  └───► refused ──────────────┘
      ▼         ▼            ▼
  discarded  not_accepted  withdrawn          (withdrawn also from received)

``handle`` takes a case and a command and gives the new case and its events; it raises Refused or
Invalid with every broken rule, each under its code. Nothing here reads a clock or makes a number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from chalicelib.domain import case_commands as c
from chalicelib.domain import case_events as e
from chalicelib.domain import (
    deemed_acceptance,
    extensions,
    fees,
    hearing_rights,
    hearings,
    mandates,
    materials,
    notices,
    procedures,
    renewals,
)
from chalicelib.domain.actors import Actor
from chalicelib.domain.case_events import (
    Document,
    Event,
    EventRecord,
    HeldCertificate,
    ItemRef,
    Party,
    SubmittedMaterial,
)
from chalicelib.domain.case_rules import (
    DELIVER,
    ENDED_EARLY,
    MINE,
    REVIEWS,
    ROLE_OF_TASK,
    ROUTED,
    Act,
    CaseState,
    Evolutions,
    Transition,
    Transitions,
    attempt_is_current,
    colleague_is_another,
    competent_body_is_named,
    node_is_pending,
    task_is_free,
    task_is_held,
    task_is_one_of,
    task_is_open,
    task_number,
    text_is_given,
    version_is_in_force,
    workflow_is_dead,
    workflow_is_not_known_dead,
)
from chalicelib.domain.catalog import StepRole
from chalicelib.domain.deadlines import Lapse, Law
from chalicelib.domain.errors import Invalid, Refused, Violation, raise_all
from chalicelib.domain.fees import FeeDue, Payment
from chalicelib.domain.routing import Channel, Node, Route
from chalicelib.domain.stays import Stay, moved

__all__ = ["DELIVER", "ENDED_EARLY", "ROLE_OF_TASK", "ROUTED", "Case", "CaseState", "Task", "fold", "handle", "judge"]

S = CaseState
NO_ROUTE = Route(())


@dataclass(frozen=True, slots=True)
class Task:
    """The one open piece of work on a case."""

    number: int
    role: str
    body: str
    opened_at: datetime
    assignee: str = ""


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
    stays: tuple[Stay, ...] = ()
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


# -- rules of the core acts ----------------------------------------------------------------------


def return_target_is_an_earlier_review(case: Case, command: c.Return, act: Act) -> Violation | None:
    """A return goes back, and to somebody whose opinion can be bettered."""
    target = _return_target(case, command)
    if target is None or target >= case.position or target < 0 or case.route.nodes[target].role not in REVIEWS:
        return Violation("task.return-target", "/position")
    return None


# -- the transition table --------------------------------------------------------------------------


def _return_target(case: Case, command: c.Return) -> int | None:
    if command.position is not None:
        return command.position
    earlier = [i for i, node in enumerate(case.route.nodes[: case.position]) if node.role in REVIEWS]
    return earlier[-1] if earlier else None


def _open_task(case: Case, command: c.OpenTask, act: Act) -> tuple[Event, ...]:
    node = case.route.nodes[case.position]
    return (e.TaskOpened(case.tasks + 1, case.position, node.role, node.body),)


def _submit(case: Case, command: c.Submit, act: Act) -> tuple[Event, ...]:
    received = e.ApplicationSubmitted(command.receipt_number, command.route, command.document, command.held)
    if command.acceptance is None:
        return (received,)
    return (received, e.CaseAccepted(0, command.case_number, command.acceptance))


def _returned(case: Case, command: c.Return, act: Act) -> tuple[Event, ...]:
    target = _return_target(case, command)
    if target is None:
        raise AssertionError("unreachable: return_target_is_an_earlier_review refuses first")
    return (e.CaseReturned(task_number(case), target, command.reason),)


def _issue(case: Case, command: c.Issue, act: Act) -> tuple[Event, ...]:
    return (e.ResultIssued(command.certificate), *_handing_over(case))


def _grant(case: Case, command: c.Grant, act: Act) -> tuple[Event, ...]:
    granted = e.CaseGranted(task_number(case), command.document, command.opinion)
    return (granted, *fees.with_the_decision(case, act.law))


def _refuse(case: Case, command: c.Refuse, act: Act) -> tuple[Event, ...]:
    refused = e.CaseRefused(task_number(case), command.document, command.reasons, command.remedies)
    return (refused, *_handing_over(case))


def _handing_over(case: Case) -> tuple[Event, ...]:
    """At a window, handing the result over is somebody's task: there where the application came in."""
    if case.delivery != "window":
        return ()
    first = case.route.nodes[0]
    return (e.TaskOpened(case.tasks + 1, len(case.route.nodes), DELIVER, first.body),)


DECIDES = (*MINE, task_is_one_of(StepRole.DECIDE), procedures.none_running, hearings.none_pending)

_CORE: Transitions = {
    c.SaveApplication: Transition(
        frozenset({S.DRAFT}), (), lambda case, m, a: (e.ApplicationSaved(m.item, m.form, m.materials, m.delivery),)
    ),
    c.Submit: Transition(
        frozenset({S.DRAFT}),
        (version_is_in_force, renewals.not_expired),
        _submit,
        lambda case, m, a: [*m.unfit, *materials.violations(m.item, case.materials, m.held)],
    ),
    c.OpenTask: Transition(ROUTED, (attempt_is_current, node_is_pending), _open_task),
    c.Claim: Transition(
        ROUTED | {S.ISSUED, S.REFUSED},
        (task_is_open, task_is_free),
        lambda case, m, a: (e.TaskClaimed(task_number(case), a.actor.subject),),
    ),
    c.Transfer: Transition(
        ROUTED | {S.ISSUED, S.REFUSED},
        (*MINE, text_is_given("officer"), text_is_given("reason"), colleague_is_another),
        lambda case, m, a: (e.TaskTransferred(task_number(case), m.officer, m.reason),),
    ),
    c.Release: Transition(
        ROUTED | {S.ISSUED, S.REFUSED},
        (task_is_open, task_is_held, text_is_given("reason")),
        lambda case, m, a: (e.TaskReleased(task_number(case), m.reason),),
    ),
    c.Forward: Transition(
        frozenset({S.RECEIVED}),
        (*MINE, task_is_one_of(StepRole.RECEIVE)),
        lambda case, m, a: (e.ApplicationForwarded(task_number(case), m.note),),
    ),
    c.Accept: Transition(
        frozenset({S.RECEIVED}),
        (*MINE, task_is_one_of(StepRole.ACCEPT)),
        lambda case, m, a: (e.CaseAccepted(task_number(case), m.case_number, m.document),),
    ),
    c.RefuseAcceptance: Transition(
        frozenset({S.RECEIVED}),
        (*MINE, task_is_one_of(StepRole.ACCEPT), text_is_given("reason"), competent_body_is_named),
        lambda case, m, a: (e.AcceptanceRefused(task_number(case), m.ground, m.reason, m.competent_body, m.document),),
    ),
    c.GiveOpinion: Transition(
        frozenset({S.IN_REVIEW}),
        (*MINE, task_is_one_of(*REVIEWS), text_is_given("opinion")),
        lambda case, m, a: (e.OpinionGiven(task_number(case), case.position, m.conclusion, m.opinion),),
    ),
    c.Return: Transition(
        frozenset({S.IN_REVIEW}),
        (
            *MINE,
            task_is_one_of(*REVIEWS, StepRole.DECIDE),
            text_is_given("reason"),
            return_target_is_an_earlier_review,
        ),
        _returned,
    ),
    c.Grant: Transition(
        frozenset({S.IN_REVIEW}),
        DECIDES,
        _grant,
    ),
    c.Refuse: Transition(
        frozenset({S.IN_REVIEW}),
        (*DECIDES, text_is_given("reasons"), text_is_given("remedies")),
        _refuse,
    ),
    c.Withdraw: Transition(ROUTED, (), lambda case, m, a: (e.CaseWithdrawn(m.reason, task_number(case)),)),
    c.Issue: Transition(frozenset({S.GRANTED}), (fees.fee_is_settled,), _issue),
    c.HandOver: Transition(
        frozenset({S.ISSUED, S.REFUSED}),
        (*MINE, task_is_one_of(DELIVER)),
        lambda case, m, a: (e.ResultDelivered(m.method, task_number(case), m.proof),),
    ),
    c.ConfirmReceipt: Transition(
        frozenset({S.ISSUED, S.REFUSED}), (), lambda case, m, a: (e.fetched(task_number(case), a.now),)
    ),
    c.Discard: Transition(frozenset({S.DRAFT}), (), lambda case, m, a: (e.DraftDiscarded(m.reason),)),
    c.RecordWorkflowDeath: Transition(
        ROUTED, (attempt_is_current, workflow_is_not_known_dead), lambda case, m, a: (e.WorkflowDied(m.attempt),)
    ),
    c.RestartWorkflow: Transition(
        ROUTED, (workflow_is_dead,), lambda case, m, a: (e.WorkflowRestarted(case.workflow_attempt + 1, m.reason),)
    ),
}


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
    notices,
    deemed_acceptance,
    renewals,
    materials,
    mandates,
    fees,
    procedures,
    extensions,
    hearings,
)
"""Modules that bring further transitions, evolutions and lapses: each one aspect of a case's law (``Part``)."""

TRANSITIONS: Transitions = {**_CORE, **{k: v for part in PARTS for k, v in part.TRANSITIONS.items()}}


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
        )
    if case is None:
        raise ValueError("the first event of a case is case.drafted")
    after = replace(case, version=record.number, **EVOLUTIONS[type(event)](case, event, record))
    return moved(after, record)


def _received(case: Case, event: e.ApplicationSubmitted, record: EventRecord) -> dict[str, Any]:
    return {
        "state": S.RECEIVED,
        "receipt_number": event.receipt_number,
        "received_at": record.effective_at,
        "route": event.route,
        "materials": (*case.materials, *event.held),
        "documents": (*case.documents, event.document),
        "workflow_attempt": 1,
    }


def _accepted(case: Case, event: e.CaseAccepted, record: EventRecord) -> dict[str, Any]:
    return {
        "state": S.IN_REVIEW,
        "case_number": event.case_number,
        "accepted_at": record.effective_at,
        "documents": (*case.documents, event.document),
        "position": next(i for i, node in enumerate(case.route.nodes) if node.role is StepRole.ACCEPT) + 1,
        "task": None,
    }


def _onwards(case: Case) -> dict[str, Any]:
    return {"position": case.position + 1, "task": None}


def _opened(case: Case, event: e.TaskOpened, record: EventRecord) -> dict[str, Any]:
    return {"task": Task(event.task, event.role, event.body, record.recorded_at), "tasks": event.task}


def _held_by(case: Case, event: e.TaskClaimed | e.TaskTransferred, record: EventRecord) -> dict[str, Any]:
    return {"task": replace(case.task, assignee=event.officer) if case.task else None}


def _decided(state: CaseState) -> Callable[[Case, Any, EventRecord], dict[str, Any]]:
    def decided(case: Case, event: e.CaseGranted | e.CaseRefused, record: EventRecord) -> dict[str, Any]:
        documents = (*case.documents, event.document)
        end = {"position": len(case.route.nodes), "task": None}
        return {"state": state, "decided_at": record.effective_at, "documents": documents, **end}

    return decided


_CORE_EVOLUTIONS: Evolutions = {
    e.ApplicationSaved: lambda case, ev, r: {
        "item": ev.item,
        "form": ev.form,
        "materials": ev.materials,
        "delivery": ev.delivery,
    },
    e.ApplicationSubmitted: _received,
    e.ApplicationForwarded: lambda case, ev, r: _onwards(case),
    e.CaseAccepted: _accepted,
    e.AcceptanceRefused: lambda case, ev, r: {
        "state": S.NOT_ACCEPTED,
        "task": None,
        "documents": (*case.documents, ev.document),
    },
    e.TaskOpened: _opened,
    e.TaskClaimed: _held_by,
    e.TaskTransferred: _held_by,
    e.TaskReleased: lambda case, ev, r: {"task": replace(case.task, assignee="") if case.task else None},
    e.CaseReturned: lambda case, ev, r: {"position": ev.position, "task": None},
    e.OpinionGiven: lambda case, ev, r: _onwards(case),
    e.CaseGranted: _decided(S.GRANTED),
    e.CaseRefused: _decided(S.REFUSED),
    e.CaseWithdrawn: lambda case, ev, r: {"state": S.WITHDRAWN, "task": None},
    e.ResultIssued: lambda case, ev, r: {"state": S.ISSUED, "certificate": ev.certificate},
    e.ResultDelivered: lambda case, ev, r: {"state": S.CLOSED, "task": None},
    e.DraftDiscarded: lambda case, ev, r: {"state": S.DISCARDED, "form": {}, "materials": ()},
    e.WorkflowDied: lambda case, ev, r: {"workflow_dead": True},
    e.WorkflowRestarted: lambda case, ev, r: {"workflow_attempt": ev.attempt, "workflow_dead": False},
}

EVOLUTIONS: Evolutions = {**_CORE_EVOLUTIONS, **{k: v for part in PARTS for k, v in part.EVOLUTIONS.items()}}

_KINDS: tuple[type[Event], ...] = (e.CaseDrafted, *EVOLUTIONS)
EVENTS: Mapping[str, type[Event]] = {kind.type: kind for kind in _KINDS}
"""Every kind of event a log can hold, by its name."""


# -- what time alone brings about ----------------------------------------------------------------------


def lapses(case: Case, law: Law) -> list[Lapse]:
    """What will happen by itself if nothing else does, earliest first. At most one for each part of the law."""
    found = [lapse for part in PARTS for lapse in part.lapses(case, law)]
    return sorted(found, key=lambda lapse: lapse.at)
