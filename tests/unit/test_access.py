"""Who sees a case and who may do what to it, against a table written by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain import access
from chalicelib.domain import case_commands as c
from chalicelib.domain.actors import SYSTEM, Actor, ActorKind, Role
from chalicelib.domain.errors import DomainError, Forbidden, NotFound
from chalicelib.services import tasks
from tests import factories as f
from tests import journey

PEOPLE: dict[str, Actor] = {
    "applicant": f.HERDER,
    "agent": f.AGENT,
    "another agent": replace(f.AGENT, subject="agent-2"),
    "stranger": f.STRANGER,
    "stranger with the applicant's name": replace(f.STRANGER, name=f.HERDER.name),
    "officer whose turn it is": f.REVIEWER,
    "same body, other role": f.DECIDER,
    "same role, other body": f.BANNER_REVIEWER,
    "colleague": f.COLLEAGUE,
    "supervisor of the league": f.SUPERVISOR,
    "supervisor of the sum that only received it": replace(f.SUPERVISOR, division=f.SUM),
    "head of the body": replace(f.DECIDER, subject="head", roles=frozenset({Role.HEAD})),
    "head of another body": replace(f.BANNER_REVIEWER, subject="head", roles=frozenset({Role.HEAD})),
    "supervisor of another league": replace(f.SUPERVISOR, division="150100000000"),
    "supervisor without an area": replace(f.SUPERVISOR, division=""),
    "officer calling himself applicant": Actor(f.HERDER.subject, ActorKind.OFFICER, roles=frozenset(Role)),
    "system": SYSTEM,
}
ACTS = {
    "withdraw": c.Withdraw,
    "opinion": c.GiveOpinion,
    "claim": c.Claim,
    "confirm": c.ConfirmReceipt,
    "release": c.Release,
    "restart": c.RestartWorkflow,
    "issue": c.Issue,
}
# Per person: what may be done to a case that stands at the league's review and is claimed. "-" sees nothing at all.
EXPECTED: dict[str, str] = {
    "applicant": "withdraw confirm",
    "agent": "withdraw",
    "another agent": "-",
    "stranger": "-",
    "stranger with the applicant's name": "-",
    "officer whose turn it is": "opinion claim release",
    "same body, other role": "-",
    "same role, other body": "-",
    "colleague": "-",
    "supervisor of the league": "release restart",
    "supervisor of the sum that only received it": "restart",
    "head of the body": "release",
    "head of another body": "-",
    "supervisor of another league": "-",
    "supervisor without an area": "-",
    "officer calling himself applicant": "-",
    "system": "restart issue",
}


@pytest.mark.parametrize("person", list(PEOPLE))
@pytest.mark.parametrize("act", list(ACTS))
def test_each_act_is_open_to_exactly_those_of_the_table(person: str, act: str) -> None:
    world = f.World()
    case = journey.get(world, journey.at(world, "review"))
    authority = world.authorities.get(case.authority)
    outcome: type[DomainError] | None = None
    try:
        access.authorise(case, PEOPLE[person], ACTS[act], authority, f.START)
    except DomainError as refusal:
        outcome = type(refusal)
    if EXPECTED[person] == "-":
        assert outcome is NotFound
    else:
        assert outcome is (None if act in EXPECTED[person].split() else Forbidden)


def test_an_absent_case_and_a_foreign_one_are_refused_alike() -> None:
    world = f.World()
    case = journey.get(world, journey.drafted(world))
    refusals = []
    for seen in (None, case):
        with pytest.raises(NotFound) as refusal:
            access.require_sight(seen, f.STRANGER)
        refusals.append(refusal.value.violations)
    assert refusals[0] == refusals[1]


@pytest.mark.requirement("F1")
def test_an_officer_sees_a_case_only_while_it_is_their_turn() -> None:
    world = f.World()
    case_id = journey.at(world, "preliminary_review")
    assert access.may_see(journey.get(world, case_id), f.BANNER_REVIEWER)
    journey.agree(world, f.BANNER_REVIEWER, case_id)
    assert not access.may_see(journey.get(world, case_id), f.BANNER_REVIEWER)
    journey.opened(world, case_id)
    assert access.may_see(journey.get(world, case_id), f.REVIEWER)


@pytest.mark.parametrize(
    "change",
    [{"division": f.BANNER}, {"roles": frozenset({Role.REVIEW})}, {"kind": ActorKind.AGENT, "subject": "other"}],
)
def test_a_window_officer_sees_what_they_filed_only_while_they_work_at_that_window(change: dict[str, object]) -> None:
    world = f.World()
    case = journey.get(world, journey.drafted(world, f.WINDOW, f.Channel.WINDOW, presence=f.presence_of(world)))
    assert access.may_see(case, f.WINDOW)
    assert not access.may_see(case, replace(f.WINDOW, **change))  # type: ignore[arg-type]


@pytest.mark.requirement("F4")
def test_a_task_handed_to_somebody_who_never_comes_is_put_back_by_the_head_of_the_body() -> None:
    world = f.World()
    case_id = journey.at(world, "review")
    tasks.transfer(world, f.REVIEWER, case_id, officer="nobody-is-called-so", reason="休假")
    head = replace(f.REVIEWER, subject="head", roles=frozenset({Role.HEAD}))
    tasks.release(world, head, case_id, reason="无人办理")
    tasks.claim(world, f.COLLEAGUE, case_id)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"until": f.START}, "authority.not-in-force"),
        ({"state": "revoked"}, "authority.not-in-force"),
        ({"principal_subject": "another"}, "authority.not-in-force"),
        ({"agent": "another"}, "authority.not-in-force"),
        ({"items": ("150105009000",)}, "authority.item-not-covered"),
    ],
)
def test_an_agent_without_fitting_authority_does_nothing_more(changes: dict[str, object], code: str) -> None:
    world = f.World()
    case = journey.get(world, journey.submitted(world))
    authority = world.authorities.get(case.authority)
    assert authority is not None
    with pytest.raises(Forbidden) as refusal:
        access.authorise(case, f.AGENT, c.Withdraw, replace(authority, **changes), f.START)  # type: ignore[arg-type]
    assert refusal.value.code == code
