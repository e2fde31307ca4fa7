"""Notices over HTTP: told once and in place, corrected once and completely, accepted by silence."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.functional.conftest import Api
from tests.functional.test_cases_api import FORM, received

OFFICER = "banner-acceptance"
DEFECTS = {
    "defects": [
        {"field": "/form/education", "reason": "与毕业证书不一致"},
        {"material": "M03", "page": 2, "reason": "复印件不清晰"},
    ]
}
CORRECTION = {
    "form": {**FORM, "education": "master"},
    "materials": [{"code": "M03", "form": "paper", "name": "清晰的复印件"}],
}


def held(api: Api) -> str:
    """A case that the banner's officer holds for acceptance."""
    case_id = received(api)
    api.post(OFFICER, f"/v1/cases/{case_id}/claim")
    return case_id


def told(api: Api) -> str:
    case_id = held(api)
    answer = api.post(OFFICER, f"/v1/cases/{case_id}/notice", DEFECTS)
    assert answer.status == 200, answer.body
    return case_id


def types(api: Api, case_id: str) -> list[str]:
    events = api.get("herder", f"/v1/cases/{case_id}/timeline").body["events"]
    return [event["type"]["code"] for event in events]


@pytest.mark.requirement("B3")
def test_the_applicant_sees_every_defect_at_once_in_its_place_and_in_the_document(api: Api) -> None:
    case_id = told(api)
    case = api.get("herder", f"/v1/cases/{case_id}").body
    assert case["state"] == {"code": "correcting", "zh": "待补正", "en": "Waiting for correction"}
    assert case["notice"]["defects"] == [
        {"place": "/form/education", "name": "学历", "reason": "与毕业证书不一致"},
        {"place": "/materials/M03", "name": case["notice"]["defects"][1]["name"], "page": 2, "reason": "复印件不清晰"},
    ]
    number = case["notice"]["document"]
    assert number == f"{case['receipt_number']}-BZ"
    document = api.get("herder", f"/v1/cases/{case_id}/documents/{number}").body
    assert document["intact"]
    assert "15个工作日内补正" in document["texts"]["correction"]
    page = api.get("herder", f"/v1/cases/{case_id}/documents/{number}/page").body
    for said in ("补正通知书", "需要补正的内容", "与毕业证书不一致", "第2页：复印件不清晰"):
        assert said in page
    place = f"/v1/verify/documents/{number}/{document['code']}"
    found = api.get(None, place).body
    assert (found["verdict"]["code"], found["digest"]) == ("genuine", document["digest"])
    plain = document["code"].replace("-", "")
    assert document["verify_url"].endswith(f"/v1/verify/documents/{number}/{plain}/page")
    assert document["digest"] in api.get(None, f"{place}/page").body


@pytest.mark.requirement("B3")
def test_the_officer_sees_the_platforms_own_pass_before_telling(api: Api) -> None:
    case_id = held(api)
    found = api.get(OFFICER, f"/v1/cases/{case_id}/check")
    assert (found.body["defects"], found.body["may_name"]) == ([], None)
    assert found.body["until"].endswith("T16:00:00+00:00")
    assert api.get("herder", f"/v1/cases/{case_id}/check").code == "case.act-not-yours"
    assert api.get("stranger", f"/v1/cases/{case_id}/check").status == 404


@pytest.mark.requirement("B2", "B3")
@pytest.mark.parametrize(
    ("defect", "codes", "pointers"),
    [
        ({"material": "M77", "reason": "补交"}, ["notice.material-not-in-version"], ["/defects/0/material"]),
        ({"field": "/form/income", "reason": "补填"}, ["notice.field-not-in-form"], ["/defects/0/field"]),
        ({"field": "/form/education", "reason": " "}, ["case.text-missing"], ["/defects/0/reason"]),
        ({"field": "/form", "reason": "不对"}, ["schema.pattern"], ["/defects/0/field"]),
        ({"field": "/form/education", "page": 1, "reason": "x"}, ["schema.required"], None),
        ({"reason": "什么都不对"}, None, None),
    ],
)
def test_a_demand_that_the_version_does_not_know_is_refused(
    api: Api, defect: dict[str, Any], codes: list[str] | None, pointers: list[str] | None
) -> None:
    case_id = held(api)
    answer = api.post(OFFICER, f"/v1/cases/{case_id}/notice", {"defects": [defect]})
    assert answer.status == 422
    if codes:
        assert answer.codes == codes
    if pointers:
        assert answer.pointers == pointers
    assert api.get("herder", f"/v1/cases/{case_id}").body["notice"] is None


