"""Every order in which things that happen at the same time can happen, one after the other, repeatably.

Threads pass a baton at each call to the outside. A schedule says who goes on at each step; the explorer begins with
the one in which nobody is interrupted, and then tries every place at which somebody could have been: first one
interruption, then two, and so on. No schedule is run twice.

    @race
    def two_officers_claim_one_task(stack: Stack) -> Race: ...
"""

from __future__ import annotations

import copy
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from chalicelib.domain.errors import DomainError
from chalicelib.services.ports import Receipt, RequestKey
from tests import proof
from tests.proof import invariants
from tests.proof import invariants_of_places as of_places
from tests.proof.stack import Stack, key

Actor = Callable[[Any], object]
Outcome = object
"""A receipt or another answer, the code of a refusal (``Refusal``), or ``Broken``."""

FOLLOWED = 10
"""After every so many schedules everything that follows is let happen as well, and the whole state judged."""


@dataclass(frozen=True)
class Refusal:
    """The actor was told no."""

    code: str


@dataclass(frozen=True)
class Broken:
    """The actor met a mistake of ours: over HTTP, a 500."""

    what: str


@dataclass(frozen=True)
class Race:
    """``actors`` act at once on what stands. At most one of the event types in each group of ``exclusive`` may happen.

    ``same``: all who succeed are told the same. ``unaided``: case and execution are in step after every schedule as
    soon as all has come to rest, before a sweep that would repair. ``impossible`` says what can never be the outcome.
    """

    actors: Sequence[Actor]
    exclusive: Sequence[Sequence[str]] = ()
    same: bool = False
    unaided: bool = False
    impossible: Callable[[Sequence[Outcome], Stack], str] = lambda outcomes, stack: ""


RACES: dict[str, Callable[[Stack], Race]] = {}


def race(made: Callable[[Stack], Race]) -> Callable[[Stack], Race]:
    """Have the schedules of this race explored."""
    RACES[made.__name__] = made
    return made


def load() -> dict[str, Callable[[Stack], Race]]:
    """Every race there is: ``races.py`` and whatever is called ``races_*.py``."""
    for module in iter_modules(proof.__path__):
        if module.name.partition("_")[0] == "races":
            import_module(f"{proof.__name__}.{module.name}")
    return RACES


def asked(stack: Any, act: Callable[[Any, RequestKey], object], name: str) -> Actor:
    """A client that asks once under a key, and is answered as the edge answers."""
    return lambda own: own.answered(act, key(name))


@dataclass
class Explored:
    """What was gone through. ``all``: there are no more schedules than these."""

    race: str
    schedules: int = 0
    all: bool = False
    violations: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        rest = "all there are" if self.all else "by number of interruptions"
        return f"race {self.race}: {self.schedules} schedules ({rest}), {len(self.violations)} violations"


def explore(stack: Stack, name: str, most: int, *, one_is_enough: bool = False) -> Explored:
    """Run up to so many distinct schedules of a race; on request only until one shows a violation."""
    made = load()[name](stack)
    start, found = stack.state(), Explored(name)
    coming: deque[tuple[int, ...]] = deque([()])
    while coming and found.schedules < most and not (one_is_enough and found.violations):
        prefix = coming.popleft()
        stack.restore(start)
        outcomes, steps = _run(stack, made.actors, prefix)
        coming.extend(_others(prefix, steps))
        follow = made.unaided or found.schedules % FOLLOWED == 0
        chosen = "".join(str(who) for _, who in steps)
        found.violations += (f"{name} {chosen}: {flaw}" for flaw in _judge(stack, made, outcomes, follow))
        found.schedules += 1
    found.all = not coming
    return found


Steps = list[tuple[tuple[int, ...], int]]


def _others(prefix: tuple[int, ...], steps: Steps) -> Iterator[tuple[int, ...]]:
    """Where else somebody could have gone on, behind what the prefix has fixed."""
    for place in range(len(prefix), len(steps)):
        able, chosen = steps[place]
        for other in able:
            if other != chosen:
                yield (*(who for _, who in steps[:place]), other)


