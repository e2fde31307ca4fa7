"""Legal days. Instants are UTC everywhere; a legal day is a day in Asia/Shanghai (UTC+8, no summer time)."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")


def legal_day(at: datetime) -> date:
    """The day on which an instant falls, as the law counts days."""
    return at.astimezone(SHANGHAI).date()
