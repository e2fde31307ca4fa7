"""The event bus in Amazon EventBridge."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.observability import logger
from chalicelib.services.ports import Hint

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

SOURCE = "onewindow.cases"

MAX_ENTRIES = 10
"""What PutEvents takes at once."""


class EventBridgeBus:
    """Implements ``ports.Bus``. Never raises for a bus that refuses: what it did not take is given back.

    PutEvents answers 200 even when it took nothing, so ``FailedEntryCount`` is what counts; and a batch that
    failed as a whole says nothing about the batches before it, which are on the bus and must not be repeated.
    """

    def __init__(self, client: EventBridgeClient, bus_name: str) -> None:
        self._client = client
        self._bus = bus_name

    def publish(self, hints: Sequence[Hint]) -> Sequence[Hint]:
        return [hint for batch in _batches(hints) for hint in self._put(batch)]

    def _put(self, batch: Sequence[Hint]) -> list[Hint]:
        try:
            answer = self._client.put_events(Entries=[self._entry(hint) for hint in batch])
        except (BotoCoreError, ClientError):
            logger.warning("bus_refused_batch", size=len(batch), exc_info=True)
            return list(batch)
        if not answer["FailedEntryCount"]:
            return []
        # The entries of the answer stand in the order of the request.
        refused = [
            (hint, entry["ErrorCode"])
            for hint, entry in zip(batch, answer["Entries"], strict=True)
            if "ErrorCode" in entry
        ]
        logger.warning("bus_refused_entries", count=len(refused), reasons=sorted({code for _, code in refused}))
        return [hint for hint, _ in refused]

    def _entry(self, hint: Hint) -> PutEventsRequestEntryTypeDef:
        # A hint says that something happened, never to whom: rules, queues and archives may all be read by
        # people who may not read the case.
        detail = {"case_id": hint.case_id, "number": hint.number, "type": hint.type}
        return {"EventBusName": self._bus, "Source": SOURCE, "DetailType": hint.type, "Detail": json.dumps(detail)}


def _batches(hints: Sequence[Hint]) -> Iterator[Sequence[Hint]]:
    return (hints[i : i + MAX_ENTRIES] for i in range(0, len(hints), MAX_ENTRIES))
