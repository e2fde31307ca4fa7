"""What the platform holds about an applicant, and what of it a case needs not ask for (B8)."""

from __future__ import annotations

from datetime import datetime

from chalicelib.domain import materials
from chalicelib.domain.case_events import SubmittedMaterial
from chalicelib.domain.cases import Case
from chalicelib.domain.catalog import ImplementationItem
from chalicelib.services.ports import Ports


def of_applicant(ports: Ports, item: ImplementationItem, case: Case, now: datetime) -> tuple[SubmittedMaterial, ...]:
    """The required materials that are not supplied and that certificates of the applicant stand for."""
    wanted = materials.lacking(item, case.materials)
    if not wanted:
        return ()
    return materials.held_for(wanted, ports.held.certificates_of(case.applicant.subject), now)
