"""What every store of enquiries, mandates and held certificates promises."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain import case_commands as c
from chalicelib.domain import cases as rules
from chalicelib.domain import enquiries as enquiry_rules
from chalicelib.domain.catalog import CaseType
from chalicelib.domain.enquiries import Question
from chalicelib.domain.errors import Conflict, Refused
from chalicelib.domain.mandates import Mandate, MandateState
from chalicelib.services import cases, certificates, enquiries, presence
from chalicelib.services.ports import Receipt, RequestKey
from tests import factories as f
from tests import journey

KEY = RequestKey("scope", "content")


def mandate(number: int = 1, **changes: object) -> Mandate:
    made = Mandate(
        id=f"01{number:024d}",
        version=1,
        state=MandateState.GIVEN,
        body=f.LEAGUE_BUREAU.id,
        officer="chief",
        items=(f.BASIC,),
        max_amount=500,
        since=f.START,
        until=f.START + timedelta(days=1),
        given_by="head",
        given_at=f.START,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def kept(world: f.World, made: Mandate, expected: int = 0, key: RequestKey | None = None) -> None:
    receipt = Receipt("mandate", made.id, made.version, (), {"state": str(made.state)})
    world.mandates.commit(made, expected_version=expected, key=key, receipt=receipt)


def test_a_mandate_is_kept_listed_for_officer_and_body_and_changes_only_from_the_version_read(world: f.World) -> None:
    first, second = mandate(1), mandate(2, officer="other")
    kept(world, first, key=KEY)
    kept(world, second)
    assert world.mandates.get(first.id) == first
    assert world.mandates.of_officer("chief", None, 5).items == [first]
    page = world.mandates.of_body(f.LEAGUE_BUREAU.id, None, 1)
    assert page.items == [second]
    assert world.mandates.of_body(f.LEAGUE_BUREAU.id, page.next, 1).items == [first]
    revoked = replace(first, version=2, state=MandateState.REVOKED, revoked_at=f.START)
    kept(world, revoked, 1)
    assert world.mandates.of_officer("chief", None, 5).items == [revoked]
    with pytest.raises(Conflict):
        kept(world, revoked, 1)
    with pytest.raises(Conflict):
        kept(world, mandate(3), key=KEY)
    assert world.mandates.get(mandate(3).id) is None


def test_a_decision_under_a_mandate_that_changed_in_between_writes_nothing(world: f.World) -> None:
    world.catalog.publish(f.item(case_type=CaseType.INSTANT))
    made = mandate()
    kept(world, made)
    kept(world, replace(made, version=2, state=MandateState.REVOKED), 1)
    case_id = journey.drafted(world)
    case = journey.get(world, case_id)
    after, events = rules.handle(case, c.Discard("x"), f.HERDER, world.clock.now())
    with pytest.raises(Conflict):
        world.cases.commit(after, events, expected_version=case.version, mandate=made)
    assert journey.get(world, case_id).state == "draft"


@pytest.mark.requirement("B8")
def test_certificates_are_found_by_their_holder_newest_first(world: f.World) -> None:
    made = []
    for _ in range(2):
        case_id = journey.granted(world)
        certificates.issue(world, case_id)
        made.append(journey.get(world, case_id).certificate)
        world.clock.advance(minutes=1)
    first = world.certificates.of_holder(f.HERDER.subject, None, 1)
    rest = world.certificates.of_holder(f.HERDER.subject, first.next, 1)
    assert [found.identifier for page in (first, rest) for found in page.items] == made[::-1]
    assert rest.next is None
    assert world.certificates.of_holder(f.STRANGER.subject, None, 5).items == []


@pytest.mark.requirement("B7")
def test_an_enquiry_its_steps_and_its_lists_are_written_together(world: f.World) -> None:
    made = enquiries.ask(world, f.WINDOW, Question("需要什么材料? ᠮᠣᠩᠭᠣᠯ 𠮷", contact="13800000000"), key=KEY).id
    assert world.enquiries.offered_to(f.BANNER_BUREAU.id, None, 5).items == []
    enquiries.offer(world, f.WINDOW, made, officer="", body=f.BANNER_BUREAU.id, reason="职责")
    (offered,) = world.enquiries.offered_to(f.BANNER_BUREAU.id, None, 5).items
    assert (offered.id, offered.owner) == (made, f.WINDOW.subject)
    enquiries.offer(world, f.WINDOW, made, officer="one", body=f.BANNER_BUREAU.id, reason="职责")
    assert world.enquiries.offered_to(f.BANNER_BUREAU.id, None, 5).items == []
    assert [q.id for q in world.enquiries.offered_to("one", None, 5).items] == [made]
    one = replace(f.BANNER_REVIEWER, subject="one")
    enquiries.take(world, one, made)
    assert world.enquiries.offered_to("one", None, 5).items == []
    assert world.enquiries.owned_by(f.WINDOW.subject, None, 5).items == []
    assert [q.id for q in world.enquiries.owned_by("one", None, 5).items] == [made]
    assert [step.number for step in world.enquiries.history(made)] == [1, 2, 3, 4]
    found = world.enquiries.get(made)
    assert found is not None
    assert found.question == "需要什么材料? ᠮᠣᠩᠭᠣᠯ 𠮷"
    assert world.cases.receipt("scope") is not None


def test_two_who_change_an_enquiry_at_once_do_not_overwrite_each_other(world: f.World) -> None:
    made = enquiries.ask(world, f.WINDOW, Question("?")).id
    before = world.enquiries.get(made)
    assert before is not None
    enquiries.answer(world, f.WINDOW, made, text="一")
    late, step = enquiry_rules.answer(before, f.WINDOW, "二", world.clock.now())
    receipt = Receipt("enquiry", made, late.version, (step.number,), {})
    with pytest.raises(Conflict):
        world.enquiries.commit(late, step, expected_version=before.version, key=None, receipt=receipt)
    assert [s.text for s in world.enquiries.history(made)] == ["", "一"]


def test_a_presence_code_opens_one_case_in_every_store(world: f.World) -> None:
    code = f.presence_of(world)
    case_id = journey.drafted(world, f.WINDOW, f.Channel.WINDOW, presence=code)
    with pytest.raises(Refused, match=r"presence\.code-used"):
        journey.drafted(world, f.WINDOW, f.Channel.WINDOW, presence=code)
    mine = [case.id for case in world.cases.cases_of(f.HERDER.subject, None, 10).items]
    assert mine == [case_id]


def test_a_claimed_case_is_listed_for_its_person_in_every_store(world: f.World) -> None:
    case_id = journey.drafted(world, f.WINDOW, f.Channel.WINDOW, identity=f.SHOWN)
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
    receipt = journey.get(world, case_id).documents[0].number
    presence.claim(world, f.HERDER, receipt, f.RESIDENT)
    assert [c.id for c in world.cases.cases_of(f.HERDER.subject, None, 10).items] == [case_id]
    assert journey.get(world, case_id).applicant == f.item_party()
