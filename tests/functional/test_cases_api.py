"""Cases over HTTP: the short way through, and everything that is refused on it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from infra.local.people import chain_of
from tests.cloud import STAGE
from tests.functional.conftest import Api

ITEM = "150105902002"
CHAIN = chain_of(STAGE)
FORM = {
    "applicant_name": "巴特尔",
    "identity_number": "152501199003070012",
    "phone": "13800000000",
    "ground": "household",
    "subject": "蒙古语文 ᠮᠣᠩᠭᠣᠯ 𠮷",
    "education": "bachelor",
}
MATERIALS = [{"code": f"M0{i}", "form": "paper", "name": f"材料{i}"} for i in range(1, 6)]
APPLICATION = {"form": FORM, "materials": MATERIALS}


def opening(**changes: Any) -> dict[str, Any]:
    return {"item": ITEM, "division": CHAIN.village.code, "channel": "web", **changes}


def drafted(api: Api, application: Any = APPLICATION) -> tuple[str, int]:
    """Case id and version of the herder's draft."""
    made = api.post("herder", "/v1/cases", opening()).body
    saved = api.put("herder", f"/v1/cases/{made['id']}/application", application, made["version"])
    return made["id"], saved.body["version"]


def received(api: Api) -> str:
    """A case of the herder that stands at the banner's acceptance, open in its worklist."""
    case_id, _ = drafted(api)
    api.post("herder", f"/v1/cases/{case_id}/submission")
    api.cloud.settle()
    return case_id


def accepted(api: Api) -> str:
    """... and accepted, standing at the banner's preliminary review."""
    case_id = received(api)
    api.post("banner-acceptance", f"/v1/cases/{case_id}/claim")
    assert api.post("banner-acceptance", f"/v1/cases/{case_id}/acceptance").status == 200
    api.cloud.settle()
    return case_id


@pytest.mark.requirement("B1", "I3")
def test_a_person_files_online_and_the_competent_body_finds_it_in_its_worklist(api: Api) -> None:
    case_id = received(api)
    case = api.get("herder", f"/v1/cases/{case_id}")
    assert (case.body["state"]["zh"], case.body["form"]) == ("已收件", FORM)
    assert case.headers["etag"] == f'"{case.body["version"]}"'
    rows = api.get("banner-acceptance", "/v1/worklist", queue="accept", limit=50).body["items"]
    assert case_id in [row["case"] for row in rows]
    assert case_id not in [
        row["case"] for row in api.get("league-review", "/v1/worklist", queue="review").body["items"]
    ]


@pytest.mark.parametrize(
    ("changes", "status", "code", "pointer"),
    [
        ({"item": "150105999999"}, 422, "item.not-offered", "/item"),
        ({"item": "15"}, 422, "schema.pattern", "/item"),
        ({"division": "110000000000"}, 422, "division.unknown", "/division"),
        ({"channel": "telepathy"}, 422, "schema.enum", "/channel"),
        ({"channel": "window"}, 422, "case.channel-not-yours", "/channel"),
        ({"surplus": 1}, 422, "schema.unexpected", "/surplus"),
    ],
)
def test_a_wrong_opening_is_refused_with_its_place(
    api: Api, changes: dict[str, Any], status: int, code: str, pointer: str
) -> None:
    answer = api.post("herder", "/v1/cases", opening(**changes))
    assert (answer.status, answer.pointers) == (status, [pointer])
    assert answer.code == code


def test_every_defect_of_form_and_materials_is_named_at_once_and_nothing_happens(api: Api) -> None:
    wrong = {
        "form": {"applicant_name": "x", "phone": "?", "ground": "employment", "education": "none", "extra": 1},
        "materials": [
            {"code": "M01", "form": "paper", "name": "申请表"},
            {"code": "M77", "form": "paper", "name": "其他材料"},
            {"code": "M01", "form": "paper", "name": "申请表"},
        ],
    }
    case_id, version = drafted(api, wrong)
    answer = api.post("herder", f"/v1/cases/{case_id}/submission")
    assert answer.status == 422
    assert set(answer.pointers) == {
        "/form/applicant_name",
        "/form/identity_number",
        "/form/phone",
        "/form/subject",
        "/form/education",
        "/form/school",
        "/form/extra",
        "/materials",
        "/materials/1/code",
        "/materials/2/code",
    }
    assert answer.codes.count("material.missing") == 4
    assert all(error["zh"] and error["en"] for error in answer.body["errors"])
    assert api.get("herder", f"/v1/cases/{case_id}").body["version"] == version


def test_a_repeated_request_gets_the_first_answer_even_after_the_state_moved_on(api: Api) -> None:
    case_id, _ = drafted(api)
    path = f"/v1/cases/{case_id}/submission"
    first = api.post("herder", path, key="once")
    again = api.post("herder", path, key="once")
    assert (again.status, again.body) == (first.status, first.body)
    assert api.post("herder", path, key="another").code == "case.wrong-state"


