"""An agent's authority: asked for, confirmed by the applicant, in force for a while, ended by either side."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.api.authorities import propose_authority
from chalicelib.domain.authorities import LONGEST, AuthorityState
from chalicelib.domain.errors import DomainError, Forbidden, Invalid, NotFound, Refused
from chalicelib.edge.request import Request
from chalicelib.services import authorities
from chalicelib.services.ports import RequestKey
from tests import factories as f


@pytest.fixture
def world() -> f.World:
    return f.World()


def proposed(world: f.World, **changes: object) -> str:
    terms = {"principal": f.HERDER.subject, "items": (f.BASIC,), "until": world.clock.now() + timedelta(days=30)}
    return authorities.propose(world, f.AGENT, **{**terms, **changes}).id  # type: ignore[arg-type]


def test_nothing_is_in_force_before_the_applicant_confirms_and_after_it_ends(world: f.World) -> None:
    authority_id = proposed(world)
    now = world.clock.now()
    assert not authorities.read(world, f.AGENT, authority_id).in_force(now)
    authorities.confirm(world, f.HERDER, authority_id)
    made = authorities.read(world, f.AGENT, authority_id)
    assert made.in_force(now)
    assert made.in_force(made.until - timedelta(microseconds=1))
    assert not made.in_force(made.until)
    assert made.principal == f.item_party()


@pytest.mark.parametrize("until", ["2026-12-31T23:59:60Z", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00"])
def test_a_moment_that_nobody_can_keep_is_refused_in_its_place(until: str) -> None:
    body = {"principal": f.HERDER.subject, "items": [f.BASIC], "until": until}
    request = Request(f.AGENT, {}, {}, body, RequestKey("scope", "content"), None, {}, "")
    with pytest.raises(Invalid) as refusal:
        propose_authority(request)
    assert [(v.code, v.pointer) for v in refusal.value.violations] == [("schema.format", "/until")]


@pytest.mark.parametrize("side", [f.HERDER, f.AGENT])
def test_either_side_ends_it(world: f.World, side: f.Actor) -> None:
    authority_id = proposed(world)
    authorities.confirm(world, f.HERDER, authority_id)
    authorities.revoke(world, side, authority_id)
    assert authorities.read(world, f.HERDER, authority_id).state is AuthorityState.REVOKED
    with pytest.raises(Refused):
        authorities.revoke(world, side, authority_id)


@pytest.mark.parametrize(
    ("changes", "error", "codes"),
    [
        ({"until": f.START}, Invalid, ["authority.until-past"]),
        ({"until": f.START + LONGEST + timedelta(seconds=1)}, Invalid, ["authority.until-too-far"]),
        ({"principal": f.AGENT.subject, "until": f.START}, Invalid, ["authority.until-past", "authority.own-agent"]),
        ({"items": (f.BASIC, "150105009000")}, Invalid, ["item.not-offered"]),
    ],
)
def test_bad_terms_are_refused_by_code(
    world: f.World, changes: dict[str, object], error: type[DomainError], codes: list[str]
) -> None:
    with pytest.raises(error) as refusal:
        proposed(world, **changes)
    assert [v.code for v in refusal.value.violations] == codes


@pytest.mark.parametrize("somebody", [f.HERDER, f.WINDOW, f.SUPERVISOR, f.Actor("a", f.ActorKind.AGENT)])
def test_only_an_agent_of_a_station_asks(world: f.World, somebody: f.Actor) -> None:
    with pytest.raises(Forbidden) as refusal:
        authorities.propose(world, somebody, principal="x", items=(f.BASIC,), until=f.START + timedelta(days=1))
    assert refusal.value.code == "authority.agents-only"


def test_strangers_cannot_tell_it_from_an_absent_one(world: f.World) -> None:
    authority_id = proposed(world)
    for look in (authority_id, "0" * 26):
        with pytest.raises(NotFound):
            authorities.confirm(world, f.STRANGER, look)


def test_the_agent_cannot_confirm_for_the_applicant(world: f.World) -> None:
    with pytest.raises(NotFound):
        authorities.confirm(world, f.AGENT, proposed(world))


def test_an_expired_proposal_and_a_second_confirmation_are_refused(world: f.World) -> None:
    authority_id = proposed(world)
    world.clock.advance(days=30)
    with pytest.raises(Refused) as refusal:
        authorities.confirm(world, f.HERDER, authority_id)
    assert refusal.value.code == "authority.expired"
    world.clock.advance(days=-1)
    authorities.confirm(world, f.HERDER, authority_id)
    with pytest.raises(Refused) as refusal:
        authorities.confirm(world, f.HERDER, authority_id)
    assert refusal.value.code == "authority.not-proposed"


def test_both_sides_list_it_newest_first_page_by_page(world: f.World) -> None:
    made = [proposed(world) for _ in range(3)]
    for side in (f.HERDER, f.AGENT):
        first = authorities.mine(world, side, None, 2)
        rest = authorities.mine(world, side, first.next, 2)
        assert [a.id for a in (*first.items, *rest.items)] == made[::-1]
        assert rest.next is None
