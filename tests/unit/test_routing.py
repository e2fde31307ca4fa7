"""Who stands on the route of a case, and who may not (F1, 行政许可法 24)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain.catalog import Body, BodyKind, LegalBasis, RouteStep, StepMode, StepRole
from chalicelib.domain.divisions import Level
from chalicelib.domain.errors import Refused
from chalicelib.domain.routing import Route, plan
from tests import factories as f

CATALOG = f.FakeCatalog()


def route(*steps: RouteStep, filed_at: str = "", division: str = f.GACHA, type_code: str = "01") -> Route:
    made = f.item(steps=steps or f.STEPS, type_code=type_code)
    return plan(made, division, filed_at, body_of=CATALOG.body_of, outlet_of=CATALOG.outlet_of)


@pytest.mark.requirement("F1")
def test_a_case_filed_at_a_station_goes_from_the_sum_over_the_banner_to_the_league() -> None:
    made = route(filed_at=f.GACHA)
    assert [(node.role, node.division) for node in made.nodes] == [
        ("receive", f.SUM),
        ("accept", f.LEAGUE),
        ("preliminary_review", f.BANNER),
        ("review", f.LEAGUE),
        ("decide", f.LEAGUE),
    ]


@pytest.mark.requirement("B1", "F1")
def test_a_case_filed_online_has_no_receiving_node_and_otherwise_the_same_route() -> None:
    assert route().nodes == route(filed_at=f.GACHA).nodes[1:]


@pytest.mark.requirement("F1")
def test_an_entrusted_body_acts_in_the_name_of_the_organ_that_entrusts_it() -> None:
    accept, decide = route(*f.ENTRUSTED_STEPS).nodes
    assert (accept.body, accept.in_name_of) == (f.BANNER_BUREAU.id, f.LEAGUE_BUREAU.id)
    assert (decide.body, decide.in_name_of) == (f.LEAGUE_BUREAU.id, f.LEAGUE_BUREAU.id)


@pytest.mark.requirement("F1", "B5")
def test_an_entrusted_body_signs_in_the_name_of_the_organ_that_entrusts_it() -> None:
    accept, decide = route(*f.ENTRUSTED_STEPS).nodes
    assert accept.signature == f"{f.LEAGUE_BUREAU.name}(受委托机关:{f.BANNER_BUREAU.name})"
    assert decide.signature == f.LEAGUE_BUREAU.name


@pytest.mark.requirement("F1")
def test_a_licence_is_not_entrusted_to_what_is_no_administrative_organ() -> None:
    def authorised(department: str, division: str) -> Body:
        return replace(f.BODIES[f"{division}-{department}"], kind=BodyKind.AUTHORISED)

    with pytest.raises(Refused) as refusal:
        plan(f.item(steps=f.ENTRUSTED_STEPS), f.GACHA, "", body_of=authorised, outlet_of=CATALOG.outlet_of)
    assert refusal.value.code == "route.licence-not-competent"


@pytest.mark.requirement("F1")
@pytest.mark.parametrize(
    ("step", "type_code", "code"),
    [
        (RouteStep(StepRole.ACCEPT, Level.BANNER, "05"), "01", "route.licence-not-competent"),
        (RouteStep(StepRole.DECIDE, Level.BANNER, "05"), "01", "route.licence-not-competent"),
        (
            RouteStep(StepRole.DECIDE, Level.BANNER, "05", basis=LegalBasis("法", "1")),
            "01",
            "route.licence-not-competent",
        ),
        (RouteStep(StepRole.ACCEPT, Level.BANNER, "05", StepMode.AUTHORISED), "01", "route.licence-not-competent"),
        (RouteStep(StepRole.DECIDE, Level.BANNER, "05", StepMode.AUTHORISED), "01", "route.licence-not-competent"),
        (RouteStep(StepRole.ACCEPT, Level.TOWNSHIP, "bm"), "01", "route.outlet-only-receives"),
        (RouteStep(StepRole.ACCEPT, Level.TOWNSHIP, "bm"), "20", "route.outlet-only-receives"),
        (RouteStep(StepRole.DECIDE, Level.LEAGUE, "99"), "01", "route.body-unknown"),
    ],
)
def test_a_body_that_may_not_perform_a_step_is_refused_by_code(step: RouteStep, type_code: str, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        route(step, type_code=type_code)
    assert refusal.value.code == code


@pytest.mark.requirement("F1")
@pytest.mark.parametrize(
    ("step", "type_code"),
    [
        (RouteStep(StepRole.ACCEPT, Level.BANNER, "05", basis=LegalBasis("教师资格条例", "13")), "01"),
        (RouteStep(StepRole.ACCEPT, Level.BANNER, "05", StepMode.ENTRUSTED), "01"),
        (RouteStep(StepRole.ACCEPT, Level.BANNER, "05"), "20"),
        (RouteStep(StepRole.DECIDE, Level.BANNER, "05", StepMode.AUTHORISED), "20"),
        (RouteStep(StepRole.PRELIMINARY_REVIEW, Level.BANNER, "05"), "01"),
    ],
)
def test_a_lower_body_acts_where_law_entrustment_or_type_let_it(step: RouteStep, type_code: str) -> None:
    assert route(step, type_code=type_code).nodes[0].body == f.BANNER_BUREAU.id


def test_a_place_wider_than_the_step_names_the_level_that_is_needed() -> None:
    with pytest.raises(Refused) as refusal:
        route(division=f.LEAGUE)
    assert [(v.code, v.params["level"]) for v in refusal.value.violations] == [("route.division-too-wide", 4)]


def test_every_problem_of_a_route_is_named_at_once() -> None:
    with pytest.raises(Refused) as refusal:
        route(RouteStep(StepRole.ACCEPT, Level.TOWNSHIP, "bm"), RouteStep(StepRole.DECIDE, Level.LEAGUE, "99"))
    assert [v.code for v in refusal.value.violations] == ["route.outlet-only-receives", "route.body-unknown"]


def test_a_hall_that_is_itself_on_the_route_gets_no_receiving_node() -> None:
    def own_hall(division: str) -> Body:
        return replace(f.LEAGUE_BUREAU, kind=BodyKind.ORGAN)

    made = plan(f.item(), f.GACHA, f.LEAGUE, body_of=CATALOG.body_of, outlet_of=own_hall)
    assert made.nodes[0].role is StepRole.ACCEPT
