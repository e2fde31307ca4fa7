"""What the platform holds about an applicant, and what of it a case needs not ask for (B8)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from chalicelib.domain import materials
from chalicelib.domain.case_events import SubmittedMaterial
from chalicelib.domain.cases import Case
from chalicelib.domain.catalog import ImplementationItem
from chalicelib.services.filed import item_of
from chalicelib.services.ports import Ports


def of_applicant(ports: Ports, item: ImplementationItem, case: Case, now: datetime) -> tuple[SubmittedMaterial, ...]:
    """The required materials that are not supplied and that certificates of the applicant stand for."""
    wanted = materials.lacking(item, case.materials)
    if not wanted:
        return ()
    return materials.held_for(wanted, ports.held.certificates_of(case.applicant.subject), now)


def standing_for(ports: Ports, case: Case, codes: Collection[str], now: datetime) -> Mapping[str, SubmittedMaterial]:
    """Those of these materials that certificates of the applicant stand for, by code. Asks only if there are any."""
    if not codes:
        return {}
    wanted = [m for m in item_of(ports.catalog, case).materials if m.code in codes]
    found = materials.held_for(wanted, ports.held.certificates_of(case.applicant.subject), now)
    return {m.code: m for m in found}
