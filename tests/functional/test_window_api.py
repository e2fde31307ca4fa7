"""The window over HTTP: acceptance on receipt, decisions on the spot, fees, enquiries."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest

from infra.local.people import Person, chain_of
from tests.cloud import STAGE
from tests.functional.conftest import Api

CHAIN = chain_of(STAGE)
_numbers = itertools.count()
ENROLMENT = "152081904000"  # 社会保险参保登记: 即办件, 收件即受理, accepted and decided by the banner's department 81
NOTARY = "152086901000"  # 公证办理: with a fee, department 86
RESIDENT = "152501199003070012"  # made up; only the check character is right
FORM = {
    "applicant_kind": "person",
    "applicant_name": "巴特尔",
    "identity_number": "152501199003070012",
    "phone": "13800000000",
}


def officer(key: str, department: str, *roles: str) -> Person:
    body = f"{CHAIN.banner.code}-{department}"
    return Person(key, "officer of a test", "officer", "测试", body, CHAIN.banner.code, roles)


OFFICERS = (
    officer("chief-81", "81", "window", "acceptance", "decision"),
    officer("head-81", "81", "head"),
    officer("desk-86", "86", "acceptance", "decision", "window"),
)


@pytest.fixture(autouse=True)
def _officers(api: Api) -> None:
    for person in OFFICERS:
        api.cloud.people[person.key] = person


def filed(api: Api, who: str, item: str) -> str:
    """Handed in at the officer's window by the herder."""
    code = api.get("herder", "/v1/presence-code").body["code"]
    opening = {"item": item, "division": CHAIN.village.code, "channel": "window", "presence": code}
    made = api.post(who, "/v1/cases", opening)
    assert made.status == 201, made.body
    application = {"form": FORM, "materials": []}
    api.put(who, f"/v1/cases/{made.body['id']}/application", application, made.body["version"])
    return str(made.body["id"])


def filed_for_somebody_without_account(api: Api, who: str, **changes: Any) -> str:
    """Handed in by somebody who showed their identity card; the case's id."""
    identity = {"kind": "person", "name": "李明(演示)", "document": "resident_id", "number": RESIDENT}
    opening = {"item": ENROLMENT, "division": CHAIN.village.code, "channel": "window", "identity": identity | changes}
    made = api.post(who, "/v1/cases", opening)
    assert made.status == 201, made.body
    application = {"form": FORM, "materials": [], "delivery": "window"}
    api.put(who, f"/v1/cases/{made.body['id']}/application", application, made.body["version"])
    return str(made.body["id"])


def submitted(api: Api, who: str, case_id: str) -> Any:
    answer = api.post(who, f"/v1/cases/{case_id}/submission")
    assert answer.status == 200, answer.body
    return answer.body["result"]


def state(api: Api, case_id: str) -> str:
    return str(api.get("herder", f"/v1/cases/{case_id}").body["state"]["code"])


def mandate(api: Api, **changes: Any) -> Any:
    until = (api.cloud.clock.now() + timedelta(days=30)).isoformat()
    terms = {"officer": "demo-chief-81", "items": [ENROLMENT], "max_amount": 10_000, "until": until, **changes}
    return api.post("head-81", "/v1/mandates", terms)


@pytest.mark.requirement("B6")
def test_an_outlets_window_hands_out_the_acceptance_with_the_receipt(api: Api) -> None:
    case_id = filed(api, "sum-window", ENROLMENT)
    result = submitted(api, "sum-window", case_id)
    assert (result["state"], bool(result["case_number"])) == ("in_review", True)
    kinds = [d["kind"]["code"] for d in api.get("herder", f"/v1/cases/{case_id}").body["documents"]]
    assert kinds == ["receipt", "acceptance"]
    api.cloud.settle()
    rows = api.get("chief-81", "/v1/worklist", queue="decide", limit=50).body["items"]
    assert case_id in [row["case"] for row in rows]


