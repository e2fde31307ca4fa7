"""Limits that special laws set for single steps: on which step they stand, and from when they count."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from chalicelib.domain import law
from chalicelib.domain.actors import Actor, ActorKind
from chalicelib.domain.catalog import implement
from chalicelib.domain.catalog_documents import counted_as, standard_of
from chalicelib.domain.catalog_layers import merge
from chalicelib.domain.clocks import Clock, ClockKind, ClockState
from chalicelib.domain.deadlines import Counting, end_of
from chalicelib.services import deadlines, tasks
from chalicelib.storage.catalog_files import packaged_files
from chalicelib.storage.catalog_memory import MemoryCatalog
from tests import factories as f
from tests import journey

FILES = packaged_files()
DOCUMENTS = merge(FILES["law"], FILES["demo"], FILES["vocabulary"])
SCHOOL = Actor("school", ActorKind.ORGANISATION, "示例学校")

pytestmark = pytest.mark.requirement("B10")


def document_of(key: str, sub: str = "000") -> dict[str, Any]:
    return next(d for d in DOCUMENTS if d["key"] == key and d["basic_code"].endswith(sub))


@pytest.mark.parametrize(
    ("key", "sub", "expected"),
    [
        pytest.param(
            "school-bus-permit",
            "000",
            [("accept", 3, "workday"), ("review", 3, "workday"), ("review", 5, "workday"), ("decide", None, None)],
            id="校车安全管理条例 15",
        ),
        pytest.param(
            "lawyer-licence",
            "000",
            [("accept", None, None), ("preliminary_review", 20, "day"), ("review", None, None), ("decide", 10, "day")],
            id="律师法 6",
        ),
        pytest.param(
            "security-company-permit",
            "000",
            [("accept", None, None), ("preliminary_review", 15, "day"), ("decide", 15, "day")],
            id="保安服务管理条例 9",
        ),
        pytest.param(
            "religious-site-preparation",
            "001",
            [("accept", None, None), ("preliminary_review", 30, "day"), ("decide", 30, "day")],
            id="宗教事务条例 21, other fixed places",
        ),
        pytest.param(
            "religious-site-preparation",
            "002",
            [("accept", None, None), ("preliminary_review", 30, "day"), ("review", 30, "day"), ("decide", 30, "day")],
            id="宗教事务条例 21, monasteries, temples, mosques and churches",
        ),
        pytest.param(
            "destitute-support",
            "000",
            [("accept", None, None), ("preliminary_review", 20, "day"), ("decide", 20, "day")],
            id="农村五保供养工作条例 7",
        ),
    ],
)
def test_a_limit_for_a_step_stands_on_the_step_that_its_article_names(
    key: str, sub: str, expected: list[tuple[str, int | None, str | None]]
) -> None:
    steps = document_of(key, sub)["steps"]
    limits = [step["limit"] or {} for step in steps]
    assert [
        (step["role"], limit.get("value"), limit.get("unit")) for step, limit in zip(steps, limits, strict=True)
    ] == expected
    assert all(limit["basis"]["article"] for limit in limits if limit)


@pytest.mark.parametrize(
    ("key", "sub", "expected"),
    [
        pytest.param("school-bus-permit", "000", ["steps/0", "steps/1", "steps/2"], id="校车安全管理条例 15"),
        pytest.param("lawyer-licence", "000", ["steps/1", "steps/3"], id="律师法 6"),
        pytest.param("religious-site-preparation", "001", ["steps/1", "steps/2"], id="宗教事务条例 21"),
        pytest.param("religious-site-preparation", "002", ["steps/1", "steps/2", "steps/3"], id="宗教事务条例 21, 002"),
        pytest.param(
            "device-class3-trade-licence", "000", ["statutory_limit", "certificate_limit"], id="经营监督管理办法 13"
        ),
        # A paper review that is no step of its own, and a decision that counts from the end of a site audit.
        pytest.param("feed-production-licence", "000", ["", ""], id="饲料和饲料添加剂管理条例 15: no step is named"),
        # Three kinds of case, of which only one is the item's.
        pytest.param("pollutant-discharge-permit", "000", ["", "statutory_limit", ""], id="排污许可管理条例 12: kinds"),
        # The naming of a helper after the decision is neither a step nor a certificate.
        pytest.param("legal-aid", "000", ["statutory_limit", ""], id="法律援助法 43"),
    ],
)
def test_what_cannot_be_put_on_a_step_is_said_to_count_for_nothing(key: str, sub: str, expected: list[str]) -> None:
    assert counted_as(document_of(key, sub)) == expected


@pytest.mark.parametrize(
    ("key", "sub", "expected"),
    [
        pytest.param("religious-site-preparation", "001", (60, "day", "21"), id="宗教事务条例 21, 30 + 30"),
        pytest.param("religious-site-preparation", "002", (90, "day", "21"), id="宗教事务条例 21, 30 + 30 + 30"),
        pytest.param("performance-approval", "001", (3, "day", "13"), id="营业性演出管理条例 13"),
        pytest.param("performance-approval", "002", (20, "day", "15"), id="营业性演出管理条例 15"),
    ],
)
def test_a_sub_item_has_the_limit_of_its_own_article(key: str, sub: str, expected: tuple[int, str, str]) -> None:
    limit = standard_of(document_of(key, sub)).statutory_limit
    assert limit is not None
    assert limit.basis is not None
    assert (limit.value, str(limit.unit), limit.basis.article) == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        pytest.param("labour-dispatch-licence", (5, "workday", "13"), id="劳务派遣行政许可实施办法 13"),
        pytest.param("industrial-product-licence", (10, "day", "24"), id="工业产品生产许可证管理条例 24"),
        pytest.param("hotel-special-trade", (10, "workday", "44"), id="44 where the special law says nothing"),
    ],
)
def test_a_special_laws_time_for_the_certificate_goes_before(key: str, expected: tuple[int, str, str]) -> None:
    limit = law.certificate_limit(implement(standard_of(document_of(key)), f.LEAGUE_BUREAU))
    assert limit is not None
    assert limit.basis is not None
    assert (limit.value, str(limit.unit), limit.basis.article) == expected


# -- from when they count --------------------------------------------------------------------------------


@pytest.fixture(name="world")
def _world() -> f.World:
    made = f.World()
    made.catalog = MemoryCatalog()  # type: ignore[assignment]
    return made


def nodes(world: f.World, case_id: str, actor: Actor) -> dict[int, Clock]:
    """The clocks of single nodes by position."""
    kinds = (ClockKind.NODE, ClockKind.PRELIMINARY_REVIEW)
    found = deadlines.explain(world, actor, case_id).clocks
    return {clock.position: clock for clock in found if clock.kind in kinds and clock.position is not None}


def accept(world: f.World, case_id: str) -> None:
    tasks.accept(world, journey.officer_of(world, case_id), case_id)


def agree(world: f.World, case_id: str) -> None:
    journey.agree(world, journey.officer_of(world, case_id), case_id)


def filed(world: f.World, key: str, sub: str = "000", actor: Actor = SCHOOL) -> str:
    return journey.filed(world, document_of(key, sub)["basic_code"], actor)


def test_律师法_6_twenty_days_from_acceptance_and_ten_from_the_papers_to_the_decision(world: f.World) -> None:
    case_id = filed(world, "lawyer-licence", actor=f.HERDER)
    world.clock.advance(days=2)
    accept(world, case_id)
    world.clock.advance(days=3)
    agree(world, case_id)
    arrived = world.clock.now()
    found = nodes(world, case_id, f.HERDER)
    assert (found[1].start.date(), found[1].deadline.last_day) == (date(2026, 3, 4), date(2026, 3, 24))
    assert found[1].met_at == arrived
    # The upper body examines before it decides; its ten days are for both.
    assert set(found) == {1, 3}
    assert (found[3].start, found[3].met_at) == (arrived, None)
    world.clock.advance(days=4)
    agree(world, case_id)
    decided = nodes(world, case_id, f.HERDER)[3]
    assert (decided.start, decided.deadline.last_day) == (arrived, date(2026, 3, 17))
    journey.grant(world, journey.officer_of(world, case_id), case_id)
    assert nodes(world, case_id, f.HERDER)[3].met_at == world.clock.now()


def test_保安服务管理条例_9_fifteen_days_from_receipt_and_fifteen_from_the_opinion(world: f.World) -> None:
    case_id = filed(world, "security-company-permit", actor=f.HERDER)
    received = world.clock.now()
    world.clock.advance(days=4)
    accept(world, case_id)
    found = nodes(world, case_id, f.HERDER)
    assert (found[1].start, found[1].deadline.last_day) == (received, date(2026, 3, 17))
    agree(world, case_id)
    assert nodes(world, case_id, f.HERDER)[2].deadline.last_day == date(2026, 3, 23)  # the 21st is a Saturday (203)


def test_校车安全管理条例_15_three_three_and_five_working_days_each_at_its_body(world: f.World) -> None:
    case_id = filed(world, "school-bus-permit")
    ends = [nodes(world, case_id, SCHOOL)[0].deadline.last_day]
    world.clock.advance(days=1)
    accept(world, case_id)
    ends.append(nodes(world, case_id, SCHOOL)[1].deadline.last_day)
    world.clock.advance(days=1)
    agree(world, case_id)
    ends.append(nodes(world, case_id, SCHOOL)[2].deadline.last_day)
    # Received on Monday the 2nd, asked on the 3rd, answered on the 4th.
    assert ends == [date(2026, 3, 5), date(2026, 3, 6), date(2026, 3, 11)]
    agree(world, case_id)
    # For the decision itself the article sets no time: the general one of 行政许可法 42 runs.
    assert set(nodes(world, case_id, SCHOOL)) == {0, 1, 2}


@pytest.mark.parametrize(
    ("offset", "before_act", "after_act"),
    [
        pytest.param(timedelta(seconds=-1), ClockState.RUNNING, ClockState.MET, id="校车安全管理条例 15, -1 s"),
        pytest.param(timedelta(), ClockState.OVERDUE, ClockState.LATE, id="校车安全管理条例 15, 24:00"),
        pytest.param(timedelta(seconds=1), ClockState.OVERDUE, ClockState.LATE, id="校车安全管理条例 15, +1 s"),
    ],
)
def test_a_steps_time_ends_at_24_00_of_its_last_day(
    world: f.World, offset: timedelta, before_act: ClockState, after_act: ClockState
) -> None:
    case_id = filed(world, "school-bus-permit")
    accept(world, case_id)
    officer = journey.officer_of(world, case_id)
    world.clock.at = end_of(date(2026, 3, 5)) + offset
    assert nodes(world, case_id, SCHOOL)[1].state(world.clock.now()) is before_act
    journey.agree(world, officer, case_id)
    assert nodes(world, case_id, SCHOOL)[1].state(world.clock.now()) is after_act


def test_a_case_that_comes_back_to_the_upper_body_goes_on_with_its_ten_days(world: f.World) -> None:
    case_id = filed(world, "lawyer-licence", actor=f.HERDER)
    accept(world, case_id)
    agree(world, case_id)
    arrived = world.clock.now()
    agree(world, case_id)
    officer = journey.officer_of(world, case_id)
    tasks.send_back(world, officer, case_id, reason="补充审查意见", position=1)
    world.clock.advance(days=3)
    agree(world, case_id)
    found = nodes(world, case_id, f.HERDER)[3]
    # The three days on which it stood below do not count above.
    assert (found.start, found.deadline.last_day) == (arrived, date(2026, 3, 16))
    assert [day.counting for day in found.deadline.days[1:4]] == [Counting.STOPPED] * 3


def test_宗教事务条例_21_thirty_days_on_each_of_three_levels(world: f.World) -> None:
    group = Actor("group", ActorKind.ORGANISATION, "示例团体")
    case_id = filed(world, "religious-site-preparation", "002", actor=group)
    accept(world, case_id)
    for _ in range(2):
        world.clock.advance(days=10)
        agree(world, case_id)
    found = nodes(world, case_id, group)
    start = f.START.date()
    assert [found[at].start.date() for at in (1, 2, 3)] == [start, start + timedelta(10), start + timedelta(20)]
    assert [found[at].limits[0].value for at in (1, 2, 3)] == [30, 30, 30]
    assert {clock.basis.article for clock in found.values() if clock.basis} == {"21"}


def test_a_limit_that_begins_with_the_villages_opinion_begins_at_acceptance_where_the_village_has_no_step(
    world: f.World,
) -> None:
    case_id = filed(world, "destitute-support", actor=f.HERDER)
    world.clock.advance(days=1)
    accept(world, case_id)
    found = {clock.kind: clock for clock in deadlines.explain(world, f.HERDER, case_id).clocks}
    statutory = found[ClockKind.DECISION_STATUTORY]
    assert (statutory.start, statutory.limits[0].value) == (world.clock.now(), 40)
