"""Proposals through the use cases: what is published, announced and answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from chalicelib.domain.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from chalicelib.services import places, schedules
from chalicelib.services.ports import RequestKey
from tests import factories as f
from tests import places as p

KEY = RequestKey("scope", "content")
TODAY = date(2026, 11, 25)


@pytest.fixture(name="world")
def _world() -> f.World:
    made = f.World()
    made.clock.at = datetime(2026, 11, 25, 2, tzinfo=UTC)
    return made


def draft(**changes: object) -> f.Any:
    return p.banner_centre(**{"since": TODAY, "id": "", **changes})


def announced(world: f.World) -> list[tuple[str, list[str]]]:
    later = world.clock.now() + timedelta(hours=1)
    rows = [row for shard in range(16) for row in world.cases.unsent(shard, later, 50)]
    return sorted((row.case_id, [name for _, name in row.types]) for row in rows)


@pytest.mark.requirement("E1")
@pytest.mark.requirement("E5")
def test_an_approved_proposal_counts_from_its_day_and_is_announced_without_names(world: f.World) -> None:
    made = places.propose(world, p.MANAGER, [draft(since=date(2026, 11, 26))], "新设", key=KEY)
    assert (made.kind, made.version, made.result) == ("place_proposal", 1, {"state": "open"})
    assert announced(world) == []
    assert world.places.area(f.BANNER) == []
    done = places.approve(world, p.BUREAU, made.id, "同意")
    assert done.result == {"state": "approved"}
    place_id = f"{f.BANNER}-centre"
    assert announced(world) == [(place_id, ["place.changed", "place.delay_list_changed"])]
    with pytest.raises(NotFound):
        schedules.place(world, place_id)
    assert schedules.place(world, place_id, date(2026, 11, 26)).version == 1


@pytest.mark.requirement("E5")
def test_the_list_is_announced_only_when_delay_service_changed(world: f.World) -> None:
    for number, (changes, types) in enumerate(
        (
            ({"hours": (p.REGULAR,)}, ["place.changed"]),
            ({"hours": (p.REGULAR,), "phone": "0479-1"}, ["place.changed"]),
            ({"hours": (p.REGULAR, p.NOON)}, ["place.changed", "place.delay_list_changed"]),
            ({"hours": (p.REGULAR, p.NOON), "closed": True}, ["place.changed", "place.delay_list_changed"]),
        )
    ):
        known = {"id": f"{f.BANNER}-centre", "version": number + 1} if number else {}
        made = places.propose(world, p.MANAGER, [draft(**{**known, **changes})], "变更")
        places.approve(world, p.BUREAU, made.id, "同意")
        assert announced(world)[-1][1] == types
        for row in [row for shard in range(16) for row in world.cases.unsent(shard, f.START.replace(year=2099), 50)]:
            world.cases.sent(row.key)


@pytest.mark.requirement("E6")
def test_items_that_nobody_offers_are_named_with_everything_else_that_is_wrong(world: f.World) -> None:
    wrong = p.terminal(items=(f.BASIC, "150105009999"), id="", since=date(2026, 11, 1))
    hours = replace(p.WEEKEND, items=("150105008888",))
    with pytest.raises(Invalid) as refused:
        places.propose(world, p.MANAGER, [wrong, draft(hours=(hours,))], "新设")
    assert {(v.code, v.pointer) for v in refused.value.violations} == {
        ("place.since-past", "/places/0/since"),
        ("item.not-offered", "/places/0/items/1"),
        ("item.not-offered", "/places/1/hours/0/items/0"),
    }
    with pytest.raises(Invalid) as alone:
        places.propose(world, p.MANAGER, [draft(hours=(hours,))], "新设")
    assert alone.value.code == "item.not-offered"


@pytest.mark.requirement("E6")
def test_terminals_of_one_division_are_told_apart_and_a_centre_is_the_only_one(world: f.World) -> None:
    terminals = [p.terminal(n, id="", since=TODAY) for n in (1, 2)]
    places.approve(world, p.BUREAU, places.propose(world, p.MANAGER, terminals, "新设").id, "同意")
    assert len({v.id for v in world.places.area(f.BANNER)}) == 2
    places.approve(world, p.BUREAU, places.propose(world, p.MANAGER, [draft()], "新设").id, "同意")
    with pytest.raises(Invalid) as second:
        places.propose(world, p.MANAGER, [draft()], "再设")
    assert second.value.code == "place.changed-meanwhile"


def test_of_two_proposals_for_one_version_the_second_is_refused(world: f.World) -> None:
    one, other = (places.propose(world, p.MANAGER, [draft()], "新设").id for _ in range(2))
    places.approve(world, p.BUREAU, one, "同意")
    with pytest.raises(Refused) as overtaken:
        places.approve(world, p.BUREAU, other, "同意")
    assert overtaken.value.code == "place.changed-meanwhile"
    assert places.reject(world, p.BUREAU, other, "已被替代").result == {"state": "rejected"}


@pytest.mark.requirement("H3")
def test_who_may_not_see_a_proposal_is_told_that_there_is_none(world: f.World) -> None:
    made = places.propose(world, p.MANAGER, [draft()], "新设").id
    foreign = replace(p.MANAGER, body="150100000000-90")
    for actor in (f.HERDER, f.WINDOW, foreign, replace(p.BUREAU, division="150100000000")):
        for act in (
            lambda who: places.read(world, who, made),
            lambda who: places.approve(world, who, made, "同意"),
            lambda who: places.withdraw(world, who, made, "撤回"),
        ):
            with pytest.raises(NotFound) as refused:
                act(actor)
            assert refused.value.code == "place.proposal-not-found"
    assert places.read(world, p.MANAGER, made).proposer.by == "manager"
    with pytest.raises(Forbidden):
        places.approve(world, p.MANAGER, made, "同意")
    assert places.withdraw(world, p.MANAGER, made, "").result == {"state": "withdrawn"}


@pytest.mark.requirement("H3")
def test_lists_show_a_bureau_what_it_reviews_and_a_body_what_it_proposed(world: f.World) -> None:
    made = places.propose(world, p.MANAGER, [draft()], "新设").id
    assert [q.id for q in places.listed(world, p.BUREAU, None, 5).items] == [made]
    assert [q.id for q in places.listed(world, p.MANAGER, None, 5).items] == [made]
    assert places.listed(world, p.REGION_BUREAU, None, 5).items == []
    assert [q.id for q in places.listed(world, p.REGION_BUREAU, None, 5, division=f.LEAGUE).items] == [made]
    foreign = replace(p.BUREAU, division="150100000000")
    assert places.listed(world, foreign, None, 5, division=f.LEAGUE).items == []
    for actor in (f.HERDER, f.WINDOW, f.SUPERVISOR):
        with pytest.raises(Forbidden):
            places.listed(world, actor, None, 5)


def test_a_key_publishes_once(world: f.World) -> None:
    made = places.propose(world, p.MANAGER, [draft()], "新设", key=KEY).id
    with pytest.raises(Conflict):
        places.propose(world, p.MANAGER, [p.sum_centre(id="", since=TODAY)], "新设", key=KEY)
    stored = world.cases.receipt(KEY.scope)
    assert stored is not None
    assert stored.receipt.id == made
