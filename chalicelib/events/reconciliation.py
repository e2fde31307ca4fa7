"""Looks after every case on its way, due or not: each hour, and whenever an operator wants to know.

The timers look at each case when its own hour has come. This function is for the time after an incident, when
nobody wants to wait for that, and its summary is what operators and alarms read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import islice
from typing import Any

from chalicelib import wiring
from chalicelib.edge.functions import EventBlueprint, log_context
from chalicelib.observability import logger
from chalicelib.services import telling, workflow
from chalicelib.services.message_ports import MessagePorts
from chalicelib.services.ports import SHARDS
from chalicelib.services.workflow import Finding

bp = EventBlueprint(__name__)

CASES_PER_SHARD = 200
"""At most this many in one run. Those looked at move to the end of the line, so the next run goes on behind them."""


@bp.schedule(rate="rate(1 hour)", timeout=900)
def reconcile(event: Mapping[str, Any]) -> Mapping[str, int]:
    """Compare every watched case with its execution and its messages, and repair what has come apart.

    An operator's event {"case_id": "…"} looks at that case alone, watched or not. Answers how often each
    finding was made, and ``failed`` for cases that could not be judged; those are looked at again.
    """
    ports = wiring.current()
    if "case_id" in event:
        finding = workflow.look_after(ports, str(event["case_id"]))
        telling.catch_up(ports, str(event["case_id"]))
        return {str(finding): 1}
    counts: Counter[str] = Counter({str(finding): 0 for finding in Finding} | {"failed": 0, "failed_shards": 0})
    for shard in SHARDS:
        try:
            _shard(ports, shard, counts)
        except Exception:
            logger.exception("reconciliation_shard_failed", shard=shard)
            counts["failed_shards"] += 1
    return counts


def _shard(ports: MessagePorts, shard: int, counts: Counter[str]) -> None:
    # Timers are never set further ahead than this, so it reaches all of them.
    until = ports.clock.now() + workflow.WATCH_EVERY
    for timer in islice(workflow.watched(ports, shard, until), CASES_PER_SHARD):
        with log_context(case_id=timer.case_id):
            try:
                finding = telling.watch(ports, timer.case_id)
            except Exception:
                logger.exception("case_not_reconciled")
                counts["failed"] += 1
                continue
            counts[str(finding)] += 1
            if finding in {Finding.DEAD, Finding.RESTARTED}:
                logger.warning("workflow_died", finding=str(finding))
