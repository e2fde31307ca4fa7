"""How long the certificate of a case lasts."""

from __future__ import annotations

from datetime import datetime

from chalicelib.domain.cases import Case
from chalicelib.domain.catalog import ImplementationItem
from chalicelib.domain.renewals import CaseKind, ends_at


def valid_until(case: Case, item: ImplementationItem, now: datetime) -> datetime | None:
    """When the certificate of a case ends: a renewal goes on from the old end, a change or reissue keeps it."""
    if case.about is not None and case.kind in (CaseKind.CHANGE, CaseKind.REISSUE):
        return case.about.valid_until
    start = case.about.valid_until if case.about is not None else None
    return ends_at(start or now, item.result_validity)
