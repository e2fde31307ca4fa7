"""Deadlines and the calendar over HTTP."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from chalicelib.domain.calendar import year_of
from chalicelib.services.calendar import publish_year
from chalicelib.storage.calendar import packaged
from chalicelib.storage.calendar_years import DynamoYears
from tests.functional.conftest import Api
from tests.functional.test_cases_api import accepted, drafted
from tests.unit.test_calendar import document

pytestmark = pytest.mark.requirement("B10")


def test_everybody_who_sees_a_case_is_told_each_day_of_its_deadlines(api: Api) -> None:
    case_id = accepted(api)
    answers = [api.get(who, f"/v1/cases/{case_id}/deadlines") for who in ("herder", "banner-review")]
    assert [answer.status for answer in answers] == [200, 200]
    case = answers[0].body
    assert answers[0].headers["etag"] == f'"{case["version"]}"'
    clocks = {clock["kind"]["code"]: clock for clock in case["clocks"]}
    assert {"notice", "decision_promised"} <= set(clocks)
    assert clocks["notice"]["state"]["code"] == "met"
    promised = clocks["decision_promised"]
    assert promised["state"]["zh"] == "计时中"
    assert promised["counted"] == promised["limits"][0]["value"]
    assert promised["days"][0] == {**promised["days"][0], "counting": "start", "count": 0}
    assert promised["days"][-1]["date"] == promised["last_day"]
    assert sum(part["days"] for part in promised["ranges"]) == len(promised["days"])
    first = date.fromisoformat(promised["starting_day"])
    assert [day["date"] for day in promised["days"]] == [
        str(first + timedelta(n)) for n in range(len(promised["days"]))
    ]


def test_natural_days_are_explained_with_the_rule_that_moves_their_last_day(api: Api) -> None:
    case = api.get("herder", f"/v1/cases/{accepted(api)}/deadlines").body
    promised = next(clock for clock in case["clocks"] if clock["kind"]["code"] == "decision_promised")
    (limit,) = promised["limits"]
    assert limit["unit"]["code"] == "day"
    assert "民法典第二百零一条、第二百零三条" in limit["counting"]["zh"]
    # Every day counts, weekends too, until the number is full; what follows is moved, to the first working day.
    counted, moved = promised["days"][1 : limit["value"] + 1], promised["days"][limit["value"] + 1 :]
    assert [day["count"] for day in counted] == list(range(1, limit["value"] + 1))
    assert {day["counting"] for day in moved} <= {"moved"}
    assert all(day["kind"] in ("weekend", "holiday") for day in [counted[-1], *moved][:-1])
    assert promised["days"][-1]["kind"] in ("workday", "make_up")
    assert promised["ranges"][0]["counting"]["code"] == "start"


def test_a_draft_has_no_deadlines_and_strangers_learn_nothing(api: Api) -> None:
    case_id, _ = drafted(api)
    assert api.get("herder", f"/v1/cases/{case_id}/deadlines").body["clocks"] == []
    assert api.get("league-review", f"/v1/cases/{case_id}/deadlines").code == "case.not-found"
    assert api.get(None, f"/v1/cases/{case_id}/deadlines").status == 401


def test_an_announced_year_names_its_notice_and_an_unannounced_one_says_so(api: Api) -> None:
    known = api.get(None, "/v1/calendar/2026").body
    assert (known["announced"], known["revision"], known["workdays"]) == (True, 0, 248)
    assert {"date": "2026-02-14", "name": "春节"}.items() <= next(
        day for day in known["days"] if day["kind"]["code"] == "make_up" and day["name"] == "春节"
    ).items()
    coming = api.get(None, "/v1/calendar/2031").body
    assert (coming["announced"], coming["source"], len(coming["days"])) == (False, "", 6)


@pytest.mark.parametrize("year", ["1999", "2101", "20267", "next", "２０２６"])
def test_there_is_no_calendar_of_other_years(api: Api, year: str) -> None:
    assert api.get(None, f"/v1/calendar/{year}").code == "calendar.year-unknown"


def test_a_published_year_is_in_force_everywhere_a_minute_later(api: Api) -> None:
    assert api.get(None, "/v1/calendar/2028").body["announced"] is False
    days = {day.replace("2027", "2028"): told for day, told in document()["days"].items()}
    made = publish_year(DynamoYears(), packaged(), api.cloud.clock, year_of(document(year=2028) | {"days": days}))
    assert made.revision == 1
    api.cloud.clock.advance(timedelta(minutes=1))
    found = api.get(None, "/v1/calendar/2028").body
    assert (found["announced"], found["revision"]) == (True, 1)
