"""The two layers of the start catalogue: what the law says stays, what is made up is marked."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from chalicelib.domain.catalog import Necessity, StepMode, StepRole, implement
from chalicelib.domain.catalog_documents import standard_of
from chalicelib.domain.catalog_forms import compose
from chalicelib.domain.catalog_layers import merge
from chalicelib.domain.errors import Invalid
from chalicelib.domain.organisation_codes import demo_uscc, is_uscc
from chalicelib.schemas.validation import JsonSchemaForms
from chalicelib.storage.catalog_files import packaged_bodies, packaged_files

FILES = packaged_files()
Json = dict[str, Any]


@pytest.fixture(name="files")
def _files() -> dict[str, Json]:
    return copy.deepcopy(FILES)


def merged(files: dict[str, Json]) -> list[Json]:
    return merge(files["law"], files["demo"], files["vocabulary"])


def refused(files: dict[str, Json]) -> set[tuple[str, str]]:
    with pytest.raises(Invalid) as caught:
        merged(files)
    return {(violation.code, violation.pointer) for violation in caught.value.violations}


def law_of(files: dict[str, Json], key: str) -> Json:
    return next(item for item in files["law"]["items"] if item["key"] == key)


def documents_of(key: str) -> list[Json]:
    return [document for document in merged(FILES) if document["key"] == key]


def test_all_136_items_of_the_law_layer_are_there_and_some_have_sub_items() -> None:
    documents = merged(FILES)
    assert len({document["key"] for document in documents}) == 136
    assert len(documents) == 157


def test_a_fact_that_the_law_gives_is_never_marked_demo() -> None:
    for document in merged(FILES):
        filled = set(document["demo"])
        assert "statutory_limit" not in filled
        for at, material in enumerate(document["materials"]):
            assert material["basis"]["article"]
            assert (f"materials/{at}/necessity" in filled) == (material["necessity"] == "deferrable")
        if document["level_conf"] == "open":
            assert "level" in filled


def test_every_path_that_is_marked_demo_exists_in_the_document() -> None:
    for document in merged(FILES):
        for path in document["demo"]:
            place: Any = document
            for part in path.split("/"):
                place = place[int(part)] if isinstance(place, list) else place[part]


def test_what_the_law_leaves_unsaid_stays_null() -> None:
    homestead = documents_of("homestead-approval")[0]
    assert homestead["materials"] == []
    assert homestead["result"]["validity"] is None
    assert documents_of("temporary-relief")[0]["statutory_limit"] is None


def test_the_general_period_of_licences_is_said_to_be_general() -> None:
    food = documents_of("food-business-licence")[0]
    assert food["statutory_limit_is_default"] is True
    assert (food["statutory_limit"]["value"], food["statutory_limit"]["unit"]) == (20, "workday")
    assert documents_of("sole-trader-registration")[0]["statutory_limit_is_default"] is False


@pytest.mark.requirement("B4")
def test_a_special_laws_notice_period_goes_before_the_general_one() -> None:
    permit = standard_of(documents_of("pollutant-discharge-permit")[0])
    assert permit.notice_limit is not None
    assert (permit.notice_limit.value, permit.notice_limit.unit) == (3, "day")
    assert permit.notice_limit.basis is not None
    assert permit.notice_limit.basis.law == "排污许可管理条例"
    ordinary = standard_of(documents_of("hotel-special-trade")[0])
    assert ordinary.notice_limit is not None
    assert (ordinary.notice_limit.value, ordinary.notice_limit.unit) == (5, "workday")


@pytest.mark.requirement("B10")
def test_no_law_read_names_joint_handling_so_where_there_is_some_it_is_demo_with_forty_five_days() -> None:
    joint = [document for document in merged(FILES) if document.get("joint")]
    assert [document["key"] for document in joint] == ["kindergarten-setup"]
    assert "joint" in joint[0]["demo"]
    assert joint[0]["joint"]["basis"]["article"] == "26"
    made = standard_of(joint[0])
    assert made.joint
    assert made.statutory_limit is not None
    assert (made.statutory_limit.value, made.statutory_limit.unit) == (45, "workday")


@pytest.mark.requirement("B10")
def test_joint_handling_that_a_law_names_is_a_fact_and_leaves_a_special_limit_as_it_is(files: dict[str, Json]) -> None:
    law_of(files, "teacher-qualification")["joint"] = {"kind": "joint", "departments": ["05", "14"], "basis": "XKF:26"}
    made = next(d for d in merged(files) if d["key"] == "teacher-qualification")
    assert "joint" not in made["demo"]
    assert standard_of(made).joint
    assert (made["statutory_limit"]["value"], made["statutory_limit"]["unit"]) == (30, "day")
    law_of(files, "kindergarten-setup")["joint"] = {"kind": "joint", "departments": ["05", "14"], "basis": "XKF:26"}
    assert refused(files) == {("catalog.demo-over-law", "/items/kindergarten-setup/joint")}


@pytest.mark.requirement("B4")
def test_no_law_read_sets_a_period_for_correcting_so_where_there_is_one_it_is_demo() -> None:
    teacher = documents_of("teacher-qualification")[0]
    assert "correction" in teacher["demo"]
    terms = standard_of(teacher).correction
    assert terms is not None
    assert (terms.limit.value, terms.limit.unit, terms.limit.demo, terms.basis) == (15, "workday", True, None)
    assert terms.outcome == "not_accepted"
    assert standard_of(documents_of("hotel-special-trade")[0]).correction is None


@pytest.mark.requirement("B4")
def test_a_laws_own_period_for_correcting_is_kept_and_the_demo_cannot_change_it(files: dict[str, Json]) -> None:
    law_of(files, "hotel-special-trade")["correction"] = {
        "limit": {"value": 10, "unit": "day", "basis": "XKF:32"},
        "outcome": "deemed_withdrawn",
        "basis": "XKF:32",
    }
    made = next(d for d in merged(files) if d["key"] == "hotel-special-trade")
    terms = standard_of(made).correction
    assert terms is not None
    assert terms.basis is not None
    assert (terms.limit.value, terms.limit.demo, terms.basis.article) == (10, False, "32")
    assert "correction" not in made["demo"]
    files["demo"]["items"]["hotel-special-trade"]["correction"] = {"limit": [20, "day"], "outcome": "not_accepted"}
    assert refused(files) == {("catalog.demo-over-law", "/items/hotel-special-trade/correction")}


@pytest.mark.parametrize(
    ("starts", "words"),
    [
        (None, "自受理之日起"),
        ("acceptance", "自受理之日起"),
        ("receipt", "自收到申请之日起"),
        ("day after receipt", "自收到申请之日起"),
        ("village opinion received", "自法定办理期限起算之日起"),
        ("exam passed", "自法定办理期限起算之日起"),
    ],
)
def test_how_long_it_takes_is_told_from_where_the_laws_own_time_begins(starts: str | None, words: str) -> None:
    answers = [
        document["faq"][0]["answer"]
        for document in merged(FILES)
        if (document["statutory_limit"] or {}).get("starts") == starts and document["promised_limit"]["value"]
    ]
    assert answers
    assert all(answer.startswith(words) for answer in answers)


def test_wording_that_catches_everything_is_withheld_and_told() -> None:
    fire = documents_of("public-venue-fire-check")[0]
    assert "规定的材料" not in [material["name"] for material in fire["materials"]]
    assert "规定的材料" in fire["materials_note"]


def test_the_demo_layer_may_not_change_a_fact_of_the_law(files: dict[str, Json]) -> None:
    files["demo"]["items"]["teacher-qualification"]["level"] = 2
    files["demo"]["items"]["teacher-qualification"]["deferrable"] = {
        "materials": [0],
        "period": [3, "workday"],
        "outcome": "refused",
    }
    files["demo"]["items"]["legal-aid"]["commitment"] = {"promise": "x", "check_within": [2, "month"]}
    assert refused(files) == {
        ("catalog.demo-over-law", "/items/teacher-qualification/level"),
        ("catalog.demo-over-law", "/items/teacher-qualification/materials/0/necessity"),
        ("catalog.demo-over-law", "/items/legal-aid/commitment/allowed"),
    }


def test_layers_that_do_not_fit_are_refused_with_every_place(files: dict[str, Json]) -> None:
    files["demo"]["items"]["no-such-item"] = {"code": "150105999"}
    del files["demo"]["items"]["homestead-approval"]
    files["demo"]["items"]["water-abstraction"]["level"] = 6
    law_of(files, "marriage-registration")["materials"][0]["basis"] = "NOLAW:1"
    assert refused(files) == {
        ("catalog.demo-unknown-item", "/items/no-such-item"),
        ("catalog.demo-missing", "/items/homestead-approval"),
        ("catalog.level-open", "/items/water-abstraction/level"),
        ("catalog.law-unknown", "/laws/NOLAW"),
    }


@pytest.mark.requirement("F1")
def test_the_start_catalogue_covers_what_the_platform_must_show() -> None:
    standards = [standard_of(document) for document in merged(FILES)]
    assert {int(s.level) for s in standards} >= {2, 3, 4, 5}
    assert {s.case_type.value for s in standards} == {"instant", "promised"}
    assert any(s.accept_on_receipt for s in standards)
    assert any(s.document["fee"]["charged"] for s in standards)
    assert any("allOf" in s.form for s in standards)
    assert any(step.role is StepRole.PRELIMINARY_REVIEW for s in standards for step in s.steps)
    entrusted = [s for s in standards if any(step.mode is StepMode.ENTRUSTED for step in s.steps)]
    assert any(s.level == 3 and s.steps[0].level == 4 for s in entrusted)
    assert any(p.stops for s in standards for p in s.special_procedures)
    assert any(not p.stops for s in standards for p in s.special_procedures)
    assert any(m.necessity is Necessity.DEFERRABLE and m.deferral for s in standards for m in s.materials)


@pytest.mark.requirement("F1")
def test_teachers_of_senior_schools_are_reviewed_by_the_banner_and_decided_by_the_league() -> None:
    senior = next(standard_of(d) for d in documents_of("teacher-qualification") if d["basic_code"].endswith("002"))
    assert [(step.role.value, int(step.level)) for step in senior.steps] == [
        ("accept", 4),
        ("preliminary_review", 4),
        ("review", 3),
        ("decide", 3),
    ]
    assert senior.main is not None
    assert senior.main.code == "15010590200Y"
    body = next(b for b in packaged_bodies()["152500000000"] if b.department == "05")
    item = implement(senior, body)
    assert item.code == f"{body.uscc}3{senior.basic_code}"
    assert len(item.code) == 31
    assert item.demo


def test_an_entrusted_decision_stays_that_of_the_competent_organ() -> None:
    entrusted = next(standard_of(d) for d in documents_of("logging-permit") if d["basic_code"].endswith("002"))
    assert (int(entrusted.level), entrusted.department) == (4, "64")
    assert [(int(step.level), step.department) for step in entrusted.steps] == [(5, "80"), (5, "80")]


# -- forms ------------------------------------------------------------------------------------------

PERSON = {"applicant_name": "其其格", "identity_number": "152523199001010022", "phone": "13800000000"}


def problems(form: Json, value: Json) -> set[tuple[str, str]]:
    return {(v.code, v.pointer) for v in JsonSchemaForms().violations(form, value)}


def test_a_form_asks_for_more_when_an_answer_demands_it() -> None:
    form = documents_of("teacher-qualification")[1]["form"]
    answers = {**PERSON, "ground": "household", "subject": "数学", "education": "bachelor"}
    assert problems(form, answers) == set()
    assert problems(form, {**answers, "ground": "employment"}) == {("schema.required", "/school")}
    assert problems(form, {**answers, "ground": "employment", "school": "第一中学"}) == set()


def test_a_form_for_either_kind_of_applicant_asks_each_for_their_own() -> None:
    form = compose({"parts": ["either"]})
    person = {"applicant_kind": "person", **PERSON}
    assert problems(form, person) == set()
    assert problems(form, {**person, "applicant_kind": "organisation"}) == {
        ("schema.required", "/organisation_name"),
        ("schema.required", "/uscc"),
        ("schema.required", "/legal_representative"),
    }
    assert problems(form, {**person, "shoe_size": 42}) == {("schema.unexpected", "/shoe_size")}


def test_numbers_of_people_and_bodies_need_their_check_characters() -> None:
    form = compose({"parts": ["either"]})
    person = {"applicant_kind": "person", **PERSON, "identity_number": "152523199001010021"}
    assert problems(form, person) == {("schema.resident-id", "/identity_number")}
    body = {"organisation_name": "嘎查经济合作社", "legal_representative": "其其格", "phone": "13800000000"}
    collective = {"applicant_kind": "organisation", **body, "uscc": "N2150402MA0N12345N"}
    assert problems(form, collective) == set()
    assert problems(form, {**collective, "uscc": "N2150402MA0N12345M"}) == {("schema.uscc", "/uscc")}
    spouse = documents_of("marriage-registration")[0]["form"]
    both = {**PERSON, "spouse_name": "巴特尔", "spouse_identity_number": "152523199001010021"}
    assert problems(spouse, both) == {("schema.resident-id", "/spouse_identity_number")}


def test_a_sub_item_may_narrow_a_field_of_the_form() -> None:
    small, large = (d["form"]["properties"]["participants"] for d in documents_of("large-event-safety-permit"))
    assert (small["minimum"], small["maximum"], large["minimum"]) == (1000, 4999, 5000)


def test_an_unknown_part_of_a_form_is_an_error_of_the_file() -> None:
    with pytest.raises(ValueError, match="unknown part"):
        compose({"parts": ["robot"]})


# -- bodies -----------------------------------------------------------------------------------------


def test_every_body_has_a_sound_code_of_its_own_and_is_marked_demo() -> None:
    bodies = [body for group in packaged_bodies().values() for body in group]
    assert all(is_uscc(body.uscc) and body.demo for body in bodies)
    assert len({body.uscc for body in bodies}) == len({body.id for body in bodies}) == len(bodies)


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("11152624MB15692311", id="an organ"),
        pytest.param("12440100741854396C", id="an institution"),
        pytest.param("91110000600037341L", id="a company"),
        pytest.param("N2150402MA0N12345N", id="the form of a rural collective, made up"),
    ],
)
def test_codes_of_every_kind_of_body_hold(code: str) -> None:
    assert is_uscc(code)


@pytest.mark.parametrize("code", ["", "11152624MB15692312", "1115262AMB15692311", "1115262４MB15692311", "I" * 18])
def test_codes_that_do_not_hold_are_refused(code: str) -> None:
    assert not is_uscc(code)


def test_a_demo_code_follows_from_division_and_department() -> None:
    assert demo_uscc("152500000000", "05", False) == "11152500D05000004Q"
    assert is_uscc(demo_uscc("152523202000", "90", True))
