"""The deployed policies suffice for places: their review, the answers about them, their calendars."""

from __future__ import annotations

import pytest

from chalicelib.domain.deadlines import legal_day
from infra.functions import functions
from infra.policies import policy
from tests.functional import test_places_api as places
from tests.functional.conftest import Api
from tests.infra.iam import allowed, recorded


def test_every_call_about_places_is_allowed_by_the_policy_of_its_function(
    cloud: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = Api(cloud)  # type: ignore[arg-type]
    today = legal_day(api.cloud.clock.now()).isoformat()
    names = {f.logical_id: f.name for f in functions().values()}
    physical = {physical: names[i] for i, physical in api.cloud.deployed.physical.items() if i in names}
    places.fresh(api)
    with recorded(monkeypatch, physical) as calls:
        places.test_a_reviewed_terminal_is_found_with_its_own_item_at_any_hour(api, today)
        places.test_a_repeated_proposal_and_approval_get_the_first_answer_again(api, today)
        places.test_the_timetable_is_there_as_json_and_as_a_calendar(api)
    assert {call for call in calls if not allowed(policy(functions()[call.function]), call)} == set()
    touched = {(call.resource, key.split("#")[0]) for call in calls for key in call.keys}
    assert {("places", "area"), ("places", "proposal"), ("places/index/listing", "tile"), ("cases", "idem")} <= touched
