"""The deployed policies suffice for the window: mandates, decisions on the spot, fees, enquiries, held data."""

from __future__ import annotations

import pytest

from infra.functions import functions
from infra.policies import policy
from tests.functional import test_window_api as window
from tests.functional.conftest import Api
from tests.infra.iam import allowed, recorded


def test_every_call_of_the_window_is_allowed_by_the_policy_of_its_function(
    cloud: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = Api(cloud)  # type: ignore[arg-type]
    for person in window.OFFICERS:
        api.cloud.people[person.key] = person
    names = {f.logical_id: f.name for f in functions().values()}
    physical = {physical: names[i] for i, physical in api.cloud.deployed.physical.items() if i in names}
    with recorded(monkeypatch, physical) as calls:
        window.test_the_chief_representative_decides_while_the_applicant_waits_and_the_execution_ends(api)
        window.test_the_deed_waits_for_its_fee_and_is_issued_when_it_is_paid(api)
        window.test_an_enquiry_is_recorded_handed_over_and_answered(api)
        window.test_a_draft_shows_what_is_known_and_only_to_its_own_people(api)
    assert {call for call in calls if not allowed(policy(functions()[call.function]), call)} == set()
    touched = {key.split("#")[0] for call in calls for key in call.keys}
    assert {"mandate", "enquiry", "mandates", "enquiries", "offers"} <= touched
