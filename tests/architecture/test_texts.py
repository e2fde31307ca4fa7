"""Every code has its texts, every setting and alarm its place in the docs, every event its label."""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import fields
from importlib.metadata import packages_distributions

import pytest

from chalicelib import data
from chalicelib.settings import Settings
from infra.functions import functions
from infra.reference import event_types
from infra.stages import STAGES
from tests.architecture.sources import ROOT, Module, modules

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
    explained = set(re.findall(r"^([a-z_-]+):.*## ", makefile, re.M))
    assert targets == explained


def test_every_pinned_package_has_its_licence_and_reason() -> None:
    table = (ROOT / "docs" / "adr" / "0002-dependencies.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"^\| ([a-z0-9-]+) \| \S", table, re.M)) - {"package"}
    pinned = set()
    for name in ("requirements.txt", "requirements-dev.txt"):
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        required = [line for line in lines if line and not line.startswith("#")]
        assert all(re.fullmatch(r"[a-z0-9.-]+==[^ ;]+", line) for line in required), f"{name} is not pinned throughout"
        pinned |= {line.split("==")[0] for line in required}
    assert explained == pinned


@pytest.mark.parametrize(
    ("file", "folders"),
    [("requirements.in", ("chalicelib",)), ("requirements-dev.in", ("chalicelib", "infra", "tests"))],
)
def test_every_package_that_is_imported_is_asked_for_by_name(file: str, folders: tuple[str, ...]) -> None:
    """What only came along with another package may leave with it."""
    text = "".join((ROOT / name).read_text(encoding="utf-8") for name in {"requirements.in", file})
    asked = {re.split(r"[\[=]", line)[0] for line in text.splitlines() if line and not line.startswith(("#", "-"))}
    # Chalice's runtime is added by its packager, and stubs exist for the type checker only.
    asked |= {"chalice"} | ({"boto3-stubs"} if file == "requirements.in" else set())
    distributions = packages_distributions()
    for folder in folders:
        for path in (ROOT / folder).rglob("*.py"):
            for name in Module(path, ast.parse(path.read_text(encoding="utf-8"))).imports():
                top = name.split(".")[0]
                if top in sys.stdlib_module_names or top in {"app", "chalicelib", "infra", "tests"}:
                    continue
                found = {d.lower().replace("_", "-") for d in distributions[top]}
                stubs = {"boto3-stubs"} if top.startswith("mypy_boto3") else set()
                assert (found | stubs) & asked, f"{path}: {top}"


def test_decisions_are_numbered_without_gaps_and_say_how_they_stand() -> None:
    files = sorted((ROOT / "docs" / "adr").glob("0*.md"))
    assert [int(path.name[:4]) for path in files] == list(range(1, len(files) + 1))
    for path in files:
        title, _, status, *_ = path.read_text(encoding="utf-8").splitlines()
        assert title.startswith(f"# {path.name[:4]} "), path.name
        assert status.startswith(("Accepted", "Superseded by")), path.name
