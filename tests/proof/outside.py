"""What AWS does between our functions: stream, bus, queues and executions, one step at a time and repeatable.

It answers PutEvents and the calls of Step Functions where moto would, so that our gateways run whole. Queues follow
from the declarations of the functions; executions do what both files in ``statemachines`` say, which is the same but
for the function that opens the next task (tests/workflow shows that the files say so).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.awsrequest import AWSResponse
from moto.core.botocore_stubber import BotocoreStubber, MockRawResponse

from chalicelib.edge.functions import REGISTRY, Queue
from chalicelib.services.ports import Hint

Json = dict[str, Any]
Record = tuple[Json, int]
"""A record of the stream: the new row, and how often it was delivered."""


@dataclass(frozen=True)
class Message:
    """A hint on its way to a consumer."""

    function: str
    hint: Hint
    receives: int = 0


@dataclass(frozen=True)
class Execution:
    """``token``: for what it waits; empty while its next task has to be opened. ``tries`` of that task so far."""

    case_id: str
    attempt: int
    machine: str = "case_routing"
    status: str = "RUNNING"
    token: str = ""
    tries: int = 0

    @property
    def name(self) -> str:
        return f"{self.case_id}-{self.attempt}"


@dataclass
class Outside:
    """The state of everything between our functions. ``frozen`` copies it, ``thaw`` puts it back."""

    stream: list[Record] = field(default_factory=list)
    late_records: list[Record] = field(default_factory=list)
    last_records: list[Record] = field(default_factory=list)
    queue: list[Message] = field(default_factory=list)
    held: list[Message] = field(default_factory=list)
    last: list[Message] = field(default_factory=list)
    dead_letters: list[Message] = field(default_factory=list)
    published: list[Hint] = field(default_factory=list)
    executions: dict[str, Execution] = field(default_factory=dict)
    tokens: int = 0

    def frozen(self) -> Mapping[str, Any]:
        return {name: type(value)(value) for name, value in vars(self).items()}

    def thaw(self, kept: Mapping[str, Any]) -> None:
        for name, value in kept.items():
            setattr(self, name, type(value)(value))

    # -- what our calls do to it ----------------------------------------------------------------------------

    def wrote(self, operation: str, body: Json) -> None:
        """A transaction went through: its new outbox rows appear in the stream."""
        for item in body["TransactItems"]:
            image = item.get("Put", {}).get("Item", {})
            if image.get("pk", {}).get("S", "").startswith("outbox#"):
                self.stream.append((image, 0))

    def put_events(self, asked: Json) -> tuple[int, Json]:
        for entry in asked["Entries"]:
            detail = json.loads(entry["Detail"])
            hint = Hint(detail["case_id"], detail["number"], detail["type"])
            self.published.append(hint)
            for spec in REGISTRY.values():
                if isinstance(spec.source, Queue) and entry["DetailType"] in spec.source.detail_types:
                    self.queue.append(Message(spec.name, hint))
        return 200, {"FailedEntryCount": 0, "Entries": [{"EventId": "e"} for _ in asked["Entries"]]}

    def start_execution(self, asked: Json) -> tuple[int, Json]:
        arn, given = f"execution:{asked['name']}", json.loads(asked["input"])
        found = self.executions.get(asked["name"])
        if found is not None and found.status != "RUNNING":
            return 400, {"__type": "ExecutionAlreadyExists", "message": arn}
        machine = asked["stateMachineArn"].rpartition(":")[2]
        self.executions.setdefault(asked["name"], Execution(given["case_id"], given["attempt"], machine))
        return 200, {"executionArn": arn, "startDate": 0}

    def describe_execution(self, asked: Json) -> tuple[int, Json]:
        found = self.executions.get(asked["executionArn"].rpartition(":")[2])
        if found is None:
            return 400, {"__type": "ExecutionDoesNotExist", "message": ""}
        return 200, {"executionArn": "", "stateMachineArn": "", "startDate": 0, "status": found.status}

    def send_task_success(self, asked: Json) -> tuple[int, Json]:
        following = json.loads(asked["output"])
        return self._reported(asked["taskToken"], "RUNNING" if following["next"] == "node" else "SUCCEEDED")

    def send_task_failure(self, asked: Json) -> tuple[int, Json]:
        return self._reported(asked["taskToken"], "SUCCEEDED" if asked["error"] == "CaseEnded" else "FAILED")

    def _reported(self, token: str, status: str) -> tuple[int, Json]:
        for waiting in self.executions.values():
            if waiting.status == "RUNNING" and waiting.token == token:
                self.executions[waiting.name] = replace(waiting, status=status, token="", tries=0)
                return 200, {}
        return 400, {"__type": "TaskTimedOut", "message": ""}

    # -- what happens to it by itself ------------------------------------------------------------------------

    def next_token(self) -> str:
        self.tokens += 1
        return f"token-{self.tokens:06d}"

    def to_open(self) -> Execution | None:
        """An execution whose next task has to be opened."""
        return next((e for e in self.executions.values() if e.status == "RUNNING" and not e.token), None)

    def wait_for(self, name: str, token: str) -> None:
        """The execution asks for its next task to be opened, and waits under a new token."""
        now = self.executions[name]
        self.executions[name] = replace(now, token=token, tries=now.tries + 1)

    def time_out(self, name: str) -> None:
        """Nobody reported the task: the execution opens it again, with a token of its own."""
        self.executions[name] = replace(self.executions[name], token="", tries=0)

    def kill(self, name: str) -> None:
        self.executions[name] = replace(self.executions[name], status="ABORTED", token="")

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Answer for the bus and for Step Functions, in the place of moto."""
        others = BotocoreStubber.__call__
        known = {
            "before-send.eventbridge.PutEvents": self.put_events,
            "before-send.sfn.StartExecution": self.start_execution,
            "before-send.sfn.DescribeExecution": self.describe_execution,
            "before-send.sfn.SendTaskSuccess": self.send_task_success,
            "before-send.sfn.SendTaskFailure": self.send_task_failure,
        }

        def answer(stubber: Any, event_name: str, request: Any, **more: Any) -> Any:
            if event_name.startswith("before-send.dynamodb."):
                return None  # the engine is asked; moto would compare the address with those of all its services first
            if event_name not in known:
                return others(stubber, event_name, request, **more)
            status, body = known[event_name](json.loads(request.body))
            headers = {"Content-Type": "application/x-amz-json-1.1"}
            return AWSResponse(request.url, status, headers, MockRawResponse(json.dumps(body)))  # type: ignore[arg-type]

        BotocoreStubber.__call__ = answer  # type: ignore[method-assign]
        try:
            yield
        finally:
            BotocoreStubber.__call__ = others  # type: ignore[method-assign]
