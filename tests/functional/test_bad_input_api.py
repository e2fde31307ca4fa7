"""Bad input over HTTP, one line for each kind, each with its code; and the good input that looks like it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.functional.conftest import Answer, Api
from tests.functional.test_cases_api import APPLICATION, FORM, MATERIALS, drafted, opening
from tests.functional.test_notices_api import OFFICER, held

pytestmark = pytest.mark.requirement("B9")

DEFERRED = "150105904002"  # 延缓入学或休学: a licence under the general law


def submitted(api: Api, form: dict[str, Any]) -> Answer:
    """The answer to handing in this form with everything else in order."""
    case_id, _ = drafted(api, {**APPLICATION, "form": {**FORM, **form}})
    return api.post("herder", f"/v1/cases/{case_id}/submission")


# -- identifiers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "number",
    [
        pytest.param("152501199003070010", id="a wrong check character"),
        pytest.param("152501199013070019", id="a thirteenth month"),
        pytest.param("152501199002300019", id="30 February"),
        pytest.param("15250119900307001x", id="a small x"),
        pytest.param("152501900307001", id="the fifteen digits of old"),
        pytest.param("１52501199003070012", id="a digit of full width"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_number_that_no_resident_has_is_refused_with_its_place(api: Api, number: str) -> None:
    answer = submitted(api, {"identity_number": number})
    assert (answer.status, answer.codes, answer.pointers) == (422, ["schema.resident-id"], ["/form/identity_number"])
    assert number == "" or number not in json.dumps(answer.body, ensure_ascii=False)


def test_nobody_applies_who_is_not_yet_born(api: Api) -> None:
    answer = submitted(api, {"identity_number": "152501209003070019"})
    assert (answer.status, answer.codes, answer.pointers) == (
        422,
        ["schema.resident-id-future"],
        ["/form/identity_number"],
    )


@pytest.mark.parametrize(
    "form",
    [
        pytest.param({"identity_number": "150402198107080017"}, id="红山区 1981: the code is younger than the person"),
        pytest.param({"identity_number": "150402198301010039"}, id="红山区 1983"),
        pytest.param({"applicant_name": "ᠴᠢᠴᠢᠭ᠌ ᠤᠨ ᠠ"}, id="Mongolian script with a variation selector"),
        pytest.param({"applicant_name": "ᠪᠠᠭᠠᠲᠤᠷ\u202fᠤᠨ"}, id="... and the narrow space before a suffix"),
        pytest.param({"applicant_name": "𠮷田𬭶"}, id="ideographs of four bytes"),
        pytest.param({"applicant_name": "阿依古丽·买买提"}, id="a name with a point"),
        pytest.param({"applicant_name": "Батбаяр"}, id="Cyrillic Mongolian"),
    ],
)
def test_no_real_person_is_refused(api: Api, form: dict[str, Any]) -> None:
    assert submitted(api, form).status == 200


# -- text ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "code"),
    [
        pytest.param("巴特尔\u202e", "text.direction-control", id="a bidi override"),
        pytest.param("\u2067巴特尔\u2069", "text.direction-control", id="a bidi isolate"),
        pytest.param("巴\u200b特尔", "text.invisible", id="a space of no width"),
        pytest.param("\ufeff巴特尔", "text.invisible", id="a byte order mark"),
        pytest.param("巴特尔\U000e0041", "text.invisible", id="a tag character"),
        pytest.param("Bаtаar", "text.look-alike", id="Cyrillic among Latin"),
        pytest.param("巴特⼉", "text.radical", id="a radical for an ideograph"),
    ],
)
def test_text_that_deceives_is_refused_at_submission_with_its_place(api: Api, name: str, code: str) -> None:
    answer = submitted(api, {"applicant_name": name})
    assert (answer.status, answer.codes, answer.pointers) == (422, [code], ["/form/applicant_name"])


@pytest.mark.parametrize(
    ("written", "status", "code"),
    [
        pytest.param("\\u0000", 422, "request.control-character", id="NUL"),
        pytest.param("\\u001b", 422, "request.control-character", id="escape"),
        pytest.param("\\u007f", 422, "request.control-character", id="delete"),
        pytest.param("\\u0085", 422, "request.control-character", id="a control character of Latin-1"),
        pytest.param("\\ud83d", 400, "request.lone-surrogate", id="half a character"),
        pytest.param("\\udc00\\ud800", 400, "request.lone-surrogate", id="two halves in the wrong order"),
    ],
)
def test_what_is_no_text_is_refused_before_anything_is_saved(api: Api, written: str, status: int, code: str) -> None:
    case_id, version = drafted(api)
    body = json.dumps({**APPLICATION, "form": {**FORM, "applicant_name": "巴特尔-"}}).replace("-", written)
    answer = api.call(
        "herder",
        "PUT",
        f"/v1/cases/{case_id}/application",
        body.encode(),
        headers={"If-Match": f'"{version}"'},
    )
    assert (answer.status, code in answer.codes) == (status, True), answer.body
    assert api.get("herder", f"/v1/cases/{case_id}").body["version"] == version


@pytest.mark.requirement("B3", "B5")
@pytest.mark.parametrize(
    ("act", "body", "pointer"),
    [
        ("notice", {"defects": [{"material": "M03", "page": 1, "reason": "请看\u202e背面"}]}, "/defects"),
        ("non-acceptance", {"ground": "not_a_matter", "reason": "不属\u200b于许可"}, "/reason"),
    ],
)
def test_nothing_that_deceives_is_put_in_writing(api: Api, act: str, body: dict[str, Any], pointer: str) -> None:
    case_id = held(api)
    answer = api.post(OFFICER, f"/v1/cases/{case_id}/{act}", body)
    assert (answer.status, answer.pointers) == (422, [pointer])
    assert answer.codes[0].startswith("text.")
    assert api.get("herder", f"/v1/cases/{case_id}").body["state"]["code"] == "received"


# -- materials that the version lacks -----------------------------------------------------------------------------


@pytest.mark.requirement("B2")
@pytest.mark.parametrize(
    ("materials", "codes"),
    [
        pytest.param([*MATERIALS, {**MATERIALS[0], "code": "M99"}], ["material.surplus"], id="one that it lacks"),
        pytest.param([*MATERIALS, MATERIALS[0]], ["material.repeated"], id="one twice"),
        pytest.param(MATERIALS[1:], ["material.missing"], id="one too few"),
    ],
)
def test_only_the_versions_materials_are_taken(api: Api, materials: list[Any], codes: list[str]) -> None:
    case_id, _ = drafted(api, {"form": FORM, "materials": materials})
    answer = api.post("herder", f"/v1/cases/{case_id}/submission")
    assert (answer.status, answer.codes) == (422, codes)


# -- the law of the examination -------------------------------------------------------------------------------------


@pytest.mark.requirement("B10")
def test_an_extension_comes_once_and_from_the_head_of_the_deciding_body(api: Api) -> None:
    made = api.post("herder", "/v1/cases", opening(item=DEFERRED))  # no law of its own says how long it takes
    case = f"/v1/cases/{made.body['id']}"
    person = {name: FORM[name] for name in ("applicant_name", "identity_number", "phone")}
    api.put("herder", f"{case}/application", {"form": person, "materials": []}, made.body["version"])
    assert api.post("herder", f"{case}/submission").status == 200
    api.cloud.settle()
    api.post(OFFICER, f"{case}/claim")
    assert api.post(OFFICER, f"{case}/acceptance").status == 200
    api.cloud.settle()
    more = {"days": 10, "reason": "案情复杂"}
    assert api.post("banner-decision", f"{case}/extension", more).code == "extension.wrong-head"
    assert api.post("league-head", f"{case}/extension", more).code == "case.not-found"
    longer = api.post("banner-head", f"{case}/extension", {**more, "days": 11})
    assert (longer.status, longer.codes, longer.pointers) == (409, ["extension.too-long"], ["/days"])
    assert api.post("banner-head", f"{case}/extension", more).status == 200
    again = api.post("banner-head", f"{case}/extension", more)
    assert (again.status, again.codes) == (409, ["extension.already-used"])
