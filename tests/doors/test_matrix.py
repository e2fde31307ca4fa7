"""Every account at every door: role × object × action over all routes, against tables that are kept by hand (I4).

A new route without a row fails here. What is hidden from somebody looks like what does not exist: status, body and
headers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace

import pytest

from app import app
from chalicelib.edge.api import Auth, RouteSpec, specs
from tests.doors.bodies import QUERIES, body_of
from tests.doors.people import ACTORS
from tests.doors.table import Section, Table, read
from tests.doors.world import Answer, Doors

CASE = "/v1/cases/{case_id}"
CASES, OTHERS = read("cases.txt"), read("others.txt")
ROUTES = specs(app)
OUTSIDE = {"nobody": "401 access.token-missing", "expired": "401 access.token-expired"}


def table_of(spec: RouteSpec) -> Table:
    return CASES if spec.path.startswith(CASE) else OTHERS


def section_of(spec: RouteSpec) -> Section:
    found = table_of(spec).of(spec.operation)
    assert found is not None, advice(spec)
    return found


def advice(spec: RouteSpec) -> str:
    """What a new route needs."""
    file = "cases.txt" if spec.path.startswith(CASE) else "others.txt"
    return (
        f"{spec.operation} has no row in tests/doors/{file}: say there who gets what.\n"
        f"  A line '== {spec.operation}' above the section that answers alike, or a section of its own: for each\n"
        "  account (people.py) and object (world.py) the status and code that law and architecture want.\n"
        "  A body that differs from the schema's example goes into tests/doors/bodies.py, a new kind of object into\n"
        "  Doors._beside; its name in the path is found by PLACES in tests/doors/test_matrix.py."
    )


def expected(spec: RouteSpec, who: str, what: str) -> str:
    """What the table says."""
    if spec.auth is Auth.TOKEN and who in OUTSIDE:
        return OUTSIDE[who]
    table, section = table_of(spec), section_of(spec)
    told = section.told(who, what)
    if told is None:
        standing = table.of("reading" if spec.method == "GET" else "acting")
        told = standing.told(who, what) if standing else None
    assert told is not None, f"{spec.operation}: no row for {who}"
    return table.spelled(told).replace(":", " ", 1)


PLACES = {
    "appointment_id": "appointment",
    "authority_id": "authority-",
    "contact_id": "contact",
    "division_code": "division",
    "enquiry_id": "enquiry",
    "identifier": "certificate",
    "item_code": "item",
    "list_name": "list",
    "mandate_id": "mandate",
    "message_id": "message",
    "outage_id": "outage",
    "place_id": "place",
    "proposal_id": "proposal",
    "queue_number": "place",
    "record_id": "credit",
    "sender": "sender",
    "upload_id": "upload",
    "visit_id": "visit",
    "year": "year",
}
"""Names in paths of others.txt, and how the objects begin that stand there.

Where a path has two of them, the object has a value of its own for the second: ``document`` and ``document code``,
``place-called`` and ``place-called queue_number``.
"""


def places_of(doors: Doors, spec: RouteSpec, what: str) -> Mapping[str, str]:
    names = re.findall(r"{(\w+)}", spec.path)
    if not spec.path.startswith(CASE):
        for name in names:
            begins = PLACES.get(name, "document")
            assert what == "absent" or what.startswith(begins), advice(spec)
        return {name: doors.objects.get(f"{what} {name}", doors.objects.get(what, "")) for name in names}
    case = doors.world.cases.get(doors.objects[what])
    documents = case.documents if case else ()
    values = {
        "case_id": doors.objects[what],
        "number": documents[0].number if documents else "none",
        "procedure": "1",
    }
    assert set(names) <= set(values), advice(spec)
    return {name: values[name] for name in names}


def knock(doors: Doors, spec: RouteSpec, who: str, what: str) -> Answer:
    """One request, whose effect is undone."""
    case = doors.world.cases.get(doors.objects.get(what, ""))
    headers = {"accept": spec.content_type}
    if spec.if_match:
        headers["if-match"] = f'"{case.version if case else 1}"'
    places = places_of(doors, spec, what)
    body, query = body_of(spec, doors.objects), QUERIES.get(spec.operation)
    answer = doors.call(who, spec.method, spec.path, places, body, query=query, headers=headers)
    if answer.status < 400:
        doors.put_back()
    return answer


@pytest.mark.requirement("I4", "H3")
@pytest.mark.parametrize("spec", ROUTES, ids=lambda spec: spec.operation)
def test_each_account_gets_at_each_door_what_the_table_says(doors: Doors, spec: RouteSpec) -> None:
    """And what the table hides looks like what does not exist, but for the ids that were asked for."""
    hidden = "404 case.not-found" if spec.path.startswith(CASE) else "404"
    wrong = []
    for who in ACTORS:
        absent = bare(knock(doors, spec, who, "absent"), places_of(doors, spec, "absent")) if "{" in spec.path else None
        for what in section_of(spec).objects:
            answer, wanted = knock(doors, spec, who, what), expected(spec, who, what)
            if not fits(answer, wanted):
                wrong.append(f"{who} at {what}: the table says {wanted}, the answer is {answer.told}")
            elif wanted == hidden and bare(answer, places_of(doors, spec, what)) != absent:
                wrong.append(f"{who} at {what}: can tell it from what does not exist: {answer.text}")
    assert wrong == []


def fits(answer: Answer, wanted: str) -> bool:
    """A bare status of the table means any code with it."""
    return wanted in (answer.told, str(answer.status))


def bare(answer: Answer, asked: Mapping[str, str]) -> tuple[int, object, object]:
    """An answer without what names this one request: its own id, and the ids that were asked for."""
    text = answer.text
    for value in asked.values():
        text = text.replace(value, "…") if len(value) > _SHORT else text
    body = json.loads(text) if "json" in answer.headers["Content-Type"] else text
    if isinstance(body, dict):
        body.pop("instance", None)
    return answer.status, body, dict(answer.headers)


_SHORT = 8


def test_the_tables_name_no_route_that_does_not_exist() -> None:
    served = {spec.operation for spec in ROUTES} | {"reading", "acting"}
    named = [route for table in (CASES, OTHERS) for section in table.sections for route in section.routes]
    assert sorted(set(named) - served) == []
    assert len(named) == len(set(named))


def test_a_new_route_is_told_what_it_lacks() -> None:
    for path, file in ((f"{CASE}/newly-added", "cases.txt"), ("/v1/newly-added", "others.txt")):
        with pytest.raises(AssertionError, match=f"has no row in tests/doors/{file}"):
            section_of(replace(ROUTES[0], path=path))
