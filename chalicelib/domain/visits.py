"""On-site service (上门服务): staff of a place come to who cannot come, with what they need to serve them (E4)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.domain.actors import ACCOUNT, ActorKind
from chalicelib.domain.appointments import Booker, Errand, quarters
from chalicelib.domain.errors import Invalid, Refused, Violation, raise_all
from chalicelib.domain.queueing import Priority

GROUNDS = frozenset({Priority.ELDERLY, Priority.INFIRM, Priority.ILL, Priority.DISABLED, Priority.PREGNANT})
"""Who cannot come: of the groups with priority those that find it hard to move. All of them are natural persons."""

LONGEST = timedelta(hours=2)
"""With two officers and three things this is what one transaction can take and give back."""

EQUIPMENT = re.compile(r"[A-Z][A-Z0-9]{0,15}-[1-9][0-9]{0,5}")
"""A code at the place, kind and number (``TERMINAL-1``): nobody's name, and one code for one thing (no leading 0)."""

AHEAD = timedelta(days=60)

TOLD: tuple[str, ...] = ("visit.arranged", "visit.refused")
"""Events that the applicant is told of. Each has its text in ``data/messages.json``."""


def unfit(ground: Priority, kind: ActorKind) -> Violation | None:
    """What keeps an applicant of a kind from asking on a ground: an organisation is neither old nor ill."""
    if ground not in GROUNDS:
        return Violation("visit.ground", "/ground")
    return None if kind is ActorKind.PERSON else Violation("visit.ground-of-persons", "/ground")


class VisitState(StrEnum):
    """Where a visit stands."""

    REQUESTED = "requested"
    ARRANGED = "arranged"
    DONE = "done"
    REFUSED = "refused"
    CANCELLED = "cancelled"


OPEN = frozenset({VisitState.REQUESTED, VisitState.ARRANGED})


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit. ``division``: where the address lies. ``staff``: officers' accounts; ``equipment``: codes at the place.

    No register says who works at a place, or what it has.
    ``reason``: why it was refused.
    """

    id: str
    version: int
    state: VisitState
    event: str
    booker: Booker
    errand: Errand
    place: str
    place_name: str
    division: str
    address: str
    ground: Priority
    made_at: datetime
    changed_at: datetime
    start: datetime | None = None
    end: datetime | None = None
    staff: tuple[str, ...] = ()
    equipment: tuple[str, ...] = ()
    reason: str = ""

    def duties(self) -> Iterator[tuple[str, datetime]]:
        """Who and what is taken by it, for each quarter of an hour: nobody and nothing is in two places at a time."""
        if self.state is not VisitState.ARRANGED or self.start is None or self.end is None:
            return
        resources = [f"staff.{who}" for who in self.staff] + [f"{self.place}.{what}" for what in self.equipment]
        for at in quarters(self.start, self.end):
            yield from ((resource, at) for resource in resources)


@dataclass(frozen=True, slots=True)
class Arrangement:
    """When a visit is made, by whom and with what."""

    start: datetime
    end: datetime
    staff: tuple[str, ...]
    equipment: tuple[str, ...] = ()


def arrange(visit: Visit, made: Arrangement, now: datetime) -> Visit:
    """Say when and by whom, or say it anew.

    Raises Refused when it is over, Invalid for times that make no sense, names instead of accounts or codes.
    """
    _must_be_open(visit)
    raise_all(Invalid, _flaws(made, now))
    return replace(
        visit,
        version=visit.version + 1,
        state=VisitState.ARRANGED,
        event="visit.arranged",
        changed_at=now,
        start=made.start,
        end=made.end,
        staff=_each_once(made.staff),
        equipment=_each_once(made.equipment),
    )


def _flaws(made: Arrangement, now: datetime) -> Iterator[Violation]:
    if made.start <= now:
        yield Violation("visit.past", "/start")
    if made.start - now > AHEAD:
        yield Violation("visit.too-far", "/start", {"days": AHEAD.days})
    if not timedelta() < made.end - made.start <= LONGEST:
        yield Violation("visit.length", "/end", {"hours": LONGEST // timedelta(hours=1)})
    for number, who in enumerate(made.staff):
        if not ACCOUNT.fullmatch(who):
            yield Violation("visit.staff", f"/staff/{number}")
    for number, what in enumerate(made.equipment):
        if not EQUIPMENT.fullmatch(what):
            yield Violation("visit.equipment", f"/equipment/{number}")


def refuse(visit: Visit, reason: str, now: datetime) -> Visit:
    """The place cannot come, and says why. Raises Refused when it is over, Invalid without a reason."""
    _must_be_open(visit)
    if not reason.strip():
        raise Invalid.because("case.text-missing", "/reason")
    return _ended(replace(visit, reason=reason), VisitState.REFUSED, now)


def cancel(visit: Visit, now: datetime) -> Visit:
    """The applicant needs it no longer. Raises Refused when it is over, or has begun."""
    _must_be_open(visit)
    if visit.start is not None and now >= visit.start:
        raise Refused.because("visit.begun")
    return _ended(visit, VisitState.CANCELLED, now)


def finish(visit: Visit, now: datetime) -> Visit:
    """It was made. Raises Refused unless it was arranged and has begun."""
    _must_be_open(visit)
    if visit.start is None or now < visit.start:
        raise Refused.because("visit.not-begun")
    return _ended(visit, VisitState.DONE, now)


def _must_be_open(visit: Visit) -> None:
    if visit.state not in OPEN:
        raise Refused.because("visit.over", state=str(visit.state))


def _ended(visit: Visit, state: VisitState, now: datetime) -> Visit:
    return replace(visit, version=visit.version + 1, state=state, event=f"visit.{state}", changed_at=now)


def _each_once(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))
