"""Procedures, extension and hearings over HTTP: every answer against its schema."""

from __future__ import annotations

from typing import Any

import pytest

from tests.functional.conftest import Api
from tests.functional.test_cases_api import CHAIN, accepted

KINDERGARTEN = "150105903000"
INSPECTION = {"kind": "inspection", "reason": "需核验证书", "days": 5}


def examined(api: Api) -> str:
    """A case that the banner's reviewer has claimed."""
    case_id = accepted(api)
    api.post("banner-review", f"/v1/cases/{case_id}/claim")
    return case_id


@pytest.mark.requirement("B10")
def test_an_inspection_stops_the_clock_with_a_written_notice_and_takes_two_officers(api: Api) -> None:
    case = f"/v1/cases/{examined(api)}"
    begun = api.post("banner-review", f"{case}/procedures", INSPECTION)
    number = begun.body["result"]["document"]
    assert "不计入" in api.get("herder", f"{case}/documents/{number}/page").body
    again = api.post("banner-review", f"{case}/procedures", INSPECTION)
    assert (again.status, again.codes) == (409, ["procedure.overlaps"])
    one = api.post("banner-review", f"{case}/procedures/1/assignment", {"officers": ["a"]})
    assert (one.status, one.codes, one.pointers) == (409, ["procedure.two-officers"], ["/officers"])
    early = api.post("banner-review", f"{case}/procedures/1/result", {"result": "属实"})
    assert early.codes == ["procedure.not-assigned"]
    api.post("banner-review", f"{case}/procedures/1/assignment", {"officers": ["a", "b"]})
    (shown,) = api.get("herder", case).body["procedures"]
    assert (shown["kind"]["zh"], shown["clock"]["code"], shown["notice"]) == ("检验", "stopped", number)
    assert (shown["assignment"]["officers"], shown["stopped_to"]) == (2, None)
    assert api.post("banner-review", f"{case}/procedures/1/result", {"result": "属实"}).status == 200
    types = [e["type"]["code"] for e in api.get("herder", f"{case}/timeline").body["events"]]
    assert types[-3:] == ["case.procedure_started", "case.officers_assigned", "case.procedure_ended"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({**INSPECTION, "kind": "auction"}, 409, "procedure.not-in-version"),
        ({**INSPECTION, "kind": "divination"}, 422, "schema.enum"),
        ({**INSPECTION, "days": 0}, 422, "schema.minimum"),
        ({**INSPECTION, "reason": "  "}, 409, "case.text-missing"),
    ],
)
def test_a_procedure_that_the_version_or_the_form_of_it_forbids_is_refused(
    api: Api, body: dict[str, object], status: int, code: str
) -> None:
    answer = api.post("banner-review", f"/v1/cases/{examined(api)}/procedures", body)
    assert (answer.status, answer.code) == (status, code)


@pytest.mark.parametrize("number", ["0", "2", "99999", "-1", "x", "%E4%B8%80", "²"])
def test_what_names_no_procedure_is_refused(api: Api, number: str) -> None:
    answer = api.post("banner-review", f"/v1/cases/{examined(api)}/procedures/{number}/result", {"result": "x"})
    assert (answer.status, answer.code) == (409, "procedure.unknown")


@pytest.mark.requirement("B10")
def test_an_extension_is_for_the_head_and_only_where_the_law_has_one(api: Api) -> None:
    case_id = examined(api)
    body = {"days": 10, "reason": "案情复杂"}
    officer = api.post("banner-review", f"/v1/cases/{case_id}/extension", body)
    lower = api.post("banner-head", f"/v1/cases/{case_id}/extension", body)
    assert {(a.status, a.code) for a in (officer, lower)} == {(403, "extension.wrong-head")}
    assert api.post("league-head", f"/v1/cases/{case_id}/extension", body).status == 404
    opinion = {"conclusion": "agree", "opinion": "同意"}
    api.post("banner-review", f"/v1/cases/{case_id}/opinion", opinion)
    api.cloud.settle()
    # 教师资格条例 16 sets its own thirty days and names no extension.
    special = api.post("league-head", f"/v1/cases/{case_id}/extension", body)
    assert (special.status, special.code) == (409, "extension.not-in-version")