@pytest.mark.requirement("B6")
def test_the_chief_representative_decides_while_the_applicant_waits_and_the_execution_ends(api: Api) -> None:
    case_id = filed(api, "chief-81", ENROLMENT)
    submitted(api, "chief-81", case_id)
    path = f"/v1/cases/{case_id}/instant-decision"
    none = api.post("chief-81", path, {})
    assert (none.status, none.code) == (409, "mandate.none")
    made = mandate(api)
    assert made.status == 201
    seen = api.get("chief-81", f"/v1/mandates/{made.body['id']}").body
    assert (seen["in_force"], seen["officer"]) == (True, "demo-chief-81")
    beyond = api.post("chief-81", path, {"amount": 10_001})
    assert (beyond.code, beyond.pointers) == ("mandate.amount-exceeded", ["/amount"])
    granted = api.post("chief-81", path, {"opinion": "当场办结"}, key=case_id)
    assert (granted.status, granted.body["result"]["state"]) == (200, "granted")
    assert api.post("chief-81", path, {"opinion": "当场办结"}, key=case_id).body == granted.body
    api.cloud.settle()
    assert state(api, case_id) == "issued"
    assert api.cloud.kill_executions(case_id) == []
    number = api.get("herder", f"/v1/cases/{case_id}").body["documents"][-1]["number"]
    document = api.get("herder", f"/v1/cases/{case_id}/documents/{number}").body
    assert (document["intact"], document["texts"]["mandate"]) == (True, made.body["id"])
    assert api.post("head-81", f"/v1/mandates/{made.body['id']}/revocation").status == 200
    assert mandate(api, items=[NOTARY]).code == "item.not-instant"
    assert (
        api.post(
            "chief-81", "/v1/mandates", {"officer": "x", "items": [ENROLMENT], "until": "2030-01-01T00:00:00Z"}
        ).code
        == "mandate.heads-only"
    )
    listed = api.get("head-81", "/v1/mandates", limit=50).body["items"]
    assert made.body["id"] in [row["id"] for row in listed]


@pytest.mark.requirement("B6")
def test_the_deed_waits_for_its_fee_and_is_issued_when_it_is_paid(api: Api) -> None:
    case_id = filed(api, "desk-86", NOTARY)
    submitted(api, "desk-86", case_id)
    api.cloud.settle()
    for act, body in (("acceptance", None), ("grant", {})):
        api.post("desk-86", f"/v1/cases/{case_id}/claim")
        assert api.post("desk-86", f"/v1/cases/{case_id}/{act}", body).status == 200
        api.cloud.settle()
    assert state(api, case_id) == "granted"
    due = api.get("herder", f"/v1/cases/{case_id}/fees").body
    assert (due["total"], due["settled"], due["fees"][0]["name"]) == (20_000, False, "公证费")
    path = f"/v1/cases/{case_id}/fee-payment"
    online = {"amount": 20_000, "method": "online", "receipt_number": "15260001"}
    assert api.post("herder", path, online).code == "fee.payment-unknown"
    assert api.post("desk-86", path, {**online, "method": "cash", "amount": 1}).code == "fee.amount-differs"
    assert api.post("desk-86", path, {**online, "method": "cash"}).status == 200
    api.cloud.settle()
    assert state(api, case_id) == "issued"
    paid = api.get("herder", f"/v1/cases/{case_id}/fees").body
    assert (paid["settled"], paid["payment"]["method"]["zh"]) == (True, "现金")
    events = [e["type"]["code"] for e in api.get("herder", f"/v1/cases/{case_id}/timeline").body["events"]]
    assert events.index("case.fees_assessed") < events.index("case.fee_paid") < events.index("case.issued")


