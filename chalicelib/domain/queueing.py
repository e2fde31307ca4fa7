"""The queue on the day (叫号): numbers, the priority lane (绿色通道), and how long one waits.

Who walks in takes a number and is served; who booked and checks in takes one, too. A ticket says nothing of who has it,
nor why somebody has priority: the ground is shown at the desk and not kept. Priority reorders and never excludes: after
``RUN`` people with priority one of the others comes next.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from chalicelib.domain.errors import Refused

RUN = 3
"""At most so many with priority in a row while others wait."""


class Priority(StrEnum):
    """Whom the policy lets go first (实施意见: 绿色通道)."""

    SOLDIER = "soldier"  # 军人
    FIREFIGHTER = "firefighter"  # 消防救援人员
    MEDICAL = "medical"  # 医护人员
    ELDERLY = "elderly"  # 老年人
    INFIRM = "infirm"  # 体弱
    ILL = "ill"  # 患病
    DISABLED = "disabled"  # 残疾人
    PREGNANT = "pregnant"  # 孕妇


class TicketState(StrEnum):
    """Where a ticket stands."""

    WAITING = "waiting"
    CALLED = "called"
    SERVED = "served"
    ABSENT = "absent"  # called, and nobody came


@dataclass(frozen=True, slots=True)
class Ticket:
    """A number of a place on a day. ``due``: from when on it counts; who booked is due when the slot begins."""

    place: str
    day: date
    number: int
    version: int
    state: TicketState
    windows: tuple[str, ...]
    priority: bool
    due: datetime
    taken_at: datetime
    window: str = ""
    called_at: datetime | None = None


def order(tickets: Iterable[Ticket]) -> list[Ticket]:
    """The waiting in the order in which they are called, as things stand now."""
    every = sorted(tickets, key=lambda t: t.number)
    waiting = [t for t in every if t.state is TicketState.WAITING]
    first = sorted((t for t in waiting if t.priority), key=_turn)
    others = sorted((t for t in waiting if not t.priority), key=_turn)
    run = _run(every)
    found: list[Ticket] = []
    while first or others:
        if first and (run < RUN or not others):
            found.append(first.pop(0))
            run += 1
        else:
            found.append(others.pop(0))
            run = 0
    return found


def _turn(ticket: Ticket) -> tuple[datetime, int]:
    return ticket.due, ticket.number


def _run(tickets: Sequence[Ticket]) -> int:
    """How many with priority were called in a row, last."""
    called = sorted((t.called_at, t.number, t.priority) for t in tickets if t.called_at is not None)
    run = 0
    for _, _, priority in reversed(called):
        if not priority:
            break
        run += 1
    return run


def following(tickets: Iterable[Ticket], window: str, windows: Collection[str]) -> Ticket:
    """Whom a window calls next. Raises Refused if nobody waits for it."""
    if window not in windows:
        raise Refused.because("queue.window-unknown", window=window)
    found = next((t for t in order(tickets) if window in t.windows), None)
    if found is None:
        raise Refused.because("queue.empty")
    return found


def call(ticket: Ticket, window: str, now: datetime) -> Ticket:
    """Called to a window."""
    return replace(ticket, version=ticket.version + 1, state=TicketState.CALLED, window=window, called_at=now)


def close(ticket: Ticket, state: TicketState) -> Ticket:
    """Served, or nobody came. Raises Refused unless it was called."""
    if ticket.state is not TicketState.CALLED:
        raise Refused.because("queue.not-called", number=ticket.number)
    return replace(ticket, version=ticket.version + 1, state=state)


def ahead(tickets: Sequence[Ticket], number: int) -> int | None:
    """How many are called before a number at the windows that it waits for; None if it does not wait."""
    waiting = order(tickets)
    own = next((t for t in waiting if t.number == number), None)
    if own is None:
        return None
    before = waiting[: waiting.index(own)]
    return sum(1 for t in before if set(t.windows) & set(own.windows))


def estimate(before: int, windows: int, minutes: int) -> int:
    """Minutes until one is called, if each takes ``minutes`` at one of so many windows. An estimate, and not more."""
    return -(-before // max(windows, 1)) * minutes
