"""The official calendar: what a day is, what may be published, how long it is kept."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.calendar import Calendar, DayKind, Year, document_of, violations, year_of
from chalicelib.domain.errors import Invalid, NotFound, Unavailable
from chalicelib.services.calendar import publish_year, read_year
from chalicelib.storage.calendar import KeptCalendar, MemoryYears, PackagedCalendar, packaged
from infra import calendar_load
from tests.factories import FakeClock

pytestmark = pytest.mark.requirement("B10")

NEW_YEAR = {"2027-01-01": ["holiday", "元旦"]}
LABOUR = {"2027-05-01": ["holiday", "劳动节"], "2027-05-02": ["holiday", "劳动节"]}
NATIONAL = {f"2027-10-0{n}": ["holiday", "国庆节"] for n in (1, 2, 3)}
FIXED = {**NEW_YEAR, **LABOUR, **NATIONAL}
"""The least that a notice for 2027 can announce."""


def document(days: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    return {"year": 2027, "source": "国办发明电〔2026〕7号", "days": {**FIXED, **(days or {})}, **changes}


# -- what a day is ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "kind", "provisional"),
    [
        pytest.param("2026-03-02", DayKind.WORKDAY, False, id="a Monday"),
        pytest.param("2026-03-07", DayKind.WEEKEND, False, id="a Saturday"),
        pytest.param("2026-02-17", DayKind.HOLIDAY, False, id="Spring Festival"),
        pytest.param("2026-02-14", DayKind.MAKE_UP, False, id="a make-up Saturday"),
        pytest.param("2027-01-01", DayKind.HOLIDAY, True, id="a fixed holiday of an unannounced year"),
        pytest.param("2027-02-06", DayKind.WEEKEND, True, id="an unannounced Spring Festival is a plain Saturday"),
        pytest.param("2027-02-08", DayKind.WORKDAY, True, id="... and a plain Monday"),
        pytest.param("2027-01-02", DayKind.WEEKEND, True, id="nobody knows of make-up days yet"),
    ],
)
def test_a_day_is_what_the_notice_says_and_provisional_without_one(day: str, kind: DayKind, provisional: bool) -> None:
    found = packaged().day(date.fromisoformat(day))
    assert (found.kind, found.provisional, bool(found.source)) == (kind, provisional, not provisional)


def test_every_shipped_year_keeps_the_rules_of_publication() -> None:
    shipped = PackagedCalendar().current().years
    assert list(shipped) == [2020, 2021, 2022, 2023, 2024, 2025, 2026]
    assert {year.year: violations(year) for year in shipped.values()} == {year: [] for year in shipped}
    assert all(year_of(document_of(year)).says_the_same(year) for year in shipped.values())


@pytest.mark.parametrize(("year", "workdays"), [(2024, 251), (2025, 248), (2026, 248)])
def test_the_working_days_of_a_year_are_those_that_are_known_for_it(year: int, workdays: int) -> None:
    assert packaged().workdays(year) == workdays


# -- what may be published ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "code", "pointer"),
    [
        pytest.param(
            document({"2026-12-31": ["holiday", "元旦"]}), "calendar.day-outside-year", "/days/2026-12-31", id="outside"
        ),
        pytest.param(
            document({"2027-01-05": ["make_up", "元旦"]}),
            "calendar.make-up-on-weekday",
            "/days/2027-01-05",
            id="make-up on a weekday",
        ),
        pytest.param(
            document({"2027-02-08": ["holiday", " "]}), "calendar.holiday-unnamed", "/days/2027-02-08", id="unnamed"
        ),
        pytest.param(
            document({"2027-02-08": ["workday", "平日"]}),
            "calendar.kind-not-announced",
            "/days/2027-02-08",
            id="not announced",
        ),
        pytest.param(document(source=" "), "calendar.source-missing", "/source", id="no source"),
        pytest.param(
            document({"2027-10-01": ["make_up", ""]}), "calendar.fixed-holiday-missing", "/days/2027-10-01", id="fixed"
        ),
        pytest.param(document(year=1927), "calendar.year-unlikely", "/year", id="year"),
    ],
)
def test_a_year_that_breaks_a_rule_is_refused_with_its_place(wrong: dict[str, Any], code: str, pointer: str) -> None:
    assert (code, pointer) in [(v.code, v.pointer) for v in violations(year_of(wrong))]


def test_every_mistake_is_named_at_once_and_nothing_is_published() -> None:
    store = MemoryYears()
    days = {"2026-12-31": ["holiday", ""], "2027-01-05": ["make_up", "元旦"]}
    with pytest.raises(Invalid) as refusal:
        publish_year(store, packaged(), FakeClock(), year_of(document(days, source="")))
    assert [v.code for v in refusal.value.violations] == [
        "calendar.source-missing",
        "calendar.day-outside-year",
        "calendar.holiday-unnamed",
        "calendar.make-up-on-weekday",
    ]
    assert store.years() == ()


@pytest.mark.parametrize(
    ("wrong", "pointers"),
    [
        ([], [""]),
        ({"year": 2027, "source": "x"}, [""]),
        ({"year": "2027", "source": 7, "days": {}}, ["/year", "/source"]),
        ({"year": True, "source": "x", "days": {}}, ["/year"]),
        (
            document({"2027-02-30": ["holiday", "x"], "2027-03-01": ["feast", "x"], "2027-03-02": "holiday"}),
            ["/days/2027-02-30", "/days/2027-03-01", "/days/2027-03-02"],
        ),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(wrong: Any, pointers: list[str]) -> None:
    with pytest.raises(Invalid) as refusal:
        year_of(wrong)
    assert [v.pointer for v in refusal.value.violations] == pointers
    assert {v.code for v in refusal.value.violations} == {"calendar.unreadable"}


def test_a_year_becomes_a_revision_and_the_same_again_changes_nothing() -> None:
    store, clock = MemoryYears(), FakeClock()
    first = publish_year(store, packaged(), clock, year_of(document()))
    assert (first.revision, first.published_at) == (1, clock.now())
    assert publish_year(store, packaged(), clock, year_of(document())) == first
    second = publish_year(store, packaged(), clock, year_of(document({"2027-01-02": ["make_up", "元旦"]})))
    assert second.revision == 2
    assert packaged().with_years(store.years()).years[2027] == second


def test_a_shipped_year_that_is_published_unchanged_is_not_stored_and_a_correction_is() -> None:
    store, clock = MemoryYears(), FakeClock()
    shipped = document_of(packaged().years[2026])
    assert publish_year(store, packaged(), clock, year_of(shipped)).revision == 0
    assert store.years() == ()
    shipped["days"]["2026-12-31"] = ["holiday", "元旦"]
    assert publish_year(store, packaged(), clock, year_of(shipped)).revision == 1
    assert not packaged().with_years(store.years()).day(date(2026, 12, 31)).is_workday


# -- how long it is kept --------------------------------------------------------------------------------------


class CountingYears(MemoryYears):
    """Counts reads, and can be out of reach."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0
        self.down = False

    def years(self) -> Any:
        self.reads += 1
        if self.down:
            raise Unavailable.because("store.unavailable")
        return super().years()


