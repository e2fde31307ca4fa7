"""The divisions over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.functional.catalog_client import Reader, reader

MANY, ONE = "/v1/divisions", "/v1/divisions/{division_code}"


@pytest.fixture(name="api")
def _api() -> Iterator[Reader]:
    with reader() as made:
        yield made


def test_without_a_parent_the_divisions_of_the_home_division_are_listed(api: Reader) -> None:
    names = [division["name"] for division in api.get(MANY)["items"]]
    assert "苏尼特左旗" in names
    assert len(names) == 13


def test_a_division_shows_those_above_it(api: Reader) -> None:
    gacha = api.get(ONE, places={"division_code": "152523202200"})
    assert [division["name"] for division in gacha["ancestors"]] == [
        "内蒙古自治区",
        "锡林郭勒盟",
        "苏尼特左旗",
        "洪格尔苏木",
    ]
    assert gacha["service_place"].endswith("嘎查便民服务站")


def test_the_two_authorities_codes_are_told_apart(api: Reader) -> None:
    code = {"division_code": "150104001000"}
    assert api.get(ONE, places=code)["name"] == "小召前街街道"
    assert api.get(ONE, places=code, scheme="mca")["name"] == "大南街街道"
    assert api.get(ONE, places={"division_code": "152523000000"}, scheme="mca")["name"] == "苏尼特左旗"


def test_pages_of_a_search_by_name_go_on_where_the_last_one_ended(api: Reader) -> None:
    first = api.get(MANY, parent="150000000000", name="乌兰", level=5, limit=10)
    second = api.get(MANY, parent="150000000000", name="乌兰", level=5, limit=10, cursor=first["next"])
    codes = [division["code"] for page in (first, second) for division in page["items"]]
    assert codes == sorted(set(codes))
    assert len(first["items"]) == 10


def test_an_unknown_code_is_not_found_and_an_unknown_parent_refused(api: Reader) -> None:
    assert api.get(ONE, status=404, places={"division_code": "159999000000"})["code"] == "division.unknown"
    assert api.get(ONE, status=404, places={"division_code": "nonsense"})["code"] == "division.unknown"
    assert api.get(MANY, status=422, parent="159999000000")["code"] == "division.unknown"
    assert api.get(MANY, status=422, parent="15")["code"] == "schema.pattern"


def test_zones_and_farms_are_shown_as_not_administrative(api: Reader) -> None:
    zone = api.get(ONE, places={"division_code": "150271000000"})
    assert zone["administrative"] is False
    assert zone["service_place"] is None
