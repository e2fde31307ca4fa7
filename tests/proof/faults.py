"""Every call to the outside, counted; and the one that goes wrong.

``Calls`` hangs itself into botocore at two places: ``BaseClient._make_api_call``, where a call is one act of our code,
and ``Endpoint._do_get_response``, where it is one request on the wire. A lost answer happens at the second, so that
boto3's own retries run. Nothing here knows which calls the product makes: they are listed by a run without faults.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from types import SimpleNamespace
from typing import Any, NoReturn

import botocore.endpoint
from botocore.client import BaseClient
from botocore.endpoint import Endpoint
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.useragent import UserAgentString

from chalicelib.domain.errors import Unavailable


class Died(BaseException):
    """The container is gone in this instant. No ``except Exception`` of the product may see it."""


def killed(what: str) -> NoReturn:
    """How a container dies in this process: everything above it is told by an exception that nobody catches."""
    raise Died(what)


class Mode(StrEnum):
    """How a call, or the delivery of an event, goes wrong."""

    DIE_BEFORE = "dies before the call"
    DIE_AFTER = "dies after the call"
    LOST = "first answer lost"
    ALL_LOST = "every answer lost"
    THROTTLED = "throttled"
    CONFLICT = "conflicts twice"
    STORM = "conflicts in two invocations"
    TWICE = "delivered twice"
    AGAIN_LATER = "delivered again hours later"
    LATE = "delivered hours late"
    LAST = "delivered after everything else"
    NEVER = "never delivered"


CALLS = (Mode.DIE_BEFORE, Mode.DIE_AFTER, Mode.LOST, Mode.ALL_LOST, Mode.THROTTLED, Mode.CONFLICT, Mode.STORM)
DELIVERIES = (Mode.TWICE, Mode.AGAIN_LATER, Mode.LATE, Mode.LAST, Mode.NEVER)
_LOSSES = {Mode.LOST: 1, Mode.ALL_LOST: 99}
_ROW_WRITES = {"TransactWriteItems", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"}
_WRITES = {*_ROW_WRITES, "PutObject", "PutEvents"}


@dataclass(frozen=True)
class Site:
    """A place where something can go wrong. ``signature`` is the same wherever our code does the same thing."""

    number: int
    function: str
    what: str
    signature: str
    deliveries: tuple[Mode, ...] = ()

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The faults that can happen here."""
        if self.deliveries:
            return self.deliveries
        operation = self.what.split()[0].rpartition(".")[2]
        return CALLS if operation in _WRITES else CALLS[:5]

    def __str__(self) -> str:
        return f"{self.number} {self.function}: {self.what}"


