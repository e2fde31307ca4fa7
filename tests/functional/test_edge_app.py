"""The real app: what it says about itself is true, complete and readable."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from chalice.app import ChaliceAuthorizer
from chalice.test import Client, HTTPResponse
from openapi_spec_validator import validate

from app import app
from chalicelib import data
from chalicelib.edge import examples
from chalicelib.edge.api import Auth, specs
from chalicelib.edge.openapi import document
from chalicelib.schemas import validation
from tests.edge_world import World, installed

ROOT = Path(__file__).resolve().parents[2]
SPECS = specs(app)


@pytest.fixture(autouse=True)
def world() -> Iterator[World]:
    with installed() as made:
        yield made


def get(path: str) -> HTTPResponse:
    with Client(app) as client:
        return client.http.get(path)


# -- the document --------------------------------------------------------------------------------------


def test_the_document_is_valid_openapi() -> None:
    validate(document(SPECS))


def test_the_document_that_is_checked_in_is_the_one_that_the_routes_make() -> None:
    made = json.dumps(document(SPECS), ensure_ascii=False, indent=2) + "\n"
    assert (ROOT / "docs" / "openapi.json").read_text(encoding="utf-8") == made, "run `make openapi`"


def test_the_same_routes_always_make_the_same_text() -> None:
    program = "from infra import openapi; print(list(openapi.files().values()))"
    made = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            capture_output=True,
            check=True,
            timeout=60,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(made) == 1


def test_the_document_is_served() -> None:
    response = get("/v1/openapi.json")
    assert response.status_code == 200
    assert json.loads(response.body) == document(SPECS, "https://onewindow.test")


def test_every_reference_of_the_document_leads_somewhere() -> None:
    made = document(SPECS)

    def references(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                yield value["$ref"]
            for member in value.values():
                yield from references(member)
        elif isinstance(value, list):
            for item in value:
                yield from references(item)

    for reference in set(references(made)):
        found: Any = made
        for token in reference.removeprefix("#/").split("/"):
            found = found[token]


def test_every_operation_has_a_name_of_its_own_a_text_and_both_languages() -> None:
    names = [spec.name for spec in SPECS]
    assert len(names) == len(set(names))
    for spec in SPECS:
        zh, en = spec.summary
        assert re.search(r"[\u4e00-\u9fff]", zh), spec.operation
        assert en.isascii(), spec.operation
        assert spec.description, spec.operation


def test_every_group_of_routes_has_its_label() -> None:
    assert {spec.tag for spec in SPECS} <= set(data.labels()["tag"])


def test_every_schema_has_an_example_that_it_accepts() -> None:
    made = document(SPECS)
    without = [
        name
        for name, schema in made["components"]["schemas"].items()
        if set(schema) - {"title", "$defs"}
        and examples.example_of(made, {"$ref": f"#/components/schemas/{name}"}) is None
    ]
    assert without == []


# -- the routes ------------------------------------------------------------------------------------------


def test_every_route_is_declared_at_the_edge() -> None:
    routes = {f"{method} {path}" for path, methods in app.routes.items() for method in methods}
    assert routes == {spec.operation for spec in SPECS}


def test_a_route_that_asks_for_a_token_has_the_authorizer() -> None:
    for spec in SPECS:
        authorizer = app.routes[spec.path][spec.method].authorizer
        assert isinstance(authorizer, ChaliceAuthorizer) == (spec.auth is Auth.TOKEN), spec.operation


def test_every_schema_that_takes_something_in_is_closed_and_bounded() -> None:
    for name in {spec.request for spec in SPECS if spec.request}:
        open_places = list(_open_places(validation.schemas.load(name), name))
        assert open_places == [], name


def _open_places(schema: Any, place: str) -> Iterator[str]:
    """Objects that take any member, texts and lists without end (OWASP API4): a body is small, its parts smaller."""
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "object" and "additionalProperties" not in schema and "maxProperties" not in schema:
        yield f"{place}: open object"
    if schema.get("type") == "string" and not {"maxLength", "enum", "const", "pattern", "format"} & set(schema):
        yield f"{place}: endless text"
    if schema.get("type") == "array" and "maxItems" not in schema:
        yield f"{place}: endless list"
    for name, rule in schema.get("properties", {}).items():
        yield from _open_places(rule, f"{place}/{name}")
    yield from _open_places(schema.get("items"), f"{place}/*")


# -- what the platform says about itself -------------------------------------------------------------------


def test_health_answers_without_asking_anybody(world: World) -> None:
    response = get("/v1/health")
    assert response.json_body == {
        "status": "ok",
        "stage": "test",
        "region": "150100000000",
        "time": "2026-11-23T08:00:00Z",
    }
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", ["health", "labels", "problems"])
def test_open_answers_hold_to_their_schemas(name: str) -> None:
    response = get(f"/v1/{name}")
    assert response.status_code == 200
    assert validation.named_violations(f"meta/{name}", json.loads(response.body)) == ()


def test_every_code_of_a_problem_can_be_looked_up() -> None:
    assert set(json.loads(get("/v1/problems").body)) == set(data.problems())


# -- the page ----------------------------------------------------------------------------------------------


class _Page(HTMLParser):
    """What a page links to, loads and names."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.styles = 0
        self.open: list[str] = []
        self.labelled: set[str] = set()
        self.levels: list[int] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if tag == "a":
            self.links.append(str(given["href"]))
        for name in ("src", "data", "srcset"):
            if name in given:
                self.loads.append(str(given[name]))
        if tag == "link":
            self.loads.append(str(given.get("href")))
        self.styles += "style" in given or any(name.startswith("on") for name in given)
        if tag == "label":
            self.labelled.add(str(given["for"]))
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if tag not in ("meta", "input", "br", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def page() -> _Page:
    parsed = _Page()
    parsed.feed(str(get("/v1/docs").body.decode()))
    return parsed


def test_the_page_works_offline(page: _Page) -> None:
    assert page.loads == []
    assert page.styles == 0, "inline styles and handlers are not in its policy"
    assert all(link.startswith("#") or link == "openapi.json" for link in page.links)


def test_the_page_is_whole_and_every_link_leads_somewhere(page: _Page) -> None:
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert {spec.name for spec in SPECS} <= set(page.ids)


def test_the_page_can_be_walked_by_its_headings_and_its_field_has_a_label(page: _Page) -> None:
    assert page.levels[0] == 1
    assert page.levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in zip(page.levels, page.levels[1:], strict=False))
    assert page.labelled == {"find"}


def test_the_page_runs_its_own_script_and_no_other() -> None:
    response = get("/v1/docs")
    policy = response.headers["Content-Security-Policy"]
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/=]+';", policy)
    assert "unsafe" not in policy
    assert response.headers["Content-Type"].startswith("text/html")


def test_importing_the_app_loads_nothing_heavy() -> None:
    program = """
import sys, app
heavy = {"joserfc", "jinja2", "pynamodb", "boto3", "segno", "cryptography", "moto"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, timeout=60)
