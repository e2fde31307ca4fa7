"""Where the form of an application is judged, the numbers of people are judged against the clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.errors import DomainError, Invalid
from chalicelib.domain.resident_ids import unborn
from chalicelib.schemas.validation import JsonSchemaForms
from chalicelib.services import cases, forms, notices, tasks
from chalicelib.services.cases import Opening
from tests import factories as f
from tests import journey

SECOND_OF_MARCH, THIRD_OF_MARCH = "152501202603020013", "152501202603030019"
MIDNIGHT = datetime(2026, 3, 2, 16, tzinfo=UTC)  # 3 March 2026, 00:00 in Beijing
FORM = {**f.FORM, "properties": {**f.FORM["properties"], "child": {"type": "string", "format": "resident-id"}}}  # type: ignore[dict-item]


@pytest.fixture(name="world")
def _world() -> f.World:
    world = f.World(f.item(form=FORM))
    world.forms = JsonSchemaForms()  # type: ignore[assignment]
    return world


@pytest.mark.parametrize(
    ("now", "born"),
    [(MIDNIGHT - timedelta(seconds=1), False), (MIDNIGHT, True), (MIDNIGHT + timedelta(seconds=1), True)],
    ids=["a second before", "at 00:00", "a second after"],
)
def test_somebody_is_born_from_the_first_moment_of_their_day_in_beijing(now: datetime, born: bool) -> None:
    found = [v.code for v in unborn([("/child", THIRD_OF_MARCH)], now)]
    assert found == ([] if born else ["schema.resident-id-future"])


def test_what_is_no_number_of_a_resident_is_the_formats_affair() -> None:
    assert list(unborn([("/a", "152501209013070019"), ("/b", "x"), ("/c", "")], MIDNIGHT)) == []


def test_only_where_the_schema_asks_for_such_a_number_is_it_judged(world: f.World) -> None:
    item = world.catalog.current[f.BASIC]
    form = {"subject": THIRD_OF_MARCH, "child": THIRD_OF_MARCH}
    found = forms.unfit(world, item, form, world.clock.now())  # type: ignore[arg-type]
    assert [(v.code, v.pointer) for v in found] == [("schema.resident-id-future", "/form/child")]


def refused(error: DomainError) -> list[tuple[str, str]]:
    return [(v.code, v.pointer) for v in error.violations]


def test_a_number_of_tomorrow_is_refused_at_submission_and_at_correction_and_taken_the_next_day(world: f.World) -> None:
    case_id = journey.drafted(world)
    tomorrow = {"subject": "高中教师", "child": THIRD_OF_MARCH}
    case = journey.get(world, case_id)
    saved = cases.save(
        world,
        f.HERDER,
        case_id,
        form=tomorrow,
        materials=case.materials,
        delivery=case.delivery,
        expected=case.version,
    )
    with pytest.raises(Invalid) as submission:
        cases.submit(world, f.HERDER, case_id)
    assert refused(submission.value) == [("schema.resident-id-future", "/form/child")]
    assert journey.get(world, case_id).version == saved.version
    cases.save(
        world,
        f.HERDER,
        case_id,
        form={**tomorrow, "child": SECOND_OF_MARCH},
        materials=case.materials,
        delivery=case.delivery,
        expected=saved.version,
    )
    cases.submit(world, f.HERDER, case_id)
    journey.opened(world, case_id)
    tasks.claim(world, f.ACCEPTOR, case_id)
    changes: dict[str, tuple[object, ...]] = {"/form/child": (THIRD_OF_MARCH,)}
    with pytest.raises(Invalid) as correction:
        notices.correct_on_the_spot(world, f.ACCEPTOR, case_id, changes, "申请人签字")
    assert ("schema.resident-id-future", "/form/child") in refused(correction.value)
    world.clock.at = MIDNIGHT
    notices.correct_on_the_spot(world, f.ACCEPTOR, case_id, changes, "申请人签字")


def test_a_window_reads_no_card_of_somebody_not_yet_born(world: f.World) -> None:
    shown = replace(f.SHOWN, number=THIRD_OF_MARCH)
    for document in ("resident_id", "household_register"):
        opening = Opening(f.BASIC, f.SUM, f.Channel.WINDOW, identity=replace(shown, document=document))
        with pytest.raises(Invalid) as opened:
            cases.open_draft(world, f.WINDOW, opening)
        assert refused(opened.value) == [("schema.resident-id-future", "/identity/number")]
    passport = Opening(f.BASIC, f.SUM, f.Channel.WINDOW, identity=replace(shown, document="passport"))
    cases.open_draft(world, f.WINDOW, passport)
