"""The publication rules (A5): each rule, broken alone, answers with its code and place; all are told at once."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib import data
from chalicelib.domain.catalog_layers import merge
from chalicelib.domain.catalog_rules import violations, within
from chalicelib.storage.catalog_files import packaged_files

Json = dict[str, Any]
Break = Callable[[Json], Any]

pytestmark = pytest.mark.requirement("A5")

FILES = packaged_files()
DOCUMENTS = merge(FILES["law"], FILES["demo"], FILES["vocabulary"])
VOCABULARY = {"themes": FILES["vocabulary"]["themes"], "departments": FILES["demo"]["departments"]}
BASIS = {"law": "行政许可法", "version": "2019-04-23", "article": "12", "conf": "seen"}


def document(key: str, sub: str = "") -> Json:
    """A copy of a published document, free to be broken."""
    found = next(d for d in DOCUMENTS if d["key"] == key and d["basic_code"].endswith(sub))
    return copy.deepcopy(found)


def judged(*documents: Json) -> list[tuple[str, str]]:
    return [(violation.code, violation.pointer) for violation in violations(documents, VOCABULARY)]


def test_the_start_catalogue_keeps_every_rule() -> None:
    assert judged(*DOCUMENTS) == []


def _set(path: str, value: object) -> Break:
    def act(target: Json) -> None:
        *parents, last = path.split("/")
        place: Any = target
        for part in parents:
            place = place[int(part)] if part.isdigit() else place[part]
        place[int(last) if last.isdigit() else last] = value

    return act


# What is broken in 教师资格认定(高中): 01, promised 15 of 30 days, one visit, five main materials.
TEACHER: list[tuple[str, Break, str]] = [
    ("catalog.basic-code-form", _set("basic_code", "15010590200"), "/basic_code"),
    ("catalog.basic-code-type", _set("basic_code", "150705902002"), "/basic_code"),
    ("catalog.not-stated", _set("name", ""), "/name"),
    ("catalog.not-stated", _set("basis", []), "/basis"),
    ("catalog.not-stated", _set("contacts/enquiry", None), "/contacts/enquiry"),
    ("catalog.not-stated", _set("fee/charged", None), "/fee/charged"),
    ("catalog.not-stated", _set("visits/count", None), "/visits/count"),
    ("catalog.promised-not-stated", _set("promised_limit", None), "/promised_limit"),
    ("catalog.promised-over-statutory", _set("promised_limit/value", 31), "/promised_limit/value"),
    (
        "catalog.promised-over-statutory",
        _set("promised_limit", {"value": 11, "unit": "workday"}),
        "/promised_limit/value",
    ),
    ("catalog.instant-promise", _set("promised_limit/value", 0), "/case_type"),
    ("catalog.instant-promise", _set("case_type", "instant"), "/case_type"),
    ("catalog.limit-form", _set("notice_limit/unit", "hour"), "/notice_limit"),
    ("catalog.limit-form", _set("notice_limit/value", -1), "/notice_limit"),
    (
        "catalog.limit-form",
        _set("correction", {"limit": {"value": 15, "unit": "week"}, "outcome": "not_accepted", "basis": None}),
        "/correction/limit",
    ),
    ("catalog.visits-need-reason", _set("visits/reason", None), "/visits/reason"),
    ("catalog.depth-needs-zero-visits", _set("online/depth", 4), "/online/depth"),
    ("catalog.depth-form", _set("online/depth", 5), "/online/depth"),
    ("catalog.no-fee-no-payment", _set("online/payment", True), "/online/payment"),
    ("catalog.contacts-equal", _set("contacts/complaint", "000-55505-100"), "/contacts/complaint"),
    ("catalog.theme-unknown", _set("themes", ["nothing"]), "/themes/0"),
    ("catalog.theme-applicants", _set("themes", ["c-hotel"]), "/themes/0"),
    ("catalog.licence-links", _set("links", ["受理", "决定"]), "/links"),
    ("catalog.licence-faq", _set("faq", []), "/faq"),
    ("catalog.needs-legal-basis", _set("conditions/1/basis", None), "/conditions/1/basis"),
    ("catalog.needs-legal-basis", _set("materials/2/basis", None), "/materials/2/basis"),
    ("catalog.needs-legal-basis", _set("special_procedures/0/basis", None), "/special_procedures/0/basis"),
    ("catalog.needs-legal-basis", _set("intermediary", {"name": "评估"}), "/intermediary/basis"),
    ("catalog.material-catch-all", _set("materials/4/name", "其他材料"), "/materials/4/name"),
    ("catalog.material-twice", _set("materials/4/name", "身份证明"), "/materials/4"),
    ("catalog.deferrable-needs-terms", _set("materials/4/necessity", "deferrable"), "/materials/4/deferral"),
    ("catalog.form-open", _set("form/additionalProperties", True), "/form"),
    ("catalog.form-open", _set("form/required", ["shoe_size"]), "/form"),
    ("catalog.department-unknown", _set("steps/2/department", "01"), "/steps/2/department"),
    ("catalog.steps-incomplete", _set("steps", []), "/steps"),
    ("catalog.steps-order", _set("steps/2/level", 5), "/steps/2"),
    ("catalog.preliminary-not-below", _set("steps/1/level", 3), "/steps/1/level"),
    ("catalog.outlet-only-receives", _set("steps/0/mode", "outlet"), "/steps/0/mode"),
    ("catalog.licence-not-competent", _set("steps/0/basis", None), "/steps/0/mode"),
    ("catalog.main-item-differs", _set("main/code", "15010590100Y"), "/main"),
]


@pytest.mark.parametrize(("code", "broken", "pointer"), TEACHER, ids=[f"{c}{p}" for c, _, p in TEACHER])
def test_a_rule_that_is_broken_answers_with_its_code_and_place(code: str, broken: Break, pointer: str) -> None:
    target = document("teacher-qualification", "002")
    broken(target)
    assert (code, f"/0{pointer}") in judged(target)


def test_every_rule_has_its_sentence() -> None:
    assert {code for code, _, _ in TEACHER} <= set(data.problems())


def test_every_violation_of_every_document_is_told_at_once() -> None:
    first, second = document("teacher-qualification", "001"), document("homestead-approval")
    first["promised_limit"]["value"] = 31
    first["contacts"]["complaint"] = first["contacts"]["enquiry"]
    second["type_code"] = "02"
    second["online"]["channels"] = ["window"]
    assert set(judged(first, second)) == {
        ("catalog.promised-over-statutory", "/0/promised_limit/value"),
        ("catalog.contacts-equal", "/0/contacts/complaint"),
        ("catalog.type-not-applied-for", "/1/type_code"),
        ("catalog.basic-code-type", "/1/basic_code"),
        ("catalog.zero-visits-needs-remote", "/1/online/channels"),
    }


@pytest.mark.parametrize(
    "unknown", ["statutory_limit", "notice_limit", "online/depth", "result/validity", "intermediary", "warning"]
)
def test_what_nobody_knows_breaks_no_rule(unknown: str) -> None:
    target = document("teacher-qualification", "002")
    _set(unknown, None)(target)
    assert judged(target) == []


def test_a_fee_needs_its_basis_and_its_items() -> None:
    target = document("water-abstraction")
    target["fee"] |= {"basis": None, "items": []}
    assert judged(target) == [("catalog.fee-needs-basis", "/0/fee/basis"), ("catalog.fee-needs-items", "/0/fee/items")]


def test_a_result_that_is_called_a_certificate_is_one() -> None:
    target = document("marriage-registration")
    target["result"]["kind"] = "confirmation"
    assert judged(target) == [("catalog.result-is-certificate", "/0/result/kind")]
    record = document("prepackaged-food-record")  # 备案凭证 is a voucher
    assert judged(record) == []


def test_the_number_for_complaints_is_never_the_one_for_enquiries() -> None:
    assert all(d["contacts"]["enquiry"] != d["contacts"]["complaint"] for d in DOCUMENTS)


@pytest.mark.parametrize(
    ("name", "caught"),
    [
        ("其他材料", True),
        ("其它有关材料", True),
        ("规定的材料", True),
        ("有关证明材料", True),
        ("法律、行政法规规定的其他材料", True),
        ("真实、合法、充分的证明材料", True),
        ("申请事由相关材料", False),
        ("就业证明(营业执照、劳动合同等之一)", False),
        ("备案材料", False),
        ("其他有抚养义务人同意的书面意见", False),
    ],
)
def test_a_catch_all_is_told_from_a_material(name: str, caught: bool) -> None:
    target = document("teacher-qualification", "002")
    target["materials"][4]["name"] = name
    assert (judged(target) == [("catalog.material-catch-all", "/0/materials/4/name")]) is caught


@pytest.mark.requirement("D1", "D5")
def test_nothing_may_be_late_on_the_spot_or_in_an_excluded_area_or_longer_than_the_promise() -> None:
    checking = {"value": 1, "unit": "workday"}
    late = {"period": {"value": 3, "unit": "workday"}, "outcome": "refused", "checking": checking}
    instant = document("marriage-registration")
    instant["materials"][0] |= {"necessity": "deferrable", "deferral": late}
    assert ("catalog.deferrable-on-instant", "/0/materials/0/necessity") in judged(instant)
    excluded = document("drainage-permit")
    excluded["materials"][3] |= {"necessity": "deferrable", "deferral": late}
    assert ("catalog.deferrable-in-excluded-area", "/0/materials/3/necessity") in judged(excluded)
    short = document("sole-trader-registration")
    short["materials"][3]["deferral"] = late
    assert judged(short) == [("catalog.deferral-over-promise", "/0/materials/3/deferral/period")]
    short["materials"][3]["deferral"] = {**late, "checking": None}
    assert judged(short) == [("catalog.deferral-needs-checking", "/0/materials/3/deferral/checking")]


@pytest.mark.requirement("C1")
def test_a_list_may_not_bring_promises_into_an_excluded_area_but_a_law_can() -> None:
    target = document("hr-service-licence")
    target["commitment"]["excluded_areas"] = ["made_up", "public_safety"]
    assert ("catalog.excluded-area-unknown", "/0/commitment/excluded_areas/0") in judged(target)
    target["commitment"]["excluded_areas"] = ["public_safety"]
    assert judged(target) == [("catalog.commitment-in-excluded-area", "/0/commitment/allowed")]
    target["commitment"]["basis"] = BASIS
    assert judged(target) == []
    target["commitment"] |= {"basis": None, "excluded_areas": [], "check_within": None}
    assert judged(target) == [("catalog.commitment-needs-terms", "/0/commitment/promise")]


@pytest.mark.requirement("F1")
def test_a_licence_is_accepted_elsewhere_only_by_law_or_by_published_entrustment_of_an_organ() -> None:
    target = document("freight-transport-licence", "002")
    assert target["steps"][0]["mode"] == "entrusted"
    assert judged(target) == []
    target["steps"][0]["entrustment"] = {"notice": "", "published_on": "2026-01-15", "scope": "受理"}
    assert judged(target) == [("catalog.entrustment-unpublished", "/0/steps/0/entrustment")]
    target = document("freight-transport-licence", "002")
    target["steps"][0]["department"] = "83"  # a registration centre is no administrative organ
    assert judged(target) == [("catalog.entrusted-not-organ", "/0/steps/0/department")]
    target = document("freight-transport-licence", "002")
    target["steps"][-1] |= {"department": "25"}
    assert judged(target) == [("catalog.licence-not-competent", "/0/steps/1/mode")]


@pytest.mark.requirement("F1")
def test_for_other_types_the_law_of_licences_does_not_hold() -> None:
    target = document("minimum-living-allowance")
    target["steps"][0]["basis"] = None
    assert judged(target) == []


@pytest.mark.parametrize(
    ("broken", "code", "pointer"),
    [
        pytest.param({"departments": ["05"]}, "catalog.joint-departments", "/0/joint/departments", id="26(2) one"),
        pytest.param(
            {"departments": ["05", "05"]}, "catalog.joint-departments", "/0/joint/departments", id="26(2) twice"
        ),
        pytest.param(
            {"departments": ["23", "50"]}, "catalog.joint-departments", "/0/joint/departments", id="26(2) others"
        ),
        pytest.param(
            {"departments": ["05", "xx"]}, "catalog.department-unknown", "/0/joint/departments/1", id="unknown"
        ),
        pytest.param({"basis": None}, "catalog.needs-legal-basis", "/0/joint/basis", id="no basis"),
        pytest.param({"kind": "together"}, "catalog.joint-kind", "/0/joint/kind", id="26(2) three ways only"),
    ],
)
def test_joint_handling_names_its_way_its_departments_and_its_basis(broken: Json, code: str, pointer: str) -> None:
    target = document("kindergarten-setup")
    assert judged(target) == []
    target["joint"] |= broken
    assert judged(target) == [(code, pointer)]


def test_only_licences_are_handled_jointly() -> None:
    target = document("minimum-living-allowance")
    target["joint"] = {"kind": "joint", "departments": [target["department"], "05"], "basis": BASIS}
    assert judged(target) == [("catalog.joint-not-licence", "/0/joint")]


def test_codes_are_unique_in_a_publication() -> None:
    target = document("homestead-approval")
    assert judged(target, copy.deepcopy(target)) == [("catalog.code-duplicate", "/1/basic_code")]


@pytest.mark.parametrize(
    ("promised", "statutory", "expected"),
    [
        ((20, "workday"), (20, "workday"), True),
        ((21, "workday"), (20, "workday"), False),
        ((0, "workday"), (1, "day"), True),
        ((10, "workday"), (30, "day"), True),  # at most 30 days, with the longest holidays inside
        ((11, "workday"), (30, "day"), False),
        ((20, "day"), (20, "workday"), True),
        ((2, "month"), (3, "month"), True),
        ((1, "month"), (30, "day"), False),
        ((28, "day"), (1, "month"), True),
        ((29, "day"), (1, "month"), False),
    ],
)
def test_limits_of_different_units_compare_on_the_safe_side(
    promised: tuple[int, str], statutory: tuple[int, str], expected: bool
) -> None:
    made = [{"value": value, "unit": unit} for value, unit in (promised, statutory)]
    assert within(*made) is expected
