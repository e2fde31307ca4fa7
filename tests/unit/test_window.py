"""What a window does on the spot: acceptance on receipt, decisions under a mandate, and what it need not ask for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain import cases as rules
from chalicelib.domain import materials as material_rules
from chalicelib.domain.actors import Role
from chalicelib.domain.case_events import CaseGranted, SubmittedMaterial
from chalicelib.domain.catalog import CaseType, Material, Necessity, RouteStep, StepRole
from chalicelib.domain.certificates import CertificateState
from chalicelib.domain.divisions import Level
from chalicelib.domain.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, Refused
from chalicelib.domain.mandates import Terms
from chalicelib.services import cases, certificates, mandates, renewals, tasks
from chalicelib.services.cases import Opening
from tests import factories as f
from tests import journey

OWN_STEPS = (RouteStep(StepRole.ACCEPT, Level.LEAGUE, "05"), RouteStep(StepRole.DECIDE, Level.LEAGUE, "05"))
LEAGUE_WINDOW = replace(f.ACCEPTOR, subject="league-window", roles=frozenset({Role.WINDOW}))
CHIEF = replace(f.ACCEPTOR, subject="chief", roles=frozenset({Role.WINDOW, Role.ACCEPTANCE}))
HEAD = replace(f.ACCEPTOR, subject="head", roles=frozenset({Role.HEAD}))
BANNER_WINDOW = replace(f.BANNER_REVIEWER, subject="banner-window", roles=frozenset({Role.WINDOW}))


def instant(**changes: Any) -> f.World:
    """A world with one 即办件 that the league accepts and decides."""
    made: dict[str, Any] = {"case_type": CaseType.INSTANT, "steps": OWN_STEPS, "type_code": "10", **changes}
    return f.World(f.item(**made))


def filed(world: f.World, officer: f.Actor, **changes: Any) -> str:
    """Handed in at the officer's window by the herder, who stands there."""
    draft = at_window(world, officer)
    cases.submit(world, officer, draft)
    return draft


def at_window(world: f.World, officer: f.Actor) -> str:
    opening = Opening(f.BASIC, f.GACHA, f.Channel.WINDOW, presence=f.presence_of(world))
    made = cases.open_draft(world, officer, opening)
    cases.save(
        world,
        officer,
        made.id,
        form={"subject": "x"},
        materials=[journey.APPLICATION],
        delivery="window",
        expected=made.version,
    )
    return made.id


def mandated(world: f.World, officer: f.Actor = CHIEF, **changes: Any) -> str:
    now = world.clock.now()
    terms = {"officer": officer.subject, "items": (f.BASIC,), "max_amount": None, "since": now}
    made = mandates.give(world, HEAD, Terms(**{**terms, "until": now + timedelta(days=30), **changes}))
    return made.id


def types(world: f.World, case_id: str) -> list[str]:
    return [record.event.type for record in world.cases.log(case_id)]


# -- 收件即受理 --------------------------------------------------------------------------------------------

LICENCE, RECORD = "01", "10"


@pytest.mark.requirement("B6")
@pytest.mark.parametrize(
    ("marked", "type_code", "officer", "accepted"),
    [
        pytest.param(True, LICENCE, LEAGUE_WINDOW, True, id="licence, the accepting body's own window"),
        pytest.param(True, RECORD, LEAGUE_WINDOW, True, id="other item, the accepting body's own window"),
        pytest.param(True, RECORD, f.WINDOW, True, id="other item, an outlet's window (实施意见 二(二)2(3))"),
        pytest.param(True, LICENCE, f.WINDOW, False, id="licence, an outlet only receives (行政许可法 24)"),
        pytest.param(True, LICENCE, BANNER_WINDOW, False, id="licence, a window of another body"),
        pytest.param(True, RECORD, BANNER_WINDOW, False, id="other item, a window of another body"),
        pytest.param(False, RECORD, LEAGUE_WINDOW, False, id="an item that is not marked"),
    ],
)
def test_handing_in_is_acceptance_only_where_the_item_says_so_and_the_window_may(
    marked: bool, type_code: str, officer: f.Actor, accepted: bool
) -> None:
    world = f.World(f.item(accept_on_receipt=marked, type_code=type_code, steps=OWN_STEPS))
    case = journey.get(world, filed(world, officer))
    assert (case.state == "in_review") is accepted
    assert bool(case.case_number) is accepted
    assert [d.kind for d in case.documents] == ["receipt", *(["acceptance"] if accepted else [])]
    assert case.pending_node is not None
    assert (case.pending_node.role == "decide") is accepted


