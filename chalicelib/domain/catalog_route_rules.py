"""Publication rules about who does what (F1): order of steps, competence, entrustment and joint handling.

Legal source: 行政许可法 24, 26.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from chalicelib.domain.catalog import JointKind
from chalicelib.domain.errors import Violation

Document = Mapping[str, Any]
Rule = Callable[[Document, Mapping[str, Any]], Iterator[Violation]]

_RANK = {"accept": 0, "preliminary_review": 1, "review": 2, "decide": 3}
_LICENCE = "01"


def _order(document: Document, _: Mapping[str, Any]) -> Iterator[Violation]:
    """The first step accepts, the last decides, nothing goes back, no step lies below the one before."""
    steps = document["steps"]
    roles = [step["role"] for step in steps]
    if not steps or roles[0] != "accept" or roles[-1] != "decide" or roles.count("decide") != 1:
        yield Violation("catalog.steps-incomplete", "/steps")
        return
    for at, (before, after) in enumerate(pairwise(steps), start=1):
        if _RANK[after["role"]] < _RANK[before["role"]] or after["level"] > before["level"]:
            yield Violation("catalog.steps-order", f"/steps/{at}", {"role": after["role"]})


def _levels(document: Document, vocabulary: Mapping[str, Any]) -> Iterator[Violation]:
    """A preliminary review lies below the decision; departments are known."""
    decide = document["steps"][-1] if document["steps"] else None
    for at, step in enumerate(document["steps"]):
        if step["department"] not in vocabulary["departments"]:
            yield Violation("catalog.department-unknown", f"/steps/{at}/department", {"department": step["department"]})
        if decide and step["role"] == "preliminary_review" and step["level"] <= document["level"]:
            yield Violation("catalog.preliminary-not-below", f"/steps/{at}/level")


def _competence(document: Document, vocabulary: Mapping[str, Any]) -> Iterator[Violation]:
    """Outlets accept and decide nothing. A licence is accepted and decided by the competent organ.

    Otherwise the law itself must name the lower organ for accepting (the step's basis), or the
    competent organ must have entrusted another administrative organ and published that.
    """
    for at, step in enumerate(document["steps"]):
        pointer = f"/steps/{at}/mode"
        if step["role"] not in ("accept", "decide"):
            continue
        if step["mode"] == "outlet":
            yield Violation("catalog.outlet-only-receives", pointer, {"role": step["role"]})
        if document["type_code"] != _LICENCE or step["mode"] == "entrusted":
            continue
        competent = (step["level"], step["department"]) == (document["level"], document["department"])
        by_law = step["role"] == "accept" and step["basis"]
        if not competent and not by_law:
            yield Violation("catalog.licence-not-competent", pointer, {"role": step["role"]})


def _entrustment(document: Document, vocabulary: Mapping[str, Any]) -> Iterator[Violation]:
    """行政许可法 24: to another administrative organ only, published with its content."""
    for at, step in enumerate(document["steps"]):
        if step["mode"] != "entrusted":
            continue
        published = step.get("entrustment") or {}
        if not all(published.get(part) for part in ("notice", "published_on", "scope")):
            yield Violation("catalog.entrustment-unpublished", f"/steps/{at}/entrustment")
        department = vocabulary["departments"].get(step["department"], {})
        if document["type_code"] == _LICENCE and department.get("kind", "organ") != "organ":
            yield Violation("catalog.entrusted-not-organ", f"/steps/{at}/department")


def _joint(document: Document, vocabulary: Mapping[str, Any]) -> Iterator[Violation]:
    """行政许可法 26(2), 42(2): licences only, of two departments or more, and by what rule or arrangement."""
    joint = document.get("joint")
    if not joint:
        return
    if document["type_code"] != _LICENCE:
        yield Violation("catalog.joint-not-licence", "/joint", {"type": document["type_code"]})
    if joint["kind"] not in frozenset(JointKind):
        yield Violation("catalog.joint-kind", "/joint/kind", {"kind": joint["kind"]})
    if not joint["basis"]:
        yield Violation("catalog.needs-legal-basis", "/joint/basis")
    departments = joint["departments"]
    for at, department in enumerate(departments):
        if department not in vocabulary["departments"]:
            yield Violation("catalog.department-unknown", f"/joint/departments/{at}", {"department": department})
    if len(set(departments)) < 2 or document["department"] not in departments:
        yield Violation("catalog.joint-departments", "/joint/departments")


ROUTE_RULES: tuple[Rule, ...] = (_order, _levels, _competence, _entrustment, _joint)