@dataclass
class Calls:
    """Lists calls and deliveries while ``armed``, and lets ``fault`` happen at its place."""

    sites: list[Site] = field(default_factory=list)
    fault: tuple[int, Mode] | None = None
    armed: bool = False
    happened: bool = False
    function: str = ""
    about: str = ""
    answered: Callable[[str, Mapping[str, Any]], None] = lambda operation, body: None
    die: Callable[[str], NoReturn] = killed
    pause: Callable[[str], None] | None = None
    """Called before each call: an explorer of schedules lets another thread go first here."""
    mutant: Callable[[str, Any], Any] | None = None
    """Changes what is asked, to see whether a mistake of that kind would be found."""
    files: bool = False
    """Whether anything was put into a bucket since this was last set."""
    written: set[str] = field(default_factory=set)
    """Tables that were written to; whoever has looked at one takes it out."""
    _storm: list[str] = field(default_factory=list)
    """The operation that conflicts, once for each conflict or invocation that is still to come."""
    _stormed: bool = False
    _throughout: bool = False
    _wire: Any = field(default_factory=threading.local)
    _tokens: set[str] = field(default_factory=set)

    def begin(self, fault: tuple[int, Mode] | None = None) -> None:
        """Count from here."""
        self.sites, self.fault, self.happened, self.armed = [], fault, False, True
        self._storm = []

    def end(self) -> list[Site]:
        """Count no longer. Answers what was seen."""
        self.armed = False
        return self.sites

    @contextmanager
    def aside(self) -> Iterator[None]:
        """What the proof asks for itself is no call of the product."""
        before = self.armed, self.pause
        self.armed, self.pause = False, None
        try:
            yield
        finally:
            self.armed, self.pause = before

    @contextmanager
    def within(self, function: str, about: str = "") -> Iterator[None]:
        """Name the invocation that the calls belong to, and the kind of event that it is about."""
        before = self.function, self.about
        self.function, self.about = function, about
        try:
            yield
        finally:
            self.function, self.about = before
            if self._stormed:
                self._stormed, self._storm = False, self._storm[1:]

    # -- deliveries --------------------------------------------------------------------------------------

    def delivery(self, what: str, modes: tuple[Mode, ...] = DELIVERIES) -> Mode | None:
        """How this delivery goes wrong; None if it does not."""
        return self._visit(what, modes) if self.armed else None

    # -- calls -------------------------------------------------------------------------------------------

    def around(self, what: str, act: Callable[[], Any]) -> Any:
        """A call to something that is not AWS, with the same faults."""
        if self.pause:
            self.pause(what)
        mode = self._visit(what) if self.armed else None
        if mode is Mode.DIE_BEFORE:
            self.die(what)
        if mode is Mode.THROTTLED:
            raise Unavailable.because("message.provider-unavailable")
        answer = act()
        if mode is Mode.DIE_AFTER:
            self.die(what)
        if mode in (Mode.LOST, Mode.ALL_LOST):
            raise Unavailable.because("message.provider-unavailable")
        return answer

    @contextmanager
    def hooked(self) -> Iterator[None]:
        """Hang into botocore. Its pauses between retries take no time, nor does naming the client."""
        call, send, clock = BaseClient._make_api_call, Endpoint._do_get_response, botocore.endpoint.time
        named = UserAgentString.to_string
        calls = self

        def make_api_call(client: Any, operation: str, params: Any) -> Any:
            params = calls.mutant(operation, params) if calls.mutant else params
            return calls._call(client, operation, params, lambda: call(client, operation, params))

        def do_get_response(endpoint: Any, request: Any, model: Any, context: Any) -> Any:
            return calls._send(model.name, request, lambda: send(endpoint, request, model, context))

        BaseClient._make_api_call, Endpoint._do_get_response = make_api_call, do_get_response
        botocore.endpoint.time = SimpleNamespace(sleep=lambda seconds: None)
        UserAgentString.to_string = lambda agent: "proof"
        try:
            yield
        finally:
            UserAgentString.to_string = named
            BaseClient._make_api_call, Endpoint._do_get_response, botocore.endpoint.time = call, send, clock

    def _visit(self, what: str, deliveries: tuple[Mode, ...] = ()) -> Mode | None:
        number = len(self.sites)
        before = sum(site.function == self.function for site in self.sites)
        signature = f"{self.function}|{self.about}|{what}"
        self.sites.append(Site(number, self.function, what, signature, deliveries))
        if before > 1_000:
            raise AssertionError(f"{self.function} does not come to an end")
        if self.fault and self.fault[0] == number:
            self.happened = True
            return self.fault[1]
        return None

    def _call(self, client: Any, operation: str, params: Any, act: Callable[[], Any]) -> Any:
        what = f"{client.meta.service_model.service_name}.{operation} {_touched(params)}".strip()
        if self.pause:
            self.pause(what)
        if not self.armed:
            return act()
        mode = self._visit(what)
        if mode in (Mode.CONFLICT, Mode.STORM):
            self._storm, self._throughout = [operation] * 2, mode is Mode.STORM
        if operation in self._storm:
            self._stormed = self._throughout
            self._storm = self._storm if self._throughout else self._storm[1:]
            return _conflict(operation, params)
        if mode is Mode.DIE_BEFORE:
            self.die(what)
        if mode is Mode.THROTTLED:
            raise _throttled(client.meta.service_model.service_name, operation)
        self._wire.losses = _LOSSES.get(mode, 0) if mode else 0
        try:
            answer = act()
        finally:
            self._wire.losses = 0
        if mode is Mode.DIE_AFTER:
            self.die(what)
        return answer

    def _send(self, operation: str, request: Any, act: Callable[[], Any]) -> Any:
        self.files = self.files or operation == "PutObject"
        self.written |= _written(operation, request)
        answer = self._answer(operation, request, act)
        if getattr(self._wire, "losses", 0):
            self._wire.losses -= 1
            lost = ReadTimeoutError(endpoint_url=request.url, error="the answer was lost")
            return None, lost
        return answer

    def _answer(self, operation: str, request: Any, act: Callable[[], Any]) -> Any:
        if operation != "TransactWriteItems":
            return act()
        body = json.loads(request.body)
        token, answer = body["ClientRequestToken"], act()
        done = answer[0] is not None and answer[0][0].status_code == 200
        if done and token not in self._tokens:  # the engine does a repeated request once, as AWS does
            self._tokens.add(token)
            self.answered(operation, body)
        return answer


