"""Silence is acceptance (行政许可法 32(4)): when, from when, and where the case then goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain import cases as rules
from chalicelib.domain.calendar import Calendar, DayKind, Year
from chalicelib.domain.catalog import LegalBasis, Limit, LimitUnit
from chalicelib.domain.errors import NotFound
from chalicelib.services import cases, lapses, notices, tasks, workflow
from chalicelib.services.notices import Demand
from tests import factories as f
from tests import journey

# Received on Monday 2026-03-02: five working days end on Monday 2026-03-09, 24:00 Asia/Shanghai.
END = datetime(2026, 3, 9, 16, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def received(made: Any = None, at: datetime = f.START) -> tuple[f.World, str]:
    world = f.World(made)
    world.clock.at = at
    return world, journey.submitted(world)


def state(world: f.World, case_id: str) -> str:
    return str(cases.read(world, f.HERDER, case_id).state)


@pytest.mark.requirement("B4")
@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        pytest.param(-SECOND, "received", id="32(4)-a-second-before"),
        pytest.param(0 * SECOND, "in_review", id="32(4)-at-24-00"),
        pytest.param(SECOND, "in_review", id="32(4)-a-second-after"),
    ],
)
def test_five_working_days_unnoticed_are_acceptance_at_the_end_of_the_last(offset: timedelta, expected: str) -> None:
    world, case_id = received()
    world.clock.at = END + offset
    assert state(world, case_id) == expected, "reading shows it before anybody records it"
    lapses.on_timer(world, case_id)
    assert journey.get(world, case_id).state == expected


@pytest.mark.requirement("B4", "B5")
def test_it_counts_from_receipt_with_number_and_document_and_the_task_ends() -> None:
    world, case_id = received()
    journey.opened(world, case_id)
    tasks.claim(world, f.WINDOW, case_id)
    world.clock.at = END + timedelta(minutes=1)
    lapses.on_timer(world, case_id)
    case = journey.get(world, case_id)
    assert (case.state, case.accepted_at, case.task) == ("in_review", f.START, None)
    record = list(world.cases.log(case_id))[-1]
    assert (record.event.type, record.effective_at, record.recorded_at) == (
        "case.deemed_accepted",
        f.START,
        world.clock.now(),
    )
    document = case.documents[-1]
    assert (document.kind, document.number) == ("acceptance", f"{case.case_number}-SL")
    assert case.case_number == f"{case.item.code}202603100001"
    _, content = cases.document(world, f.HERDER, case_id, document.number)
    assert content.digest() == document.digest
    assert "第三十二条" in content.texts["basis"]
    assert world.cases.worklist(f"mine#{f.WINDOW.subject}", None, 5).items == []
    assert rules.fold(tuple(world.cases.log(case_id))) == replace(case, log_head="")


@pytest.mark.requirement("B4", "F4")
@pytest.mark.parametrize("node", ["receive", "accept"])
def test_wherever_it_stood_the_waiting_execution_goes_on_behind_acceptance(node: str) -> None:
    world = f.World()
    case_id = journey.at(world, node)
    task = journey.get(world, case_id).task
    assert task is not None
    world.clock.at = END
    lapses.on_timer(world, case_id)
    workflow.report_tasks(world, case_id)
    attempt = {"case_id": case_id, "attempt": 1, "next": "node"}
    assert (f"token-{task.number}", attempt) in world.workflows.succeeded
    journey.opened(world, case_id)
    opened = journey.get(world, case_id).task
    assert opened is not None
    assert (opened.role, opened.body) == ("preliminary_review", f.BANNER_BUREAU.id)


@pytest.mark.requirement("B4")
def test_a_workflow_that_comes_to_open_a_node_too_late_opens_the_one_behind_acceptance() -> None:
    world, case_id = received()
    world.clock.at = END
    journey.opened(world, case_id)
    case = journey.get(world, case_id)
    assert case.task is not None
    assert (case.state, case.task.role) == ("in_review", "preliminary_review")


def accept(world: f.World, case_id: str) -> None:
    tasks.accept(world, f.ACCEPTOR, case_id)


def tell(world: f.World, case_id: str) -> None:
    notices.notify(world, f.ACCEPTOR, case_id, [Demand("/form/subject", "不符")], lambda v: v.code)


def refuse(world: f.World, case_id: str) -> None:
    tasks.refuse_acceptance(
        world, f.ACCEPTOR, case_id, ground="not_a_matter", reason="依法不需要取得行政许可", competent_body=""
    )


@pytest.mark.requirement("B4")
@pytest.mark.parametrize(
    ("act", "expected"),
    [
        pytest.param(accept, "in_review", id="32(5)-accepted"),
        pytest.param(tell, "correcting", id="32(4)-told"),
        pytest.param(refuse, "not_accepted", id="32(1)-refused"),
    ],
)
@pytest.mark.parametrize("in_time", [True, False])
def test_an_answer_in_the_last_second_counts_and_one_at_the_end_finds_it_accepted(
    act: Callable[[f.World, str], None], expected: str, in_time: bool
) -> None:
    world = f.World()
    case_id = journey.at(world, "accept")
    world.clock.at = END - SECOND if in_time else END
    if in_time:
        act(world, case_id)
        assert journey.get(world, case_id).state == expected
        world.clock.at = END + timedelta(days=30)
        lapses.on_timer(world, case_id)
        assert journey.get(world, case_id).state == expected
    else:
        with pytest.raises(NotFound):
            act(world, case_id)
        seen = cases.read(world, f.HERDER, case_id)
        assert (seen.state, seen.accepted_at) == ("in_review", f.START)


@pytest.mark.requirement("B4", "B10")
@pytest.mark.parametrize(
    ("received_on", "last_day"),
    [
        # 2026 as announced for this test: Friday 2026-05-01 to Tuesday 05-05 are holidays, Saturday 05-09 is worked.
        pytest.param(date(2026, 4, 24), date(2026, 5, 6), id="82-weekend-and-holiday-are-skipped"),
        pytest.param(date(2026, 5, 2), date(2026, 5, 11), id="82-received-on-a-holiday-make-up-day-counts"),
        pytest.param(date(2026, 5, 8), date(2026, 5, 14), id="82-the-make-up-saturday-is-the-first-day"),
    ],
)
def test_weekends_holidays_and_make_up_days_are_counted_as_announced(received_on: date, last_day: date) -> None:
    source = "国务院办公厅通知"
    days = {date(2026, 5, day): (DayKind.HOLIDAY, "劳动节") for day in range(1, 6)}
    days[date(2026, 5, 9)] = (DayKind.MAKE_UP, "")
    world, case_id = received(at=datetime(received_on.year, received_on.month, received_on.day, 4, tzinfo=UTC))
    world.calendar.calendar = Calendar({2026: Year(2026, source, days)})
    end = datetime(last_day.year, last_day.month, last_day.day, 16, tzinfo=UTC)
    world.clock.at = end - SECOND
    assert state(world, case_id) == "received"
    world.clock.at = end
    assert state(world, case_id) == "in_review"


@pytest.mark.requirement("B4")
def test_a_complete_correction_starts_a_new_five_days_and_acceptance_counts_from_it() -> None:
    world = f.World()
    case_id = journey.at(world, "accept")
    world.clock.at = END - SECOND
    tell(world, case_id)
    world.clock.at = again = datetime(2026, 4, 1, 2, tzinfo=UTC)  # a Wednesday
    lapses.on_timer(world, case_id)
    notices.correct(world, f.HERDER, case_id, form={"subject": "初中教师"}, supplied=[])
    world.clock.at = datetime(2026, 4, 8, 16, tzinfo=UTC) - SECOND
    assert state(world, case_id) == "received"
    world.clock.at += SECOND
    lapses.on_timer(world, case_id)
    case = journey.get(world, case_id)
    assert (case.state, case.accepted_at) == ("in_review", again)


@pytest.mark.requirement("B4", "B10")
def test_once_recorded_it_stays_whatever_a_later_calendar_says() -> None:
    world, case_id = received()
    world.clock.at = END
    lapses.on_timer(world, case_id)
    before = journey.get(world, case_id)
    week = {date(2026, 3, day): (DayKind.HOLIDAY, "追加放假") for day in range(3, 10)}
    world.calendar.calendar = Calendar({2026: Year(2026, "later", week)})
    lapses.on_timer(world, case_id)
    assert journey.get(world, case_id) == before
    assert state(world, case_id) == "in_review"


def test_a_calendar_that_comes_in_time_moves_the_end_and_the_timer() -> None:
    world, case_id = received()
    holiday = {date(2026, 3, 9): (DayKind.HOLIDAY, "放假")}
    world.calendar.calendar = Calendar({2026: Year(2026, "in time", holiday)})
    world.clock.at = END
    lapses.on_timer(world, case_id)
    assert journey.get(world, case_id).state == "received"
    assert world.store.timers[case_id, lapses.TIMER].due_at == END + timedelta(days=1)


@pytest.mark.requirement("B4")
@pytest.mark.parametrize(
    ("changes", "days", "accepted", "basis"),
    [
        pytest.param({}, 8, True, "行政许可法第三十二条", id="32(4)-licence-by-default"),
        pytest.param(
            {"notice_limit": Limit(3, LimitUnit.DAY, LegalBasis("排污许可管理条例", "9"))},
            4,
            True,
            "行政许可法第三十二条",
            id="32(4)-special-law-first",
        ),
        pytest.param({"type_code": "07"}, 400, False, "", id="32-binds-licences-only"),
        pytest.param(
            {"type_code": "07", "notice_limit": Limit(3, LimitUnit.WORKDAY, LegalBasis("某条例", "6"))},
            4,
            True,
            "某条例第6条",
            id="B4-parameter-of-another-type",
        ),
    ],
)
def test_the_period_is_the_versions_own_or_for_licences_that_of_the_law(
    changes: dict[str, Any], days: int, accepted: bool, basis: str
) -> None:
    world, case_id = received(f.item(**changes))
    world.clock.advance(days=days)
    lapses.on_timer(world, case_id)
    case = journey.get(world, case_id)
    assert (case.state == "in_review") is accepted
    if accepted:
        event = list(world.cases.log(case_id))[-1].event
        assert event.told["basis"].startswith(basis)
