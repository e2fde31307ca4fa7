"""Numbers that only the platform gives."""

from __future__ import annotations

from datetime import datetime

from chalicelib.domain.cases import Case
from chalicelib.domain.deadlines import legal_day
from chalicelib.services.ports import Ports


def case_number(ports: Ports, case: Case, now: datetime) -> str:
    """The official number of an accepted case: implementation code, legal day, running number of that day."""
    day = f"{legal_day(now):%Y%m%d}"
    return f"{case.item.code}{day}{ports.cases.next_number(case.item.code, day):04d}"