@pytest.mark.requirement("B6")
def test_what_the_provider_confirms_the_applicant_may_report(api: Api) -> None:
    case_id = filed(api, "desk-86", NOTARY)
    submitted(api, "desk-86", case_id)
    api.cloud.settle()
    for act, body in (("acceptance", None), ("grant", {})):
        api.post("desk-86", f"/v1/cases/{case_id}/claim")
        api.post("desk-86", f"/v1/cases/{case_id}/{act}", body)
        api.cloud.settle()
    order = api.get("herder", f"/v1/cases/{case_id}/fees").body["order"]
    api.cloud.payments.pay(order, "ONLINE-1", 20_000)
    report = {"amount": 20_000, "method": "online", "receipt_number": "ONLINE-1"}
    assert api.post("herder", f"/v1/cases/{case_id}/fee-payment", report).status == 200
    api.cloud.settle()
    assert state(api, case_id) == "issued"


@pytest.mark.requirement("B7")
def test_an_enquiry_is_recorded_handed_over_and_answered(api: Api) -> None:
    question = {"question": "换发驾驶证需要体检证明吗? ᠮᠣᠩᠭᠣᠯ 𠮷", "contact": "13800000000"}
    key = f"asked-{next(_numbers)}"
    made = api.post("sum-window", "/v1/enquiries", question, key=key)
    assert made.status == 201
    assert api.post("sum-window", "/v1/enquiries", question, key=key).body == made.body
    path = f"/v1/enquiries/{made.body['id']}"
    assert api.post("herder", "/v1/enquiries", question).code == "enquiry.officers-only"
    assert api.get("banner-review", path).status == 404
    body = api.cloud.people["banner-review"].body
    offer = {"body": body, "officer": "demo-banner-review", "reason": "属于教育部门职责"}
    assert api.post("sum-window", f"{path}/handover", offer).status == 200
    assert api.get("sum-window", path).body["owner"] == "demo-sum-window"
    mine = api.get("sum-window", "/v1/enquiries", limit=50).body["items"]
    assert made.body["id"] in [row["id"] for row in mine]
    offered = api.get("banner-review", "/v1/enquiries", queue="offered").body["items"]
    assert made.body["id"] in [row["id"] for row in offered]
    assert api.post("banner-review", f"{path}/answer", {"answer": "要"}).code == "enquiry.not-yours"
    assert api.post("banner-review", f"{path}/taking").status == 200
    assert api.post("banner-review", f"{path}/answer", {"answer": "需要。"}).status == 200
    assert api.post("banner-review", f"{path}/closing", {}).status == 200
    seen = api.get("banner-review", path).body
    assert [step["kind"]["code"] for step in seen["history"]] == ["asked", "offered", "taken", "answered", "closed"]
    assert api.post("banner-review", f"{path}/answer", {"answer": "x"}).code == "enquiry.closed"


@pytest.mark.requirement("B8")
def test_a_draft_shows_what_is_known_and_only_to_its_own_people(api: Api) -> None:
    case_id = filed(api, "sum-window", NOTARY)
    found = api.get("sum-window", f"/v1/cases/{case_id}/held-data").body
    assert {"name": "applicant_name", "value": "巴特尔(演示)", "source": "account"} in found["fields"]
    assert api.get("stranger", f"/v1/cases/{case_id}/held-data").status == 404
    submitted(api, "sum-window", case_id)
    assert api.get("herder", f"/v1/cases/{case_id}/held-data").code == "case.wrong-state"
    api.cloud.settle()
    assert api.post("sum-window", f"/v1/cases/{case_id}/claim").status == 200
    papers = {"papers": [{"code": "M77", "handling": "seen"}]}
    wrong = api.post("sum-window", f"/v1/cases/{case_id}/paper-record", papers)
    assert (wrong.code, wrong.pointers) == ("material.surplus", ["/papers/0/code"])


# -- presence ----------------------------------------------------------------------------------------------


