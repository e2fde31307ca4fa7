"""Getting committed events onto the bus, at least once (outbox).

A row leaves the outbox only when the bus has taken every one of its hints. A crash between the two publishes
them twice, which every consumer bears; a crash before leaves the row, which the sweeper finds. The stream alone
would not do: it forgets after 24 hours, and records that keep failing are dropped before that.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from chalicelib.services.ports import Hint, OutboxRow, Ports

PATIENCE = timedelta(seconds=60)
"""How long a row is the stream's business before the sweeper takes it."""

PAGE = 100
PAGES = 10
"""At most this much of a shard in one sweep, so that a backlog cannot outlast the function's time."""


def send(ports: Ports, rows: Sequence[OutboxRow]) -> set[str]:
    """Publish rows and delete those of which every hint was taken. Answers the keys of the deleted ones."""
    refused = set(ports.bus.publish([hint for row in rows for hint in _hints(row)]))
    done = [row for row in rows if not refused.intersection(_hints(row))]
    for row in done:
        ports.cases.sent(row.key)
    return {row.key for row in done}


def sweep(ports: Ports, shard: int) -> tuple[int, int]:
    """Send what stayed behind in a shard, oldest first. Answers how many rows were sent and how many were not."""
    before = ports.clock.now() - PATIENCE
    sent = 0
    for _ in range(PAGES):
        rows = ports.cases.unsent(shard, before, PAGE)
        done = send(ports, rows) if rows else set()
        sent += len(done)
        left = len(rows) - len(done)
        # Rows that stay would come back at the head of the next page: leave them to the next sweep.
        if left or len(rows) < PAGE:
            return sent, left
    return sent, 0


def _hints(row: OutboxRow) -> list[Hint]:
    return [Hint(row.case_id, number, kind) for number, kind in row.types]
