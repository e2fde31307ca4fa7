"""What every store of places promises."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain import place_reviews as reviews
from chalicelib.domain.errors import Conflict, Invalid
from chalicelib.domain.place_reviews import Proposal, ProposalState
from chalicelib.domain.schedules import Position
from chalicelib.services.ports import Receipt, RequestKey
from tests import factories as f
from tests import places as p

KEY = RequestKey("scope", "content")


def proposal(number: int = 1, **changes: object) -> Proposal:
    step = reviews.Step(reviews.StepKind.PROPOSED, "manager", p.BANNER_BODY, f.START, "新址 ᠮᠣᠩᠭᠣᠯ 𠮷")
    made = Proposal(f"01{number:024d}", 1, ProposalState.OPEN, f.BANNER, (p.banner_centre(),), (step,))
    return replace(made, **changes)  # type: ignore[arg-type]


def kept(
    world: f.World, made: Proposal, expected: int = 0, key: RequestKey | None = None, publish: bool = False
) -> None:
    receipt = Receipt("place_proposal", made.id, made.version, (), {"state": str(made.state)})
    world.place_store.commit(
        made,
        expected_version=expected,
        published=made.places if publish else (),
        announced=("PlaceChanged",) if publish else (),
        key=key,
        receipt=receipt,
        at=f.START,
    )


def test_a_proposal_is_kept_listed_for_body_and_bureau_and_changes_only_from_the_version_read(world: f.World) -> None:
    first, second = proposal(1), proposal(2)
    kept(world, first, key=KEY)
    kept(world, second)
    assert world.place_store.proposal(first.id) == first
    assert world.place_store.proposal("01" + "9" * 24) is None
    for listing in (reviews.proposed_by(p.BANNER_BODY), reviews.to_review(f.LEAGUE)):
        page = world.place_store.proposals(listing, None, 1)
        assert list(page.items) == [second]
        assert list(world.place_store.proposals(listing, page.next, 1).items) == [first]
    rejected = replace(first, version=2, state=ProposalState.REJECTED)
    kept(world, rejected, 1)
    assert world.place_store.proposal(first.id) == rejected
    with pytest.raises(Conflict):
        kept(world, rejected, 1)
    with pytest.raises(Conflict):
        kept(world, proposal(3), key=KEY)
    assert world.place_store.proposal(proposal(3).id) is None


@pytest.mark.requirement("E1")
def test_versions_are_published_with_their_events_and_the_receipt_or_not_at_all(world: f.World) -> None:
    second = replace(p.banner_centre(), version=2, phone="0479-0000002")
    made = proposal(places=(p.banner_centre(), p.gacha_station()))
    kept(world, made)
    kept(world, replace(made, version=2, state=ProposalState.APPROVED), 1, KEY, publish=True)
    assert list(world.place_store.versions(f.BANNER)) == [p.banner_centre(), p.gacha_station()]
    assert list(world.place_store.versions(f.LEAGUE)) == []
    assert world.cases.receipt(KEY.scope) is not None
    rows = [row for shard in range(16) for row in world.cases.unsent(shard, f.START + timedelta(hours=1), 10)]
    assert sorted((row.case_id, row.types) for row in rows) == [
        (place, ((1, "PlaceChanged"),)) for place in sorted((p.banner_centre().id, p.gacha_station().id))
    ]
    again = proposal(2, places=(second, p.gacha_station()))
    kept(world, again)
    with pytest.raises(Conflict):
        kept(world, replace(again, version=2, state=ProposalState.APPROVED), 1, publish=True)
    assert world.place_store.versions(f.BANNER)[0] == p.banner_centre()
    assert world.place_store.proposal(again.id) == again


def test_every_version_stays_and_loading_again_adds_nothing(world: f.World) -> None:
    versions = [replace(p.banner_centre(), version=n) for n in range(1, 12)]
    assert world.place_store.load(versions) == 11
    assert world.place_store.load([*versions, p.gacha_station()]) == 1
    assert list(world.place_store.versions(f.BANNER)) == [*versions, p.gacha_station()]


@pytest.mark.requirement("E3")
def test_places_are_found_by_the_tiles_around_a_position(world: f.World) -> None:
    here, edge, far = (
        Position(43_933_000, 116_086_000),
        Position(44_100_000, 117_010_000),
        Position(40_800_000, 111_700_000),
    )
    world.place_store.load(
        [
            p.banner_centre(position=here),
            p.gacha_station(position=edge),
            p.league_centre(position=far),
            p.sum_centre(),
        ]
    )
    assert world.place_store.near(here) == {p.banner_centre().id, p.gacha_station().id}
    assert world.place_store.near(Position(39_000_000, 111_000_000)) == {p.league_centre().id}


def test_forty_places_are_published_by_one_transaction(world: f.World) -> None:
    places = tuple(p.terminal(number) for number in range(reviews.MOST))
    made = proposal(places=places)
    kept(world, made)
    kept(world, replace(made, version=2, state=ProposalState.APPROVED), 1, KEY, publish=True)
    assert list(world.place_store.versions(f.BANNER)) == list(places)


def test_what_no_row_can_hold_is_refused_and_nothing_is_kept(world: f.World) -> None:
    hours = tuple(replace(p.WEEKEND, items=tuple(f"1501050{n:05d}" for n in range(200))) for _ in range(5))
    made = proposal(places=tuple(p.terminal(n, hours=hours) for n in range(reviews.MOST)))
    with pytest.raises(Invalid) as refused:
        kept(world, made, key=KEY)
    assert refused.value.code == "place.proposal-too-large"
    assert world.place_store.proposal(made.id) is None
    assert world.cases.receipt(KEY.scope) is None


def test_what_is_stored_names_nobody_but_the_officers_of_a_review(world: f.World) -> None:
    from chalicelib.storage.codec import dumps

    told = json.loads(dumps(p.banner_centre()))
    assert set(told) == {
        "id", "version", "kind", "division", "name", "address", "phone", "since", "windows", "facilities", "hours",
        "closures", "position", "items", "closed", "demo",
    }  # fmt: skip
