"""What time alone causes: sweeps the due index each minute."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from chalicelib import wiring
from chalicelib.domain.errors import NotFound, Refused
from chalicelib.edge.functions import EventBlueprint, log_context
from chalicelib.observability import logger
from chalicelib.services import cases, delivery_reports, erasure, lapses, reminders, telling, uploads, workflow
from chalicelib.services.ports import SHARDS, Ports, Timer

bp = EventBlueprint(__name__)

PAGE = 100
PAGES = 5
"""At most this much of a shard in one minute; the rest is due in the next one as well."""

AFTER_FAILURE = timedelta(minutes=5)
"""A timer that failed moves back: at the head of the index it would in time keep all others from being seen."""

AFTER_UNKNOWN = timedelta(days=1)
"""A kind without a handler was set by a newer version that has been rolled back. It is kept for the day that
version returns, never dropped: somebody's deadline may hang on it."""


def _discard_draft(ports: Ports, timer: Timer) -> None:
    try:
        cases.discard_draft(ports, timer.case_id)
    except (Refused, NotFound) as error:
        logger.info("draft_no_longer_there", code=error.code)


def _watch(ports: Ports, timer: Timer) -> None:
    logger.info("case_watched", finding=str(telling.watch(wiring.current(), timer.case_id)))


def _law(ports: Ports, timer: Timer) -> None:
    lapses.on_timer(ports, timer.case_id)


def _uploads(ports: Ports, timer: Timer) -> None:
    uploads.on_timer(ports, timer.case_id)


def _erase(ports: Ports, timer: Timer) -> None:
    erasure.erase_discarded(ports, timer.case_id)


def _remind(ports: Ports, timer: Timer) -> None:
    reminders.on_timer(wiring.current(), timer.case_id)


def _tell(ports: Ports, timer: Timer) -> None:
    delivery_reports.on_timer(wiring.current(), timer.case_id)


HANDLERS: Mapping[str, Callable[[Ports, Timer], None]] = {
    "draft": _discard_draft,
    workflow.WATCH: _watch,
    lapses.TIMER: _law,
    reminders.TIMER: _remind,
    delivery_reports.TIMER: _tell,
    uploads.TIMER: _uploads,
    erasure.TIMER: _erase,
}
"""Who acts on which kind. When a handler returns, the timer is gone, unless the handler set it to another moment."""


@bp.schedule(rate="rate(1 minute)")
def sweep_timers(event: Mapping[str, Any]) -> Mapping[str, int]:
    """Act on every timer that has fallen due. Neither a failing timer nor a failing shard stops the others."""
    ports = wiring.current()
    counts = {"done": 0, "failed": 0, "unknown": 0, "failed_shards": 0}
    for shard in SHARDS:
        try:
            _sweep(ports, shard, counts)
        except Exception:
            logger.exception("timer_shard_failed", shard=shard)
            counts["failed_shards"] += 1
    return counts


def _sweep(ports: Ports, shard: int, counts: dict[str, int]) -> None:
    until = ports.clock.now()
    for _ in range(PAGES):
        timers = ports.cases.due(shard, until, PAGE)
        for timer in timers:
            with log_context(case_id=timer.case_id, timer=timer.kind):
                counts[_act(ports, timer)] += 1
        if len(timers) < PAGE:
            return


def _act(ports: Ports, timer: Timer) -> str:
    handler = HANDLERS.get(timer.kind)
    try:
        if handler is None:
            logger.warning("timer_unknown")
            _put_off(ports, timer, AFTER_UNKNOWN)
            return "unknown"
        handler(ports, timer)
        ports.cases.clear_timer(timer)
        return "done"
    except Exception:
        logger.exception("timer_failed")
    try:
        _put_off(ports, timer, AFTER_FAILURE)
    except Exception:
        logger.exception("timer_not_put_off")
    return "failed"


def _put_off(ports: Ports, timer: Timer, delay: timedelta) -> None:
    ports.cases.set_timer(Timer(timer.case_id, timer.kind, ports.clock.now() + delay))
