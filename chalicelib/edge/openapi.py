"""The OpenAPI 3.1 document, made from the routes as they are declared and the schemas as they are enforced.

Nothing is described twice: what the document says about a route is what the edge checks. Schemas keep
their references; ``../elements/text.json`` becomes ``#/components/schemas/elements.text``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chalicelib import data, schemas
from chalicelib.edge import problems
from chalicelib.edge.request import BINARY
from chalicelib.schemas import validation

if TYPE_CHECKING:
    from chalicelib.edge.api import RouteSpec

Json = dict[str, Any]

PROBLEM = "elements/problem"

_DESCRIPTION = """\
内蒙古政务服务“一窗”平台接口。所有时间为 UTC;所有代码均附中英文名称(见 `/v1/labels`);\
所有拒绝均为 `application/problem+json`,列出全部原因(见 `/v1/problems`)。

The interface of OneWindow. Times are UTC; codes come with labels in Chinese and English (`/v1/labels`); every \
refusal is an `application/problem+json` (RFC 9457) that names all of its reasons (`/v1/problems`).

- **Repeating a request.** Routes that create or decide need an `Idempotency-Key`. The same key with the same \
body gets the first answer again, for seven days at least; with another body it gets 422 `request.key-reused`.
- **Versions.** Answers carry the version of what they show as `ETag`; routes that replace content need it back \
as `If-Match`.
- **JSON.** UTF-8, at most 256 kB and 32 levels, no member twice, integers within ±(2^53-1).
- **Listings.** `next` is an opaque cursor, bound to the caller and the filters; hand it back as `cursor`.
"""

_PLACES = re.compile(r"\{(\w+)\}")

_HEADERS: Mapping[str, Json] = {
    "Idempotency-Key": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "description": "1 to 64 visible ASCII characters, new for each act, the same for each repetition of it",
        "schema": {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[!-~]{1,64}$"},
        "example": "5d8f1c3a-6a52-4a6c-9a0e-0a3f4f0e5b77",
    },
    "If-Match": {
        "name": "If-Match",
        "in": "header",
        "required": True,
        "description": "the version that was seen, quoted, as the ETag gave it",
        "schema": {"type": "string", "pattern": '^"(0|[1-9][0-9]{0,9})"$'},
        "example": '"3"',
    },
}

_STATUS_TEXTS: Mapping[int, str] = {
    400: "请求无法读取 / The request cannot be read",
    401: "身份无效 / No identity, or one that does not hold",
    404: "没有,或无权查看 / Absent, or not visible to the caller",
    406: "只有一种类型 / The answer exists in one type only, to be named first in Accept",
    413: "内容过大 / The body is too large",
    415: "内容类型不符 / The body is not application/json",
    422: "内容不符合要求 / The content breaks a schema or a rule",
    428: "缺少 If-Match / If-Match is missing",
}


def document(routes: Sequence[RouteSpec], server: str = "/") -> Json:
    """The whole document. The same routes and schemas always make the same text.

    ``server``: where the interface stands, for the document that a deployment serves about itself.
    """
    tags = sorted({spec.tag for spec in routes})
    paths: Json = {}
    for spec in sorted(routes, key=lambda s: (s.path, s.method)):
        paths.setdefault(spec.path, {})[spec.method.lower()] = _operation(spec)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "一窗 OneWindow",
            "version": "1",
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server}],
        "tags": [{"name": tag, "description": _both(data.label("tag", tag))} for tag in tags],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "统一身份认证签发的令牌 / A token of the OIDC issuer",
                }
            },
            "parameters": dict(_HEADERS),
            "responses": {f"Problem{status}": _problem_response(text) for status, text in _STATUS_TEXTS.items()},
            "schemas": _components(routes),
        },
    }


def _operation(spec: RouteSpec) -> Json:
    operation: Json = {
        "operationId": spec.name,
        "tags": [spec.tag],
        "summary": " / ".join(spec.summary),
        "description": " ".join(spec.description.split()),
    }
    parameters = [*_path_parameters(spec), *_query_parameters(spec)]
    if spec.keyed:
        parameters.append({"$ref": "#/components/parameters/Idempotency-Key"})
    if spec.if_match:
        parameters.append({"$ref": "#/components/parameters/If-Match"})
    if parameters:
        operation["parameters"] = parameters
    if spec.request:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": _reference(spec.request)}}},
        }
    operation["responses"] = _responses(spec)
    operation["security"] = [{"token": []}] if _has_token(spec) else []
    return operation


def _responses(spec: RouteSpec) -> Json:
    success: Json = {"description": " / ".join(spec.summary)}
    if spec.response:
        success["content"] = {spec.content_type: {"schema": {"$ref": _reference(spec.response)}}}
    elif spec.status != 204:
        # A page or file; JSON without a schema is a document that describes itself, and bytes are of no type.
        kind = "object" if spec.content_type == "application/json" else "string"
        success["content"] = {spec.content_type: {"schema": {} if spec.content_type in BINARY else {"type": kind}}}
    headers: Json = {}
    if _has_token(spec) and spec.response:
        headers["ETag"] = {
            "description": "version of what is shown, where it has one",
            "schema": {"type": "string", "pattern": '^"[0-9]+"$'},
        }
    if spec.keyed:
        headers["Idempotency-Replayed"] = {
            "description": "there if this is the answer that the key got before",
            "schema": {"const": "true"},
        }
    if spec.status == 201:
        headers["Location"] = {
            "description": "where the new thing is",
            "schema": {"type": "string", "format": "uri-reference"},
        }
    if headers:
        success["headers"] = headers
    found: Json = {str(spec.status): success}
    for status in _edge_statuses(spec):
        found[str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
    found["default"] = _default_response(spec)
    return found


def _edge_statuses(spec: RouteSpec) -> list[int]:
    """Statuses that the edge itself may answer for a route of this kind."""
    asked = {
        400: spec.request is not None or spec.keyed or spec.if_match or spec.query is not None,
        401: spec.auth.value != "public",
        404: "{" in spec.path,
        406: spec.content_type in BINARY,
        413: spec.request is not None,
        415: spec.request is not None,
        422: spec.request is not None or spec.query is not None or spec.keyed,
        428: spec.if_match,
    }
    return [status for status, may in asked.items() if may]


def _default_response(spec: RouteSpec) -> Json:
    """Everything else, with the codes of the route's own rules."""
    codes = sorted(set(spec.problems))
    texts = data.problems()
    lines = [f"- `{code}` {_both(texts[code])}" if code in texts else f"- `{code}`" for code in codes]
    head = "其他拒绝 / Any other refusal"
    return {**_problem_response("\n".join([head, "", *lines]) if lines else head), "x-problem-codes": codes}


