"""What moving cases needs from Step Functions, as Protocols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class TaskToken:
    """The token of a task, and the attempt whose execution waits for it.

    After a restart that is an older attempt than the case's own, until the new execution has opened the task again.
    """

    value: str
    attempt: int


class Workflows(Protocol):
    """Executions of a state machine."""

    def start(self, case_id: str, attempt: int) -> bool:
        """Start the execution named ``<case id>-<attempt>``; harmless if it was started before.

        True when it is under way now, False when it has already come to its end.
        """
        ...

    def succeed(self, token: str, output: Mapping[str, object]) -> bool:
        """Report a finished task. False when the token is dead (timed out, unknown): nothing to do then."""
        ...

    def fail(self, token: str, error: str, cause: str) -> bool:
        """End a waiting execution through a named error. False when the token is dead."""
        ...

    def is_running(self, case_id: str, attempt: int) -> bool: ...


class WorkflowPorts(Protocol):
    """One for each state machine."""

    @property
    def workflows(self) -> Workflows: ...
    @property
    def checks(self) -> Workflows:
        """Executions of the state machine of checks (``commitment_check``)."""
        ...
