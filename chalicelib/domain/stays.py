"""Where a case has stood, and from when to when: its states and the nodes of its route (B10).

The limits of single nodes and the moment at which a clock ended are read from it. It is a fold of the log like every
other field of the case: whatever moved the case, a stay ends and the next one begins.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.domain.case_events import EventRecord
from chalicelib.domain.case_rules import CaseState

if TYPE_CHECKING:
    from chalicelib.domain.cases import Case


@dataclass(frozen=True, slots=True)
class Stay:
    """A stretch in one state and on one node. ``until`` None: it stands there still.

    ``since`` is from when it counts, ``recorded_at`` when it came about: deemed acceptance counts from receipt.
    """

    state: CaseState
    position: int
    since: datetime
    recorded_at: datetime
    until: datetime | None = None


def moved(case: Case, record: EventRecord) -> Case:
    """The case with its stays brought up to date after an event."""
    at = record.effective_at
    if case.state is CaseState.DRAFT:
        return case
    if not case.stays:
        return replace(case, stays=(Stay(case.state, case.position, at, record.recorded_at),))
    *before, last = case.stays
    if (last.state, last.position) == (case.state, case.position):
        return case
    # What counts from receipt (deemed acceptance) ends the stays that came after it when they began.
    at = max(at, last.since)
    here = Stay(case.state, case.position, at, record.recorded_at)
    return replace(case, stays=(*before, replace(last, until=at), here))


def entered(case: Case, states: Iterable[CaseState]) -> datetime | None:
    """When the case first came into one of these states; None if it never did."""
    wanted = frozenset(states)
    return next((stay.since for stay in case.stays if stay.state in wanted), None)