def test_the_same_key_with_another_body_is_refused(api: Api) -> None:
    case_id = received(api)
    path = f"/v1/cases/{case_id}/withdrawal"
    first = api.post("herder", path, {"reason": "不办了"}, key="k")
    other = api.post("herder", path, {"reason": "另一个理由"}, key="k")
    assert (first.status, other.status, other.code) == (200, 422, "request.key-reused")


def test_a_key_belongs_to_its_principal(api: Api) -> None:
    mine = api.post("herder", "/v1/cases", opening(), key="shared-key")
    theirs = api.post("stranger", "/v1/cases", opening(), key="shared-key")
    assert (mine.status, theirs.status) == (201, 201)
    assert mine.body["id"] != theirs.body["id"]


def test_many_racers_with_one_key_make_one_case(api: Api) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: api.post("herder", "/v1/cases", opening(), key="race"), range(8)))
    assert {answer.status for answer in answers} <= {201, 409}
    assert len({answer.body["id"] for answer in answers if answer.status == 201}) == 1


def test_a_keyed_route_without_a_key_is_refused(api: Api) -> None:
    answer = api.call("herder", "POST", "/v1/cases", opening())
    assert (answer.status, answer.code) == (400, "request.idempotency-key-missing")


def test_saving_needs_the_current_version(api: Api) -> None:
    case_id, version = drafted(api)
    path = f"/v1/cases/{case_id}/application"
    assert api.put("herder", path, APPLICATION, version - 1).code == "case.stale"
    assert api.put("herder", path, APPLICATION, "W/nonsense").status == 400
    missing = api.call("herder", "PUT", path, APPLICATION)
    assert (missing.status, missing.code) == (428, "request.if-match-missing")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"item": "1", "item": "2"}', "request.json-duplicate-key"),
        (b'{"a": NaN}', "request.json-malformed"),
        (b"{", "request.json-malformed"),
        (b"\xff\xfe", "request.json-not-utf8"),
        (b"[" * 100_000, None),
    ],
)
def test_what_is_not_strict_json_is_refused(api: Api, body: bytes, code: str | None) -> None:
    answer = api.call("herder", "POST", "/v1/cases", body, headers={"Idempotency-Key": "j"})
    assert answer.status == 400
    if code:
        assert answer.code.startswith("request.")


@pytest.mark.requirement("F1")
@pytest.mark.parametrize(
    "who",
    ["stranger", "agent", "sum-window", "banner-review", "league-acceptance", "league-decision", "region-review"],
)
def test_whoever_has_no_part_in_it_cannot_tell_it_from_an_absent_case(api: Api, who: str) -> None:
    case_id = received(api)
    absent = "0" * 26
    for method, path, body in (
        ("GET", "/v1/cases/{}", None),
        ("GET", "/v1/cases/{}/timeline", None),
        ("POST", "/v1/cases/{}/claim", None),
        ("POST", "/v1/cases/{}/acceptance", None),
        ("POST", "/v1/cases/{}/withdrawal", {}),
        ("POST", "/v1/cases/{}/grant", {}),
    ):
        headers = {"Idempotency-Key": "x"} if method == "POST" else {}
        foreign, nothing = (
            api.call(who, method, path.format(case), body, headers=headers) for case in (case_id, absent)
        )
        assert (foreign.status, nothing.status) == (404, 404)
        assert {**foreign.body, "instance": ""} == {**nothing.body, "instance": ""}


@pytest.mark.requirement("F1")
def test_an_officer_acts_only_in_turn_and_only_with_the_act_of_the_node(api: Api) -> None:
    case_id = accepted(api)
    assert api.post("banner-acceptance", f"/v1/cases/{case_id}/acceptance").status == 404
    opinion = {"conclusion": "agree", "opinion": "同意"}
    unclaimed = api.post("banner-review", f"/v1/cases/{case_id}/opinion", opinion)
    assert (unclaimed.status, unclaimed.code) == (409, "task.not-claimed-by-you")
    api.post("banner-review", f"/v1/cases/{case_id}/claim")
    assert api.post("banner-colleague", f"/v1/cases/{case_id}/claim").status == 404
    wrong = api.post("banner-review", f"/v1/cases/{case_id}/grant", {})
    assert (wrong.status, wrong.code) == (409, "task.wrong-act")
    back = api.post("banner-review", f"/v1/cases/{case_id}/return", {"reason": "不清"})
    assert back.code == "task.return-target"
    blank = api.post("banner-review", f"/v1/cases/{case_id}/opinion", {"conclusion": "agree", "opinion": "  "})
    assert blank.code == "case.text-missing"
    assert api.post("banner-review", f"/v1/cases/{case_id}/opinion", opinion).status == 200


