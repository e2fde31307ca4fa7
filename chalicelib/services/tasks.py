"""What officers do with the case before them, and what the workflow does to bring it there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from chalicelib.domain import case_commands as c
from chalicelib.domain import cases, commitment_checks, supplement_dates
from chalicelib.domain.actors import SYSTEM, Actor, ActorKind
from chalicelib.domain.case_events import awaited_terms
from chalicelib.domain.case_rules import Act
from chalicelib.domain.cases import ROLE_OF_TASK, ROUTED, Case
from chalicelib.domain.commitment_checks import OpenCheck
from chalicelib.domain.documents import DocumentKind
from chalicelib.domain.errors import Conflict, Forbidden, Invalid, Refused
from chalicelib.services.changes import change
from chalicelib.services.documents import blank, write
from chalicelib.services.lapses import ATTEMPTS, law_of
from chalicelib.services.numbers import case_number
from chalicelib.services.ports import Page, Ports, Receipt, RequestKey, TaskSummary, body_queue, officer_queue

_BODY_ID = re.compile(r"[0-9]{12}-[0-9A-Za-z]+")
"""``<division>-<department>``: no body is called so."""


class CaseEnded(Exception):
    """Nothing is left to open: the case was decided, withdrawn or not accepted."""


class Superseded(Exception):
    """Another execution has taken over this case."""


# -- the officer's desk ----------------------------------------------------------------------------------


def worklist(ports: Ports, actor: Actor, queue: str, after: str | None, limit: int) -> Page[TaskSummary]:
    """One of the officer's queues, see ``queues``. Raises Forbidden for a queue that is not theirs."""
    if queue not in queues(actor):
        raise Forbidden.because("worklist.not-yours")
    return ports.cases.worklist(queues(actor)[queue], after, limit)


def queues(actor: Actor) -> dict[str, str]:
    """The queues an officer may look into: ``mine``, and one for each kind of task at their body."""
    if actor.kind is not ActorKind.OFFICER or not actor.body:
        return {}
    free = {task: body_queue(actor.body, task) for task, role in ROLE_OF_TASK.items() if role in actor.roles}
    return {"mine": officer_queue(actor.subject), **free}


def claim(ports: Ports, actor: Actor, case_id: str, *, key: RequestKey | None = None) -> Receipt:
    """Take the open task."""
    return _act(ports, actor, case_id, c.Claim(), key)


def transfer(
    ports: Ports, actor: Actor, case_id: str, *, officer: str, reason: str, key: RequestKey | None = None
) -> Receipt:
    """Hand the claimed task to a colleague of the same body."""
    return _act(ports, actor, case_id, c.Transfer(officer, reason), key)


def release(ports: Ports, actor: Actor, case_id: str, *, reason: str, key: RequestKey | None = None) -> Receipt:
    """Give a claimed task back to the body's queue: by its holder, or by a supervisor when nobody works on it."""
    return _act(ports, actor, case_id, c.Release(reason), key)


def forward(ports: Ports, actor: Actor, case_id: str, *, note: str = "", key: RequestKey | None = None) -> Receipt:
    """The receiving outlet passes the application on."""
    return _act(ports, actor, case_id, c.Forward(note), key)


def give_opinion(
    ports: Ports, actor: Actor, case_id: str, *, conclusion: str, opinion: str, key: RequestKey | None = None
) -> Receipt:
    """Conclude a preliminary or later review."""
    return _act(ports, actor, case_id, c.GiveOpinion(conclusion, opinion), key)


def send_back(
    ports: Ports, actor: Actor, case_id: str, *, reason: str, position: int | None, key: RequestKey | None = None
) -> Receipt:
    """Return the case to an earlier review for a better opinion."""
    return _act(ports, actor, case_id, c.Return(reason, position), key)


def hand_over(
    ports: Ports,
    actor: Actor,
    case_id: str,
    *,
    method: str,
    proof: Mapping[str, str] | None = None,
    key: RequestKey | None = None,
) -> Receipt:
    """The window gave or posted the result to the applicant, with its proof."""
    return _act(ports, actor, case_id, c.HandOver(method, proof or {}), key)


def accept(ports: Ports, actor: Actor, case_id: str, *, key: RequestKey | None = None) -> Receipt:
    """受理: official case number and acceptance document."""

    def build(case: Case, now: datetime) -> c.Accept:
        cases.judge(case, c.Accept("", blank(DocumentKind.ACCEPTANCE, now)), Act(actor, now))
        number = case_number(ports, case, now)
        law = law_of(ports, case)
        awaited = supplement_dates.at_acceptance(case, law, now) if law else ()
        told = awaited_terms(awaited)
        return c.Accept(number, write(ports, case, DocumentKind.ACCEPTANCE, now, number=number, **told), awaited)

    return change(ports, actor, case_id, c.Accept, build, key=key)


