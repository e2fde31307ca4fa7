"""Judges JSON by JSON Schema 2020-12 and says what is wrong as violations, all of them.

Codes are ``schema.<keyword>``, and ``schema.<format>`` for an own format; a surplus member is ``schema.unexpected``
whichever keyword forbids it. The pointer names the member that is missing or surplus, not the object around it.
Parameters hold what the schema asks for, never what the client sent: names and numbers of people have no place in an
answer that is logged and shown to others.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any

import jsonschema_rs

from chalicelib import schemas
from chalicelib.domain.errors import Violation
from chalicelib.schemas.formats import FORMATS

_KEYWORDS = frozenset(
    {
        "type", "enum", "const", "format", "pattern", "not", "anyOf", "oneOf", "contains", "uniqueItems", "multipleOf",
        "maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum", "maxLength", "minLength", "maxItems", "minItems",
        "maxProperties", "minProperties",
    }
)  # fmt: skip
"""Keywords with a sentence of their own. What else the library may report is ``schema.refused``."""

_MOST_FORMS = 256


class JsonSchemaForms:
    """Serves ``services.ports.Forms``: judges the form of an item by the schema in its version."""

    def violations(self, schema: Mapping[str, Any], data: object, pointer: str = "") -> tuple[Violation, ...]:
        """Every violation, each with its JSON pointer below ``pointer``.

        A schema is compiled once, recognised by its content. Raises ValueError for what is no schema, or
        refers to a schema outside the product.
        """
        return _judge(_form_validator(json.dumps(schema, sort_keys=True)), data, pointer)

    def of_format(
        self, schema: Mapping[str, Any], data: object, name: str, pointer: str = ""
    ) -> Iterator[tuple[str, str]]:
        """Every text of which the schema asks this own format, with its pointer; whether it has it or not."""
        for error in _finder(json.dumps(schema, sort_keys=True), name).iter_errors(data):
            if error.kind.name == "format" and error.kind.as_dict()["format"] == name:
                yield join_pointer(pointer, *error.instance_path), _found(data, error.instance_path)


def check_schema(schema: Mapping[str, Any]) -> None:
    """Raise ValueError unless this is a JSON Schema 2020-12 whose references and patterns hold."""
    _form_validator(json.dumps(schema, sort_keys=True))


def named_violations(name: str, data: object, pointer: str = "") -> tuple[Violation, ...]:
    """Every violation of a schema of the package, ``cases/draft``."""
    return _judge(_named_validator(name), data, pointer)


def properties(name: str) -> Mapping[str, Any]:
    """The properties that a schema of the package names, with their own references followed one step."""
    found = {}
    for member, rule in schemas.load(name).get("properties", {}).items():
        found[member] = resolve(name, rule["$ref"]) if "$ref" in rule else rule
    return found


def resolve(name: str, reference: str) -> Mapping[str, Any]:
    """What a reference inside the schema ``name`` points to."""
    target, pointer = schemas.target(name, reference)
    found: Any = schemas.load(target)
    for token in pointer.split("/")[1:]:
        found = found[token.replace("~1", "/").replace("~0", "~")]
    return found  # type: ignore[no-any-return]


def join_pointer(pointer: str, *members: str | int) -> str:
    """A JSON pointer (RFC 6901) to a member below another."""
    return pointer + "".join("/" + str(m).replace("~", "~0").replace("/", "~1") for m in members)


@cache
def _named_validator(name: str) -> jsonschema_rs.Draft202012Validator:
    return _compile(schemas.load(name), schemas.uri_of(name))


@lru_cache(maxsize=_MOST_FORMS)
def _form_validator(text: str) -> jsonschema_rs.Draft202012Validator:
    return _compile(json.loads(text), f"{schemas.BASE}forms/form.json")


@lru_cache(maxsize=_MOST_FORMS)
def _finder(text: str, name: str) -> jsonschema_rs.Draft202012Validator:
    """Finds the places of a format: nothing has it here, so that every place is an error."""
    return _compile(json.loads(text), f"{schemas.BASE}forms/form.json", {**FORMATS, name: lambda value: False})


def _compile(
    schema: Mapping[str, Any], base: str, formats: Mapping[str, Callable[[str], bool]] = FORMATS
) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        dict(schema),
        base_uri=base,
        retriever=lambda uri: dict(schemas.by_uri(uri)),
        validate_formats=True,
        ignore_unknown_formats=False,
        formats=dict(formats),
    )


def _judge(validator: jsonschema_rs.Draft202012Validator, data: object, pointer: str) -> tuple[Violation, ...]:
    """Violations in the order of their places, each once: several keywords may find the same fault."""
    found: dict[tuple[str, str], Violation] = {}
    for error in validator.iter_errors(data):
        for violation in _violations(error, data, pointer):
            found.setdefault((violation.pointer, violation.code), violation)
    return tuple(found[key] for key in sorted(found))


def _violations(error: jsonschema_rs.ValidationError, data: Any, pointer: str) -> Iterator[Violation]:
    """What one error of the library says, as violations. Kinds are told apart by the name of the keyword."""
    kind, asked = error.kind.name, error.kind.as_dict()
    place = join_pointer(pointer, *error.instance_path)
    if kind == "required":
        yield Violation("schema.required", join_pointer(place, asked["property"]))
    elif kind in ("additionalProperties", "unevaluatedProperties"):
        yield from (Violation("schema.unexpected", join_pointer(place, name)) for name in asked["unexpected"])
    elif kind == "falseSchema" and error.schema_path[-1:] == ["additionalProperties"]:
        # A schema that names no properties at all: the library reports the first member, without its name.
        surplus = _found(data, error.instance_path)
        yield from (Violation("schema.unexpected", join_pointer(place, name)) for name in surplus)
    elif kind in ("falseSchema", "unevaluatedItems"):
        yield Violation("schema.unexpected", place)
    elif kind == "propertyNames":
        # The name of the member is what is wrong; it came from the client and is told by the pointer alone.
        yield Violation("schema.propertyNames", join_pointer(place, str(asked["error"].instance)))
    elif kind in ("anyOf", "oneOf") and (fitting := _fitting_branch(error)):
        for nested in fitting:
            yield from _violations(nested, data, pointer)
    elif kind == "format" and asked["format"] in FORMATS:
        yield Violation(f"schema.{asked['format']}", place)
    else:
        code = f"schema.{kind}" if kind in _KEYWORDS else "schema.refused"
        yield Violation(code, place, _params(kind, asked))


def _found(data: Any, path: list[str | int]) -> Any:
    for member in path:
        data = data[member]
    return data


def _fitting_branch(error: jsonschema_rs.ValidationError) -> list[jsonschema_rs.ValidationError]:
    """Of several shapes the one that is meant, when type and constants leave only one; else nothing.

    "None of the shapes fits" helps nobody who said which one they mean.
    """
    branches: list[list[jsonschema_rs.ValidationError]] = error.kind.as_dict().get("context", [])
    depth = len(error.instance_path)
    meant = [b for b in branches if b and not any(_tells_apart(e, depth) for e in b)]
    return meant[0] if len(meant) == 1 else []


def _tells_apart(error: jsonschema_rs.ValidationError, depth: int) -> bool:
    return error.kind.name in ("const", "enum", "type") and len(error.instance_path) <= depth + 1


def _params(kind: str, asked: Mapping[str, Any]) -> dict[str, str | int]:
    """What the schema asks for, as parameters of the sentence."""
    if kind == "type":
        return {"types": ", ".join(sorted(asked["types"]))}
    if kind == "enum":
        return {"options": ", ".join(json.dumps(o, ensure_ascii=False) for o in asked["options"])}
    if kind == "const":
        return {"expected": json.dumps(asked["expected_value"], ensure_ascii=False)}
    if kind == "format":
        return {"format": str(asked["format"])}
    if kind == "multipleOf":
        return {"divisor": str(asked["multiple_of"])}
    if "limit" in asked:
        return {"limit": str(asked["limit"])}
    return {}
