"""Making facts of what time alone has brought about, by whichever comes first: the next command, or the timer.

Reading a case shows its lapses without writing them (``seen_at``); changing it records them first, each in its own
transaction with the moment at which it counts (``settle``). A fact once recorded stays, whatever a later calendar says.
"""

from __future__ import annotations

from datetime import datetime

from chalicelib.domain import cases, supplement_dates
from chalicelib.domain.actors import SYSTEM
from chalicelib.domain.cases import Case
from chalicelib.domain.deadlines import Lapse, Law
from chalicelib.domain.errors import Conflict
from chalicelib.domain.outages import Service
from chalicelib.services import renewals
from chalicelib.services.completions import complete
from chalicelib.services.filed import item_of
from chalicelib.services.ports import Ports, Timer

ATTEMPTS = 4
"""How often a change is tried when others keep changing the same case."""

TIMER = "law"
"""Kind of the timer at the next moment at which something happens by itself."""


def law_of(ports: Ports, case: Case | None) -> Law | None:
    """The item's version, the calendar, and what has become of its certificate. None for a draft: none binds it yet."""
    if case is None or case.received_at is None:
        return None
    # Only a date of the applicant's own can be moved by a failure of the platform, so only then is anybody asked.
    outages = ports.outages.of(Service.UPLOADS) if supplement_dates.outstanding(case) else ()
    void = renewals.rests_on_nothing(ports, case)
    return Law(item_of(ports.catalog, case), ports.calendar.current(), tuple(outages), void)


def settle(ports: Ports, case: Case, law: Law | None, now: datetime) -> Case:
    """The case after every lapse that is due was recorded. Raises Conflict if somebody else was faster."""
    for _ in range(len(cases.PARTS) + 1):
        lapse = _due(case, law, now)
        if lapse is None or law is None:
            return case
        command = complete(lapse.command, ports, case, lapse.at)
        after, events = cases.handle(case, command, SYSTEM, now, law=law, effective_at=lapse.effective_at)
        ports.cases.commit(after, events, expected_version=case.version, timers=timers(after, law, now))
        case = ports.cases.get(case.id) or after
    return case


def seen_at(ports: Ports, case: Case, now: datetime, law: Law | None = None) -> Case:
    """The case as it stands at this moment, lapses included, without writing anything."""
    law = law or law_of(ports, case)
    for _ in range(len(cases.PARTS) + 1):
        lapse = _due(case, law, now)
        if lapse is None:
            break
        case, _events = cases.handle(case, lapse.command, SYSTEM, now, law=law, effective_at=lapse.effective_at)
    return case


def timers(case: Case, law: Law | None, now: datetime) -> list[Timer]:
    """The timer at the next moment that matters; a later one simply takes its place."""
    if law is None:
        return []
    coming = [lapse.at for lapse in cases.lapses(case, law)]
    return [Timer(case.id, TIMER, min(coming))] if coming else []


def on_timer(ports: Ports, case_id: str) -> None:
    """Record what is due, and look again at the next moment. Whoever is faster has done the same."""
    for attempt in range(1, ATTEMPTS + 1):
        case = ports.cases.get(case_id)
        if case is None:
            return
        now = ports.clock.now()
        law = law_of(ports, case)
        try:
            settled = settle(ports, case, law, now)
        except Conflict:
            if attempt == ATTEMPTS:
                raise
            continue
        for timer in timers(settled, law, now):
            ports.cases.set_timer(timer)
        return


def _due(case: Case, law: Law | None, now: datetime) -> Lapse | None:
    if law is None:
        return None
    return next((lapse for lapse in cases.lapses(case, law) if lapse.at <= now), None)
