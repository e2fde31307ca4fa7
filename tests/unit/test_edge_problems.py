"""Every code has its sentences, every kind of refusal its status, and a problem has one shape."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from chalicelib import data
from chalicelib.domain import errors
from chalicelib.domain.errors import DomainError, Invalid, Violation
from chalicelib.edge import problems
from chalicelib.schemas import validation

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted([*ROOT.glob("chalicelib/**/*.py"), ROOT / "infra" / "gateway_responses.py"])


def codes_in(tree: ast.AST) -> set[str]:
    """Literal codes given to ``because``, ``Violation`` and ``of_code``."""
    found = set()
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        position = {"because": 0, "Violation": 0, "of_code": 1}.get(name)
        if position is not None and len(call.args) > position:
            found |= {
                n.value
                for n in ast.walk(call.args[position])
                if isinstance(n, ast.Constant) and isinstance(n.value, str)
            }
    return {code for code in found if "." in code and " " not in code and not code.endswith(".")}


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_code_that_the_product_raises_has_its_sentences(path: Path) -> None:
    assert codes_in(ast.parse(path.read_text(encoding="utf-8"))) <= set(data.problems())


def test_every_keyword_of_json_schema_has_its_sentences() -> None:
    own = {"required", "unexpected", "propertyNames", "refused"}
    assert {f"schema.{keyword}" for keyword in validation._KEYWORDS | own} <= set(data.problems())


def test_every_code_that_a_route_declares_has_its_sentences() -> None:
    from app import app
    from chalicelib.edge.api import specs

    declared = {code for spec in specs(app) for code in spec.problems}
    assert declared <= set(data.problems())


def test_every_sentence_stands_in_both_languages() -> None:
    for code, text in data.problems().items():
        assert set(text) == {"zh", "en"}, code
        assert all(text.values()), code


def test_no_two_files_define_the_same_code() -> None:
    into: dict[str, data.Text] = {"a.b": {"zh": "一", "en": "one"}}
    with pytest.raises(ValueError, match="already"):
        data._merge(into, {"a.b": {"zh": "二", "en": "two"}}, "other.json")


def test_every_kind_of_refusal_has_its_status() -> None:
    def leaves(kind: type[DomainError]) -> set[type[DomainError]]:
        return {kind}.union(*(leaves(sub) for sub in kind.__subclasses__()))

    unmapped = leaves(DomainError) - {DomainError} - set(problems.STATUS)
    assert unmapped == set()


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (errors.Invalid, 422),
        (errors.Refused, 409),
        (errors.Conflict, 409),
        (errors.Stale, 412),
        (errors.Forbidden, 403),
        (errors.NotFound, 404),
        (errors.Unavailable, 503),
        (problems.Malformed, 400),
        (problems.Unauthenticated, 401),
        (problems.TooLarge, 413),
        (problems.UnsupportedMedia, 415),
        (problems.PreconditionRequired, 428),
    ],
)
def test_a_refusal_answers_the_status_of_its_kind(kind: type[DomainError], status: int) -> None:
    assert problems.status_of(kind.because("request.not-found")) == status


def test_a_problem_names_every_violation_and_the_first_names_the_whole() -> None:
    refusal = Invalid(
        Violation("schema.minLength", "/form/name", {"limit": 2}), Violation("schema.required", "/form/id")
    )
    body = problems.of_error(refusal, "0198c0de-0000-7000-8000-000000000001")
    assert problems_are_valid(body)
    assert body["type"] == "/v1/problems#schema.minLength"
    assert body["status"] == 422
    assert body["instance"] == "urn:uuid:0198c0de-0000-7000-8000-000000000001"
    assert [(e["pointer"], e["code"]) for e in body["errors"]] == [
        ("/form/name", "schema.minLength"),
        ("/form/id", "schema.required"),
    ]
    assert body["errors"][0]["en"] == "At least 2 characters are needed."


def test_an_incident_that_is_no_uuid_is_left_out() -> None:
    assert "instance" not in problems.of_code(500, problems.INTERNAL, "made up")


def test_a_very_long_list_of_violations_is_cut_and_counted() -> None:
    refusal = Invalid(*(Violation("schema.required", f"/{n}") for n in range(problems.MOST_ERRORS + 7)))
    body = problems.of_error(refusal)
    assert len(body["errors"]) == problems.MOST_ERRORS
    assert body["more_errors"] == 7
    assert problems_are_valid(body)


def test_a_parameter_is_never_read_as_a_format() -> None:
    sentence = problems.text(Violation("schema.format", params={"format": "{0.__class__} {limit} %s"}))
    assert "{0.__class__} {limit} %s" in sentence["en"]


def test_a_parameter_that_is_a_code_is_shown_by_its_label(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {"x.y": {"zh": "状态“{state}”", "en": "state {state}"}}
    labels = {"state": {"accepted": {"zh": "已受理", "en": "accepted"}}}
    monkeypatch.setattr(data, "problems", lambda: texts)
    monkeypatch.setattr(data, "labels", lambda: labels)
    assert problems.text(Violation("x.y", params={"state": "accepted"})) == {
        "zh": "状态“已受理”",
        "en": "state accepted",
    }


def problems_are_valid(body: dict[str, object]) -> bool:
    return validation.named_violations("elements/problem", body) == ()
