"""Keeping the executions of Step Functions and the cases in step (F4).

Everything here goes by the case as it stands, never by what a hint says happened: hints come twice, late and in any
order. A use case that finds nothing to do has succeeded.

Why ``look_after`` exists, when every change already has its event: a queue message can exhaust its retries, a callback
can be lost between the commit and the queue, an execution can be stopped by hand, run into a quota or die of a
deployment. Nothing of that may leave a citizen's case standing still unseen. Every case on its way carries a ``watch``
timer, and what it finds is repaired from the case's own state.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.domain import commitments
from chalicelib.domain.case_rules import open_tasks
from chalicelib.domain.cases import ENDED_EARLY, Case, CaseState
from chalicelib.domain.errors import Refused
from chalicelib.services import certificates, commitment_checks, lapses, tasks
from chalicelib.services.ports import Ports, TaskToken, Timer, Workflows

WATCH = "watch"
"""Kind of the timer that a case carries from submission until nothing is left to do for it."""

WATCH_EVERY = timedelta(hours=1)

AUTOMATIC_ATTEMPTS = 4
"""Attempts up to this number are started unasked. Whatever kills that many is not bad luck: from then on the death
stays visible in the case until a supervisor restarts it."""

PAGE = 100


class Finding(StrEnum):
    """What ``look_after`` found, and did."""

    MOVING = "moving"  # nothing to do
    REPORTED = "reported"  # an ended task had not been reported to its execution
    STARTED = "started"  # the execution had never begun
    RESTARTED = "restarted"  # the execution had died
    DEAD = "dead"  # it died too often: a supervisor's turn
    ISSUED = "issued"  # granted, and the result had not been made
    FINISHED = "finished"  # nothing is left to watch


def start(ports: Ports, case_id: str) -> bool:
    """Start the execution of the case's current attempt, if it still needs one, and have it watched.

    True when an execution is under way. Repeating it is harmless: the execution's name is the attempt's.
    """
    case = ports.cases.get(case_id)
    if case is None or case.workflow_dead or not tasks.needs_workflow(case):
        return False
    started = executions(ports, case).start(case.id, case.workflow_attempt)
    ports.cases.set_timer(Timer(case.id, WATCH, ports.clock.now() + WATCH_EVERY))
    return started


def executions(ports: Ports, case: Case) -> Workflows:
    """The state machine that moves the case: what is decided on a promise has no route to go, only a check."""
    return ports.checks if commitments.was_decided(case) else ports.workflows


def report_tasks(ports: Ports, case_id: str) -> int:
    """Tell the waiting executions of every task of the case that has ended; answers how many tokens were dealt with.

    A token nobody waits for any more (timed out, reported before) is forgotten like one that was taken.
    """
    # The order of the three reads matters. Only a task whose token was seen before the case was read can be
    # taken for ended by its absence from the case: a task opened in between would look the same. And only a
    # token read after the case is final, for the token of an open task may be renewed until then.
    seen = set(ports.cases.tokens(case_id))
    if not seen:
        return 0
    case = ports.cases.get(case_id)
    if case is None:
        return 0
    ended = seen - {task.number for task in open_tasks(case)}
    tokens = ports.cases.tokens(case_id) if ended else {}
    for number in sorted(ended & set(tokens)):
        _report(ports, case, tokens[number])
        ports.cases.forget_token(case_id, number)
    return len(ended)


def _report(ports: Ports, case: Case, token: TaskToken) -> None:
    if case.state in ENDED_EARLY:
        # The name is caught by the state machine; the cause must stay impersonal, histories are read by many.
        ports.workflows.fail(token.value, tasks.CaseEnded.__name__, f"the case is {case.state}")
        return
    following = "node" if tasks.needs_workflow(case) else "end"
    # The attempt goes on as the execution's own: one that a restart has replaced must stay superseded.
    ports.workflows.succeed(token.value, {"case_id": case.id, "attempt": token.attempt, "next": following})


def look_after(ports: Ports, case_id: str) -> Finding:
    """Compare a case with its execution and repair what has come apart."""
    case = ports.cases.get(case_id)
    if case is None:
        return Finding.FINISHED
    reported = report_tasks(ports, case_id) > 0
    if case.state is CaseState.GRANTED:
        if certificates.issue(ports, case_id):
            return Finding.ISSUED
        if not tasks.needs_workflow(case):
            # A granted case whose fee is not paid waits for the payer, and nothing has come apart.
            return Finding.MOVING
    if not tasks.needs_workflow(case):
        return _at_the_end(ports, case, reported)
    if case.workflow_dead:
        return _restart(ports, case)
    if executions(ports, case).is_running(case_id, case.workflow_attempt):
        return Finding.REPORTED if reported else Finding.MOVING
    # Not running: it never began (the start was lost, or is still in the queue), or it is over. Starting it tells
    # which, and is the remedy for the first. DescribeExecution alone cannot: it lags behind StartExecution.
    if executions(ports, case).start(case_id, case.workflow_attempt):
        return Finding.STARTED
    try:
        tasks.record_workflow_death(ports, case_id, case.workflow_attempt)
    except Refused:
        # The execution ended because the case did, or another one took over, after the case was read.
        return Finding.MOVING
    return _restart(ports, case)


def _at_the_end(ports: Ports, case: Case, reported: bool) -> Finding:
    """Nothing moves the case any more; what a revocation means for credit is put on record, if its event was lost."""
    if case.state is CaseState.REVOKED:
        commitment_checks.record_credit(ports, case.id)
    return Finding.REPORTED if reported else Finding.FINISHED


def _restart(ports: Ports, case: Case) -> Finding:
    if case.workflow_attempt >= AUTOMATIC_ATTEMPTS:
        return Finding.DEAD
    try:
        tasks.restart_workflow(ports, case.id, reason="reconciliation")
    except Refused:
        return Finding.MOVING
    return Finding.RESTARTED


def watch(ports: Ports, case_id: str) -> Finding:
    """Look after a watched case, and take its timer away once nothing is left to watch."""
    # The timer moves on before anything else, so that a case that cannot be judged still makes room for the next.
    following = Timer(case_id, WATCH, ports.clock.now() + WATCH_EVERY)
    ports.cases.set_timer(following)
    finding = look_after(ports, case_id)
    # A calendar announced since may have brought a deadline forward, past which the law's own timer would sleep.
    lapses.on_timer(ports, case_id)
    if finding is Finding.FINISHED:
        ports.cases.clear_timer(following)
    return finding


def watched(ports: Ports, shard: int, until: datetime) -> Iterator[Timer]:
    """Every watch timer of a shard that falls due before ``until``, each case once.

    The due index is read from its head each time, since timers that were dealt with have moved or gone. What
    cannot be moved, or is of another kind, stays at the head: the page grows until it shows what stands behind.
    """
    seen: set[str] = set()
    limit = PAGE
    while True:
        page = ports.cases.due(shard, until, limit)
        fresh = [timer for timer in page if timer.kind == WATCH and timer.case_id not in seen]
        for timer in fresh:
            seen.add(timer.case_id)
            yield timer
        if not fresh:
            if len(page) < limit:
                return
            limit *= 2
