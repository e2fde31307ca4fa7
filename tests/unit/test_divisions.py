"""Divisions: codes, names, and the packaged list."""

from __future__ import annotations

import gzip
from importlib import resources

import pytest

from chalicelib.domain.divisions import (
    Division,
    DivisionIndex,
    Level,
    ancestor,
    contains,
    is_administrative,
    level_of,
    name_matches,
    service_place_name,
    village_name,
)
from chalicelib.domain.errors import Invalid, NotFound
from chalicelib.services import divisions as services
from chalicelib.services.divisions import DivisionQuery
from chalicelib.storage.divisions import packaged_divisions

REGION, LEAGUE, BANNER, SUM = "150000000000", "152500000000", "152523000000", "152523202000"


@pytest.fixture(name="index", scope="module")
def _index() -> DivisionIndex:
    return packaged_divisions()


def test_the_package_holds_all_five_levels(index: DivisionIndex) -> None:
    counts = [sum(1 for _ in index.within(REGION, level)) for level in list(Level)[1:]]
    assert counts == [1, 12, 108, 1225, 14592]
    assert len(index) == sum(counts)


def test_codes_are_unique_sorted_and_below_their_parents(index: DivisionIndex) -> None:
    divisions = list(index.within(REGION))
    codes = [division.code for division in divisions]
    assert codes == sorted(set(codes))
    known = set(codes)
    for division in divisions:
        assert division.parent is None if division.code == REGION else division.parent in known
        assert level_of(division.code) is division.level


def test_a_division_is_found_by_its_code_and_nothing_else(index: DivisionIndex) -> None:
    found = index.get(BANNER)
    assert found == Division(BANNER, "苏尼特左旗", Level.BANNER, LEAGUE)
    for wrong in ("", "152523", "159999000000", "15252300000x", "1525230000000"):
        assert index.get(wrong) is None


def test_children_are_one_level_below_and_complete(index: DivisionIndex) -> None:
    for parent in (REGION, LEAGUE, BANNER, SUM):
        children = list(index.children(parent))
        below = list(index.within(parent, Level(level_of(parent) + 1)))
        assert children == below
    assert list(index.children("152523202200")) == []


def test_ancestors_begin_with_the_region(index: DivisionIndex) -> None:
    assert [division.code for division in index.ancestors("152523202200")] == [REGION, LEAGUE, BANNER, SUM]
    assert index.ancestors(REGION) == ()


def test_the_ministrys_codes_are_kept_apart_from_the_bureaus(index: DivisionIndex) -> None:
    township = index.by_mca_code("150104001000")
    assert township is not None
    assert township.name == "大南街街道"
    assert township.aliases == ("mca:150104001000",)
    other = index.get("150104001000")
    assert other is not None
    assert other.name == "小召前街街道"


def test_five_statistical_zones_are_not_administrative(index: DivisionIndex) -> None:
    zones = [d.code for d in index.within(REGION, Level.BANNER) if not d.administrative]
    assert zones == ["150172000000", "150271000000", "150571000000", "152571000000", "152971000000"]


@pytest.mark.parametrize(
    ("code", "name", "expected"),
    [
        ("150102001000", "海拉尔东路街道", True),
        ("150522400000", "保康街道办事处", True),
        ("150207401000", "玛尼图煤矿", False),
        ("150123500000", "太阳庙农场", False),
        ("150102001001", "公主府社区居委会", True),
        ("150102400498", "开发区虚拟社区", False),
        ("150102500500", "一农场生活区", False),
        ("150102500501", "台格斗村委会", True),
    ],
)
def test_farms_zones_and_virtual_communities_are_flagged(code: str, name: str, expected: bool) -> None:
    assert is_administrative(code, name) is expected


@pytest.mark.parametrize(
    ("name", "stem", "kind"),
    [
        ("吉忽伦图嘎查", "吉忽伦图", "嘎查"),
        ("第一嘎查村民委员会", "第一", "嘎查"),
        ("巴音哈拉嘎查村", "巴音哈拉", "嘎查"),
        ("梅林营子嘎查委员会", "梅林营子", "嘎查"),
        ("后罗家营村民委员会", "后罗家营", "村"),
        ("三黄宝村村民委会", "三黄宝村", "村"),
        ("公主府社区居委会", "公主府", "社区"),
        ("义和巷居委会", "义和巷", "社区"),
        ("一农场生活区", "一农场生活区", ""),
        ("村", "村", ""),
    ],
)
def test_a_village_name_has_a_stem_and_a_kind(name: str, stem: str, kind: str) -> None:
    assert village_name(name) == (stem, kind)


def test_a_village_is_found_under_any_ending_of_its_name(index: DivisionIndex) -> None:
    for wanted in ("吉忽伦图嘎查", "吉忽伦图嘎查委员会", "吉忽伦图嘎查村民委员会", "吉忽伦图"):
        found = list(index.find(wanted, REGION, Level.VILLAGE))
        assert "150205202200" in [division.code for division in found]
    village = index.get("150205202200")
    assert village is not None
    assert not name_matches(village, "吉忽伦图社区居委会")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (LEAGUE, "锡林郭勒盟政务服务中心"),
        (BANNER, "苏尼特左旗政务服务中心"),
        (SUM, "洪格尔苏木便民服务中心"),
        ("150205202200", "吉忽伦图嘎查便民服务站"),
        ("150102001001", "公主府社区便民服务站"),
    ],
)
def test_service_places_have_the_prescribed_names(index: DivisionIndex, code: str, expected: str) -> None:
    division = index.get(code)
    assert division is not None
    assert service_place_name(division) == expected


def test_levels_ancestors_and_containment_follow_from_the_code() -> None:
    assert level_of(SUM) is Level.TOWNSHIP
    assert ancestor(SUM, Level.LEAGUE) == LEAGUE
    assert ancestor(LEAGUE, Level.BANNER) is None
    assert ancestor(SUM, Level.NATIONAL) is None
    assert contains(LEAGUE, SUM)
    assert not contains(SUM, LEAGUE)


def test_a_listing_goes_on_where_the_page_before_ended(index: DivisionIndex) -> None:
    wanted = DivisionQuery(REGION)
    first = services.listing(index, wanted, None, 5)
    rest = services.listing(index, wanted, first.next, 50)
    assert len(first.items) == 5
    assert [*first.items, *rest.items] == list(index.children(REGION))
    assert rest.next is None


def test_unknown_divisions_are_refused_by_code(index: DivisionIndex) -> None:
    with pytest.raises(NotFound, match=r"division\.unknown"):
        services.get(index, "159999000000")
    with pytest.raises(NotFound, match=r"division\.unknown"):
        services.get(index, "150104005000", mca=True)  # the bureau's code of a township with another ministry code
    with pytest.raises(Invalid, match=r"division\.unknown"):
        services.listing(index, DivisionQuery("159999000000"), None, 5)


def test_the_packed_list_stays_small() -> None:
    packed = resources.files("chalicelib").joinpath("data", "divisions.csv.gz").read_bytes()
    assert len(packed) < 200_000
    assert gzip.decompress(packed).startswith(b"150000000000,")
