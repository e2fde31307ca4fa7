"""The special lists (A8): views of the catalogue, and files that a spreadsheet opens without harm."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from chalicelib import data
from chalicelib.domain.catalog_lists import LISTS, entries
from chalicelib.domain.errors import NotFound
from chalicelib.services import catalog_lists
from chalicelib.storage.catalog_memory import MemoryCatalog

pytestmark = pytest.mark.requirement("A8")


@pytest.fixture(name="catalog", scope="module")
def _catalog() -> MemoryCatalog:
    return MemoryCatalog()


def say(group: str, code: str) -> str:
    return data.label(group, code)["zh"]


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def test_every_list_has_a_title_and_every_column_its_heading() -> None:
    labels = data.labels()
    for name, chosen in LISTS.items():
        assert name in labels["list"]
        assert {f"{name}.{field}" for field in chosen.fields} <= set(labels["column"])


@pytest.mark.parametrize("name", LISTS)
def test_a_row_says_which_of_its_values_are_made_up(catalog: MemoryCatalog, name: str) -> None:
    for row in entries(LISTS[name], catalog.index().summaries):
        assert "basic_code" in row["demo"]
        assert set(row["details"]) == set(LISTS[name].fields)


def test_the_list_of_special_procedures_says_what_stops_the_clock(catalog: MemoryCatalog) -> None:
    rows = catalog_lists.read(catalog, "special-procedures").entries
    hearing = [r for r in rows if r["name"] == "取水许可" and r["details"]["kind"] == "听证"]
    assert hearing[0]["details"]["stops"] is True
    site = [r for r in rows if "现场" in r["details"]["kind"]]
    assert site
    assert not any(r["details"]["stops"] for r in site)


def test_the_promise_that_a_law_itself_names_is_no_demo_value(catalog: MemoryCatalog) -> None:
    rows = {r["name"]: r for r in catalog_lists.read(catalog, "commitment").entries}
    assert rows["法律援助申请"]["details"]["basis"]["law"] == "法律援助法"
    assert "commitment/allowed" not in rows["法律援助申请"]["demo"]
    assert "commitment/allowed" in rows["人力资源服务许可"]["demo"]


@pytest.mark.parametrize("name", LISTS)
def test_every_list_becomes_a_file(catalog: MemoryCatalog, name: str) -> None:
    view = catalog_lists.read(catalog, name)
    text = catalog_lists.as_csv(view, say)
    assert text.startswith("\ufeff")
    assert text.endswith("\r\n")
    rows = rows_of(text)
    assert len(rows) == len(view.entries) + 1
    assert len({len(row) for row in rows}) == 1


@pytest.mark.parametrize(
    "evil",
    ["=HYPERLINK(1)", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1+1", "\uff0b1", "\uff0d2", "\uff20A1"],
)
def test_no_cell_runs_as_a_formula(catalog: MemoryCatalog, evil: str) -> None:
    view = catalog_lists.read(catalog, "deferrable")
    first = {**view.entries[0], "name": evil}
    text = catalog_lists.as_csv(replace(view, entries=[first]), say)
    cell = next(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))["事项名称"]
    assert cell == f"'{evil}"


def test_an_unknown_list_is_not_found(catalog: MemoryCatalog) -> None:
    with pytest.raises(NotFound, match=r"catalog\.list-unknown"):
        catalog_lists.read(catalog, "nothing")
