"""The deployed policies suffice for appointments: booking, telling, promoting, moving, the queue."""

from __future__ import annotations

import pytest

from infra.functions import functions
from infra.policies import policy
from tests.functional import test_appointments_api as booking
from tests.functional.conftest import Api
from tests.infra.iam import allowed, recorded


def test_every_call_for_appointments_is_allowed_by_the_policy_of_its_function(
    cloud: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = Api(cloud)  # type: ignore[arg-type]
    for person in booking.STAFF:
        api.cloud.people[person.key] = person
    names = {f.logical_id: f.name for f in functions().values()}
    physical = {physical: names[i] for i, physical in api.cloud.deployed.physical.items() if i in names}
    with recorded(monkeypatch, physical) as calls:
        booking.test_a_seat_is_booked_once_shown_as_taken_told_and_given_back(api)
        booking.test_whoever_waits_is_booked_when_a_seat_is_given_back(api)
        booking.test_whoever_waits_is_booked_when_new_terms_make_room(api)
        booking.test_when_the_place_closes_the_booked_are_moved_and_told(api)
        booking.test_a_visit_is_asked_for_arranged_told_and_listed_for_both_sides(api)
        booking.test_the_queue_takes_who_booked_and_who_walks_in_and_lets_priority_go_first(api)
    assert {call for call in calls if not allowed(policy(functions()[call.function]), call)} == set()
    touched = {key.split("#")[0] for call in calls for key in call.keys}
    assert {"appointment", "day", "booker", "queue", "terms", "appointments", "visit", "duty", "visits-of"} <= touched
    assert {"follow_appointments", "follow_places", "follow_visits"} <= {call.function for call in calls}