@pytest.mark.requirement("B6")
def test_receipt_and_acceptance_are_one_commit_with_both_events() -> None:
    world = f.World(f.item(accept_on_receipt=True, steps=OWN_STEPS))
    draft = at_window(world, LEAGUE_WINDOW)
    receipt = cases.submit(world, LEAGUE_WINDOW, draft)
    case = journey.get(world, draft)
    assert types(world, draft)[-2:] == ["case.submitted", "case.accepted"]
    assert receipt.events == (3, 4)
    assert receipt.result["case_number"] == case.case_number
    assert case.accepted_at == case.received_at == world.clock.now()
    assert rules.fold(tuple(world.cases.log(draft))) == replace(case, log_head="")
    journey.opened(world, draft)
    assert journey.get(world, draft).task is not None


def test_a_person_who_files_online_waits_for_acceptance_like_everybody() -> None:
    world = f.World(f.item(accept_on_receipt=True, steps=OWN_STEPS))
    case_id = journey.drafted(world)
    cases.submit(world, f.HERDER, case_id)
    assert journey.get(world, case_id).state == "received"


def test_a_defective_application_is_not_accepted_on_receipt_and_costs_no_number() -> None:
    world = f.World(f.item(accept_on_receipt=True, steps=OWN_STEPS))
    opening = Opening(f.BASIC, f.GACHA, f.Channel.WINDOW, presence=f.presence_of(world))
    made = cases.open_draft(world, LEAGUE_WINDOW, opening)
    with pytest.raises(Invalid) as refusal:
        cases.submit(world, LEAGUE_WINDOW, made.id)
    assert refusal.value.violations[-1].code == "material.missing"
    assert world.store.counters == {}


# -- mandates ----------------------------------------------------------------------------------------------


