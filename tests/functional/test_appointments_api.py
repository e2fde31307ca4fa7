"""Appointments over HTTP: booked, waited for, given back, moved when the place closes, and the queue on the day."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.deadlines import legal_day
from chalicelib.domain.opening_hours import Closure, Hours, ServiceKind, Span
from chalicelib.domain.place_reviews import Proposal, ProposalState, Step, StepKind
from chalicelib.domain.schedules import Place, PlaceKind
from infra.local.people import Person, chain_of
from tests.cloud import STAGE
from tests.functional.conftest import Api

CHAIN = chain_of(STAGE)
ITEM = "152081904000"  # 社会保险参保登记, accepted and decided by the banner
_numbers = itertools.count(1)
ALWAYS = tuple(
    Hours(kind, frozenset(range(1, 8)), (Span(0, 1440),), date(2026, 1, 1))
    for kind in (ServiceKind.REGULAR, ServiceKind.WEEKEND, ServiceKind.HOLIDAY)
)
MARKS = {
    "opens": {"unit": "day", "number": 14, "minute": 0},
    "closes": {"unit": "minute", "number": 0, "minute": 0},
    "cancels": {"unit": "minute", "number": 0, "minute": 0},
}
TERMS = {
    "follows": 0,
    "minutes": 30,
    "seats": 1,
    "early": 240,
    "grace": 15,
    "rules": [{"kinds": ["regular", "weekend", "holiday"], **MARKS}],
    "no_shows": None,
}


def _staff(key: str, role: str) -> Person:
    body = f"{CHAIN.banner.code}-81"
    return Person(key, "officer of a test", "officer", "测试", body, CHAIN.banner.code, (role,))


STAFF = (_staff("place-desk", "window"), _staff("place-head", "head"))


@pytest.fixture(autouse=True)
def _people(api: Api) -> None:
    for person in STAFF:
        api.cloud.people[person.key] = person


def somebody(api: Api) -> str:
    """A person who has booked nothing yet: the stack remembers those of other tests."""
    key = f"booker-{next(_numbers)}"
    api.cloud.people[key] = Person(key, "somebody", "person", f"{key}(演示)")
    return key


def place(**changes: Any) -> Place:
    made = Place(
        id=f"{CHAIN.banner.code}-test{next(_numbers)}",
        version=1,
        kind=PlaceKind.TERMINAL,
        division=CHAIN.banner.code,
        name="预约测试点",
        address="示例路1号",
        phone="0479-0000000",
        since=date(2026, 1, 1),
        windows=(),
        facilities=(),
        hours=ALWAYS,
        items=(ITEM,),
        demo=True,
    )
    return replace(made, **changes)


def opened(api: Api, **changes: Any) -> Place:
    """A place that takes bookings."""
    made = place(**changes)
    api.cloud.wiring.place_store.load([made])
    api.cloud.wiring.places._areas.clear()  # type: ignore[attr-defined]
    answer = api.post("place-head", f"/v1/places/{made.id}/booking-terms", TERMS)
    assert answer.status == 200, answer.body
    return made


def published(api: Api, later: Place) -> None:
    """A new version, with its event, as an approved proposal leaves it."""
    now = api.cloud.clock.now()
    step = Step(StepKind.APPROVED, "bureau", "body", now, "同意")
    proposal = Proposal(api.cloud.wiring.ids.new(now), 1, ProposalState.APPROVED, later.division, (later,), (step,))
    api.cloud.wiring.place_store.commit(
        proposal, expected_version=0, published=[later], announced=["place.changed"], at=now
    )


def slots(api: Api, made: Place, days: int = 0) -> list[Any]:
    day = legal_day(api.cloud.clock.now()) + timedelta(days=days)
    answer = api.get(None, f"/v1/places/{made.id}/slots", day=day.isoformat(), item=ITEM)
    assert answer.status == 200, answer.body
    return [slot for slot in answer.body["slots"] if slot["open"]]


def wish(made: Place, slot: Any) -> dict[str, str]:
    return {"place": made.id, "item": ITEM, "start": slot["start"]}


def booked(api: Api, who: str, made: Place, slot: Any) -> str:
    answer = api.post(who, "/v1/appointments", wish(made, slot))
    assert answer.status == 201, answer.body
    return str(answer.body["id"])


def state(api: Api, who: str, appointment: str) -> str:
    return str(api.get(who, f"/v1/appointments/{appointment}").body["state"]["code"])


def kinds(api: Api, who: str) -> list[str]:
    return [message["kind"]["code"] for message in api.get(who, "/v1/messages").body["items"]]


@pytest.mark.requirement("E4")
def test_a_seat_is_booked_once_shown_as_taken_told_and_given_back(api: Api) -> None:
    made = opened(api)
    first, second = slots(api, made, 1)[:2]
    assert (first["seats"], first["left"]) == (1, 1)
    once = f"once-and-again-{next(_numbers)}"
    answer, again = (api.post("herder", "/v1/appointments", wish(made, first), key=once) for _ in range(2))
    assert (answer.status, again.body) == (201, answer.body)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert answer.headers["Location"].endswith(f"/v1/appointments/{answer.body['id']}")
    assert slots(api, made, 1)[0]["left"] == 0
    assert api.post("stranger", "/v1/appointments", wish(made, first)).code == "appointment.full"
    assert api.post("herder", "/v1/appointments", wish(made, second)).code == "appointment.item-twice"
    api.cloud.settle()
    assert kinds(api, "herder")[0] == "appointment.booked"
    own = f"/v1/appointments/{answer.body['id']}"
    assert api.get("herder", own).body["booker"] == api.cloud.people["herder"].name
    assert api.get("stranger", own).code == "appointment.not-found"
    assert own.rpartition("/")[2] in [a["id"] for a in api.get("herder", "/v1/appointments").body["items"]]
    assert api.post("herder", f"{own}/cancellation").body["result"] == {"state": "cancelled"}
    assert api.post("herder", f"{own}/cancellation").code == "appointment.over"
    assert slots(api, made, 1)[0]["left"] == 1


@pytest.mark.requirement("E4")
def test_whoever_waits_is_booked_when_a_seat_is_given_back(api: Api) -> None:
    one = somebody(api)
    other = somebody(api)
    made = opened(api, hours=tuple(replace(h, spans=(Span(600, 630),)) for h in ALWAYS))
    (slot,) = slots(api, made, 1)
    day = (legal_day(api.cloud.clock.now()) + timedelta(days=1)).isoformat()
    waiting = {"place": made.id, "item": ITEM, "day": day}
    refused = api.post(other, "/v1/appointments/waiting-list", waiting)
    assert (refused.status, refused.code) == (409, "appointment.room-left")
    unopened = (legal_day(api.cloud.clock.now()) + timedelta(days=16)).isoformat()
    early = api.post(other, "/v1/appointments/waiting-list", {**waiting, "day": unopened})
    assert (early.status, early.code) == (409, "appointment.too-early")
    first = booked(api, one, made, slot)
    listed = api.post(other, "/v1/appointments/waiting-list", waiting).body["id"]
    assert state(api, other, listed) == "waiting"
    api.post(one, f"/v1/appointments/{first}/cancellation")
    api.cloud.settle()
    assert state(api, other, listed) == "booked"
    assert kinds(api, other)[0] == "appointment.promoted"
    api.post(other, f"/v1/appointments/{listed}/cancellation")


@pytest.mark.requirement("E4")
def test_whoever_waits_is_booked_when_new_terms_make_room(api: Api) -> None:
    one, other = somebody(api), somebody(api)
    made = opened(api, hours=tuple(replace(h, spans=(Span(600, 630),)) for h in ALWAYS))
    (slot,) = slots(api, made, 1)
    booked(api, one, made, slot)
    waiting = {"place": made.id, "item": ITEM, "day": slot["start"][:10]}
    listed = api.post(other, "/v1/appointments/waiting-list", waiting).body["id"]
    more = api.post("place-head", f"/v1/places/{made.id}/booking-terms", {**TERMS, "follows": 1, "seats": 2})
    assert more.status == 200, more.body
    api.cloud.settle()
    assert state(api, other, listed) == "booked"
    assert kinds(api, other)[0] == "appointment.promoted"


@pytest.mark.requirement("E4")
def test_when_the_place_closes_the_booked_are_moved_and_told(api: Api) -> None:
    one = somebody(api)
    made = opened(api)
    appointment = booked(api, one, made, slots(api, made, 2)[0])
    closed = legal_day(api.cloud.clock.now()) + timedelta(days=2)
    published(api, replace(made, version=2, closures=(Closure(closed, closed, "停电检修"),)))
    api.cloud.settle()
    found = api.get(one, f"/v1/appointments/{appointment}").body
    assert found["state"]["code"] == "booked"
    assert found["day"] == (closed + timedelta(days=1)).isoformat()
    assert found["moved_from"] is not None
    assert kinds(api, one)[0] == "appointment.moved"
    published(api, replace(made, version=3, closed=True))
    api.cloud.settle()
    assert state(api, one, appointment) == "freed"
    assert kinds(api, one)[0] == "appointment.freed"


@pytest.mark.requirement("B1")
@pytest.mark.requirement("E4")
def test_the_queue_takes_who_booked_and_who_walks_in_and_lets_priority_go_first(api: Api) -> None:
    one = somebody(api)
    made = opened(api)
    path = f"/v1/places/{made.id}/queue"
    found = slots(api, made) or slots(api, made, 1)
    appointment = booked(api, one, made, found[0])
    checked = api.post("place-desk", f"/v1/appointments/{appointment}/check-in", {})
    walk_in = api.post("place-desk", path, {"item": ITEM})
    first = api.post("place-desk", path, {"item": ITEM, "priority": "pregnant"})
    assert [a.body["result"]["number"] for a in (checked, walk_in, first)] == ["1", "2", "3"]
    waiting = api.get(None, path).body["waiting"]
    assert [w["number"] for w in waiting] == [3, 2, 1]
    assert [w["minutes"] for w in waiting] == [0, 30, 60]
    assert "pregnant" not in str(waiting)
    assert api.post("place-desk", f"{path}/calls", {"window": "-"}).body["result"]["number"] == "3"
    assert api.post("place-desk", f"{path}/3/closing", {"served": True}).body["result"]["state"] == "served"
    assert api.get(None, path).body["called"] == []
    for code, answer in (
        ("place.staff-only", api.post("herder", path, {"item": ITEM})),
        ("queue.window-unknown", api.post("place-desk", f"{path}/calls", {"window": "w7"})),
        ("queue.number-unknown", api.post("place-desk", f"{path}/99/closing", {"served": True})),
        ("queue.number-unknown", api.post("place-desk", f"{path}/九/closing", {"served": True})),
        ("appointment.over", api.post("place-desk", f"/v1/appointments/{appointment}/check-in", {})),
    ):
        assert answer.code == code


@pytest.mark.requirement("E4")
def test_what_is_wrong_with_a_wish_is_said_with_its_code(api: Api) -> None:
    made = opened(api)
    slot = slots(api, made, 1)[0]
    good = wish(made, slot)
    odd = (datetime.fromisoformat(slot["start"]) + timedelta(minutes=1)).astimezone(UTC).isoformat()
    for code, body in (
        ("place.not-found", {**good, "place": f"{CHAIN.banner.code}-none"}),
        ("appointment.item-not-served", {**good, "item": "150105999999"}),
        ("appointment.no-such-slot", {**good, "start": odd}),
        ("schema.format", {**good, "start": "2026-11-31T09:00:00+08:00"}),
        ("schema.format", {**good, "start": "2026-11-30T09:00:00"}),
        ("appointment.past", {**good, "start": "0001-01-01T00:00:00+08:00"}),
        ("appointment.no-such-slot", {**good, "start": "9999-12-31T23:59:59-12:00"}),
    ):
        answer = api.post("herder", "/v1/appointments", body)
        assert code in answer.codes, (body, answer.body)
    assert api.post("place-desk", "/v1/appointments", good).code == "appointment.applicants-only"
    for day in ("0001-01-01", "9999-12-31"):
        query = {"day": day, "item": ITEM}
        assert api.get(None, f"/v1/places/{made.id}/slots", **query).status in (200, 404)


@pytest.mark.requirement("E4")
def test_terms_are_public_and_set_by_the_head_alone(api: Api) -> None:
    made = opened(api)
    path = f"/v1/places/{made.id}/booking-terms"
    told = api.get(None, path).body
    assert (told["version"], told["rules"]) == (1, TERMS["rules"])
    assert api.post("place-desk", path, {**TERMS, "follows": 1}).code == "place.staff-only"
    assert api.post("place-head", path, TERMS).code == "store.conflict"
    wrong = api.post("place-head", path, {**TERMS, "follows": 1, "minutes": 20, "seats": 100, "grace": 40})
    assert set(wrong.codes) == {"booking-terms.length", "booking-terms.seats", "booking-terms.grace"}
    bare = place()
    api.cloud.wiring.place_store.load([bare])
    api.cloud.wiring.places._areas.clear()  # type: ignore[attr-defined]
    assert api.get(None, f"/v1/places/{bare.id}/booking-terms").code == "booking-terms.none"


@pytest.mark.requirement("E4")
def test_a_visit_is_asked_for_arranged_told_and_listed_for_both_sides(api: Api) -> None:
    centre = place(id=f"{CHAIN.banner.code}-visits{next(_numbers)}", kind=PlaceKind.STATION, items=(ITEM,))
    api.cloud.wiring.place_store.load([centre])
    api.cloud.wiring.places._areas.clear()  # type: ignore[attr-defined]
    wanted = {
        "place": centre.id,
        "item": ITEM,
        "division": CHAIN.village.code,
        "address": "示例嘎查𠮷1号",
        "ground": "disabled",
    }
    visit = api.post("herder", "/v1/visits", wanted).body["id"]
    hidden = {"address", "ground", "accesses"}
    listed = api.get("place-desk", f"/v1/visit-requests/{centre.id}").body["items"]
    assert [(found["id"], set(found["booker"][1:]), hidden & set(found)) for found in listed] == [(visit, {"*"}, set())]
    assert api.get("place-desk", f"/v1/visits/{visit}").body["address"] == wanted["address"]
    assert hidden & set(api.get("herder", "/v1/visits").body["items"][0]) == {"address", "ground"}
    (read,) = api.get("herder", f"/v1/visits/{visit}").body["accesses"]
    assert read["actor"]["kind"]["code"] == "officer"
    assert "accesses" not in api.get("place-desk", f"/v1/visits/{visit}").body
    start = api.cloud.clock.now() + timedelta(days=1)
    times = {"start": start.isoformat(), "end": (start + timedelta(hours=1)).isoformat()}
    made = {**times, "staff": ["place-desk"], "equipment": ["TERMINAL-1"]}
    assert api.post("herder", f"/v1/visits/{visit}/arrangement", made).code == "place.staff-only"
    named = {**made, "staff": ["张三"], "equipment": ["李四的电脑"]}
    refused = api.post("place-desk", f"/v1/visits/{visit}/arrangement", named)
    assert set(refused.codes) == {"visit.staff", "visit.equipment"}
    assert api.post("place-desk", f"/v1/visits/{visit}/arrangement", made).status == 200
    api.cloud.settle()
    assert kinds(api, "herder")[0] == "visit.arranged"
    assert api.get("stranger", f"/v1/visits/{visit}").code == "visit.not-found"
    assert api.post("place-desk", f"/v1/visits/{visit}/completion").code == "visit.not-begun"
    assert api.post("herder", f"/v1/visits/{visit}/cancellation").body["result"] == {"state": "cancelled"}
    assert api.get("herder", "/v1/visits").body["items"][0]["state"]["code"] == "cancelled"
    second = api.post("herder", "/v1/visits", wanted).body["id"]
    assert api.post("place-desk", f"/v1/visits/{second}/refusal", {"reason": "道路中断"}).status == 200
    assert api.get("herder", f"/v1/visits/{second}").body["reason"] == "道路中断"
    far = {**wanted, "division": CHAIN.league.code}
    assert api.post("herder", "/v1/visits", far).code == "visit.outside-area"
