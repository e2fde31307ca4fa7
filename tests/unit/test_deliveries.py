"""Handing a result over is proved: by whom it was taken, by a parcel's number, or by the moment it was fetched."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.domain.case_events import ResultDelivered
from chalicelib.schemas.validation import named_violations
from chalicelib.services import cases, certificates
from chalicelib.storage.codec import dump_event, load_event
from tests import factories as f
from tests import journey

TAKEN = {"recipient": "巴特尔", "relation": "self"}
POSTED = {"carrier": "中国邮政", "tracking_number": "EM123456789CN"}


@pytest.mark.requirement("B6")
@pytest.mark.parametrize(
    ("method", "proof", "sound"),
    [
        ("window", TAKEN, True),
        ("window", {**TAKEN, "signature": "0" * 64}, True),
        ("window", {"recipient": "巴特尔"}, False),
        ("window", {**TAKEN, "relation": "neighbour"}, False),
        ("window", {**TAKEN, "signature": "drawn"}, False),
        ("window", {**TAKEN, **POSTED}, False),
        ("window", POSTED, False),
        ("window", {}, False),
        ("post", POSTED, True),
        ("post", {"carrier": "中国邮政"}, False),
        ("post", {**POSTED, "tracking_number": "EM 1"}, False),
        ("post", TAKEN, False),
        ("electronic", {}, False),
    ],
)
def test_each_way_of_handing_over_has_its_own_proof(method: str, proof: dict[str, Any], sound: bool) -> None:
    assert (named_violations("tasks/delivery", {"method": method, "proof": proof}) == ()) is sound


def test_what_is_fetched_electronically_is_proved_by_its_moment() -> None:
    world = f.World()
    case_id = journey.granted(world)
    certificates.issue(world, case_id)
    cases.confirm_receipt(world, f.HERDER, case_id)
    delivered = list(world.cases.log(case_id))[-1].event
    assert isinstance(delivered, ResultDelivered)
    assert delivered.proof == {"fetched_at": world.clock.now().isoformat()}


def test_a_delivery_of_before_there_were_proofs_is_still_read() -> None:
    world = f.World()
    case_id = journey.granted(world)
    certificates.issue(world, case_id)
    cases.confirm_receipt(world, f.HERDER, case_id)
    stored = json.loads(dump_event(list(world.cases.log(case_id))[-1]))
    del stored["event"]["proof"]
    old = load_event(json.dumps(stored)).event
    assert isinstance(old, ResultDelivered)
    assert old.proof == {}
