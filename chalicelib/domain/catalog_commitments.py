"""Terms of notice-and-commitment in the catalogue: made from the demo layer, judged before publication."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.domain.catalog import LimitUnit
from chalicelib.domain.commitment_terms import CheckKind, ClauseKind, text_digest
from chalicelib.domain.eligibility import ExcludedArea
from chalicelib.domain.errors import Violation

Json = dict[str, Any]
Document = Mapping[str, Any]

OPEN = frozenset({"allowed", "required", "required-in-part", "materials-replaceable"})
"""What ``allowed`` must say for terms to stand beside it."""

_UNITS = {"workday": ("个工作日", "working days"), "day": ("日", "days"), "month": ("个月", "months")}


def terms(own: Document, template: Document, item: Document, level: int, department: str) -> Json:
    """The terms of an item from its demo values and the text that all items share."""
    value, unit = own["check_within"]
    zh, en = _UNITS[unit]
    clauses = [
        {
            "id": clause["id"],
            "kind": clause["kind"],
            "zh": clause["zh"].format(item=item["name"], promise=own["promise"], within=f"{value}{zh}"),
            "en": clause["en"].format(item=item["name_en"], promise=own["promise_en"], within=f"{value} {en}"),
        }
        for clause in template["clauses"]
    ]
    version = own.get("version", template["version"])
    mending = own.get("mending")
    return {
        "text": {"version": version, "clauses": clauses, "digest": text_digest(version, clauses)},
        "materials": list(own.get("materials", ())),
        "facts": list(own.get("facts", ())),
        "check": {
            "level": level,
            "department": department,
            "within": {"value": value, "unit": unit},
            "kind": own["check_kind"],
        },
        "mending": {"value": mending[0], "unit": mending[1]} if mending else None,
        "hearing": {"value": own["hearing"][0], "unit": own["hearing"][1]},
        "credit": {**template["credit"], **own.get("credit", {})},
    }


def rules(document: Document, vocabulary: Mapping[str, Any]) -> Iterator[Violation]:
    """国办发〔2020〕42号: what must hold of a promise before it is published.

    A list may not reach into the excluded areas; only a law itself can.
    """
    commitment = document["commitment"]
    for at, area in enumerate(commitment["excluded_areas"]):
        if area not in set(ExcludedArea):
            yield Violation("catalog.excluded-area-unknown", f"/commitment/excluded_areas/{at}", {"area": area})
    found = commitment.get("terms")
    offered = commitment["allowed"] == "allowed" or found is not None
    if offered and not commitment["basis"] and commitment["excluded_areas"]:
        yield Violation("catalog.commitment-in-excluded-area", "/commitment/allowed")
    listed = commitment["allowed"] == "allowed" and not commitment["basis"]
    if listed and not (commitment["promise"] and commitment["check_within"]):
        yield Violation("catalog.commitment-needs-terms", "/commitment/promise")
    if found is not None:
        if commitment["allowed"] not in OPEN:
            yield Violation("catalog.commitment-not-allowed", "/commitment/terms")
        yield from _text(found["text"])
        yield from _replaced(document, found)
        yield from _check(found, vocabulary)
        yield from _periods(found)


def _text(text: Document) -> Iterator[Violation]:
    pointer, clauses = "/commitment/terms/text", text["clauses"]
    for kind in ClauseKind:
        if not any(clause["kind"] == kind for clause in clauses):
            yield Violation("catalog.commitment-clause-missing", f"{pointer}/clauses", {"kind": kind})
    seen: set[str] = set()
    for at, clause in enumerate(clauses):
        if clause["id"] in seen:
            yield Violation("catalog.commitment-clause-twice", f"{pointer}/clauses/{at}/id", {"clause": clause["id"]})
        seen.add(clause["id"])
        if clause["kind"] not in set(ClauseKind) or not (clause["zh"].strip() and clause["en"].strip()):
            yield Violation("catalog.commitment-clause-empty", f"{pointer}/clauses/{at}", {"clause": clause["id"]})
    if text["digest"] != text_digest(text["version"], clauses):
        yield Violation("catalog.commitment-text-digest", f"{pointer}/digest")


def _replaced(document: Document, found: Document) -> Iterator[Violation]:
    """Something must be replaced, and only what the version asks for can be."""
    pointer = "/commitment/terms/materials"
    if not (found["materials"] or found["facts"]):
        yield Violation("catalog.commitment-replaces-nothing", pointer)
    known = {material["code"] for material in document["materials"]}
    for at, code in enumerate(found["materials"]):
        if code not in known:
            yield Violation("catalog.commitment-material-unknown", f"{pointer}/{at}", {"code": code})


def _check(found: Document, vocabulary: Mapping[str, Any]) -> Iterator[Violation]:
    check = found["check"]
    if check["kind"] not in set(CheckKind):
        yield Violation("catalog.commitment-check-kind", "/commitment/terms/check/kind", {"kind": check["kind"]})
    if check["department"] not in vocabulary["departments"]:
        pointer = "/commitment/terms/check/department"
        yield Violation("catalog.department-unknown", pointer, {"department": check["department"]})


def _periods(found: Document) -> Iterator[Violation]:
    periods = {"check/within": found["check"]["within"], "mending": found["mending"], "hearing": found["hearing"]}
    for name, period in periods.items():
        if period and (period["value"] < 1 or period["unit"] not in set(LimitUnit)):
            yield Violation("catalog.commitment-period", f"/commitment/terms/{name}")
    months, repair = found["credit"]["months"], found["credit"]["repair"]
    if (months is None and not repair.strip()) or (months is not None and months < 1):
        yield Violation("catalog.commitment-credit-endless", "/commitment/terms/credit")
