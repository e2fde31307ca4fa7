"""The clocks of a case: which there are for which item, when they begin and end, what stops and lengthens them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain import law
from chalicelib.domain.actors import Actor, ActorKind, Role
from chalicelib.domain.calendar import DayKind, Year
from chalicelib.domain.case_events import HeldCertificate
from chalicelib.domain.cases import Case, CaseState, fold
from chalicelib.domain.catalog import (
    Correction,
    CorrectionOutcome,
    LegalBasis,
    Limit,
    LimitUnit,
    SpecialProcedure,
    StepMode,
    StepRole,
    StopEffect,
)
from chalicelib.domain.clocks import Clock, ClockKind, ClockState, clocks, decision_starts
from chalicelib.domain.deadlines import SHANGHAI, Law, end_of
from chalicelib.domain.errors import NotFound
from chalicelib.domain.notices import Notice, Notices
from chalicelib.domain.routing import Node
from chalicelib.domain.stays import Stay
from chalicelib.services import cases as use_cases
from chalicelib.services import deadlines, hearings, lapses, procedures, tasks, workflow
from chalicelib.storage.calendar import packaged
from tests import factories as f
from tests import journey

K, S = ClockKind, ClockState
W, D = LimitUnit.WORKDAY, LimitUnit.DAY
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
OWN = LegalBasis("某条例", "9")
INSPECTION = SpecialProcedure("检验", "产品检验", StopEffect.EXCLUDED_BY_GENERAL_RULE, law.STOPS)
REVIEW = SpecialProcedure("技术审查", "技术审查", StopEffect.NO_STOP_RULE)
HEAD = Actor("league-head", ActorKind.OFFICER, body=f.LEAGUE_BUREAU.id, division=f.LEAGUE, roles=frozenset({Role.HEAD}))

pytestmark = pytest.mark.requirement("B10")


def world(**item: Any) -> f.World:
    """All ports over one item, under the official calendar, on Monday 2 March 2026."""
    made = f.World(f.item(special_procedures=(INSPECTION, REVIEW), **item))
    made.calendar.calendar = packaged()
    return made


def seen(made: f.World, case_id: str) -> dict[ClockKind, Clock]:
    """The clocks of a case by kind."""
    case = lapses.seen_at(made, journey.get(made, case_id), made.clock.now())
    ruling = lapses.law_of(made, case)
    assert ruling is not None
    return {clock.kind: clock for clock in clocks(case, ruling)}


def state(made: f.World, case_id: str, kind: ClockKind) -> ClockState:
    return seen(made, case_id)[kind].state(made.clock.now())


def day(text: str, hour: int = 10) -> datetime:
    return datetime.fromisoformat(f"{text}T{hour:02}:00").replace(tzinfo=SHANGHAI).astimezone(UTC)


# -- the periods of the law ----------------------------------------------------------------------------


def preliminary(limit: Limit | None = None) -> Node:
    return Node(StepRole.PRELIMINARY_REVIEW, "b", "b", f.BANNER, StepMode.OWN, "b", limit)


OWN_20 = Limit(20, D, OWN)
DEFAULT_20 = Limit(20, W, LegalBasis("行政许可法", "42"))


@pytest.mark.parametrize(
    ("changes", "period", "expected"),
    [
        pytest.param({}, law.notice_limit, (5, W, "32(4)"), id="32(4) notice, 5 workdays"),
        pytest.param(
            {"notice_limit": Limit(3, D, OWN)}, law.notice_limit, (3, D, "9"), id="32(4) a special law's 3 days"
        ),
        pytest.param({"type_code": "07"}, law.notice_limit, None, id="32(4) binds licences only"),
        pytest.param({}, law.decision_limit, (20, W, "42(1)"), id="42(1) decision, 20 workdays"),
        pytest.param({"joint": True}, law.decision_limit, (45, W, "42(2)"), id="42(2) joint handling, 45 workdays"),
        pytest.param(
            {"joint": True, "statutory_limit": DEFAULT_20}, law.decision_limit, (45, W, "42(2)"), id="42(2) over 42(1)"
        ),
        pytest.param(
            {"statutory_limit": OWN_20}, law.decision_limit, (20, D, "9"), id="42(1) a special law goes before"
        ),
        pytest.param(
            {"statutory_limit": OWN_20, "joint": True}, law.decision_limit, (20, D, "9"), id="42(2) special law before"
        ),
        pytest.param({"type_code": "07"}, law.decision_limit, None, id="42 binds licences only"),
        pytest.param(
            {"type_code": "07", "statutory_limit": OWN_20}, law.decision_limit, (20, D, "9"), id="other type: its own"
        ),
        pytest.param({}, law.extension_limit, (10, W, "42(1)"), id="42(1) extension, 10 workdays"),
        pytest.param({"joint": True}, law.extension_limit, (15, W, "42(2)"), id="42(2) joint extension, 15 workdays"),
        pytest.param({"statutory_limit": DEFAULT_20}, law.extension_limit, (10, W, "42(1)"), id="42(1) named default"),
        pytest.param({"statutory_limit": OWN_20}, law.extension_limit, None, id="42 extends its own periods only"),
        pytest.param(
            {"statutory_limit": OWN_20, "extension": Limit(10, D, OWN)},
            law.extension_limit,
            (10, D, "9"),
            id="42 a special law's own extension",
        ),
        pytest.param({"type_code": "07"}, law.extension_limit, None, id="42 no extension for other types"),
        pytest.param({}, law.certificate_limit, (10, W, "44"), id="44 certificate, 10 workdays"),
        pytest.param({"type_code": "05"}, law.certificate_limit, None, id="44 binds licences only"),
        pytest.param({}, law.assignment_limit, (5, W, "55(2)"), id="55(2) assignment, 5 workdays"),
        pytest.param({"type_code": "10"}, law.assignment_limit, None, id="55 binds licences only"),
    ],
)
def test_an_item_has_the_period_of_its_own_law_or_of_the_licensing_law(
    changes: dict[str, Any], period: Any, expected: tuple[int, LimitUnit, str] | None
) -> None:
    found = period(f.item(**changes))
    assert (found and (found.value, found.unit, found.basis.article)) == expected


@pytest.mark.parametrize(
    ("type_code", "limit", "expected"),
    [
        pytest.param("01", None, (20, "43"), id="43 preliminary review, 20 workdays"),
        pytest.param("01", Limit(3, W, OWN), (3, "9"), id="43 a special law's own"),
        pytest.param("07", None, None, id="43 binds licences only"),
    ],
)
def test_a_preliminary_review_has_its_own_period(type_code: str, limit: Limit | None, expected: Any) -> None:
    found = law.preliminary_limit(f.item(type_code=type_code), preliminary(limit))
    assert (found and found.basis and (found.value, found.basis.article)) == expected


def test_another_node_has_only_the_limit_of_its_version() -> None:
    assert law.preliminary_limit(f.item(), replace(preliminary(), role=StepRole.REVIEW)) is None


# -- which clocks there are, and how they end ----------------------------------------------------------


def test_a_draft_has_no_clock() -> None:
    made = world()
    assert deadlines.explain(made, f.HERDER, journey.drafted(made)).clocks == ()


def test_at_receipt_only_the_notice_runs() -> None:
    made = world()
    found = seen(made, journey.submitted(made))
    assert list(found) == [K.NOTICE]
    assert found[K.NOTICE].deadline.last_day == date(2026, 3, 9)
    assert (found[K.NOTICE].basis or OWN).article == "32(4)"


def test_an_item_that_is_no_licence_has_the_clocks_of_its_version_only() -> None:
    made = world(type_code="07")
    assert seen(made, journey.at(made, "decide")) == {}
    made = world(type_code="07", notice_limit=Limit(3, W), statutory_limit=Limit(7, D, OWN), promised_limit=Limit(2, W))
    assert set(seen(made, journey.at(made, "decide"))) == {K.NOTICE, K.DECISION_STATUTORY, K.DECISION_PROMISED}


def test_the_statutory_and_the_promised_time_run_side_by_side() -> None:
    made = world(promised_limit=Limit(7, W))
    found = seen(made, journey.at(made, "decide"))
    assert found[K.DECISION_STATUTORY].deadline.last_day == date(2026, 3, 30)
    assert found[K.DECISION_PROMISED].deadline.last_day == date(2026, 3, 11)
    assert found[K.DECISION_PROMISED].basis is None


@pytest.mark.parametrize(
    ("offset", "before_act", "after_act"),
    [
        pytest.param(-SECOND, S.RUNNING, S.MET, id="-1 s"),
        pytest.param(timedelta(), S.OVERDUE, S.LATE, id="0"),
        pytest.param(SECOND, S.OVERDUE, S.LATE, id="+1 s"),
        pytest.param(-DAY, S.RUNNING, S.MET, id="-1 day"),
        pytest.param(DAY, S.OVERDUE, S.LATE, id="+1 day"),
    ],
)
def test_a_decision_before_24_00_of_the_last_day_is_in_time(
    offset: timedelta, before_act: ClockState, after_act: ClockState
) -> None:
    made = world()
    case_id = journey.at(made, "decide")
    made.clock.at = end_of(date(2026, 3, 30)) + offset
    assert state(made, case_id, K.DECISION_STATUTORY) is before_act
    journey.grant(made, f.DECIDER, case_id)
    assert state(made, case_id, K.DECISION_STATUTORY) is after_act


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        pytest.param(-SECOND, S.MET, id="32(4) -1 s"),
        pytest.param(timedelta(), S.LATE, id="32(4) 0: deemed accepted"),
        pytest.param(SECOND, S.LATE, id="32(4) +1 s"),
    ],
)
def test_acceptance_answers_the_clock_of_notice_until_it_is_deemed_given(
    offset: timedelta, expected: ClockState
) -> None:
    made = world()
    case_id = journey.at(made, "accept")
    made.clock.at = end_of(date(2026, 3, 9)) + offset
    if offset < timedelta():
        tasks.accept(made, f.ACCEPTOR, case_id)
    found = seen(made, case_id)
    assert found[K.NOTICE].state(made.clock.now()) is expected
    # Deemed accepted from the day of receipt: the time for the decision has been running since then.
    assert found[K.DECISION_STATUTORY].start == (made.clock.at if offset < timedelta() else f.START)


@pytest.mark.parametrize("offset", [-SECOND, timedelta(), SECOND], ids=["44 -1 s", "44 0", "44 +1 s"])
def test_a_certificate_is_due_ten_working_days_after_the_decision(offset: timedelta) -> None:
    made = world()
    case_id = journey.granted(made)
    made.clock.at = end_of(date(2026, 3, 16)) + offset
    assert seen(made, case_id)[K.CERTIFICATE].deadline.last_day == date(2026, 3, 16)
    expected = S.RUNNING if offset < timedelta() else S.OVERDUE
    assert state(made, case_id, K.CERTIFICATE) is expected


def test_a_withdrawn_case_owes_nothing_any_more() -> None:
    made = world()
    case_id = journey.at(made, "decide")
    use_cases.withdraw(made, f.HERDER, case_id, "不办了")
    assert state(made, case_id, K.DECISION_STATUTORY) is S.DROPPED
    made.clock.advance(days=60)
    assert state(made, case_id, K.DECISION_STATUTORY) is S.DROPPED
    assert state(made, case_id, K.NOTICE) is S.MET


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        pytest.param(-SECOND, S.RUNNING, id="50 -1 s"),
        pytest.param(timedelta(), S.LATE, id="50 0: renewed by silence"),
        pytest.param(SECOND, S.LATE, id="50 +1 s"),
    ],
)
def test_a_renewal_has_until_the_certificate_ends(offset: timedelta, expected: ClockState) -> None:
    made = world()
    ends = end_of(date(2026, 6, 30))
    case_id = journey.at(made, "decide")
    case = replace(journey.get(made, case_id), kind="renewal", about=HeldCertificate("1.2.156", ends))
    ruling = lapses.law_of(made, case)
    assert ruling is not None
    found = by_kind(case, ruling)[K.RENEWAL]
    assert (found.deadline.at, found.deadline.last_day, found.limits) == (ends, date(2026, 6, 30), ())
    assert (found.basis or OWN).article == "50(2)"
    decided = replace(found, met_at=ends) if offset >= timedelta() else found
    assert decided.state(ends + offset) is expected


def test_a_renewal_that_was_filed_too_late_has_no_such_clock() -> None:
    made = world()
    case = journey.get(made, journey.at(made, "decide"))
    case = replace(case, kind="renewal", about=HeldCertificate("1.2.156", end_of(date(2026, 3, 20))))
    ruling = lapses.law_of(made, case)
    assert ruling is not None
    assert K.RENEWAL not in by_kind(case, ruling)


# -- stops and extension -------------------------------------------------------------------------------


def inspected(made: f.World, case_id: str, days: int) -> None:
    """An inspection that takes ``days`` days from its notice to its result."""
    procedures.start(made, f.DECIDER, case_id, kind="inspection", reason="须检验", days=5)
    number = len(journey.get(made, case_id).procedures)
    procedures.assign(made, f.DECIDER, case_id, procedure=number, officers=["甲", "乙"])
    made.clock.advance(days=days)
    procedures.record_result(made, f.DECIDER, case_id, procedure=number, result="合格")


def test_a_stop_moves_the_statutory_and_the_promised_end_alike() -> None:
    made = world(promised_limit=Limit(7, W))
    case_id = journey.at(made, "decide")
    procedures.start(made, f.DECIDER, case_id, kind="inspection", reason="须检验", days=5)
    assert state(made, case_id, K.DECISION_STATUTORY) is S.RUNNING  # from the day after the notice
    made.clock.advance(days=1)
    assert [state(made, case_id, k) for k in (K.DECISION_STATUTORY, K.DECISION_PROMISED)] == [S.STOPPED, S.STOPPED]
    assert seen(made, case_id)[K.DECISION_STATUTORY].deadline.at is None
    procedures.assign(made, f.DECIDER, case_id, procedure=1, officers=["甲", "乙"])
    made.clock.advance(days=2)  # Thursday: the clock has stood for Tuesday, Wednesday and Thursday
    procedures.record_result(made, f.DECIDER, case_id, procedure=1, result="合格")
    assert state(made, case_id, K.DECISION_STATUTORY) is S.STOPPED  # to the day of the result
    made.clock.advance(days=1)
    found = seen(made, case_id)
    assert found[K.DECISION_STATUTORY].state(made.clock.now()) is S.RUNNING
    assert found[K.DECISION_STATUTORY].deadline.last_day == date(2026, 4, 2)
    assert found[K.DECISION_PROMISED].deadline.last_day == date(2026, 3, 16)


def test_two_stops_add_up_and_a_stop_over_a_holiday_costs_only_its_working_days() -> None:
    made = world()
    made.clock.at = day("2026-03-30")
    case_id = journey.at(made, "decide")
    inspected(made, case_id, 2)  # 31 March and 1 April
    made.clock.advance(days=2)
    inspected(made, case_id, 4)  # from Saturday 4 to Tuesday 7 April: Qingming until Monday
    found = seen(made, case_id)[K.DECISION_STATUTORY]
    assert [(str(p.since), str(p.until)) for p in found.pauses] == [
        ("2026-03-31", "2026-04-01"),
        ("2026-04-04", "2026-04-07"),
    ]
    without = replace(journey.get(made, case_id), procedures=())
    ruling = lapses.law_of(made, without)
    assert ruling is not None
    plain = {clock.kind: clock for clock in clocks(without, ruling)}[K.DECISION_STATUTORY]
    assert (plain.deadline.last_day, found.deadline.last_day) == (date(2026, 4, 28), date(2026, 5, 6))


def test_a_technical_review_stops_nothing() -> None:
    made = world()
    case_id = journey.at(made, "decide")
    procedures.start(made, f.DECIDER, case_id, kind="technical_review", reason="须审查", days=5)
    made.clock.advance(days=1)
    assert state(made, case_id, K.DECISION_STATUTORY) is S.RUNNING
    assert seen(made, case_id)[K.DECISION_STATUTORY].deadline.last_day == date(2026, 3, 30)


def test_an_extension_lengthens_the_statutory_time_and_no_promise() -> None:
    made = world(promised_limit=Limit(7, W))
    case_id = journey.at(made, "decide")
    procedures.extend(made, HEAD, case_id, days=10, reason="情况复杂")
    found = seen(made, case_id)
    assert [limit.value for limit in found[K.DECISION_STATUTORY].limits] == [20, 10]
    assert found[K.DECISION_STATUTORY].deadline.last_day == date(2026, 4, 14)
    assert found[K.DECISION_PROMISED].deadline.last_day == date(2026, 3, 11)


def test_officers_for_an_inspection_are_due_five_days_after_acceptance() -> None:
    made = world()
    case_id = journey.at(made, "decide")
    procedures.start(made, f.DECIDER, case_id, kind="inspection", reason="须检验", days=5)
    assert seen(made, case_id)[K.ASSIGNMENT].deadline.last_day == date(2026, 3, 9)
    made.clock.at = end_of(date(2026, 3, 9))
    assert state(made, case_id, K.ASSIGNMENT) is S.OVERDUE
    procedures.assign(made, f.DECIDER, case_id, procedure=1, officers=["甲", "乙"])
    assert state(made, case_id, K.ASSIGNMENT) is S.LATE


def test_a_right_to_a_hearing_that_nobody_used_lapses_and_makes_nobody_late() -> None:
    made = world()
    case_id = journey.at(made, "decide")
    hearings.notify(made, f.DECIDER, case_id, ground="direct_interest", reason="占用公共通道", third_parties=[])
    assert seen(made, case_id)[K.HEARING_REQUEST].deadline.last_day == date(2026, 3, 9)
    made.clock.at = end_of(date(2026, 3, 9))
    assert state(made, case_id, K.HEARING_REQUEST) is S.LAPSED
    assert K.HEARING not in seen(made, case_id)


# -- nodes ---------------------------------------------------------------------------------------------


def test_a_preliminary_review_counts_the_days_that_the_case_stood_there() -> None:
    made = world()
    case_id = journey.at(made, "preliminary_review")
    assert seen(made, case_id)[K.PRELIMINARY_REVIEW].deadline.last_day == date(2026, 3, 30)
    made.clock.at = day("2026-03-03")
    journey.agree(made, f.BANNER_REVIEWER, case_id)
    assert state(made, case_id, K.PRELIMINARY_REVIEW) is S.MET
    journey.opened(made, case_id)
    tasks.claim(made, f.REVIEWER, case_id)
    made.clock.at = day("2026-03-06")
    tasks.send_back(made, f.REVIEWER, case_id, reason="意见不清", position=None)
    found = seen(made, case_id)[K.PRELIMINARY_REVIEW]
    assert [(str(p.since), str(p.until), p.code) for p in found.pauses] == [("2026-03-04", "2026-03-06", "elsewhere")]
    assert found.deadline.last_day == date(2026, 4, 2)
    assert (found.position, found.state(made.clock.now())) == (2, S.STOPPED)


def test_the_upper_body_counts_from_where_the_version_says() -> None:
    made = world(statutory_limit=Limit(10, D, OWN, starts="opinion received"))
    case_id = journey.at(made, "preliminary_review")
    assert K.DECISION_STATUTORY not in seen(made, case_id)
    made.clock.at = day("2026-03-05")
    journey.agree(made, f.BANNER_REVIEWER, case_id)
    assert seen(made, case_id)[K.DECISION_STATUTORY].deadline.last_day == date(2026, 3, 16)  # the 15th is a Sunday


@pytest.mark.parametrize(
    ("starts", "expected"),
    [
        ("", "accepted"),
        ("acceptance", "accepted"),
        ("receipt", "received"),
        ("receipt of papers", "received"),
        ("application form handed in", "received"),
        ("day after receipt", "received"),
        ("receipt of all valid papers", "accepted"),
        ("inspection passed", None),
        ("a word that no fact answers to", "accepted"),
    ],
)
def test_a_limit_begins_at_the_moment_that_its_law_names(starts: str, expected: str | None) -> None:
    made = world()
    case_id = journey.at(made, "accept")
    made.clock.advance(days=1)
    tasks.accept(made, f.ACCEPTOR, case_id)
    case = journey.get(made, case_id)
    moments = {"accepted": case.accepted_at, "received": case.received_at, None: None}
    assert decision_starts(case, Limit(1, W, OWN, starts=starts)) == moments[expected]


@pytest.mark.parametrize(
    ("starts", "statutory", "promised"),
    [
        pytest.param("acceptance", "2026-04-07", "2026-03-27", id="from acceptance, both"),
        pytest.param("receipt", "2026-03-30", "2026-03-20", id="from receipt, both"),
        pytest.param("opinion received", "2026-04-07", "2026-03-30", id="from the opinion below, both"),
    ],
)
def test_a_promise_begins_with_the_laws_own_time(starts: str, statutory: str, promised: str) -> None:
    """Received on Monday 2 March, accepted on the ninth, examined below until the tenth; natural days are moved."""
    made = world(statutory_limit=Limit(28, D, OWN, starts=starts), promised_limit=Limit(18, D))
    case_id = journey.at(made, "accept")
    made.clock.at = day("2026-03-09")
    tasks.accept(made, f.ACCEPTOR, case_id)
    journey.opened(made, case_id)
    tasks.claim(made, f.BANNER_REVIEWER, case_id)
    made.clock.at = day("2026-03-10")
    journey.agree(made, f.BANNER_REVIEWER, case_id)
    found = seen(made, case_id)
    ends = [str(found[kind].deadline.last_day) for kind in (K.DECISION_STATUTORY, K.DECISION_PROMISED)]
    assert ends == [statutory, promised]
    assert found[K.DECISION_PROMISED].limits[0].starts == starts


def test_a_promise_as_long_as_the_law_is_not_over_later_however_late_the_acceptance() -> None:
    made = world(statutory_limit=Limit(10, W, OWN, starts="receipt"), promised_limit=Limit(10, W))
    case_id = journey.at(made, "accept")
    made.clock.at = day("2026-03-09")
    tasks.accept(made, f.ACCEPTOR, case_id)
    for offset, expected in ((-SECOND, S.RUNNING), (timedelta(), S.OVERDUE), (SECOND, S.OVERDUE)):
        made.clock.at = end_of(date(2026, 3, 16)) + offset
        assert [state(made, case_id, k) for k in (K.DECISION_STATUTORY, K.DECISION_PROMISED)] == [expected, expected]


def test_without_a_laws_own_time_a_promise_begins_at_acceptance() -> None:
    made = world(type_code="07", promised_limit=Limit(7, W))
    case_id = journey.at(made, "accept")
    made.clock.at = day("2026-03-03")
    tasks.accept(made, f.ACCEPTOR, case_id)
    assert seen(made, case_id)[K.DECISION_PROMISED].deadline.last_day == date(2026, 3, 12)


# -- the applicant's own periods -----------------------------------------------------------------------


def test_a_correction_has_its_own_clock_and_starts_the_notice_anew() -> None:
    made = world(correction=Correction(Limit(15, W, OWN), CorrectionOutcome.DEEMED_WITHDRAWN, OWN))
    case = journey.get(made, journey.submitted(made))
    ruling = lapses.law_of(made, case)
    assert ruling is not None
    told, back = f.START + DAY, f.START + 3 * DAY
    correcting = replace(
        case,
        state=CaseState.CORRECTING,
        notices=Notices((Notice("N", told, ()),)),
        stays=(*case.stays, Stay(CaseState.CORRECTING, 0, told, told)),
    )
    found = by_kind(correcting, ruling)
    assert found[K.NOTICE].state(told) is S.MET
    assert found[K.CORRECTION].state(told) is S.RUNNING
    assert found[K.CORRECTION].state(end_of(date(2026, 3, 24))) is S.LAPSED
    again = replace(
        correcting,
        state=CaseState.RECEIVED,
        notices=Notices(correcting.notices.sent, (), back),
        stays=(*correcting.stays, Stay(CaseState.RECEIVED, 0, back, back)),
    )
    found = by_kind(again, ruling)
    assert (found[K.NOTICE].start, found[K.NOTICE].deadline.last_day) == (back, date(2026, 3, 12))
    assert found[K.NOTICE].state(back) is S.RUNNING
    assert found[K.CORRECTION].state(back) is S.MET


def by_kind(case: Case, ruling: Law) -> dict[ClockKind, Clock]:
    return {clock.kind: clock for clock in clocks(case, ruling)}


# -- a year that is announced later --------------------------------------------------------------------


def announce(made: f.World) -> None:
    """2027, with a working Saturday that nobody knew of before."""
    days = {date(2027, 1, 1): (DayKind.HOLIDAY, "元旦"), date(2027, 1, 2): (DayKind.MAKE_UP, "元旦")}
    made.calendar.calendar = packaged().with_years([Year(2027, "通知", days, 1, f.START)])


def test_an_open_deadline_is_provisional_until_the_year_is_announced_and_then_moves() -> None:
    made = world()
    made.clock.at = day("2026-12-28")
    case_id = journey.submitted(made)
    before = seen(made, case_id)[K.NOTICE].deadline
    assert (before.last_day, before.provisional) == (date(2027, 1, 5), True)
    announce(made)
    after = seen(made, case_id)[K.NOTICE].deadline
    assert (after.last_day, after.provisional) == (date(2027, 1, 4), False)


def test_the_watch_sets_the_timer_of_the_law_when_a_deadline_came_forward() -> None:
    made = world()
    made.clock.at = day("2026-12-28")
    case_id = journey.submitted(made)
    assert due(made, case_id) == end_of(date(2027, 1, 5))
    announce(made)
    assert due(made, case_id) == end_of(date(2027, 1, 5))
    workflow.watch(made, case_id)
    assert due(made, case_id) == end_of(date(2027, 1, 4))


def test_the_watch_makes_a_fact_of_what_a_calendar_has_brought_about_meanwhile() -> None:
    made = world()
    made.clock.at = day("2026-12-28")
    case_id = journey.submitted(made)
    announce(made)
    made.clock.at = end_of(date(2027, 1, 4))
    workflow.watch(made, case_id)
    assert journey.get(made, case_id).state is CaseState.IN_REVIEW


def due(made: f.World, case_id: str) -> datetime | None:
    """When the law's timer falls due."""
    found = [
        timer.due_at
        for shard in range(16)
        for timer in made.cases.due(shard, made.clock.now() + 400 * DAY, 100)
        if (timer.case_id, timer.kind) == (case_id, lapses.TIMER)
    ]
    return found[0] if found else None


