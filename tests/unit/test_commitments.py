"""告知承诺 before and at the decision: the notice, the signature, the decision at once (C1, C2, C3)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.case_events import SubmittedMaterial
from chalicelib.domain.catalog import Fee
from chalicelib.domain.commitments import CommitmentDecided, CommitmentSigned, application_digest
from chalicelib.domain.credit import Effect, Scope, Terms
from chalicelib.domain.eligibility import ExcludedArea
from chalicelib.domain.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, Refused
from chalicelib.domain.routing import Channel
from chalicelib.services import authorities, cases, certificates, commitments, credit, workflow
from tests import factories as f
from tests import journey
from tests import promises as p


def refused(act: Callable[[], object], kind: type[DomainError] = Refused) -> list[str]:
    with pytest.raises(kind) as refusal:
        act()
    return [v.code for v in refusal.value.violations]


@pytest.mark.requirement("C3")
def test_a_signed_promise_is_decided_at_once_without_what_it_replaces_and_no_execution_is_started() -> None:
    world = p.world()
    case_id = p.signed(world)
    receipt = commitments.decide(world, f.HERDER, case_id)
    case = journey.get(world, case_id)
    assert receipt.result["state"] == "issued"
    assert receipt.result["certificate"] == case.certificate
    assert case.received_at == case.accepted_at == case.decided_at == world.clock.now()
    assert [d.kind for d in case.documents] == ["receipt", "acceptance", "grant"]
    assert certificates.verify(world, case.certificate).certificate.case_number == case.case_number
    (event,) = [r.event for r in world.cases.log(case_id) if isinstance(r.event, CommitmentDecided)]
    assert (event.rule, event.text_digest, event.replaced) == (f"commitment/{f.BASIC}/1", p.TEXT.digest, ("m3",))
    workflow.start(world, case_id)
    assert world.workflows.started == []
    assert world.checks.started == [(case_id, 1)]
    _, said = cases.document(world, f.HERDER, case_id, case.documents[2].number)
    assert said.digest() == case.documents[2].digest
    assert event.rule in said.texts["opinion"]


@pytest.mark.requirement("C2")
def test_the_ordinary_way_stays_open_beside_the_promise_and_asks_for_everything() -> None:
    world = p.world()
    case_id = journey.drafted(world)
    ways = commitments.ways(world, f.HERDER, case_id)
    assert ways.obstacles == ()
    assert [m.code for m in ways.asked] == ["m1", "m2", "m3"]
    assert [m.code for m in ways.asked_with_promise] == ["m1", "m2"]
    assert refused(lambda: cases.submit(world, f.HERDER, case_id), Invalid) == ["material.missing"]


@pytest.mark.requirement("C3")
def test_a_promise_that_is_taken_back_leads_back_to_the_ordinary_way() -> None:
    world = p.world()
    case_id = p.signed(world)
    assert refused(lambda: cases.submit(world, f.HERDER, case_id)) == ["commitment.withdraw-first"]
    commitments.withdraw(world, f.HERDER, case_id, reason="改为提交材料")
    assert refused(lambda: commitments.decide(world, f.HERDER, case_id)) == ["commitment.signature-missing"]
    case = journey.get(world, case_id)
    proof = SubmittedMaterial("m3", "paper", "场所证明")
    cases.save(
        world,
        f.HERDER,
        case_id,
        form=case.form,
        materials=[*case.materials, proof],
        delivery="electronic",
        expected=case.version,
    )
    assert cases.submit(world, f.HERDER, case_id).result["state"] == "received"
    assert refused(lambda: commitments.serve(world, f.HERDER, case_id)) == ["case.wrong-state"]


@pytest.mark.requirement("C3")
def test_after_the_decision_there_is_no_taking_back_and_no_second_decision() -> None:
    world = p.world()
    case_id = p.decided(world)
    assert refused(lambda: commitments.withdraw(world, f.HERDER, case_id, reason="反悔")) == ["case.wrong-state"]
    assert refused(lambda: commitments.decide(world, f.HERDER, case_id)) == ["case.wrong-state"]
    assert refused(lambda: p.sign(world, case_id)) == ["case.wrong-state"]


@pytest.mark.requirement("C2")
def test_the_signature_binds_person_text_application_time_and_channel() -> None:
    world = p.world()
    case_id = p.signed(world)
    case = journey.get(world, case_id)
    (event,) = [r.event for r in world.cases.log(case_id) if isinstance(r.event, CommitmentSigned)]
    said = json.loads(event.evidence.statement)
    assert said["text"]["digest"] == p.TEXT.digest
    assert [clause["zh"] for clause in said["text"]["clauses"]] == [c.zh for c in p.TEXT.clauses]
    assert said["applicant"]["name"] == said["signer"]["name"] == f.HERDER.name
    assert said["signed_at"] == world.clock.now().isoformat()
    assert said["channel"] == "web"
    assert said["application"] == application_digest(case)
    assert event.evidence.digest == hashlib.sha256(event.evidence.statement.encode()).hexdigest()


@pytest.mark.requirement("C2")
def test_an_application_that_was_changed_after_it_was_signed_is_signed_anew() -> None:
    world = p.world()
    case_id = p.signed(world)
    case = journey.get(world, case_id)
    cases.save(
        world,
        f.HERDER,
        case_id,
        form={"subject": "另一学科"},
        materials=case.materials,
        delivery="electronic",
        expected=case.version,
    )
    assert refused(lambda: commitments.decide(world, f.HERDER, case_id)) == ["commitment.application-changed"]


@pytest.mark.requirement("C2")
@pytest.mark.parametrize(
    ("version", "digest", "confirmed", "code"),
    [
        (2, p.TEXT.digest, True, "commitment.text-outdated"),
        (1, "0" * 64, True, "commitment.text-outdated"),
        (1, p.TEXT.digest, False, "commitment.signature-missing"),
    ],
)
def test_only_the_text_that_was_served_is_signed_and_only_explicitly(
    version: int, digest: str, confirmed: bool, code: str
) -> None:
    world = p.world()
    case_id = journey.drafted(world)
    commitments.serve(world, f.HERDER, case_id)
    found = refused(
        lambda: commitments.sign(
            world, f.HERDER, case_id, text_version=version, text_digest=digest, confirmed=confirmed
        )
    )
    assert found == [code]


@pytest.mark.requirement("C2")
def test_nothing_is_signed_before_the_notice_and_nothing_twice() -> None:
    world = p.world()
    case_id = journey.drafted(world)
    found = refused(lambda: p.sign(world, case_id))
    assert found == ["commitment.notice-not-served", "commitment.text-outdated"]
    commitments.serve(world, f.HERDER, case_id)
    p.sign(world, case_id)
    assert refused(lambda: p.sign(world, case_id)) == ["commitment.signed-already"]


@pytest.mark.requirement("C2")
def test_a_text_that_was_renewed_since_is_not_decided_on() -> None:
    world = p.world()
    case_id = p.signed(world)
    newer = replace(p.TERMS, text=replace(p.TEXT, version=2))
    world.catalog.publish(p.item(version=2, commitment=newer))
    assert "item.version-not-in-force" in refused(lambda: commitments.decide(world, f.HERDER, case_id))
    case = journey.get(world, case_id)
    cases.save(
        world,
        f.HERDER,
        case_id,
        form=case.form,
        materials=case.materials,
        delivery="electronic",
        expected=case.version,
    )
    assert refused(lambda: commitments.decide(world, f.HERDER, case_id)) == ["commitment.text-outdated"]


@pytest.mark.requirement("C2")
def test_nobody_promises_for_the_applicant_but_an_agent_whose_authority_covers_it() -> None:
    world = p.world()
    plain = journey.drafted(world, f.AGENT, Channel.STATION, authority=journey.authorised(world))
    assert refused(lambda: commitments.serve(world, f.AGENT, plain), Forbidden) == ["authority.commitment-not-covered"]
    until = world.clock.now() + timedelta(days=30)
    proposed = authorities.propose(
        world, f.AGENT, principal=f.HERDER.subject, items=(f.BASIC,), until=until, commitments=True
    )
    authorities.confirm(world, f.HERDER, proposed.id)
    covered = p.signed(world, f.AGENT, channel=Channel.STATION, authority=proposed.id)
    said = json.loads(commitments.evidence(world, f.HERDER, covered)[0].statement)
    assert (said["signer"]["subject"], said["signer"]["authority"]) == (f.AGENT.subject, proposed.id)
    assert commitments.decide(world, f.AGENT, covered).result["state"] == "issued"


@pytest.mark.requirement("C2")
def test_a_window_officer_serves_the_notice_and_never_signs() -> None:
    world = p.world()
    case_id = journey.drafted(world, f.WINDOW, Channel.WINDOW, presence=f.presence_of(world))
    commitments.serve(world, f.WINDOW, case_id)
    assert refused(lambda: p.sign(world, case_id, f.WINDOW)) == ["commitment.signature-of-another"]
    p.sign(world, case_id)
    assert commitments.decide(world, f.WINDOW, case_id).result["state"] == "issued"


@pytest.mark.requirement("C2")
def test_a_stranger_sees_nothing_of_a_promise() -> None:
    world = p.world()
    case_id = p.signed(world)
    for act in (commitments.ways, commitments.serve, commitments.decide, commitments.evidence):
        assert refused(lambda act=act: act(world, f.STRANGER, case_id), NotFound) == ["case.not-found"]  # type: ignore[misc]


BAR = Terms("作出不实承诺", "GNCN", "2", (Effect.COMMITMENT,), Scope(f.LEAGUE), f.START, repair_way="整改")


@pytest.mark.requirement("C1")
@pytest.mark.requirement("C4")
@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("by_law", [True, False])
@pytest.mark.parametrize("area", [None, *ExcludedArea])
@pytest.mark.parametrize("barred", ["never", "bars", "repaired", "other"])
def test_who_may_promise_in_which_item(listed: bool, by_law: bool, area: ExcludedArea | None, barred: str) -> None:
    terms = replace(p.TERMS, basis=p.LAW if by_law else None)
    world = p.world(commitment=terms if listed else None, excluded_areas=(area,) if area else ())
    if barred != "never":
        effects = (Effect.INCOMPLETE_ACCEPTANCE,) if barred == "other" else BAR.effects
        made = credit.enter(world, f.CREDIT_OFFICE, f.HERDER.subject, replace(BAR, effects=effects))
        if barred == "repaired":
            credit.repair(world, f.CREDIT_OFFICE, made.id, "已整改")
    expected = [] if listed else ["eligibility.not-listed"]
    expected += ["eligibility.excluded-area"] if area and not (listed and by_law) else []
    expected += ["credit.barred"] if barred == "bars" else []
    case_id = journey.drafted(world)
    assert [v.code for v in commitments.ways(world, f.HERDER, case_id).obstacles] == expected
    if expected:
        assert refused(lambda: commitments.serve(world, f.HERDER, case_id)) == expected
    else:
        commitments.serve(world, f.HERDER, case_id)


@pytest.mark.requirement("C4")
def test_a_bar_that_comes_between_signature_and_decision_stops_the_decision() -> None:
    world = p.world()
    case_id = p.signed(world)
    made = credit.enter(world, f.CREDIT_OFFICE, f.HERDER.subject, BAR)
    assert refused(lambda: commitments.decide(world, f.HERDER, case_id)) == ["credit.barred"]
    credit.repair(world, f.CREDIT_OFFICE, made.id, "已整改")
    assert commitments.decide(world, f.HERDER, case_id).result["state"] == "issued"


@pytest.mark.requirement("C4")
def test_a_bar_that_is_entered_in_the_very_moment_of_the_decision_is_not_missed() -> None:
    world = p.world()
    case_id = p.signed(world)
    first, files = world.credit.file, []

    def read_late(subject: str) -> object:
        found = first(subject)
        if not files:
            files.append(found)
            credit.enter(world, f.CREDIT_OFFICE, f.HERDER.subject, BAR)
        return found

    world.credit.file = read_late  # type: ignore[method-assign,assignment]
    assert refused(lambda: commitments.decide(world, f.HERDER, case_id)) == ["credit.barred"]


@pytest.mark.requirement("C3")
def test_what_is_still_asked_for_must_be_there() -> None:
    world = p.world()
    case_id = journey.drafted(world)
    case = journey.get(world, case_id)
    cases.save(world, f.HERDER, case_id, form={}, materials=[], delivery="electronic", expected=case.version)
    commitments.serve(world, f.HERDER, case_id)
    p.sign(world, case_id)
    assert sorted(refused(lambda: commitments.decide(world, f.HERDER, case_id), Invalid)) == [
        "material.missing",
        "schema.required",
    ]
    assert world.store.counters == {}


@pytest.mark.requirement("C3")
def test_with_a_fee_the_decision_is_made_at_once_and_the_certificate_follows_the_payment() -> None:
    world = p.world(fees=(Fee("F1", "工本费", 500),))
    case_id = p.decided(world)
    case = journey.get(world, case_id)
    assert (case.state, case.certificate) == ("granted", "")


@pytest.mark.requirement("C3")
def test_a_result_for_a_window_is_handed_over_where_it_came_in_while_the_check_is_open_beside_it() -> None:
    world = p.world()
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
    commitments.serve(world, f.HERDER, case_id)
    p.sign(world, case_id)
    commitments.decide(world, f.HERDER, case_id)
    p.task_opened(world, case_id, p.CHECKER)
    after = journey.get(world, case_id)
    assert after.task is not None
    assert after.check_task is not None
    assert (after.task.role, after.check_task.role, after.check_task.assignee) == ("deliver", "check", "checker")
    queues = {row.role for row in world.store.tasks.values()}
    assert queues == {"deliver", "check"}


def test_a_repeated_decision_gets_its_first_answer_and_changes_nothing() -> None:
    world = p.world()
    case_id = p.signed(world)
    key = commitments.RequestKey("scope", "content")
    commitments.decide(world, f.HERDER, case_id, key=key)
    version = journey.get(world, case_id).version
    with pytest.raises((Conflict, Refused)):
        commitments.decide(world, f.HERDER, case_id, key=key)
    assert journey.get(world, case_id).version == version
