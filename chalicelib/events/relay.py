"""From the outbox to the bus: by the stream at once, by the sweeper for what stayed behind."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib import wiring
from chalicelib.edge.functions import EventBlueprint
from chalicelib.edge.messages import StreamRecord
from chalicelib.observability import logger
from chalicelib.services import relay
from chalicelib.services.ports import SHARDS, OutboxRow

bp = EventBlueprint(__name__)


@bp.stream(key_prefix="outbox#")
def relay_outbox(records: Sequence[StreamRecord]) -> Collection[str]:
    """Publish new outbox rows. Answers the sequence numbers of those that the bus did not take whole."""
    rows = {record.sequence: _row(record.image) for record in records}
    sent = relay.send(wiring.current(), list(rows.values()))
    return [sequence for sequence, row in rows.items() if row.key not in sent]


@bp.schedule(rate="rate(1 minute)")
def sweep_outbox(event: Mapping[str, Any]) -> Mapping[str, int]:
    """Publish rows older than a minute, shard by shard: a shard that fails does not stop the others."""
    ports = wiring.current()
    sent = left = failed = 0
    for shard in SHARDS:
        try:
            done, rest = relay.sweep(ports, shard)
        except Exception:
            logger.exception("outbox_shard_failed", shard=shard)
            failed += 1
        else:
            sent, left = sent + done, left + rest
    return {"sent": sent, "left": left, "failed_shards": failed}


def _row(image: Mapping[str, Any]) -> OutboxRow:
    """The row as ``CaseRepository.unsent`` gives it, key included: ``sent`` takes both."""
    return OutboxRow(
        key=f"{image['pk']}|{image['sk']}",
        case_id=image["case_id"],
        types=tuple((int(number), str(kind)) for number, kind in json.loads(image["types"])),
        recorded_at=datetime.fromisoformat(image["recorded_at"]),
    )
