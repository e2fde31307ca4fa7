"""Cases outlive the bodies of the catalogue: publish, file, publish without the body, and everything goes on (A6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.catalog import Body
from chalicelib.domain.clocks import ClockKind
from chalicelib.domain.errors import Invalid
from chalicelib.domain.organisation_codes import demo_uscc
from chalicelib.domain.routing import Channel
from chalicelib.services import cases, certificates, deadlines, lapses, messages, tasks
from chalicelib.services.cases import Opening
from chalicelib.services.catalog_ports import CatalogStore
from chalicelib.services.catalog_publish import publish
from chalicelib.storage.catalog import DynamoCatalogStore, bind
from chalicelib.storage.catalog_files import packaged_bodies, packaged_files
from chalicelib.storage.catalog_memory import MemoryCatalogStore
from chalicelib.storage.catalog_view import CatalogView
from tests import factories as f
from tests import journey

SENIOR_TEACHER = "150105902002"
BODIES = packaged_bodies()
GROUP = f.LEAGUE
BUREAU = f"{f.LEAGUE}-05"
ELSEWHERE = "11152624MB15692311"  # begins with the code of another division

Groups = Mapping[str, Sequence[Body]]


def with_code(uscc: str) -> Groups:
    """The bodies, the league's education bureau under this credit code."""
    group = tuple(replace(body, uscc=uscc) if body.id == BUREAU else body for body in BODIES[GROUP])
    return {**BODIES, GROUP: group}


ANOTHER_CODE = demo_uscc(f.LEAGUE, "99", institution=False)
CHANGES: dict[str, tuple[Groups, Groups]] = {
    "the body left the catalogue": (BODIES, {**BODIES, GROUP: [b for b in BODIES[GROUP] if b.id != BUREAU]}),
    "its whole division left": (BODIES, {group: bodies for group, bodies in BODIES.items() if group != GROUP}),
    "its credit code changed": (BODIES, with_code(ANOTHER_CODE)),
    "a code that begins elsewhere changed": (with_code(ELSEWHERE), with_code(ANOTHER_CODE)),
}


@pytest.fixture(name="store")
def _store(request: pytest.FixtureRequest, world: f.World) -> CatalogStore:
    """The catalogue, on the same kind of store as the cases of ``world``."""
    kind = request.node.callspec.params["world"]
    if kind == "memory":
        return MemoryCatalogStore()
    tables: Any = request.getfixturevalue("aws" if kind == "moto" else "engine_tables")
    return DynamoCatalogStore(bind(tables.catalog, tables.region, tables.endpoint))


def publish_bodies(store: CatalogStore, world: f.World, bodies: Groups) -> None:
    publish(store, world.clock, packaged_files(), bodies)


def fresh_container(store: CatalogStore, world: f.World) -> None:
    world.catalog = CatalogView(store)  # type: ignore[assignment]


def filed(world: f.World) -> str:
    """A teacher's application, submitted."""
    return journey.filed(world, SENIOR_TEACHER)


@pytest.mark.requirement("A6")
@pytest.mark.parametrize("change", CHANGES, ids=CHANGES.keys())
def test_a_case_goes_on_to_its_end_when(world: f.World, store: CatalogStore, change: str) -> None:
    # Given a case filed with a body of the catalogue
    before, after = CHANGES[change]
    publish_bodies(store, world, before)
    fresh_container(store, world)
    case_id = filed(world)
    code = journey.get(world, case_id).item.code
    # When the catalogue is published without it, and a fresh container takes over
    publish_bodies(store, world, after)
    fresh_container(store, world)
    # Then the case is read, with its clocks, and its timer rings
    assert cases.read(world, f.HERDER, case_id).item.code == code
    assert ClockKind.NOTICE in {clock.kind for clock in deadlines.explain(world, f.HERDER, case_id).clocks}
    lapses.on_timer(world, case_id)
    # and it is accepted, examined, decided
    tasks.accept(world, journey.officer_of(world, case_id), case_id)
    for _ in range(2):
        journey.agree(world, journey.officer_of(world, case_id), case_id)
    journey.grant(world, journey.officer_of(world, case_id), case_id)
    # and the result is issued under the code it was filed with, and the applicant is told
    assert certificates.issue(world, case_id)
    case = journey.get(world, case_id)
    issued = certificates.of_case(world, f.HERDER, case_id)
    assert (issued.item_code, issued.issuer, issued.issuer_uscc) == (code, BUREAU, code[:18])
    assert case.case_number.startswith(code)
    assert certificates.verify(world, issued.identifier).genuine
    granted = next(r for r in world.cases.log(case_id) if r.event.type == "case.granted")
    assert messages.tell(world, case_id, granted.number) is not None
    cases.confirm_receipt(world, f.HERDER, case_id)


@pytest.mark.requirement("A6")
def test_new_drafts_go_to_the_body_under_its_new_code(world: f.World, store: CatalogStore) -> None:
    publish_bodies(store, world, BODIES)
    fresh_container(store, world)
    old = filed(world)
    draft = cases.open_draft(world, f.HERDER, Opening(SENIOR_TEACHER, f.GACHA, Channel.WEB))
    publish_bodies(store, world, with_code(ANOTHER_CODE))
    fresh_container(store, world)
    new = filed(world)
    assert journey.get(world, new).item.code.startswith(ANOTHER_CODE)
    assert not journey.get(world, old).item.code.startswith(ANOTHER_CODE)
    # and a draft that was begun before moves there when it is saved
    cases.save(world, f.HERDER, draft.id, form={}, materials=[], delivery="electronic", expected=draft.version)
    assert journey.get(world, draft.id).item.code.startswith(ANOTHER_CODE)


def test_nothing_new_is_filed_with_a_body_that_left(world: f.World, store: CatalogStore) -> None:
    before, after = CHANGES["its whole division left"]
    publish_bodies(store, world, before)
    publish_bodies(store, world, after)
    fresh_container(store, world)
    with pytest.raises(Invalid, match=r"item\.not-offered"):
        cases.open_draft(world, f.HERDER, Opening(SENIOR_TEACHER, f.GACHA, Channel.WEB))
    assert world.catalog.body(BUREAU) is None


def test_a_container_that_stands_since_before_finds_a_case_of_a_body_that_came_later(
    world: f.World, store: CatalogStore
) -> None:
    publish_bodies(store, world, BODIES)
    standing = CatalogView(store)
    old = standing.offer(SENIOR_TEACHER, f.GACHA)
    assert old is not None
    assert standing.version(old.code, old.version) == old
    publish_bodies(store, world, with_code(ANOTHER_CODE))
    new = CatalogView(store).offer(SENIOR_TEACHER, f.GACHA)
    assert new is not None
    assert standing.version(new.code, new.version) == new
    assert standing.version(old.code, old.version) == old


def test_a_body_that_comes_back_is_the_present_one_again(world: f.World, store: CatalogStore) -> None:
    before, without = CHANGES["the body left the catalogue"]
    publish_bodies(store, world, before)
    old = CatalogView(store).offer(SENIOR_TEACHER, f.GACHA)
    publish_bodies(store, world, without)
    renamed = tuple(replace(b, name="锡林郭勒盟教育局(新)") if b.id == BUREAU else b for b in BODIES[GROUP])
    publish_bodies(store, world, {**BODIES, GROUP: renamed})
    assert old is not None
    found = CatalogView(store).version(old.code, old.version)
    assert found is not None
    assert found.body.name == "锡林郭勒盟教育局(新)"
