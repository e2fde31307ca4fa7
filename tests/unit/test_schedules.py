"""What may be published of a place (E1, E2, E6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from chalicelib.domain.divisions import Division
from chalicelib.domain.opening_hours import Access, Closure, Hours, ServiceKind, Span
from chalicelib.domain.schedules import Place, PlaceKind, Window, WindowKind, violations
from chalicelib.storage.divisions import packaged_divisions

TODAY = date(2026, 3, 2)
BANNER, SUM, GACHA = "152526000000", "152526102000", "152526102203"
REGULAR = Hours(ServiceKind.REGULAR, frozenset({1, 2, 3, 4, 5}), (Span(510, 720), Span(870, 1050)), TODAY)
GENERAL = Window("w1", WindowKind.GENERAL, "综合窗口")


def division(code: str) -> Division:
    found = packaged_divisions().get(code)
    assert found is not None
    return found


def place(**changes: Any) -> Place:
    made = Place(
        id="p",
        version=1,
        kind=PlaceKind.CENTRE,
        division=BANNER,
        name=f"{division(BANNER).name}政务服务中心",
        address="",
        phone="",
        since=TODAY,
        windows=(GENERAL,),
        facilities=(),
        hours=(REGULAR,),
        demo=True,
    )
    return replace(made, **changes)


def found(made: Place) -> list[tuple[str, str]]:
    return [(v.code, v.pointer) for v in violations(made, packaged_divisions().get(made.division), TODAY)]


@pytest.mark.requirement("E1")
@pytest.mark.parametrize(
    ("kind", "code", "name"),
    [
        (PlaceKind.CENTRE, "152500000000", "锡林郭勒盟政务服务中心"),
        (PlaceKind.CENTRE, BANNER, "西乌珠穆沁旗政务服务中心"),
        (PlaceKind.CENTRE, BANNER, "锡林郭勒盟西乌珠穆沁旗政务服务中心"),
    ],
)
def test_the_prescribed_names_are_taken(kind: PlaceKind, code: str, name: str) -> None:
    assert found(place(kind=kind, division=code, name=name)) == []


@pytest.mark.requirement("E1")
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"name": "西乌旗办事大厅"}, [("place.name-rule", "/name")], id="another-name"),
        pytest.param({"division": GACHA}, [("place.kind-of-other-level", "/kind")], id="a-centre-in-a-gacha"),
        pytest.param({"division": "150000000001"}, [("division.unknown", "/division")], id="no-such-division"),
        pytest.param({"since": date(2026, 3, 1)}, [("place.since-past", "/since")], id="a-day-that-is-over"),
        pytest.param({"windows": (GENERAL, GENERAL)}, [("place.window-twice", "/windows/1/id")], id="a-window-twice"),
        pytest.param(
            {"windows": (Window("w1", WindowKind.FIELD, "社保"),)},
            [("place.field-window-needs-fields", "/windows/0/departments")],
            id="a-field-window-without-fields",
        ),
        pytest.param({"items": ("150105902002",)}, [("place.items-follow-from-catalogue", "/items")], id="items-typed"),
        pytest.param({"kind": PlaceKind.BANK, "name": "某银行"}, [("place.items-missing", "/items")], id="bank"),
        pytest.param(
            {"hours": (REGULAR, REGULAR)}, [("place.hours-contradict", "/hours/1")], id="two-answers-for-one-day"
        ),
        pytest.param(
            {"hours": (replace(REGULAR, spans=(Span(600, 600), Span(-1, 5), Span(0, 1441))),)},
            [("place.span-form", f"/hours/0/spans/{at}") for at in range(3)],
            id="spans-that-are-none",
        ),
        pytest.param(
            {"hours": (replace(REGULAR, spans=(Span(540, 720), Span(700, 800))),)},
            [("place.spans-overlap", "/hours/0/spans/1")],
            id="spans-that-overlap",
        ),
        pytest.param(
            {"hours": (replace(REGULAR, access=Access.APPOINTMENT),)},
            [("place.regular-needs-no-appointment", "/hours/0/access")],
            id="no-appointment-in-regular-hours",
        ),
        pytest.param(
            {"hours": (replace(REGULAR, windows=("w9",)),)}, [("place.window-unknown", "/hours/0/windows")], id="window"
        ),
        pytest.param(
            {"hours": (replace(REGULAR, until=date(2026, 3, 1)),)},
            [("place.validity-reversed", "/hours/0/until")],
            id="validity-reversed",
        ),
        pytest.param(
            {"hours": (replace(REGULAR, weekdays=frozenset({0})),)}, [("place.hours-empty", "/hours/0")], id="weekday-0"
        ),
        pytest.param(
            {"closures": (Closure(TODAY, TODAY, "停电"), Closure(TODAY, date(2026, 3, 3), " "))},
            [("case.text-missing", "/closures/1/reason"), ("place.closures-overlap", "/closures/1")],
            id="exceptions-that-overlap-and-say-nothing",
        ),
    ],
)
def test_what_contradicts_itself_or_breaks_the_rule_is_refused(
    changes: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert found(place(**changes)) == expected


@pytest.mark.requirement("E2")
def test_regular_hours_may_change_with_the_season() -> None:
    summer = replace(REGULAR, until=date(2026, 9, 30))
    winter = replace(REGULAR, since=date(2026, 10, 1), spans=(Span(540, 720), Span(840, 1020)))
    assert found(place(hours=(summer, winter))) == []
