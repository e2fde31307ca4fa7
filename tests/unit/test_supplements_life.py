"""The life of two deferred materials against a small model of the policy, with jumps to each day's end −1/0/+1 s.

The model knows dates, not product code: a material is late at 24:00 of its day unless it came before; what waits for
its check holds; what was found defective has until its day, or two working days from the first list of defects.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chalicelib.domain import cases as rules
from chalicelib.domain.case_events import DeferredMaterial, SubmittedMaterial
from chalicelib.domain.errors import Refused
from chalicelib.domain.supplements import Verdict
from chalicelib.services import cases, lapses, supplements, tasks
from tests import factories as f
from tests import journey
from tests.unit.test_supplements import at_decision, incomplete, late, workdays

CODES = ("d1", "d2")
FIRST_DAY = date(2026, 3, 2)


def end_of(day: date) -> datetime:
    """24:00 in Beijing is 16:00 UTC of the same date."""
    return datetime(day.year, day.month, day.day, 16, tzinfo=UTC)


def legal_day(at: datetime) -> date:
    return (at + timedelta(hours=8)).date()


def workdays_after(day: date, count: int) -> date:
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day


class LateMaterials(RuleBasedStateMachine):
    """Supplies, checks, decisions and time in any order."""

    @initialize(mending=st.booleans(), days=st.tuples(st.integers(1, 3), st.integers(1, 3)))
    def accept(self, mending: bool, days: tuple[int, int]) -> None:
        terms = late(mending=workdays(2) if mending else None)
        self.world = f.World(incomplete(terms, terms))
        self.mending = mending
        self.due = {c: FIRST_DAY + timedelta(days=n) for c, n in zip(CODES, days, strict=True)}
        self.case_id = at_decision(self.world, *(DeferredMaterial(c, d) for c, d in self.due.items()))
        self.state = dict.fromkeys(CODES, "awaited")
        self.told: dict[str, datetime] = {}
        self.found: dict[str, datetime] = {}
        self.held = self.granted = False
        self.ended_at: datetime | None = None

    # -- the model -----------------------------------------------------------------------------------------

    def until(self, code: str) -> datetime:
        end = end_of(self.due[code])
        if self.mending and code in self.told:
            return max(end, end_of(workdays_after(legal_day(self.told[code]), 2)))
        return end

    def pass_time(self) -> None:
        """What time has brought about by now."""
        if self.granted or self.ended_at is not None:
            return
        late_at = [
            max(self.until(c), self.found[c]) if self.state[c] == "defective" else self.until(c)
            for c in CODES
            if self.state[c] in ("awaited", "defective")
        ]
        if late_at and min(late_at) <= self.world.clock.now():
            self.ended_at = min(late_at)

    @property
    def open(self) -> bool:
        return not self.granted and self.ended_at is None

    # -- rules ---------------------------------------------------------------------------------------------

    @rule(
        code=st.sampled_from(CODES), seconds=st.sampled_from([-1, 0, 1]), careless=st.sampled_from([False] * 4 + [True])
    )
    def jump_to_a_day_s_end(self, code: str, seconds: int, careless: bool) -> None:
        # Most of the time nothing is forgotten, or nearly every life would be short.
        if not careless and seconds >= 0 and {"awaited", "defective"} & set(self.state.values()):
            seconds = -1
        to = self.until(code) + timedelta(seconds=seconds)
        if to > self.world.clock.at:
            self.world.clock.at = to
        self.pass_time()

    @precondition(lambda self: "supplied" in self.state.values())
    @rule(hours=st.sampled_from([1, 6, 30]))
    def let_time_pass(self, hours: int) -> None:
        self.world.clock.advance(hours=hours)
        self.pass_time()

    @rule()
    def the_timer_runs(self) -> None:
        lapses.on_timer(self.world, self.case_id)

    @rule()
    def supply_all_that_is_missing(self) -> None:
        for code in CODES:
            if self.state[code] in ("awaited", "defective"):
                self.supply(code)

    @rule(code=st.sampled_from(CODES))
    def supply(self, code: str) -> None:
        possible = self.open and self.state[code] in ("awaited", "defective")
        try:
            supplements.supply(self.world, f.HERDER, self.case_id, [SubmittedMaterial(code, "paper", "x")])
            assert possible
            self.state[code] = "supplied"
        except rules.Refused:
            assert not self.open
        except rules.Invalid:
            assert self.open
            assert not possible

    @precondition(lambda self: self.open and "supplied" in self.state.values())
    @rule(passed=st.booleans(), hours=st.sampled_from([0, 0, 24, 72]))
    def check(self, passed: bool, hours: int) -> None:
        self.let_time_pass(hours)
        if not self.open:
            return
        code = next(c for c in CODES if self.state[c] == "supplied")
        verdict = Verdict(code, () if passed else ("不清晰",))
        supplements.check(self.world, f.DECIDER, self.case_id, [verdict])
        now = self.world.clock.now()
        self.state[code] = "passed" if passed else "defective"
        if not passed:
            self.told.setdefault(code, now)
            self.found[code] = now
        self.granted = self.held and set(self.state.values()) == {"passed"}
        self.pass_time()

    @precondition(lambda self: self.open)
    @rule()
    def hold(self) -> None:
        outstanding = set(self.state.values()) != {"passed"}
        try:
            supplements.hold_decision(self.world, f.DECIDER, self.case_id, opinion="准予")
            assert outstanding
            self.held = True
        except Refused:
            assert not outstanding

    @precondition(lambda self: self.open)
    @rule()
    def grant(self) -> None:
        complete = set(self.state.values()) == {"passed"}
        try:
            tasks.grant(self.world, f.DECIDER, self.case_id, opinion="准予")
            assert complete
            self.granted = True
        except Refused:
            assert not complete

    # -- what always holds ---------------------------------------------------------------------------------

    @invariant()
    def the_case_stands_where_the_policy_says(self) -> None:
        case = cases.read(self.world, f.HERDER, self.case_id)
        expected = "granted" if self.granted else "in_review" if self.ended_at is None else "withdrawn"
        assert case.state == expected
        found = {s.code: s for s in case.supplements}
        assert {c: found[c].passed_at is not None for c in CODES} == {c: self.state[c] == "passed" for c in CODES}

    @invariant()
    def the_log_says_the_same_and_counts_the_end_from_the_right_moment(self) -> None:
        log = tuple(self.world.cases.log(self.case_id))
        stored = journey.get(self.world, self.case_id)
        folded = rules.fold(log)
        assert (folded.state, folded.supplements, folded.ready) == (stored.state, stored.supplements, stored.ready)
        lapsed = [r for r in log if r.event.type == "case.supplements_lapsed"]
        assert len(lapsed) <= 1
        assert all(r.effective_at == self.ended_at for r in lapsed)


TestLateMaterials = LateMaterials.TestCase
TestLateMaterials.settings = settings(max_examples=150, stateful_step_count=20, deadline=None, derandomize=True)
