"""Event sources: what AWS does between a stream, a queue or the clock and a function.

One thread for each source polls every few milliseconds. Looking is cheap (moto's own lists are read
in place); only what is really there is fetched through the API and delivered through Lambda's Invoke.
"""

from __future__ import annotations

import json
import re
import threading
import traceback
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from moto.dynamodb.models import dynamodb_backends
from moto.dynamodbstreams.models import dynamodbstreams_backends
from moto.events.models import EventPattern
from moto.sqs.models import sqs_backends

from infra.local import emulator
from infra.local.adapt import Deployed
from infra.local.clock import MovableClock
from infra.local.environment import ACCOUNT, REGION

Json = dict[str, Any]
Invoke = Callable[[str, Json], Json]
"""Function name (or ARN) and event to answer; raises InvocationFailed when the function failed."""

_POLL_SECONDS = 0.02
_RETRY_SECONDS = 0.2


class InvocationFailed(Exception):
    """The function raised; its error payload is in the message."""


def invoker() -> Invoke:
    """Invoke through Lambda's API, as the real pollers do."""
    client = emulator.client("lambda")

    def invoke(function: str, event: Json) -> Json:
        answer = client.invoke(FunctionName=function, Payload=json.dumps(event, ensure_ascii=False).encode())
        payload = json.loads(answer["Payload"].read() or b"null")
        if answer.get("FunctionError"):
            raise InvocationFailed(f"{function}: {payload['errorType']}")
        return payload if isinstance(payload, dict) else {}

    return invoke


class Source(Protocol):
    """Something that delivers."""

    name: str

    def poll(self) -> bool:
        """Deliver what is there; True if there was something."""
        ...

    def quiet(self) -> bool:
        """True if nothing is waiting to be delivered now."""
        ...


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
            "messageAttributes": {k: {"stringValue": v.get("StringValue"), "dataType": v["DataType"]} for k, v in attributes},
            "md5OfBody": message.get("MD5OfBody", ""),
            "eventSource": "aws:sqs",
            "eventSourceARN": self.arn,
            "awsRegion": REGION,
        }


@dataclass
class StreamSource:
    """A DynamoDB stream mapping: filters, failures by sequence number, retries, an on-failure queue.

    On moto a fresh iterator is taken at each poll, under the lock: after a cancelled transaction moto
    replaces the table, and an iterator held across that would deliver what was rolled back, and then nothing.
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
    from_start: bool
    engine_url: str | None = None
    _after: dict[str, str] = field(default_factory=dict)  # shard -> last sequence number that was dealt with
    _tried: int = 0

    def __post_init__(self) -> None:
        options = {"endpoint_url": self.engine_url} if self.engine_url else {}
        self._client = emulator.client("dynamodbstreams", **options)
        self._shards = self._list_shards()
        # What was written before this run is the sweeper's (a stream on AWS would have kept its place).
        self._latest = {} if self.from_start else {shard: self._iterator(shard, "LATEST") for shard in self._shards}

    def quiet(self) -> bool:
        """Whether moto's stream has nothing new. The real engine cannot be asked without reading."""
        if self.engine_url is not None:
            return True
        with emulator.dynamodb_lock:
            shard = self._moto_shard()
            return shard is None or len(shard.items) <= self._position(shard)

    def poll(self) -> bool:
        if self.engine_url is None:
            if self.quiet():
                return False
        else:
            self._shards = self._list_shards()
        return any([self._poll_shard(shard) for shard in self._shards])

    def _poll_shard(self, shard: str) -> bool:
        records = self._read(shard)
        if not records:
            return False
        wanted = [r for r in records if not self.filters or any(f.matches_event(r) for f in self.filters)]  # type: ignore[arg-type]
        last = records[-1]["dynamodb"]["SequenceNumber"]
        failed_from = self._deliver(wanted) if wanted else None
        if failed_from is None:
            self._after[shard], self._tried = last, 0
            return True
        before = [r["dynamodb"]["SequenceNumber"] for r in records]
        position = before.index(failed_from)
        if position > 0:
            self._after[shard], self._tried = before[position - 1], 0
        self._tried += 1
        if 0 <= self.attempts < self._tried:
            self._give_up(shard, wanted)
            self._after[shard], self._tried = last, 0
        else:
            threading.Event().wait(_RETRY_SECONDS)
        return True

    def _read(self, shard: str) -> list[Json]:
        with emulator.dynamodb_lock:
            if shard in self._after:
                iterator = self._iterator(shard, "AFTER_SEQUENCE_NUMBER")
            else:
                iterator = self._latest.get(shard) or self._iterator(shard, "TRIM_HORIZON")
            answer = self._client.get_records(ShardIterator=iterator, Limit=self.batch_size)
            if shard in self._latest and shard not in self._after and answer.get("NextShardIterator"):
                self._latest[shard] = answer["NextShardIterator"]
            if self.engine_url is None:
                dynamodbstreams_backends[ACCOUNT][REGION].shard_iterators.clear()  # moto keeps every one for ever
        return [self._record(record) for record in answer["Records"]]

    def _record(self, record: Json) -> Json:
        created = record["dynamodb"].get("ApproximateCreationDateTime")
        body = {k: v for k, v in record["dynamodb"].items() if k != "ApproximateCreationDateTime"}
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

    def _iterator(self, shard: str, kind: str) -> str:
        place = {"SequenceNumber": self._after[shard]} if kind == "AFTER_SEQUENCE_NUMBER" else {}
        answer = self._client.get_shard_iterator(StreamArn=self.arn, ShardId=shard, ShardIteratorType=kind, **place)
        return str(answer["ShardIterator"])

    def _list_shards(self) -> list[str]:
        answer = self._client.describe_stream(StreamArn=self.arn)["StreamDescription"]
        return [shard["ShardId"] for shard in answer["Shards"]]

    def _moto_shard(self) -> Any:
        table = dynamodb_backends[ACCOUNT][REGION].tables.get(self.arn.split("/")[1])
        return table.stream_shard if table is not None else None

    def _position(self, shard: Any) -> int:
        after = self._after.get(shard.id)
        return 0 if after is None else int(after) - int(shard.starting_sequence_number) + 1


