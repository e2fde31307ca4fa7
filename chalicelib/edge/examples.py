"""Examples for schemas that give none: the smallest value with every member that a schema lets us make up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jsonschema_rs

from chalicelib.schemas.formats import FORMATS

_DEEPEST = 24
"""Deep enough for every answer of the product, and an end for schemas that contain themselves."""
_FORMATS = {
    "date": "2026-11-23",
    "date-time": "2026-11-23T08:00:00Z",
    "uri": "https://onewindow.example/",
    "uri-reference": "/v1/cases/01JDB6Z5Q0CASE00000000000A",
    "email": "someone@onewindow.example",
    "json-pointer": "/form/name",
    "resident-id": "150100199001010016",
    "mobile-phone": "13800000000",
    "uscc": "111500000000000007",
}
_TEXTS = (
    "示例",
    "01JDB6Z5Q0CASE00000000000A",  # ULID
    "150100000000",  # division
    "0001130150",
    "000113015000",  # basic code
    "11150000000000000X",
    "a" * 64,  # SHA-256
    "A" * 43,  # 32 bytes in the alphabet of addresses
    "2026-11-23",
    "1",
    "example",
)
"""Texts of this field, tried in turn against the patterns of a schema."""


def example_of(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    """A value that the schema accepts, or None. References are those of an OpenAPI document."""
    made = _made(document, schema, 0)
    whole = {**schema, "components": document["components"]}
    validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True, formats=dict(FORMATS))
    return made if validator.is_valid(made) else None


def _made(document: Mapping[str, Any], schema: Any, depth: int) -> Any:
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return None
    if "$ref" in schema:
        return _made(document, _followed(document, schema["$ref"]), depth + 1)
    for given in ("examples", "enum"):
        if schema.get(given):
            return schema[given][0]
    for given in ("const", "default"):
        if given in schema:
            return schema[given]
    for several in ("oneOf", "anyOf"):
        if schema.get(several):
            return _made(document, _shown(schema[several], depth), depth + 1)
    return _of_type(document, schema, depth)


def _shown(shapes: list[Any], depth: int) -> Any:
    """The shape to show: the first, but deep inside an example an absent thing rather than one more level."""
    absent = {"type": "null"}
    return absent if absent in shapes and depth > _DEEPEST // 2 else shapes[0]


def _of_type(document: Mapping[str, Any], schema: Mapping[str, Any], depth: int) -> Any:
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    if "object" in kinds:
        return {
            name: _made(document, rule, depth + 1)
            for name, rule in schema.get("properties", {}).items()
            if rule is not False
        }
    if "array" in kinds:
        return [_made(document, schema.get("items", {}), depth + 1)] * max(1, schema.get("minItems", 1))
    if "string" in kinds:
        return _text(schema)
    if "integer" in kinds or "number" in kinds:
        return schema.get("minimum", 1)
    return True if "boolean" in kinds else None


def _text(schema: Mapping[str, Any]) -> str:
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    rule = jsonschema_rs.Draft202012Validator(dict(schema), validate_formats=True, formats=dict(FORMATS))
    return next((text for text in _TEXTS if rule.is_valid(text)), "…")


def _followed(document: Mapping[str, Any], reference: str) -> Any:
    found: Any = document
    for token in reference.removeprefix("#/").split("/"):
        found = found[token]
    return found
