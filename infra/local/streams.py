"""DynamoDB stream mappings, on moto and on the real engine."""

from __future__ import annotations

import base64
import contextlib
import functools
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.dynamodbstreams.models import dynamodbstreams_backends
from moto.events.models import EventPattern

from infra.local import emulator
from infra.local.environment import ACCOUNT, REGION
from infra.local.files import write_whole
from infra.local.source import POLL_SECONDS, RETRY_SECONDS, InvocationFailed, Invoke, Json

_ENGINE_POLL_SECONDS = 0.05  # the real engine is asked over HTTP
_SHARDS_SECONDS = 5.0


@dataclass
class StreamSource:
    """A DynamoDB stream mapping: filters, failures by sequence number, retries, an on-failure queue.

    On moto a fresh iterator is taken at each poll, under the lock: after a cancelled transaction moto
    replaces the table, and an iterator held across that would deliver what was rolled back, and then nothing.
    ``checkpoint`` names a file that keeps the position, as AWS keeps that of a mapping.
    """

    name: str
    function: str
    arn: str
    batch_size: int
    filters: Sequence[EventPattern]
    partial: bool
    attempts: int  # -1: until the record expires
    on_failure: str  # ARN of a queue, or ""
    invoke: Invoke
    engine_url: str | None = None
    checkpoint: Path | None = None
    pause: float = POLL_SECONDS
    _after: dict[str, str] = field(default_factory=dict)  # shard -> last sequence number that was dealt with
    _tried: int = 0
    _missed: int = 0
    _listed: float = -_SHARDS_SECONDS

    def __post_init__(self) -> None:
        options = {"endpoint_url": self.engine_url} if self.engine_url else {}
        self._client = emulator.client("dynamodbstreams", **options)
        # The real engine now and then says so of an iterator that it gave out a moment ago.
        errors = self._client.exceptions
        self._stale = (errors.TrimmedDataAccessException, errors.ExpiredIteratorException)
        self._shards: list[str] = []
        self._iterators: dict[str, str] = {}
        if self.engine_url is not None:
            self.pause = _ENGINE_POLL_SECONDS
        if self.checkpoint is not None and self.checkpoint.exists():
            self._after = json.loads(self.checkpoint.read_text())

    def forget(self) -> None:
        """The next stream begins at its beginning."""
        if self.checkpoint is not None:
            self.checkpoint.unlink(missing_ok=True)

    def quiet(self) -> bool:
        """Whether moto's stream has nothing new. The real engine cannot be asked without reading."""
        if self.engine_url is not None:
            return True
        with emulator.dynamodb_lock:
            shard = self._moto_shard()
            return shard is None or len(shard.items) <= self._position(shard)

    def poll(self) -> bool:
        if self.engine_url is None and self.quiet():
            return False
        if time.monotonic() - self._listed > _SHARDS_SECONDS:
            self._shards, self._listed = self._list_shards(), time.monotonic()
        found = [self._poll_shard(shard) for shard in self._shards]
        return any(found)

    def _poll_shard(self, shard: str) -> bool:
        records = self._read(shard)
        if not records:
            return False
        wanted = [r for r in records if not self.filters or any(f.matches_event(r) for f in self.filters)]  # type: ignore[arg-type]
        order = [str(r["dynamodb"]["SequenceNumber"]) for r in records]
        failed_from = self._deliver(wanted) if wanted else None
        if failed_from is None:
            self._went_on(shard, order[-1])
            return True
        self._iterators.pop(shard, None)  # read again from where it failed
        position = order.index(failed_from)
        if position > 0:
            self._went_on(shard, order[position - 1])
        self._tried += 1
        if 0 <= self.attempts < self._tried:
            self._give_up(shard, wanted)
            self._went_on(shard, order[-1])
        else:
            threading.Event().wait(RETRY_SECONDS)
        return True

    def _went_on(self, shard: str, sequence: str) -> None:
        self._after[shard], self._tried = sequence, 0
        if self.checkpoint is not None:
            write_whole(self.checkpoint, json.dumps(self._after))

    def _read(self, shard: str) -> list[Json]:
        with emulator.dynamodb_lock if self.engine_url is None else contextlib.nullcontext():
            iterator = self._iterators.pop(shard, None) or self._iterator(shard)
            try:
                answer = self._client.get_records(ShardIterator=iterator, Limit=self.batch_size)
            except self._stale:
                self._missed += 1
                if self._missed > 1:
                    self._after.pop(shard, None)  # the place itself is gone: from the oldest record there is
                return []  # the next poll takes a fresh iterator
            self._missed = 0
            if self.engine_url is None:
                dynamodbstreams_backends[ACCOUNT][REGION].shard_iterators.clear()  # moto keeps every one for ever
            elif answer.get("NextShardIterator"):
                self._iterators[shard] = answer["NextShardIterator"]
        return [self._record(record) for record in answer["Records"]]

    def _record(self, record: Json) -> Json:
        created = record["dynamodb"].get("ApproximateCreationDateTime")
        body = _as_json({k: v for k, v in record["dynamodb"].items() if k != "ApproximateCreationDateTime"})
        if isinstance(created, datetime):
            body["ApproximateCreationDateTime"] = created.timestamp()
        return {
            "eventID": record["eventID"],
            "eventName": record["eventName"],
            "eventVersion": record.get("eventVersion", "1.1"),
            "eventSource": "aws:dynamodb",
            "awsRegion": REGION,
            "dynamodb": body,
            "eventSourceARN": self.arn,
        }

    def _deliver(self, batch: list[Json]) -> str | None:
        """Invoke once; the sequence number to start again from, None if all went well."""
        first = str(batch[0]["dynamodb"]["SequenceNumber"])
        try:
            answer = self.invoke(self.function, {"Records": batch})
        except InvocationFailed:
            return first
        failures = [f.get("itemIdentifier") for f in answer.get("batchItemFailures") or ()] if self.partial else []
        if not failures:
            return None
        order = [str(r["dynamodb"]["SequenceNumber"]) for r in batch]
        known = [order.index(str(f)) for f in failures if str(f) in order]
        return order[min(known)] if len(known) == len(failures) else first

    def _give_up(self, shard: str, batch: list[Json]) -> None:
        """The attempts are used up: leave a note where the template says (AWS sends metadata only)."""
        if not self.on_failure:
            return
        sqs = emulator.client("sqs")
        url = sqs.get_queue_url(QueueName=self.on_failure.rsplit(":", 1)[1])["QueueUrl"]
        note = {
            "requestContext": {"functionArn": self.function, "condition": "RetryAttemptsExhausted"},
            "DDBStreamBatchInfo": {
                "shardId": shard,
                "startSequenceNumber": batch[0]["dynamodb"]["SequenceNumber"],
                "endSequenceNumber": batch[-1]["dynamodb"]["SequenceNumber"],
                "batchSize": len(batch),
                "streamArn": self.arn,
            },
        }
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps(note))

    def _iterator(self, shard: str) -> str:
        """After what was dealt with, else from the oldest record there is."""
        ask = functools.partial(self._client.get_shard_iterator, StreamArn=self.arn, ShardId=shard)
        if shard in self._after:
            try:
                answer = ask(ShardIteratorType="AFTER_SEQUENCE_NUMBER", SequenceNumber=self._after[shard])
                return str(answer["ShardIterator"])
            except self._client.exceptions.TrimmedDataAccessException:
                del self._after[shard]  # older than the stream keeps; what is lost here is the sweeper's
        return str(ask(ShardIteratorType="TRIM_HORIZON")["ShardIterator"])

    def _list_shards(self) -> list[str]:
        answer = self._client.describe_stream(StreamArn=self.arn)["StreamDescription"]
        return [shard["ShardId"] for shard in answer["Shards"]]

    def _moto_shard(self) -> Any:
        table = dynamodb_backends[ACCOUNT][REGION].tables.get(self.arn.split("/")[1])
        return table.stream_shard if table is not None else None

    def _position(self, shard: Any) -> int:
        after = self._after.get(shard.id)
        return 0 if after is None else int(after) - int(shard.starting_sequence_number) + 1


def _as_json(value: Any) -> Any:
    """Binary values as Lambda shows them to a function: in Base64."""
    if isinstance(value, dict):
        return {key: _as_json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_as_json(inner) for inner in value]
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
