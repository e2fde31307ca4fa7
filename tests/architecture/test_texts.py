"""Every code has its texts, every setting and alarm its place in the docs, every event its label."""

from __future__ import annotations

import ast
import re
from dataclasses import fields

from chalicelib import data
from chalicelib.settings import Settings
from infra.functions import functions
from infra.reference import event_types
from infra.stages import STAGES
from tests.architecture.sources import ROOT, modules

_CODE = re.compile(r"[a-z]+(-[a-z]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)+")
_RAISING = {"because", "Violation", "of_code"}


def raised_codes() -> dict[str, str]:
    """Every literal code that the product raises, with a place where it does."""
    found: dict[str, str] = {}
    for module in modules():
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name not in _RAISING:
                continue
            literals = [a.value for a in node.args[:2] if isinstance(a, ast.Constant) and isinstance(a.value, str)]
            found |= {code: f"{module.name}:{node.lineno}" for code in literals if _CODE.fullmatch(code)}
    return found


def test_every_code_that_is_raised_has_a_sentence_in_both_languages() -> None:
    texts = data.problems()
    raised = raised_codes()
    assert len(raised) > 20
    assert {code: place for code, place in raised.items() if code not in texts} == {}
    for code, text in texts.items():
        assert text.get("zh"), code
        assert text.get("en"), code


def test_a_sentence_names_the_same_parameters_in_both_languages() -> None:
    places = re.compile(r"\{(\w+)\}")
    for code, text in data.problems().items():
        assert set(places.findall(text["zh"])) == set(places.findall(text["en"])), code


def test_every_event_has_its_label() -> None:
    labels = data.labels()["event"]
    assert [kind for kind in event_types() if kind not in labels] == []


def test_every_setting_function_and_stage_stands_in_the_operations_guide() -> None:
    guide = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    named = [field.name.upper() for field in fields(Settings)] + list(functions()) + list(STAGES)
    assert [name for name in named if f"`{name}`" not in guide] == []


def test_every_make_target_stands_in_the_help() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = {name for line in re.findall(r"^\.PHONY: (.+)$", makefile, re.M) for name in line.split()}
    explained = set(re.findall(r"^([a-z_]+):.*## ", makefile, re.M))
    assert targets == explained
