"""Every operation of the OpenAPI document under made-up requests, valid and not, against the emulated cloud.

Made by schemathesis from the document alone: nothing ends in a 5xx, nothing invalid is accepted, every answer is one
that the document shows, and every refusal is a problem with a known code in both languages. ``PROOF=1`` makes 500
requests for each operation; without it there are 50, the same ones each time (docs/testing.md).
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app import app
from chalicelib import data
from chalicelib.domain.deadlines import legal_day
from chalicelib.domain.schedules import PlaceKind
from chalicelib.edge.api import Auth, RouteSpec, specs
from chalicelib.edge.openapi import document
from chalicelib.schemas import validation
from infra.local.cloud import EmulatedCloud
from tests.functional.conftest import Api
from tests.functional.planting import claimed
from tests.functional.test_appointments_api import CHAIN, STAFF, booked, opened, slots
from tests.functional.test_canary import authority, contacts, enquiry
from tests.functional.test_cases_api import drafted, received
from tests.functional.test_places_api import draft as draft_of

FEW = 50
MANY = 500
EXAMPLES = MANY if os.environ.get("PROOF") else FEW

ROUTES = specs(app)
SCHEMA = schemathesis.openapi.from_dict(document(ROUTES))
OPERATIONS = {operation.label: operation for operation in (found.ok() for found in SCHEMA.get_all_operations())}
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
SPECS = {spec.operation: spec for spec in ROUTES}
EDGE = ("access.", "gateway.", "request.", "schema.")
CALLERS = (
    *("herder", "stranger", "agent", "sum-window", "banner-acceptance", "banner-head", "supervisor"),
    *("place-desk", "place-head", "banner-places", "league-bureau"),
)


@dataclass
class Stack:
    """The emulated cloud with one object of each kind, by the names of path parameters."""

    cloud: EmulatedCloud
    objects: Mapping[str, list[str]]


@pytest.fixture(scope="module")
def stack(_started_cloud: EmulatedCloud) -> Any:
    from chalicelib import wiring

    _started_cloud.resume()
    yield Stack(_started_cloud, _prepared(Api(_started_cloud)))
    _started_cloud.reset()  # thousands of acts by the people of the other tests
    _started_cloud.pause()
    wiring.install(None)


def _prepared(api: Api) -> dict[str, list[str]]:
    api.cloud.people.update({person.key: person for person in STAFF})
    draft, _ = drafted(api)
    case = received(api)
    claimed(api, "banner-acceptance", case)
    contacts(api)
    enquiry(api)
    item = "150105902002"
    receipt = api.get("herder", f"/v1/cases/{case}").body["documents"][0]["number"]
    acts = [api.get("herder", f"/v1/cases/{case}/documents/{receipt}").body]
    open_now = opened(api, kind=PlaceKind.STATION)
    slot = (slots(api, open_now) or slots(api, open_now, 1))[0]
    appointment = booked(api, "herder", open_now, slot)
    api.post("place-desk", f"/v1/places/{open_now.id}/queue", {"item": open_now.items[0]})
    home = {"division": CHAIN.banner.code, "address": "示例嘎查1号", "ground": "ill"}
    visit = api.post("herder", "/v1/visits", {"place": open_now.id, "item": open_now.items[0], **home}).body["id"]
    proposal = {"opinion": "新设", "places": [draft_of(legal_day(api.cloud.clock.now()).isoformat())]}
    proposed = api.post("banner-places", "/v1/place-proposals", proposal).body["id"]
    return {
        "appointment_id": [appointment],
        "place_id": [f"{CHAIN.banner.code}-centre", open_now.id],
        "proposal_id": [proposed],
        "queue_number": ["1"],
        "visit_id": [visit],
        "case_id": [draft, case],
        "authority_id": [authority(api)],
        "contact_id": [entry["id"] for entry in api.get("herder", "/v1/contacts").body["items"]],
        "enquiry_id": [entry["id"] for entry in api.get("sum-window", "/v1/enquiries").body["items"]],
        "message_id": [entry["id"] for entry in api.get("herder", "/v1/messages").body["items"]],
        "number": [act["number"] for act in acts],
        "code": [act["code"] for act in acts],
        "sender": ["sms", "post"],
        "item_code": [item],
        "division_code": ["152522200200"],
        "procedure": ["1"],
        "year": ["2026"],
        "list_name": ["assisted"],
    }


def chance(case: Case, salt: str) -> int:
    """A number that depends on the request alone, so that a failing one can be repeated."""
    return zlib.crc32(repr((salt, case.path_parameters, case.query, repr(case.body))).encode())


def send(case: Case, stack: Stack) -> Any:
    """As one of the callers, and for two in three at an address where there is something."""
    for name in case.path_parameters or ():
        there = stack.objects.get(name)
        if there and chance(case, name) % 3:
            case.path_parameters[name] = there[chance(case, name) % len(there)]
    caller = CALLERS[chance(case, "caller") % len(CALLERS)]
    token = stack.cloud.token(caller)
    return case.call(base_url=stack.cloud.url, headers={"Authorization": f"Bearer {token}"})


def refused_as_problem(spec: RouteSpec, response: Any) -> None:
    """A problem of the known form, its code declared by the route or one of the edge's own."""
    assert response.headers["content-type"][0].startswith("application/problem+json")
    body = response.json()
    assert validation.named_violations("elements/problem", body) == ()
    assert body["status"] == response.status_code
    known = data.problems()
    for error in body["errors"]:
        assert error["code"] in known, error
        assert error["code"] in spec.problems or error["code"].startswith(EDGE), error["code"]
        assert error["zh"], error
        assert error["en"], error


def is_invalid(spec: RouteSpec, case: Case, url: str) -> bool:
    """Whether schemathesis broke a rule of the document in the body, or in a query that is broken on the wire, too: an
    empty list is not sent, and the text "1" arrives as the number.
    """
    parts = case.meta.components if case.meta else {}
    broken = {where.value for where, part in parts.items() if part.mode is GenerationMode.NEGATIVE}
    return "body" in broken or ("query" in broken and spec.query is not None and arrives_broken(spec.query, url))


def arrives_broken(schema: str, url: str) -> bool:
    rules = validation.properties(schema)
    sent = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    numbers = {name for name, rule in rules.items() if rule.get("type") == "integer"}
    typed = {name: int(text) if name in numbers and text.isdecimal() else text for name, text in sent}
    return len(typed) < len(sent) or validation.named_violations(schema, typed) != ()


def takes_something(spec: RouteSpec) -> bool:
    """Whether there is a rule that a request could break."""
    return spec.auth is Auth.TOKEN or "{" in spec.path or bool(spec.request or spec.query)


TRIED = [
    (spec.operation, mode)
    for spec in ROUTES
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or takes_something(spec)
]


@pytest.mark.parametrize(("name", "mode"), TRIED)
def test_whatever_is_sent_is_answered_as_the_document_says(stack: Stack, name: str, mode: GenerationMode) -> None:
    operation = OPERATIONS[name]

    @seed(zlib.crc32(name.encode()))
    @settings(
        max_examples=EXAMPLES // 2,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def judged(case: Case) -> None:
        response = send(case, stack)
        case.validate_response(response, checks=CHECKS)
        if response.status_code >= 400:
            refused_as_problem(SPECS[name], response)
        elif is_invalid(SPECS[name], case, response.request.url):
            pytest.fail(f"accepted with {response.status_code}: {case.as_curl_command()}")

    judged()