def refuse_acceptance(
    ports: Ports,
    actor: Actor,
    case_id: str,
    *,
    ground: str,
    reason: str,
    competent_body: str,
    key: RequestKey | None = None,
) -> Receipt:
    """不予受理, in writing, with the competent body named if another one is (行政许可法 32(1), 32(2)).

    ``competent_body`` is the id of a body of the region, whose name is then told, or the name of any other one.
    Raises Invalid ``body.unknown`` for what looks like an id and is none.
    """
    told = _body_told(ports, competent_body)

    def build(case: Case, now: datetime) -> c.RefuseAcceptance:
        texts = {"ground": ground, "reason": reason, "competent_body": told}
        document = write(ports, case, DocumentKind.NON_ACCEPTANCE, now, **texts)
        return c.RefuseAcceptance(ground, reason, told, document)

    return change(ports, actor, case_id, c.RefuseAcceptance, build, key=key)


def _body_told(ports: Ports, named: str) -> str:
    if not _BODY_ID.fullmatch(named):
        return named
    body = ports.catalog.body(named)
    if body is None:
        raise Invalid.because("body.unknown", "/competent_body", body=named)
    return body.name


def grant(ports: Ports, actor: Actor, case_id: str, *, opinion: str, key: RequestKey | None = None) -> Receipt:
    """准予."""

    def build(case: Case, now: datetime) -> c.Grant:
        return c.Grant(opinion, write(ports, case, DocumentKind.GRANT, now, opinion=opinion))

    return change(ports, actor, case_id, c.Grant, build, key=key)


def refuse(
    ports: Ports, actor: Actor, case_id: str, *, reasons: str, remedies: str, key: RequestKey | None = None
) -> Receipt:
    """不予许可, with reasons and remedies (行政许可法 38(2))."""

    def build(case: Case, now: datetime) -> c.Refuse:
        document = write(ports, case, DocumentKind.REFUSAL, now, reasons=reasons, remedies=remedies)
        return c.Refuse(reasons, remedies, document)

    return change(ports, actor, case_id, c.Refuse, build, key=key)


def _act(
    ports: Ports, actor: Actor, case_id: str, command: object, key: RequestKey | None, *, token: str | None = None
) -> Receipt:
    return change(ports, actor, case_id, type(command), lambda case, now: command, key=key, token=token)


# -- the workflow ----------------------------------------------------------------------------------------


def open_task(ports: Ports, case_id: str, attempt: int, token: str) -> None:
    """Open the node on which the case waits, or the next task of its check, and keep the workflow's token with it.

    Opening what is open already only renews the token, so a repeated or resumed call is harmless.
    Raises CaseEnded or Superseded, which the state machine catches by name; Conflict, which it retries.
    """
    for _ in range(ATTEMPTS):
        case = ports.cases.get(case_id)
        checking = case is not None and commitment_checks.is_open(case)
        if case is None or not (checking or case.pending_node is not None):
            raise CaseEnded(case_id)
        if attempt != case.workflow_attempt:
            raise Superseded(case_id)
        task, command = (case.check_task, OpenCheck(attempt)) if checking else (case.task, c.OpenTask(attempt))
        try:
            if task is not None:
                ports.cases.renew_token(case, task.number, token)
            else:
                _act(ports, SYSTEM, case_id, command, None, token=token)
        except (Conflict, Refused):
            # The case moved between the look and the write: look again.
            continue
        return
    raise Conflict.because("store.conflict")


def record_workflow_death(ports: Ports, case_id: str, attempt: int) -> None:
    """Make it visible that the execution of this attempt is gone."""
    change(ports, SYSTEM, case_id, c.RecordWorkflowDeath, lambda case, now: c.RecordWorkflowDeath(attempt))


def restart_workflow(
    ports: Ports, case_id: str, *, actor: Actor = SYSTEM, reason: str, key: RequestKey | None = None
) -> Receipt:
    """Let a new execution take over from where the case stands."""
    return change(ports, actor, case_id, c.RestartWorkflow, lambda case, now: c.RestartWorkflow(reason), key=key)


def needs_workflow(case: Case) -> bool:
    """True while something is left for an execution to do."""
    return (case.state in ROUTED and case.pending_node is not None) or commitment_checks.is_open(case)
