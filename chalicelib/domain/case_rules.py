"""What the parts of a case's law have in common: states, the shape of a transition, and rules that many acts share.

Each part (``notices``, ``procedures``, ``hearings`` …) brings its own commands, events, transitions and evolutions;
``cases`` puts them together. This module knows none of them, so that imports go one way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from chalicelib.domain.actors import Actor, Role
from chalicelib.domain.case_events import Event, EventRecord
from chalicelib.domain.catalog import StepRole
from chalicelib.domain.errors import Violation

if TYPE_CHECKING:
    from chalicelib.domain.cases import Case
    from chalicelib.domain.deadlines import Lapse, Law


class CaseState(StrEnum):
    """Where a case stands."""

    DRAFT = "draft"
    RECEIVED = "received"  # 收件
    CORRECTING = "correcting"  # 补正: told once of every defect, waiting for the applicant
    NOT_ACCEPTED = "not_accepted"  # 不予受理
    IN_REVIEW = "in_review"  # 在办
    GRANTED = "granted"  # 准予
    REFUSED = "refused"  # 不予许可
    ISSUED = "issued"  # 制证完成
    CLOSED = "closed"  # 办结
    REVOKED = "revoked"  # 撤销: decided on a promise that was false
    WITHDRAWN = "withdrawn"
    ACCEPTANCE_REVOKED = "acceptance_revoked"  # 撤销受理: a deferred material did not come in time
    DISCARDED = "discarded"


S = CaseState
ROUTED = frozenset({S.RECEIVED, S.CORRECTING, S.IN_REVIEW})
"""The states in which a workflow moves the case, or waits with it."""

ENDED_EARLY = frozenset({S.NOT_ACCEPTED, S.WITHDRAWN, S.ACCEPTANCE_REVOKED})

DELIVER = "deliver"
"""Task role for handing the result over at a window; not a node of the route."""

CHECK, REVOKE = "check", "revoke"
"""Task roles after a decision on a promise: its check, and the decision on what a check found."""

ROLE_OF_TASK: Mapping[str, Role] = {
    StepRole.RECEIVE: Role.WINDOW,
    StepRole.ACCEPT: Role.ACCEPTANCE,
    StepRole.PRELIMINARY_REVIEW: Role.REVIEW,
    StepRole.REVIEW: Role.REVIEW,
    StepRole.DECIDE: Role.DECISION,
    DELIVER: Role.WINDOW,
    CHECK: Role.CHECK,
    REVOKE: Role.DECISION,
}
REVIEWS = frozenset({StepRole.PRELIMINARY_REVIEW, StepRole.REVIEW})


@dataclass(frozen=True, slots=True)
class Task:
    """An open piece of work on a case: one on its way, and one of a check beside it."""

    number: int
    role: str
    body: str
    opened_at: datetime
    assignee: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """Who acts, when, and the law by which the act is judged (None where no rule needs it)."""

    actor: Actor
    now: datetime
    law: Law | None = None


Rule = Callable[["Case", Any, Act], "Violation | None"]
Evolution = Callable[["Case", Any, EventRecord], dict[str, Any]]
"""The fields of the case that an event changes. ``version`` follows by itself."""


def no_defects(case: Case, command: object, act: Act) -> Iterable[Violation]:
    """For acts whose content nobody has to judge."""
    return ()


@dataclass(frozen=True, slots=True)
class Transition:
    """From which states a command is possible, under which rules, and what it makes happen.

    A broken rule refuses the act (Refused); ``defects`` finds what is wrong with what was handed in (Invalid).
    """

    sources: frozenset[CaseState]
    rules: tuple[Rule, ...]
    emit: Callable[[Case, Any, Act], tuple[Event, ...]]
    defects: Callable[[Case, Any, Act], Iterable[Violation]] = no_defects


Transitions = Mapping[type, Transition]
Evolutions = Mapping[type[Event], Evolution]


class Part(Protocol):
    """A module that brings one aspect of a case's law."""

    TRANSITIONS: Transitions
    EVOLUTIONS: Evolutions

    @staticmethod
    def lapses(case: Case, law: Law) -> Iterable[Lapse]:
        """What time alone will bring about in this case, as things stand."""
        ...


# -- rules that many acts share ----------------------------------------------------------------------


def open_tasks(case: Case) -> tuple[Task, ...]:
    """What is open on a case: its own task, and that of a check."""
    return tuple(task for task in (case.task, case.check_task) if task is not None)


