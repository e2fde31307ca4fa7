"""The published years in DynamoDB, beside the catalogue (reference data never stands beside cases).

    calendar#years | year#2027#0001 | one revision of one year, immutable

All of them are read by one query: a year is about 2 kB.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from pynamodb.attributes import UnicodeAttribute
from pynamodb.exceptions import PutError, PynamoDBException

from chalicelib.domain.calendar import Year, document_of, year_of
from chalicelib.domain.errors import Conflict, Unavailable
from chalicelib.storage.catalog import CatalogRow
from chalicelib.storage.transactions import is_condition_failure

_YEARS = "calendar#years"


class YearRow(CatalogRow, discriminator="calendar"):
    """calendar#years/year#<year>#<revision>. Written once, never changed."""

    document = UnicodeAttribute()
    published_at = UnicodeAttribute()


class DynamoYears:
    """Implements ``calendar_ports.CalendarStore``, on the table that ``storage.catalog.bind`` named."""

    def years(self) -> Sequence[Year]:
        try:
            return tuple(_year(row) for row in YearRow.query(_YEARS, YearRow.sk.startswith("year#")))
        except PynamoDBException as error:
            raise Unavailable.because("store.unavailable") from error

    def publish(self, year: Year) -> None:
        if year.published_at is None:
            raise ValueError("a published year says when it was published")
        row = YearRow(_YEARS, f"year#{year.year:04d}#{year.revision:04d}")
        row.document = json.dumps(document_of(year), ensure_ascii=False, separators=(",", ":"))
        row.published_at = year.published_at.isoformat()
        try:
            row.save(condition=YearRow.pk.does_not_exist())
        except PutError as error:
            if is_condition_failure(error):
                raise Conflict.because("calendar.changed-meanwhile") from error
            raise Unavailable.because("store.unavailable") from error


def _year(row: YearRow) -> Year:
    revision = int(row.sk.rpartition("#")[2])
    year = year_of(json.loads(row.document))
    return replace(year, revision=revision, published_at=datetime.fromisoformat(row.published_at))
