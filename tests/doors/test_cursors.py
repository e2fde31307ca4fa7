"""A cursor goes on in one listing of one account, and nowhere else: not changed, not lent, not under another key."""

from __future__ import annotations

import pytest

from app import app
from chalicelib import wiring
from chalicelib.edge.api import specs
from tests.doors.world import Doors

CASE = "/v1/cases/{case_id}/accesses"
PLACE = "/v1/visit-requests/{place_id}"
LISTINGS = {
    # route: who has several rows there, filters
    "/v1/appointments": ("applicant", {}),
    "/v1/authorities": ("applicant", {}),
    "/v1/cases": ("applicant", {}),
    "/v1/messages": ("applicant", {}),
    CASE: ("applicant", {}),
    "/v1/enquiries": ("window", {"queue": "mine"}),
    "/v1/mandates": ("head", {}),
    "/v1/place-proposals": ("places", {}),
    "/v1/visits": ("applicant", {}),
    PLACE: ("desk", {}),
    "/v1/worklist": ("acceptor", {"queue": "mine"}),
}
INVALID = "400 request.cursor-invalid"


def test_every_listing_behind_a_token_is_tried_here() -> None:
    paged = {
        spec.path
        for spec in specs(app)
        if spec.auth.value == "token" and spec.query and "request.cursor-invalid" in spec.problems
    }
    assert paged == set(LISTINGS), "a new listing: say above who has two rows of it in tests/doors/world.py"


def first_page(doors: Doors, route: str) -> tuple[str, dict[str, str], dict[str, str], str]:
    who, filters = LISTINGS[route]
    places = {CASE: {"case_id": doors.objects["deciding"]}, PLACE: {"place_id": doors.objects["place"]}}.get(route, {})
    answer = doors.call(who, "GET", route, places, query={**filters, "limit": "1"})
    assert answer.status == 200
    return who, filters, places, answer.body["next"]


@pytest.mark.requirement("I4")
@pytest.mark.parametrize("route", LISTINGS)
def test_a_cursor_goes_on_for_its_account_route_and_filter_only(doors: Doors, route: str) -> None:
    who, filters, places, cursor = first_page(doors, route)

    def told(who: str, route: str, places: dict[str, str], **query: str) -> str:
        return doors.call(who, "GET", route, places, query={"cursor": cursor, **query}).told

    assert told(who, route, places, **filters) == "200"
    assert told(who, route, places, **filters, limit="3") == "200"
    others = {"applicant": "neighbour", "window": "acceptor", "head": "decider", "acceptor": "window"}
    others |= {"places": "bureau", "desk": "head"}
    assert told(others[who], route, places, **filters) == INVALID
    for elsewhere in set(LISTINGS) - {route, CASE, PLACE}:
        if LISTINGS[elsewhere][0] == who:
            assert told(who, elsewhere, {}, **LISTINGS[elsewhere][1]) == INVALID
    if "queue" in filters:
        other = "offered" if route == "/v1/enquiries" else "accept"
        assert told(who, route, places, queue=other) == INVALID
        assert told(who, route, places) == INVALID
    if route == CASE:
        assert told(who, route, {"case_id": doors.objects["reviewing"]}) == INVALID


@pytest.mark.parametrize("route", LISTINGS)
def test_a_cursor_that_was_changed_is_refused(doors: Doors, route: str) -> None:
    who, filters, places, cursor = first_page(doors, route)
    position, _, signature = cursor.partition(".")
    changed = [
        cursor[:-1],
        cursor[1:],
        cursor + "A",
        cursor + "=",
        position,
        f"{position}.",
        f".{signature}",
        f"{signature}.{position}",
        f"{position}.{signature}.{signature}",
        cursor.swapcase(),
        "x",
    ]
    for text in changed:
        answer = doors.call(who, "GET", route, places, query={**filters, "cursor": text})
        assert answer.told == INVALID, text


def test_a_cursor_made_under_an_older_key_is_refused_and_the_listing_begins_anew(doors: Doors) -> None:
    who, filters, places, cursor = first_page(doors, "/v1/cases")
    old = doors.wiring.cursor_secret
    try:
        doors.wiring.__dict__["cursor_secret"] = b"another secret of thirty-two bytes"
        assert wiring.current() is doors.wiring
        assert doors.call(who, "GET", "/v1/cases", places, query={**filters, "cursor": cursor}).told == INVALID
        assert doors.call(who, "GET", "/v1/cases", places, query=filters).told == "200"
    finally:
        doors.wiring.__dict__["cursor_secret"] = old
