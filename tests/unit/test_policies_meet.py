"""Where the two policies meet each other, the window, renewals, what is held, and erasure (C2, C3, D1 to D5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from chalicelib.api import supplements as shown
from chalicelib.api import views
from chalicelib.domain.actors import Actor, ActorKind
from chalicelib.domain.case_events import DeferredMaterial, SubmittedMaterial
from chalicelib.domain.catalog import Deferral, LateOutcome, Limit, LimitUnit, Material, Necessity
from chalicelib.domain.commitment_checks import Final, Result
from chalicelib.domain.credit import Effect, Scope, Terms
from chalicelib.domain.deadlines import legal_day
from chalicelib.domain.erasure import Ground
from chalicelib.domain.errors import DomainError, Invalid, Refused
from chalicelib.domain.renewals import CaseKind
from chalicelib.domain.sizes import MOST_APPLICATION
from chalicelib.domain.supplements import Verdict
from chalicelib.services import cases, certificates, commitments, credit, erasure, lapses, supplements, tasks
from tests import factories as f
from tests import journey, promises
from tests.unit.test_supplements import (
    BOTH,
    END_OF_WEDNESDAY,
    OTHER,
    PAPER,
    accepted,
    at_decision,
    codes,
    drafted,
    incomplete,
    late,
    moved_to,
)

COMPANY = Actor("company", ActorKind.ORGANISATION, "示例公司")
LATER = (DeferredMaterial("d1", date(2026, 3, 4)),)


def saved(world: f.World, actor: Actor, case_id: str, *deferred: DeferredMaterial, **changes: Any) -> str:
    """The draft with the main materials and this wish."""
    main = [journey.APPLICATION, SubmittedMaterial("m3", "paper", "场所证明")]
    content = {"form": {"subject": "高中教师"}, "materials": main, "delivery": "electronic", **changes}
    version = journey.get(world, case_id).version
    cases.save(world, actor, case_id, **content, expected=version, deferred=deferred)
    return case_id


# -- a promise and late materials ---------------------------------------------------------------------------


def both_ways() -> f.World:
    """An item that allows a promise, and one material that may be late."""
    item = promises.item()
    proof = Material("d1", "住所使用证明", "Proof of premises", Necessity.DEFERRABLE, deferral=late())
    return f.World(replace(item, materials=(*item.materials, proof), promised_limit=working_days(10)))


@pytest.mark.requirement("C2", "D1")
def test_who_defers_materials_cannot_promise_as_well() -> None:
    world = both_ways()
    case_id = saved(world, f.HERDER, journey.drafted(world), *LATER)
    with pytest.raises(Refused) as refused:
        commitments.serve(world, f.HERDER, case_id)
    assert codes(refused.value) == [("commitment.materials-deferred", "/deferred")]
    ways = commitments.ways(world, f.HERDER, case_id)
    assert [v.code for v in ways.obstacles] == ["commitment.materials-deferred"]
    saved(world, f.HERDER, case_id)
    assert commitments.ways(world, f.HERDER, case_id).obstacles == ()
    commitments.serve(world, f.HERDER, case_id)
    saved(world, f.HERDER, case_id, *LATER)
    with pytest.raises(Refused) as unsigned:
        promises.sign(world, case_id)
    assert codes(unsigned.value) == [("commitment.materials-deferred", "/deferred")]


@pytest.mark.requirement("C3", "D1")
def test_who_has_promised_cannot_defer_until_the_promise_is_taken_back() -> None:
    world = both_ways()
    case_id = promises.signed(world)
    saved(world, f.HERDER, case_id, *LATER)
    with pytest.raises(Refused) as undecided:
        commitments.decide(world, f.HERDER, case_id)
    assert ("commitment.materials-deferred", "/deferred") in codes(undecided.value)
    with pytest.raises(Refused) as unsubmitted:
        cases.submit(world, f.HERDER, case_id)
    assert codes(unsubmitted.value) == [("commitment.withdraw-first", "")]
    commitments.withdraw(world, f.HERDER, case_id, reason="改为容缺受理")
    assert cases.submit(world, f.HERDER, case_id).result["state"] == "received"
    assert journey.get(world, case_id).deferred == LATER


# -- who has no account ---------------------------------------------------------------------------------------


@pytest.mark.requirement("B1", "D5")
def test_who_has_no_account_hands_everything_in_at_once() -> None:
    """A credit file is an account's: otherwise every bar on it could be passed at the window."""
    world = both_ways()
    case_id = journey.drafted(world, f.WINDOW, f.Channel.WINDOW, identity=f.SHOWN)
    saved(world, f.WINDOW, case_id, *LATER, delivery="window")
    with pytest.raises(Invalid) as refused:
        cases.submit(world, f.WINDOW, case_id)
    assert codes(refused.value) == [("supplement.account-needed", "/deferred")]


@pytest.mark.requirement("B1", "D1")
def test_who_shows_a_presence_code_at_the_window_may_hand_in_later() -> None:
    world = both_ways()
    case_id = journey.drafted(world, f.WINDOW, f.Channel.WINDOW, presence=f.presence_of(world, f.HERDER))
    saved(world, f.WINDOW, case_id, *LATER)
    assert cases.submit(world, f.WINDOW, case_id).result["state"] == "received"
    supplements.supply(world, f.WINDOW, case_id, [PAPER])
    assert "d1" in {m.code for m in journey.get(world, case_id).materials}


