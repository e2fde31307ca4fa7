"""Proof of presence at a window: codes, identity checks, and the claim of who had no account at hand."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain import cases as case_rules
from chalicelib.domain import presence as rules
from chalicelib.domain.actors import Actor, ActorKind
from chalicelib.domain.case_events import Party
from chalicelib.domain.catalog import CaseType
from chalicelib.domain.errors import Forbidden, Invalid, NotFound, Refused
from chalicelib.domain.renewals import CaseKind
from chalicelib.domain.routing import Channel
from chalicelib.services import cases, certificates, materials, messages, notices, presence, tasks
from tests import factories as f
from tests import journey
from tests.unit.test_window import OWN_STEPS

COMPANY = Actor("company", ActorKind.ORGANISATION, "东乌珠穆沁旗某牧业合作社")
PERSON = replace(f.HERDER, subject="herder-with-a-new-phone")


def provisional(world: f.World, shown: rules.Shown = f.SHOWN) -> str:
    """Filed at the window for who showed an identity card; handed in."""
    case_id = journey.drafted(world, f.WINDOW, Channel.WINDOW, identity=shown)
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
    return case_id


def receipt(world: f.World, case_id: str) -> str:
    return journey.get(world, case_id).documents[0].number


def claimed(world: f.World, case_id: str, actor: Actor = PERSON) -> None:
    presence.claim(world, actor, receipt(world, case_id), f.RESIDENT)


# -- codes -------------------------------------------------------------------------------------------------


@pytest.mark.requirement("B1", "I4")
@pytest.mark.parametrize("who", [f.HERDER, COMPANY], ids=["person", "organisation"])
def test_a_code_binds_the_case_to_the_account_that_showed_it(who: Actor) -> None:
    world = f.World()
    case_id = journey.drafted(world, f.WINDOW, Channel.WINDOW, presence=f.presence_of(world, who))
    case = journey.get(world, case_id)
    assert (case.applicant.subject, case.applicant.kind, case.applicant.name) == (who.subject, who.kind, who.name)
    assert case_id in [row.id for row in cases.mine(world, who, None, 10).items]


@pytest.mark.parametrize(("seconds", "holds"), [(-1, True), (0, False), (1, False)])
def test_a_code_lasts_five_minutes(seconds: int, holds: bool) -> None:
    world = f.World()
    code = f.presence_of(world)
    world.clock.at += rules.LASTS + timedelta(seconds=seconds)
    if holds:
        journey.drafted(world, f.WINDOW, Channel.WINDOW, presence=code)
    else:
        with pytest.raises(Invalid, match=r"presence\.code-expired"):
            journey.drafted(world, f.WINDOW, Channel.WINDOW, presence=code)


def test_a_code_is_used_once_whoever_uses_it_again() -> None:
    world = f.World()
    code = f.presence_of(world)
    journey.drafted(world, f.WINDOW, Channel.WINDOW, presence=code)
    before = dict(world.store.cases)
    with pytest.raises(Refused, match=r"presence\.code-used"):
        journey.drafted(world, replace(f.WINDOW, subject="another"), Channel.WINDOW, presence=code)
    assert world.store.cases == before


def test_a_code_outlives_one_rotation_of_the_secret_and_not_two() -> None:
    world = f.World()
    code = f.presence_of(world)
    world.presence_secrets = (b"new", world.presence_secrets[0])
    journey.drafted(world, f.WINDOW, Channel.WINDOW, presence=code)
    world.presence_secrets = (b"newer", b"new")
    with pytest.raises(Invalid, match=r"presence\.code-invalid"):
        rules.read(code, world.presence_secrets, world.clock.now())


def _armoured(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def test_nothing_but_the_very_code_holds() -> None:
    world = f.World()
    code = f.presence_of(world)
    text, signature = code.split(".")
    said = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    other = [*said[:1], "stranger", *said[2:]]
    later = [*said[:4], said[4] + 3600]
    forged = [
        f"{_armoured(json.dumps(other).encode())}.{signature}",
        f"{_armoured(json.dumps(later).encode())}.{signature}",
        f"{text}.{signature[:-1]}",
        f"{text}.{signature[:-1]}{'A' if signature[-1] != 'A' else 'B'}",
        f"{text}=.{signature}",
        f"{text}.{signature}=",
        f".{signature}",
        text,
        f"{text}.",
        "",
        f"{text}.ſ",
        rules.signed(rules.of(f.HERDER, "id", world.clock.now()), b"another secret"),
    ]
    for wrong in forged:
        with pytest.raises(Invalid, match=r"presence\.code-invalid"):
            rules.read(wrong, world.presence_secrets, world.clock.now())


@pytest.mark.parametrize("who", [f.AGENT, f.WINDOW, f.SUPERVISOR])
def test_only_applicants_show_codes(who: Actor) -> None:
    with pytest.raises(Forbidden, match=r"presence\.applicants-only"):
        presence.code(f.World(), who)


@pytest.mark.parametrize("proofs", [{}, {"presence": "both", "identity": f.SHOWN}])
def test_a_window_brings_exactly_one_proof(proofs: dict[str, object]) -> None:
    with pytest.raises(Invalid, match=r"case\.applicant-missing"):
        journey.drafted(f.World(), f.WINDOW, Channel.WINDOW, **proofs)


# -- without account -----------------------------------------------------------------------------------------


@pytest.mark.requirement("B1")
def test_whoever_shows_an_identity_card_is_served_to_the_end_without_phone_and_account() -> None:
    world = f.World(f.item(steps=OWN_STEPS, case_type=CaseType.PROMISED))
    case_id = provisional(world)
    journey.opened(world, case_id)
    tasks.claim(world, f.WINDOW, case_id)
    tasks.forward(world, f.WINDOW, case_id)
    journey.opened(world, case_id)
    tasks.claim(world, f.ACCEPTOR, case_id)
    tasks.accept(world, f.ACCEPTOR, case_id)
    journey.opened(world, case_id)
    tasks.claim(world, f.DECIDER, case_id)
    journey.grant(world, f.DECIDER, case_id)
    certificates.issue(world, case_id)
    tasks.claim(world, f.WINDOW, case_id)
    proof = {"recipient": f.HERDER.name, "relation": "self"}
    tasks.hand_over(world, f.WINDOW, case_id, method="window", proof=proof)
    assert journey.get(world, case_id).state == "closed"


@pytest.mark.requirement("I4")
def test_an_officers_word_brings_nothing_that_an_account_holds() -> None:
    world = f.World()
    own = journey.submitted(world)
    assert journey.get(world, own).applicant.subject == f.HERDER.subject
    case_id = journey.drafted(world, f.WINDOW, Channel.WINDOW, identity=f.SHOWN)
    found = materials.held_data(world, f.WINDOW, case_id)
    assert (found.materials, set(found.sources.values()) <= {"account"}) == ((), True)
    assert case_id not in [row.id for row in cases.mine(world, f.HERDER, None, 10).items]
    with pytest.raises(NotFound):
        cases.read(world, f.HERDER, case_id)


def test_of_the_number_only_its_ends_and_a_digest_are_kept() -> None:
    world = f.World()
    case_id = provisional(world)
    check = journey.get(world, case_id).identity
    assert check is not None
    assert check.number == "152************012"
    assert f.RESIDENT not in world.store.cases[case_id][0]
    assert all(f.RESIDENT.encode() not in payload for payload in world.store.events[case_id])


def test_a_party_without_account_is_told_when_the_result_is_handed_over_and_not_by_an_inbox_nobody_reads() -> None:
    world = f.World()
    case_id = provisional(world)
    number = next(r.number for r in world.cases.log(case_id) if r.event.type == "case.submitted")
    message = messages.tell(world, case_id, number)
    assert message is not None
    assert message.told_at is None


def test_an_electronic_result_needs_an_account() -> None:
    world = f.World()
    case_id = journey.drafted(world, f.WINDOW, Channel.WINDOW, identity=f.SHOWN)
    with pytest.raises(Invalid, match=r"presence\.no-account-to-deliver-to"):
        cases.submit(world, f.WINDOW, case_id)


def test_every_officer_of_the_window_serves_who_has_no_account_and_no_other_window_does() -> None:
    world = f.World()
    case_id = provisional(world)
    colleague = replace(f.WINDOW, subject="colleague")
    assert cases.read(world, colleague, case_id).id == case_id
    with pytest.raises(NotFound):
        cases.read(world, replace(colleague, division=f.BANNER), case_id)


@pytest.mark.requirement("B1", "B9")
def test_a_colleague_at_the_window_mends_on_the_spot_for_who_has_no_account() -> None:
    world = f.World()
    case_id = provisional(world)
    colleague = replace(f.WINDOW, subject="colleague")
    notices.correct_on_the_spot(world, colleague, case_id, {"/form/subject": ("初中教师",)}, "申请人签字")
    assert journey.get(world, case_id).form["subject"] == "初中教师"
    claimed(world, case_id)  # from here on the case has an account, and whoever filed it
    with pytest.raises(NotFound):
        notices.correct_on_the_spot(world, colleague, case_id, {"/form/subject": ("小学教师",)}, "申请人签字")


def certified(world: f.World) -> str:
    """The identifier of a certificate of who had no account."""
    case_id = provisional(world)
    for officer, act in ((f.WINDOW, tasks.forward), (f.ACCEPTOR, tasks.accept), (f.DECIDER, journey.grant)):
        journey.opened(world, case_id)
        tasks.claim(world, officer, case_id)
        act(world, officer, case_id)
    certificates.issue(world, case_id)
    return journey.get(world, case_id).certificate


@pytest.fixture
def lasting() -> f.World:
    return f.World(f.item(steps=OWN_STEPS, result_validity="5年"))


@pytest.mark.requirement("B1")
@pytest.mark.parametrize("kind", [CaseKind.RENEWAL, CaseKind.CHANGE, CaseKind.REISSUE])
@pytest.mark.parametrize(
    ("shown", "found"),
    [
        (f.SHOWN, True),
        (replace(f.SHOWN, document="household_register"), True),
        (replace(f.SHOWN, number="110101199003078515"), False),
        (replace(f.SHOWN, name="别人"), False),
    ],
    ids=["the same card", "the same number", "a namesake", "another name"],
)
def test_without_account_a_certificate_is_renewed_by_the_number_that_was_checked_for_it(
    lasting: f.World, kind: CaseKind, shown: rules.Shown, found: bool
) -> None:
    opening = {"identity": shown, "kind": kind, "certificate": certified(lasting)}
    if found:
        case_id = journey.drafted(lasting, f.WINDOW, Channel.WINDOW, delivery="window", **opening)
        cases.submit(lasting, f.WINDOW, case_id)
        assert journey.get(lasting, case_id).about is not None
    else:
        with pytest.raises(Invalid, match=r"renewal\.certificate-unknown"):
            journey.drafted(lasting, f.WINDOW, Channel.WINDOW, **opening)


@pytest.mark.requirement("B1", "I4")
def test_nobody_without_account_takes_away_what_an_account_of_their_name_holds() -> None:
    """Its holder shows a code of theirs."""
    world = f.World(f.item(result_validity="5年"))
    certificates.issue(world, journey.granted(world))
    (held,) = world.certificates.of_holder(f.HERDER.subject, None, 5).items
    opening = {"kind": CaseKind.RENEWAL, "certificate": held.identifier}
    with pytest.raises(Invalid, match=r"renewal\.certificate-unknown"):
        journey.drafted(world, f.WINDOW, Channel.WINDOW, identity=f.SHOWN, **opening)
    journey.drafted(world, f.WINDOW, Channel.WINDOW, presence=f.presence_of(world), **opening)


@pytest.mark.requirement("B1")
def test_who_has_claimed_the_certificate_renews_it_with_their_account(lasting: f.World) -> None:
    """... though a window has opened the application before the claim."""
    identifier = certified(lasting)
    opening = {"kind": CaseKind.CHANGE, "certificate": identifier}
    with pytest.raises(Invalid, match=r"renewal\.certificate-unknown"):
        journey.drafted(lasting, PERSON, **opening)
    draft = journey.drafted(lasting, f.WINDOW, Channel.WINDOW, delivery="window", identity=f.SHOWN, **opening)
    found = lasting.certificates.get(identifier)
    assert found is not None
    claimed(lasting, found.case_id)
    with pytest.raises(Invalid, match=r"renewal\.certificate-unknown"):
        cases.submit(lasting, f.WINDOW, draft)
    journey.drafted(lasting, PERSON, **opening)


# -- the claim -----------------------------------------------------------------------------------------------


@pytest.mark.requirement("B1")
def test_the_person_takes_the_case_over_with_everything_in_it() -> None:
    world = f.World()
    case_id = provisional(world)
    claimed(world, case_id)
    case = journey.get(world, case_id)
    assert case.applicant == replace(f.item_party(), subject=PERSON.subject)
    assert case_rules.fold(tuple(world.cases.log(case_id))) == replace(case, log_head="")
    assert [row.id for row in cases.mine(world, PERSON, None, 10).items] == [case_id]
    cases.withdraw(world, PERSON, case_id, "不办了")


def test_a_certificate_goes_with_its_case() -> None:
    world = f.World(f.item(steps=OWN_STEPS))
    made = world.certificates.get(certified(world))
    assert made is not None
    case_id = made.case_id
    claimed(world, case_id)
    (held,) = world.certificates.of_holder(PERSON.subject, None, 10).items
    verified = certificates.verify(world, held.identifier)
    assert (held.case_id, verified.genuine) == (case_id, True)


@pytest.mark.parametrize(
    ("actor", "number"),
    [
        (PERSON, "110101199003078515"),
        (replace(PERSON, name="别人"), f.RESIDENT),
        (replace(PERSON, kind=ActorKind.ORGANISATION), f.RESIDENT),
        (replace(f.WINDOW, name=f.HERDER.name), f.RESIDENT),
        (replace(f.AGENT, name=f.HERDER.name), f.RESIDENT),
    ],
    ids=["another number", "another name", "another kind", "the officer", "an agent"],
)
def test_a_claim_that_does_not_fit_looks_like_one_of_a_case_that_is_not_there(actor: Actor, number: str) -> None:
    world = f.World()
    case_id = provisional(world)
    for number_of_receipt in (receipt(world, case_id), "unknown"):
        with pytest.raises(NotFound, match=r"case\.not-found"):
            presence.claim(world, actor, number_of_receipt, number)


def test_a_case_is_claimed_once_and_one_of_an_account_never() -> None:
    world = f.World()
    case_id = provisional(world)
    claimed(world, case_id)
    with pytest.raises(NotFound):
        claimed(world, case_id)
    own = journey.submitted(world)
    with pytest.raises(NotFound):
        claimed(world, own, f.HERDER)


def test_of_two_claims_at_one_moment_the_second_finds_the_case_taken() -> None:
    world = f.World()
    case_id = provisional(world)
    claimed(world, case_id)
    command = rules.ClaimApplication(Party(PERSON.subject, PERSON.kind, PERSON.name))
    with pytest.raises(Refused, match=r"presence\.claimed"):
        case_rules.handle(journey.get(world, case_id), command, PERSON, world.clock.now())
