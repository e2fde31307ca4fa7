"""Whatever is done in whatever order, and whenever: a promise's life keeps its invariants (C1-C5)."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chalicelib.domain import cases as rules
from chalicelib.domain.case_rules import open_tasks
from chalicelib.domain.cases import Case
from chalicelib.domain.commitment_checks import Final, Result, check_of, heard_until, mended_until
from chalicelib.domain.commitments import was_decided
from chalicelib.domain.errors import DomainError
from chalicelib.services import cases, certificates, commitment_checks, commitments, credit, lapses, tasks, workflow
from tests import factories as f
from tests import journey
from tests import promises as p

SECOND = timedelta(seconds=1)


class Life(RuleBasedStateMachine):
    """One case, everybody who can touch it, and a clock that jumps to deadlines. Refusals are part of life."""

    def __init__(self) -> None:
        super().__init__()
        self.world = p.world(safety_matter=True)
        self.case_id = ""
        self.draws = 0

    @initialize(delivery=st.sampled_from(["electronic", "window"]), promised=st.sampled_from([True, True, True, False]))
    def drafted(self, delivery: str, promised: bool) -> None:
        self.case_id = journey.drafted(self.world)
        case = self.case
        cases.save(
            self.world,
            f.HERDER,
            self.case_id,
            form=case.form,
            materials=case.materials,
            delivery=delivery,
            expected=case.version,
        )
        if promised:  # so that the far end of the way is reached as well
            self.serve()
            self.sign(True, p.TEXT.digest)
            self.decide()

    def unlikely(self) -> bool:
        """Now and then what is out of order is tried as well."""
        return self.case.version % 5 == 0

    @property
    def case(self) -> Case:
        return journey.get(self.world, self.case_id)

    # -- the applicant ---------------------------------------------------------------------------------

    @precondition(lambda self: self.case.state == "draft" or self.unlikely())
    @rule()
    def serve(self) -> None:
        with suppress(DomainError):
            commitments.serve(self.world, f.HERDER, self.case_id)

    @precondition(lambda self: self.case.state == "draft" or self.unlikely())
    @rule(confirmed=st.booleans(), digest=st.sampled_from([p.TEXT.digest, "0" * 64]))
    def sign(self, confirmed: bool, digest: str) -> None:
        with suppress(DomainError):
            commitments.sign(
                self.world, f.HERDER, self.case_id, text_version=1, text_digest=digest, confirmed=confirmed
            )

    @precondition(lambda self: self.case.state == "draft" or self.unlikely())
    @rule()
    def withdraw_promise(self) -> None:
        with suppress(DomainError):
            commitments.withdraw(self.world, f.HERDER, self.case_id, reason="改为一般程序")

    @precondition(lambda self: self.case.state == "draft" or self.unlikely())
    @rule()
    def decide(self) -> None:
        with suppress(DomainError):
            commitments.decide(self.world, f.HERDER, self.case_id)

    @precondition(lambda self: check_of(self.case).found_false_at is not None or self.unlikely())
    @rule(speaks=st.booleans())
    def answer(self, speaks: bool) -> None:
        with suppress(DomainError):
            if speaks:
                commitment_checks.state_defence(self.world, f.HERDER, self.case_id, statement="请复核")
            else:
                commitment_checks.waive_defence(self.world, f.HERDER, self.case_id)

    # -- the bodies --------------------------------------------------------------------------------------

    @precondition(lambda self: was_decided(self.case))
    @rule()
    def open_next(self) -> None:
        self.draws += 1
        with suppress(DomainError, tasks.CaseEnded, tasks.Superseded):
            tasks.open_task(self.world, self.case_id, self.case.workflow_attempt, f"token-{self.draws}")
        workflow.report_tasks(self.world, self.case_id)

    @precondition(lambda self: was_decided(self.case) and self.case.check_task is None)
    @rule()
    def open_and_claim(self) -> None:
        """What the workflow and the right officer do."""
        self.open_next()
        task = self.case.check_task
        if task is not None:
            self.claim(p.CHECKER if task.role == "check" else f.DECIDER)

    @rule(officer=st.sampled_from([p.CHECKER, f.DECIDER, f.BANNER_REVIEWER]))
    def claim(self, officer: f.Actor) -> None:
        with suppress(DomainError):
            tasks.claim(self.world, officer, self.case_id)

    @precondition(lambda self: was_decided(self.case))
    @rule(result=st.sampled_from(Result))
    def record(self, result: Result) -> None:
        with suppress(DomainError):
            commitment_checks.record(self.world, p.CHECKER, self.case_id, result=result, findings="所见")

    @precondition(lambda self: check_of(self.case).found_false_at is not None or self.unlikely())
    @rule(outcome=st.sampled_from(Final))
    def finish(self, outcome: Final) -> None:
        with suppress(DomainError):
            p.finish(self.world, self.case_id, outcome)

    @rule()
    def hand_over(self) -> None:
        with suppress(DomainError):
            cases.confirm_receipt(self.world, f.HERDER, self.case_id)

    @rule()
    def follow(self) -> None:
        commitment_checks.record_credit(self.world, self.case_id)

    # -- time --------------------------------------------------------------------------------------------

    @rule(offset=st.sampled_from([-SECOND, timedelta(0), SECOND]), runs=st.booleans())
    def jump(self, offset: timedelta, runs: bool) -> None:
        law = lapses.law_of(self.world, self.case)
        coming = [lapse.at for lapse in rules.lapses(self.case, law)] if law else []
        until = mended_until(self.case, law) if law else None
        moments: list[datetime] = [*coming, *([until] if until else [])]
        if moments:
            self.world.clock.at = max(self.world.clock.at, min(moments) + offset)
        if runs:
            lapses.on_timer(self.world, self.case_id)

    # -- what always holds -------------------------------------------------------------------------------

    @invariant()
    def the_snapshot_is_the_fold_of_the_log(self) -> None:
        if self.case_id:
            folded = rules.fold(tuple(self.world.cases.log(self.case_id)))
            assert (folded.state, folded.check, folded.commitment) == (
                self.case.state,
                self.case.check,
                self.case.commitment,
            )

    @invariant()
    def a_certificate_counts_exactly_until_it_is_revoked(self) -> None:
        if self.case_id and self.case.certificate:
            found = certificates.verify(self.world, self.case.certificate).certificate
            assert (found.state == "annulled") == (check_of(self.case).final == Final.REVOKED)
            assert (self.case.state == "revoked") == (check_of(self.case).final == Final.REVOKED)

    @invariant()
    def nothing_is_decided_against_a_party_that_could_not_speak(self) -> None:
        if not self.case_id:
            return
        check = check_of(self.case)
        if check.final in (Final.REVOKED, Final.UPHELD, Final.KEPT):
            assert check.found_false_at is not None
            assert check.answered_at is not None
            assert check.final_at is not None
            law = lapses.law_of(self.world, self.case)
            assert law is not None
            spoke = any(
                r.event.type in ("commitment.defence_stated", "commitment.defence_waived")
                for r in self.world.cases.log(self.case_id)
            )
            until = heard_until(self.case, law)
            assert spoke or (until is not None and check.final_at >= until)

    @invariant()
    def a_bar_exists_only_after_a_revocation_and_once(self) -> None:
        if self.case_id:
            records = credit.listed(self.world, f.HERDER)
            final = check_of(self.case)
            assert len(records) in ((0, 2) if final.final == Final.REVOKED else (0,))
            assert all(record.terms.start == final.final_at for record in records)

    @invariant()
    def a_decision_rests_on_a_signature_on_the_text_in_force(self) -> None:
        if self.case_id and was_decided(self.case):
            assert self.case.commitment is not None
            assert self.case.commitment.evidence is not None
            assert self.case.commitment.text_digest == p.TEXT.digest

    @invariant()
    def the_worklists_show_exactly_what_is_open(self) -> None:
        if self.case_id:
            assert {n for _, n in self.world.store.tasks} == {task.number for task in open_tasks(self.case)}


Life.TestCase.settings = settings(max_examples=50, stateful_step_count=40, deadline=None)


@pytest.mark.requirement("C3")
@pytest.mark.requirement("C4")
@pytest.mark.requirement("C5")
class TestTheLifeOfAPromise(Life.TestCase):  # type: ignore[misc]
    """Run by Hypothesis."""
