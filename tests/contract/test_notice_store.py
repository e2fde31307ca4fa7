"""Notices, corrections and what time brings about, on every store: the log folds to the snapshot, desks are cleared."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain import cases as rules
from chalicelib.services import lapses, notices
from chalicelib.services.notices import Demand
from chalicelib.services.ports import Timer, officer_queue
from tests import factories as f
from tests import journey


def is_its_log(world: f.World, case_id: str) -> bool:
    return rules.fold(tuple(world.cases.log(case_id))) == replace(journey.get(world, case_id), log_head="")


@pytest.mark.requirement("B3", "B4")
def test_notice_correction_and_spot_correction_come_back_as_they_were(world: f.World) -> None:
    case_id = journey.at(world, "accept")
    notices.correct_on_the_spot(world, f.ACCEPTOR, case_id, {"/form/subject": ("ᠮᠣᠩᠭᠣᠯ",)}, "申请人")
    notices.notify(world, f.ACCEPTOR, case_id, [Demand("/form/subject", "不符")], lambda v: v.code)
    notices.correct(world, f.HERDER, case_id, form={"subject": "初中教师"}, supplied=[])
    case = journey.get(world, case_id)
    assert (case.state, case.notices.supplied, len(case.notices.sent)) == ("received", ("/form/subject",), 1)
    assert is_its_log(world, case_id)
    found = world.cases.document(case.notices.sent[0].number)
    assert found is not None
    assert found[0] == case_id


@pytest.mark.requirement("B4")
def test_a_deemed_acceptance_clears_the_desk_of_whoever_held_the_case(world: f.World) -> None:
    case_id = journey.at(world, "receive")
    mine = officer_queue(f.WINDOW.subject)
    assert [row.case_id for row in world.cases.worklist(mine, None, 5).items] == [case_id]
    world.clock.advance(days=10)
    lapses.on_timer(world, case_id)
    assert world.cases.worklist(mine, None, 5).items == []
    case = journey.get(world, case_id)
    assert (case.state, case.task) == ("in_review", None)
    assert is_its_log(world, case_id)
    assert [timer.kind for timer in _due(world)].count(lapses.TIMER) <= 1


def _due(world: f.World) -> list[Timer]:
    later = world.clock.now() + timedelta(days=400)
    return [timer for shard in range(16) for timer in world.cases.due(shard, later, 50)]
