"""Late materials and failures of the platform over HTTP: every refusal in its place, and what is told to whom."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.deadlines import legal_day
from infra.local.people import chain_of
from tests.cloud import STAGE
from tests.functional.conftest import Answer, Api
from tests.functional.test_papers_api import PDF, text_of

CHAIN = chain_of(STAGE)
ITEM = "150105906000"  # 民办学校设立审批, decided by the banner; which of its materials may be late is demo data
ACCEPTOR, DECIDER = "banner-acceptance", "banner-decision"
FORM = {
    "applicant_kind": "person",
    "applicant_name": "巴特尔",
    "identity_number": "152501199003070012",
    "phone": "13800000000",
}
OPINION = {"opinion": "符合法定条件,材料补齐后准予"}


def paper(code: str, **changes: str) -> dict[str, str]:
    return {"code": code, "form": "paper", "name": f"材料{code}", **changes}


def now(api: Api) -> datetime:
    return datetime.fromisoformat(api.get(None, "/v1/health").body["time"])


def drafted(api: Api, *deferred: tuple[str, date], given: tuple[str, ...] = ("M03", "M04", "M05")) -> str:
    made = api.post("herder", "/v1/cases", {"item": ITEM, "division": CHAIN.village.code, "channel": "web"})
    path = f"/v1/cases/{made.body['id']}"
    wishes = [{"code": code, "promised_on": day.isoformat()} for code, day in deferred]
    content = {"form": FORM, "materials": [paper(code) for code in given], "deferred": wishes}
    assert api.put("herder", f"{path}/application", content, made.body["version"]).status == 200
    return path


def found_by(api: Api, officer: str, path: str, role: str) -> None:
    """The workflow opens the officer's task, and they claim it from their worklist."""
    api.cloud.settle()
    rows = api.get(officer, "/v1/worklist", queue=role).body["items"]
    assert path.rpartition("/")[2] in [row.get("case", row.get("id")) for row in rows], rows[:1]
    assert api.post(officer, f"{path}/claim").status == 200


def accepted(api: Api, *days: date) -> str:
    """Accepted with M01 and M02 awaited, at the decision."""
    today = legal_day(now(api))
    first, second = days or (today, today)
    path = drafted(api, ("M01", first), ("M02", second))
    assert api.post("herder", f"{path}/submission").status == 200
    found_by(api, ACCEPTOR, path, "accept")
    assert api.post(ACCEPTOR, f"{path}/acceptance").status == 200
    found_by(api, DECIDER, path, "decide")
    return path


def supply(api: Api, path: str, *materials: dict[str, str]) -> Answer:
    return api.post("herder", f"{path}/supplements", {"materials": list(materials)})


def check(api: Api, path: str, *verdicts: dict[str, Any]) -> Answer:
    return api.post(DECIDER, f"{path}/supplements/check", {"verdicts": list(verdicts)})


def refused(answer: Answer) -> tuple[int, list[str], list[str]]:
    return answer.status, answer.codes, answer.pointers


def document_of(api: Api, path: str, kind: str) -> dict[str, Any]:
    """The newest written act of a kind, verified by whoever has number and code."""
    case = api.get("herder", path).body
    number = [d["number"] for d in case["documents"] if d["kind"]["code"] == kind][-1]
    document: dict[str, Any] = api.get("herder", f"{path}/documents/{number}").body
    assert document["intact"]
    assert api.get(None, f"/v1/verify/documents/{number}/{document['code']}").status == 200
    assert api.get(None, f"/v1/verify/documents/{number}/{document['code'][::-1]}").status == 404
    printed = text_of(api.call("herder", "GET", f"{path}/documents/{number}/pdf", headers=PDF))
    for said in (number, document["code"], document["kind"]["zh"]):
        assert "".join(said.split()) in printed
    return document | {"printed": printed}


# -- the wish -------------------------------------------------------------------------------------------------


@pytest.mark.requirement("D1")
def test_everything_that_speaks_against_a_wish_is_named_at_once_in_its_place(api: Api) -> None:
    today = legal_day(now(api))
    wishes = (("M03", today), ("M01", today + timedelta(days=90)), ("M01", today), ("M04", today))
    path = drafted(api, *wishes, given=("M04", "M05"))
    answer = api.post("herder", f"{path}/submission")
    assert answer.status == 422
    assert set(zip(answer.codes, answer.pointers, strict=True)) == {
        ("supplement.not-deferrable", "/deferred/0/code"),
        ("supplement.date-outside-period", "/deferred/1/promised_on"),
        ("supplement.repeated", "/deferred/2/code"),
        ("supplement.not-deferrable", "/deferred/3/code"),
        ("material.missing", "/materials"),
    }
    there = drafted(api, ("M01", today), given=("M01", "M02", "M03", "M04", "M05"))
    assert refused(api.post("herder", f"{there}/submission")) == (
        422,
        ["supplement.given-already"],
        ["/deferred/0/code"],
    )
    assert api.post("herder", f"{path}/supplements", {"materials": [paper("M01")]}).code == "case.wrong-state"