def _problem_response(text: str) -> Json:
    return {"description": text, "content": {problems.CONTENT_TYPE: {"schema": {"$ref": _reference(PROBLEM)}}}}


def _path_parameters(spec: RouteSpec) -> list[Json]:
    from chalicelib.edge.reading import PATH_SCHEMA

    known = validation.properties(PATH_SCHEMA)
    other = schemas.load(PATH_SCHEMA)["additionalProperties"]
    return [
        {"name": name, "in": "path", "required": True, **_described(dict(known.get(name, other)))}
        for name in _PLACES.findall(spec.path)
    ]


def _query_parameters(spec: RouteSpec) -> list[Json]:
    if spec.query is None:
        return []
    required = schemas.load(spec.query).get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, **_described(dict(rule))}
        for name, rule in validation.properties(spec.query).items()
    ]


def _described(rule: Json) -> Json:
    text = rule.pop("description", None)
    return {**({"description": text} if text else {}), "schema": rule}


def _components(routes: Iterable[RouteSpec]) -> Json:
    """Every schema that a route names, and every schema that those refer to."""
    waiting = {PROBLEM}
    for spec in routes:
        waiting.update(name for name in (spec.request, spec.response) if name)
    found: Json = {}
    while waiting:
        name = waiting.pop()
        mentioned: set[str] = set()
        found[_component(name)] = _rewritten(schemas.load(name), name, mentioned)
        waiting.update(m for m in mentioned if _component(m) not in found)
    return dict(sorted(found.items()))


def _rewritten(value: Any, name: str, mentioned: set[str]) -> Any:
    """A schema with its references turned into those of the document; ``mentioned`` collects where they go."""
    if isinstance(value, Mapping):
        members = {k: _rewritten(v, name, mentioned) for k, v in value.items() if k != "$schema"}
        if isinstance(value.get("$ref"), str):
            target, pointer = schemas.target(name, value["$ref"])
            mentioned.add(target)
            members["$ref"] = _reference(target) + pointer
        return members
    if isinstance(value, list):
        return [_rewritten(item, name, mentioned) for item in value]
    return value


def _reference(name: str) -> str:
    return f"#/components/schemas/{_component(name)}"


def _component(name: str) -> str:
    return name.replace("/", ".")


def _has_token(spec: RouteSpec) -> bool:
    return spec.auth.value == "token"


def _both(text: Mapping[str, str]) -> str:
    return text["zh"] if text["zh"] == text["en"] else f"{text['zh']} / {text['en']}"
