"""Application forms as JSON Schema 2020-12, put together from shared parts and an item's own fields.

A form says everything that can be said about a single application's data: types, choices, which
field is required when another has a certain value. What needs more than the data is a rule of the case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Schema = dict[str, Any]

_NAME = {"type": "string", "minLength": 2, "maxLength": 50}
_PERSON: dict[str, Schema] = {
    "applicant_name": {**_NAME, "title": "申请人姓名", "x-title-en": "Name"},
    "identity_number": {
        "type": "string",
        "format": "resident-id",
        "title": "居民身份证号",
        "x-title-en": "Identity number",
    },
}
_ORGANISATION: dict[str, Schema] = {
    "organisation_name": {
        "type": "string",
        "minLength": 2,
        "maxLength": 120,
        "title": "单位名称",
        "x-title-en": "Name of the organisation",
    },
    "uscc": {
        "type": "string",
        "format": "uscc",
        "title": "统一社会信用代码",
        "x-title-en": "Unified social credit code",
    },
    "legal_representative": {**_NAME, "title": "法定代表人(负责人)", "x-title-en": "Legal representative"},
}
_CONTACT: dict[str, Schema] = {
    "phone": {"type": "string", "pattern": "^[0-9+-]{7,20}$", "title": "联系电话", "x-title-en": "Phone"},
    "address": {"type": "string", "minLength": 2, "maxLength": 200, "title": "联系地址", "x-title-en": "Address"},
}
_KIND: Schema = {
    "type": "string",
    "enum": ["person", "organisation"],
    "title": "申请人类型",
    "x-title-en": "Kind of applicant",
    "x-enum-zh": ["自然人", "法人或者其他组织"],
}


def compose(spec: Mapping[str, Any]) -> Schema:
    """The schema of a form.

    ``spec``: ``parts`` (one of person, organisation, either), ``fields`` (name to schema), ``required``
    (names), ``when`` (``[field, value, names]``: these are required when the field has the value) and
    ``limits`` (name to keywords that narrow a field).
    """
    properties: dict[str, Schema] = {}
    required: list[str] = []
    conditions: list[tuple[str, object, Sequence[str]]] = []
    for part in spec.get("parts", ()):
        _add_part(part, properties, required, conditions)
    properties.update(_CONTACT)
    required.append("phone")
    for name, schema in spec.get("fields", {}).items():
        properties[name] = dict(schema)
    for name, keywords in spec.get("limits", {}).items():
        properties[name] = {**properties.get(name, {}), **keywords}
    required.extend(spec.get("required", ()))
    conditions.extend((field, value, names) for field, value, names in spec.get("when", ()))
    form: Schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }
    if conditions:
        form["allOf"] = [_when(field, value, names) for field, value, names in conditions]
    return form


def _add_part(
    part: str,
    properties: dict[str, Schema],
    required: list[str],
    conditions: list[tuple[str, object, Sequence[str]]],
) -> None:
    if part == "person":
        properties.update(_PERSON)
        required.extend(_PERSON)
    elif part == "organisation":
        properties.update(_ORGANISATION)
        required.extend(_ORGANISATION)
    elif part == "either":
        properties["applicant_kind"] = _KIND
        properties.update(_PERSON | _ORGANISATION)
        required.append("applicant_kind")
        conditions.append(("applicant_kind", "person", list(_PERSON)))
        conditions.append(("applicant_kind", "organisation", list(_ORGANISATION)))
    else:
        raise ValueError(f"unknown part of a form: {part}")


def _when(field: str, value: object, names: Sequence[str]) -> Schema:
    return {
        "if": {"properties": {field: {"const": value}}, "required": [field]},
        "then": {"required": list(names)},
    }
