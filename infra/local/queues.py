"""SQS event source mappings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from moto.events.models import EventPattern
from moto.sqs.models import sqs_backends

from infra.local import emulator
from infra.local.environment import ACCOUNT, REGION
from infra.local.source import POLL_SECONDS, InvocationFailed, Invoke, Json


@dataclass
class QueueSource:
    """An SQS event source mapping: batches, partial batch responses, redrive by the queue's own policy."""

    name: str
    function: str
    queue: str  # the queue's name
    arn: str
    batch_size: int
    partial: bool  # ReportBatchItemFailures
    filters: Sequence[EventPattern]
    invoke: Invoke
    pause: float = POLL_SECONDS
    _client: Any = field(default_factory=lambda: emulator.client("sqs"))

    def quiet(self) -> bool:
        return not any(m.visible for m in sqs_backends[ACCOUNT][REGION].queues[self.queue].messages)

    def poll(self) -> bool:
        if self.quiet():
            return False
        url = self._client.get_queue_url(QueueName=self.queue)["QueueUrl"]
        batch = self._client.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=min(self.batch_size, 10),
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        ).get("Messages", [])
        wanted = [m for m in batch if self._matches(m)]
        failed = self._deliver(wanted) if wanted else set()
        for message in batch:
            if message["MessageId"] not in failed:
                self._client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return True

    def _matches(self, message: Json) -> bool:
        if not self.filters:
            return True
        try:
            body = json.loads(message["Body"])
        except ValueError:
            body = message["Body"]
        return any(f.matches_event({"body": body}) for f in self.filters)  # type: ignore[typeddict-item]

    def _deliver(self, batch: list[Json]) -> set[str]:
        """Invoke once; the ids of the messages that come again."""
        everything = {m["MessageId"] for m in batch}
        records = [self._record(message) for message in batch]
        try:
            answer = self.invoke(self.function, {"Records": records})
        except InvocationFailed:
            return everything
        if not self.partial:
            return set()
        failures = {f.get("itemIdentifier") for f in answer.get("batchItemFailures") or ()}
        # An identifier that is no message's fails the whole batch (AWS Lambda, partial batch responses).
        return {str(f) for f in failures} if failures <= everything else everything

    def _record(self, message: Json) -> Json:
        attributes = message.get("MessageAttributes", {}).items()
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message.get("Attributes", {}),
            "messageAttributes": {
                k: {"stringValue": v.get("StringValue"), "dataType": v["DataType"]} for k, v in attributes
            },
            "md5OfBody": message.get("MD5OfBody", ""),
            "eventSource": "aws:sqs",
            "eventSourceARN": self.arn,
            "awsRegion": REGION,
        }
