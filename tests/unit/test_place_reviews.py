"""Who may change places, and what a review leaves behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from chalicelib.domain import place_reviews as reviews
from chalicelib.domain.actors import Actor, ActorKind, Role
from chalicelib.domain.divisions import Division, level_of
from chalicelib.domain.errors import DomainError, Forbidden, Invalid, Refused
from chalicelib.domain.place_reviews import Proposal, ProposalState
from chalicelib.domain.schedules import Place, area_of, division_of, in_force
from tests import factories as f
from tests import places as p

TODAY = p.SINCE
DIVISIONS = {
    code: Division(code, code, level_of(code), None) for code in (f.REGION, f.LEAGUE, f.BANNER, f.SUM, f.GACHA)
}


def propose(*places: Place, actor: Actor = p.MANAGER, known: tuple[Place, ...] = (), opinion: str = "新设") -> Proposal:
    newest = {place.id: place for place in known}
    return reviews.propose(actor, "p1", places, newest, DIVISIONS, opinion, f.START, TODAY)


def approve(
    proposal: Proposal, actor: Actor = p.BUREAU, known: tuple[Place, ...] = (), today: date = TODAY
) -> Proposal:
    newest = {place.id: place for place in known}
    return reviews.approve(proposal, actor, newest, DIVISIONS, "同意", f.START, today)


@pytest.mark.requirement("E1")
def test_a_proposal_and_its_approval_are_two_recorded_steps_of_two_officers() -> None:
    made = propose(p.banner_centre(), p.sum_centre())
    assert (made.state, made.version, made.division) == (ProposalState.OPEN, 1, f.BANNER)
    done = approve(made)
    assert done.state is ProposalState.APPROVED
    assert [(s.kind, s.by, s.body, s.opinion) for s in done.steps] == [
        ("proposed", "manager", p.BANNER_BODY, "新设"),
        ("approved", "league-bureau", f"{f.LEAGUE}-90", "同意"),
    ]


@pytest.mark.requirement("H3")
@pytest.mark.parametrize(
    ("actor", "code"),
    [
        (f.HERDER, "place.managers-only"),
        (f.AGENT, "place.managers-only"),
        (f.WINDOW, "place.managers-only"),
        (p.BUREAU, "place.managers-only"),
        (replace(p.MANAGER, division=""), "place.managers-only"),
        (replace(p.MANAGER, body=""), "place.managers-only"),
        (replace(p.MANAGER, kind=ActorKind.SUPERVISOR), "place.managers-only"),
        (replace(p.MANAGER, division=f.SUM), "place.outside-area"),
        (replace(p.MANAGER, division="150100000000"), "place.outside-area"),
    ],
)
def test_only_who_looks_after_places_there_proposes(actor: Actor, code: str) -> None:
    with pytest.raises(Forbidden) as refused:
        propose(p.banner_centre(), actor=actor)
    assert refused.value.code == code


@pytest.mark.requirement("H3")
@pytest.mark.parametrize(
    ("actor", "code"),
    [
        (p.REGION_BUREAU, None),
        (p.MANAGER, "place.bureau-only"),
        (f.HERDER, "place.bureau-only"),
        (replace(p.BUREAU, division=f.BANNER), "place.bureau-only"),
        (replace(p.BUREAU, division="150100000000"), "place.bureau-only"),
        (replace(p.BUREAU, roles=frozenset({Role.HEAD})), "place.bureau-only"),
        (replace(p.BUREAU, subject="manager"), "place.own-proposal"),
    ],
)
def test_the_bureau_of_the_level_above_or_of_the_region_decides_and_never_who_proposed(
    actor: Actor, code: str | None
) -> None:
    made = propose(p.banner_centre())
    if code is None:
        assert approve(made, actor).state is ProposalState.APPROVED
        return
    for act in (lambda: approve(made, actor), lambda: reviews.reject(made, actor, "不妥", f.START)):
        with pytest.raises(Forbidden) as refused:
            act()
        assert refused.value.code == code


def test_the_region_s_own_centre_is_reviewed_by_the_region_s_bureau() -> None:
    manager = replace(p.MANAGER, division=f.REGION, body=f"{f.REGION}-90")
    made = propose(p.region_centre(), actor=manager)
    assert approve(made, p.REGION_BUREAU).state is ProposalState.APPROVED
    with pytest.raises(Forbidden):
        approve(made, p.BUREAU)


def test_a_file_is_judged_whole_and_every_violation_of_every_place_is_told_at_once() -> None:
    wrong = replace(p.sum_centre(), name="苏木大厅", since=date(2025, 12, 31))
    with pytest.raises(Invalid) as refused:
        propose(
            p.banner_centre(),
            p.banner_centre(),
            wrong,
            replace(p.league_centre(), division="159900000000", id="159900000000-centre"),
            opinion=" ",
        )
    assert {(v.code, v.pointer) for v in refused.value.violations} == {
        ("case.text-missing", "/opinion"),
        ("place.twice-in-proposal", "/places/1/id"),
        ("place.name-rule", "/places/2/name"),
        ("place.since-past", "/places/2/since"),
        ("division.unknown", "/places/3/division"),
    }


def test_a_new_version_follows_the_newest_and_is_the_same_place() -> None:
    first = p.banner_centre()
    second = replace(first, version=2)
    assert propose(second, known=(first,)).places == (second,)
    for place, known, code in (
        (second, (), "place.changed-meanwhile"),
        (first, (first,), "place.changed-meanwhile"),
        (second, (second,), "place.changed-meanwhile"),
        (replace(p.sum_centre(), id=first.id, version=2), (first,), "place.is-another"),
        (replace(p.terminal(), id=first.id, version=2), (first,), "place.is-another"),
        (replace(p.terminal(), id="150102000000-t01"), (), "place.is-another"),
        (replace(first, id=p.sum_centre().id), (), "place.is-another"),
    ):
        with pytest.raises(Invalid) as refused:
            propose(place, known=known)
        assert refused.value.code == code


@pytest.mark.requirement("E1")
def test_what_was_overtaken_or_came_too_late_is_not_published() -> None:
    made = propose(p.banner_centre())
    with pytest.raises(Refused) as overtaken:
        approve(made, known=(p.banner_centre(),))
    assert overtaken.value.code == "place.changed-meanwhile"
    with pytest.raises(Refused) as late:
        approve(made, today=date(2026, 1, 2))
    assert late.value.code == "place.since-past"


def test_a_proposal_is_decided_once() -> None:
    made = propose(p.banner_centre())
    for done in (
        approve(made),
        reviews.reject(made, p.BUREAU, "地址不明", f.START),
        reviews.withdraw(made, p.MANAGER, "", f.START),
    ):
        assert done.version == 2
        for act in (
            lambda: approve(done),  # noqa: B023 -- called in the same turn
            lambda: reviews.reject(done, p.BUREAU, "x", f.START),  # noqa: B023
            lambda: reviews.withdraw(done, p.MANAGER, "x", f.START),  # noqa: B023
        ):
            with pytest.raises(DomainError) as refused:
                act()
            assert refused.value.code == "place.proposal-decided"


def test_a_rejection_says_why_and_only_the_own_body_withdraws() -> None:
    made = propose(p.banner_centre())
    with pytest.raises(Invalid) as unsaid:
        reviews.reject(made, p.BUREAU, "  ", f.START)
    assert unsaid.value.code == "case.text-missing"
    with pytest.raises(Forbidden):
        reviews.withdraw(made, replace(p.MANAGER, body="150100000000-90"), "x", f.START)


def test_a_proposal_is_seen_by_its_body_and_its_bureaus_alone() -> None:
    made = propose(p.banner_centre())
    assert all(reviews.may_see(made, actor) for actor in (p.MANAGER, p.BUREAU, p.REGION_BUREAU))
    assert not any(reviews.may_see(made, actor) for actor in (f.HERDER, f.WINDOW, replace(p.BUREAU, division=f.BANNER)))


def test_the_version_in_force_is_the_newest_whose_day_has_come() -> None:
    first = p.banner_centre()
    second = replace(first, version=2, since=date(2026, 6, 1), closed=True)
    third = replace(first, version=3, since=date(2026, 3, 1))
    versions = [first, second, third, p.sum_centre(since=date(2026, 7, 1))]
    assert in_force(versions, date(2025, 12, 31)) == {}
    assert in_force(versions, date(2026, 2, 28)) == {first.id: first}
    assert in_force(versions, date(2026, 6, 1)) == {first.id: third}
    assert area_of(f.GACHA) == f.BANNER
    assert area_of(f.LEAGUE) == f.LEAGUE
    assert division_of(first.id) == f.BANNER
