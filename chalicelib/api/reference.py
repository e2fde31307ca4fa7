"""The readable page of the interface, made from the OpenAPI document. Works offline; works without the script.

Imported inside the view that needs it, as templates cost start-up time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from chalicelib.edge import examples

_ROOM = files("chalicelib.api").joinpath("templates")
STYLE = _ROOM.joinpath("reference.css").read_text(encoding="utf-8")
SCRIPT = _ROOM.joinpath("reference.js").read_text(encoding="utf-8")

_templates = Environment(
    loader=PackageLoader("chalicelib.api", "templates"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_LINK = re.compile(r"#/components/schemas/([\w.-]+)((?:/[\w$.-]+)*)")
_BULLET = re.compile(r"^- ", re.MULTILINE)


def reference_page(document: Mapping[str, Any]) -> str:
    """The whole page."""
    groups = [
        {"name": tag["name"], "title": tag["description"], "operations": _operations(document, tag["name"])}
        for tag in document["tags"]
    ]
    return _templates.get_template("reference.html").render(
        title=document["info"]["title"],
        introduction=_paragraphs(document["info"]["description"]),
        groups=groups,
        schemas=[_schema(document, name) for name in document["components"]["schemas"]],
        style=Markup(STYLE),  # noqa: S704 -- our own file
        script=Markup(SCRIPT),  # noqa: S704 -- our own file
    )


def _operations(document: Mapping[str, Any], tag: str) -> list[dict[str, Any]]:
    return [
        _operation(document, path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if tag in operation["tags"]
    ]


def _operation(document: Mapping[str, Any], path: str, method: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    responses = operation["responses"]
    success = next(status for status in responses if status.startswith("2"))
    content: Mapping[str, Any] = responses[success].get("content", {})
    media = next(iter(content), "")
    schema = content.get(media, {}).get("schema")
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "description": operation["description"],
        "token": bool(operation["security"]),
        "parameters": [_parameter(document, p) for p in operation.get("parameters", [])],
        "body": _name(body),
        "body_example": _example(document, body),
        "status": success,
        "type": media,
        "response": _name(schema),
        "response_example": _example(document, schema),
        "refusals": [s for s in responses if s not in (success, "default")],
        "codes": responses["default"]["x-problem-codes"],
    }


def _parameter(document: Mapping[str, Any], parameter: Mapping[str, Any]) -> dict[str, Any]:
    if "$ref" in parameter:
        parameter = document["components"]["parameters"][parameter["$ref"].rsplit("/", 1)[1]]
    rule = {k: v for k, v in parameter["schema"].items() if k not in ("title", "examples")}
    return {
        "name": parameter["name"],
        "place": parameter["in"],
        "required": parameter.get("required", False),
        "description": parameter.get("description", ""),
        "rule": json.dumps(rule, ensure_ascii=False),
    }


def _schema(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    schema = document["components"]["schemas"][name]
    shown = {k: v for k, v in schema.items() if k not in ("title", "examples")}
    return {
        "name": name,
        "title": schema.get("title", name),
        "text": _linked(json.dumps(shown, ensure_ascii=False, indent=2)),
        "example": _example(document, {"$ref": f"#/components/schemas/{name}"}),
    }


def _example(document: Mapping[str, Any], schema: Mapping[str, Any] | None) -> str:
    """An example as text; empty when there is no schema, or none can be made that the schema accepts."""
    if schema is None or "$ref" not in schema:
        return ""
    found = examples.example_of(document, schema)
    return "" if found is None else json.dumps(found, ensure_ascii=False, indent=2)


def _name(schema: Mapping[str, Any] | None) -> str:
    return schema["$ref"].rsplit("/", 1)[1] if schema and "$ref" in schema else ""


def _linked(text: str) -> Markup:
    """JSON text in which each reference leads to the schema it names."""
    return Markup(_LINK.sub(r'<a href="#schema-\1">#/components/schemas/\1\2</a>', str(escape(text))))  # noqa: S704


def _paragraphs(text: str) -> Markup:
    """The little Markdown of the introduction: paragraphs, bullets, code and bold."""
    blocks = []
    for block in str(escape(text)).strip().split("\n\n"):
        if block.startswith("- "):
            items = "".join(f"<li>{item.strip()}</li>" for item in _BULLET.split(block) if item.strip())
            blocks.append(f"<ul>{items}</ul>")
        else:
            blocks.append(f"<p>{block}</p>")
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", "".join(blocks))
    return Markup(re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", marked))  # noqa: S704 -- escaped above
