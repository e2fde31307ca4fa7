"""A process that really ends, at once, without any ``finally``: what it had committed goes on, the rest never was."""

from __future__ import annotations

import os
import warnings

import pytest

from tests.proof import invariants
from tests.proof.faults import Mode
from tests.proof.stack import Stack, key
from tests.proof.sweep import Clean

pytestmark = [pytest.mark.engine, pytest.mark.requirement("F4")]

ENDED = 9


@pytest.mark.parametrize(("name", "mode"), [("submit", Mode.DIE_BEFORE), ("grant", Mode.DIE_AFTER)])
def test_a_process_that_ends_at_the_commit_leaves_all_or_nothing(stack: Stack, name: str, mode: Mode) -> None:
    clean = Clean(stack, name)
    commit = next(site for site in clean.sites if "TransactWriteItems" in site.what)
    clean.start_over()
    assert _run_in_a_process_of_its_own(stack, clean, (commit.number, mode)) == ENDED
    receipt = stack.perform(clean.act.run, key(name))
    stack.settle()
    stack.sweep()
    assert invariants.flaws(stack) == []
    assert invariants.differences(clean.effect, invariants.effect(stack)) == []
    assert receipt == clean.receipt or mode is Mode.DIE_BEFORE


def _run_in_a_process_of_its_own(stack: Stack, clean: Clean, fault: tuple[int, Mode]) -> int:
    """Answers how the process ended."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads, none of which is needed there
        child = os.fork()
    if child:
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        stack.calls.written |= {*stack.stores.names}
        return ended
    try:
        stack.connect()  # sockets are not shared with the parent
        stack.calls.die = lambda what: os._exit(ENDED)
        stack.calls.begin(fault)
        stack.perform(clean.act.run, key(clean.name))
    finally:
        os._exit(0)
