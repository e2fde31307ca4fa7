"""The catalogue over HTTP: search, items, guides, themes, lists. Every answer is held against its schema."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest

from tests.functional.catalog_client import Reader, reader

ITEMS, ITEM, GUIDE = "/v1/items", "/v1/items/{item_code}", "/v1/items/{item_code}/guide"
LIST, FILE = "/v1/lists/{list_name}", "/v1/lists/{list_name}/csv"
SENIOR_TEACHER = "150105902002"
GACHA = "152523202200"  # in Sonid Left Banner, Xilingol League


@pytest.fixture(name="api")
def _api() -> Iterator[Reader]:
    with reader() as made:
        yield made


@pytest.mark.requirement("A9")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("低保", "最低生活保障"),
        ("我要办低保", "最低生活保障"),
        ("开餐馆", "食品经营许可"),
        ("二手房过户", "不动产转移登记(买卖)"),
        ("zdshbz", "最低生活保障"),
        ("宅基地", "农村宅基地用地审批"),
        ("homestead", "农村宅基地用地审批"),
        ("150105902002", "高级中学、中等职业学校教师资格认定"),
    ],
)
def test_an_item_is_found_by_the_words_people_use(api: Reader, query: str, expected: str) -> None:
    assert api.get(ITEMS, q=query)["items"][0]["name"] == expected


@pytest.mark.requirement("A9")
def test_items_are_browsed_by_place_level_department_type_and_theme(api: Reader) -> None:
    herding = api.get(ITEMS, theme="p-herding", division=GACHA, limit=100)["items"]
    assert "动物检疫申报" in {item["name"] for item in herding}
    league = api.get(ITEMS, level=3, limit=100)["items"]
    assert {item["level"]["code"] for item in league} == {"3"}
    schools = api.get(ITEMS, department="教育", type="01", limit=100)["items"]
    assert {item["department"]["code"] for item in schools} == {"05"}
    assert api.get(ITEMS, q="教师资格", level=3)["items"][0]["basic_code"] == SENIOR_TEACHER


def test_pages_together_hold_every_item_once(api: Reader) -> None:
    seen: list[str] = []
    page = api.get(ITEMS, limit=60)
    seen += [item["basic_code"] for item in page["items"]]
    while page["next"]:
        page = api.get(ITEMS, limit=60, cursor=page["next"])
        seen += [item["basic_code"] for item in page["items"]]
    assert len(seen) == len(set(seen)) == 157


def test_a_cursor_of_another_search_is_refused(api: Reader) -> None:
    page = api.get(ITEMS, limit=1, q="许可")
    assert api.get(ITEMS, status=400, limit=1, q="登记", cursor=page["next"])["code"] == "request.cursor-invalid"


def test_unknown_filters_are_all_named_at_once(api: Reader) -> None:
    problem = api.get(ITEMS, status=422, theme="nothing", division="150199000000", department="not-there")
    assert {error["code"] for error in problem["errors"]} == {
        "catalog.theme-unknown",
        "division.unknown",
        "catalog.department-unknown",
    }


@pytest.mark.requirement("A9")
def test_an_item_shows_its_facts_with_their_articles_and_labels_what_is_made_up(api: Reader) -> None:
    item = api.get(ITEM, places={"item_code": SENIOR_TEACHER})
    assert item["statutory_limit"]["basis"]["law"] == "教师资格条例"
    assert "statutory_limit" not in item["demo"]
    assert {"promised_limit", "basic_code", "contacts", "form"} <= set(item["demo"])
    assert [step["role"]["code"] for step in item["steps"]] == ["accept", "preliminary_review", "review", "decide"]
    assert [step["level"]["code"] for step in item["steps"]] == ["4", "4", "3", "3"]
    assert item["form"]["additionalProperties"] is False


def test_every_item_of_the_start_catalogue_fits_the_schema_of_its_answer(api: Reader) -> None:
    for item in [*api.get(ITEMS, limit=100)["items"][::7], *api.get(ITEMS, q="登记", limit=100)["items"][::5]]:
        api.get(ITEM, places={"item_code": item["basic_code"]})
        api.get(GUIDE, places={"item_code": item["basic_code"]}, division=GACHA)


def test_a_warning_and_an_open_level_are_shown_never_hidden(api: Reader) -> None:
    row = api.get(ITEMS, q="药品零售")["items"][0]
    assert row["warning"]
    opened = api.get(ITEM, places={"item_code": api.get(ITEMS, q="取水许可")["items"][0]["basic_code"]})
    assert opened["level_conf"]["code"] == "open"
    assert "level" in opened["demo"]


def test_a_main_item_answers_with_its_sub_items(api: Reader) -> None:
    main = api.get(ITEM, places={"item_code": "15010590200Y"})
    assert main["kind"] == "main_item"
    assert [item["basic_code"][-3:] for item in main["items"]] == ["001", "002", "003"]


def test_an_unknown_item_and_an_unknown_version_are_not_found(api: Reader) -> None:
    assert api.get(ITEM, status=404, places={"item_code": "159999999999"})["code"] == "item.unknown"
    assert api.get(ITEM, status=404, places={"item_code": SENIOR_TEACHER}, version=9)["code"] == "item.unknown"


@pytest.mark.requirement("A9")
def test_a_guide_names_the_bodies_of_ones_own_place(api: Reader) -> None:
    guide = api.get(GUIDE, places={"item_code": SENIOR_TEACHER}, division=GACHA)
    assert guide["body"]["name"] == "锡林郭勒盟教育局"
    assert guide["body"]["demo"] is True
    assert [stop["body"]["name"] for stop in guide["route"]] == [
        "苏尼特左旗教育局",
        "苏尼特左旗教育局",
        "锡林郭勒盟教育局",
        "锡林郭勒盟教育局",
    ]
    assert len(guide["implementation_code"]) == 31
    assert guide["outlets"][1]["name"] == "洪格尔苏木便民服务中心"
    assert guide["outlets"][0]["opening_hours"] is None
    assert "opening_hours" in guide["unknown"]


@pytest.mark.requirement("F1")
def test_a_guide_says_in_whose_name_an_entrusted_body_acts(api: Reader) -> None:
    code = next(i["basic_code"] for i in api.get(ITEMS, q="危险货物运输")["items"])
    accept = api.get(GUIDE, places={"item_code": code}, division=GACHA)["route"][0]
    assert accept["mode"]["code"] == "entrusted"
    assert accept["body"]["name"] == "苏尼特左旗交通运输局"
    assert accept["in_name_of"]["name"] == "锡林郭勒盟交通运输局"
    assert accept["entrustment"]["notice"]


@pytest.mark.parametrize(
    ("item", "division", "obstacle"),
    [
        ("工业产品生产许可证", GACHA, "decided-nationally"),
        ("宅基地", "152500000000", "division-too-wide"),
        ("宅基地", "150271102000", None),
        ("食品经营", "150271000000", "not-administrative"),
    ],
)
def test_a_guide_says_why_nobody_decides_for_a_place(
    api: Reader, item: str, division: str, obstacle: str | None
) -> None:
    code = api.get(ITEMS, q=item)["items"][0]["basic_code"]
    guide = api.get(GUIDE, places={"item_code": code}, division=division)
    assert (guide["obstacle"] or {}).get("code") == obstacle
    assert guide["offered"] is (obstacle is None)


@pytest.mark.requirement("B10")
def test_a_guide_shows_the_limit_of_each_step_and_which_limits_name_no_step(api: Reader) -> None:
    lawyer = guide_of(api, "律师执业许可")
    assert [(stop["role"]["code"], (stop["limit"] or {}).get("value")) for stop in lawyer["route"]] == [
        ("accept", None),
        ("preliminary_review", 20),
        ("review", None),
        ("decide", 10),
    ]
    assert [limit["counted_as"] for limit in lawyer["item"]["limits_by_step"]] == ["steps/1", "steps/3"]
    feed = guide_of(api, "饲料")["item"]
    assert [(limit["value"], limit["counted_as"]) for limit in feed["limits_by_step"]] == [(10, None), (10, None)]
    device = guide_of(api, "第三类医疗器械经营许可")["item"]
    assert (device["certificate_limit"]["value"], device["certificate_limit"]["basis"]["article"]) == (10, "13")


def guide_of(api: Reader, name: str) -> dict[str, Any]:
    (code,) = {row["basic_code"] for row in api.get(ITEMS, q=name)["items"] if name in row["name"]}
    found: dict[str, Any] = api.get(GUIDE, places={"item_code": code}, division=GACHA)
    return found


def test_a_guide_needs_a_place_and_an_item_that_is_applied_for(api: Reader) -> None:
    places = {"item_code": SENIOR_TEACHER}
    assert api.get(GUIDE, status=422, places=places)["code"] == "schema.required"
    assert api.get(GUIDE, status=422, places=places, division="150199000000")["code"] == "division.unknown"
    main = {"item_code": "15010590200Y"}
    assert api.get(GUIDE, status=404, places=main, division=GACHA)["code"] == "item.is-main-item"


@pytest.mark.requirement("A9")
def test_themes_say_how_many_items_they_have(api: Reader) -> None:
    themes = {theme["key"]: theme for theme in api.get("/v1/themes")["items"]}
    for key in ("p-herding", "c-restaurant"):
        assert themes[key]["count"] == len(api.get(ITEMS, theme=key, limit=100)["items"]) > 0


@pytest.mark.requirement("A8")
def test_every_list_is_a_dated_and_numbered_view_of_the_catalogue(api: Reader) -> None:
    overview = api.get("/v1/lists")
    assert overview["release"]["number"] == 1
    for entry in overview["items"]:
        view = api.get(LIST, places={"list_name": entry["name"]})
        assert len(view["items"]) == entry["count"]
        assert view["release"] == overview["release"]
    counts = {entry["name"]: entry["count"] for entry in overview["items"]}
    wanted = ("commitment", "deferrable", "assisted", "delay-service", "special-procedures", "cross-region")
    assert all(counts[name] > 0 for name in (*wanted, "cross-province", "fully-online", "entrusted", "instant", "fees"))


@pytest.mark.requirement("A8")
def test_a_list_is_downloaded_as_a_file_for_spreadsheets(api: Reader) -> None:
    text = api.get(FILE, places={"list_name": "deferrable"})
    assert text.startswith("\ufeff")
    assert 'filename="deferrable-1.csv"' in api.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    shown = api.get(LIST, places={"list_name": "deferrable"})["items"]
    assert len(rows) == len(shown) + 1
    assert rows[0][:3] == ["基本编码", "版本", "事项名称"]
    assert {row[7] for row in rows[1:]} == {item["details"]["name"] for item in shown}


def test_an_unknown_list_is_not_found(api: Reader) -> None:
    assert api.get(LIST, status=404, places={"list_name": "nothing"})["code"] == "catalog.list-unknown"
    assert api.get(FILE, status=404, places={"list_name": "nothing"})["code"] == "catalog.list-unknown"
