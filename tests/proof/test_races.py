"""A few schedules of every other race in each run of the tests (``make proof``: a thousand of each), and threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.proof import THOROUGH, invariants
from tests.proof.explorer import Race, container, explore, judged, load, outcome_of
from tests.proof.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.requirement("F4")]

FEW, EVERY = (24, 1) if THOROUGH else (3, 2)
"""Schedules, of every so many races."""

ROUNDS, STEP = (5, 1) if THOROUGH else (1, 5)
"""Rounds of real threads, of every so many races."""


@pytest.mark.parametrize("name", list(load())[::EVERY])
def test_no_order_of_events_breaks_a_promise(stack: Stack, name: str) -> None:
    found = explore(stack, name, FEW)
    assert found.violations == []
    assert found.all or found.schedules == FEW


@pytest.mark.parametrize("name", list(load())[::STEP])
def test_threads_that_nobody_holds_break_none_either(stack: Stack, name: str) -> None:
    made = load()[name](stack)
    start = stack.state()
    for _ in range(ROUNDS):
        stack.restore(start)
        assert list(_at_once(stack, made)) == []


def _at_once(stack: Stack, made: Race) -> Iterator[str]:
    outcomes: list[object] = [None] * len(made.actors)
    together = threading.Barrier(len(made.actors))

    def act(place: int) -> None:
        own = container(stack)
        together.wait()
        outcomes[place] = outcome_of(made.actors[place], own)

    threads = [threading.Thread(target=act, args=(place,)) for place in range(len(made.actors))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stack.renew()
    yield from judged(stack, made, outcomes)
    stack.settle()
    stack.sweep()
    yield from invariants.flaws(stack)