@pytest.mark.requirement("B4")
def test_a_recorded_fact_stays_whatever_a_later_calendar_says() -> None:
    made = world()
    made.clock.at = day("2026-12-28")
    case_id = journey.submitted(made)
    made.clock.at = end_of(date(2027, 1, 5))
    lapses.on_timer(made, case_id)
    deemed = journey.get(made, case_id)
    assert (deemed.state, deemed.accepted_at) == (CaseState.IN_REVIEW, day("2026-12-28"))
    # By the calendar announced afterwards there would still have been time.
    days = {date(2027, 1, d): (DayKind.HOLIDAY, "元旦") for d in range(1, 8)}
    made.calendar.calendar = packaged().with_years([Year(2027, "通知", days, 1, f.START)])
    lapses.on_timer(made, case_id)
    kept = lapses.seen_at(made, journey.get(made, case_id), made.clock.now())
    assert (kept.state, kept.accepted_at, kept.version) == (deemed.state, deemed.accepted_at, deemed.version)


# -- the log, and who may ask --------------------------------------------------------------------------


def test_where_a_case_stood_is_a_fold_of_its_log() -> None:
    made = world()
    case_id = journey.granted(made)
    case = journey.get(made, case_id)
    again = fold(tuple(made.cases.log(case_id)))
    assert again.stays == case.stays
    walked = [(str(stay.state), stay.position) for stay in case.stays]
    assert walked == [
        ("received", 0),
        ("received", 1),
        ("in_review", 2),
        ("in_review", 3),
        ("in_review", 4),
        ("granted", 5),
    ]


def test_whoever_may_not_see_a_case_is_told_nothing_of_its_deadlines() -> None:
    made = world()
    case_id = journey.submitted(made)
    with pytest.raises(NotFound):
        deadlines.explain(made, f.STRANGER, case_id)


def test_an_explanation_shows_the_days_on_which_the_clock_has_stood_so_far() -> None:
    made = world()
    case_id = journey.at(made, "decide")
    procedures.start(made, f.DECIDER, case_id, kind="inspection", reason="须检验", days=5)
    made.clock.advance(days=3)
    found = {clock.kind: clock for clock in deadlines.explain(made, f.HERDER, case_id).clocks}
    assert [str(d.counting) for d in found[K.DECISION_STATUTORY].deadline.days] == ["start", *["stopped"] * 3]
