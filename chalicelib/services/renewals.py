"""What a deemed renewal needs from outside (行政许可法 50(2)), and how long a new certificate lasts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from chalicelib.domain import documents
from chalicelib.domain.cases import Case
from chalicelib.domain.catalog import ImplementationItem
from chalicelib.domain.documents import DocumentKind
from chalicelib.domain.renewals import CaseKind, DeemRenewed, ends_at
from chalicelib.services.lapses import complete
from chalicelib.services.ports import Ports


@complete.register
def _deem_renewed(command: DeemRenewed, ports: Ports, case: Case, at: datetime) -> DeemRenewed:
    body = command.document.body
    return replace(command, document=documents.write(case, DocumentKind.DEEMED_RENEWAL, at, body))


def valid_until(case: Case, item: ImplementationItem, now: datetime) -> datetime | None:
    """When the certificate of a case ends: a renewal goes on from the old end, a change or reissue keeps it."""
    if case.about is not None and case.kind in (CaseKind.CHANGE, CaseKind.REISSUE):
        return case.about.valid_until
    start = case.about.valid_until if case.about is not None else None
    return ends_at(start or now, item.result_validity)
