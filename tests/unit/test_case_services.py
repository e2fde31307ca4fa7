"""The use cases of applicants and officers: same rules on every channel, every refusal with its code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.domain.actors import Actor, ActorKind, Role
from chalicelib.domain.case_events import SubmittedMaterial
from chalicelib.domain.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, Refused, Stale
from chalicelib.domain.routing import Channel
from chalicelib.services import authorities, cases, certificates, tasks
from chalicelib.services.cases import Opening
from tests import factories as f
from tests import journey


@pytest.fixture
def world() -> f.World:
    return f.World()


def file_online(world: f.World) -> tuple[str, Actor]:
    return journey.drafted(world), f.HERDER


def file_at_a_station(world: f.World) -> tuple[str, Actor]:
    return journey.drafted(world, f.AGENT, Channel.STATION, authority=journey.authorised(world)), f.AGENT


def file_at_a_window(world: f.World) -> tuple[str, Actor]:
    return journey.drafted(world, f.WINDOW, Channel.WINDOW, presence=f.presence_of(world)), f.WINDOW


def file_at_a_bank(world: f.World) -> tuple[str, Actor]:
    return journey.drafted(world, f.WINDOW, Channel.BANK, presence=f.presence_of(world)), f.WINDOW


def file_at_a_terminal(world: f.World) -> tuple[str, Actor]:
    return journey.drafted(world, f.HERDER, Channel.TERMINAL), f.HERDER


Filing = Callable[[f.World], tuple[str, Actor]]
FILINGS = [file_online, file_at_a_station, file_at_a_window, file_at_a_bank, file_at_a_terminal]


@pytest.mark.requirement("B1")
@pytest.mark.parametrize("filing", FILINGS)
def test_every_channel_leads_to_the_same_applicant_bodies_and_documents(world: f.World, filing: Filing) -> None:
    case_id, filer = filing(world)
    cases.submit(world, filer, case_id)
    case = journey.get(world, case_id)
    assert case.applicant == f.item_party()
    deciding = [(node.role, node.body) for node in case.route.nodes if node.role != "receive"]
    assert deciding == [
        ("accept", f.LEAGUE_BUREAU.id),
        ("preliminary_review", f.BANNER_BUREAU.id),
        ("review", f.LEAGUE_BUREAU.id),
        ("decide", f.LEAGUE_BUREAU.id),
    ]
    assert (case.state, len(case.documents), len(case.receipt_number)) == ("received", 1, 24)
    assert case.id in [mine.id for mine in cases.mine(world, f.HERDER, None, 50).items]


@pytest.mark.requirement("B1")
@pytest.mark.parametrize("filing", FILINGS)
def test_every_channel_gets_the_same_refusal_for_the_same_defects(world: f.World, filing: Filing) -> None:
    case_id, filer = filing(world)
    version = journey.get(world, case_id).version
    surplus = [SubmittedMaterial("m9", "paper", "其他")]
    cases.save(world, filer, case_id, form={}, materials=surplus, delivery="electronic", expected=version)
    with pytest.raises(Invalid) as refusal:
        cases.submit(world, filer, case_id)
    assert [(v.code, v.pointer) for v in refusal.value.violations] == [
        ("schema.required", "/form/subject"),
        ("material.missing", "/materials"),
        ("material.surplus", "/materials/0/code"),
    ]
    assert journey.get(world, case_id).state == "draft"


@pytest.mark.parametrize(
    ("actor", "opening", "error", "code"),
    [
        (f.HERDER, {"item": "150105009999"}, Invalid, "item.not-offered"),
        (f.HERDER, {"division": "150100000000"}, Invalid, "item.not-offered"),
        (f.HERDER, {"division": "152526999999"}, Invalid, "division.unknown"),
        (f.HERDER, {"channel": Channel.WINDOW}, Invalid, "case.channel-not-yours"),
        (f.WINDOW, {"channel": Channel.WEB}, Invalid, "case.channel-not-yours"),
        (f.WINDOW, {"channel": Channel.WINDOW}, Invalid, "case.applicant-missing"),
        (f.REVIEWER, {"channel": Channel.WINDOW}, Forbidden, "case.act-not-yours"),
        (f.SUPERVISOR, {}, Forbidden, "case.act-not-yours"),
        (f.AGENT, {"channel": Channel.STATION}, Forbidden, "authority.not-in-force"),
        (f.AGENT, {"channel": Channel.STATION, "authority": "0" * 26}, Forbidden, "authority.not-in-force"),
    ],
)
def test_a_draft_that_may_not_be_opened_is_refused_by_code(
    world: f.World, actor: Actor, opening: dict[str, object], error: type[DomainError], code: str
) -> None:
    asked = Opening(f.BASIC, f.GACHA, Channel.WEB)
    with pytest.raises(error) as refusal:
        cases.open_draft(world, actor, replace(asked, **opening))  # type: ignore[arg-type]
    assert refusal.value.code == code
    assert world.store.cases == {}


def test_an_item_for_organisations_is_not_opened_to_a_person() -> None:
    world = f.World(f.item(applicant_kinds=("2", "4")))
    with pytest.raises(Invalid) as refusal:
        journey.drafted(world)
    assert refusal.value.code == "item.not-for-this-applicant"
    journey.drafted(world, Actor("coop", ActorKind.ORGANISATION, "牧民专业合作社"))


def test_a_draft_follows_the_catalogue_and_a_case_keeps_its_version(world: f.World) -> None:
    early, late = journey.submitted(world), journey.drafted(world)
    world.catalog.publish(f.item(version=2))
    with pytest.raises(Refused) as refusal:
        cases.submit(world, f.HERDER, late)
    assert refusal.value.code == "item.version-not-in-force"
    case = journey.get(world, late)
    cases.save(
        world,
        f.HERDER,
        late,
        form=case.form,
        materials=case.materials,
        delivery="electronic",
        expected=case.version,
    )
    cases.submit(world, f.HERDER, late)
    assert (journey.get(world, late).item.version, journey.get(world, early).item.version) == (2, 1)


def test_saving_over_a_version_that_others_have_changed_is_refused(world: f.World) -> None:
    case_id = journey.drafted(world)
    with pytest.raises(Stale) as refusal:
        cases.save(world, f.HERDER, case_id, form={}, materials=[], delivery="electronic", expected=1)
    assert refusal.value.violations[0].params == {"current": 2}


def test_a_command_that_meets_a_change_is_judged_again_on_the_new_state(world: f.World) -> None:
    case_id = journey.submitted(world)
    commit, tries = world.cases.commit, []

    def overtaken(*args: object, **kwargs: object) -> None:
        tries.append(1)
        if len(tries) == 1:
            world.cases.commit = commit  # type: ignore[method-assign]
            journey.opened(world, case_id)
        commit(*args, **kwargs)  # type: ignore[arg-type]

    world.cases.commit = overtaken  # type: ignore[method-assign]
    cases.withdraw(world, f.HERDER, case_id, "不办了")
    case = journey.get(world, case_id)
    assert (case.state, case.task) == ("withdrawn", None)
    assert world.store.tasks == {}


def test_a_case_that_others_never_stop_changing_ends_in_a_conflict(world: f.World) -> None:
    case_id = journey.submitted(world)

    def always_late(*args: object, **kwargs: object) -> None:
        raise Conflict.because("store.conflict")

    world.cases.commit = always_late  # type: ignore[method-assign]
    with pytest.raises(Conflict):
        cases.withdraw(world, f.HERDER, case_id, "")


def test_the_official_number_is_item_code_legal_day_and_running_number(world: f.World) -> None:
    world.clock.advance(hours=15)  # 2026-03-03 00:00 in Beijing, still the 2nd in UTC
    first, second = journey.at(world, "accept"), journey.at(world, "accept")
    for case_id in (first, second):
        tasks.accept(world, f.ACCEPTOR, case_id)
    numbers = [journey.get(world, case_id).case_number for case_id in (first, second)]
    assert numbers == [f"{f.item().code}202603030001", f"{f.item().code}202603030002"]


def test_a_refused_acceptance_spends_no_number(world: f.World) -> None:
    case_id = journey.submitted(world)
    tasks_before = dict(world.store.counters)
    journey.opened(world, case_id)
    tasks.claim(world, f.WINDOW, case_id)
    with pytest.raises((Refused, Forbidden, NotFound)):
        tasks.accept(world, f.WINDOW, case_id)
    assert world.store.counters == tasks_before


def test_non_acceptance_names_the_competent_body_and_ends_the_case(world: f.World) -> None:
    case_id = journey.at(world, "accept")
    tasks.refuse_acceptance(
        world, f.ACCEPTOR, case_id, ground="not_competent", reason="不属于本机关", competent_body="教育局"
    )
    case = journey.get(world, case_id)
    assert (case.state, case.pending_node) == ("not_accepted", None)
    _, content = cases.document(world, f.HERDER, case_id, case.documents[-1].number)
    assert content.texts["competent_body"] == "教育局"


@pytest.mark.requirement("F4")
def test_a_task_transferred_to_nobody_can_be_freed_by_the_supervisor(world: f.World) -> None:
    case_id = journey.at(world, "review")
    tasks.transfer(world, f.REVIEWER, case_id, officer="left-the-service", reason="调离")
    with pytest.raises(NotFound):
        tasks.claim(world, f.COLLEAGUE, case_id)
    tasks.release(world, f.SUPERVISOR, case_id, reason="无人承办")
    tasks.claim(world, f.COLLEAGUE, case_id)
    journey.agree(world, f.COLLEAGUE, case_id)


def test_a_result_to_be_fetched_waits_at_the_window_where_the_case_came_in(world: f.World) -> None:
    case_id = journey.drafted(world, f.WINDOW, Channel.WINDOW, presence=f.presence_of(world))
    case = journey.get(world, case_id)
    cases.save(
        world,
        f.WINDOW,
        case_id,
        form=case.form,
        materials=case.materials,
        delivery="window",
        expected=case.version,
    )
    cases.submit(world, f.WINDOW, case_id)
    for _, officer, act in journey.STATIONS:
        journey.opened(world, case_id)
        tasks.claim(world, officer, case_id)
        act(world, officer, case_id)
    certificates.issue(world, case_id)
    queue = tasks.worklist(world, f.WINDOW, "deliver", None, 10)
    assert [row.case_id for row in queue.items] == [case_id]
    tasks.claim(world, f.WINDOW, case_id)
    tasks.hand_over(world, f.WINDOW, case_id, method="window", proof={"recipient": "其其格", "relation": "self"})
    assert journey.get(world, case_id).state == "closed"


def test_queues_are_those_of_the_officers_body_and_roles(world: f.World) -> None:
    assert set(tasks.queues(f.WINDOW)) == {"mine", "receive", "deliver"}
    assert set(tasks.queues(replace(f.REVIEWER, roles=frozenset(Role)))) == {"mine", *rules_of_tasks()}
    for nobody in (f.HERDER, f.SUPERVISOR, replace(f.WINDOW, body="")):
        with pytest.raises(Forbidden):
            tasks.worklist(world, nobody, "mine", None, 10)
    with pytest.raises(Forbidden):
        tasks.worklist(world, f.WINDOW, "decide", None, 10)


def rules_of_tasks() -> set[str]:
    return {"receive", "accept", "preliminary_review", "review", "decide", "deliver", "check", "revoke"}


def test_an_abandoned_draft_is_discarded_with_what_was_filled_in(world: f.World) -> None:
    case_id = journey.drafted(world)
    cases.discard_draft(world, case_id)
    case = journey.get(world, case_id)
    assert (case.state, case.form, case.materials) == ("discarded", {}, ())
    assert [kind for _, kind in world.store.timers] == ["erase"], "later its key goes too"


def test_strangers_find_nothing_to_read(world: f.World) -> None:
    case_id = journey.submitted(world)
    number = journey.get(world, case_id).documents[0].number
    for read in (cases.read, cases.timeline):
        with pytest.raises(NotFound):
            read(world, f.STRANGER, case_id)
    with pytest.raises(NotFound):
        cases.document(world, f.STRANGER, case_id, number)
    with pytest.raises(NotFound):
        cases.document(world, f.HERDER, case_id, "unknown")


@pytest.mark.requirement("E7")
def test_an_agent_whose_authority_is_over_sees_no_more_of_what_they_filed(world: f.World) -> None:
    case_id = journey.submitted(world)
    assert cases.read(world, f.AGENT, case_id).agent == f.AGENT.subject
    authorities.revoke(world, f.HERDER, journey.get(world, case_id).authority)
    for reading in (cases.read, cases.timeline):
        with pytest.raises(NotFound):
            reading(world, f.AGENT, case_id)
    assert cases.read(world, f.HERDER, case_id).agent == f.AGENT.subject


def test_an_agent_sees_a_case_until_the_authority_expires(world: f.World) -> None:
    case_id = journey.submitted(world)
    world.clock.advance(days=365)
    with pytest.raises(NotFound):
        cases.read(world, f.AGENT, case_id)


def test_a_window_officer_keeps_sight_of_what_they_file_even_under_their_own_account(world: f.World) -> None:
    own = Actor(f.WINDOW.subject, ActorKind.PERSON, "本人")
    case_id = journey.drafted(world, f.WINDOW, Channel.WINDOW, presence=f.presence_of(world, own))
    assert cases.read(world, f.WINDOW, case_id).agent == f.WINDOW.subject


def test_a_name_that_deceives_its_reader_is_not_taken_down_at_a_window(world: f.World) -> None:
    with pytest.raises(Invalid) as refusal:
        journey.drafted(world, f.WINDOW, Channel.WINDOW, identity=replace(f.SHOWN, name="\u202e名"))
    assert [(v.code, v.pointer) for v in refusal.value.violations] == [("text.direction-control", "/identity/name")]


def test_saving_a_draft_begins_its_life_anew(world: f.World) -> None:
    case_id = journey.drafted(world)
    world.clock.advance(days=89)
    version = journey.get(world, case_id).version
    cases.save(world, f.HERDER, case_id, form={}, materials=[], delivery="electronic", expected=version)
    assert world.store.timers[case_id, "draft"].due_at == world.clock.now() + cases.DRAFT_LIFE


@pytest.mark.requirement("B5", "F1")
def test_an_acceptance_by_an_entrusted_body_is_written_in_the_name_of_the_competent_organ() -> None:
    world = f.World(f.item(steps=f.ENTRUSTED_STEPS))
    case_id = journey.drafted(world)
    cases.submit(world, f.HERDER, case_id)
    journey.opened(world, case_id)
    acceptor = replace(f.ACCEPTOR, body=f.BANNER_BUREAU.id, division=f.BANNER)
    tasks.claim(world, acceptor, case_id)
    tasks.accept(world, acceptor, case_id)
    assert journey.get(world, case_id).documents[-1].body.startswith(f.LEAGUE_BUREAU.name)