def is_for(task: Task, actor: Actor) -> bool:
    """The task waits for this officer: at their body, for a role they hold, free or theirs."""
    at_theirs = task.body == actor.body and ROLE_OF_TASK[task.role] in actor.roles
    return at_theirs and task.assignee in ("", actor.subject)


def task_of(case: Case, actor: Actor) -> Task | None:
    """The open task that an act of this actor is about: their own, else one that waits for them.

    For who disposes of tasks without holding any: one of their own body before those of others, a claimed one first.
    """
    found = sorted(open_tasks(case), key=lambda task: not task.assignee)
    own = [task for task in found if task.assignee == actor.subject]
    waiting = [task for task in found if is_for(task, actor)]
    here = [task for task in found if task.body == actor.body]
    return next(iter((*own, *waiting, *here, *found)), None)


def free_task_of(case: Case, actor: Actor) -> Task | None:
    """The task that a claim is about: one that waits for the actor and is nobody's, before any other."""
    free = [task for task in open_tasks(case) if is_for(task, actor) and not task.assignee]
    return free[0] if free else task_of(case, actor)


def task_is_open(case: Case, command: object, act: Act) -> Violation | None:
    """Work can only be done on what the workflow has opened."""
    return None if open_tasks(case) else Violation("task.none-open")


def task_is_free(case: Case, command: object, act: Act) -> Violation | None:
    """A task is claimed once."""
    task = free_task_of(case, act.actor)
    if task and task.assignee:
        return Violation("task.already-claimed")
    return None


def task_is_mine(case: Case, command: object, act: Act) -> Violation | None:
    """Only the officer who claimed the task acts on it."""
    task = task_of(case, act.actor)
    if task and task.assignee != act.actor.subject:
        return Violation("task.not-claimed-by-you")
    return None


def task_is_held(case: Case, command: object, act: Act) -> Violation | None:
    """Only a claimed task can be released."""
    task = task_of(case, act.actor)
    return None if task and task.assignee else Violation("task.not-claimed")


def task_is_one_of(*roles: str) -> Rule:
    """The open task must be of the kind that this act concludes."""

    def act_fits_the_task(case: Case, command: object, act: Act) -> Violation | None:
        task = task_of(case, act.actor)
        if task and task.role not in roles:
            return Violation("task.wrong-act", "", {"role": task.role})
        return None

    return act_fits_the_task


def text_is_given(name: str) -> Rule:
    """A reason, an opinion or a remedy is never left empty."""

    def text_is_there(case: Case, command: object, act: Act) -> Violation | None:
        return None if getattr(command, name).strip() else Violation("case.text-missing", f"/{name}")

    return text_is_there


def attempt_is_current(case: Case, command: Any, act: Act) -> Violation | None:
    """An execution that was replaced has no say any more."""
    return None if command.attempt == case.workflow_attempt else Violation("workflow.superseded")


def node_is_pending(case: Case, command: object, act: Act) -> Violation | None:
    """There is a node to open, and it is not open yet."""
    if case.task is not None or case.pending_node is None:
        return Violation("workflow.nothing-to-open")
    return None


def workflow_is_not_known_dead(case: Case, command: object, act: Act) -> Violation | None:
    """A death is recorded once."""
    return Violation("workflow.already-dead") if case.workflow_dead else None


def workflow_is_dead(case: Case, command: object, act: Act) -> Violation | None:
    """Only what died is restarted."""
    return None if case.workflow_dead else Violation("workflow.alive")


def colleague_is_another(case: Case, command: Any, act: Act) -> Violation | None:
    """A transfer changes hands."""
    task = task_of(case, act.actor)
    if task and command.officer == task.assignee:
        return Violation("task.transfer-to-holder", "/officer")
    return None


def version_is_in_force(case: Case, command: Any, act: Act) -> Violation | None:
    """An application is filed under the version in force (A6)."""
    if (case.item.code, case.item.version) != (command.item.code, command.item.version):
        return Violation("item.version-not-in-force", "", {"version": case.item.version})
    return None


def competent_body_is_named(case: Case, command: Any, act: Act) -> Violation | None:
    """Who is not competent says who is (行政许可法 32(2))."""
    if command.ground == "not_competent" and not command.competent_body.strip():
        return Violation("case.competent-body-missing", "/competent_body")
    return None


MINE: tuple[Rule, ...] = (task_is_open, task_is_mine)
"""Acts on a task are for the officer who claimed it."""


def task_number(case: Case) -> int:
    """The number of the open task, 0 if there is none."""
    return case.task.number if case.task else 0
