"""事后核查: what a check finds, the party heard, the final decision, and what it does to credit (C4, C5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from chalicelib.domain.actors import Role
from chalicelib.domain.calendar import Calendar, DayKind, Year
from chalicelib.domain.case_rules import CaseState
from chalicelib.domain.catalog import Limit, LimitUnit
from chalicelib.domain.clocks import ClockKind
from chalicelib.domain.commitment_checks import Final, Result, stage
from chalicelib.domain.deadlines import deadline
from chalicelib.domain.errors import DomainError, Forbidden, NotFound, Refused
from chalicelib.domain.renewals import CaseKind
from chalicelib.services import (
    cases,
    certificates,
    commitment_checks,
    commitments,
    credit,
    deadlines,
    lapses,
    reminders,
    tasks,
    workflow,
)
from tests import factories as f
from tests import journey
from tests import promises as p


def refused(act: Callable[[], object], kind: type[DomainError] = Refused) -> list[str]:
    with pytest.raises(kind) as refusal:
        act()
    return [v.code for v in refusal.value.violations]


def record(world: f.World, case_id: str, result: Result, actor: f.Actor = p.CHECKER) -> None:
    commitment_checks.record(world, actor, case_id, result=result, findings="所见")


def kinds(world: f.World, case_id: str) -> list[str]:
    return [d.kind for d in journey.get(world, case_id).documents]


@pytest.mark.requirement("C5")
def test_a_promise_that_is_fulfilled_ends_the_check_in_writing() -> None:
    world = p.world()
    case_id = p.checked(world, Result.FULFILLED)
    case = journey.get(world, case_id)
    assert (stage(case), case.state, case.check_task) == ("done", "issued", None)
    assert kinds(world, case_id)[-1] == "check_result"
    assert not tasks.needs_workflow(case)
    assert commitment_checks.record_credit(world, case_id) == 0


@pytest.mark.requirement("C5")
@pytest.mark.parametrize("second", [Result.FULFILLED, Result.FALSE])
def test_what_is_to_be_mended_is_checked_again_and_only_then_found_false(second: Result) -> None:
    world = p.world()
    case_id = p.checked(world, Result.MEND)
    assert stage(journey.get(world, case_id)) == "mending"
    p.task_opened(world, case_id, p.CHECKER)
    assert refused(lambda: record(world, case_id, Result.MEND)) == ["check.mended-before"]
    assert refused(lambda: record(world, case_id, Result.FALSE)) == ["check.mending-runs"]
    if second is Result.FALSE:
        until = commitment_checks.read(world, p.CHECKER, case_id).mend_until
        assert until is not None
        world.clock.at = until - timedelta(seconds=1)
        assert refused(lambda: record(world, case_id, Result.FALSE)) == ["check.mending-runs"]
        world.clock.at = until
    record(world, case_id, second)
    assert stage(journey.get(world, case_id)) == ("done" if second is Result.FULFILLED else "hearing")


@pytest.mark.requirement("C5")
def test_where_the_version_allows_no_mending_none_is_ordered() -> None:
    world = p.world(commitment=replace(p.TERMS, mending=None))
    case_id = p.decided(world)
    p.task_opened(world, case_id, p.CHECKER)
    assert refused(lambda: record(world, case_id, Result.MEND)) == ["check.no-mending"]


@pytest.mark.requirement("C5")
@pytest.mark.parametrize("first", [Result.FULFILLED, Result.FALSE])
@pytest.mark.parametrize("second", list(Result))
def test_a_second_result_is_refused(first: Result, second: Result) -> None:
    world = p.world()
    case_id = p.checked(world, first)
    assert "check.concluded" in refused(lambda: record(world, case_id, second))


@pytest.mark.requirement("C5")
@pytest.mark.requirement("C4")
def test_a_finding_alone_touches_neither_the_certificate_nor_credit() -> None:
    world = p.world()
    case_id = p.checked(world, Result.FALSE)
    case = journey.get(world, case_id)
    assert case.state is CaseState.ISSUED
    assert certificates.verify(world, case.certificate).certificate.state == "valid"
    assert commitment_checks.record_credit(world, case_id) == 0
    assert commitments.ways(world, f.HERDER, journey.drafted(world)).obstacles == ()


@pytest.mark.requirement("C5")
@pytest.mark.parametrize("outcome", [Final.REVOKED, Final.UPHELD, Final.KEPT])
def test_nothing_is_decided_before_the_party_could_speak(outcome: Final) -> None:
    world = p.world()
    case_id = p.checked(world, Result.FALSE)
    p.task_opened(world, case_id, f.DECIDER)
    assert refused(lambda: p.finish(world, case_id, outcome)) == ["revocation.not-heard"]
    until = commitment_checks.read(world, f.HERDER, case_id).hear_until
    assert until is not None
    world.clock.at = until - timedelta(seconds=1)
    assert refused(lambda: p.finish(world, case_id, outcome)) == ["revocation.not-heard"]
    world.clock.at = until
    p.finish(world, case_id, outcome)
    types = [r.event.type for r in world.cases.log(case_id)]
    assert types[-2] == "commitment.defence_lapsed"
    assert journey.get(world, case_id).check is not None


@pytest.mark.requirement("C5")
@pytest.mark.parametrize("waives", [True, False])
def test_the_party_speaks_once_and_in_time(waives: bool) -> None:
    world = p.world()
    case_id = p.checked(world, Result.FALSE)
    if waives:
        commitment_checks.waive_defence(world, f.HERDER, case_id)
    else:
        commitment_checks.state_defence(world, f.HERDER, case_id, statement="已配备")
    again = lambda: commitment_checks.state_defence(world, f.HERDER, case_id, statement="补充")  # noqa: E731
    assert refused(again) == ["revocation.heard-already"]
    assert stage(journey.get(world, case_id)) == "deciding"


# 2026 as announced for this test: Friday 2026-05-01 to Tuesday 05-05 are holidays, Saturday 05-09 is worked.
DAYS = {date(2026, 5, day): (DayKind.HOLIDAY, "劳动节") for day in range(1, 6)}
DAYS[date(2026, 5, 9)] = (DayKind.MAKE_UP, "")
FIVE_DAYS = [
    pytest.param(date(2026, 4, 24), date(2026, 5, 6), id="weekend-and-holiday-are-skipped"),
    pytest.param(date(2026, 5, 2), date(2026, 5, 11), id="begun-on-a-holiday-make-up-day-counts"),
    pytest.param(date(2026, 5, 8), date(2026, 5, 14), id="the-make-up-saturday-is-the-first-day"),
]


def begun(on: date, **terms: object) -> f.World:
    """A world whose clock shows that day after 16:00 UTC of the day before: already the day in Beijing."""
    world = p.world(commitment=replace(p.TERMS, **terms))  # type: ignore[arg-type]
    world.clock.at = datetime(on.year, on.month, on.day, tzinfo=UTC) - timedelta(hours=7, minutes=30)
    world.calendar.calendar = Calendar({2026: Year(2026, "国务院办公厅通知", DAYS)})
    return world


def end_of_day(day: date) -> datetime:
    """24:00 in Beijing."""
    return datetime(day.year, day.month, day.day, 16, tzinfo=UTC)


@pytest.mark.requirement("C5")
@pytest.mark.parametrize(("told_on", "last_day"), FIVE_DAYS)
@pytest.mark.parametrize(("seconds", "late"), [(-1, False), (0, True), (1, True)])
def test_the_time_to_speak_ends_at_24_00_of_its_last_working_day(
    told_on: date, last_day: date, seconds: int, late: bool
) -> None:
    world = begun(told_on)
    case_id = p.checked(world, Result.FALSE)
    assert commitment_checks.read(world, f.HERDER, case_id).hear_until == end_of_day(last_day)
    world.clock.at = end_of_day(last_day) + timedelta(seconds=seconds)
    speak = lambda: commitment_checks.state_defence(world, f.HERDER, case_id, statement="请复核")  # noqa: E731
    if late:
        assert refused(speak) == ["revocation.heard-already"]
    else:
        speak()


@pytest.mark.requirement("C5")
@pytest.mark.parametrize(("told_on", "last_day"), FIVE_DAYS)
@pytest.mark.parametrize(("seconds", "over"), [(-1, False), (0, True), (1, True)])
def test_what_is_to_be_mended_may_take_until_24_00_of_the_last_working_day(
    told_on: date, last_day: date, seconds: int, over: bool
) -> None:
    world = begun(told_on)
    case_id = p.checked(world, Result.MEND)
    p.task_opened(world, case_id, p.CHECKER)
    world.clock.at = end_of_day(last_day) + timedelta(seconds=seconds)
    if over:
        record(world, case_id, Result.FALSE)
    else:
        assert refused(lambda: record(world, case_id, Result.FALSE)) == ["check.mending-runs"]


@pytest.mark.requirement("C5")
@pytest.mark.parametrize(("decided_on", "last_day"), FIVE_DAYS)
@pytest.mark.parametrize(("seconds", "late"), [(-1, False), (0, True), (1, True)])
def test_a_check_is_late_after_24_00_of_its_last_working_day(
    decided_on: date, last_day: date, seconds: int, late: bool
) -> None:
    world = begun(decided_on, check=replace(p.TERMS.check, within=Limit(5, LimitUnit.WORKDAY)))
    case_id = p.decided(world)
    world.clock.at = end_of_day(last_day) + timedelta(seconds=seconds)
    assert (commitment_checks.read(world, p.CHECKER, case_id).check.overdue_at is not None) is late


@pytest.mark.requirement("C5")
def test_every_period_after_the_decision_is_a_clock_that_shows_when_it_was_met() -> None:
    world = p.world()
    case_id = p.checked(world, Result.MEND)
    shown = {c.kind: c for c in deadlines.explain(world, f.HERDER, case_id).clocks}
    assert shown[ClockKind.COMMITMENT_CHECK].met_at == world.clock.now()
    assert shown[ClockKind.MENDING].met_at is None
    p.task_opened(world, case_id, p.CHECKER)
    world.clock.advance(days=20)
    record(world, case_id, Result.FALSE)
    shown = {c.kind: c for c in deadlines.explain(world, f.HERDER, case_id).clocks}
    assert shown[ClockKind.DEFENCE].met_at is None
    assert shown[ClockKind.DEFENCE].deadline.at == commitment_checks.read(world, f.HERDER, case_id).hear_until
    assert shown[ClockKind.DECISION_STATUTORY].met_at == journey.get(world, case_id).decided_at


@pytest.mark.requirement("C5")
@pytest.mark.parametrize(("result", "kind"), [(Result.MEND, "reminder.mending"), (Result.FALSE, "reminder.defence")])
def test_the_applicant_is_reminded_before_their_time_is_over(result: Result, kind: str) -> None:
    world = p.world()
    case_id = p.checked(world, result)
    reminders.plan(world, case_id)
    world.clock.at = world.store.timers[case_id, reminders.TIMER].due_at
    reminders.on_timer(world, case_id)
    reminders.on_timer(world, case_id)
    assert [m.kind for m in world.messages.of(f.HERDER.subject, None, 9).items].count(kind) == 1


@pytest.mark.requirement("C5")
@pytest.mark.parametrize(("seconds", "flagged"), [(-1, False), (0, True), (1, True)])
def test_a_check_that_is_late_becomes_visible_exactly_then_whether_a_timer_ran_or_not(
    seconds: int, flagged: bool
) -> None:
    world = p.world()
    case_id = p.decided(world)
    until = commitment_checks.read(world, p.CHECKER, case_id).check_until
    assert until == deadline(world.clock.now(), p.TERMS.check.within, Calendar()).at
    assert until is not None
    world.clock.at = until + timedelta(seconds=seconds)
    check = commitment_checks.read(world, p.CHECKER, case_id).check
    assert (check.overdue_at == until) is flagged
    lapses.on_timer(world, case_id)
    types = [r.event.type for r in world.cases.log(case_id)]
    assert ("commitment.check_overdue" in types) is flagged
    # It can still be done, and ends as any other.
    p.checked(world, Result.FULFILLED, case_id)


@pytest.mark.requirement("C5")
@pytest.mark.parametrize(
    ("outcome", "state", "certificate", "document"),
    [
        (Final.REVOKED, "revoked", "annulled", "revocation"),
        (Final.UPHELD, "issued", "valid", "no_revocation"),
        (Final.KEPT, "issued", "valid", "no_revocation"),
    ],
)
def test_the_final_decision_is_written_with_reasons_and_remedies_and_only_a_revocation_kills_the_certificate(
    outcome: Final, state: str, certificate: str, document: str
) -> None:
    world = p.world()
    case_id = p.finished(world, outcome)
    case = journey.get(world, case_id)
    assert (case.state, kinds(world, case_id)[-1]) == (state, document)
    assert certificates.verify(world, case.certificate).certificate.state == certificate
    _, said = cases.document(world, f.HERDER, case_id, case.documents[-1].number)
    assert said.texts == {"reasons": "承诺与事实不符", "remedies": "可申请行政复议"}
    assert said.digest() == case.documents[-1].digest
    assert (stage(case), case.check_task) == ("done", None)
    lapse = world.clock.at
    world.clock.advance(days=400)
    assert cases.read(world, f.HERDER, case_id).version == case.version
    assert lapse < world.clock.at


@pytest.mark.requirement("C5")
@pytest.mark.parametrize("outcome", [Final.REVOKED, Final.UPHELD, Final.KEPT])
def test_after_the_end_nothing_is_found_said_or_decided(outcome: Final) -> None:
    world = p.world()
    case_id = p.finished(world, outcome)
    code = "case.wrong-state" if outcome is Final.REVOKED else "check.concluded"
    assert code in refused(lambda: record(world, case_id, Result.FULFILLED))
    say = lambda: commitment_checks.state_defence(world, f.HERDER, case_id, statement="再陈述")  # noqa: E731
    assert code in refused(say)
    with pytest.raises(tasks.CaseEnded):
        tasks.open_task(world, case_id, 1, "late")


@pytest.mark.requirement("C4")
@pytest.mark.requirement("C5")
def test_the_bar_begins_with_the_revocation_and_repair_lifts_it() -> None:
    world = p.world()
    p.finished(world, Final.REVOKED)
    (case_id,) = [i for i in world.store.cases if journey.get(world, i).state is CaseState.REVOKED]
    assert commitment_checks.record_credit(world, case_id) == 1
    assert commitment_checks.record_credit(world, case_id) == 0
    (found,) = credit.listed(world, f.HERDER)
    assert found.terms.start == world.clock.now()
    assert found.case_id == case_id
    draft = journey.drafted(world)
    assert [v.code for v in commitments.ways(world, f.HERDER, draft).obstacles] == ["credit.barred"]
    world.clock.advance(days=1)
    credit.repair(world, f.CREDIT_OFFICE, found.id, "已整改")
    assert commitments.ways(world, f.HERDER, draft).obstacles == ()


@pytest.mark.requirement("C4")
@pytest.mark.requirement("F4")
def test_a_bar_whose_event_was_lost_is_put_on_record_by_reconciliation_once() -> None:
    world = p.world()
    case_id = p.finished(world, Final.REVOKED)
    for _ in range(2):
        workflow.watch(world, case_id)
    assert len(credit.listed(world, f.HERDER)) == 1
    assert workflow.WATCH not in {kind for _, kind in world.store.timers}


@pytest.mark.requirement("C4")
@pytest.mark.parametrize("safety", [True, False])
def test_three_years_without_a_new_application_follow_in_safety_matters_only(safety: bool) -> None:
    world = p.world(safety_matter=safety)
    case_id = p.finished(world, Final.REVOKED)
    assert commitment_checks.record_credit(world, case_id) == (2 if safety else 1)
    draft = journey.drafted(world)
    ordinary = journey.get(world, draft)
    found = credit.bars_to_apply(world.credit.file(f.HERDER.subject), ordinary, p.item(), world.clock.now())
    assert [v.code for v in found] == (["credit.barred"] if safety else [])


@pytest.mark.requirement("C5")
def test_a_revocation_lists_what_rests_on_the_certificate() -> None:
    world = p.world(result_validity="3年")
    case_id = p.heard(world)
    certificate = journey.get(world, case_id).certificate
    renewal = cases.open_draft(
        world,
        f.HERDER,
        cases.Opening(f.BASIC, f.GACHA, f.Channel.WEB, kind=CaseKind.CHANGE, certificate=certificate),
    ).id
    p.finish(world, case_id, Final.REVOKED)
    assert commitment_checks.read(world, f.HERDER, case_id).check.depending == (renewal,)


@pytest.mark.requirement("C5")
def test_a_revocation_ends_what_was_still_to_be_handed_over() -> None:
    world = p.world()
    case_id = journey.drafted(world)
    case = journey.get(world, case_id)
    cases.save(
        world, f.HERDER, case_id, form=case.form, materials=case.materials, delivery="window", expected=case.version
    )
    commitments.serve(world, f.HERDER, case_id)
    p.sign(world, case_id)
    commitments.decide(world, f.HERDER, case_id)
    p.checked(world, Result.FALSE, case_id)
    commitment_checks.waive_defence(world, f.HERDER, case_id)
    p.task_opened(world, case_id, f.DECIDER)
    p.finish(world, case_id, Final.REVOKED)
    after = journey.get(world, case_id)
    assert (after.task, after.check_task, world.store.tasks) == (None, None, {})


@pytest.mark.requirement("C5")
def test_the_checking_body_sees_what_it_checks_and_nobody_else_there_does() -> None:
    world = p.world()
    case_id = p.decided(world)
    assert commitment_checks.read(world, p.CHECKER, case_id).stage == "checking"
    for stranger in (f.STRANGER, replace(p.CHECKER, body=f.SUM_CENTRE.id), f.BANNER_REVIEWER):
        assert refused(lambda s=stranger: commitment_checks.read(world, s, case_id), NotFound) == [  # type: ignore[misc]
            "case.not-found"
        ]
    record_it = lambda actor: lambda: record(world, case_id, Result.FULFILLED, actor)  # noqa: E731
    assert refused(record_it(f.HERDER), Forbidden) == ["case.act-not-yours"]
    assert refused(record_it(p.CHECKER)) == ["task.none-open"]
    p.task_opened(world, case_id, p.CHECKER)
    assert refused(record_it(replace(p.CHECKER, subject="colleague"))) == ["task.not-claimed-by-you"]
    decider = replace(p.CHECKER, subject="d", roles=frozenset({Role.DECISION}))
    assert refused(record_it(decider), NotFound) == ["case.not-found"]


@pytest.mark.requirement("C5")
@pytest.mark.requirement("F4")
def test_the_execution_of_a_check_is_started_reported_to_and_restarted_when_it_dies() -> None:
    world = p.world()
    case_id = p.decided(world)
    assert workflow.look_after(world, case_id) is workflow.Finding.STARTED
    p.task_opened(world, case_id, p.CHECKER)
    record(world, case_id, Result.FALSE)
    assert workflow.report_tasks(world, case_id) == 1
    assert world.workflows.succeeded[-1][1]["next"] == "node"
    world.checks.dead.add((case_id, 1))
    assert workflow.look_after(world, case_id) is workflow.Finding.RESTARTED
    commitment_checks.waive_defence(world, f.HERDER, case_id)
    p.task_opened(world, case_id, f.DECIDER)
    p.finish(world, case_id, Final.UPHELD)
    workflow.report_tasks(world, case_id)
    assert world.workflows.succeeded[-1][1]["next"] == "end"
    assert workflow.look_after(world, case_id) is workflow.Finding.FINISHED


def test_a_case_that_nobody_promised_anything_in_has_no_check() -> None:
    world = p.world()
    case_id = journey.drafted(world)
    assert refused(lambda: commitment_checks.read(world, f.HERDER, case_id), NotFound) == ["check.no-promise"]


@pytest.mark.requirement("C5")
def test_nobody_at_a_window_speaks_for_the_party_or_gives_up_its_right() -> None:
    world = p.world()
    case_id = journey.drafted(world, f.WINDOW, f.Channel.WINDOW, presence=f.presence_of(world))
    commitments.serve(world, f.WINDOW, case_id)
    p.sign(world, case_id)
    commitments.decide(world, f.WINDOW, case_id)
    p.checked(world, Result.FALSE, case_id)
    speak = lambda: commitment_checks.state_defence(world, f.WINDOW, case_id, statement="代述")  # noqa: E731
    assert refused(speak) == ["revocation.party-only"]
    assert refused(lambda: commitment_checks.waive_defence(world, f.WINDOW, case_id)) == ["revocation.party-only"]


@pytest.mark.requirement("C5")
def test_the_head_of_a_body_frees_the_task_of_that_body_and_not_the_one_beside_it() -> None:
    world = p.world()
    case_id = journey.drafted(world, f.WINDOW, f.Channel.WINDOW, presence=f.presence_of(world))
    case = journey.get(world, case_id)
    cases.save(
        world, f.WINDOW, case_id, form=case.form, materials=case.materials, delivery="window", expected=case.version
    )
    commitments.serve(world, f.WINDOW, case_id)
    p.sign(world, case_id)
    commitments.decide(world, f.WINDOW, case_id)
    tasks.claim(world, f.WINDOW, case_id)
    p.task_opened(world, case_id, p.CHECKER)
    head = replace(p.CHECKER, subject="banner-head", roles=frozenset({Role.HEAD}))
    tasks.release(world, head, case_id, reason="核查人员休假")
    after = journey.get(world, case_id)
    assert after.task is not None
    assert after.check_task is not None
    assert (after.task.assignee, after.check_task.assignee) == (f.WINDOW.subject, "")
