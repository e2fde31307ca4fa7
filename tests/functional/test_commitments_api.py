"""Promises, their check and credit over HTTP: what the applicant, the checking body and the credit office meet."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.people import Person, chain_of
from tests.cloud import STAGE
from tests.functional.conftest import Api

CHAIN = chain_of(STAGE)
ITEM = "150155901000"  # 出版物零售经营许可: on the demo list
UNLISTED = "150105902002"  # 教师资格认定(高中)
FORM = {
    "applicant_kind": "person",
    "applicant_name": "巴特尔",
    "identity_number": "152501199003070012",
    "phone": "13800000000",
}
BODY = f"{CHAIN.banner.code}-55"
CHECKER = Person("checker-55", "checker of a test", "officer", "测试", BODY, CHAIN.banner.code, ("check",))
APPLICANT = Person("promiser", "applicant of a test", "person", "巴特尔")


@pytest.fixture(autouse=True)
def _people(api: Api) -> None:
    for person in (CHECKER, APPLICANT):
        api.cloud.people[person.key] = person


def drafted(api: Api, item: str = ITEM) -> str:
    opening = {"item": item, "division": CHAIN.village.code, "channel": "web"}
    made = api.post("promiser", "/v1/cases", opening)
    assert made.status == 201, made.body
    path = f"/v1/cases/{made.body['id']}"
    api.put("promiser", f"{path}/application", {"form": FORM, "materials": []}, made.body["version"])
    return path


def signed(api: Api, path: str) -> None:
    text = api.get("promiser", f"{path}/commitment").body["promise"]["terms"]["text"]
    assert api.post("promiser", f"{path}/commitment/notice").status == 200
    given = {"text_version": text["version"], "text_digest": text["digest"], "confirmed": True}
    answer = api.post("promiser", f"{path}/commitment/signature", given)
    assert answer.status == 200, answer.body


@pytest.mark.requirement("C2")
@pytest.mark.requirement("C3")
def test_a_promise_is_decided_in_one_request_and_a_repeated_one_answers_the_same(api: Api) -> None:
    path = drafted(api)
    signed(api, path)
    first = api.post("promiser", f"{path}/commitment/decision", key="promise-decided-once")
    assert first.body["result"]["state"] == "issued", first.body
    again = api.post("promiser", f"{path}/commitment/decision", key="promise-decided-once")
    assert again.body == first.body
    assert api.get("promiser", f"{path}/commitment/evidence").status == 200
    assert api.get("stranger", f"{path}/commitment/evidence").status == 404
    shown = api.get("promiser", f"{path}/commitment/check")
    assert shown.body["stage"]["code"] == "checking"
    assert shown.body["check_until"]
    types = [event["type"]["code"] for event in api.get("promiser", f"{path}/timeline").body["events"]]
    assert "commitment.decided" in types


@pytest.mark.requirement("C1")
def test_an_item_that_is_not_listed_is_refused_with_its_code_and_the_ordinary_way_shown(api: Api) -> None:
    path = drafted(api, UNLISTED)
    ways = api.get("promiser", f"{path}/commitment")
    assert ways.status == 200, ways.body
    assert [o["code"] for o in ways.body["promise"]["obstacles"]] == ["eligibility.not-listed"]
    refused = api.post("promiser", f"{path}/commitment/notice")
    assert (refused.status, refused.code) == (409, "eligibility.not-listed")


@pytest.mark.requirement("C2")
def test_a_signature_that_is_not_one_is_refused(api: Api) -> None:
    path = drafted(api)
    api.post("promiser", f"{path}/commitment/notice")
    unconfirmed = {"text_version": 1, "text_digest": "0" * 64}
    refused = api.post("promiser", f"{path}/commitment/signature", unconfirmed)
    assert refused.codes == ["commitment.text-outdated", "commitment.signature-missing"]
    malformed = api.post("promiser", f"{path}/commitment/signature", {"text_version": 0, "text_digest": "x"})
    assert malformed.status == 422


@pytest.mark.requirement("C3")
def test_a_promise_is_taken_back_with_a_reason_and_no_check_is_shown(api: Api) -> None:
    path = drafted(api)
    signed(api, path)
    assert api.post("promiser", f"{path}/submission").code == "commitment.withdraw-first"
    assert api.post("promiser", f"{path}/commitment/withdrawal", {"reason": "改为一般程序"}).status == 200
    assert api.post("promiser", f"{path}/submission").status == 200
    assert api.get("promiser", f"{path}/commitment/check").code == "check.no-promise"


@pytest.mark.requirement("C5")
def test_the_checking_body_sees_the_check_and_acts_on_its_task_only(api: Api) -> None:
    path = drafted(api)
    signed(api, path)
    api.post("promiser", f"{path}/commitment/decision")
    api.cloud.settle()
    assert api.get("checker-55", f"{path}/commitment/check").body["body"] == BODY
    result = {"result": "false", "findings": "无固定经营场所"}
    assert api.post("checker-55", f"{path}/commitment/check/result", result).code == "task.not-claimed-by-you"
    assert api.post("promiser", f"{path}/commitment/check/result", result).code == "case.act-not-yours"
    assert (
        api.post("promiser", f"{path}/commitment/check/defence", {"statement": "x"}).code == "revocation.not-intended"
    )
    assert api.post("checker-55", f"{path}/claim").status == 200
    assert api.post("checker-55", f"{path}/commitment/check/result", result).status == 200
    shown = api.get("promiser", f"{path}/commitment/check").body
    assert (shown["stage"]["code"], bool(shown["hear_until"])) == ("hearing", True)
    assert api.post("promiser", f"{path}/commitment/check/defence-waiver").status == 200
    decision: dict[str, Any] = {"outcome": "revoked", "reasons": "不实", "remedies": "可申请行政复议"}
    assert api.post("promiser", f"{path}/commitment/check/decision", decision).code == "case.act-not-yours"


@pytest.mark.requirement("C4")
def test_a_credit_record_is_entered_read_corrected_and_struck_by_the_office_alone(api: Api) -> None:
    terms = {
        "reason": "作出不实承诺",
        "law": "国办发〔2020〕42号",
        "article": "2",
        "effects": ["commitment"],
        "scope": {"division": CHAIN.league.code},
        "repair_way": "整改后申请修复",
    }
    entry = {"subject": "demo-somebody", "terms": terms}
    assert api.post("promiser", "/v1/credit-records", entry).code == "credit.office-only"
    made = api.post("credit-office", "/v1/credit-records", entry)
    assert made.status == 201, made.body
    path = f"/v1/credit-records/{made.body['id']}"
    endless = {"subject": "demo-somebody", "terms": {**terms, "repair_way": ""}}
    assert api.post("credit-office", "/v1/credit-records", endless).code == "credit.endless"
    corrected = {"terms": {**terms, "reason": "逾期未整改"}, "reason": "登记有误"}
    assert api.post("credit-office", f"{path}/correction", corrected).status == 200
    assert api.post("credit-office", f"{path}/striking", {"reason": "张冠李戴"}).status == 200
    shown = api.get("credit-office", path).body
    assert [e["kind"]["code"] for e in shown["entries"]] == ["entered", "corrected", "struck"]
    assert not shown["bars_now"]
    assert api.get("promiser", path).code == "credit.not-found"
    listed = api.get("credit-office", "/v1/credit-records", subject="demo-somebody").body["items"]
    assert [record["id"] for record in listed] == [made.body["id"]]
    assert api.get("promiser", "/v1/credit-records").body["items"] == []
    assert api.post("credit-office", f"{path}/repair", {"how": "x"}).code == "credit.settled"
