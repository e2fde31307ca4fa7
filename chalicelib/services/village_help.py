"""Village help (帮办代办): what it helps with, where, and within what limits; free of charge (E7).

The list is derived from the catalogue (an item is marked as helped with) and from places, never typed in. What an agent
may do on a case follows from the applicant's authority (domain/authorities.py, domain/access.py); what they did
stands on the case's log under their own account.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.domain import service_points as points
from chalicelib.domain.deadlines import legal_day
from chalicelib.domain.divisions import Level, contains, level_of
from chalicelib.domain.errors import Invalid
from chalicelib.domain.schedules import Place, in_force
from chalicelib.domain.service_points import Manner, Row
from chalicelib.services.listing_ports import ListedPorts

LIMITS = ("authority_needed", "listed_items_only", "receipt_not_confirmed", "no_payment", "free_of_charge")
"""What an agent may not do, as shown with every list: see the decision table in tests/unit/test_village_help.py."""


@dataclass(frozen=True, slots=True)
class HelpList:
    """帮办代办清单 of a township or village, and the open places of its area at which one finds the help."""

    division: str
    name: str
    rows: Sequence[Row]
    places: Sequence[Place]


def is_helped_with(ports: ListedPorts, item: str) -> bool:
    """Whether an item stands on the lists."""
    row = ports.catalog.index().by_code.get(item)
    return row is not None and bool(row["assisted"])


def help_list(ports: ListedPorts, division: str) -> HelpList:
    """The list of a division. Raises Invalid for one that there is not, or that is no township or village."""
    found = ports.divisions.get(division)
    if found is None:
        raise Invalid.because("division.unknown", "/query/division", division=division)
    if level_of(division) not in (Level.TOWNSHIP, Level.VILLAGE):
        raise Invalid.because("help.lower-levels-only", "/query/division", division=found.name)
    rows = [row for _, row in sorted(ports.catalog.index().by_code.items()) if row["assisted"]]
    today = legal_day(ports.clock.now())
    near = in_force(ports.places.area(division), today).values()
    helping = [p for p in near if contains(p.division, division) and _helps(p, rows, division)]
    return HelpList(division, found.name, rows, helping)


def _helps(place: Place, rows: Sequence[Row], division: str) -> bool:
    taken = (points.service(place, row, division) for row in rows)
    return any(found is not None and found.manner is Manner.ASSISTED for found in taken)
