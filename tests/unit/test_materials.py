"""Materials: paper recorded at the window, and what the platform can fill in and need not ask for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain import cases as rules
from chalicelib.domain import materials as material_rules
from chalicelib.domain.case_events import SubmittedMaterial
from chalicelib.domain.catalog import Material, Necessity
from chalicelib.domain.errors import DomainError, NotFound, Refused
from chalicelib.domain.materials import Handling, Paper
from chalicelib.services import cases, certificates, materials, tasks
from chalicelib.services.cases import Opening
from tests import factories as f
from tests import journey

FORM: dict[str, Any] = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in ("subject", "applicant_name", "phone", "address")},
}


def standing(node: str = "receive", **changes: Any) -> tuple[f.World, str]:
    """A case at the receiving window, its task claimed."""
    world = f.World(f.item(**changes))
    return world, journey.at(world, node)


def recorded(world: f.World, case_id: str, *papers: Paper, actor: f.Actor = f.WINDOW) -> None:
    materials.record_papers(world, actor, case_id, papers)


@pytest.mark.requirement("B8")
@pytest.mark.parametrize("handling", list(Handling))
def test_a_paper_is_recorded_as_seen_scanned_or_kept_and_is_then_there(handling: Handling) -> None:
    world, case_id = standing()
    assert not material_rules.satisfied(journey.get(world, case_id), "m2")
    recorded(world, case_id, Paper("m1", handling), Paper("m2", handling, "0" * 64))
    case = journey.get(world, case_id)
    assert [(m.code, m.form, m.handling, m.digest) for m in case.materials] == [
        ("m1", "paper", handling, ""),
        ("m2", "paper", handling, "0" * 64),
    ]
    assert material_rules.satisfied(case, "m2")
    assert rules.fold(tuple(world.cases.log(case_id))) == replace(case, log_head="")


REFUSED = [
    pytest.param((Paper("m9", Handling.SEEN),), "material.surplus", id="not in the version"),
    pytest.param((Paper("m1", Handling.SEEN), Paper("m1", Handling.KEPT)), "material.repeated", id="twice"),
    pytest.param((Paper("m3", Handling.SEEN),), "material.held", id="held (国务院令716号 7)"),
    pytest.param((Paper("m4", Handling.SEEN),), "material.electronic", id="taken electronically (条例 37)"),
]


@pytest.mark.requirement("B8")
@pytest.mark.parametrize(("papers", "code"), REFUSED)
def test_a_window_takes_no_paper_that_need_not_be_given(papers: tuple[Paper, ...], code: str) -> None:
    extra = tuple(Material(c, c, c, Necessity.OPTIONAL) for c in ("m3", "m4"))
    world, case_id = standing(materials=(*f.item().materials, *extra))
    case = journey.get(world, case_id)
    given = (*case.materials, SubmittedMaterial("m3", "held", "m3"), SubmittedMaterial("m4", "electronic", "m4"))
    law, command = material_law(world), material_rules.RecordPapers(papers)
    with pytest.raises(Refused) as refusal:
        rules.handle(replace(case, materials=given), command, f.WINDOW, world.clock.now(), law=law)
    assert [v.code for v in refusal.value.violations] == [code]


def material_law(world: f.World) -> Any:
    from chalicelib.domain.deadlines import Law

    return Law(world.catalog.current[f.BASIC], world.calendar.current())


@pytest.mark.parametrize("actor", [f.HERDER, f.AGENT, f.ACCEPTOR, f.STRANGER])
def test_only_the_officer_whose_turn_it_is_records_papers(actor: f.Actor) -> None:
    world, case_id = standing()
    with pytest.raises(DomainError) as refusal:
        recorded(world, case_id, Paper("m1", Handling.SEEN), actor=actor)
    assert refusal.value.code in {"case.not-found", "case.act-not-yours"}


def test_papers_are_recorded_before_acceptance_only() -> None:
    world, case_id = standing("preliminary_review")
    with pytest.raises(Refused, match=r"case\.wrong-state"):
        recorded(world, case_id, Paper("m1", Handling.SEEN), actor=f.BANNER_REVIEWER)


# -- held data -------------------------------------------------------------------------------------------


def draft(world: f.World, actor: f.Actor = f.HERDER, **opening: Any) -> str:
    channel = f.Channel.WEB if actor is f.HERDER else f.Channel.STATION
    return cases.open_draft(world, actor, Opening(f.BASIC, f.GACHA, channel, **opening)).id


def with_history() -> f.World:
    """The herder has a certificate of an earlier case, in which they told their phone."""
    world = f.World(f.item(form=FORM))
    case_id = draft(world)
    cases.save(
        world,
        f.HERDER,
        case_id,
        form={"subject": "x", "phone": "13800000000"},
        materials=[journey.APPLICATION],
        delivery="electronic",
        expected=1,
    )
    cases.submit(world, f.HERDER, case_id)
    for _, officer, act in journey.STATIONS[1:]:
        journey.opened(world, case_id)
        tasks.claim(world, officer, case_id)
        act(world, officer, case_id)
    certificates.issue(world, case_id)
    wanted = Material("m3", "示例许可证", "The licence", Necessity.REQUIRED)
    world.catalog.publish(f.item(form=FORM, version=2, materials=(*f.item().materials, wanted)))
    return world


@pytest.mark.requirement("B8", "B9")
def test_a_draft_shows_what_need_not_be_supplied_and_what_is_known() -> None:
    world = with_history()
    found = materials.held_data(world, f.HERDER, draft(world))
    assert [(m.code, bool(m.certificate)) for m in found.materials] == [("m3", True)]
    assert found.fields == {"applicant_name": f.HERDER.name, "phone": "13800000000"}
    assert found.sources == {"applicant_name": "account", "phone": "earlier_case"}


@pytest.mark.requirement("B8", "I4")
def test_who_files_for_another_is_not_shown_what_was_told_in_other_cases() -> None:
    world = with_history()
    found = materials.held_data(world, f.AGENT, draft(world, f.AGENT, authority=journey.authorised(world)))
    assert found.fields == {"applicant_name": f.HERDER.name}
    assert [m.code for m in found.materials] == ["m3"]


def test_an_unsubmitted_draft_confirms_nothing() -> None:
    world = f.World(f.item(form=FORM))
    first = draft(world)
    form = {"subject": "x", "phone": "13800000000"}
    cases.save(world, f.HERDER, first, form=form, materials=[], delivery="electronic", expected=1)
    assert materials.held_data(world, f.HERDER, draft(world)).fields == {"applicant_name": f.HERDER.name}


def test_held_data_is_shown_for_drafts_and_to_their_own_people_only() -> None:
    world, case_id = standing()
    with pytest.raises(Refused, match=r"case\.wrong-state"):
        materials.held_data(world, f.HERDER, case_id)
    with pytest.raises(NotFound):
        materials.held_data(world, f.STRANGER, draft(world))


@pytest.mark.requirement("B2", "B8")
@pytest.mark.parametrize(
    ("code", "refusal"), [("m3", "material.held"), ("m9", "material.surplus"), ("m1", None), ("m2", None)]
)
def test_only_what_the_version_names_and_the_platform_lacks_may_be_asked_for(code: str, refusal: str | None) -> None:
    world = with_history()
    case_id = draft(world)
    cases.save(
        world,
        f.HERDER,
        case_id,
        form={"subject": "x"},
        materials=[journey.APPLICATION],
        delivery="electronic",
        expected=1,
    )
    cases.submit(world, f.HERDER, case_id)
    found = material_rules.may_ask(journey.get(world, case_id), world.catalog.current[f.BASIC], code)
    assert (found.code if found else None) == refusal