def test_only_the_head_of_a_body_mandates_and_takes_back() -> None:
    world = instant()
    now = world.clock.now()
    terms = Terms(CHIEF.subject, (f.BASIC,), None, now, now + timedelta(days=1))
    for actor in (CHIEF, f.HERDER, f.SUPERVISOR):
        with pytest.raises(Forbidden, match=r"mandate\.heads-only"):
            mandates.give(world, actor, terms)
    mandate = mandated(world)
    with pytest.raises(Forbidden, match=r"mandate\.heads-only"):
        mandates.revoke(world, CHIEF, mandate)
    with pytest.raises(NotFound):
        mandates.revoke(world, replace(HEAD, body=f.BANNER_BUREAU.id), mandate)
    mandates.revoke(world, HEAD, mandate)
    with pytest.raises(Refused, match=r"mandate\.revoked"):
        mandates.revoke(world, HEAD, mandate)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"until": f.START}, "mandate.until-past"),
        ({"until": f.START + timedelta(days=367)}, "mandate.until-too-far"),
        ({"items": ("150105999999",)}, "item.not-offered"),
    ],
)
def test_bad_terms_of_a_mandate_are_refused(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        mandated(instant(), **changes)
    assert refusal.value.code == code


def test_what_is_not_decided_on_the_spot_cannot_be_mandated() -> None:
    with pytest.raises(Invalid, match=r"item\.not-instant"):
        mandated(instant(case_type=CaseType.PROMISED))


def test_a_mandate_is_seen_by_its_officer_and_the_heads_of_its_body() -> None:
    world = instant()
    mandate = mandated(world)
    for actor in (CHIEF, HEAD):
        assert mandates.read(world, actor, mandate).id == mandate
        assert [m.id for m in mandates.visible(world, actor, None, 5).items] == [mandate]
    assert mandates.visible(world, f.ACCEPTOR, None, 5).items == []
    with pytest.raises(NotFound):
        mandates.read(world, f.ACCEPTOR, mandate)
    with pytest.raises(Forbidden, match=r"mandate\.officers-only"):
        mandates.visible(world, f.HERDER, None, 5)


# -- 即办件 ------------------------------------------------------------------------------------------------


def waiting(world: f.World) -> str:
    """Filed online; the chief representative holds the accepting task."""
    case_id = journey.drafted(world)
    cases.submit(world, f.HERDER, case_id)
    journey.opened(world, case_id)
    tasks.claim(world, CHIEF, case_id)
    return case_id


@pytest.mark.requirement("B6")
def test_nobody_grants_on_the_spot_about_a_certificate_that_was_annulled_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = instant()
    mandated(world)
    case_id = waiting(world)
    monkeypatch.setattr(renewals, "rests_on_nothing", lambda ports, case: True)
    with pytest.raises(Refused, match=r"renewal\.certificate-not-valid"):
        mandates.decide_instantly(world, CHIEF, case_id, opinion="当场办结", amount=None)


def test_the_chief_representative_accepts_and_grants_in_one_act_and_names_the_mandate() -> None:
    world = instant()
    mandate = mandated(world)
    case_id = waiting(world)
    receipt = mandates.decide_instantly(world, CHIEF, case_id, opinion="当场办结", amount=None)
    case = journey.get(world, case_id)
    assert (case.state, case.task, case.pending_node) == ("granted", None, None)
    assert types(world, case_id)[-2:] == ["case.accepted", "case.granted"]
    assert receipt.result["case_number"] == case.case_number
    assert [d.kind for d in case.documents] == ["receipt", "acceptance", "grant"]
    granted = list(world.cases.log(case_id))[-1].event
    assert isinstance(granted, CaseGranted)
    assert granted.mandate == mandate
    _, content = cases.document(world, f.HERDER, case_id, case.documents[-1].number)
    assert content.digest() == case.documents[-1].digest
    assert rules.fold(tuple(world.cases.log(case_id))) == replace(case, log_head="")
    assert world.cases.worklist(f"mine#{CHIEF.subject}", None, 5).items == []


@pytest.mark.requirement("B6", "F4")
def test_the_workflow_finds_the_case_decided_and_ends() -> None:
    from chalicelib.services import workflow

    world = instant()
    mandated(world)
    case_id = waiting(world)
    mandates.decide_instantly(world, CHIEF, case_id, opinion="", amount=None)
    assert workflow.report_tasks(world, case_id) == 1
    ((_, output),) = world.workflows.succeeded
    assert output["next"] == "end"
    with pytest.raises(tasks.CaseEnded):
        tasks.open_task(world, case_id, 1, "late")


@pytest.mark.requirement("B6")
@pytest.mark.parametrize("opened", [False, True], ids=["before the workflow", "after the workflow opened the node"])
def test_right_after_acceptance_on_receipt_the_filing_chief_decides_whether_the_workflow_moved_or_not(
    opened: bool,
) -> None:
    world = instant(accept_on_receipt=True)
    mandated(world)
    case_id = filed(world, CHIEF)
    if opened:
        journey.opened(world, case_id)
    mandates.decide_instantly(world, CHIEF, case_id, opinion="当场办结", amount=None)
    assert journey.get(world, case_id).state == "granted"
    assert types(world, case_id)[-1] == "case.granted"


REFUSALS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any], str]] = {
    # item, mandate (None: none), decision, code
    "no mandate at all": ({}, {"none": True}, {}, "mandate.none"),
    "a mandate of another officer": ({}, {"officer": f.ACCEPTOR}, {}, "mandate.none"),
    "a mandate that was taken back": ({}, {"revoked": True}, {}, "mandate.none"),
    "another item": ({}, {"items": ("other",)}, {}, "mandate.item-not-covered"),
    "one second before it begins": ({}, {"since": f.START + timedelta(seconds=1)}, {}, "mandate.expired"),
    "at the moment it ends": ({}, {"ended": True}, {}, "mandate.expired"),
    "one fen too much": ({}, {"max_amount": 100}, {"amount": 101}, "mandate.amount-exceeded"),
    "a payment without its amount": ({"result_kind": "payment"}, {}, {}, "mandate.amount-missing"),
    "not an instant item": ({"case_type": CaseType.PROMISED}, {"direct": True}, {}, "item.not-instant"),
    "another body's step": ({"steps": f.STEPS}, {}, {}, "mandate.other-body"),
}


