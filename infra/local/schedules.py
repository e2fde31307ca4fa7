"""Schedules of EventBridge, on the movable clock."""

from __future__ import annotations

import contextlib
import re
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from infra.local.clock import MovableClock
from infra.local.environment import ACCOUNT, REGION
from infra.local.source import POLL_SECONDS, InvocationFailed, Invoke, Json


@dataclass
class ScheduleSource:
    """A rate that follows the movable clock. However far the clock jumps, a schedule fires once."""

    name: str
    function: str
    every: timedelta
    clock: MovableClock
    invoke: Invoke
    event: Json | None = None
    pause: float = POLL_SECONDS
    _due: datetime = field(init=False)

    def __post_init__(self) -> None:
        self._due = self.clock.now() + self.every

    def quiet(self) -> bool:
        return self.clock.now() < self._due

    def poll(self) -> bool:
        if self.quiet():
            return False
        now = self.clock.now()
        with contextlib.suppress(InvocationFailed):  # EventBridge has done its part
            self.invoke(self.function, self.event or self._scheduled(now))
        self._due = self.clock.now() + self.every
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


def rate(expression: str) -> timedelta:
    """``rate(5 minutes)`` as a period. Raises ValueError for anything else: nothing here uses cron."""
    match = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression)
    if match is None:
        raise ValueError(f"not a rate: {expression}")
    return timedelta(**{f"{match[2]}s": int(match[1])})
