"""Whether a case may use notice-and-commitment or late materials: the list, the excluded areas, the credit."""

from __future__ import annotations

from datetime import datetime

from chalicelib.domain import eligibility
from chalicelib.domain.cases import Case
from chalicelib.domain.catalog import ImplementationItem
from chalicelib.domain.credit import CreditFile, Effect
from chalicelib.domain.errors import Violation
from chalicelib.services import credit
from chalicelib.services.ports import Ports


def judged(
    ports: Ports, case: Case, item: ImplementationItem, policy: Effect, now: datetime, *, listed: bool, by_law: bool
) -> tuple[CreditFile, tuple[Violation, ...]]:
    """Everything that keeps this applicant from a policy in this case, empty if nothing does.

    What is done on the strength of it is committed with the file that comes along (``changes.change(credit=…)``), so
    that a record entered in the same moment is not missed.
    """
    of_item = eligibility.obstacles(listed=listed, by_law=by_law, areas=item.excluded_areas)
    file, barred = credit.barring(ports, case, item, policy, now)
    return file, (*of_item, *barred)
