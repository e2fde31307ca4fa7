"""docs/law.md names rules and tests: each of them is there."""

from __future__ import annotations

import re

from chalicelib import data
from tests.architecture.sources import ROOT

TEXT = (ROOT / "docs" / "law.md").read_text(encoding="utf-8")


def test_every_test_that_the_law_names_is_there() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")]
    known = {name for source in sources for name in re.findall(r"def (test_\w+)", source)}
    named = set(re.findall(r"`(test_\w+)", TEXT))
    assert len(named) > 30
    assert sorted(named - known) == []


def test_every_code_that_the_law_names_has_its_sentence() -> None:
    codes = {code for code in re.findall(r"`([a-z]+(?:\.[a-z0-9-]+)+)`", TEXT) if "-" in code}
    assert sorted(codes - set(data.problems())) == []


def test_every_row_has_an_article_a_rule_and_a_test() -> None:
    rows = [line for line in TEXT.splitlines() if line.startswith("|") and not line.startswith(("|---", "| article"))]
    assert [row for row in rows if row.count(" | ") != 3] == []
