"""The store of published years: the twin, the emulated table and the real engine behave alike."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from chalicelib.domain.calendar import DayKind, Year
from chalicelib.domain.errors import Conflict
from chalicelib.services.calendar_ports import CalendarStore
from chalicelib.storage.calendar import MemoryYears
from chalicelib.storage.calendar_years import DynamoYears
from chalicelib.storage.catalog import bind

pytestmark = pytest.mark.requirement("B10")

DAYS = {date(2027, 1, 1): (DayKind.HOLIDAY, "元旦"), date(2027, 1, 2): (DayKind.MAKE_UP, "元旦")}
YEAR = Year(2027, "国办发明电〔2026〕7号", DAYS, 1, datetime(2026, 11, 23, 8, tzinfo=UTC))


@pytest.fixture(params=["memory", "moto", pytest.param("engine", marks=pytest.mark.engine)])
def store(request: pytest.FixtureRequest) -> CalendarStore:
    if request.param == "memory":
        return MemoryYears()
    tables: Any = request.getfixturevalue("aws" if request.param == "moto" else "engine_tables")
    bind(tables.catalog, tables.region, tables.endpoint)
    return DynamoYears()


def test_what_was_published_is_read_again(store: CalendarStore) -> None:
    assert list(store.years()) == []
    store.publish(YEAR)
    assert list(store.years()) == [YEAR]


def test_every_revision_is_kept(store: CalendarStore) -> None:
    corrected = replace(YEAR, revision=2, days={date(2027, 1, 1): (DayKind.HOLIDAY, "元旦")})
    for year in (YEAR, corrected):
        store.publish(year)
    assert sorted(store.years(), key=lambda year: year.revision) == [YEAR, corrected]


def test_a_revision_is_published_once(store: CalendarStore) -> None:
    store.publish(YEAR)
    with pytest.raises(Conflict) as conflict:
        store.publish(replace(YEAR, source="另一个通知"))
    assert conflict.value.code == "calendar.changed-meanwhile"
    assert list(store.years()) == [YEAR]