@pytest.mark.requirement("B4")
def test_a_correction_is_all_of_what_was_named_and_nothing_else_and_comes_once(api: Api) -> None:
    case_id = told(api)
    path = f"/v1/cases/{case_id}/correction"
    more = {"form": {**FORM, "phone": "13900000000"}}
    wrong = api.post("herder", path, more)
    assert sorted(zip(wrong.codes, wrong.pointers, strict=True)) == [
        ("correction.not-settled", "/form/education"),
        ("correction.not-settled", "/materials"),
        ("correction.place-not-named", "/form/phone"),
    ]
    entailed = {**CORRECTION, "form": {**FORM, "education": "none"}}
    assert api.post("herder", path, entailed).codes == ["schema.enum"]
    assert api.post("stranger", path, CORRECTION).status == 404
    assert api.post(OFFICER, path, CORRECTION).code == "case.act-not-yours"
    assert api.post("herder", path, {}).status == 422
    assert api.post("herder", path, CORRECTION, key="once").status == 200
    assert api.post("herder", path, CORRECTION, key="once").status == 200
    assert api.post("herder", path, CORRECTION).code == "case.wrong-state"
    case = api.get("herder", f"/v1/cases/{case_id}").body
    assert (case["state"]["code"], case["form"]["education"], case["notice"]) == ("received", "master", None)
    assert "清晰的复印件" in [material["name"] for material in case["materials"]]
    assert types(api, case_id)[-2:] == ["case.notified", "case.corrected"]


@pytest.mark.requirement("B3")
def test_a_second_notice_about_old_matters_is_refused_with_all_of_them(api: Api) -> None:
    case_id = told(api)
    api.post("herder", f"/v1/cases/{case_id}/correction", CORRECTION)
    path = f"/v1/cases/{case_id}/notice"
    old = {"defects": [{"field": "/form/subject", "reason": "x"}, {"material": "M01", "reason": "x"}]}
    answer = api.post(OFFICER, path, old)
    assert answer.codes == ["notice.not-newly-supplied"] * 2
    may = api.get(OFFICER, f"/v1/cases/{case_id}/check").body["may_name"]
    assert may == ["/form/education", "/materials/M03"]
    assert api.post(OFFICER, path, {"defects": DEFECTS["defects"][1:]}).status == 200


@pytest.mark.requirement("B4")
def test_on_the_spot_the_officer_mends_it_and_the_timeline_names_the_places_only(api: Api) -> None:
    case_id = held(api)
    body = {"changes": [{"field": "/form/phone", "value": "13900000000"}], "confirmed_by": "巴特尔本人确认"}
    path = f"/v1/cases/{case_id}/spot-correction"
    assert api.post("herder", path, body).code == "correction.not-on-the-spot"
    assert api.post(OFFICER, path, body).status == 200
    assert api.get("herder", f"/v1/cases/{case_id}").body["form"]["phone"] == "13900000000"
    event = api.get("herder", f"/v1/cases/{case_id}/timeline").body["events"][-1]
    assert (event["type"]["code"], event["facts"]) == ("case.spot_corrected", {"places": ["/form/phone"]})


@pytest.mark.requirement("B5")
def test_the_competent_body_can_be_named_by_its_id(api: Api) -> None:
    case_id = held(api)
    node = api.get("herder", f"/v1/cases/{case_id}").body["route"][-1]
    path = f"/v1/cases/{case_id}/non-acceptance"
    told_ = {"ground": "not_competent", "reason": "不属于本机关", "competent_body": node["body"]}
    unknown = {**told_, "competent_body": "150000000000-zzz"}
    assert api.post(OFFICER, path, unknown).code == "body.unknown"
    assert api.post(OFFICER, path, told_).status == 200
    number = api.get("herder", f"/v1/cases/{case_id}").body["documents"][-1]["number"]
    page = api.get("herder", f"/v1/cases/{case_id}/documents/{number}/page").body
    assert node["body_name"] in page


@pytest.mark.requirement("B4", "F4")
def test_what_is_not_corrected_in_time_ends_by_itself_and_leaves_the_desk(api: Api) -> None:
    case_id = told(api)
    api.cloud.advance(timedelta(days=40))
    case = api.get("herder", f"/v1/cases/{case_id}").body
    assert (case["state"]["code"], case["task"]) == ("not_accepted", None)
    assert case["documents"][-1]["kind"]["code"] == "non_acceptance"
    assert types(api, case_id)[-1] == "case.correction_lapsed"
    assert api.get(OFFICER, f"/v1/cases/{case_id}").status == 404
    assert api.cloud.kill_executions(case_id) == []