@pytest.mark.requirement("B6")
@pytest.mark.parametrize("row", REFUSALS)
def test_whatever_the_mandate_does_not_cover_is_refused_by_its_code(row: str) -> None:
    item, terms, decision, code = REFUSALS[row]
    world = instant(**item)
    case_id = waiting(world)
    _prepare(world, dict(terms))
    with pytest.raises(Refused) as refusal:
        mandates.decide_instantly(world, CHIEF, case_id, **{"opinion": "", "amount": None, **decision})
    assert [v.code for v in refusal.value.violations] == [code]
    assert journey.get(world, case_id).state == "received"
    assert world.store.counters == {}


def _prepare(world: f.World, terms: dict[str, Any]) -> None:
    """A mandate as the row of the table wants it, also one that could not be given by now."""
    if terms.pop("none", False):
        return
    revoked, ended, direct = (terms.pop(name, False) for name in ("revoked", "ended", "direct"))
    items = terms.pop("items", None)
    if direct:
        promised = world.catalog.current[f.BASIC]
        world.catalog.current[f.BASIC] = replace(promised, case_type=CaseType.INSTANT)
        mandated(world)
        world.catalog.current[f.BASIC] = promised
        return
    if ended:
        terms["until"] = f.START + timedelta(hours=1)
    mandate = world.mandates.get(mandated(world, **terms))
    assert mandate is not None
    if ended:
        world.clock.advance(hours=1)
    if items is not None:
        _overwrite(world, replace(mandate, items=items))
    if revoked:
        mandates.revoke(world, HEAD, mandate.id)


def _overwrite(world: f.World, mandate: Any) -> None:
    from chalicelib.storage.codec import dumps

    world.store.mandates[mandate.id] = dumps(mandate)


@pytest.mark.parametrize(("amount", "most"), [(99, 100), (100, 100), (5_000, None)])
def test_an_amount_up_to_and_including_the_bound_is_within_the_mandate(amount: int, most: int | None) -> None:
    world = instant(result_kind="payment")
    mandated(world, max_amount=most)
    case_id = waiting(world)
    mandates.decide_instantly(world, CHIEF, case_id, opinion="", amount=amount)
    assert journey.get(world, case_id).state == "granted"


def test_one_second_before_it_ends_a_mandate_still_holds() -> None:
    world = instant()
    mandated(world, until=f.START + timedelta(hours=1))
    case_id = waiting(world)
    world.clock.advance(hours=1, seconds=-1)
    mandates.decide_instantly(world, CHIEF, case_id, opinion="", amount=None)
    assert journey.get(world, case_id).state == "granted"


def test_a_task_that_a_colleague_holds_is_not_decided_over_their_head() -> None:
    world = instant()
    mandated(world)
    case_id = journey.drafted(world)
    cases.submit(world, f.HERDER, case_id)
    journey.opened(world, case_id)
    tasks.claim(world, f.ACCEPTOR, case_id)
    with pytest.raises(DomainError):
        mandates.decide_instantly(world, CHIEF, case_id, opinion="", amount=None)
    free = journey.drafted(world)
    cases.submit(world, f.HERDER, free)
    journey.opened(world, free)
    with pytest.raises(Refused, match=r"task\.not-claimed-by-you"):
        mandates.decide_instantly(world, CHIEF, free, opinion="", amount=None)


