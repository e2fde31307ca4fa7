"""Service places over HTTP: review, answers, the list of delay-service items, calendars, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
import vobject

from chalicelib.domain.deadlines import legal_day
from infra.local.people import chain_of
from tests.cloud import STAGE
from tests.functional.conftest import Answer, Api

CHAIN = chain_of(STAGE)
RESIDENT_ID = "152009901000"  # 居民身份证申领
WHOLE_DAY = {"start": "00:00", "end": "24:00"}
LEAGUE_CENTRE, BANNER_CENTRE = f"{CHAIN.league.code}-centre", f"{CHAIN.banner.code}-centre"


@pytest.fixture(name="today")
def _today(api: Api) -> str:
    return legal_day(api.cloud.clock.now()).isoformat()


def draft(today: str, **changes: Any) -> dict[str, Any]:
    return {
        "kind": "terminal",
        "division": CHAIN.township.code,
        "name": "自助终端 ᠮᠣᠩᠭᠣᠯ 𠮷(测试)",
        "address": "苏木政府门口",
        "phone": "0479-0000000",
        "since": today,
        "windows": [],
        "hours": [
            {
                "kind": kind,
                "weekdays": [1, 2, 3, 4, 5, 6, 7],
                "spans": [{"start": "00:00", "end": "24:00"}],
                "since": today,
            }
            for kind in ("regular", "weekend", "holiday")
        ],
        "items": [RESIDENT_ID],
        "position": {"latitude": 44.5, "longitude": 117.6},
        **changes,
    }


def proposed(api: Api, *drafts: dict[str, Any]) -> Answer:
    return api.post("banner-places", "/v1/place-proposals", {"opinion": "新设", "places": list(drafts)})


def approved(api: Api, *drafts: dict[str, Any]) -> list[str]:
    made = proposed(api, *drafts)
    assert made.status == 201, made.body
    path = f"/v1/place-proposals/{made.body['id']}"
    answer = api.post("league-bureau", f"{path}/approval", {"opinion": "同意"})
    assert answer.status == 200, answer.body
    return [place["id"] for place in api.get("banner-places", path).body["places"]]


def fresh(api: Api) -> None:
    """What a container has kept of places is a minute old, as it is after a minute."""
    api.cloud.wiring.places._areas.clear()


@pytest.mark.requirement("E1")
@pytest.mark.requirement("E5")
@pytest.mark.requirement("E6")
def test_a_reviewed_terminal_is_found_with_its_own_item_at_any_hour(api: Api, today: str) -> None:
    listed = api.get("league-bureau", "/v1/place-proposals")
    assert listed.status == 200
    (place_id,) = approved(api, draft(today))
    fresh(api)
    place = api.get(None, f"/v1/places/{place_id}")
    assert (place.body["kind"]["code"], place.body["division_name"]) == ("terminal", CHAIN.township.name)
    assert place.headers["cache-control"] == "public, max-age=60"
    answer = api.get(None, f"/v1/places/{place_id}/opening").body
    assert answer["open"], answer
    assert answer["next"]["start"] > answer["at"]
    where = api.get(None, "/v1/where", item=RESIDENT_ID, division=CHAIN.village.code, limit=50).body
    found = {a["place"]["id"]: a for a in where["items"]}
    assert found[place_id]["manner"]["code"] == "outlet"
    assert BANNER_CENTRE in found
    near = api.get(None, "/v1/where", item=RESIDENT_ID, near="44.5,117.6").body["items"]
    assert near[0]["metres"] == 0
    entries = api.get(None, "/v1/delay-service", division=CHAIN.township.code, limit=50).body["items"]
    assert place_id in {e["place"]["id"] for e in entries}


@pytest.mark.requirement("E5")
def test_a_published_version_is_announced_on_the_bus(api: Api, today: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hints: list[Any] = []
    publish = api.cloud.wiring.bus.publish

    def noting(given: Any) -> Any:
        hints.extend(given)
        return publish(given)

    monkeypatch.setattr(api.cloud.wiring.bus, "publish", noting)
    (place_id,) = approved(api, draft(today))
    api.cloud.settle()
    assert {h.type for h in hints if h.case_id == place_id} == {"place.changed", "place.delay_list_changed"}
    assert api.cloud.failures() == []


@pytest.mark.requirement("E1")
def test_a_file_of_many_places_is_refused_whole_with_every_violation(api: Api, today: str) -> None:
    yesterday = (legal_day(api.cloud.clock.now()) - timedelta(days=1)).isoformat()
    regular = draft(today)["hours"][0]
    answer = proposed(
        api,
        draft(today),
        draft(today, kind="township_centre", name="便民大厅", items=[]),
        draft(yesterday, items=[]),
        draft(today, division="152599999999"),
        draft(today, hours=[regular, regular]),
        draft(today, items=["150105009999"]),
        draft(today, hours=[{**regular, "access": "appointment"}]),
    )
    assert answer.status == 422
    assert set(zip(answer.codes, answer.pointers, strict=True)) == {
        ("place.name-rule", "/places/1/name"),
        ("place.since-past", "/places/2/since"),
        ("place.items-missing", "/places/2/items"),
        ("division.unknown", "/places/3/division"),
        ("item.not-offered", "/places/3/items/0"),
        ("place.hours-contradict", "/places/4/hours/1"),
        ("item.not-offered", "/places/5/items/0"),
        ("place.regular-needs-no-appointment", "/places/6/hours/0/access"),
    }


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"since": "2026-02-30"}, "/places/0/since"),
        ({"since": "0000-01-01"}, "/places/0/since"),
        ({"since": "2026-11-26T00:00:00+08:00"}, "/places/0/since"),
        (
            {"hours": [{"kind": "special", "weekdays": [1], "spans": [], "since": "2026-11-26"}]},
            "/places/0/hours/0/kind",
        ),
        ({"timezone": "Asia/Shanghai"}, "/places/0/timezone"),
        ({"replaces": 1}, "/places/0/id"),
        ({"id": "150102000000-centre"}, "/places/0/id"),
        ({"position": {"latitude": 91, "longitude": 0}}, "/places/0/position/latitude"),
        ({"name": ""}, "/places/0/name"),
    ],
)
def test_time_zones_and_days_that_are_none_are_refused(api: Api, today: str, changes: Any, pointer: str) -> None:
    answer = proposed(api, draft(today, **changes))
    assert answer.status in (400, 422)
    assert pointer in answer.pointers, answer.body


@pytest.mark.parametrize("start", ["8:30", "24:00", "08:30+09:00", "08:30Z", "08:60", "08:30 CST"])
def test_a_time_of_day_has_no_zone(api: Api, today: str, start: str) -> None:
    hours = {**draft(today)["hours"][0], "spans": [{"start": start, "end": "12:00"}]}
    answer = proposed(api, draft(today, hours=[hours]))
    assert answer.status == 422
    assert answer.pointers == ["/places/0/hours/0/spans/0/start"]


@pytest.mark.parametrize(
    ("at", "code"),
    [
        ("2026-11-28T10:00:00", "schema.format"),
        ("2099-11-28T10:00:00+08:00[Asia/Shanghai]", "schema.format"),
        ("2099-11-28 10:00", "schema.format"),
        ("2099-06-30T23:59:60Z", "schema.format"),
        ("0001-01-01T00:00:00+14:00", "schema.format"),
        ("tomorrow", "schema.format"),
        ("1999-11-28T10:00:00+08:00", "place.moment-past"),
        ("2099-11-28T10:00:00+08:00", "place.moment-too-far"),
    ],
)
def test_a_moment_is_an_instant_of_the_coming_year(api: Api, at: str, code: str) -> None:
    where = {"item": RESIDENT_ID, "division": CHAIN.village.code}
    for path, more in ((f"/v1/places/{LEAGUE_CENTRE}/opening", {}), ("/v1/where", where)):
        answer = api.get(None, path, at=at, **more)
        assert answer.status == 422, answer.body
        assert answer.codes == [code]


def test_wrong_places_and_divisions_are_refused_and_never_a_failure(api: Api) -> None:
    for path in ("", "/versions", "/opening", "/holiday", "/calendar.ics"):
        answer = api.get(None, f"/v1/places/{quote('没有-这里')}{path}")
        assert (answer.status, answer.code) == (404, "place.not-found")
    assert api.get(None, "/v1/places", division="152599999999").code == "division.unknown"
    assert api.get(None, "/v1/delay-service", division="152599999999").code == "division.unknown"
    assert api.get(None, "/v1/where", item=RESIDENT_ID).code == "place.where-missing"
    assert api.get(None, "/v1/where", item=RESIDENT_ID, near="99,0").code == "place.position-impossible"
    assert api.get(None, "/v1/where", item="000000000000", division=CHAIN.village.code).code == "item.not-offered"
    assert api.get(None, f"/v1/places/{LEAGUE_CENTRE}/timetable", month="2026-13").status == 422
    assert api.get(None, f"/v1/places/{LEAGUE_CENTRE}", day="2026-02-30").status == 422


@pytest.mark.requirement("E5")
def test_the_timetable_is_there_as_json_and_as_a_calendar(api: Api) -> None:
    month = legal_day(api.cloud.clock.now()).isoformat()[:7]
    days = api.get(None, f"/v1/places/{LEAGUE_CENTRE}/timetable", month=month).body["days"]
    answer = api.get(None, f"/v1/places/{LEAGUE_CENTRE}/calendar.ics")
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    events = vobject.readOne(answer.body).contents["vevent"]
    of_month = [e for e in events if f".{month.replace('-', '')}" in e.uid.value]
    assert len(of_month) == sum(len(day["openings"]) for day in days)
    holiday = api.get(None, f"/v1/places/{LEAGUE_CENTRE}/holiday").body
    assert holiday["days"]
    assert all(day["name"] == holiday["holiday"] for day in holiday["days"])


@pytest.mark.requirement("E1")
def test_a_closed_place_says_so_and_its_feed_is_gone(api: Api, today: str) -> None:
    (place_id,) = approved(api, draft(today))
    assert approved(api, draft(today, id=place_id, replaces=1, closed=True)) == [place_id]
    fresh(api)
    assert api.get(None, f"/v1/places/{place_id}").body["closed"]
    assert [v["version"] for v in api.get(None, f"/v1/places/{place_id}/versions").body["items"]] == [1, 2]
    for path in ("opening", "calendar.ics", "holiday"):
        answer = api.get(None, f"/v1/places/{place_id}/{path}")
        assert (answer.status, answer.code) == (410, "place.closed")
    listed = api.get(None, "/v1/places", division=CHAIN.township.code).body["items"]
    assert place_id not in {p["id"] for p in listed}


@pytest.mark.requirement("H3")
def test_review_needs_the_roles_and_a_second_officer(api: Api, today: str) -> None:
    body = {"opinion": "新设", "places": [draft(today)]}
    for who in ("herder", "sum-window", "league-bureau", "agent"):
        assert api.post(who, "/v1/place-proposals", body).code == "place.managers-only"
    assert api.call(None, "POST", "/v1/place-proposals", body, headers={"Idempotency-Key": "k"}).status == 401
    elsewhere = draft(today, division=CHAIN.league.code)
    assert proposed(api, elsewhere).code == "place.outside-area"
    made = proposed(api, draft(today)).body["id"]
    path = f"/v1/place-proposals/{made}"
    for who in ("herder", "banner-bureau", "sum-window"):
        assert api.post(who, f"{path}/approval", {"opinion": "同意"}).code == "place.proposal-not-found"
    assert api.post("banner-places", f"{path}/approval", {"opinion": "同意"}).code == "place.bureau-only"
    assert api.post("region-bureau", f"{path}/rejection", {"opinion": "重复"}).status == 200
    assert api.post("league-bureau", f"{path}/approval", {"opinion": "同意"}).code == "place.proposal-decided"
    steps = api.get("banner-places", path).body["steps"]
    assert [s["kind"]["code"] for s in steps] == ["proposed", "rejected"]


def test_a_repeated_proposal_and_approval_get_the_first_answer_again(api: Api, today: str) -> None:
    body = {"opinion": "新设", "places": [draft(today)]}
    first = api.post("banner-places", "/v1/place-proposals", body, key=f"again-{today}")
    again = api.post("banner-places", "/v1/place-proposals", body, key=f"again-{today}")
    assert (again.status, again.body) == (201, first.body)
    assert again.headers["idempotency-replayed"] == "true"
    path = f"/v1/place-proposals/{first.body['id']}/approval"
    done = api.post("league-bureau", path, {"opinion": "同意"}, key=f"approve-{today}")
    assert api.post("league-bureau", path, {"opinion": "同意"}, key=f"approve-{today}").body == done.body


@pytest.mark.requirement("E5")
def test_pages_of_the_list_belong_to_one_version(api: Api, today: str) -> None:
    fresh(api)
    query = {"division": CHAIN.township.code, "limit": 1}
    approved(api, draft(today, items=[RESIDENT_ID, "152009902000"]))
    fresh(api)
    first = api.get(None, "/v1/delay-service", **query).body
    second = api.get(None, "/v1/delay-service", **query, cursor=first["next"]).body
    assert second["version"] == first["version"]
    assert second["items"] != first["items"]
    approved(api, draft(today))
    fresh(api)
    moved = api.get(None, "/v1/delay-service", **query, cursor=first["next"])
    assert (moved.status, moved.code) == (422, "place.list-changed")
