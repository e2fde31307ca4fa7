"""Service places along the chain of the made-up bodies (tests/factories.py)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from chalicelib.domain.actors import Actor, ActorKind, Role
from chalicelib.domain.opening_hours import Access, Hours, ServiceKind, Span
from chalicelib.domain.schedules import Facility, Place, PlaceKind, Window, WindowKind, place_id_of
from tests import factories as f

SINCE = date(2026, 1, 1)
EVERY_WORKDAY = frozenset({1, 2, 3, 4, 5})
EVERY_DAY = frozenset(range(1, 8))


def span(start: str, end: str) -> Span:
    """``span("8:30", "12:00")``."""
    first, last = ((int(h) * 60 + int(m)) for h, m in (text.split(":") for text in (start, end)))
    return Span(first, last)


REGULAR = Hours(ServiceKind.REGULAR, EVERY_WORKDAY, (span("8:30", "12:00"), span("14:30", "17:30")), SINCE)
WEEKEND = Hours(ServiceKind.WEEKEND, frozenset({6, 7}), (span("9:00", "12:00"),), SINCE)
NOON = Hours(ServiceKind.NOON, EVERY_WORKDAY, (span("12:00", "14:30"),), SINCE, access=Access.APPOINTMENT)
HOLIDAY = Hours(ServiceKind.HOLIDAY, EVERY_DAY, (span("9:00", "12:00"),), SINCE, access=Access.APPOINTMENT)

WINDOWS = (
    Window("w1", WindowKind.GENERAL, "1号综合窗口"),
    Window("w2", WindowKind.CROSS_REGION, "跨区域通办窗口"),
    Window("w3", WindowKind.ASSISTED, "帮办代办窗口"),
)


def _place(kind: PlaceKind, division: str, ending: str, **changes: Any) -> Place:
    made = Place(
        id=place_id_of(kind, division, "t1"),
        version=1,
        kind=kind,
        division=division,
        name=f"{division}{ending}",
        address="那达慕大街 ᠮᠣᠩᠭᠣᠯ 𠮷 1号",
        phone="0479-0000000",
        since=SINCE,
        windows=WINDOWS,
        facilities=(Facility.STEP_FREE, Facility.MONGOLIAN),
        hours=(REGULAR, WEEKEND),
        demo=True,
    )
    return replace(made, **changes)


def region_centre(**changes: Any) -> Place:
    return _place(PlaceKind.CENTRE, f.REGION, "政务服务中心", **changes)


def league_centre(**changes: Any) -> Place:
    return _place(PlaceKind.CENTRE, f.LEAGUE, "政务服务中心", **{"hours": (REGULAR, NOON, WEEKEND, HOLIDAY), **changes})


def banner_centre(**changes: Any) -> Place:
    return _place(PlaceKind.CENTRE, f.BANNER, "政务服务中心", **changes)


def sum_centre(**changes: Any) -> Place:
    return _place(PlaceKind.TOWNSHIP_CENTRE, f.SUM, "便民服务中心", **{"hours": (REGULAR,), **changes})


def gacha_station(**changes: Any) -> Place:
    return _place(PlaceKind.STATION, f.GACHA, "便民服务站", **{"hours": (REGULAR,), **changes})


def terminal(number: int = 1, **changes: Any) -> Place:
    """A terminal that never closes. Its hours run from midnight to midnight of every day of its kind."""
    whole = (Span(0, 24 * 60),)
    hours = tuple(
        Hours(kind, EVERY_DAY, whole, SINCE) for kind in (ServiceKind.REGULAR, ServiceKind.WEEKEND, ServiceKind.HOLIDAY)
    )
    made = _place(PlaceKind.TERMINAL, f.BANNER, f"自助终端{number}", hours=hours, items=(f.BASIC,), windows=())
    return replace(made, **{"id": f"{f.BANNER}-t{number:02d}", **changes})


BANNER_BODY = f"{f.BANNER}-90"
MANAGER = Actor("manager", ActorKind.OFFICER, body=BANNER_BODY, division=f.BANNER, roles=frozenset({Role.PLACES}))
BUREAU = Actor(
    "league-bureau", ActorKind.OFFICER, body=f"{f.LEAGUE}-90", division=f.LEAGUE, roles=frozenset({Role.BUREAU})
)
REGION_BUREAU = replace(BUREAU, subject="region-bureau", body=f"{f.REGION}-90", division=f.REGION)
