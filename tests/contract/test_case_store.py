"""What every store of cases promises: one transaction for each change, and lists that go on where they stopped."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain import cases as rules
from chalicelib.domain.documents import entry
from chalicelib.domain.errors import Conflict, Invalid, Refused
from chalicelib.domain.sizes import MOST_APPLICATION, MOST_STORED
from chalicelib.services import cases, certificates, tasks
from chalicelib.services.ports import Receipt, RequestKey, TaskToken, Timer, body_queue, officer_queue
from chalicelib.storage.codec import dump_event, dumps
from chalicelib.storage.tables import SHARDS, shard_of
from tests import factories as f
from tests import journey

KEY = RequestKey("scope", "content")


def outbox(world: f.World) -> list[tuple[str, tuple[tuple[int, str], ...]]]:
    later = world.clock.now() + timedelta(days=1)
    rows = [row for shard in range(SHARDS) for row in world.cases.unsent(shard, later, 100)]
    return [(row.case_id, row.types) for row in sorted(rows, key=lambda row: row.types)]


def test_a_case_that_was_never_committed_is_absent(world: f.World) -> None:
    assert world.cases.get("0" * 26) is None


def test_state_events_outbox_receipt_and_timer_are_written_together(world: f.World) -> None:
    receipt = cases.open_draft(world, f.HERDER, cases.Opening(f.BASIC, f.GACHA, cases.Channel.WEB), KEY)
    assert journey.get(world, receipt.id).version == 1
    assert [record.event.type for record in world.cases.log(receipt.id)] == ["case.drafted"]
    assert outbox(world) == [(receipt.id, ((1, "case.drafted"),))]
    stored = world.cases.receipt("scope")
    assert stored is not None
    assert (stored.content, stored.receipt) == ("content", receipt)
    due = world.cases.due(shard_of(receipt.id), world.clock.now() + cases.DRAFT_LIFE, 10)
    assert [(timer.case_id, timer.kind) for timer in due] == [(receipt.id, "draft")]


def test_a_used_key_writes_nothing_at_all(world: f.World) -> None:
    first = cases.open_draft(world, f.HERDER, cases.Opening(f.BASIC, f.GACHA, cases.Channel.WEB), KEY)
    with pytest.raises(Conflict):
        cases.open_draft(world, f.HERDER, cases.Opening(f.BASIC, f.GACHA, cases.Channel.WEB), KEY)
    assert [case.id for case in cases.mine(world, f.HERDER, None, 10).items] == [first.id]
    assert len(outbox(world)) == 1


def test_a_change_of_an_old_version_writes_nothing_at_all(world: f.World) -> None:
    case_id = journey.drafted(world)
    old = journey.get(world, case_id)
    cases.discard_draft(world, case_id, actor=f.HERDER)
    after, events = rules.handle(old, rules.c.Discard("again"), f.HERDER, world.clock.now())
    receipt = Receipt("case", case_id, after.version, (3,), {})
    with pytest.raises(Conflict):
        world.cases.commit(after, events, expected_version=old.version, key=KEY, receipt=receipt)
    assert world.cases.receipt("scope") is None
    assert len(list(world.cases.log(case_id))) == 3


def test_a_change_under_an_authority_that_was_revoked_in_between_writes_nothing(world: f.World) -> None:
    authority_id = journey.authorised(world)
    authority = world.authorities.get(authority_id)
    assert authority is not None
    case_id = journey.drafted(world, f.AGENT, cases.Channel.STATION, authority=authority_id)
    case = journey.get(world, case_id)
    world.authorities.commit(
        replace(authority, version=authority.version + 1), expected_version=authority.version, key=None, receipt=None
    )
    after, events = rules.handle(case, rules.c.Discard("x"), f.AGENT, world.clock.now())
    with pytest.raises(Conflict):
        world.cases.commit(after, events, expected_version=case.version, authority=authority)
    assert journey.get(world, case_id).state == "draft"


def test_snapshot_and_log_of_a_whole_life_agree(world: f.World) -> None:
    case_id = journey.granted(world)
    certificates.issue(world, case_id)
    case = journey.get(world, case_id)
    log = tuple(world.cases.log(case_id))
    assert rules.fold(log) == replace(case, log_head="")
    assert [record.number for record in world.cases.log(case_id, 5)] == [r.number for r in log[5:]]
    found = world.certificates.get(case.certificate)
    assert found is not None
    assert found.holder_name == f.HERDER.name


def test_the_worklist_shows_a_task_to_its_body_then_to_its_holder_then_to_nobody(world: f.World) -> None:
    case_id = journey.submitted(world)
    free, held = body_queue(f.SUM_CENTRE.id, "receive"), officer_queue(f.WINDOW.subject)

    def seen(queue: str) -> list[str]:
        return [row.case_id for row in world.cases.worklist(queue, None, 10).items]

    assert (seen(free), seen(held)) == ([], [])
    journey.opened(world, case_id)
    assert (seen(free), seen(held)) == ([case_id], [])
    tasks.claim(world, f.WINDOW, case_id)
    assert (seen(free), seen(held)) == ([], [case_id])
    tasks.release(world, f.WINDOW, case_id, reason="轮休")
    assert (seen(free), seen(held)) == ([case_id], [])
    tasks.claim(world, f.WINDOW, case_id)
    tasks.transfer(world, f.WINDOW, case_id, officer="colleague", reason="轮休")
    assert (seen(free), seen(held), seen(officer_queue("colleague"))) == ([], [], [case_id])
    cases.withdraw(world, f.HERDER, case_id, "")
    assert (seen(free), seen(officer_queue("colleague"))) == ([], [])


def test_lists_go_on_where_the_page_before_stopped(world: f.World) -> None:
    made = [journey.drafted(world) for _ in range(5)]
    first = cases.mine(world, f.HERDER, None, 2)
    second = cases.mine(world, f.HERDER, first.next, 2)
    last = cases.mine(world, f.HERDER, second.next, 2)
    assert [case.id for page in (first, second, last) for case in page.items] == made[::-1]
    assert last.next is None
    assert cases.mine(world, f.STRANGER, None, 2).items == []


def test_both_the_applicant_and_the_filer_list_the_case(world: f.World) -> None:
    case_id = journey.submitted(world)
    for side in (f.HERDER, f.AGENT):
        assert [case.id for case in cases.mine(world, side, None, 10).items] == [case_id]


def test_numbers_count_up_for_each_item_and_day(world: f.World) -> None:
    assert [world.cases.next_number("a", "20260302") for _ in range(3)] == [1, 2, 3]
    assert world.cases.next_number("a", "20260303") == 1
    assert world.cases.next_number("b", "20260302") == 1


def test_a_token_is_kept_with_its_task_renewed_and_forgotten(world: f.World) -> None:
    case_id = journey.submitted(world)
    journey.opened(world, case_id)
    assert world.cases.tokens(case_id) == {1: TaskToken("token-1", 1)}
    world.cases.renew_token(journey.get(world, case_id), 1, "token-new")
    assert world.cases.tokens(case_id) == {1: TaskToken("token-new", 1)}
    stale = journey.get(world, case_id)
    tasks.claim(world, f.WINDOW, case_id)
    with pytest.raises(Conflict):
        world.cases.renew_token(stale, 1, "token-late")
    world.cases.forget_token(case_id, 1)
    world.cases.forget_token(case_id, 1)
    assert world.cases.tokens(case_id) == {}


@pytest.mark.requirement("F4")
def test_a_token_knows_the_attempt_that_waits_for_it(world: f.World) -> None:
    case_id = journey.submitted(world)
    journey.opened(world, case_id)
    tasks.record_workflow_death(world, case_id, 1)
    tasks.restart_workflow(world, case_id, reason="test")
    assert world.cases.tokens(case_id) == {1: TaskToken("token-1", 1)}
    tasks.open_task(world, case_id, 2, "token-2")
    assert world.cases.tokens(case_id) == {1: TaskToken("token-2", 2)}


def test_the_outbox_gives_the_oldest_rows_first_and_forgets_what_was_sent(world: f.World) -> None:
    case_id = journey.drafted(world)
    shard = shard_of(case_id)
    assert world.cases.unsent(shard, world.clock.now(), 10) == []
    rows = world.cases.unsent(shard, world.clock.now() + timedelta(seconds=1), 10)
    assert [row.types[0][1] for row in rows] == ["case.drafted", "case.saved"]
    world.cases.sent(rows[0].key)
    world.cases.sent(rows[0].key)
    assert [row.key for row in world.cases.unsent(shard, world.clock.now() + timedelta(seconds=1), 10)] == [rows[1].key]


def test_a_timer_is_due_at_its_moment_moves_and_is_cleared_only_as_it_was_read(world: f.World) -> None:
    at = world.clock.now() + timedelta(hours=1)
    timer = Timer("01" + "0" * 24, "watch", at)
    shard = shard_of(timer.case_id)
    world.cases.set_timer(timer)
    assert world.cases.due(shard, at - timedelta(microseconds=1), 10) == []
    assert world.cases.due(shard, at, 10) == [timer]
    moved = replace(timer, due_at=at + timedelta(hours=1))
    world.cases.set_timer(moved)
    world.cases.clear_timer(timer)
    assert world.cases.due(shard, moved.due_at, 10) == [moved]
    world.cases.clear_timer(moved)
    assert world.cases.due(shard, moved.due_at, 10) == []


def test_a_document_is_found_by_its_number(world: f.World) -> None:
    case_id = journey.submitted(world)
    document = journey.get(world, case_id).documents[0]
    assert world.cases.document(document.number) == (case_id, entry(document))
    assert world.cases.document("unknown") is None


def test_an_authority_changes_only_from_the_version_that_was_read(world: f.World) -> None:
    authority = world.authorities.get(journey.authorised(world))
    assert authority is not None
    with pytest.raises(Conflict):
        world.authorities.commit(authority, expected_version=1, key=None, receipt=None)
    assert [a.id for a in world.authorities.of(f.AGENT.subject, None, 5).items] == [authority.id]


def test_names_in_every_script_come_back_as_they_went_in(world: f.World) -> None:
    case_id = journey.drafted(world)
    assert journey.get(world, case_id).applicant.name == "其其格𠮷ᠮᠣᠩᠭᠣᠯ"


def test_opening_a_task_twice_opens_one(world: f.World) -> None:
    case_id = journey.submitted(world)
    tasks.open_task(world, case_id, 1, "a")
    tasks.open_task(world, case_id, 1, "b")
    assert journey.get(world, case_id).tasks == 1
    assert world.cases.tokens(case_id) == {1: TaskToken("b", 1)}
    with pytest.raises(tasks.Superseded):
        tasks.open_task(world, case_id, 2, "c")
    cases.withdraw(world, f.HERDER, case_id, "")
    with pytest.raises(tasks.CaseEnded):
        tasks.open_task(world, case_id, 1, "d")
    with pytest.raises(Refused):
        cases.withdraw(world, f.HERDER, case_id, "")


# -- size ----------------------------------------------------------------------------------------------------


def _saved(world: f.World, case_id: str, form: object) -> None:
    version = journey.get(world, case_id).version
    cases.save(world, f.HERDER, case_id, form=form, materials=[], delivery="window", expected=version)  # type: ignore[arg-type]


def _stored_size(world: f.World, case_id: str) -> int:
    """Bytes of the larger of the last event and the snapshot, as they are stored before sealing."""
    texts = (dump_event(list(world.cases.log(case_id))[-1]), dumps(journey.get(world, case_id)))
    return max(len(text.encode()) for text in texts)


@pytest.mark.requirement("B9")
@pytest.mark.parametrize("letter", ["a", "字", "\U00020bb7"], ids=["1 byte", "3 bytes", "4 bytes"])
def test_an_application_is_stored_up_to_its_limit_and_refused_with_both_figures_above_it(
    world: f.World, letter: str
) -> None:
    case_id = journey.drafted(world)
    _saved(world, case_id, {"subject": ""})
    room = MOST_APPLICATION - _stored_size(world, case_id)
    width = len(letter.encode())
    full = letter * (room // width) + "a" * (room % width)
    _saved(world, case_id, {"subject": full})
    assert _stored_size(world, case_id) == MOST_APPLICATION
    before = journey.get(world, case_id)
    with pytest.raises(Invalid) as refusal:
        _saved(world, case_id, {"subject": full + "a"})
    (violation,) = refusal.value.violations
    assert (violation.code, violation.pointer) == ("case.too-large", "/form")
    assert violation.params == {"size": MOST_APPLICATION + 1, "limit": MOST_APPLICATION}
    assert journey.get(world, case_id) == before
    cases.discard_draft(world, case_id, actor=f.HERDER)


@pytest.mark.requirement("B9")
def test_short_numbers_count_as_what_they_become_in_the_store(world: f.World) -> None:
    case_id = journey.drafted(world)
    numbers = [float("1e15")] * 50_000  # 250 kB in a request, 950 kB in the store
    with pytest.raises(Invalid, match=r"case\.too-large"):
        _saved(world, case_id, {"subject": numbers})


def test_a_full_application_leaves_room_for_what_is_added_on_its_way(world: f.World) -> None:
    case_id = journey.drafted(world)
    _saved(world, case_id, {"subject": ""})
    version = journey.get(world, case_id).version
    room = MOST_APPLICATION - _stored_size(world, case_id) - 200
    form = {"subject": "a" * room}
    cases.save(
        world,
        f.HERDER,
        case_id,
        form=form,
        materials=[journey.APPLICATION],
        delivery="window",
        expected=version,
    )
    cases.submit(world, f.HERDER, case_id)
    cases.withdraw(world, f.HERDER, case_id, "a" * (MOST_STORED - MOST_APPLICATION))
    with pytest.raises(Refused):
        cases.withdraw(world, f.HERDER, case_id, "again")


def test_nothing_that_the_store_would_refuse_is_sent_to_it(world: f.World) -> None:
    case_id = journey.submitted(world)
    with pytest.raises(Invalid, match=r"case\.too-large"):
        cases.withdraw(world, f.HERDER, case_id, "a" * MOST_STORED)
    assert journey.get(world, case_id).state == "received"