def _written(operation: str, request: Any) -> set[str]:
    """The tables that a request writes to."""
    if operation not in _ROW_WRITES:
        return set()
    body = json.loads(request.body)
    parts = [part for item in body.get("TransactItems", ()) for part in item.values()]
    return {part["TableName"] for part in parts} or {*body.get("RequestItems", ())} or {body["TableName"]}


def _throttled(service: str, operation: str) -> ClientError:
    code = {"dynamodb": "ProvisionedThroughputExceededException", "s3": "SlowDown"}.get(service, "ThrottlingException")
    return _error(code, operation)


def _conflict(operation: str, params: Any) -> Any:
    """What a store says that is busy with somebody else's write of the same rows, or a bus that takes nothing."""
    if operation == "PutEvents":
        entries = [{"ErrorCode": "InternalFailure"} for _ in params["Entries"]]
        return {"FailedEntryCount": len(entries), "Entries": entries}
    if operation == "TransactWriteItems":
        error = _error("TransactionCanceledException", operation)
        reasons = [{"Code": "TransactionConflict", "Message": "busy"}, *({"Code": "None"},) * 3]
        error.response["CancellationReasons"] = reasons
        error.response["Error"]["Message"] = "Transaction cancelled [TransactionConflict, None, None, None]"
        raise error
    raise _error(
        "ConditionalRequestConflict" if operation == "PutObject" else "TransactionConflictException", operation
    )


def _error(code: str, operation: str) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    return ClientError(answer, operation)


def _touched(params: Mapping[str, Any]) -> str:
    """Which kinds of row a call is about, without the names of single ones."""
    if "TransactItems" in params:
        return "+".join(_kind(verb, part) for item in params["TransactItems"] for verb, part in item.items())
    if "RequestItems" in params:
        return "batch"
    if "Entries" in params:
        return "+".join(entry["DetailType"] for entry in params["Entries"])
    if "IndexName" in params:
        return str(params["IndexName"])
    if "ExpressionAttributeValues" in params and "Key" not in params and "Item" not in params:
        values = [v.get("S", "") for v in params["ExpressionAttributeValues"].values() if isinstance(v, dict)]
        return "".join(sorted({_words(value) for value in values}))
    return _kind("", params) if "Key" in params or "Item" in params else ""


def _kind(verb: str, part: Mapping[str, Any]) -> str:
    key = part.get("Key") or part.get("Item") or {}
    if not isinstance(key, Mapping):  # an object of S3
        return str(part.get("Bucket", ""))
    kind = "/".join(_words(key.get(name, {}).get("S", "")) for name in ("pk", "sk"))
    return f"{verb[:1]}:{kind}" if verb else kind


def _words(place: str) -> str:
    """The part of a key that is the same for every case: no id, no number, no moment."""
    return "".join(character for character in place.split("#")[0] if character.isalpha() or character == "_")