@pytest.mark.requirement("D1")
@pytest.mark.parametrize("day", ["2026-02-30", "morgen", "2026-12-01T00:00:00Z"])
def test_a_day_that_is_none_is_refused_when_it_is_saved(api: Api, day: str) -> None:
    made = api.post("herder", "/v1/cases", {"item": ITEM, "division": CHAIN.village.code, "channel": "web"}).body
    content = {"form": FORM, "materials": [], "deferred": [{"code": "M01", "promised_on": day}]}
    answer = api.put("herder", f"/v1/cases/{made['id']}/application", content, made["version"])
    assert refused(answer) == (422, ["schema.format"], ["/deferred/0/promised_on"])


# -- the way of a case ----------------------------------------------------------------------------------------


@pytest.mark.requirement("D2", "D3")
def test_a_case_with_gaps_says_what_is_awaited_everywhere_and_is_granted_with_the_last_check(api: Api) -> None:
    path = accepted(api)
    told = document_of(api, path, "acceptance")
    assert "24时前补交" in told["texts"]["awaited"]
    assert "容缺" in told["printed"]
    case = api.get("herder", path).body
    assert [(s["code"], s["state"]["code"]) for s in case["supplements"]] == [("M01", "awaited"), ("M02", "awaited")]
    clocks = [c for c in api.get("herder", f"{path}/deadlines").body["clocks"] if c["kind"]["code"] == "supplement"]
    assert {c["ends_at"] for c in clocks} == {s["due_at"] for s in case["supplements"]}
    assert api.post(DECIDER, f"{path}/grant", OPINION).code == "supplement.outstanding"
    assert api.post(DECIDER, f"{path}/held-decision", OPINION).status == 200
    assert api.get("herder", path).body["decision_held_at"]

    assert refused(supply(api, path, paper("M01"), paper("M01"), paper("M03"))) == (
        422,
        ["material.repeated", "supplement.not-awaited"],
        ["/materials/1/code", "/materials/2/code"],
    )
    electronic = paper("M01", form="electronic", digest="0" * 64)
    assert refused(supply(api, path, electronic)) == (422, ["material.upload-unknown"], ["/materials/0/digest"])
    assert refused(supply(api, path, paper("M02", form="held"))) == (
        422,
        ["supplement.not-held"],
        ["/materials/0/form"],
    )
    assert (supply(api, path).status, supply(api, path).pointers) == (422, ["/materials"])
    assert api.post("stranger", f"{path}/supplements", {"materials": [paper("M01")]}).code == "case.not-found"
    assert api.post(DECIDER, f"{path}/supplements", {"materials": [paper("M01")]}).code == "case.act-not-yours"

    assert supply(api, path, paper("M01"), paper("M02")).status == 200
    assert document_of(api, path, "receipt")["texts"] == {}
    assert supply(api, path, paper("M01")).code == "supplement.not-awaited"
    assert refused(check(api, path, {"material": "M03"}, {"material": "M01"}, {"material": "M01"})) == (
        422,
        ["supplement.not-to-check"] * 2,
        ["/verdicts/0/material", "/verdicts/2/material"],
    )
    blank = check(api, path, {"material": "M01", "defects": [" "]})
    assert refused(blank) == (422, ["case.text-missing"], ["/verdicts/0/defects/0"])
    assert api.post("herder", f"{path}/supplements/check", {"verdicts": [{"material": "M01"}]}).status == 403

    defects = ["与身份证上的住址不一致", "缺第3页"]
    assert check(api, path, {"material": "M01"}, {"material": "M02", "defects": defects}).status == 200
    notice = document_of(api, path, "supplement_notice")
    assert notice["texts"]["defects"].count("\n") == 1
    for said in ("与身份证上的住址不一致", "缺第3页", "24时前重新补交"):
        assert said in notice["printed"]
    assert supply(api, path, paper("M02")).status == 200
    assert check(api, path, {"material": "M02"}).body["result"]["state"] == "granted"
    assert document_of(api, path, "grant")["texts"]["opinion"] == OPINION["opinion"]
    assert api.get("herder", path).body["decision_held_at"] is None
    assert check(api, path, {"material": "M02"}).status in (404, 409)

    api.cloud.settle()
    events = api.get("herder", f"{path}/timeline").body["events"]
    named = {e["type"]["code"]: e["type"]["zh"] for e in events}
    for code in ("case.supplemented", "case.supplements_checked", "case.decision_held"):
        assert named[code] != code
    kinds = [m["kind"]["code"] for m in told_about(api, path)]
    for code in ("case.accepted", "case.supplemented", "case.supplements_checked"):
        assert code in kinds


def told_about(api: Api, path: str) -> list[dict[str, Any]]:
    rows = api.get("herder", "/v1/messages", limit=50).body["items"]
    return [row for row in rows if row["case"] == path.rpartition("/")[2]]


