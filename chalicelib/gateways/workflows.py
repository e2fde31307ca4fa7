"""Executions of the case-routing state machine in AWS Step Functions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import DomainError, Unavailable
from chalicelib.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

DEAD_TOKEN = frozenset({"TaskTimedOut", "InvalidToken", "TaskDoesNotExist"})
"""What Step Functions answers to a token nobody waits for any more. Trying again never helps."""

ALIVE = frozenset({"RUNNING", "PENDING_REDRIVE"})


class StepFunctionsWorkflows:
    """Implements ``ports.Workflows``. Raises Unavailable when Step Functions does not answer or refuses."""

    def __init__(self, client: SFNClient, state_machine_arn: str) -> None:
        self._client = client
        self._state_machine = state_machine_arn

    def start(self, case_id: str, attempt: int) -> bool:
        """Start the execution ``<case id>-<attempt>``. True while it lives, False when it has already ended.

        The name is what makes a start safe to repeat. While an execution of that name is running, AWS
        answers a second start with the same input as if it were the first. Once it has ended, the name stays
        taken for 90 days and AWS says ExecutionAlreadyExists, which is harmless in both cases in which it
        happens: the hint that asked for the start came late or twice, and the case has long gone through
        (nothing to do); or the execution died, which is for reconciliation to find and to record, and its
        restart gets another attempt and so another name. The input holds nothing but the name's own parts,
        always in the same order, so "same name, other input" cannot occur.
        """
        try:
            self._client.start_execution(
                stateMachineArn=self._state_machine,
                name=execution_name(case_id, attempt),
                input=json.dumps({"case_id": case_id, "attempt": attempt}),
            )
        except ClientError as error:
            if _code(error) == "ExecutionAlreadyExists":
                return False
            raise _unavailable(error) from error
        except BotoCoreError as error:
            raise _unavailable(error) from error
        return True

    def succeed(self, token: str, output: Mapping[str, object]) -> bool:
        try:
            self._client.send_task_success(taskToken=token, output=json.dumps(dict(output)))
        except (BotoCoreError, ClientError) as error:
            return _dead(error)
        return True

    def fail(self, token: str, error: str, cause: str) -> bool:
        try:
            self._client.send_task_failure(taskToken=token, error=error, cause=cause)
        except (BotoCoreError, ClientError) as refusal:
            return _dead(refusal)
        return True

    def is_running(self, case_id: str, attempt: int) -> bool:
        arn = f"{self._state_machine.replace(':stateMachine:', ':execution:')}:{execution_name(case_id, attempt)}"
        try:
            return self._client.describe_execution(executionArn=arn)["status"] in ALIVE
        except ClientError as error:
            if _code(error) == "ExecutionDoesNotExist":
                return False
            raise _unavailable(error) from error
        except BotoCoreError as error:
            raise _unavailable(error) from error


def execution_name(case_id: str, attempt: int) -> str:
    """At most 80 ASCII characters: a ULID, a dash, a number."""
    return f"{case_id}-{attempt}"


def _dead(error: BotoCoreError | ClientError) -> bool:
    """False for a dead token; anything else is worth another try, so it is raised. The token itself is never logged."""
    if isinstance(error, ClientError) and _code(error) in DEAD_TOKEN:
        logger.info("task_token_dead", reason=_code(error))
        return False
    raise _unavailable(error) from error


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _unavailable(error: BotoCoreError | ClientError) -> DomainError:
    reason = _code(error) if isinstance(error, ClientError) else type(error).__name__
    logger.warning("step_functions_unavailable", reason=reason)
    return Unavailable.because("workflow.unavailable")
