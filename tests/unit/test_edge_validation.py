"""JSON Schema with all its reasons: codes, places, and nothing of what people entered."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from chalicelib import data, schemas
from chalicelib.domain.resident_ids import is_resident_id
from chalicelib.edge import problems
from chalicelib.schemas import validation
from chalicelib.schemas.formats import FORMATS
from chalicelib.schemas.validation import JsonSchemaForms, check_schema

CASES: list[tuple[dict[str, Any], Any, list[tuple[str, str]]]] = [
    ({"required": ["a", "b"]}, {}, [("/a", "schema.required"), ("/b", "schema.required")]),
    ({"additionalProperties": False}, {"/": 1, "~": 2}, [("/~0", "schema.unexpected"), ("/~1", "schema.unexpected")]),
    ({"unevaluatedProperties": False}, {"x": 1}, [("/x", "schema.unexpected")]),
    ({"properties": {"x": False}}, {"x": 1}, [("/x", "schema.unexpected")]),
    ({"prefixItems": [True], "items": False}, [1, 2], [("/1", "schema.unexpected")]),
    ({"prefixItems": [True], "unevaluatedItems": False}, [1, 2], [("", "schema.unexpected")]),
    ({"items": {"additionalProperties": False}}, [{"a": 1}], [("/0/a", "schema.unexpected")]),
    ({"additionalProperties": False, "properties": {"a": {}}}, {"a": 1, "b": 2}, [("/b", "schema.unexpected")]),
    ({"dependentRequired": {"x": ["y"]}}, {"x": 1}, [("/y", "schema.required")]),
    ({"propertyNames": {"pattern": "^a"}}, {"b": 1}, [("/b", "schema.propertyNames")]),
    ({"type": "integer"}, "1", [("", "schema.type")]),
    ({"type": ["integer", "null"]}, "1", [("", "schema.type")]),
    ({"enum": ["a"]}, "b", [("", "schema.enum")]),
    ({"const": "a"}, "b", [("", "schema.const")]),
    ({"pattern": "^[0-9]+$"}, "１", [("", "schema.pattern")]),
    ({"minLength": 2}, "𠮷", [("", "schema.minLength")]),
    ({"maxLength": 1}, "ab", [("", "schema.maxLength")]),
    ({"minimum": 3}, 2, [("", "schema.minimum")]),
    ({"maximum": 3}, 4, [("", "schema.maximum")]),
    ({"exclusiveMinimum": 3}, 3, [("", "schema.exclusiveMinimum")]),
    ({"exclusiveMaximum": 3}, 3, [("", "schema.exclusiveMaximum")]),
    ({"multipleOf": 2}, 3, [("", "schema.multipleOf")]),
    ({"minItems": 1}, [], [("", "schema.minItems")]),
    ({"maxItems": 1}, [1, 2], [("", "schema.maxItems")]),
    ({"uniqueItems": True}, [1, 1], [("", "schema.uniqueItems")]),
    ({"contains": {"const": 1}}, [2], [("", "schema.contains")]),
    ({"minProperties": 1}, {}, [("", "schema.minProperties")]),
    ({"maxProperties": 0}, {"a": 1}, [("", "schema.maxProperties")]),
    ({"not": {"const": 1}}, 1, [("", "schema.not")]),
    ({"anyOf": [{"type": "string"}, {"type": "null"}]}, 1, [("", "schema.anyOf")]),
    ({"oneOf": [{"minimum": 1}, {"minimum": 2}]}, 3, [("", "schema.oneOf")]),
    ({"format": "date"}, "2026-02-30", [("", "schema.format")]),
    ({"format": "date-time"}, "2026-01-01T00:00:00", [("", "schema.format")]),
    ({"format": "uri"}, "no uri", [("", "schema.format")]),
    ({"format": "email"}, "nobody", [("", "schema.format")]),
    ({"format": "resident-id"}, "110105194912310021", [("", "schema.resident-id")]),
    ({"format": "uscc"}, "911500000000000000", [("", "schema.uscc")]),
    ({"format": "mobile-phone"}, "12345678901", [("", "schema.mobile-phone")]),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "value", "found"), CASES)
def test_each_keyword_has_its_code_and_the_place_of_the_fault(
    schema: dict[str, Any], value: Any, found: list[tuple[str, str]]
) -> None:
    violations = JsonSchemaForms().violations(schema, value)
    assert [(v.pointer, v.code) for v in violations] == found
    assert all(v.code in data.problems() for v in violations)


def test_all_faults_are_named_at_once_in_the_order_of_their_places() -> None:
    schema = {
        "required": ["name"],
        "additionalProperties": False,
        "properties": {"name": {}, "age": {"type": "integer"}, "tags": {"items": {"maxLength": 1}}},
    }
    found = JsonSchemaForms().violations(schema, {"age": "x", "tags": ["a", "bb"], "z": 1}, "/form")
    assert [(v.pointer, v.code) for v in found] == [
        ("/form/age", "schema.type"),
        ("/form/name", "schema.required"),
        ("/form/tags/1", "schema.maxLength"),
        ("/form/z", "schema.unexpected"),
    ]


def test_of_several_shapes_the_one_that_is_meant_is_explained() -> None:
    person = {"properties": {"kind": {"const": "person"}}, "required": ["kind", "id"]}
    company = {"properties": {"kind": {"const": "company"}}, "required": ["kind", "uscc"]}
    found = JsonSchemaForms().violations({"oneOf": [person, company]}, {"kind": "company"})
    assert [(v.pointer, v.code) for v in found] == [("/uscc", "schema.required")]


@pytest.mark.parametrize(("schema", "value", "found"), CASES)
def test_no_sentence_repeats_what_was_entered(schema: dict[str, Any], value: object, found: object) -> None:
    secret = "张三150102"
    for entered in ({secret: secret}, secret, [secret, secret]):
        for violation in JsonSchemaForms().violations(schema, entered):
            sentences = problems.text(violation)
            assert secret not in sentences["zh"] + sentences["en"]


@pytest.mark.parametrize(
    "number",
    [
        pytest.param("150402198107080017", id="红山区, whose code is younger than the person"),
        pytest.param("150402198012310027", id="the last day of 1980"),
        pytest.param("150402198301010039", id="born 1983"),
        pytest.param("152502198301010052", id="锡林浩特, 1983"),
        pytest.param("150172200002290010", id="a division that no list has, on a leap day"),
    ],
)
def test_no_real_person_is_refused_for_the_division_in_their_number(number: str) -> None:
    assert is_resident_id(number)


def test_every_own_format_says_in_its_own_words_what_is_wrong() -> None:
    assert {f"schema.{name}" for name in FORMATS} <= set(data.problems())


def test_the_places_of_a_format_are_found_whether_what_stands_there_has_it_or_not() -> None:
    number = {"type": "string", "format": "resident-id"}
    schema = {
        "properties": {"a": number, "b": {"type": "string"}, "c": {"items": number}, "d": {"format": "uscc"}},
        "if": {"required": ["b"]},
        "then": {"properties": {"e": number}},
    }
    form = {"a": "11010519491231002X", "b": "11010519491231002X", "c": ["x", 7], "d": "y", "e": "z"}
    assert set(JsonSchemaForms().of_format(schema, form, "resident-id", "/form")) == {
        ("/form/a", "11010519491231002X"),
        ("/form/c/0", "x"),
        ("/form/e", "z"),
    }


def test_a_number_of_a_resident_needs_a_real_date_and_its_check_character() -> None:
    assert is_resident_id("11010519491231002X")
    assert not is_resident_id("11010519491231002x")
    assert not is_resident_id("110105194913310028")
    assert not is_resident_id("１1010519491231002X")


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "strin"},
        {"pattern": "("},
        {"format": "no-such-format"},
        {"$ref": "https://elsewhere.test/x.json"},
        {"$ref": "file:///etc/passwd"},
        {"$ref": "../../settings.json"},
        {"properties": {"a": {"$ref": "#/$defs/absent"}}},
    ],
)
def test_a_form_that_is_no_schema_or_looks_elsewhere_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        check_schema(schema)


def test_a_form_may_refer_to_a_schema_of_the_product() -> None:
    form = {"properties": {"title": {"$ref": "../elements/text.json"}}}
    found = JsonSchemaForms().violations(form, {"title": {"zh": "名"}})
    assert [(v.pointer, v.code) for v in found] == [("/title/en", "schema.required")]


def test_a_schema_is_compiled_once_however_often_it_is_used() -> None:
    forms = JsonSchemaForms()
    before = validation._form_validator.cache_info().misses
    for _ in range(3):
        forms.violations({"type": "object", "title": "once"}, {})
    assert validation._form_validator.cache_info().misses == before + 1


@pytest.mark.parametrize("name", schemas.names())
def test_every_schema_of_the_product_holds_and_its_examples_pass(name: str) -> None:
    schema = schemas.load(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema.get("title"), "people read the title"
    for example in schema.get("examples", []):
        assert validation.named_violations(name, example) == ()


@pytest.mark.parametrize("name", ["cases", "../settings", "cases/../x", "a/b/c", "Cases/x"])
def test_what_is_no_name_of_a_schema_is_not_looked_up(name: str) -> None:
    with pytest.raises(ValueError, match="not the name"):
        schemas.load(name)