@pytest.mark.requirement("I4")
def test_a_supervisor_sees_that_something_is_defective_and_not_the_words(api: Api) -> None:
    path = accepted(api)
    supply(api, path, paper("M01"))
    check(api, path, {"material": "M01", "defects": ["与身份证上的住址不一致"]})
    number = document_of(api, path, "supplement_notice")["number"]
    case = api.get("supervisor", path)
    assert [s["state"]["code"] for s in case.body["supplements"]] == ["defective", "awaited"]
    pdf = api.call("supervisor", "GET", f"{path}/documents/{number}/pdf", headers=PDF)
    told = [case.body, api.get("supervisor", f"{path}/timeline").body]
    told += [api.get("supervisor", f"{path}/documents/{number}").body]
    assert all("住址不一致" not in text for text in (*map(str, told), text_of(pdf)))
    assert "住址不一致" in str(api.get("herder", path).body)


@pytest.mark.requirement("D3", "D4")
def test_the_applicant_is_reminded_and_at_24_00_the_listed_consequence_happens_in_writing(api: Api) -> None:
    day = legal_day(now(api)) + timedelta(days=1)
    while day.weekday() >= 5:
        day += timedelta(days=1)
    path = accepted(api, day, day)
    until = datetime.fromisoformat(api.get("herder", path).body["supplements"][0]["due_at"])
    assert until == datetime(day.year, day.month, day.day, 16, tzinfo=UTC)
    api.cloud.advance(until - now(api) - timedelta(minutes=5))
    api.cloud.settle()
    assert "reminder.supplement" in [m["kind"]["code"] for m in told_about(api, path)]
    assert api.get("herder", path).body["state"]["code"] == "in_review"
    api.cloud.advance(timedelta(minutes=5))
    assert api.get("herder", path).body["state"]["code"] == "refused"
    assert supply(api, path, paper("M01")).code == "case.wrong-state"
    refusal = document_of(api, path, "refusal")
    assert "容缺材料" in refusal["texts"]["reasons"]
    assert "行政复议" in refusal["texts"]["remedies"]
    assert api.post(DECIDER, f"{path}/held-decision", OPINION).status in (404, 409)
    lapsed = [e for e in api.get("herder", f"{path}/timeline").body["events"] if e["type"]["code"].endswith("lapsed")]
    assert datetime.fromisoformat(lapsed[-1]["effective_at"]) == until


# -- failures of the platform ---------------------------------------------------------------------------------


def outage(since: datetime, **changes: str) -> dict[str, str]:
    return {"service": "uploads", "since": since.isoformat(), "reason": "对象存储不可用", **changes}


@pytest.mark.requirement("D4")
def test_a_failure_is_recorded_once_by_who_supervises_the_region_and_moves_the_day(api: Api) -> None:
    path = accepted(api)
    due = datetime.fromisoformat(api.get("herder", path).body["supplements"][0]["due_at"])
    began = now(api) - timedelta(minutes=1)
    for who, status in (("herder", 403), (DECIDER, 403), (None, 401)):
        assert api.post(who, "/v1/outages", outage(began)).status == status
    made = api.post("supervisor", "/v1/outages", outage(began))
    assert made.status == 201, made.body
    place = f"/v1/outages/{made.body['id']}/end"
    assert api.get("herder", path).body["supplements"][0]["due_at"] is None
    for until, code in ((began, "outage.ends-before-it-began"), (began + timedelta(days=1), "outage.in-the-future")):
        answer = api.post("supervisor", place, {"until": until.isoformat()})
        assert refused(answer) == (422, [code], ["/until"])
    assert api.post("herder", place, {"until": now(api).isoformat()}).code == "outage.supervisors-only"
    assert api.post("supervisor", place, {"until": now(api).isoformat()}).status == 200
    assert api.post("supervisor", place, {"until": now(api).isoformat()}).code == "outage.ended"
    moved = datetime.fromisoformat(api.get("herder", path).body["supplements"][0]["due_at"])
    assert moved > due
    shown = next(o for o in api.get(None, "/v1/outages").body["items"] if o["id"] == made.body["id"])
    assert shown["until"]
    assert shown["service"]["zh"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"since": "2999-01-01T00:00:00Z"}, (422, ["outage.in-the-future"], ["/since"])),
        ({"since": "2016-12-31T23:59:60Z"}, (422, ["schema.format"], ["/since"])),
        ({"since": "0001-01-01T00:00:00+14:00"}, (422, ["schema.format"], ["/since"])),
        ({"reason": " "}, (422, ["case.text-missing"], ["/reason"])),
        ({"service": "weather"}, (422, ["schema.enum"], ["/service"])),
    ],
)
def test_a_failure_that_cannot_be_is_refused(api: Api, changes: dict[str, str], told: tuple[int, Any, Any]) -> None:
    assert refused(api.post("supervisor", "/v1/outages", {**outage(now(api)), **changes})) == told


def test_the_end_of_an_unknown_failure_is_not_found(api: Api) -> None:
    answer = api.post("supervisor", "/v1/outages/uploads-none/end", {"until": now(api).isoformat()})
    assert answer.code == "outage.not-found"
