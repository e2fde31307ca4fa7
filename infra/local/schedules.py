"""Schedules of EventBridge, on the movable clock."""

from __future__ import annotations

import contextlib
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

from infra.local.clock import MovableClock
from infra.local.environment import ACCOUNT, REGION
from infra.local.source import POLL_SECONDS, InvocationFailed, Invoke, Json


@dataclass
class ScheduleSource:
    """A schedule that follows the movable clock. However far the clock jumps, it fires once."""

    name: str
    function: str
    after: Callable[[datetime], datetime]
    clock: MovableClock
    invoke: Invoke
    event: Json | None = None
    pause: float = POLL_SECONDS
    _due: datetime = field(init=False)

    def __post_init__(self) -> None:
        self._due = self.after(self.clock.now())

    def quiet(self) -> bool:
        return self.clock.now() < self._due

    def poll(self) -> bool:
        if self.quiet():
            return False
        now = self.clock.now()
        with contextlib.suppress(InvocationFailed):  # EventBridge has done its part
            self.invoke(self.function, self.event or self._scheduled(now))
        self._due = self.after(self.clock.now())
        return True

    def _scheduled(self, now: datetime) -> Json:
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": ACCOUNT,
            "time": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": REGION,
            "resources": [self.name],
            "detail": {},
        }


def next_time(expression: str) -> Callable[[datetime], datetime]:
    """When a schedule fires next after a moment: ``rate(5 minutes)``, or ``cron(10 16 * * ? *)`` each day in UTC.

    Raises ValueError for anything else: nothing here uses it.
    """
    if match := re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression):
        every = timedelta(**{f"{match[2]}s": int(match[1])})
        return lambda now: now + every
    if match := re.fullmatch(r"cron\((\d+) (\d+) \* \* \? \*\)", expression):
        at = time(int(match[2]), int(match[1]), tzinfo=UTC)
        return lambda now: _next_day_at(now.astimezone(UTC), at)
    raise ValueError(f"not a schedule that is used here: {expression}")


def _next_day_at(now: datetime, at: time) -> datetime:
    today = datetime.combine(now.date(), at)
    return today if today > now else today + timedelta(days=1)