@pytest.mark.requirement("B1", "C2")
def test_no_officer_promises_for_who_has_no_account() -> None:
    world = both_ways()
    case_id = journey.drafted(world, f.WINDOW, f.Channel.WINDOW, identity=f.SHOWN)
    commitments.serve(world, f.WINDOW, case_id)
    with pytest.raises(Refused) as refused:
        promises.sign(world, case_id, f.WINDOW)
    assert codes(refused.value) == [("commitment.signature-of-another", "")]


# -- organisations --------------------------------------------------------------------------------------------


@pytest.mark.requirement("C4", "D5")
@pytest.mark.parametrize("effect", [Effect.INCOMPLETE_ACCEPTANCE, Effect.COMMITMENT])
def test_a_bar_of_an_organisation_bars_the_organisation_and_not_its_people(effect: Effect) -> None:
    world = both_ways()
    terms = Terms("未履行承诺", "GNCN", "2", (effect,), Scope(f.LEAGUE), f.START, repair_way="补正")
    credit.enter(world, f.CREDIT_OFFICE, COMPANY.subject, terms)

    def refusal(actor: Actor) -> str:
        case_id = journey.drafted(world, actor)
        try:
            if effect is Effect.COMMITMENT:
                commitments.serve(world, actor, case_id)
            else:
                cases.submit(world, actor, saved(world, actor, case_id, *LATER))
        except DomainError as refused:
            return refused.code
        return ""

    assert (refusal(COMPANY), refusal(f.HERDER)) == ("credit.barred", "")
    assert [record.subject for record in credit.listed(world, COMPANY)] == [COMPANY.subject]


# -- renewals -------------------------------------------------------------------------------------------------


def certified(world: f.World) -> str:
    """Granted and issued with everything there; the identifier of the herder's certificate."""
    case_id = accepted(world, given=(PAPER, OTHER))
    journey.agree(world, f.BANNER_REVIEWER, case_id)
    moved_to(world, case_id, f.REVIEWER)
    journey.agree(world, f.REVIEWER, case_id)
    moved_to(world, case_id, f.DECIDER)
    journey.grant(world, f.DECIDER, case_id)
    certificates.issue(world, case_id)
    return journey.get(world, case_id).certificate


def working_days(value: int) -> Limit:
    return Limit(value, LimitUnit.WORKDAY, demo=True)


@pytest.mark.requirement("D4")
@pytest.mark.parametrize(("day", "state"), [(0, "granted"), (-1, "withdrawn")], ids=["the same moment", "a day before"])
def test_of_a_renewal_and_a_late_material_what_is_due_first_happens(day: int, state: str) -> None:
    """And due in the same moment, what the law grants (行政许可法 50) is not taken by the item's own consequence."""
    terms = Deferral(working_days(60), LateOutcome.DEEMED_WITHDRAWN, working_days(1), None)
    world = f.World(incomplete(terms, terms, result_validity="5年", promised_limit=working_days(90)))
    held = certified(world)
    found = world.certificates.get(held)
    assert found is not None
    assert found.valid_until is not None
    world.clock.at = found.valid_until - timedelta(days=60)
    promised = DeferredMaterial("d1", legal_day(found.valid_until - timedelta(seconds=1)) + timedelta(days=day))
    case_id = journey.drafted(world, kind=CaseKind.RENEWAL, certificate=held)
    saved(world, f.HERDER, case_id, promised, materials=[journey.APPLICATION, OTHER])
    cases.submit(world, f.HERDER, case_id)
    moved_to(world, case_id, f.ACCEPTOR)
    tasks.accept(world, f.ACCEPTOR, case_id)
    world.clock.at = found.valid_until
    assert cases.read(world, f.HERDER, case_id).state == state
    lapses.on_timer(world, case_id)
    assert journey.get(world, case_id).state == state


# -- what is held ---------------------------------------------------------------------------------------------


def with_mapping() -> f.World:
    """A certificate of the item itself stands for the first material that may be late."""
    item = incomplete()
    first, second, third = item.materials
    return f.World(replace(item, materials=(first, replace(second, held_by=(item.result_name,)), third)))


NAMED = [SubmittedMaterial("d1", "held", "住所使用证明"), SubmittedMaterial("d2", "held", "培训证明")]


@pytest.mark.requirement("B8", "D1")
def test_what_the_platform_has_come_to_hold_meanwhile_is_only_named() -> None:
    world = with_mapping()
    case_id = accepted(world, *BOTH)
    held = certified(world)
    with pytest.raises(Invalid) as refused:
        supplements.supply(world, f.HERDER, case_id, NAMED)
    assert codes(refused.value) == [("supplement.not-held", "/materials/1/form")]
    supplements.supply(world, f.HERDER, case_id, NAMED[:1])
    supplied = next(m for m in journey.get(world, case_id).materials if m.code == "d1")
    assert (supplied.form, supplied.certificate) == ("held", held)
    assert supplements.check(world, f.BANNER_REVIEWER, case_id, [Verdict("d1")]).result["state"] == "in_review"


