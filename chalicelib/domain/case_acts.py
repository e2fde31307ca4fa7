"""The core acts of a case: draft, submit, work on tasks, accept, decide, issue, deliver, and the workflow's own.

They are a part like every other (``case_rules.Part``); what one aspect of the law adds stands in a module of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chalicelib.domain import case_commands as c
from chalicelib.domain import case_events as e
from chalicelib.domain import (
    commitment_checks,
    commitments,
    fees,
    hearings,
    materials,
    presence,
    procedures,
    renewals,
    supplement_dates,
    supplements,
    window,
)
from chalicelib.domain.case_events import Event, EventRecord
from chalicelib.domain.case_rules import (
    CHECK,
    DELIVER,
    MINE,
    REVIEWS,
    REVOKE,
    ROUTED,
    Act,
    CaseState,
    Evolutions,
    Task,
    Transition,
    Transitions,
    attempt_is_current,
    colleague_is_another,
    competent_body_is_named,
    free_task_of,
    node_is_pending,
    task_is_free,
    task_is_held,
    task_is_one_of,
    task_is_open,
    task_number,
    task_of,
    text_is_given,
    version_is_in_force,
    workflow_is_dead,
    workflow_is_not_known_dead,
)
from chalicelib.domain.catalog import StepRole
from chalicelib.domain.deadlines import Lapse, Law
from chalicelib.domain.errors import Violation

if TYPE_CHECKING:
    from chalicelib.domain.cases import Case

S = CaseState

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
    return (received, e.CaseAccepted(0, command.case_number, command.acceptance, command.awaited))


def _returned(case: Case, command: c.Return, act: Act) -> tuple[Event, ...]:
    target = _return_target(case, command)
    if target is None:
        raise AssertionError("unreachable: return_target_is_an_earlier_review refuses first")
    return (e.CaseReturned(task_number(case), target, command.reason),)


def _issue(case: Case, command: c.Issue, act: Act) -> tuple[Event, ...]:
    return (e.ResultIssued(command.certificate, command.replaces), *window.handing_over(case))


def _grant(case: Case, command: c.Grant, act: Act) -> tuple[Event, ...]:
    granted = e.CaseGranted(task_number(case), command.document, command.opinion)
    return (granted, *fees.with_the_decision(case, act.law))


def _refuse(case: Case, command: c.Refuse, act: Act) -> tuple[Event, ...]:
    refused = e.CaseRefused(task_number(case), command.document, command.reasons, command.remedies)
    return (refused, *window.handing_over(case))


WORKED_ON = ROUTED | {S.GRANTED, S.ISSUED, S.REFUSED, S.CLOSED}
"""Where somebody's task can be open: on the way, at delivery, or in a check after the decision."""


MOVED = ROUTED | commitment_checks.AFTER
"""Where an execution can have something to do: on the way, or in a check after the decision."""


def workflow_has_work(case: Case, command: object, act: Act) -> Violation | None:
    """Nothing moves a case that was decided, unless its promise is checked."""
    if case.state in ROUTED or commitment_checks.is_open(case):
        return None
    return Violation("case.wrong-state", "", {"state": case.state})


def _number(task: Task | None) -> int:
    return task.number if task else 0


DECIDES = (*MINE, task_is_one_of(StepRole.DECIDE), procedures.none_running, hearings.none_pending)