@pytest.mark.requirement("B10")
def test_a_joint_case_is_extended_by_the_head_of_government_and_by_nobody_else(api: Api) -> None:
    # Given an item that several departments handle together, as its guide says (42(2))
    guide = api.get(None, f"/v1/items/{KINDERGARTEN}/guide", division=CHAIN.village.code).body["item"]
    assert guide["joint"]["kind"] == {"code": "unified", "zh": "统一办理", "en": guide["joint"]["kind"]["en"]}
    assert [department["code"] for department in guide["joint"]["departments"]] == ["05", "23", "50"]
    assert "joint" in guide["demo"]
    case = f"/v1/cases/{kindergarten(api)}"
    statutory = decision_of(api, case)
    assert [(limit["value"], limit["basis"]["article"]) for limit in statutory["limits"]] == [(45, "42(2)")]
    # When the organ's own head would extend it, then that is refused; other governments learn nothing of it
    body = {"days": 15, "reason": "需会同有关部门核查"}
    own = api.post("banner-head", f"{case}/extension", body)
    assert (own.status, own.code) == (403, "extension.wrong-head")
    assert api.post("league-governor", f"{case}/extension", body).status == 404
    # and the head of the banner's government extends it as far as the law goes, once
    longer = api.post("banner-governor", f"{case}/extension", {**body, "days": 16})
    assert (longer.status, longer.code) == (409, "extension.too-long")
    number = api.post("banner-governor", f"{case}/extension", body).body["result"]["document"]
    assert "15个工作日" in api.get("herder", f"{case}/documents/{number}/page").body
    assert api.post("banner-governor", f"{case}/extension", body).code == "extension.already-used"
    extended = decision_of(api, case)
    assert [(limit["value"], limit["basis"]["article"]) for limit in extended["limits"]] == [
        (45, "42(2)"),
        (15, "42(2)"),
    ]
    assert extended["counted"] == 60


def kindergarten(api: Api) -> str:
    """A case of joint handling that the banner has accepted."""
    opening = {"item": KINDERGARTEN, "division": CHAIN.village.code, "channel": "web"}
    made = api.post("herder", "/v1/cases", opening).body
    form = {
        "applicant_kind": "person",
        "applicant_name": "巴特尔",
        "identity_number": "152501199003070012",
        "phone": "13800000000",
    }
    api.put("herder", f"/v1/cases/{made['id']}/application", {"form": form, "materials": []}, made["version"])
    assert api.post("herder", f"/v1/cases/{made['id']}/submission").status == 200
    api.cloud.settle()
    api.post("banner-acceptance", f"/v1/cases/{made['id']}/claim")
    assert api.post("banner-acceptance", f"/v1/cases/{made['id']}/acceptance").status == 200
    api.cloud.settle()
    return str(made["id"])


def decision_of(api: Api, case: str) -> dict[str, Any]:
    """The clock of the statutory time for the decision."""
    clocks: list[dict[str, Any]] = api.get("herder", f"{case}/deadlines").body["clocks"]
    return next(clock for clock in clocks if clock["kind"]["code"] == "decision_statutory")


@pytest.mark.requirement("B10")
def test_a_hearing_is_told_applied_for_dated_and_its_third_party_kept_from_the_applicant(api: Api) -> None:
    case = f"/v1/cases/{examined(api)}"
    told = {"reason": "涉及他人重大利益", "third_parties": [{"name": "乌兰图雅"}]}
    assert api.post("banner-review", f"{case}/hearing-notice", told).status == 200
    assert api.post("banner-review", f"{case}/hearing-request", {"party": 2}).status == 200
    assert api.post("herder", f"{case}/hearing-request", {"party": 2}).code == "hearing.party-not-yours"
    assert api.post("herder", f"{case}/hearing-waiver", {"party": 1}).status == 200
    date = {"held_on": "2026-01-01T01:00:00Z", "place": "旗政务服务中心", "presider": "somebody"}
    assert "hearing.too-soon" in api.post("banner-review", f"{case}/hearing-date", date).codes
    far = {**date, "held_on": "2036-01-01T01:00:00+08:00"}
    assert api.post("banner-review", f"{case}/hearing-date", far).codes == ["hearing.beyond-twenty-days"]
    record = api.post("banner-review", f"{case}/hearing-record", {"record": "笔录"})
    assert record.codes == ["hearing.not-scheduled"]
    for who, name in (("herder", "乌***"), ("banner-review", "乌兰图雅")):
        hearing = api.get(who, case).body["hearing"]
        assert hearing["parties"][1]["name"] == name
        assert (hearing["stage"]["code"], hearing["blocks_decision"]) == ("due", True)
    assert "乌兰图雅" not in str(api.get("herder", f"{case}/timeline").body)