@pytest.mark.parametrize(
    ("seconds", "reads"), [(0, 1), (59, 1), (60, 2), (61, 2)], ids=["at once", "-1 s", "0", "+1 s"]
)
def test_the_calendar_is_read_once_a_minute_at_most(seconds: int, reads: int) -> None:
    store, clock = CountingYears(), FakeClock()
    source = KeptCalendar(store, clock)
    source.current()
    clock.advance(seconds=seconds)
    source.current()
    assert store.reads == reads


def test_a_published_year_is_in_force_a_minute_later() -> None:
    store, clock = MemoryYears(), FakeClock()
    source = KeptCalendar(store, clock)
    assert 2027 not in source.current().years
    publish_year(store, packaged(), clock, year_of(document()))
    assert 2027 not in source.current().years
    clock.advance(seconds=60)
    assert source.current().years[2027].revision == 1


def test_what_was_read_before_holds_while_the_store_does_not_answer() -> None:
    store, clock = CountingYears(), FakeClock()
    source = KeptCalendar(store, clock)
    kept = source.current()
    store.down = True
    clock.advance(minutes=5)
    assert source.current() == kept
    with pytest.raises(Unavailable):
        KeptCalendar(store, clock).current()


@pytest.mark.parametrize(("year", "announced"), [(2026, True), (2027, False)])
def test_a_year_is_read_whether_it_was_announced_or_not(year: int, announced: bool) -> None:
    calendar, found = read_year(PackagedCalendar(), year)
    assert (found is not None) is announced
    assert len(calendar.special_days(year)) >= 6


@pytest.mark.parametrize("year", [0, 1999, 2101])
def test_no_calendar_is_made_up_for_far_off_years(year: int) -> None:
    with pytest.raises(NotFound):
        read_year(PackagedCalendar(), year)


# -- the operator's command -------------------------------------------------------------------------------------


def written(folder: Path, text: str) -> str:
    path = folder / "2027.json"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_the_command_judges_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert calendar_load.main([written(tmp_path, json.dumps(document())), "--check"]) == 0
    assert "nothing wrong" in capsys.readouterr().out
    assert calendar_load.main([written(tmp_path, json.dumps(document(source=""))), "--check"]) == 1
    assert "/source: calendar.source-missing" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    ["{", '{"year": 2027, "source": "x", "days": {"2027-01-01": ["holiday", "元旦"], "2027-01-01": ["make_up", ""]}}'],
    ids=["no JSON", "a day that stands twice"],
)
def test_the_command_refuses_a_file_that_cannot_be_read_or_contradicts_itself(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert calendar_load.main([written(tmp_path, text), "--check"]) == 1
    assert "calendar.unreadable" in capsys.readouterr().err


def test_the_plain_calendar_knows_the_fixed_holidays_only() -> None:
    assert [str(day.date) for day in Calendar().special_days(2027)] == sorted(FIXED)
    assert not Year(2027, "x", {}).says_the_same(Year(2027, "y", {}, 1, datetime(2026, 11, 23, tzinfo=UTC)))
