"""The whole life of a case, in every order that chance finds, against the law written a second time (``life_model``).

Each step is one act or a stretch of time, with jumps to every coming deadline a second before, at, and after it. After
every step the state, the log and every clock are what they have to be.

    HYPOTHESIS_PROFILE=proof python -m pytest tests/unit/test_life.py

looks much further than the gate.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from chalicelib.domain import cases as rules
from chalicelib.domain.cases import Case
from chalicelib.domain.clocks import Clock
from chalicelib.domain.deadlines import Counting
from chalicelib.domain.errors import DomainError
from chalicelib.domain.log_chain import first_fault
from chalicelib.services import cases, deadlines, lapses
from tests import factories as f
from tests import journey
from tests.life_acts import kept
from tests.life_examination import Examination
from tests.life_model import FOLLOWS, china_day, midnight_after


class Lives(Examination):
    """One case, from its draft to whatever end it finds, judged after every step."""

    @contextmanager
    def tried(self) -> Iterator[None]:
        """What happens inside leaves no trace."""
        before = kept(self.world)
        yield
        for name, table in before.items():
            setattr(self.world.store, name, table)

    def stored(self) -> Case:
        return journey.get(self.world, self.case_id)

    def seen(self) -> Case:
        return cases.read(self.world, f.HERDER, self.case_id)

    # -- the case ---------------------------------------------------------------------------------------

    @invariant()
    def the_state_is_the_one_of_the_law_and_follows_lawfully(self) -> None:
        case, life = self.seen(), self.life
        assert case.state == life.state
        assert case.state == self.last_state or case.state in reachable(self.last_state)
        self.last_state = str(case.state)
        assert (case.accepted_at, case.decided_at) == (life.accepted, life.decided)
        assert (case.position if life.received else 0) == life.node
        assert (case.task.assignee if case.task and case.state in ("received", "correcting", "in_review") else "") == (
            life.holder
        )

    @invariant()
    def whoever_is_first_finds_the_same_facts(self) -> None:
        """The reader, the timer and the next command, in state and in the moments from which it counts."""
        if self.stored().state == self.seen().state:
            return  # nothing is due: the same case
        found = [facts(self.seen())]
        for first in (
            lambda: lapses.on_timer(self.world, self.case_id),
            lambda: cases.withdraw(self.world, f.AGENT, self.case_id, "  "),
            lambda: cases.discard_draft(self.world, self.case_id),
        ):
            found.append(self.after(first))
        timer, withdrawal, refused = found[1:]
        assert timer == refused == found[0]
        assert withdrawal == timer or withdrawal[0] == "withdrawn"

    def after(self, act: Callable[[], object]) -> Any:
        with self.tried():
            with suppress(DomainError):
                act()
            log = list(self.world.cases.log(self.case_id))
            assert rules.fold(tuple(log)) == replace(self.stored(), log_head="")
            return facts(self.stored())

    # -- the log ----------------------------------------------------------------------------------------

    @invariant()
    def the_log_only_grows_and_is_the_case(self) -> None:
        store, case = self.world.store, self.stored()
        events = store.events[self.case_id]
        assert events[: len(self.before)] == self.before, "a fact was undone"
        self.before = list(events)
        log = list(self.world.cases.log(self.case_id))
        assert [record.number for record in log] == list(range(1, case.version + 1))
        assert all(record.recorded_at <= self.now for record in log)
        assert rules.fold(tuple(log)) == replace(case, log_head="")
        assert first_fault(self.world.logs.stored(self.case_id)) is None

    @invariant()
    def every_event_is_announced_once(self) -> None:
        rows = [row for row in self.world.store.outbox.values() if row.case_id == self.case_id]
        told = sorted(event for row in rows for event in row.types)
        log = self.world.cases.log(self.case_id)
        assert told == [(record.number, record.event.type) for record in log]

    @invariant()
    def every_document_has_its_own_number_and_says_what_its_digest_says(self) -> None:
        documents = self.stored().documents
        assert len({document.number for document in documents}) == len(documents)
        for document in documents:
            _, content = cases.document(self.world, f.HERDER, self.case_id, document.number)
            assert content.digest() == document.digest

    # -- the clocks -------------------------------------------------------------------------------------

    @invariant()
    def every_clock_ends_when_the_law_says(self) -> None:
        found = deadlines.explain(self.world, f.HERDER, self.case_id).clocks
        ends = self.life.ends()
        for clock in found:
            if clock.kind in ends:
                assert clock.deadline.at == ends[clock.kind], clock.kind
            self.the_explanation_adds_up(clock)
        assert set(ends) <= {str(clock.kind) for clock in found}
        for kind in {"notice", "decision_statutory", "decision_promised"} & set(ends):
            clock = next(clock for clock in found if clock.kind == kind)
            if not (kind == "notice" and self.life.by_silence):  # when a silence was noticed is nobody's answer
                assert clock.state(self.now) == self.life.standing(kind, self.now), kind

    def the_explanation_adds_up(self, clock: Clock) -> None:
        counted = [day for day in clock.deadline.days if day.counting is Counting.COUNTED]
        assert all(self.life.days.works(day.day.date) for day in counted)
        if clock.deadline.at is not None and clock.limits:
            assert len(counted) == sum(limit.value for limit in clock.limits)
            assert clock.deadline.last_day == clock.deadline.days[-1].day.date
            assert clock.deadline.at == midnight_after(clock.deadline.days[-1].day.date)

    @invariant()
    def time_alone_moves_no_deadline(self) -> None:
        found = {
            (clock.kind, clock.position, clock.subject, clock.start): (clock.deadline.at, len(counted(clock, self.now)))
            for clock in deadlines.explain(self.world, f.HERDER, self.case_id).clocks
        }
        if self.only_time_passed:
            for name, (at, days) in self.ends_before.items():
                assert found[name][0] == at, name
                assert found[name][1] >= days, f"{name} ran backwards"
        self.ends_before = found


def facts(case: Case) -> Any:
    """State and effective moments: what has to be the same whoever found it. A withdrawal in time ends it otherwise."""
    return (
        str(case.state),
        case.accepted_at,
        case.decided_at,
        case.position,
        [(str(stay.state), stay.position, stay.since) for stay in case.stays],
    )


def counted(clock: Clock, now: Any) -> list[Any]:
    """The days that count and are over."""
    return [d for d in clock.deadline.days if d.counting is Counting.COUNTED and d.day.date < china_day(now)]


def reachable(state: str) -> set[str]:
    """Whatever may come after a state."""
    found: set[str] = set()
    coming = {state}
    while coming:
        coming = {following for one in coming for following in FOLLOWS[one]} - found
        found |= coming
    return found


@pytest.mark.requirement("B3", "B4", "B5", "B9", "B10", "F4", "G1")
def test_every_life_that_chance_finds_keeps_to_the_law() -> None:
    proof = os.environ.get("HYPOTHESIS_PROFILE") == "proof"
    run_state_machine_as_test(Lives, settings=settings() if proof else settings(max_examples=30))