TRANSITIONS: Transitions = {
    c.SaveApplication: Transition(
        frozenset({S.DRAFT}),
        (),
        lambda case, m, a: (e.ApplicationSaved(m.item, m.form, m.materials, m.delivery, m.deferred),),
    ),
    c.Submit: Transition(
        frozenset({S.DRAFT}),
        (version_is_in_force, renewals.not_expired, commitments.promise_was_withdrawn),
        _submit,
        lambda case, m, a: [
            *m.unfit,
            *materials.violations(m.item, case.materials, m.held, supplement_dates.promised_later(case)),
            *presence.delivery_violations(case),
        ],
    ),
    c.OpenTask: Transition(ROUTED, (attempt_is_current, node_is_pending), _open_task),
    c.Claim: Transition(
        WORKED_ON,
        (task_is_open, task_is_free),
        lambda case, m, a: (e.TaskClaimed(_number(free_task_of(case, a.actor)), a.actor.subject),),
    ),
    c.Transfer: Transition(
        WORKED_ON,
        (*MINE, text_is_given("officer"), text_is_given("reason"), colleague_is_another),
        lambda case, m, a: (e.TaskTransferred(_number(task_of(case, a.actor)), m.officer, m.reason),),
    ),
    c.Release: Transition(
        WORKED_ON,
        (task_is_open, task_is_held, text_is_given("reason")),
        lambda case, m, a: (e.TaskReleased(_number(task_of(case, a.actor)), m.reason),),
    ),
    c.Forward: Transition(
        frozenset({S.RECEIVED}),
        (*MINE, task_is_one_of(StepRole.RECEIVE)),
        lambda case, m, a: (e.ApplicationForwarded(task_number(case), m.note),),
    ),
    c.Accept: Transition(
        frozenset({S.RECEIVED}),
        (*MINE, task_is_one_of(StepRole.ACCEPT)),
        lambda case, m, a: (e.CaseAccepted(task_number(case), m.case_number, m.document, m.awaited),),
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
        (*DECIDES, supplements.none_outstanding, renewals.something_is_left),
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
        MOVED,
        (workflow_has_work, attempt_is_current, workflow_is_not_known_dead),
        lambda case, m, a: (e.WorkflowDied(m.attempt),),
    ),
    c.RestartWorkflow: Transition(
        MOVED,
        (workflow_has_work, workflow_is_dead),
        lambda case, m, a: (e.WorkflowRestarted(case.workflow_attempt + 1, m.reason),),
    ),
}


# -- evolutions ---------------------------------------------------------------------------------------


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
        "supplements": supplement_dates.awaited(event.awaited),
        "documents": (*case.documents, event.document),
        "position": next(i for i, node in enumerate(case.route.nodes) if node.role is StepRole.ACCEPT) + 1,
        "task": None,
    }


def _onwards(case: Case) -> dict[str, Any]:
    return {"position": case.position + 1, "task": None}


def _opened(case: Case, event: e.TaskOpened, record: EventRecord) -> dict[str, Any]:
    slot = "check_task" if event.role in (CHECK, REVOKE) else "task"
    return {slot: Task(event.task, event.role, event.body, record.recorded_at), "tasks": event.task}


def _held_by(case: Case, event: e.TaskClaimed | e.TaskTransferred, record: EventRecord) -> dict[str, Any]:
    return _handed(case, event.task, event.officer)


def _handed(case: Case, number: int, officer: str) -> dict[str, Any]:
    if case.check_task is not None and case.check_task.number == number:
        return {"check_task": replace(case.check_task, assignee=officer)}
    return {"task": replace(case.task, assignee=officer) if case.task else None}


def _decided(state: CaseState) -> Callable[[Case, Any, EventRecord], dict[str, Any]]:
    def decided(case: Case, event: e.CaseGranted | e.CaseRefused, record: EventRecord) -> dict[str, Any]:
        documents = (*case.documents, event.document)
        end = {"position": len(case.route.nodes), "task": None}
        return {"state": state, "decided_at": record.effective_at, "documents": documents, **end}

    return decided


EVOLUTIONS: Evolutions = {
    e.ApplicationSaved: lambda case, ev, r: {
        "item": ev.item,
        "form": ev.form,
        "materials": ev.materials,
        "delivery": ev.delivery,
        "deferred": ev.deferred,
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
    e.TaskReleased: lambda case, ev, r: _handed(case, ev.task, ""),
    e.CaseReturned: lambda case, ev, r: {"position": ev.position, "task": None},
    e.OpinionGiven: lambda case, ev, r: _onwards(case),
    e.CaseGranted: _decided(S.GRANTED),
    e.CaseRefused: _decided(S.REFUSED),
    e.CaseWithdrawn: lambda case, ev, r: {"state": S.WITHDRAWN, "task": None},
    e.ResultIssued: lambda case, ev, r: {"state": S.ISSUED, "certificate": ev.certificate},
    e.ResultDelivered: lambda case, ev, r: {"state": S.CLOSED, "task": None},
    e.DraftDiscarded: lambda case, ev, r: {"state": S.DISCARDED, "form": {}, "materials": (), "deferred": ()},
    e.WorkflowDied: lambda case, ev, r: {"workflow_dead": True},
    e.WorkflowRestarted: lambda case, ev, r: {"workflow_attempt": ev.attempt, "workflow_dead": False},
}


def lapses(case: Case, law: Law) -> Iterable[Lapse]:
    """Nothing here happens by time alone."""
    return ()