@pytest.mark.requirement("B1")
def test_a_presence_code_opens_one_application_and_a_repeated_request_gets_its_receipt(api: Api) -> None:
    code = api.get("herder", "/v1/presence-code").body["code"]
    opening = {"item": ENROLMENT, "division": CHAIN.village.code, "channel": "window", "presence": code}
    made = api.post("sum-window", "/v1/cases", opening, key="presence-1")
    assert made.status == 201
    assert api.post("sum-window", "/v1/cases", opening, key="presence-1").body == made.body
    again = api.post("sum-window", "/v1/cases", opening)
    assert (again.status, again.code, again.pointers) == (409, "presence.code-used", ["/presence"])
    mine = [row["id"] for row in api.get("herder", "/v1/cases", limit=50).body["items"]]
    assert made.body["id"] in mine


def test_an_officer_cannot_name_an_account_and_gets_no_code(api: Api) -> None:
    opening = {"item": ENROLMENT, "division": CHAIN.village.code, "channel": "window"}
    named = {**opening, "applicant": {"subject": "demo-herder", "kind": "person", "name": "巴特尔"}}
    assert api.post("sum-window", "/v1/cases", named).codes == ["schema.unexpected"]
    assert api.post("sum-window", "/v1/cases", opening).code == "case.applicant-missing"
    forged = {**opening, "presence": f"W10.{'A' * 43}"}
    assert api.post("sum-window", "/v1/cases", forged).code == "presence.code-invalid"
    assert api.get("sum-window", "/v1/presence-code").code == "presence.applicants-only"


@pytest.mark.requirement("B1")
def test_whoever_has_no_phone_is_served_and_takes_the_case_over_later(api: Api) -> None:
    case_id = filed_for_somebody_without_account(api, "sum-window")
    path = f"/v1/cases/{case_id}"
    submitted(api, "sum-window", case_id)
    seen = api.get("sum-window", path).body["applicant"]
    assert (seen["account"], seen["identity"]["number"]) == (False, "152************012")
    assert api.get("stranger", path).status == 404
    receipt = api.get("sum-window", path).body["documents"][0]["number"]
    wrong = [
        ("stranger", {"receipt": receipt, "number": "110101199003078515"}),
        ("stranger", {"receipt": "unknown", "number": RESIDENT}),
        ("herder", {"receipt": receipt, "number": RESIDENT}),
        ("sum-window", {"receipt": receipt, "number": RESIDENT}),
    ]
    for who, body in wrong:
        refused = api.post(who, "/v1/claims", body)
        assert (refused.status, refused.code) == (404, "case.not-found")
    right = {"receipt": receipt, "number": RESIDENT}
    claimed = api.post("stranger", "/v1/claims", right, key=case_id)
    assert (claimed.status, claimed.body["id"]) == (200, case_id)
    assert api.post("stranger", "/v1/claims", right, key=case_id).body == claimed.body
    assert api.post("stranger", "/v1/claims", right).status == 404
    assert api.get("stranger", path).body["applicant"]["account"] is True
    assert case_id in [row["id"] for row in api.get("stranger", "/v1/cases", limit=50).body["items"]]


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"number": "152501199003070010"}, ["schema.resident-id"]),
        ({"number": "152501209003070019"}, ["schema.resident-id-future"]),
        ({"number": "152501209003070019", "document": "household_register"}, ["schema.resident-id-future"]),
        ({"kind": "organisation"}, ["schema.const"]),
        ({"document": "business_licence"}, ["schema.const", "schema.uscc"]),
        ({"document": "library_card"}, ["schema.enum"]),
        ({"name": ""}, ["schema.minLength"]),
        ({"name": "李\u202e明"}, ["text.direction-control"]),
    ],
)
def test_what_an_identity_check_says_is_judged(api: Api, changes: dict[str, str], codes: list[str]) -> None:
    identity = {"kind": "person", "name": "李明", "document": "resident_id", "number": RESIDENT}
    opening = {"item": ENROLMENT, "division": CHAIN.village.code, "channel": "window", "identity": identity | changes}
    answer = api.post("sum-window", "/v1/cases", opening)
    assert (answer.status, sorted(answer.codes)) == (422, codes)
