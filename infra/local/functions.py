"""Runs our Lambda functions by the handler strings of the template: in this process, or wherever ``elsewhere`` says."""

from __future__ import annotations

import importlib
import json
import logging
import threading
import time
import traceback
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from infra.local.environment import ACCOUNT, PARTITION, REGION

_log = logging.getLogger("infra.local")


@dataclass
class FunctionContext:
    """What Lambda hands to a function as its second argument (AWS Lambda, Python context object)."""

    function_name: str
    timeout: int = 60
    memory_limit_in_mb: int = 512
    function_version: str = "$LATEST"
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    identity: None = None
    client_context: None = None
    _started: float = field(default_factory=time.monotonic)

    @property
    def invoked_function_arn(self) -> str:
        """The function's ARN in the emulated region."""
        return f"arn:{PARTITION}:lambda:{REGION}:{ACCOUNT}:function:{self.function_name}"

    @property
    def log_group_name(self) -> str:
        """Where its log would go."""
        return f"/aws/lambda/{self.function_name}"

    @property
    def log_stream_name(self) -> str:
        """One stream for the one process."""
        return "emulated"

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda would end the function."""
        return max(0, int((self.timeout - (time.monotonic() - self._started)) * 1000))


@dataclass(frozen=True)
class Result:
    """What an invocation answers: JSON bytes, and whether they describe a failure."""

    payload: bytes
    failed: bool = False


Elsewhere = Callable[[str, str, bytes, int], Result]
"""Function name, handler, JSON event and timeout to its answer: where functions do not run in this process."""


class Functions:
    """Every function of the stack. Counts what runs, by handler, and keeps what went wrong unexpectedly."""

    def __init__(self, expected: tuple[type[Exception], ...] = (), elsewhere: Elsewhere | None = None) -> None:
        self.elsewhere = elsewhere
        self._expected = frozenset(error.__name__ for error in expected)
        self.ran: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()
        self.failures: list[str] = []

    def expect(self, errors: Iterable[str]) -> None:
        """By errors with these class names functions speak to state machines; they are no failures."""
        self._expected = frozenset(errors)

    def run(self, name: str, handler: str, body: str | bytes | None, timeout: int = 60) -> Result:
        """Import the handler's module as Lambda does, call the function with a JSON event, answer in JSON.

        An exception becomes the payload that Lambda makes of it, with the class name as ``errorType``.
        """
        with self._lock:
            self._running[name] += 1
            self.ran[handler] += 1
        try:
            if self.elsewhere is not None:
                given = body.encode() if isinstance(body, str) else body or b"{}"
                return self._judged(name, self.elsewhere(name, handler, given, timeout))
            event = json.loads(body or "{}")
            result = load(handler)(event, FunctionContext(name, timeout))
            return Result(json.dumps(result, ensure_ascii=False).encode())
        except Exception as error:
            return self._failed(name, error)
        finally:
            with self._lock:
                self._running[name] -= 1

    def _judged(self, name: str, result: Result) -> Result:
        if result.failed:
            described = json.loads(result.payload)
            if described["errorType"] not in self._expected:
                self._note(f"{name} failed\n{json.dumps(described, ensure_ascii=False, indent=1)}")
        return result

    def _note(self, text: str) -> None:
        _log.error(text)
        with self._lock:
            self.failures.append(text)

    def _failed(self, name: str, error: Exception) -> Result:
        if type(error).__name__ not in self._expected:
            self._note(f"{name} failed\n" + "".join(traceback.format_exception(error)))
        payload = {
            "errorMessage": str(error),
            "errorType": type(error).__name__,
            "stackTrace": traceback.format_tb(error.__traceback__),
        }
        return Result(json.dumps(payload, ensure_ascii=False).encode(), failed=True)

    @property
    def started(self) -> int:
        """How many invocations there were so far."""
        with self._lock:
            return self.ran.total()

    def busy(self) -> bool:
        """True while any function runs."""
        with self._lock:
            return any(self._running.values())


def load(handler: str) -> Callable[[Any, Any], Any]:
    """The callable that a handler string names, from its own module, as Lambda loads it."""
    module, _, attribute = handler.rpartition(".")
    found: Callable[[Any, Any], Any] = getattr(importlib.import_module(module), attribute)
    return found
