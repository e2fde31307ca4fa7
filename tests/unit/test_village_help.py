"""Village help: derived lists, recorded authority, and the limits of what an agent may do (E7)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.domain import access
from chalicelib.domain import case_commands as c
from chalicelib.domain.errors import Forbidden, Invalid
from chalicelib.domain.fees import RecordPayment
from chalicelib.domain.hearings import RequestHearing
from chalicelib.domain.notices import Correct
from chalicelib.domain.uploads import OpenUpload
from chalicelib.services import authorities, village_help
from chalicelib.storage.catalog_memory import MemoryCatalog
from chalicelib.storage.divisions import packaged_divisions
from tests import factories as f
from tests import journey, places

pytestmark = pytest.mark.requirement("E7")
TEACHER, ENROLMENT = "150105902001", "152081904000"


@pytest.fixture(name="world")
def _world() -> f.World:
    made = f.World()
    made.catalog = MemoryCatalog()  # type: ignore[assignment]
    made.divisions = packaged_divisions()  # type: ignore[assignment]
    made.place_store.load([places.sum_centre(), places.gacha_station(), places.banner_centre()])
    return made


def test_the_list_of_a_village_is_what_the_catalogue_marks_and_names_where_help_is_found(world: f.World) -> None:
    found = village_help.help_list(world, f.GACHA)
    codes = [row["basic_code"] for row in found.rows]
    assert TEACHER in codes
    assert ENROLMENT not in codes
    assert codes == sorted(codes)
    assert {p.id for p in found.places} == {places.sum_centre().id, places.gacha_station().id}
    assert {p.id for p in village_help.help_list(world, f.SUM).places} == {places.sum_centre().id}


@pytest.mark.parametrize(
    ("division", "code"), [("999999999999", "division.unknown"), (f.BANNER, "help.lower-levels-only")]
)
def test_other_divisions_have_no_list(world: f.World, division: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        village_help.help_list(world, division)
    assert refused.value.code == code


def test_an_authority_is_asked_for_listed_items_only_and_every_other_is_named(world: f.World) -> None:
    until = world.clock.now() + timedelta(days=30)
    wanted = (TEACHER, ENROLMENT, "150105999999")
    with pytest.raises(Invalid) as refused:
        authorities.propose(world, f.AGENT, principal="herder", items=wanted, until=until)
    assert [(v.code, v.pointer) for v in refused.value.violations] == [
        ("help.item-not-listed", "/items/1"),
        ("item.not-offered", "/items/2"),
    ]
    assert authorities.propose(world, f.AGENT, principal="herder", items=(TEACHER,), until=until).version == 1


@pytest.mark.parametrize(
    ("act", "allowed"),
    [
        (c.SaveApplication, True),
        (c.Submit, True),
        (Correct, True),
        (OpenUpload, True),
        (RequestHearing, True),
        (c.Withdraw, True),
        (c.ConfirmReceipt, False),
        (RecordPayment, False),
        (c.Accept, False),
        (c.Grant, False),
        (c.RestartWorkflow, False),
    ],
)
def test_what_an_agent_may_do_with_an_authority_in_force(act: type, allowed: bool) -> None:
    world = f.World()
    case = journey.get(world, journey.submitted(world))
    authority = world.authorities.get(case.authority)
    assert authority is not None
    if allowed:
        assert access.authorise(case, f.AGENT, act, authority, world.clock.now()) == case
        return
    with pytest.raises(Forbidden) as refused:
        access.authorise(case, f.AGENT, act, authority, world.clock.now())
    assert refused.value.code == "case.act-not-yours"


def test_what_an_agent_did_stands_on_the_log_of_the_case_under_their_own_account() -> None:
    world = f.World()
    case = journey.get(world, journey.submitted(world))
    log = list(world.cases.log(case.id))
    assert {record.actor.subject for record in log if record.event.type in ("case.drafted", "case.submitted")} == {
        f.AGENT.subject
    }
    assert case.applicant.subject == f.HERDER.subject