def test_non_acceptance_for_want_of_competence_must_name_the_competent_body(api: Api) -> None:
    case_id = received(api)
    api.post("banner-acceptance", f"/v1/cases/{case_id}/claim")
    path = f"/v1/cases/{case_id}/non-acceptance"
    silent = api.post("banner-acceptance", path, {"ground": "not_competent", "reason": "不属于本机关"})
    assert (silent.status, silent.pointers) == (422, ["/competent_body"])
    told = {"ground": "not_competent", "reason": "不属于本机关", "competent_body": "自治区教育厅"}
    assert api.post("banner-acceptance", path, told).status == 200
    api.cloud.settle()
    case = api.get("herder", f"/v1/cases/{case_id}").body
    assert (case["state"]["code"], case["documents"][-1]["kind"]["zh"]) == ("not_accepted", "不予受理通知书")
    number = case["documents"][-1]["number"]
    document = api.get("herder", f"/v1/cases/{case_id}/documents/{number}").body
    assert document["texts"]["competent_body"] == "自治区教育厅"
    assert "自治区教育厅" in api.get("herder", f"/v1/cases/{case_id}/documents/{number}/page").body


@pytest.mark.requirement("F4")
def test_a_withdrawn_case_leaves_every_worklist_and_ends_its_execution(api: Api) -> None:
    case_id = accepted(api)
    assert api.post("herder", f"/v1/cases/{case_id}/withdrawal", {"reason": "不办了"}).status == 200
    api.cloud.settle()
    rows = api.get("banner-review", "/v1/worklist", queue="preliminary_review", limit=50).body["items"]
    assert case_id not in [row["case"] for row in rows]
    assert api.cloud.kill_executions(case_id) == []
    assert api.post("herder", f"/v1/cases/{case_id}/withdrawal", {}).code == "case.wrong-state"


@pytest.mark.requirement("F4")
def test_a_killed_execution_is_found_shown_and_restarted_and_the_case_goes_on(api: Api) -> None:
    case_id = accepted(api)
    assert api.cloud.kill_executions(case_id)
    api.cloud.invoke("reconcile", {"case_id": case_id})
    api.cloud.settle()
    types = [e["type"]["code"] for e in api.get("herder", f"/v1/cases/{case_id}/timeline").body["events"]]
    assert types[-2:] == ["case.workflow_died", "case.workflow_restarted"]
    api.post("banner-review", f"/v1/cases/{case_id}/claim")
    opinion = {"conclusion": "agree", "opinion": "同意"}
    assert api.post("banner-review", f"/v1/cases/{case_id}/opinion", opinion).status == 200
    api.cloud.settle()
    rows = api.get("league-review", "/v1/worklist", queue="review", limit=50).body["items"]
    assert case_id in [row["case"] for row in rows]


def test_a_supervisor_sees_how_it_is_handled_but_not_what_was_written(api: Api) -> None:
    case_id = accepted(api)
    case = api.get("supervisor", f"/v1/cases/{case_id}").body
    assert "form" not in case
    assert "materials" not in case
    assert case["applicant"]["name"].startswith("巴*")
    alive = api.post("supervisor", f"/v1/cases/{case_id}/workflow-restart", {"reason": "检查"})
    assert (alive.status, alive.code) == (409, "workflow.alive")


def test_my_cases_come_page_by_page_under_a_cursor_that_is_mine(api: Api) -> None:
    made = [api.post("stranger", "/v1/cases", opening()).body["id"] for _ in range(3)]
    first = api.get("stranger", "/v1/cases", limit=2).body
    rest = api.get("stranger", "/v1/cases", limit=2, cursor=first["next"]).body
    assert [case["id"] for case in (*first["items"], *rest["items"])][:3] == made[::-1]
    stolen = api.get("herder", "/v1/cases", limit=2, cursor=first["next"])
    assert (stolen.status, stolen.code) == (400, "request.cursor-invalid")
    assert api.get("stranger", "/v1/cases", limit=0).status == 422
    assert api.get("stranger", "/v1/cases", limit=51).status == 422


def test_only_own_queues_are_open(api: Api) -> None:
    assert api.get("sum-window", "/v1/worklist", queue="decide").code == "worklist.not-yours"
    assert api.get("herder", "/v1/worklist").code == "worklist.not-yours"
    assert api.get("sum-window", "/v1/worklist", queue="deliver").status == 200


@pytest.mark.requirement("H3")
def test_without_a_token_nothing_but_the_public_is_there(api: Api) -> None:
    for path in ("/v1/cases", "/v1/worklist", "/v1/authorities"):
        assert api.get(None, path).status == 401
    assert api.get(None, "/v1/health").status == 200


def test_a_draft_can_be_discarded_by_its_applicant_only(api: Api) -> None:
    case_id, _ = drafted(api)
    assert api.post("stranger", f"/v1/cases/{case_id}/discarding").status == 404
    assert api.post("herder", f"/v1/cases/{case_id}/discarding").status == 200
    assert api.get("herder", f"/v1/cases/{case_id}").body["form"] == {}


def test_unknown_certificates_and_documents_are_not_found(api: Api) -> None:
    for path in (
        "/v1/verify/certificates/1.2.156.3005.2.x",
        "/v1/verify/certificates/%E4%B8%AD%E6%96%87",
        "/v1/verify/certificates/1.2.156.3005.2.x/page",
        "/v1/verify/documents/unknown/34679ACDEFGHJKMNPQ",
        "/v1/verify/documents/unknown/34679ACDEFGHJKMNPQ/page",
    ):
        assert api.get(None, path).status == 404