@pytest.mark.requirement("B8", "D1")
def test_what_is_held_when_the_application_comes_in_is_not_deferred() -> None:
    world = with_mapping()
    certified(world)
    case_id = drafted(world, *BOTH)
    with pytest.raises(Invalid) as refused:
        cases.submit(world, f.AGENT, case_id)
    assert codes(refused.value) == [("supplement.given-already", "/deferred/0/code")]


# -- sizes ----------------------------------------------------------------------------------------------------


@pytest.mark.requirement("D3")
def test_an_application_as_large_as_it_may_be_still_takes_its_supplements() -> None:
    world = f.World(incomplete())
    case_id = drafted(world, *BOTH)
    content = {
        "form": {"subject": "高中教师", "note": "x" * (MOST_APPLICATION - 8_000)},
        "materials": [journey.APPLICATION],
    }
    version = journey.get(world, case_id).version
    cases.save(world, f.AGENT, case_id, **content, delivery="electronic", expected=version, deferred=BOTH)  # type: ignore[arg-type]
    cases.submit(world, f.AGENT, case_id)
    longest = [replace(m, name="𠮷" * 200, digest="0" * 64) for m in (PAPER, OTHER)]
    assert supplements.supply(world, f.HERDER, case_id, longest).result["state"] == "received"


# -- who only oversees ----------------------------------------------------------------------------------------


@pytest.mark.requirement("I4")
def test_who_only_oversees_a_case_sees_that_a_supplement_is_defective_and_not_the_words() -> None:
    world = f.World(incomplete())
    case_id = accepted(world, *BOTH)
    supplements.supply(world, f.HERDER, case_id, [PAPER])
    supplements.check(world, f.BANNER_REVIEWER, case_id, [Verdict("d1", ("与身份证上的住址不一致",))])
    seen: dict[str, tuple[object, ...]] = {}
    for who in (f.HERDER, f.BANNER_REVIEWER, f.SUPERVISOR):
        case, log = cases.timeline(world, who, case_id)
        first = shown.shown(case, lapses.law_of(world, case), who)["supplements"][0]
        number = next(d.number for d in case.documents if d.kind == "supplement_notice")
        _, content = cases.document(world, who, case_id, number)
        told = views.document(case, content, "", who)["texts"]
        facts = next(
            event["facts"]
            for event in views.timeline(case, log, who)["events"]
            if event["type"]["code"] == "case.supplements_checked"
        )
        seen[who.subject] = (first["state"]["code"], first["defects"], "defects" in told, "defects" in facts)
        assert "correction" in told
        assert "correction" in facts
    words = ("defective", ["与身份证上的住址不一致"], True, True)
    assert seen[f.HERDER.subject] == seen[f.BANNER_REVIEWER.subject] == words
    assert seen[f.SUPERVISOR.subject] == ("defective", [], False, False)


@pytest.mark.requirement("D3")
def test_a_decision_that_was_given_back_with_its_task_is_not_shown_as_waiting() -> None:
    world = f.World(incomplete())
    case_id = at_decision(world, *BOTH)
    supplements.hold_decision(world, f.DECIDER, case_id, opinion="符合条件")

    def waits() -> bool:
        case = journey.get(world, case_id)
        return shown.shown(case, lapses.law_of(world, case), f.HERDER)["decision_held_at"] is not None

    assert waits()
    tasks.release(world, f.DECIDER, case_id, reason="出差")
    assert not waits()


# -- erasure --------------------------------------------------------------------------------------------------


@pytest.mark.requirement("I4")
def test_a_case_that_ended_by_a_consequence_or_a_revocation_can_be_erased() -> None:
    late_one = f.World(incomplete(late(LateOutcome.ACCEPTANCE_REVOKED)))
    ended = accepted(late_one, *BOTH)
    late_one.clock.at = END_OF_WEDNESDAY
    lapses.on_timer(late_one, ended)
    false_one = promises.world()
    revoked = promises.finished(false_one, Final.REVOKED)
    for world, case_id, state in ((late_one, ended, "acceptance_revoked"), (false_one, revoked, "revoked")):
        assert journey.get(world, case_id).state == state
        erasure.erase_person(world, case_id, Ground.RETENTION)
        assert world.cases.get(case_id) is None


@pytest.mark.requirement("I4", "C5")
def test_nobody_is_erased_while_their_promise_is_checked() -> None:
    world = promises.world()
    case_id = promises.decided(world)
    cases.confirm_receipt(world, f.HERDER, case_id)

    def obstacles() -> list[str]:
        with pytest.raises(Refused) as refused:
            erasure.erase_person(world, case_id, Ground.REQUEST)
        return [v.code for v in refused.value.violations]

    assert journey.get(world, case_id).state == "closed"
    assert obstacles() == ["erasure.not-ended", "erasure.certificate-valid"]
    promises.checked(world, Result.FULFILLED, case_id)
    assert obstacles() == ["erasure.certificate-valid"]