def _run(stack: Stack, actors: Sequence[Actor], prefix: tuple[int, ...]) -> tuple[list[Outcome], Steps]:
    threads = [_Thread(container(stack), actor) for actor in actors]
    by_id = {}
    steps: Steps = []
    for thread in threads:
        thread.start()
        by_id[thread.ident] = thread
    stack.calls.pause = lambda what: by_id[threading.get_ident()].wait() if threading.get_ident() in by_id else None
    try:
        last = 0
        while able := tuple(i for i, thread in enumerate(threads) if not thread.ended):
            if len(steps) < len(prefix):
                last = prefix[len(steps)]
            elif last not in able:
                last = able[0]
            steps.append((able, last))
            threads[last].go_on()
    finally:
        stack.calls.pause = None
    for thread in threads:
        thread.join()
    return [thread.outcome for thread in threads], steps


def container(stack: Stack) -> Stack:
    """A container of its own: what it remembers, no other one knows."""
    own = copy.copy(stack)
    own.renew()
    return own


class _Thread(threading.Thread):
    """Acts while it has the baton."""

    def __init__(self, own: Stack, actor: Actor) -> None:
        super().__init__(daemon=True)
        self._own, self._actor = own, actor
        self._go, self._stands = threading.Semaphore(0), threading.Semaphore(0)
        self.ended = False
        self.outcome: Outcome = None

    def run(self) -> None:
        self._go.acquire()
        self.outcome = outcome_of(self._actor, self._own)
        self.ended = True
        self._stands.release()

    def wait(self) -> None:
        self._stands.release()
        self._go.acquire()

    def go_on(self) -> None:
        self._go.release()
        if not self._stands.acquire(timeout=60):
            raise AssertionError("a thread neither calls nor ends: it waits for another one")


def outcome_of(actor: Actor, own: Stack) -> Outcome:
    """What the actor is told."""
    try:
        return actor(own)
    except DomainError as refusal:
        return Refusal(refusal.code)
    except BaseException as error:  # whatever it is, somebody would have seen a 500
        return Broken(repr(error))


def _judge(stack: Stack, made: Race, outcomes: Sequence[Outcome], follow: bool) -> Iterator[str]:
    stack.renew()
    yield from judged(stack, made, outcomes)
    if follow:
        stack.settle()
        if made.unaided:
            yield from invariants.waiting(stack)
        stack.sweep()
        yield from invariants.flaws(stack)


def judged(stack: Stack, made: Race, outcomes: Sequence[Outcome]) -> Iterator[str]:
    """What must hold as soon as the last of them has been answered."""
    rows = stack.rows(stack.stores.cases)
    for outcome in outcomes:
        if isinstance(outcome, Broken):
            yield f"a 500: {outcome.what}"
    if wrong := made.impossible(outcomes, stack):
        yield wrong
    told = [outcome for outcome in outcomes if isinstance(outcome, Receipt)]
    if made.same and any(receipt != told[0] for receipt in told):
        yield f"one key, two answers: {told}"
    logs = {case_id: tuple(stack.cases.log(case_id)) for case_id in invariants.case_ids(rows)}
    happened = {case_id: [r.event.type for r in log] for case_id, log in logs.items()}
    for case_id, types in happened.items():
        yield from invariants.of_log(stack, rows, case_id, stack.cases.get(case_id), logs[case_id])
        for group in made.exclusive:
            if sum(types.count(kind) for kind in group) > 1:
                yield f"more than one of {list(group)}: {types}"
    yield from invariants.successions(stack, rows)
    agreed = of_places.agreed(stack, rows)
    yield from of_places.at_once(agreed)
    last = {
        "case": {case_id: len(types) for case_id, types in happened.items()},
        "appointment": {thing.id: thing.version for thing in agreed.appointments},
        "visit": {thing.id: thing.version for thing in agreed.visits},
    }
    claimed: dict[tuple[str, int], int] = {}
    for receipt in () if made.same else told:
        if receipt.kind not in last:
            continue
        for number in receipt.events:
            if number > last[receipt.kind].get(receipt.id, 0):
                yield f"told of event {number}, which is not in the log"
            claimed[receipt.id, number] = claimed.get((receipt.id, number), 0) + 1
    yield from (f"two were told that event {place} is theirs" for place, count in claimed.items() if count > 1)
