"""Special procedures and the extension: hand-written tables of 行政许可法 34, 42, 45 and 55."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from typing import Any

import pytest

from chalicelib import data
from chalicelib.domain import cases
from chalicelib.domain.actors import Actor, ActorKind, Role
from chalicelib.domain.calendar import Calendar, DayKind, Year
from chalicelib.domain.catalog import LegalBasis, Limit, LimitUnit, SpecialProcedure, StopEffect
from chalicelib.domain.deadlines import deadline, end_of, legal_day
from chalicelib.domain.errors import DomainError, Forbidden, NotFound
from chalicelib.domain.procedure_kinds import ARTICLE_45, KIND_OF_WORD, ProcedureKind, stops_clock
from chalicelib.domain.procedures import pauses
from chalicelib.schemas import load
from chalicelib.services import cases as use_cases
from chalicelib.services import procedures, tasks
from tests import factories as f
from tests import journey

B10 = pytest.mark.requirement("B10")

LISTED = (
    SpecialProcedure("检验", "产品检验", StopEffect.EXCLUDED_BY_GENERAL_RULE, LegalBasis("行政许可法", "45")),
    SpecialProcedure("检测", "环境检测", StopEffect.EXCLUDED_BY_GENERAL_RULE, LegalBasis("行政许可法", "45")),
    SpecialProcedure("现场踏勘", "现场踏勘", StopEffect.NO_STOP_RULE, LegalBasis("行政许可法", "34")),
    SpecialProcedure("技术审查", "技术审查", StopEffect.NO_STOP_RULE, LegalBasis("行政许可法", "34")),
    SpecialProcedure("征求意见", "征求意见", StopEffect.EXCLUDED_BY_THIS_RULE, LegalBasis("取水条例", "19")),
    SpecialProcedure("事后核查", "事后核查", StopEffect.AFTER_DECISION, LegalBasis("消防法", "15")),
    SpecialProcedure("考试", "考试", StopEffect.PRECONDITION, LegalBasis("农机条例", "22")),
)
HEAD = Actor("league-head", ActorKind.OFFICER, body=f.LEAGUE_BUREAU.id, division=f.LEAGUE, roles=frozenset({Role.HEAD}))
BANNER_HEAD = replace(HEAD, subject="banner-head", body=f.BANNER_BUREAU.id, division=f.BANNER)
GOVERNOR = replace(HEAD, subject="governor", body=f"{f.LEAGUE}-gov", roles=frozenset({Role.GOVERNMENT_HEAD}))


def world_at(node: str = "review", **item: Any) -> tuple[f.World, str]:
    world = f.World(f.item(special_procedures=LISTED, **item))
    return world, journey.at(world, node)


def start(world: f.World, case_id: str, kind: str = "inspection", officer: Actor = f.REVIEWER, **told: Any) -> None:
    procedures.start(world, officer, case_id, **{"kind": kind, "reason": "需要", "days": 5, **told})


def code_of(act: Any) -> str:
    with pytest.raises(DomainError) as refusal:
        act()
    return refusal.value.code


# -- which procedure stops the clock ----------------------------------------------------------------------


@B10
@pytest.mark.parametrize(
    ("type_code", "word", "effect", "stops"),
    [
        pytest.param("01", word, "no_stop_rule_found", True, id=f"45 {word}")
        for word in ("听证", "招标", "拍卖", "检验", "检测", "检疫", "鉴定", "专家评审")
    ]
    + [
        pytest.param("01", "现场踏勘", "no_stop_rule_found", False, id="优化营商环境条例 36 现场踏勘"),
        pytest.param("01", "技术审查", "no_stop_rule_found", False, id="优化营商环境条例 36 技术审查"),
        pytest.param("01", "现场核查", "excluded_by_general_rule", False, id="45 does not name a visit on site"),
        pytest.param("01", "技术审查", "excluded_by_this_rule", False, id="45 does not name a technical review"),
        pytest.param("01", "征求意见", "excluded_by_this_rule", True, id="special law: consultation"),
        pytest.param("01", "征求意见", "no_stop_rule_found", False, id="special law says nothing: consultation counts"),
        pytest.param("01", "检验", "inside_limit_by_text", False, id="special law: inspection inside the limit"),
        pytest.param("07", "检验", "no_stop_rule_found", False, id="45 binds licences only"),
        pytest.param("07", "公告", "excluded_by_this_rule", True, id="other type: what its law says"),
        pytest.param("07", "中止", "suspends", True, id="other type: suspension"),
    ],
)
def test_the_clock_stops_for_what_the_law_names_and_nothing_else(
    type_code: str, word: str, effect: str, stops: bool
) -> None:
    listed = SpecialProcedure(word, word, StopEffect(effect))
    assert stops_clock(f.item(type_code=type_code), listed) is stops


def test_every_word_of_the_catalogue_has_a_kind_and_every_kind_a_label_and_a_place_in_the_schema() -> None:
    room = files("chalicelib.data").joinpath("catalog")
    law, demo = (json.loads(room.joinpath(f"{name}.json").read_text(encoding="utf-8")) for name in ("law", "demo"))
    words = {p["kind"] for item in law["items"] for p in (*item["stops"], *item["procedures"])}
    words |= {p["kind"] for item in demo["items"].values() for p in item.get("special_procedures", ())}
    assert words <= set(KIND_OF_WORD)
    assert set(data.labels()["procedure"]) >= set(ProcedureKind)
    assert set(load("procedures/start")["properties"]["kind"]["enum"]) == set(ProcedureKind)
    assert len(ARTICLE_45) == 8


# -- a procedure begins, and ends ---------------------------------------------------------------------------


@B10
def test_a_stop_begins_the_day_after_its_written_notice_and_ends_on_the_day_of_the_result() -> None:
    world, case_id = world_at()
    start(world, case_id)
    case = journey.get(world, case_id)
    notice = case.documents[-1]
    assert (notice.kind, case.procedures[0].notice) == ("procedure_notice", notice.number)
    _, content = use_cases.document(world, f.HERDER, case_id, notice.number)
    assert content.digest() == notice.digest
    assert content.texts["days"] == "5个工作日"
    (pause,) = pauses(case)
    assert (pause.since, pause.until, pause.code) == (date(2026, 3, 3), None, "inspection")
    procedures.assign(world, f.REVIEWER, case_id, procedure=1, officers=["a", "b"])
    world.clock.advance(days=4)
    procedures.record_result(world, f.REVIEWER, case_id, procedure=1, result="合格")
    (pause,) = pauses(journey.get(world, case_id))
    assert (pause.since, pause.until) == (date(2026, 3, 3), date(2026, 3, 6))
    assert cases.fold(tuple(world.cases.log(case_id))) == replace(journey.get(world, case_id), log_head="")


@B10
def test_a_result_on_the_day_of_the_notice_stops_nothing() -> None:
    world, case_id = world_at()
    start(world, case_id, "consultation")
    procedures.record_result(world, f.REVIEWER, case_id, procedure=1, result="无异议")
    assert pauses(journey.get(world, case_id)) == ()


@B10
@pytest.mark.parametrize(("kind", "officers"), [("site_visit", ["a", "b"]), ("technical_review", [])])
def test_site_visit_and_technical_review_are_told_in_writing_but_stop_nothing(kind: str, officers: list[str]) -> None:
    world, case_id = world_at()
    start(world, case_id, kind)
    start(world, case_id, "inspection")  # beside it: what does not stop cannot overlap
    assert [p.code for p in pauses(journey.get(world, case_id))] == ["inspection"]
    procedures.record_result(world, f.REVIEWER, case_id, procedure=1, result="属实", officers=officers)
    notice = journey.get(world, case_id).documents[-2]
    assert use_cases.document(world, f.HERDER, case_id, notice.number)[1].texts["clock"] == "所需时间计入办理期限"


@B10
def test_a_stop_over_a_holiday_moves_the_end_by_the_working_days_that_it_covers() -> None:
    """Notice on Tuesday 29 September 2026, result on Friday 9 October: 30 September, 8 and 9 October are lost."""
    holiday = {date(2026, 10, day): (DayKind.HOLIDAY, "国庆节") for day in range(1, 8)}
    calendar = Calendar({2026: Year(2026, "国办发明电", {**holiday, date(2026, 10, 10): (DayKind.MAKE_UP, "国庆节")})})
    world, case_id = world_at()
    world.clock.at = datetime(2026, 9, 29, 2, tzinfo=UTC)
    start(world, case_id, "consultation")
    world.clock.at = datetime(2026, 10, 9, 2, tzinfo=UTC)
    procedures.record_result(world, f.REVIEWER, case_id, procedure=1, result="无异议")
    stood = pauses(journey.get(world, case_id))
    accepted = datetime(2026, 9, 28, 2, tzinfo=UTC)
    # 29 September is the first day, 10 (make-up), 12, 13, 14 October the next four.
    ends = deadline(accepted, Limit(5, LimitUnit.WORKDAY), calendar, stood)
    assert (ends.last_day, ends.at) == (date(2026, 10, 14), end_of(date(2026, 10, 14)))
    assert deadline(accepted, Limit(5, LimitUnit.WORKDAY), calendar).last_day == date(2026, 10, 10)


@B10
@pytest.mark.parametrize(
    ("before", "kind", "told", "code"),
    [
        pytest.param((), "quarantine", {}, "procedure.not-in-version", id="B2 a kind that the version lacks"),
        pytest.param((), "hearing", {}, "procedure.is-hearing", id="47 a hearing has its own course"),
        pytest.param((), "follow_up_check", {}, "procedure.not-now", id="after the decision"),
        pytest.param((), "examination", {}, "procedure.not-now", id="before acceptance"),
        pytest.param((), "inspection", {"days": 0}, "procedure.days-missing", id="45 time is told"),
        pytest.param((), "inspection", {"reason": " "}, "case.text-missing", id="45 in writing, with a reason"),
        pytest.param(("inspection",), "testing", {}, "procedure.overlaps", id="45 two stops at once"),
        pytest.param(("consultation",), "consultation", {}, "procedure.overlaps", id="45 the same stop twice"),
    ],
)
def test_a_procedure_that_may_not_begin_is_refused_by_its_code(
    before: tuple[str, ...], kind: str, told: dict[str, Any], code: str
) -> None:
    world, case_id = world_at()
    for earlier in before:
        start(world, case_id, earlier)
    version = journey.get(world, case_id).version
    assert code_of(lambda: start(world, case_id, kind, **told)) == code
    assert journey.get(world, case_id).version == version


@pytest.mark.parametrize(
    ("node", "officer", "code"),
    [
        pytest.param("review", f.HERDER, "case.act-not-yours", id="the applicant"),
        pytest.param("review", f.COLLEAGUE, "case.not-found", id="a colleague without the task"),
        pytest.param("accept", f.ACCEPTOR, "case.wrong-state", id="before acceptance"),
    ],
)
def test_only_whoever_examines_begins_a_procedure(node: str, officer: Actor, code: str) -> None:
    world, case_id = world_at(node)
    assert code_of(lambda: start(world, case_id, officer=officer)) == code


@B10
@pytest.mark.parametrize(
    ("kind", "assigned", "officers", "code"),
    [
        pytest.param("inspection", None, ["a", "b"], "procedure.not-assigned", id="55 nobody was assigned"),
        pytest.param("inspection", ["a"], [], "procedure.two-officers", id="55 one officer"),
        pytest.param("inspection", ["a", "a"], [], "procedure.two-officers", id="55 the same officer twice"),
        pytest.param("inspection", ["a", " "], [], "procedure.two-officers", id="55 a blank name"),
        pytest.param("technical_review", ["a", "b"], [], "procedure.not-assigned-kind", id="55 names three kinds"),
        pytest.param("site_visit", None, ["a"], "procedure.two-officers", id="34(3) one officer on site"),
        pytest.param("site_visit", None, [], "procedure.two-officers", id="34(3) nobody on site"),
    ],
)
def test_inspections_and_visits_take_two_officers(
    kind: str, assigned: list[str] | None, officers: list[str], code: str
) -> None:
    world, case_id = world_at()
    start(world, case_id, kind)
    if assigned is not None:
        act = lambda: procedures.assign(world, f.REVIEWER, case_id, procedure=1, officers=assigned)  # noqa: E731
    else:
        act = lambda: procedures.record_result(  # noqa: E731
            world, f.REVIEWER, case_id, procedure=1, result="属实", officers=officers
        )
    assert code_of(act) == code


@B10
@pytest.mark.parametrize(("seconds", "late"), [(-1, False), (0, True), (1, True)])
def test_an_assignment_after_the_fifth_day_from_acceptance_is_recorded_as_late(seconds: int, late: bool) -> None:
    world, case_id = world_at()
    start(world, case_id)
    # Accepted on Monday 2 March 2026: the fifth working day is Monday 9 March.
    world.clock.at = end_of(date(2026, 3, 9)) + timedelta(seconds=seconds)
    procedures.assign(world, f.REVIEWER, case_id, procedure=1, officers=["a", "b"])
    assert [*world.cases.log(case_id)][-1].event.late is late  # type: ignore[attr-defined]


def test_a_result_needs_a_running_procedure_and_comes_after_its_notice() -> None:
    world, case_id = world_at()
    result = lambda number: procedures.record_result(  # noqa: E731
        world, f.REVIEWER, case_id, procedure=number, result="无异议"
    )
    assert code_of(lambda: result(1)) == "procedure.unknown"
    start(world, case_id, "consultation")
    world.clock.advance(seconds=-1)
    assert code_of(lambda: result(1)) == "procedure.result-before-notice"
    world.clock.advance(seconds=1)
    result(1)
    assert code_of(lambda: result(1)) == "procedure.already-ended"


@B10
@pytest.mark.parametrize("kind", ["consultation", "technical_review"])
def test_nothing_is_decided_while_a_procedure_runs(kind: str) -> None:
    world, case_id = world_at("decide")
    start(world, case_id, kind, f.DECIDER)
    refuse = lambda: tasks.refuse(world, f.DECIDER, case_id, reasons="不符", remedies="复议")  # noqa: E731
    assert code_of(lambda: journey.grant(world, f.DECIDER, case_id)) == "procedure.running"
    assert code_of(refuse) == "procedure.running"
    procedures.record_result(world, f.DECIDER, case_id, procedure=1, result="无异议")
    journey.grant(world, f.DECIDER, case_id)


# -- the extension ------------------------------------------------------------------------------------------

SPECIAL = Limit(30, LimitUnit.DAY, LegalBasis("教师资格条例", "16"))
OWN = Limit(3, LimitUnit.WORKDAY, LegalBasis("市场主体登记管理条例", "19"))


@B10
@pytest.mark.parametrize(
    ("item", "actor", "days", "code"),
    [
        pytest.param({}, HEAD, 10, "", id="42(1) ten days by the organ's head"),
        pytest.param({}, HEAD, 11, "extension.too-long", id="42(1) eleven days"),
        pytest.param({}, GOVERNOR, 10, "extension.wrong-head", id="42(1) by the head of government"),
        pytest.param({}, f.REVIEWER, 10, "extension.wrong-head", id="42(1) by the examining officer"),
        pytest.param({}, f.HERDER, 10, "extension.wrong-head", id="42(1) by the applicant"),
        pytest.param({}, BANNER_HEAD, 10, "case.not-found", id="42(1) by the head of a body it does not stand with"),
        pytest.param({"joint": True}, GOVERNOR, 15, "", id="42(2) fifteen days by the head of government"),
        pytest.param({"joint": True}, GOVERNOR, 16, "extension.too-long", id="42(2) sixteen days"),
        pytest.param({"joint": True}, HEAD, 15, "extension.wrong-head", id="42(2) by the organ's head"),
        pytest.param({"statutory_limit": SPECIAL}, HEAD, 1, "extension.not-in-version", id="42(1) special law: none"),
        pytest.param({"statutory_limit": SPECIAL, "extension": OWN}, HEAD, 3, "", id="special law: its own three"),
        pytest.param({"statutory_limit": SPECIAL, "extension": OWN}, HEAD, 4, "extension.too-long", id="special: four"),
        pytest.param({"type_code": "07"}, HEAD, 1, "extension.not-in-version", id="other types: none by itself"),
        pytest.param({}, HEAD, 0, "procedure.days-missing", id="42(1) no days"),
    ],
)
def test_the_time_is_extended_as_far_as_the_law_goes_by_whom_it_names(
    item: dict[str, Any], actor: Actor, days: int, code: str
) -> None:
    world, case_id = world_at("review", **item)
    extend = lambda: procedures.extend(world, actor, case_id, days=days, reason="案情复杂")  # noqa: E731
    if code:
        assert code_of(extend) == code
        return
    extend()
    case = journey.get(world, case_id)
    assert case.extended is not None
    assert case.extended.limit.value == days
    assert case.documents[-1].kind == "extension_notice"
    assert "案情复杂" in use_cases.document(world, f.HERDER, case_id, case.documents[-1].number)[1].texts["reason"]
    assert cases.fold(tuple(world.cases.log(case_id))) == replace(case, log_head="")


@B10
def test_the_time_is_extended_once_and_never_without_a_reason() -> None:
    world, case_id = world_at()
    assert code_of(lambda: procedures.extend(world, HEAD, case_id, days=5, reason=" ")) == "case.text-missing"
    procedures.extend(world, HEAD, case_id, days=5, reason="案情复杂")
    assert code_of(lambda: procedures.extend(world, HEAD, case_id, days=5, reason="再延")) == "extension.already-used"


@B10
@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        pytest.param(-1, "", id="42(1) the last second of the twentieth day"),
        pytest.param(0, "extension.too-late", id="42(1) 24:00 of the twentieth day"),
        pytest.param(1, "extension.too-late", id="42(1) a second later"),
    ],
)
def test_the_time_is_extended_before_it_is_over(seconds: int, code: str) -> None:
    world, case_id = world_at()
    # Reached the league, and was accepted, on Monday 2 March 2026: the twentieth working day is Monday 30 March.
    world.clock.at = end_of(date(2026, 3, 30)) + timedelta(seconds=seconds)
    extend = lambda: procedures.extend(world, HEAD, case_id, days=10, reason="案情复杂")  # noqa: E731
    if code:
        assert code_of(extend) == code
    else:
        extend()


def test_the_wrong_head_is_forbidden_and_an_unknown_one_sees_nothing() -> None:
    world, case_id = world_at()
    with pytest.raises(Forbidden):
        procedures.extend(world, f.REVIEWER, case_id, days=5, reason="x")
    with pytest.raises(NotFound):
        use_cases.read(world, replace(HEAD, body=f"{f.REGION}-05", division=f.REGION), case_id)
    assert use_cases.read(world, HEAD, case_id).id == case_id


def test_a_head_sees_a_case_only_while_it_stands_with_their_body() -> None:
    world, case_id = world_at("preliminary_review")
    with pytest.raises(NotFound):
        use_cases.read(world, HEAD, case_id)
    with pytest.raises(Forbidden) as refusal:
        procedures.extend(world, BANNER_HEAD, case_id, days=5, reason="x")
    assert refusal.value.code == "extension.wrong-head"


def test_the_legal_day_of_a_notice_is_the_day_in_china() -> None:
    world, case_id = world_at()
    world.clock.at = datetime(2026, 3, 3, 16, 30, tzinfo=UTC)  # 00:30 on 4 March in China
    start(world, case_id, "consultation")
    (pause,) = pauses(journey.get(world, case_id))
    assert pause.since == legal_day(world.clock.at) + timedelta(days=1) == date(2026, 3, 5)