@dataclass
class ScheduleSource:
    """A rate that follows the movable clock. However far the clock jumps, a schedule fires once."""

    name: str
    function: str
    every: timedelta
    clock: MovableClock
    invoke: Invoke
    event: Json | None = None
    _due: datetime = field(init=False)

    def __post_init__(self) -> None:
        self._due = self.clock.now() + self.every

    def quiet(self) -> bool:
        return self.clock.now() < self._due

    def poll(self) -> bool:
        if self.quiet():
            return False
        now = self.clock.now()
        try:
            self.invoke(self.function, self.event or self._scheduled(now))
        except InvocationFailed:
            pass  # EventBridge has done its part; the function's own failure is recorded where it ran
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


class Runtime:
    """The threads that poll. ``failures`` holds what broke in them: their own errors, not those of functions."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self.sources = list(sources)
        self.failures: list[str] = []
        self.deliveries = 0
        self._busy: set[str] = set()
        self._rounds = dict.fromkeys((s.name for s in sources), 0)
        self._stop = threading.Event()
        self._go = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(s,), daemon=True, name=s.name) for s in sources]

    def start(self) -> None:
        """Begin to deliver."""
        self._go.set()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish what is being delivered and end."""
        self._stop.set()
        self._go.set()
        for thread in self._threads:
            thread.join(30)

    def pause(self) -> None:
        """Deliver nothing more until ``resume``; what is being delivered is finished first."""
        self._go.clear()
        while self._busy:
            self._stop.wait(0.005)

    def resume(self) -> None:
        """Deliver again."""
        self._go.set()

    def rounds(self) -> dict[str, int]:
        """How many times each source has looked. Two more rounds of each: everything before was seen."""
        return dict(self._rounds)

    def _run(self, source: Source) -> None:
        while not self._stop.is_set():
            self._go.wait()
            busy = False
            self._busy.add(source.name)
            try:
                busy = self._go.is_set() and source.poll()
            except Exception:
                if not self._stop.is_set():
                    text = f"event source {source.name}\n{traceback.format_exc()}"
                    self.failures.append(text)
                    print(text)
                    self._stop.wait(_RETRY_SECONDS)
            finally:
                self._busy.discard(source.name)
            if busy:
                self.deliveries += 1
            self._rounds[source.name] += 1
            if not busy:
                self._stop.wait(_POLL_SECONDS)


def sources_of(deployed: Deployed, clock: MovableClock, *, engine_url: str | None, from_start: bool) -> list[Source]:
    """The event sources that a deployed stack declares."""
    invoke = invoker()
    found: list[Source] = []
    for logical_id, mapping in deployed.of_type("AWS::Lambda::EventSourceMapping").items():
        if mapping.get("Enabled", True) in (False, "false"):
            continue
        patterns = [EventPattern.load(f["Pattern"]) for f in mapping.get("FilterCriteria", {}).get("Filters", [])]
        partial = "ReportBatchItemFailures" in mapping.get("FunctionResponseTypes", [])
        arn, function = str(mapping["EventSourceArn"]), str(mapping["FunctionName"])
        if ":dynamodb:" in arn:
            on_failure = mapping.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination", "")
            found.append(
                StreamSource(
                    name=logical_id,
                    function=function,
                    arn=arn,
                    batch_size=int(mapping.get("BatchSize", 100)),
                    filters=patterns,
                    partial=partial,
                    attempts=int(mapping.get("MaximumRetryAttempts", -1)),
                    on_failure=on_failure,
                    invoke=invoke,
                    from_start=from_start,
                    engine_url=engine_url,
                )
            )
        else:
            size = int(mapping.get("BatchSize", 10))
            found.append(QueueSource(logical_id, function, arn.rsplit(":", 1)[1], arn, size, partial, patterns, invoke))
    for logical_id, rule in deployed.of_type("AWS::Events::Rule").items():
        if "ScheduleExpression" in rule and rule.get("State", "ENABLED") == "ENABLED":
            found += [
                ScheduleSource(
                    f"{logical_id}-{target['Id']}",
                    str(target["Arn"]),
                    rate(rule["ScheduleExpression"]),
                    clock,
                    invoke,
                    json.loads(target["Input"]) if "Input" in target else None,
                )
                for target in rule["Targets"]
            ]
    return found


def rate(expression: str) -> timedelta:
    """``rate(5 minutes)`` as a period. Raises ValueError for anything else: nothing here uses cron."""
    match = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression)
    if match is None:
        raise ValueError(f"not a rate: {expression}")
    return timedelta(**{f"{match[2]}s": int(match[1])})
