"""Bodies and keys: strict JSON on every route, no field too many, no key that opens another's answer."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from app import app
from chalicelib.edge.api import Auth, RouteSpec, specs
from tests.doors.bodies import body_of
from tests.doors.json_texts import ACCEPTED, REFUSED
from tests.doors.test_matrix import CASE, places_of
from tests.doors.world import Answer, Doors

WITH_BODY = [spec for spec in specs(app) if spec.request]
OPENING = "/v1/cases"
OBJECTS = {
    "appointment_id": "appointment",
    "authority_id": "authority-proposed",
    "contact_id": "contact",
    "enquiry_id": "enquiry",
    "mandate_id": "mandate",
    "message_id": "message",
    "place_id": "place-called",
    "proposal_id": "proposal",
    "sender": "sender",
    "upload_id": "upload",
    "visit_id": "visit",
}


def send(doors: Doors, spec: RouteSpec, body: Any, who: str = "applicant") -> Answer:
    what = "draft" if spec.path.startswith(CASE) else next((o for n, o in OBJECTS.items() if n in spec.path), "absent")
    headers = {"if-match": '"2"'} if spec.if_match else {}
    places, signed = places_of(doors, spec, what), spec.auth is Auth.SIGNED
    answer = doors.call(who, spec.method, spec.path, places, body, headers=headers, signed=signed)
    doors.put_back()
    return answer


# -- strict JSON -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_json_is_refused_on_every_route_that_takes_a_body(doors: Doors, kind: str) -> None:
    for spec in WITH_BODY:
        for text in REFUSED[kind] if spec.path == OPENING else REFUSED[kind][:1]:
            answer = send(doors, spec, text)
            assert answer.status == 400, f"{spec.operation} {text[:40]!r}: {answer.told}"
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert answer.body["code"].startswith("request.")


@pytest.mark.parametrize("kind", ACCEPTED)
def test_what_is_json_is_read_and_judged_by_its_schema(doors: Doors, kind: str) -> None:
    for text in ACCEPTED[kind]:
        answer = send(doors, next(spec for spec in WITH_BODY if spec.operation == f"POST {OPENING}"), text)
        assert answer.status == 422, f"{text!r}: {answer.told}"


# -- no field too many ---------------------------------------------------------------------------------------

SERVER_SIDE = (
    "id",
    "version",
    "state",
    "created_at",
    "given_by",
    "assignee",
    "workflow_attempt",
    "__proto__",
    "surplus",
)
"""Fields that the platform sets, and that nobody may set for it."""

OPEN = {"PUT /v1/cases/{case_id}/application": ("/form",), "POST /v1/cases/{case_id}/correction": ("/form",)}
"""Places where anything is taken: a form is judged by the schema of its item, when the application is handed in."""
ASKED = {"POST /v1/place-proposals": ("/places/0/id", "/places/0/windows/0/id")}
"""Fields of such a name that the sender does say: which place is changed, and what a window is called in this file."""


def places_in(body: Any, pointer: str = "") -> Iterator[tuple[str, ...]]:
    """The way to every object of a body."""
    if isinstance(body, dict):
        yield tuple(pointer.split("/")[1:])
        for name, value in body.items():
            yield from places_in(value, f"{pointer}/{name}")
    if isinstance(body, list):
        for number, value in enumerate(body):
            yield from places_in(value, f"{pointer}/{number}")


def with_field(body: Any, way: tuple[str, ...], name: str) -> Any:
    changed = copy.deepcopy(body)
    place = changed
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place[step]
    place[name] = "x"
    return changed


@pytest.mark.parametrize("spec", WITH_BODY, ids=lambda spec: spec.operation)
def test_a_field_that_is_not_asked_for_is_refused_by_its_place(doors: Doors, spec: RouteSpec) -> None:
    body = body_of(spec, doors.objects)
    tried = 0
    for way in places_in(body):
        pointer = "/" + "/".join(way) if way else ""
        if pointer in OPEN.get(spec.operation, ()):
            continue
        for name in SERVER_SIDE:
            if f"{pointer}/{name}" in ASKED.get(spec.operation, ()):
                continue
            answer = send(doors, spec, with_field(body, way, name))
            found = {(error["pointer"], error["code"]) for error in answer.body.get("errors", ())}
            assert (answer.status, (f"{pointer}/{name}", "schema.unexpected") in found) == (422, True), answer.text
            tried += 1
    assert tried >= len(SERVER_SIDE)


# -- keys ------------------------------------------------------------------------------------------------------


def test_a_key_of_one_account_opens_no_answer_of_another(doors: Doors) -> None:
    opening = next(spec for spec in WITH_BODY if spec.operation == f"POST {OPENING}")
    body, key = body_of(opening, doors.objects), {"idempotency-key": "the-same"}
    first = doors.call("applicant", "POST", OPENING, {}, body, headers=key)
    again = doors.call("applicant", "POST", OPENING, {}, body, headers=key)
    other = doors.call("neighbour", "POST", OPENING, {}, body, headers=key)
    assert (first.status, again.status, other.status) == (201, 201, 201)
    assert again.body == first.body
    assert again.headers.get("Idempotency-Replayed") == "true"
    assert other.body["id"] != first.body["id"]
    assert "Idempotency-Replayed" not in other.headers


def test_a_key_of_one_account_does_not_answer_for_its_agent_or_officer(doors: Doors) -> None:
    place, key = {"case_id": doors.objects["received"]}, {"idempotency-key": "the-same"}
    route = "/v1/cases/{case_id}/withdrawal"
    assert doors.call("applicant", "POST", route, place, {"reason": "不办了"}, headers=key).told == "200"
    for who, told in (("agent", "409 case.wrong-state"), ("neighbour", "404 case.not-found")):
        answer = doors.call(who, "POST", route, place, {"reason": "不办了"}, headers=key)
        assert (answer.told, "Idempotency-Replayed" in answer.headers) == (told, False)


def test_a_key_that_was_used_on_one_route_or_object_is_fresh_on_any_other(doors: Doors) -> None:
    key = {"idempotency-key": "the-same"}
    for name, told in (("received", "200"), ("accepting", "200"), ("draft", "409 case.wrong-state")):
        place = {"case_id": doors.objects[name]}
        answer = doors.call("applicant", "POST", "/v1/cases/{case_id}/withdrawal", place, {}, headers=key)
        assert (answer.told, "Idempotency-Replayed" in answer.headers) == (told, False)
    place = {"case_id": doors.objects["draft"]}
    answer = doors.call("applicant", "POST", "/v1/cases/{case_id}/discarding", place, headers=key)
    assert (answer.told, "Idempotency-Replayed" in answer.headers) == ("200", False)