def test_a_mandate_revoked_in_the_same_moment_lets_nothing_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    world = instant()
    mandate = mandated(world)
    case_id = waiting(world)
    stale = world.mandates.of_officer(CHIEF.subject, None, 5)
    mandates.revoke(world, HEAD, mandate)
    monkeypatch.setattr(world.mandates, "of_officer", lambda *args: stale)
    with pytest.raises(Conflict):
        mandates.decide_instantly(world, CHIEF, case_id, opinion="", amount=None)
    assert journey.get(world, case_id).state == "received"


# -- held data ---------------------------------------------------------------------------------------------

DIPLOMA = Material("m3", "示例许可证", "The licence itself", Necessity.REQUIRED)
OTHER_NAME = Material("m3", "从业证明", "Proof of work", Necessity.REQUIRED, held_by=("示例许可证",))


def holder(wanted: Material) -> f.World:
    """A world in which the herder holds a certificate called 示例许可证, and an item that asks for ``wanted``."""
    world = f.World()
    certificates.issue(world, journey.granted(world))
    asked = f.item(version=2, materials=(*f.item().materials, wanted))
    world.catalog.publish(asked)
    return world


@pytest.mark.requirement("B8")
@pytest.mark.parametrize("wanted", [DIPLOMA, OTHER_NAME], ids=["by its name", "by the version's mapping"])
def test_a_certificate_issued_here_stands_for_the_material_and_is_recorded_with_its_number(wanted: Material) -> None:
    world = holder(wanted)
    case_id = journey.drafted(world)
    cases.submit(world, f.HERDER, case_id)
    case = journey.get(world, case_id)
    held = case.materials[-1]
    (certificate,) = world.held.certificates_of(f.HERDER.subject)
    assert (held.code, held.form, held.certificate) == ("m3", "held", certificate.identifier)
    assert material_rules.satisfied(case, "m3")
    assert rules.fold(tuple(world.cases.log(case_id))) == replace(case, log_head="")
    refusal = material_rules.may_ask(case, world.catalog.current[f.BASIC], "m3", "/materials/0")
    assert refusal is not None
    assert (refusal.code, refusal.pointer) == ("material.held", "/materials/0")


@pytest.mark.requirement("B8")
def test_nobody_elses_certificate_stands_for_it() -> None:
    world = holder(DIPLOMA)
    case_id = journey.drafted(world, f.STRANGER)
    with pytest.raises(Invalid, match=r"material\.missing"):
        cases.submit(world, f.STRANGER, case_id)


@pytest.mark.requirement("B8")
@pytest.mark.parametrize(
    ("state", "expires_in", "serves"),
    [
        ("valid", None, True),
        ("valid", 1, True),
        ("valid", 0, False),
        ("valid", -1, False),
        ("annulled", None, False),
        ("replaced", None, False),
    ],
)
def test_a_certificate_serves_while_it_is_valid_and_until_the_second_it_expires(
    state: str, expires_in: int | None, serves: bool
) -> None:
    world = holder(DIPLOMA)
    (issued,) = world.held.certificates_of(f.HERDER.subject)
    now = world.clock.now()
    until = None if expires_in is None else now + timedelta(seconds=expires_in)
    certificate = replace(issued, state=CertificateState(state), valid_until=until)
    assert material_rules.serves(certificate, DIPLOMA, now) is serves


def test_what_was_supplied_all_the_same_is_left_as_it_was_given() -> None:
    world = holder(DIPLOMA)
    made = cases.open_draft(world, f.HERDER, Opening(f.BASIC, f.GACHA, f.Channel.WEB))
    given = [journey.APPLICATION, SubmittedMaterial("m3", "paper", "示例许可证")]
    cases.save(
        world,
        f.HERDER,
        made.id,
        form={"subject": "x"},
        materials=given,
        delivery="electronic",
        expected=made.version,
    )
    cases.submit(world, f.HERDER, made.id)
    assert list(journey.get(world, made.id).materials) == given
