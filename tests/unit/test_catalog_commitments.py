"""What must hold of a promise before it is published (C1, C2), and how a version's terms are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain.catalog_documents import standard_of
from chalicelib.domain.commitment_terms import ClauseKind, text_digest
from chalicelib.domain.eligibility import ExcludedArea
from tests.unit.test_catalog_rules import BASIS, DOCUMENTS, Json, document, judged

pytestmark = [pytest.mark.requirement("C1"), pytest.mark.requirement("C2")]

TERMS = "/0/commitment/terms"
KEY = "labour-dispatch-licence"
WITH_TERMS = [d for d in DOCUMENTS if d["commitment"]["terms"]]


def _clauses(target: Json) -> list[Json]:
    clauses: list[Json] = target["commitment"]["terms"]["text"]["clauses"]
    return clauses


def _signed_anew(target: Json) -> None:
    text = target["commitment"]["terms"]["text"]
    text["digest"] = text_digest(text["version"], text["clauses"])


BREAKS: list[tuple[str, Callable[[Json], Any], str]] = [
    ("catalog.commitment-not-allowed", lambda d: d["commitment"].update(allowed="unknown"), ""),
    *(
        (
            "catalog.commitment-clause-missing",
            lambda d, kind=kind: _clauses(d).remove(next(c for c in _clauses(d) if c["kind"] == kind)),
            "/text/clauses",
        )
        for kind in ClauseKind
    ),
    ("catalog.commitment-clause-twice", lambda d: _clauses(d).append(dict(_clauses(d)[0])), "/text/clauses/6/id"),
    ("catalog.commitment-clause-empty", lambda d: _clauses(d)[2].update(en=" "), "/text/clauses/2"),
    ("catalog.commitment-replaces-nothing", lambda d: d["commitment"]["terms"].update(materials=[]), "/materials"),
    (
        "catalog.commitment-material-unknown",
        lambda d: d["commitment"]["terms"].update(materials=["M99"]),
        "/materials/0",
    ),
    ("catalog.commitment-check-kind", lambda d: d["commitment"]["terms"]["check"].update(kind="?"), "/check/kind"),
    (
        "catalog.department-unknown",
        lambda d: d["commitment"]["terms"]["check"].update(department="?"),
        "/check/department",
    ),
    ("catalog.commitment-period", lambda d: d["commitment"]["terms"]["hearing"].update(value=0), "/hearing"),
    ("catalog.commitment-period", lambda d: d["commitment"]["terms"]["mending"].update(value=0), "/mending"),
    ("catalog.commitment-credit-endless", lambda d: d["commitment"]["terms"]["credit"].update(repair=""), "/credit"),
]


@pytest.mark.parametrize(("code", "broken", "pointer"), BREAKS)
def test_terms_that_break_a_rule_are_not_published(code: str, broken: Callable[[Json], Any], pointer: str) -> None:
    target = document(KEY)
    broken(target)
    _signed_anew(target)
    assert (code, f"{TERMS}{pointer}") in judged(target)


def test_a_text_whose_digest_is_another_texts_is_not_published() -> None:
    target = document(KEY)
    _clauses(target)[0]["zh"] += "。"
    assert judged(target) == [("catalog.commitment-text-digest", f"{TERMS}/text/digest")]


@pytest.mark.parametrize("area", ExcludedArea)
def test_a_list_reaches_into_no_excluded_area_and_a_law_into_each(area: ExcludedArea) -> None:
    target = document(KEY)
    target["commitment"]["excluded_areas"] = [area.value]
    assert judged(target) == [("catalog.commitment-in-excluded-area", "/0/commitment/allowed")]
    target["commitment"]["basis"] = BASIS
    assert judged(target) == []


def test_the_start_catalogue_offers_promises_under_law_and_as_demo_but_never_as_demo_in_an_excluded_area() -> None:
    assert {"public-venue-fire-check", "legal-aid", "drainage-permit", KEY} <= {d["key"] for d in WITH_TERMS}
    for target in WITH_TERMS:
        assert "commitment/terms" in target["demo"]
        assert target["commitment"]["basis"] or not target["commitment"]["excluded_areas"]


@pytest.mark.parametrize("target", WITH_TERMS, ids=lambda d: str(d["key"]))
def test_what_was_published_is_read_back_with_the_digest_that_people_sign(target: Json) -> None:
    terms = standard_of(target).commitment
    assert terms is not None
    assert terms.text.digest == target["commitment"]["terms"]["text"]["digest"]
    assert {clause.kind for clause in terms.text.clauses} == set(ClauseKind)
    assert terms.by_law is bool(target["commitment"]["basis"])
