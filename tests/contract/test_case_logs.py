"""The stored logs on every store: heads by day and shard, the nightly anchor, erasing, and who has read what."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest

from chalicelib.domain.deadlines import legal_day
from chalicelib.domain.erasure import Ground
from chalicelib.domain.errors import Conflict, Forbidden, NotFound, Refused, Unavailable
from chalicelib.domain.log_chain import Head
from chalicelib.domain.routing import Channel
from chalicelib.events import timers
from chalicelib.services import accesses, anchors, audit, cases, certificates, erasure
from chalicelib.services.ports import SHARDS
from tests import factories as f
from tests import journey

TODAY = legal_day(f.START)


def heads(world: f.World, day: date) -> list[Head]:
    return [head for shard in SHARDS for head in world.logs.heads(day, shard)]


# -- the chain and its heads ---------------------------------------------------------------------------------


@pytest.mark.requirement("G1")
def test_the_chain_of_a_whole_life_holds_and_both_rows_name_its_end(world: f.World) -> None:
    case_id = journey.granted(world)
    certificates.issue(world, case_id)
    log, case = world.logs.stored(case_id), journey.get(world, case_id)
    assert log.head == log.marked == Head(case_id, case.version, case.log_head)
    assert [event.number for event in log.events] == list(range(1, case.version + 1))
    assert all(world.logs.is_own(case_id, event) for event in log.events)
    verdict = audit.verify_case(world, case_id)
    assert (verdict.events, verdict.finding) == (case.version, None)


def test_a_case_is_listed_under_the_day_and_shard_of_its_last_change(world: f.World) -> None:
    first, second = journey.drafted(world), journey.drafted(world)
    assert {head.case_id for head in heads(world, TODAY)} == {first, second}
    world.clock.advance(days=1)
    cases.discard_draft(world, first, actor=f.HERDER)
    assert {head.case_id for head in heads(world, TODAY)} == {second}
    assert heads(world, TODAY + timedelta(days=1)) == [world.logs.stored(first).head]
    assert [h.case_id for h in world.logs.heads(TODAY, world.logs.shard(second))] == [second]


def test_a_day_ends_at_midnight_in_shanghai(world: f.World) -> None:
    world.clock.at = f.START.replace(hour=15, minute=59, second=59)
    before = journey.drafted(world)
    world.clock.advance(seconds=1)
    after = journey.drafted(world)
    assert [h.case_id for h in heads(world, TODAY)] == [before]
    assert [h.case_id for h in heads(world, TODAY + timedelta(days=1))] == [after]


# -- the anchor ----------------------------------------------------------------------------------------------


@pytest.mark.requirement("G1")
def test_each_night_anchors_the_day_before_and_names_the_night_before_it(world: f.World) -> None:
    case_id = journey.drafted(world)
    world.clock.advance(days=1)
    assert anchors.anchor_what_is_due(world) == {"days": 1, "cases": 1}
    world.clock.advance(days=1)
    assert anchors.anchor_what_is_due(world) == {"days": 1, "cases": 0}
    anchored = anchors.anchored_day(world, TODAY)
    assert anchored is not None
    assert (anchored.heads, anchored.flaws) == ([world.logs.stored(case_id).head], ())
    empty = anchors.anchored_day(world, TODAY + timedelta(days=1))
    assert empty is not None
    assert (empty.heads, empty.flaws) == ([], ())
    assert anchors.anchored_day(world, TODAY + timedelta(days=2)) is None


def test_a_night_makes_up_for_those_in_which_nothing_ran(world: f.World) -> None:
    journey.drafted(world)
    world.clock.advance(days=1)
    anchors.anchor_what_is_due(world)
    for _ in range(3):
        journey.drafted(world)
        world.clock.advance(days=1)
    assert anchors.anchor_what_is_due(world) == {"days": 3, "cases": 3}
    assert anchors.anchor_what_is_due(world) == {"days": 0, "cases": 0}


def test_a_night_that_broke_off_goes_on_with_what_it_had_written(world: f.World) -> None:
    """The case has gone on meanwhile; its shard stays as it was, and the manifest says so."""
    case_id = journey.drafted(world)
    old = world.logs.stored(case_id).head
    world.clock.advance(days=1)
    sign, world.seal.sign = world.seal.sign, _broken  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        anchors.anchor_what_is_due(world)
    world.seal.sign = sign  # type: ignore[method-assign]
    cases.submit(world, f.HERDER, case_id)
    assert anchors.anchor_what_is_due(world) == {"days": 1, "cases": 1}
    anchored = anchors.anchored_day(world, TODAY)
    assert anchored is not None
    assert (anchored.heads, anchored.flaws) == ([old], ())
    assert audit.verify_case(world, case_id).is_whole


def _broken(digest: bytes) -> bytes:
    raise Unavailable.because("seal.unavailable")


def edited(world: f.World, name: str, **changes: Any) -> None:
    world.anchors.kept[name] = json.dumps(json.loads(world.anchors.kept[name]) | changes).encode()


def test_an_anchor_that_was_tampered_with_shows_it(world: f.World) -> None:
    """What Object Lock is there to prevent; here the store lets it happen."""
    case_id = journey.drafted(world)
    for _ in range(2):
        world.clock.advance(days=1)
        anchors.anchor_what_is_due(world)
    tomorrow = TODAY + timedelta(days=1)
    manifest, shard = f"manifests/{TODAY}.json", f"heads/{TODAY}/{world.logs.shard(case_id):02d}.json"
    kept = dict(world.anchors.kept)

    def flaws(day: date) -> tuple[str, ...]:
        found = anchors.anchored_day(world, day)
        assert found is not None
        return found.flaws

    edited(world, manifest, made_at="")
    assert (flaws(TODAY), flaws(tomorrow)) == (("signature",), ("previous day",))
    edited(world, manifest, root="00" * 32)
    assert flaws(TODAY) == ("signature", "root")
    world.anchors.kept = dict(kept)
    world.anchors.kept[f"manifests/{tomorrow}.json"] = kept[manifest]
    assert flaws(tomorrow)[0] == "day"
    world.anchors.kept = dict(kept)
    edited(world, shard, heads=[[case_id, 1, "ab"]])
    assert flaws(TODAY) == (f"shard {world.logs.shard(case_id)}",)
    verdict = audit.verify_case(world, case_id)
    assert not verdict.is_whole
    assert verdict.flaws == (f"{TODAY}: shard {world.logs.shard(case_id)}",)
    del world.anchors.kept[shard]
    assert flaws(TODAY) == (f"shard {world.logs.shard(case_id)}",)


# -- erasing ---------------------------------------------------------------------------------------------------


@pytest.mark.requirement("I4")
def test_an_erased_person_is_gone_and_the_chain_still_holds(world: f.World) -> None:
    case_id = journey.submitted(world)
    cases.withdraw(world, f.HERDER, case_id, "不办了")
    document = journey.get(world, case_id).documents[0].number
    world.clock.advance(days=1)
    anchors.anchor_what_is_due(world)
    before = world.logs.stored(case_id)
    erasure.erase_person(world, case_id, Ground.REQUEST)
    assert world.cases.get(case_id) is None
    assert list(world.cases.log(case_id)) == []
    for side in (f.HERDER, f.AGENT):
        assert cases.mine(world, side, None, 10).items == []
        with pytest.raises(NotFound):
            cases.read(world, side, case_id)
    after = world.logs.stored(case_id)
    assert after.events[:-1] == before.events
    assert b"case.erased" in after.events[-1].payload
    assert world.logs.is_own(case_id, after.events[0]) is None
    world.clock.advance(days=1)
    anchors.anchor_what_is_due(world)
    for keys in (True, False):
        assert audit.verify_case(world, case_id, with_keys=keys).is_whole
    # That the act was written, and what it said, can still be verified from the paper in hand.
    assert world.cases.document(document) is not None
    with pytest.raises(NotFound):
        erasure.erase_person(world, case_id, Ground.REQUEST)


def test_erasing_tells_the_bus(world: f.World) -> None:
    case_id = journey.drafted(world)
    cases.discard_draft(world, case_id, actor=f.HERDER)
    erasure.erase_person(world, case_id, Ground.DISCARDED)
    later = world.clock.now() + timedelta(days=1)
    rows = [row for shard in SHARDS for row in world.cases.unsent(shard, later, 100)]
    assert ("case.erased",) in [tuple(kind for _, kind in row.types) for row in rows]


@pytest.mark.requirement("I4")
def test_nobody_is_erased_while_the_case_or_the_certificate_counts(world: f.World) -> None:
    case_id = journey.granted(world)
    with pytest.raises(Refused) as refusal:
        erasure.erase_person(world, case_id, Ground.REQUEST)
    assert refusal.value.code == "erasure.not-ended"
    certificates.issue(world, case_id)
    cases.confirm_receipt(world, f.HERDER, case_id)
    with pytest.raises(Refused) as refusal:
        erasure.erase_person(world, case_id, Ground.RETENTION)
    assert refusal.value.code == "erasure.certificate-valid"
    with pytest.raises(NotFound):
        erasure.erase_person(world, "01" + "9" * 24, Ground.REQUEST)


def test_erasing_gives_way_to_whoever_was_faster(world: f.World) -> None:
    case_id = journey.drafted(world)
    old = journey.get(world, case_id)
    cases.discard_draft(world, case_id, actor=f.HERDER)
    record = erasure.erasure.erase(old, Ground.REQUEST, f.HERDER, world.clock.now())
    with pytest.raises(Conflict):
        world.logs.erase(old, record)
    assert journey.get(world, case_id).state == "discarded"


@pytest.mark.requirement("I4")
def test_a_discarded_draft_loses_its_people_after_a_month(world: f.World) -> None:
    case_id = journey.drafted(world)
    cases.discard_draft(world, case_id, actor=f.HERDER)
    shard = world.logs.shard(case_id)
    world.clock.advance(days=30, seconds=-1)
    assert [timer for timer in world.cases.due(shard, world.clock.now(), 10) if timer.kind == erasure.TIMER] == []
    world.clock.advance(seconds=1)
    (timer,) = [timer for timer in world.cases.due(shard, world.clock.now(), 10) if timer.kind == erasure.TIMER]
    timers.HANDLERS[timer.kind](world, timer)
    assert world.cases.get(case_id) is None
    timers.HANDLERS[timer.kind](world, timer)  # twice is harmless


def test_the_timer_leaves_a_draft_alone_that_was_never_discarded(world: f.World) -> None:
    case_id = journey.drafted(world)
    erasure.erase_discarded(world, case_id)
    assert journey.get(world, case_id).state == "draft"


# -- who has read what -------------------------------------------------------------------------------------------


def read_by(world: f.World, case_id: str) -> list[tuple[str, str, str]]:
    return [(a.subject, a.body, a.what) for a in world.logs.accesses(case_id, None, 100).items]


@pytest.mark.requirement("I4")
def test_whoever_reads_anothers_data_is_recorded_and_the_applicant_is_not(world: f.World) -> None:
    case_id = journey.at(world, "review")
    receipt = journey.get(world, case_id).documents[0].number
    for reader in (f.HERDER, f.AGENT, f.REVIEWER, f.SUPERVISOR):
        cases.read(world, reader, case_id)
    cases.timeline(world, f.REVIEWER, case_id)
    cases.document(world, f.REVIEWER, case_id, receipt)
    assert sorted(read_by(world, case_id)) == sorted(
        [
            (f.AGENT.subject, "", "case"),
            (f.REVIEWER.subject, f.REVIEWER.body, "case"),
            (f.SUPERVISOR.subject, "", "case"),
            (f.REVIEWER.subject, f.REVIEWER.body, "timeline"),
            (f.REVIEWER.subject, f.REVIEWER.body, f"document {receipt}"),
        ]
    )


def test_whoever_may_not_read_leaves_no_trace_and_gets_nothing(world: f.World) -> None:
    case_id = journey.submitted(world)
    with pytest.raises(NotFound):
        cases.read(world, f.STRANGER, case_id)
    assert read_by(world, case_id) == []


@pytest.mark.requirement("I4")
def test_what_cannot_be_recorded_is_not_shown(world: f.World, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise Unavailable.because("store.unavailable")

    case_id = journey.at(world, "review")
    monkeypatch.setattr(world.logs, "note", away)
    for read in (cases.read, cases.timeline):
        with pytest.raises(Unavailable):
            read(world, f.REVIEWER, case_id)
    assert cases.read(world, f.HERDER, case_id).id == case_id


@pytest.mark.requirement("I4")
def test_the_applicant_and_supervisors_see_who_has_read_others_do_not(world: f.World) -> None:
    case_id = journey.at(world, "review")
    for _ in range(3):
        world.clock.advance(seconds=1)
        cases.read(world, f.REVIEWER, case_id)
    first = accesses.of_case(world, f.HERDER, case_id, None, 2)
    second = accesses.of_case(world, f.HERDER, case_id, first.next, 2)
    found = [*first.items, *second.items]
    assert [a.at for a in found] == sorted((a.at for a in found), reverse=True)
    assert (len(first.items), len(second.items), second.next) == (2, 1, None)
    seen = accesses.of_case(world, f.SUPERVISOR, case_id, None, 10).items
    assert [a.what for a in seen] == ["accesses", "case", "case", "case"]
    for reader in (f.REVIEWER, f.AGENT):
        with pytest.raises(Forbidden) as refusal:
            accesses.of_case(world, reader, case_id, None, 10)
        assert refusal.value.code == "access.not-yours"
    with pytest.raises(NotFound):
        accesses.of_case(world, f.STRANGER, case_id, None, 10)


def test_two_readings_in_one_moment_are_two(world: f.World) -> None:
    case_id = journey.drafted(world, f.AGENT, Channel.STATION, authority=journey.authorised(world))
    for _ in range(2):
        cases.read(world, f.AGENT, case_id)
    assert len(read_by(world, case_id)) == 2
