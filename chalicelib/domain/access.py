"""Who may see a case and who may do what to it. Decided here, in every use case, by actor, act and object (I4).

Foreign and absent look the same: whoever may not see a case gets NotFound. Forbidden is only for
those who see it and want what is not theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from chalicelib.domain import case_commands as c
from chalicelib.domain.actors import Actor, ActorKind, Role
from chalicelib.domain.authorities import Authority
from chalicelib.domain.case_rules import is_for, open_tasks
from chalicelib.domain.cases import Case, CaseState
from chalicelib.domain.commitment_checks import DecideRevocation, OpenCheck, RecordCheck, StateDefence, WaiveDefence
from chalicelib.domain.commitments import DecideOnCommitment, ServeNotice, SignCommitment, WithdrawCommitment
from chalicelib.domain.divisions import contains
from chalicelib.domain.errors import Forbidden, NotFound
from chalicelib.domain.extensions import Extend
from chalicelib.domain.fees import AssessFees, RecordPayment, settled
from chalicelib.domain.hearings import NotifyHearing, RecordHearing, RequestHearing, ScheduleHearing, WaiveHearing
from chalicelib.domain.mandates import DecideInstantly
from chalicelib.domain.materials import RecordPapers
from chalicelib.domain.notices import Correct, SendNotice, SpotCorrect
from chalicelib.domain.presence import HOLDERS, ClaimApplication, is_filer, is_provisional
from chalicelib.domain.procedures import AssignOfficers, RecordResult, StartProcedure
from chalicelib.domain.supplements import CheckSupplements, HoldDecision, Supply
from chalicelib.domain.uploads import OpenUpload

PROMISING = frozenset({ServeNotice, SignCommitment, WithdrawCommitment, DecideOnCommitment})
"""What an agent does only under an authority that covers promises."""

APPLICANT_ACTS = frozenset(
    {
        c.SaveApplication,
        c.Submit,
        c.Withdraw,
        c.Discard,
        RequestHearing,
        WaiveHearing,
        Correct,
        SpotCorrect,
        OpenUpload,
        Supply,
        *PROMISING,
        StateDefence,
        WaiveDefence,
    }
)
OFFICER_ACTS = frozenset(
    {
        c.Claim,
        c.Transfer,
        c.Forward,
        c.Accept,
        c.RefuseAcceptance,
        c.GiveOpinion,
        c.Return,
        c.Grant,
        c.Refuse,
        c.HandOver,
        RecordPapers,
        SendNotice,
        SpotCorrect,  # with the applicant before them
        StartProcedure,
        AssignOfficers,
        RecordResult,
        NotifyHearing,
        RequestHearing,  # recorded for third parties
        WaiveHearing,
        ScheduleHearing,
        RecordHearing,
        CheckSupplements,
        HoldDecision,
        DecideRevocation,
    }
)
SYSTEM_ACTS = frozenset({c.OpenTask, c.Issue, c.Discard, c.RecordWorkflowDeath, c.RestartWorkflow, OpenCheck})


def is_applicant(case: Case, actor: Actor) -> bool:
    """The person or organisation who applies."""
    return actor.subject == case.applicant.subject and actor.kind in (ActorKind.PERSON, ActorKind.ORGANISATION)


def has_turn(case: Case, actor: Actor) -> bool:
    """The case waits for this officer: open task at their body, for a role they hold, free or theirs."""
    return actor.kind is ActorKind.OFFICER and any(is_for(task, actor) for task in open_tasks(case))


def checks(case: Case, actor: Actor) -> bool:
    """An officer of the body that checks the promise on which the case was decided, during the check and after it."""
    return (
        actor.kind is ActorKind.OFFICER
        and Role.CHECK in actor.roles
        and case.commitment is not None
        and bool(case.commitment.check_body)
        and actor.body == case.commitment.check_body
    )


def leads(case: Case, actor: Actor) -> bool:
    """The head of the body with which the case stands, or of the government there (行政许可法 42)."""
    node = case.pending_node
    if node is None or actor.kind is not ActorKind.OFFICER:
        return False
    at_body = Role.HEAD in actor.roles and actor.body == node.body
    return at_body or (Role.GOVERNMENT_HEAD in actor.roles and actor.division == node.division)


def supervises(case: Case, actor: Actor) -> bool:
    """A supervisor sees the submitted cases on whose route a body of their area stands."""
    if actor.kind is not ActorKind.SUPERVISOR or not actor.division:
        return False
    return any(contains(actor.division, node.division) for node in case.route.nodes)


def disposes(case: Case, actor: Actor) -> bool:
    """Who may take a task from its holder: the head of the body where it stands, or a supervisor of that place.

    Nobody else could help a task that was handed to somebody who never comes.
    """
    if actor.kind is ActorKind.OFFICER:
        return Role.HEAD in actor.roles and any(actor.body == task.body for task in open_tasks(case))
    places = {node.body: node.division for node in case.route.nodes}
    return supervises(case, actor) and any(
        contains(actor.division, places.get(task.body, _place_of(task.body))) for task in open_tasks(case)
    )


def _place_of(body: str) -> str:
    """The division in the id of a body: ``<division>-<department>``."""
    return body.split("-", 1)[0]


def collects(case: Case, actor: Actor) -> bool:
    """A fee is due, and the officer works at a body of the route that may take it: a window, or who decides."""
    return (
        actor.kind is ActorKind.OFFICER
        and case.state is CaseState.GRANTED
        and not settled(case)
        and actor.body in {node.body for node in case.route.nodes}
        and bool(actor.roles & {Role.WINDOW, Role.ACCEPTANCE, Role.DECISION})
    )


def only_oversees(case: Case, actor: Actor) -> bool:
    """Sees how the case is handled, but needs nothing of what the applicant wrote."""
    above = actor.kind is ActorKind.SUPERVISOR or Role.GOVERNMENT_HEAD in actor.roles
    return above and not has_turn(case, actor)


def may_see(case: Case, actor: Actor) -> bool:
    """Both sides of the case, whoever it waits for, and those who supervise it."""
    return (
        actor.kind is ActorKind.SYSTEM
        or is_applicant(case, actor)
        or is_filer(case, actor)
        or has_turn(case, actor)
        or checks(case, actor)
        or leads(case, actor)
        or disposes(case, actor)
        or collects(case, actor)
        or supervises(case, actor)
    )


def require_sight(case: Case | None, actor: Actor) -> Case:
    """The case, if there is one and the actor may see it; otherwise NotFound."""
    if case is None or not may_see(case, actor):
        raise NotFound.because("case.not-found")
    return case


def authorise(case: Case | None, actor: Actor, act: type, authority: Authority | None, now: datetime) -> Case:
    """The case, if the actor may do this act (a command class) to it; NotFound or Forbidden otherwise."""
    if act is ClaimApplication:
        return require_unclaimed(case, actor)
    seen = require_sight(case, actor)
    if not _allowed(seen, actor, act):
        raise Forbidden.because("extension.wrong-head" if act is Extend else "case.act-not-yours")
    if act in APPLICANT_ACTS and actor.kind is ActorKind.AGENT:
        granted = require_authority(authority, actor, seen.applicant.subject, seen.item.basic_code, now)
        if act in PROMISING and not granted.commitments:
            raise Forbidden.because("authority.commitment-not-covered")
    return seen


def require_unclaimed(case: Case | None, actor: Actor) -> Case:
    """A case that waits for its person, for somebody who may be that person; otherwise NotFound."""
    if case is None or actor.kind not in HOLDERS or not is_provisional(case.applicant.subject):
        raise NotFound.because("case.not-found")
    return case


def _allowed(case: Case, actor: Actor, act: type) -> bool:
    if actor.kind is ActorKind.SYSTEM:
        return act in SYSTEM_ACTS
    if act in APPLICANT_ACTS and (is_applicant(case, actor) or is_filer(case, actor)):
        return True
    if act in OFFICER_ACTS:
        return has_turn(case, actor)
    judge = _OTHER_ACTS.get(act)
    return judge is not None and judge(case, actor)


_OTHER_ACTS: Mapping[type, Callable[[Case, Actor], bool]] = {
    Extend: leads,
    RecordPayment: lambda case, actor: is_applicant(case, actor) or collects(case, actor),
    AssessFees: lambda case, actor: (
        has_turn(case, actor) or (collects(case, actor) and actor.body == case.route.nodes[-1].body)
    ),
    # Right after acceptance on receipt no task is open yet; the window that filed it need not wait for one.
    DecideInstantly: lambda case, actor: (
        has_turn(case, actor) or (is_filer(case, actor) and actor.kind is ActorKind.OFFICER)
    ),
    c.ConfirmReceipt: is_applicant,
    RecordCheck: checks,
    c.Release: lambda case, actor: has_turn(case, actor) or disposes(case, actor),
    c.RestartWorkflow: supervises,
}
"""Acts that are neither the applicant's nor simply whose turn it is, each with who may do it."""


def require_authority(
    authority: Authority | None, agent: Actor, principal: str, basic_code: str, now: datetime
) -> Authority:
    """The authority, if the agent may act under it now; Forbidden with the reason otherwise."""
    if (
        authority is None
        or authority.agent != agent.subject
        or authority.principal_subject != principal
        or not authority.in_force(now)
    ):
        raise Forbidden.because("authority.not-in-force")
    if not authority.covers(basic_code):
        raise Forbidden.because("authority.item-not-covered")
    return authority
