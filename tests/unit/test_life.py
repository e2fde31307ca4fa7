"""The whole life of a case, in every order that chance finds, against the law written a second time (``life_model``).

Each step is one act or a stretch of time, with jumps to every coming deadline a second before, at, and after it. After
every step the state, the log and every clock are what they have to be.

    HYPOTHESIS_PROFILE=proof python -m pytest tests/unit/test_life.py

looks much further than the gate.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from chalicelib.domain import cases as rules
from chalicelib.domain import documents
from chalicelib.domain.case_events import EventRecord
from chalicelib.domain.cases import Case
from chalicelib.domain.clocks import Clock
from chalicelib.domain.deadlines import Counting
from chalicelib.domain.errors import DomainError
from chalicelib.domain.log_chain import first_fault
from chalicelib.services import cases, deadlines, lapses
from tests import factories as f
from tests import journey
from tests.life_acts import PLACES, SECOND, kept
from tests.life_examination import GOVERNOR, HEAD, Examination
from tests.life_model import FOLLOWS, china_day, midnight_after


class Lives(Examination):
    """One case, from its draft to whatever end it finds, judged after every step."""

    offset = timedelta()

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
        if len(events) == len(self.before):
            return  # nothing was recorded: what follows was shown before
        self.before = list(events)
        log = tuple(self.world.cases.log(self.case_id))
        assert [record.number for record in log] == list(range(1, case.version + 1))
        assert all(record.recorded_at <= self.now for record in log)
        assert rules.fold(log) == replace(case, log_head="")
        assert first_fault(self.world.logs.stored(self.case_id)) is None
        self.every_event_is_announced_once(log)
        self.every_document_says_what_its_digest_says(case, log)

    def every_event_is_announced_once(self, log: Sequence[EventRecord]) -> None:
        rows = [row for row in self.world.store.outbox.values() if row.case_id == self.case_id]
        told = sorted(event for row in rows for event in row.types)
        assert told == [(record.number, record.event.type) for record in log]

    def every_document_says_what_its_digest_says(self, case: Case, log: tuple[EventRecord, ...]) -> None:
        assert len({document.number for document in case.documents}) == len(case.documents)
        for document in case.documents:
            assert documents.read(case, document, log).digest() == document.digest

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


SHOWN = pytest.mark.requirement("B3", "B4", "B5", "B9", "B10", "F4", "G1")


@SHOWN
def test_every_life_that_chance_finds_keeps_to_the_law() -> None:
    proof = os.environ.get("HYPOTHESIS_PROFILE") == "proof"
    run_state_machine_as_test(Lives, settings=settings() if proof else settings(max_examples=30))


# -- lives that are lived whatever chance finds: a second before, at and after the end of a period ---

Step = Callable[[Lives], object]


def until(clock: str) -> Step:
    """To the end of this clock; the offset comes with the test."""
    return lambda one: one.to((one.life.ends()[clock] or one.now) + one.offset)


def deeds(*steps: Step) -> tuple[Step, ...]:
    return steps


LIVES: dict[str, tuple[dict[str, Any], tuple[Step, ...]]] = {
    "32(4) nobody answers": ({"stage": "receive"}, deeds(until("notice"), Lives.forward, Lives.accept)),
    "32(4) an answer at the last moment": ({"stage": "accept"}, deeds(until("notice"), Lives.accept)),
    "32(4) told at the last moment": (
        {"stage": "accept"},
        deeds(until("notice"), lambda one: one.notify({PLACES[0]}), lambda one: one.correct(whole=1)),
    ),
    "32(4) a correction at the last moment": (
        {"stage": "accept"},
        deeds(
            lambda one: one.notify({PLACES[0]}),
            until("correction"),
            lambda one: one.correct(whole=1),
            lambda one: one.notify(set(PLACES)),
            Lives.correct_on_the_spot,
            until("notice"),
            lambda one: one.notify({PLACES[0]}),
            lambda one: one.correct(whole=0),
        ),
    ),
    "42, 45, 55 two stops and an extension at the last moment": (
        {"stage": "decide"},
        deeds(
            lambda one: one.start_a_procedure("inspection"),
            lambda one: one.start_a_procedure("consultation"),
            lambda one: one.start_a_procedure("site_visit"),
            lambda one: one.decide(granted=True),
            until("assignment"),
            lambda one: one.procedures_take_their_course(days=4),
            lambda one: one.start_a_procedure("consultation"),
            lambda one: one.procedures_take_their_course(days=3),
            until("decision_statutory"),
            lambda one: one.extend(days=10, who=HEAD),
            lambda one: one.extend(days=1, who=HEAD),
            until("decision_statutory"),
            lambda one: one.decide(granted=True),
            Lives.issue,
            until("certificate"),
            Lives.pay,
            Lives.issue,
            Lives.hand_the_result_over,
        ),
    ),
    "42(2) joint handling, extended by the head of government at the last moment": (
        {"stage": "decide", "joint": True},
        deeds(
            lambda one: one.start_a_procedure("consultation"),
            lambda one: one.procedures_take_their_course(days=3),
            until("decision_statutory"),
            lambda one: one.extend(days=10, who=HEAD),
            lambda one: one.extend(days=16, who=GOVERNOR),
            lambda one: one.extend(days=15, who=GOVERNOR),
            until("decision_statutory"),
            lambda one: one.decide(granted=True),
        ),
    ),
    "47, 48 a hearing asked for at the last moment": (
        {"stage": "decide"},
        deeds(
            lambda one: one.tell_of_the_right_to_be_heard(public=False),
            lambda one: one.waive_a_hearing(party=2),
            until("hearing_request"),
            lambda one: one.decide(granted=False),
            lambda one: one.request_a_hearing(party=1),
            lambda one: one.schedule_a_hearing(moved=-1, last=False),
            lambda one: one.schedule_a_hearing(moved=0, last=False),
            lambda one: one.start_a_procedure("consultation"),
            lambda one: one.schedule_a_hearing(moved=1, last=True),
            lambda one: one.record_the_hearing(wait=False),
            lambda one: one.record_the_hearing(wait=True),
            lambda one: one.decide(granted=False),
        ),
    ),
    "47 a hearing called off": (
        {"stage": "decide"},
        deeds(
            lambda one: one.tell_of_the_right_to_be_heard(public=False),
            lambda one: one.request_a_hearing(party=1),
            lambda one: one.schedule_a_hearing(moved=0, last=False),
            until("decision_promised"),
            lambda one: one.to(one.now + timedelta(days=2)),
            lambda one: one.waive_a_hearing(party=1),
            lambda one: one.waive_a_hearing(party=2),
            until("decision_statutory"),
            lambda one: one.decide(granted=True),
        ),
    ),
    "50 a renewal that nobody decides": (
        {"stage": "decide", "renews": date(2026, 12, 30)},
        deeds(until("renewal"), lambda one: one.decide(granted=True), Lives.issue, Lives.fetch_the_result),
    ),
    "50 a renewal into the announced year": (
        {"stage": "receive", "renews": date(2026, 12, 30)},
        deeds(Lives.the_next_year_is_announced, until("notice"), Lives.the_timer_runs, until("renewal"), Lives.issue),
    ),
}


@SHOWN
@pytest.mark.parametrize("offset", [-SECOND, timedelta(), SECOND], ids=["-1 s", "0", "+1 s"])
@pytest.mark.parametrize("name", LIVES)
def test_a_life_keeps_to_the_law_around_each_deadline(name: str, offset: timedelta) -> None:
    opening, steps = LIVES[name]
    one = Lives()
    one.offset = offset
    told: dict[str, Any] = {
        "outcome": "withdrawn",
        "fee": True,
        "window": True,
        "joint": False,
        "renews": None,
        "eager": True,
    }
    one.draft(**{**told, "day": date(2026, 3, 2), "hour": 2, **opening})
    for step in steps:
        step(one)
        one.the_state_is_the_one_of_the_law_and_follows_lawfully()
        one.whoever_is_first_finds_the_same_facts()
        one.the_log_only_grows_and_is_the_case()
        one.every_clock_ends_when_the_law_says()
        one.time_alone_moves_no_deadline()
