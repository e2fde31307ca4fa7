"""What anybody who may see a case is told of its deadlines: every clock with every day, from the code that decides."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.actors import Actor
from chalicelib.domain.cases import Case
from chalicelib.domain.clocks import Clock, clocks
from chalicelib.domain.deadlines import legal_day, standing
from chalicelib.services import cases, lapses
from chalicelib.services.ports import Ports


@dataclass(frozen=True, slots=True)
class Explanation:
    """The clocks of a case as they stand at ``now``. A draft has none."""

    case: Case
    now: datetime
    clocks: tuple[Clock, ...]


def explain(ports: Ports, actor: Actor, case_id: str) -> Explanation:
    """The clocks of a case. Raises NotFound for whoever may not see it."""
    case = cases.read(ports, actor, case_id, "deadlines")
    ruling, now = lapses.law_of(ports, case), ports.clock.now()
    if ruling is None:
        return Explanation(case, now, ())
    found = (
        replace(clock, deadline=standing(clock.deadline, clock.pauses, legal_day(now), ruling.calendar))
        for clock in clocks(case, ruling)
    )
    return Explanation(case, now, tuple(found))
