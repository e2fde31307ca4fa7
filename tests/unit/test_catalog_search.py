"""Search: what is found, in which order, and what is not."""

from __future__ import annotations

import pytest

from chalicelib.domain.catalog_search import Filter, SearchIndex, bigrams, department_codes
from chalicelib.domain.divisions import Level
from chalicelib.storage.catalog_memory import MemoryCatalog

pytestmark = pytest.mark.requirement("A9")


@pytest.fixture(name="index", scope="module")
def _index() -> SearchIndex:
    return MemoryCatalog().index()


def found(index: SearchIndex, query: str, **filters: object) -> list[str]:
    return [hit.summary["name"] for hit in index.search(Filter(query=query, **filters))]  # type: ignore[arg-type]


@pytest.mark.parametrize("query", ["户口", "教师资格", "卫生许可", "身份证", "登记", "草原", "公积金"])
def test_bigrams_find_every_name_that_holds_the_word(index: SearchIndex, query: str) -> None:
    holding = {row["name"] for row in index.summaries if query in row["name"]}
    assert holding
    assert holding <= set(found(index, query))


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("取水许可", "取水许可"),
        ("取水", "取水许可"),
        ("吃低保", "最低生活保障"),
        ("五保户", "特困人员救助供养"),
        ("取公积金", "住房公积金提取"),
        ("房本", "不动产转移登记(买卖)"),
        ("怎么办理身份证", "居民身份证申领"),
        ("不动产转移登记（买卖）", "不动产转移登记(买卖)"),
        ("jhdj", "结婚登记"),
        ("JHDJ", "结婚登记"),
        ("不动产 买卖", "不动产转移登记(买卖)"),
        ("Adoption", "收养登记"),
    ],
)
def test_the_best_match_comes_first(index: SearchIndex, query: str, first: str) -> None:
    assert found(index, query)[0] == first


def test_ranks_fall_from_the_name_to_elsewhere(index: SearchIndex) -> None:
    hits = index.search(Filter(query="结婚"))
    assert [hit.rank for hit in hits] == sorted((hit.rank for hit in hits), reverse=True)
    assert hits[0].summary["name"] == "结婚登记"


def test_characters_with_two_readings_are_found_under_both(index: SearchIndex) -> None:
    assert "道路旅客运输经营许可(县内、毗邻县班线)" in found(index, "dllkys")
    ambiguous = "大型群众性活动安全许可(预计参加人数1000人以上5000人以下)"
    assert ambiguous in found(index, "dxqz")
    assert "旅行社业务经营许可" in found(index, "lxs")
    assert "旅行社业务经营许可" in found(index, "lhs")


def test_a_code_is_found_by_its_beginning(index: SearchIndex) -> None:
    assert len(found(index, "150105902")) == 3


@pytest.mark.parametrize("query", ["星际旅行", "zzzzzz", "999", "!!!", "，。"])
def test_what_does_not_exist_is_not_found(index: SearchIndex, query: str) -> None:
    assert found(index, query) == []


@pytest.mark.parametrize("query", ["", "   "])
def test_an_empty_query_lists_everything_in_order_of_code(index: SearchIndex, query: str) -> None:
    codes = [hit.summary["basic_code"] for hit in index.search(Filter(query=query))]
    assert codes == sorted(codes)
    assert len(codes) == 157


def test_filters_narrow_together(index: SearchIndex) -> None:
    hits = index.search(Filter(level=Level.LEAGUE, type_code="01", departments=frozenset({"05"})))
    assert [hit.summary["name"] for hit in hits] == ["高级中学、中等职业学校教师资格认定"]
    assert found(index, "", case_type="instant", theme="p-marriage") == ["结婚登记"]
    assert all("4" in h.summary["applicant_kinds"] for h in index.search(Filter(applicant_kind="4")))


def test_departments_are_meant_by_code_or_name(index: SearchIndex) -> None:
    assert department_codes(index.departments, "05") == {"05"}
    assert department_codes(index.departments, "教育局") == {"05"}
    assert department_codes(index.departments, "forestry") == {"64"}
    assert department_codes(index.departments, "nothing") == frozenset()


def test_texts_do_not_run_into_each_other() -> None:
    assert bigrams("甲乙\n丙丁") == {"甲乙", "丙丁"}
    assert bigrams("甲") == frozenset()
