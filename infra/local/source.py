"""What every event source is, and how it calls a function: through Lambda's API, as the real pollers do."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Protocol

from infra.local import emulator

Json = dict[str, Any]
Invoke = Callable[[str, Json], Json]
"""Function name (or ARN) and event to answer; raises InvocationFailed when the function failed."""

POLL_SECONDS = 0.02
RETRY_SECONDS = 0.2


class Source(Protocol):
    """Something that delivers. ``pause`` is how long it rests when there was nothing."""

    name: str
    pause: float

    def poll(self) -> bool:
        """Deliver what is there; True if there was something."""
        ...

    def quiet(self) -> bool:
        """True if nothing is waiting to be delivered now."""
        ...


class InvocationFailed(Exception):
    """The function raised. Where it ran, its failure is recorded."""


def invoker() -> Invoke:
    """An ``Invoke`` over Lambda's API."""
    client = emulator.client("lambda")

    def invoke(function: str, event: Json) -> Json:
        answer = client.invoke(FunctionName=function, Payload=json.dumps(event, ensure_ascii=False).encode())
        payload = json.loads(answer["Payload"].read() or b"null")
        if answer.get("FunctionError"):
            raise InvocationFailed(f"{function}: {payload['errorType']}")
        return payload if isinstance(payload, dict) else {}

    return invoke
