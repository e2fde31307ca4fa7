"""Incomplete-material acceptance, against tables written from the policy and facts 3.1 (rows D1 to D5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain import cases as rules
from chalicelib.domain.actors import Actor
from chalicelib.domain.calendar import Calendar, DayKind, Year
from chalicelib.domain.case_events import DeferredMaterial, SubmittedMaterial
from chalicelib.domain.catalog import (
    CaseType,
    Deferral,
    ImplementationItem,
    LateOutcome,
    Limit,
    LimitUnit,
    Material,
    Necessity,
)
from chalicelib.domain.clocks import ClockKind, ClockState
from chalicelib.domain.credit import Effect, Scope, Terms
from chalicelib.domain.errors import DomainError, Forbidden, Invalid, Refused
from chalicelib.domain.outages import Outage, Service
from chalicelib.domain.supplement_dates import Supplement, due, latest_day
from chalicelib.domain.supplements import Verdict
from chalicelib.services import (
    cases,
    credit,
    deadlines,
    lapses,
    notices,
    outages,
    reminders,
    renewals,
    supplements,
    tasks,
)
from chalicelib.services.notices import Demand
from chalicelib.services.ports import Receipt
from tests import factories as f
from tests import journey

SECOND = timedelta(seconds=1)
PAPER = SubmittedMaterial("d1", "paper", "住所使用证明")
OTHER = SubmittedMaterial("d2", "paper", "培训证明")
TUESDAY, WEDNESDAY, THURSDAY = date(2026, 3, 3), date(2026, 3, 4), date(2026, 3, 5)
"""The clock starts on Monday, 2 March 2026, 09:00 in Beijing; the week is a plain one."""


def workdays(value: int) -> Limit:
    return Limit(value, LimitUnit.WORKDAY, demo=True)


def late(
    outcome: LateOutcome = LateOutcome.DEEMED_WITHDRAWN, period: int = 3, mending: Limit | None = None
) -> Deferral:
    return Deferral(workdays(period), outcome, workdays(1), mending)


def incomplete(first: Deferral | None = None, second: Deferral | None = None, **changes: Any) -> ImplementationItem:
    """An item with one main material and two that may be late, promised in ten working days."""
    materials = (
        Material("m1", "申请书", "Application", Necessity.REQUIRED),
        Material("d1", "住所使用证明", "Proof of premises", Necessity.DEFERRABLE, deferral=first or late()),
        Material("d2", "培训证明", "Proof of training", Necessity.DEFERRABLE, deferral=second or late()),
    )
    return f.item(**{"materials": materials, "promised_limit": workdays(10), **changes})


def drafted(world: f.World, *deferred: DeferredMaterial, given: tuple[SubmittedMaterial, ...] = ()) -> str:
    authority = journey.authorised(world)
    case_id = journey.drafted(world, f.AGENT, f.Channel.STATION, authority=authority)
    cases.save(
        world,
        f.AGENT,
        case_id,
        form={"subject": "高中教师"},
        materials=[journey.APPLICATION, *given],
        delivery="electronic",
        expected=journey.get(world, case_id).version,
        deferred=deferred,
    )
    return case_id


def accepted(world: f.World, *deferred: DeferredMaterial, given: tuple[SubmittedMaterial, ...] = ()) -> str:
    """Accepted on the day of its submission, the preliminary review open and claimed."""
    case_id = drafted(world, *deferred, given=given)
    cases.submit(world, f.AGENT, case_id)
    journey.opened(world, case_id)
    tasks.claim(world, f.WINDOW, case_id)
    tasks.forward(world, f.WINDOW, case_id)
    journey.opened(world, case_id)
    tasks.claim(world, f.ACCEPTOR, case_id)
    tasks.accept(world, f.ACCEPTOR, case_id)
    return moved_to(world, case_id, f.BANNER_REVIEWER)


def moved_to(world: f.World, case_id: str, officer: Actor) -> str:
    journey.opened(world, case_id)
    tasks.claim(world, officer, case_id)
    return case_id


def at_decision(world: f.World, *deferred: DeferredMaterial) -> str:
    case_id = accepted(world, *deferred)
    journey.agree(world, f.BANNER_REVIEWER, case_id)
    moved_to(world, case_id, f.REVIEWER)
    journey.agree(world, f.REVIEWER, case_id)
    return moved_to(world, case_id, f.DECIDER)


BOTH = (DeferredMaterial("d1", WEDNESDAY), DeferredMaterial("d2", THURSDAY))
END_OF_WEDNESDAY = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
END_OF_THURSDAY = datetime(2026, 3, 5, 16, 0, tzinfo=UTC)


def codes(error: DomainError) -> list[tuple[str, str]]:
    return [(v.code, v.pointer) for v in error.violations]


# -- the wish -------------------------------------------------------------------------------------------


@pytest.mark.requirement("D1")
@pytest.mark.parametrize(
    ("item", "deferred", "given", "expected"),
    [
        pytest.param(incomplete(), BOTH, (), [], id="both-within-the-period"),
        pytest.param(incomplete(), BOTH[:1], (OTHER,), [], id="one-late-one-there"),
        pytest.param(incomplete(), BOTH[:1], (), [("material.missing", "/materials")], id="the-other-is-missing"),
        pytest.param(
            incomplete(),
            (DeferredMaterial("m1", WEDNESDAY), *BOTH),
            (),
            [("supplement.not-deferrable", "/deferred/0/code")],
            id="a-main-material",
        ),
        pytest.param(
            incomplete(),
            (*BOTH, DeferredMaterial("m9", WEDNESDAY)),
            (),
            [("supplement.not-deferrable", "/deferred/2/code")],
            id="not-in-the-version",
        ),
        pytest.param(
            incomplete(), (*BOTH, BOTH[0]), (), [("supplement.repeated", "/deferred/2/code")], id="the-same-twice"
        ),
        pytest.param(
            incomplete(), BOTH, (PAPER,), [("supplement.given-already", "/deferred/0/code")], id="given-already"
        ),
        pytest.param(
            incomplete(),
            (DeferredMaterial("d1", date(2026, 3, 6)), BOTH[1]),
            (),
            [("supplement.date-outside-period", "/deferred/0/promised_on")],
            id="a-day-after-the-period",
        ),
        pytest.param(
            incomplete(),
            (DeferredMaterial("d1", date(2026, 3, 1)), BOTH[1]),
            (),
            [("supplement.date-outside-period", "/deferred/0/promised_on")],
            id="a-day-that-is-over",
        ),
        pytest.param(
            incomplete(promised_limit=workdays(3)),
            (BOTH[0], DeferredMaterial("d2", THURSDAY)),
            (),
            [("supplement.date-outside-period", "/deferred/1/promised_on")],
            id="no-time-left-for-the-check",
        ),
        pytest.param(
            incomplete(promised_limit=workdays(0), case_type=CaseType.INSTANT),
            BOTH,
            (),
            [
                ("supplement.instant-item", "/deferred"),
                ("supplement.no-time", "/deferred/0/promised_on"),
                ("supplement.no-time", "/deferred/1/promised_on"),
            ],
            id="decided-on-the-spot",
        ),
    ],
)
def test_what_may_be_late_and_until_when_is_the_versions_to_say(
    item: ImplementationItem,
    deferred: tuple[DeferredMaterial, ...],
    given: tuple[SubmittedMaterial, ...],
    expected: list[tuple[str, str]],
) -> None:
    world = f.World(item)
    case_id = drafted(world, *deferred, given=given)
    if not expected:
        assert cases.submit(world, f.AGENT, case_id).result["state"] == "received"
        return
    with pytest.raises(Invalid) as refused:
        cases.submit(world, f.AGENT, case_id)
    assert sorted(codes(refused.value)) == sorted(expected)
    assert journey.get(world, case_id).state == "draft"


@pytest.mark.requirement("D1")
@pytest.mark.parametrize(
    ("start", "period", "promised", "expected"),
    [
        pytest.param(datetime(2026, 3, 2, 1, tzinfo=UTC), 3, workdays(10), THURSDAY, id="the-period-is-shorter"),
        pytest.param(datetime(2026, 3, 2, 1, tzinfo=UTC), 3, workdays(3), WEDNESDAY, id="the-promise-less-the-check"),
        pytest.param(datetime(2026, 3, 2, 15, 59, 59, tzinfo=UTC), 1, workdays(9), TUESDAY, id="a-second-before-24"),
        pytest.param(datetime(2026, 3, 2, 16, 0, tzinfo=UTC), 1, workdays(9), WEDNESDAY, id="at-24-the-next-day"),
        pytest.param(datetime(2026, 3, 5, 1, tzinfo=UTC), 3, workdays(9), date(2026, 3, 10), id="over-a-weekend"),
        pytest.param(
            datetime(2026, 3, 2, 1, tzinfo=UTC),
            20,
            Limit(15, LimitUnit.DAY),
            date(2026, 3, 16),
            id="a-promise-in-days-that-ends-on-a-tuesday",
        ),
    ],
)
def test_the_last_day_leaves_time_for_the_check(start: datetime, period: int, promised: Limit, expected: date) -> None:
    item = incomplete(late(period=period), promised_limit=promised)
    assert latest_day(item, item.materials[1], start, Calendar()) == expected


@pytest.mark.requirement("D1")
def test_the_last_day_follows_holidays_and_make_up_days() -> None:
    days = {date(2026, 3, day): (DayKind.HOLIDAY, "假日") for day in (3, 4)}
    days |= {date(2026, 3, 7): (DayKind.MAKE_UP, "")}
    calendar = Calendar({2026: Year(2026, "通知", days)})
    item = incomplete(late(period=3))
    assert latest_day(item, item.materials[1], f.START, calendar) == date(2026, 3, 7)


@pytest.mark.requirement("D5")
def test_unrepaired_credit_bars_late_materials_and_repair_opens_them_again() -> None:
    world = f.World(incomplete())
    terms = Terms(
        "未履行容缺承诺", "GNCN", "2", (Effect.INCOMPLETE_ACCEPTANCE,), Scope(f.LEAGUE), f.START, repair_way="补正"
    )
    record = credit.enter(world, f.CREDIT_OFFICE, f.HERDER.subject, terms).id
    case_id = drafted(world, *BOTH)
    with pytest.raises(Invalid) as barred:
        cases.submit(world, f.AGENT, case_id)
    assert codes(barred.value) == [("credit.barred", "/deferred")]
    credit.repair(world, f.CREDIT_OFFICE, record, "已补正")
    world.clock.advance(seconds=1)
    assert cases.submit(world, f.AGENT, case_id).result["state"] == "received"


@pytest.mark.requirement("D5")
def test_in_an_excluded_area_nothing_may_come_later() -> None:
    world = f.World(incomplete(excluded_areas=("public_safety",)))
    case_id = drafted(world, *BOTH)
    with pytest.raises(Invalid) as refused:
        cases.submit(world, f.AGENT, case_id)
    assert codes(refused.value) == [("eligibility.excluded-area", "/deferred")]


# -- acceptance -----------------------------------------------------------------------------------------


@pytest.mark.requirement("D2")
def test_the_acceptance_tells_what_is_missing_by_when_and_what_follows() -> None:
    world = f.World(incomplete(late(LateOutcome.REFUSED), late(LateOutcome.ACCEPTANCE_REVOKED)))
    case_id = accepted(world, *BOTH)
    case = cases.read(world, f.HERDER, case_id)
    assert (case.state, [s.due for s in case.supplements]) == ("in_review", [WEDNESDAY, THURSDAY])
    document = next(d for d in case.documents if d.kind == "acceptance")
    _, content = cases.document(world, f.HERDER, case_id, document.number)
    assert content.digest() == document.digest
    assert content.texts["awaited"].splitlines() == [
        "1. 住所使用证明:应于2026年3月4日24时前补交;逾期未补交的,不予许可(不予办理)。",
        "2. 培训证明:应于2026年3月5日24时前补交;逾期未补交的,撤销受理。",
    ]


@pytest.mark.requirement("D2")
def test_the_case_is_handled_meanwhile_and_the_limit_runs_on() -> None:
    world = f.World(incomplete())
    with_gaps, complete = accepted(world, *BOTH), accepted(world, given=(PAPER, OTHER))
    ends = []
    for case_id in (with_gaps, complete):
        clocks = {c.kind: c for c in deadlines.explain(world, f.HERDER, case_id).clocks}
        ends.append(clocks[ClockKind.DECISION_PROMISED].deadline.at)
    assert ends[0] == ends[1] == datetime(2026, 3, 16, 16, tzinfo=UTC)
    journey.agree(world, f.BANNER_REVIEWER, with_gaps)
    assert journey.get(world, with_gaps).position == 3


@pytest.mark.requirement("D2")
def test_a_day_that_the_acceptance_itself_missed_gives_the_whole_period() -> None:
    world = f.World(incomplete())
    case_id = drafted(world, DeferredMaterial("d1", TUESDAY), DeferredMaterial("d2", date(2026, 3, 5)))
    cases.submit(world, f.AGENT, case_id)
    world.clock.at = datetime(2026, 3, 9, 16, 0, tzinfo=UTC)  # deemed accepted, the five days being over
    lapses.on_timer(world, case_id)
    case = cases.read(world, f.HERDER, case_id)
    assert (case.state, case.accepted_at) == ("in_review", f.START)
    assert [s.due for s in case.supplements] == [date(2026, 3, 13), date(2026, 3, 13)]


@pytest.mark.requirement("D1")
def test_what_comes_before_the_acceptance_is_not_awaited_after_it() -> None:
    world = f.World(incomplete())
    case_id = drafted(world, *BOTH)
    cases.submit(world, f.AGENT, case_id)
    supplements.supply(world, f.HERDER, case_id, [PAPER])
    with pytest.raises(Invalid) as again:
        supplements.supply(world, f.HERDER, case_id, [PAPER])
    assert codes(again.value) == [("supplement.not-awaited", "/materials/0/code")]
    for officer, act in ((f.WINDOW, tasks.forward), (f.ACCEPTOR, tasks.accept)):
        moved_to(world, case_id, officer)
        act(world, officer, case_id)
    assert [s.code for s in journey.get(world, case_id).supplements] == ["d2"]


@pytest.mark.requirement("B2", "D1")
def test_a_deferred_material_is_no_defect_and_cannot_be_demanded() -> None:
    world = f.World(incomplete())
    case_id = drafted(world, *BOTH)
    cases.submit(world, f.AGENT, case_id)
    moved_to(world, case_id, f.WINDOW)
    tasks.forward(world, f.WINDOW, case_id)
    moved_to(world, case_id, f.ACCEPTOR)
    found = notices.check(world, f.ACCEPTOR, case_id, lambda v: v.code)
    assert found.defects == ()
    with pytest.raises(Invalid) as refused:
        notices.notify(world, f.ACCEPTOR, case_id, [Demand("/materials/d1", "补交")], lambda v: v.code)
    assert codes(refused.value) == [("notice.material-deferred", "/defects/0/material")]


# -- supplying and checking -----------------------------------------------------------------------------


@pytest.mark.requirement("D3")
def test_nothing_is_granted_before_the_last_supplement_is_in_order() -> None:
    world = f.World(incomplete())
    case_id = at_decision(world, *BOTH)
    for supplied in (None, PAPER, OTHER):
        if supplied is not None:
            supplements.supply(world, f.HERDER, case_id, [supplied])
        with pytest.raises(Refused) as refused:
            tasks.grant(world, f.DECIDER, case_id, opinion="准予")
        assert codes(refused.value) == [("supplement.outstanding", "")]
    supplements.check(world, f.DECIDER, case_id, [Verdict("d1"), Verdict("d2")])
    assert tasks.grant(world, f.DECIDER, case_id, opinion="准予").result["state"] == "granted"


@pytest.mark.requirement("D3")
def test_a_decision_that_is_ready_waits_and_is_taken_with_the_last_check() -> None:
    world = f.World(incomplete())
    case_id = at_decision(world, *BOTH)
    supplements.hold_decision(world, f.DECIDER, case_id, opinion="符合条件")
    assert cases.read(world, f.HERDER, case_id).state == "in_review"
    supplements.supply(world, f.HERDER, case_id, [PAPER])
    assert supplements.check(world, f.DECIDER, case_id, [Verdict("d1")]).result["state"] == "in_review"
    supplements.supply(world, f.AGENT, case_id, [OTHER])
    receipt = supplements.check(world, f.DECIDER, case_id, [Verdict("d2")])
    case, log = cases.timeline(world, f.HERDER, case_id)
    assert (receipt.result["state"], case.state) == ("granted", "granted")
    assert [r.event.type for r in log][-2:] == ["case.supplements_checked", "case.granted"]
    _, content = cases.document(world, f.HERDER, case_id, case.documents[-1].number)
    assert content.texts["opinion"] == "符合条件"


@pytest.mark.requirement("D3")
def test_a_held_decision_ends_with_the_task_that_it_was_held_on() -> None:
    world = f.World(incomplete())
    case_id = at_decision(world, *BOTH)
    supplements.hold_decision(world, f.DECIDER, case_id, opinion="符合条件")
    supplements.supply(world, f.HERDER, case_id, [PAPER, OTHER])
    second = replace(f.DECIDER, subject="league-second-decider")
    tasks.transfer(world, f.DECIDER, case_id, officer=second.subject, reason="调岗")
    supplements.check(world, second, case_id, [Verdict("d1"), Verdict("d2")])
    assert journey.get(world, case_id).state == "in_review"
    assert tasks.grant(world, second, case_id, opinion="准予").result["state"] == "granted"


@pytest.mark.requirement("D3")
def test_a_held_decision_is_not_taken_about_a_certificate_that_was_annulled_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = f.World(incomplete())
    case_id, other = at_decision(world, *BOTH), at_decision(world, *BOTH)
    supplements.hold_decision(world, f.DECIDER, case_id, opinion="符合条件")
    supplements.supply(world, f.HERDER, case_id, [PAPER, OTHER])
    monkeypatch.setattr(renewals, "rests_on_nothing", lambda ports, case: True)
    receipt = supplements.check(world, f.DECIDER, case_id, [Verdict("d1"), Verdict("d2")])
    assert receipt.result["state"] == "in_review"
    with pytest.raises(Refused, match=r"renewal\.certificate-not-valid"):
        supplements.hold_decision(world, f.DECIDER, other, opinion="符合条件")
    tasks.refuse(world, f.DECIDER, case_id, reasons="原许可已被撤销", remedies="可申请行政复议")


@pytest.mark.requirement("D3")
def test_where_nothing_is_awaited_no_decision_is_held() -> None:
    world = f.World(incomplete())
    case_id = accepted(world, given=(PAPER, OTHER))
    for officer in (f.BANNER_REVIEWER, f.REVIEWER):
        journey.agree(world, officer, case_id)
        moved_to(world, case_id, f.REVIEWER if officer is f.BANNER_REVIEWER else f.DECIDER)
    with pytest.raises(Refused) as refused:
        supplements.hold_decision(world, f.DECIDER, case_id, opinion="符合条件")
    assert codes(refused.value) == [("supplement.nothing-outstanding", "")]


@pytest.mark.requirement("D4")
def test_a_defective_supplement_gets_one_clear_list_and_keeps_its_day() -> None:
    world = f.World(incomplete())
    case_id = accepted(world, *BOTH)
    supplements.supply(world, f.HERDER, case_id, [PAPER, OTHER])
    verdicts = [Verdict("d1", ("第1页未盖章", "面积与申请表不一致")), Verdict("d2")]
    supplements.check(world, f.BANNER_REVIEWER, case_id, verdicts)
    case = cases.read(world, f.HERDER, case_id)
    notice = case.documents[-1]
    _, content = cases.document(world, f.HERDER, case_id, notice.number)
    assert (notice.kind, content.digest() == notice.digest) == ("supplement_notice", True)
    assert content.texts["defects"] == "1. 住所使用证明:第1页未盖章\n2. 住所使用证明:面积与申请表不一致"
    assert content.texts["correction"] == "“住所使用证明”应于2026年3月4日24时前重新补交。"
    assert [(s.code, s.is_awaited) for s in case.supplements] == [("d1", True), ("d2", False)]
    supplements.supply(world, f.HERDER, case_id, [PAPER])
    supplements.check(world, f.BANNER_REVIEWER, case_id, [Verdict("d1")])
    assert all(s.passed_at for s in journey.get(world, case_id).supplements)


def _supply(world: f.World, case_id: str, *materials: SubmittedMaterial) -> Receipt:
    return supplements.supply(world, f.HERDER, case_id, materials)


@pytest.mark.requirement("D3", "D4")
@pytest.mark.parametrize(
    ("act", "expected"),
    [
        pytest.param(
            lambda w, c: _supply(w, c, SubmittedMaterial("m1", "paper", "申请书")),
            [("supplement.not-awaited", "/materials/0/code")],
            id="a-surplus-supplement",
        ),
        pytest.param(
            lambda w, c: _supply(w, c, PAPER, PAPER), [("material.repeated", "/materials/1/code")], id="twice-at-once"
        ),
        pytest.param(
            lambda w, c: (_supply(w, c, PAPER), _supply(w, c, PAPER)),
            [("supplement.not-awaited", "/materials/0/code")],
            id="twice-in-turn",
        ),
        pytest.param(
            lambda w, c: _supply(w, c, SubmittedMaterial("d1", "electronic", "住所使用证明", "0" * 64)),
            [("material.upload-unknown", "/materials/0/digest")],
            id="without-an-upload",
        ),
        pytest.param(
            lambda w, c: supplements.check(w, f.BANNER_REVIEWER, c, [Verdict("d1"), Verdict("m1")]),
            [("supplement.not-to-check", "/verdicts/0/material"), ("supplement.not-to-check", "/verdicts/1/material")],
            id="a-check-of-nothing",
        ),
        pytest.param(
            lambda w, c: (_supply(w, c, PAPER), supplements.check(w, f.BANNER_REVIEWER, c, [Verdict("d1", (" ",))])),
            [("case.text-missing", "/verdicts/0/defects/0")],
            id="a-defect-without-words",
        ),
        pytest.param(
            lambda w, c: (
                _supply(w, c, PAPER),
                supplements.check(w, f.BANNER_REVIEWER, c, [Verdict("d1")]),
                supplements.check(w, f.BANNER_REVIEWER, c, [Verdict("d1", ("盖章不清",))]),
            ),
            [("supplement.not-to-check", "/verdicts/0/material")],
            id="a-second-check-result",
        ),
    ],
)
def test_a_supplement_that_is_not_awaited_or_a_check_of_nothing_is_refused(
    act: Any, expected: list[tuple[str, str]]
) -> None:
    world = f.World(incomplete())
    case_id = accepted(world, *BOTH)
    with pytest.raises(Invalid) as refused:
        act(world, case_id)
    assert codes(refused.value) == expected


@pytest.mark.requirement("D4")
def test_after_the_end_nothing_is_supplied() -> None:
    world = f.World(incomplete())
    case_id = accepted(world, *BOTH)
    cases.withdraw(world, f.HERDER, case_id, "")
    with pytest.raises(Refused) as refused:
        _supply(world, case_id, PAPER)
    assert codes(refused.value) == [("case.wrong-state", "")]


def test_a_stranger_supplies_nothing_and_an_applicant_checks_nothing() -> None:
    world = f.World(incomplete())
    case_id = accepted(world, *BOTH)
    with pytest.raises(DomainError) as foreign:
        supplements.supply(world, f.STRANGER, case_id, [PAPER])
    assert foreign.value.code == "case.not-found"
    _supply(world, case_id, PAPER)
    with pytest.raises(Forbidden):
        supplements.check(world, f.HERDER, case_id, [Verdict("d1")])


# -- the day --------------------------------------------------------------------------------------------


OUTCOMES = [
    pytest.param(LateOutcome.DEEMED_WITHDRAWN, "withdrawn", "deemed_withdrawal", id="treated-as-withdrawn"),
    pytest.param(LateOutcome.ACCEPTANCE_REVOKED, "acceptance_revoked", "acceptance_revocation", id="revoked"),
    pytest.param(LateOutcome.REFUSED, "refused", "refusal", id="refused"),
]


@pytest.mark.requirement("D4")
@pytest.mark.parametrize(("outcome", "state", "kind"), OUTCOMES)
@pytest.mark.parametrize("timer", [True, False], ids=["timer-first", "read-first"])
def test_the_listed_consequence_happens_at_24_00_whether_a_timer_ran_or_not(
    outcome: LateOutcome, state: str, kind: str, timer: bool
) -> None:
    world = f.World(incomplete(late(outcome), late(outcome)))
    case_id = accepted(world, *BOTH)
    world.clock.at = END_OF_WEDNESDAY - SECOND
    assert cases.read(world, f.HERDER, case_id).state == "in_review"
    world.clock.at = END_OF_WEDNESDAY
    if timer:
        lapses.on_timer(world, case_id)
    assert cases.read(world, f.HERDER, case_id).state == state
    world.clock.at = END_OF_WEDNESDAY + timedelta(days=3)
    lapses.on_timer(world, case_id)
    case, log = cases.timeline(world, f.HERDER, case_id)
    assert log[-1].effective_at == END_OF_WEDNESDAY
    assert (case.documents[-1].kind, case.task) == (kind, None)
    _, content = cases.document(world, f.HERDER, case_id, case.documents[-1].number)
    assert content.digest() == case.documents[-1].digest
    assert "容缺材料“住所使用证明”应于2026年3月4日24时前补交" in content.texts["reasons"]
    assert bool(content.texts.get("remedies")) is (outcome is LateOutcome.REFUSED)


@pytest.mark.requirement("D4")
@pytest.mark.parametrize(
    ("at", "state"),
    [
        pytest.param(END_OF_WEDNESDAY - SECOND, "in_review", id="a-second-before"),
        pytest.param(END_OF_WEDNESDAY, "withdrawn", id="at-24-00"),
        pytest.param(END_OF_WEDNESDAY + SECOND, "withdrawn", id="a-second-after"),
    ],
)
def test_before_24_00_is_in_time(at: datetime, state: str) -> None:
    world = f.World(incomplete())
    case_id = accepted(world, DeferredMaterial("d1", WEDNESDAY), DeferredMaterial("d2", WEDNESDAY))
    world.clock.at = at
    if state == "in_review":
        _supply(world, case_id, PAPER, OTHER)
    else:
        with pytest.raises(Refused):
            _supply(world, case_id, PAPER, OTHER)
    assert journey.get(world, case_id).state == state


@pytest.mark.requirement("D4")
def test_what_came_in_time_and_is_not_checked_yet_holds_the_consequence() -> None:
    world = f.World(incomplete())
    case_id = accepted(world, BOTH[0], given=(OTHER,))
    world.clock.at = END_OF_WEDNESDAY - SECOND
    _supply(world, case_id, PAPER)
    world.clock.at = END_OF_WEDNESDAY + timedelta(days=5)
    lapses.on_timer(world, case_id)
    assert journey.get(world, case_id).state == "in_review"
    supplements.check(world, f.BANNER_REVIEWER, case_id, [Verdict("d1")])
    assert cases.read(world, f.HERDER, case_id).state == "in_review"


@pytest.mark.requirement("D4")
def test_found_defective_after_the_day_ends_the_case_at_the_check_without_a_mending_period() -> None:
    world = f.World(incomplete())
    case_id = accepted(world, BOTH[0], given=(OTHER,))
    _supply(world, case_id, PAPER)
    world.clock.at = checked_at = END_OF_WEDNESDAY + timedelta(days=1)
    supplements.check(world, f.BANNER_REVIEWER, case_id, [Verdict("d1", ("无法辨认",))])
    lapses.on_timer(world, case_id)
    case, log = cases.timeline(world, f.HERDER, case_id)
    assert (case.state, log[-1].effective_at) == ("withdrawn", checked_at)


@pytest.mark.requirement("D4")
@pytest.mark.parametrize(
    ("at", "state"),
    [
        pytest.param(datetime(2026, 3, 9, 15, 59, 59, tzinfo=UTC), "in_review", id="a-second-before"),
        pytest.param(datetime(2026, 3, 9, 16, 0, tzinfo=UTC), "withdrawn", id="at-24-00"),
    ],
)
def test_the_versions_mending_period_runs_once_from_the_first_list_of_defects(at: datetime, state: str) -> None:
    world = f.World(incomplete(late(mending=workdays(2))))
    case_id = accepted(world, BOTH[0], given=(OTHER,))
    _supply(world, case_id, PAPER)
    world.clock.at = datetime(2026, 3, 5, 2, 0, tzinfo=UTC)  # Thursday; two working days end on Monday
    supplements.check(world, f.BANNER_REVIEWER, case_id, [Verdict("d1", ("无法辨认",))])
    _supply(world, case_id, PAPER)
    world.clock.at += timedelta(hours=1)
    supplements.check(world, f.BANNER_REVIEWER, case_id, [Verdict("d1", ("仍无法辨认",))])
    world.clock.at = at
    assert cases.read(world, f.HERDER, case_id).state == state


@pytest.mark.requirement("D4")
def test_the_first_day_to_pass_decides_which_consequence_comes() -> None:
    world = f.World(incomplete(late(LateOutcome.REFUSED), late(LateOutcome.ACCEPTANCE_REVOKED)))
    case_id = accepted(world, DeferredMaterial("d1", THURSDAY), DeferredMaterial("d2", WEDNESDAY))
    world.clock.at = END_OF_THURSDAY + timedelta(days=1)
    assert cases.read(world, f.HERDER, case_id).state == "acceptance_revoked"


@pytest.mark.requirement("D4", "B10")
def test_the_deadlines_of_a_case_show_each_awaited_material() -> None:
    world = f.World(incomplete())
    case_id = accepted(world, *BOTH)
    _supply(world, case_id, PAPER)
    world.clock.at = END_OF_WEDNESDAY
    found = [c for c in deadlines.explain(world, f.HERDER, case_id).clocks if c.kind is ClockKind.SUPPLEMENT]
    assert [(c.subject, c.deadline.at, c.state(world.clock.now())) for c in found] == [
        ("住所使用证明", END_OF_WEDNESDAY, ClockState.MET),
        ("培训证明", END_OF_THURSDAY, ClockState.RUNNING),
    ]


# -- failures of the platform -------------------------------------------------------------------------------


def outage(since: datetime, until: datetime | None) -> Outage:
    return Outage("uploads-1", 1, Service.UPLOADS, since, until, "停机", "s", since)


@pytest.mark.requirement("D4")
@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        pytest.param(datetime(2026, 3, 3, 1, tzinfo=UTC), datetime(2026, 3, 3, 16, tzinfo=UTC), 4, id="ends-at-0-00"),
        pytest.param(datetime(2026, 3, 3, 1, tzinfo=UTC), datetime(2026, 3, 3, 16, 0, 1, tzinfo=UTC), 5, id="1s-into"),
        pytest.param(END_OF_WEDNESDAY - SECOND, END_OF_WEDNESDAY, 5, id="the-last-second"),
        pytest.param(END_OF_WEDNESDAY, END_OF_THURSDAY, 4, id="begins-at-24-00"),
        pytest.param(datetime(2026, 3, 4, 1, tzinfo=UTC), datetime(2026, 3, 6, 1, tzinfo=UTC), 9, id="over-a-weekend"),
        pytest.param(datetime(2026, 3, 4, 1, tzinfo=UTC), None, None, id="still-down"),
    ],
)
def test_a_day_on_which_the_platform_failed_moves_to_the_next_working_day(
    since: datetime, until: datetime | None, expected: int | None
) -> None:
    law = rules.Law(incomplete(), Calendar(), (outage(since, until),))
    found = due(Supplement("d1", "证明", WEDNESDAY, "refused"), law)
    assert found == (datetime(2026, 3, expected, 16, tzinfo=UTC) if expected else None)


@pytest.mark.requirement("D4")
def test_a_recorded_failure_moves_the_day_of_every_case_and_undoes_no_fact() -> None:
    world = f.World(incomplete())
    case_id, gone = accepted(world, *BOTH), accepted(world, *BOTH)
    world.clock.at = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)
    made = outages.record(world, f.SUPERVISOR, service=Service.UPLOADS, since=world.clock.now(), reason="存储故障")
    world.clock.at = END_OF_WEDNESDAY + timedelta(hours=1)
    lapses.on_timer(world, case_id)
    assert cases.read(world, f.HERDER, case_id).state == "in_review"
    outages.end(world, f.SUPERVISOR, made.id, until=world.clock.now())
    world.clock.at = datetime(2026, 3, 6, 16, 0, tzinfo=UTC)
    lapses.on_timer(world, gone)
    assert journey.get(world, gone).state == "withdrawn"
    outages.record(
        world, f.SUPERVISOR, service=Service.UPLOADS, since=datetime(2026, 3, 6, 1, tzinfo=UTC), reason="补记"
    )
    assert cases.read(world, f.HERDER, gone).state == "withdrawn"


@pytest.mark.parametrize(
    ("actor", "since", "reason", "expected"),
    [
        pytest.param(f.DECIDER, f.START, "停机", "outage.supervisors-only", id="an-officer"),
        pytest.param(
            replace(f.SUPERVISOR, division=f.BANNER), f.START, "停机", "outage.supervisors-only", id="of-a-part"
        ),
        pytest.param(f.SUPERVISOR, f.START + SECOND, "停机", "outage.in-the-future", id="not-yet"),
        pytest.param(f.SUPERVISOR, f.START, " ", "case.text-missing", id="without-a-reason"),
    ],
)
def test_a_failure_is_recorded_by_those_who_supervise_the_region(
    actor: Actor, since: datetime, reason: str, expected: str
) -> None:
    world = f.World()
    with pytest.raises(DomainError) as refused:
        outages.record(world, actor, service=Service.UPLOADS, since=since, reason=reason)
    assert refused.value.code == expected


def test_a_failure_ends_once_and_not_before_it_began() -> None:
    world = f.World()
    made = outages.record(world, f.SUPERVISOR, service=Service.UPLOADS, since=f.START, reason="停机")
    with pytest.raises(Invalid) as early:
        outages.end(world, f.SUPERVISOR, made.id, until=f.START)
    assert early.value.code == "outage.ends-before-it-began"
    world.clock.advance(hours=1)
    outages.end(world, f.SUPERVISOR, made.id, until=world.clock.now())
    with pytest.raises(Refused) as twice:
        outages.end(world, f.SUPERVISOR, made.id, until=world.clock.now())
    assert twice.value.code == "outage.ended"
    assert [o.until for o in outages.of(world, Service.UPLOADS)] == [world.clock.now()]


# -- reminders ------------------------------------------------------------------------------------------


@pytest.mark.requirement("D3", "H0")
def test_the_applicant_is_reminded_on_the_working_day_before() -> None:
    world = f.World(incomplete())
    case_id = accepted(world, *BOTH)
    reminders.plan(world, case_id)
    world.clock.at = datetime(2026, 3, 3, 0, 59, 59, tzinfo=UTC)
    reminders.on_timer(world, case_id)
    assert kinds_told(world, case_id) == []
    world.clock.at = datetime(2026, 3, 3, 1, 0, tzinfo=UTC)
    reminders.on_timer(world, case_id)
    reminders.on_timer(world, case_id)
    assert kinds_told(world, case_id) == ["reminder.supplement"]
    _supply(world, case_id, OTHER)
    world.clock.at = datetime(2026, 3, 4, 1, 0, tzinfo=UTC)
    reminders.on_timer(world, case_id)
    assert kinds_told(world, case_id) == ["reminder.supplement"]


@pytest.mark.requirement("D4", "H0")
@pytest.mark.parametrize(("moment", "expected"), [(-SECOND, ["reminder.supplement"] * 2), (0 * SECOND, [])])
def test_nobody_is_reminded_in_a_case_that_time_has_ended(moment: timedelta, expected: list[str]) -> None:
    world = f.World(incomplete())
    case_id = accepted(world, *BOTH)
    world.clock.at = END_OF_WEDNESDAY + moment
    reminders.on_timer(world, case_id)
    assert kinds_told(world, case_id) == expected


def kinds_told(world: f.World, case_id: str) -> list[str]:
    return [m.kind for m in world.messages.of_case(case_id) if m.kind.startswith("reminder.")]
