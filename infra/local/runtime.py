"""The event sources of a stack at work: what AWS does between a stream, a queue or the clock and a function.

One thread for each source polls every few milliseconds. Looking is cheap (moto's own lists are read in
place); only what is really there is fetched through the API and delivered through Lambda's Invoke.
"""

from __future__ import annotations

import json
import threading
import traceback
from collections.abc import Sequence
from pathlib import Path

from moto.events.models import EventPattern

from infra.local.adapt import Deployed
from infra.local.clock import MovableClock
from infra.local.queues import QueueSource
from infra.local.schedules import ScheduleSource, next_time
from infra.local.source import RETRY_SECONDS, Invoke, Json, Source, invoker
from infra.local.streams import StreamSource


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
                    self._stop.wait(RETRY_SECONDS)
            finally:
                self._busy.discard(source.name)
            if busy:
                self.deliveries += 1
            self._rounds[source.name] += 1
            if not busy:
                self._stop.wait(source.pause)


def sources_of(
    deployed: Deployed, clock: MovableClock, *, engine_url: str | None = None, checkpoints: Path | None = None
) -> list[Source]:
    """The event sources that a deployed stack declares. ``checkpoints`` is a folder for positions in streams."""
    invoke = invoker()
    found: list[Source] = []
    for logical_id, mapping in deployed.of_type("AWS::Lambda::EventSourceMapping").items():
        if ":dynamodb:" in str(mapping["EventSourceArn"]):
            keep = checkpoints / f"{logical_id}.json" if checkpoints else None
            found.append(_stream(logical_id, mapping, invoke, engine_url, keep))
        else:
            found.append(_queue(logical_id, mapping, invoke))
    for logical_id, rule in deployed.of_type("AWS::Events::Rule").items():
        if "ScheduleExpression" in rule and rule.get("State", "ENABLED") == "ENABLED":
            after = next_time(rule["ScheduleExpression"])
            for target in rule["Targets"]:
                event = json.loads(target["Input"]) if "Input" in target else None
                name = f"{logical_id}-{target['Id']}"
                found.append(ScheduleSource(name, str(target["Arn"]), after, clock, invoke, event))
    return found


def _queue(name: str, mapping: Json, invoke: Invoke) -> QueueSource:
    arn = str(mapping["EventSourceArn"])
    return QueueSource(
        name=name,
        function=str(mapping["FunctionName"]),
        queue=arn.rsplit(":", 1)[1],
        arn=arn,
        batch_size=int(mapping.get("BatchSize", 10)),
        partial=_reports_failures(mapping),
        filters=_filters(mapping),
        invoke=invoke,
    )


def _stream(name: str, mapping: Json, invoke: Invoke, engine_url: str | None, keep: Path | None) -> StreamSource:
    return StreamSource(
        name=name,
        function=str(mapping["FunctionName"]),
        arn=str(mapping["EventSourceArn"]),
        batch_size=int(mapping.get("BatchSize", 100)),
        filters=_filters(mapping),
        partial=_reports_failures(mapping),
        attempts=int(mapping.get("MaximumRetryAttempts", -1)),
        on_failure=str(mapping.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination", "")),
        invoke=invoke,
        engine_url=engine_url,
        checkpoint=keep,
    )


def _filters(mapping: Json) -> list[EventPattern]:
    return [EventPattern.load(f["Pattern"]) for f in mapping.get("FilterCriteria", {}).get("Filters", [])]


def _reports_failures(mapping: Json) -> bool:
    return "ReportBatchItemFailures" in mapping.get("FunctionResponseTypes", [])
