"""The list of village help over HTTP, and an agent who asks for authority beyond it."""

from __future__ import annotations

import pytest

from infra.local.people import chain_of
from tests.cloud import STAGE
from tests.functional.conftest import Api
from tests.functional.test_appointments_api import ITEM as ENROLMENT
from tests.functional.test_cases_api import ITEM as TEACHER

CHAIN = chain_of(STAGE)


@pytest.mark.requirement("E7")
def test_the_list_is_public_free_and_the_limit_of_what_an_agent_is_authorised_for(api: Api) -> None:
    found = api.get(None, "/v1/help", division=CHAIN.village.code).body
    assert (found["free"], found["name"]) == (True, CHAIN.village.name)
    assert TEACHER in [row["item"] for row in found["items"]]
    assert all(limit["zh"] != limit["code"] for limit in found["limits"])
    proposal = {"principal": "demo-herder", "items": [TEACHER, ENROLMENT], "until": "2027-01-31T00:00:00Z"}
    refused = api.post("agent", "/v1/authorities", proposal)
    assert (refused.status, refused.codes, refused.pointers) == (422, ["help.item-not-listed"], ["/items/1"])
    assert api.get(None, "/v1/help", division=CHAIN.banner.code).code == "help.lower-levels-only"
