"""moto in this process, made fit for threads and for functions that really run.

moto is pinned: what follows reaches into its models, because there is no other way in. Each patch says what
moto does without it. Nothing here knows OneWindow; template adaptations stand in ``adapt``.
"""

from __future__ import annotations

import copy
import functools
import importlib
import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import boto3
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from moto import mock_aws

from infra.local.environment import ACCOUNT, REGION
from infra.local.functions import Functions


def _internals(name: str) -> Any:
    """A module of moto, without its types: what is reached into here is nobody's interface."""
    return importlib.import_module(f"moto.{name}")


_parser = "stepfunctions.parser"
lambda_models = _internals("awslambda_simple.models")
dynamodb_models = _internals("dynamodb.models")
dynamodb_responses = _internals("dynamodb.responses")
kms_responses = _internals("kms.responses")
kms_utils = _internals("kms.utils")
sqs_models = _internals("sqs.models")
stepfunctions_models = _internals(f"{_parser}.models")
lambda_tasks = _internals(f"{_parser}.asl.component.state.exec.state_task.lambda_eval_utils")
callbacks = _internals(f"{_parser}.asl.eval.callback.callback")
executions = _internals(f"{_parser}.backend.execution")

dynamodb_lock = threading.RLock()
"""Held during every DynamoDB call on moto, whose models are not atomic under threads (62 winners for 60
conditional puts without it). Nothing that runs under it calls back into a function."""

queue_lock = threading.RLock()
_workflow_lock = threading.RLock()
_patched = False
_functions: Functions | None = None


class Emulator:
    """The started moto of this process. Nested starts share one state, as moto itself does."""

    def __init__(self) -> None:
        self._mock = mock_aws(
            config={"lambda": {"use_docker": False}, "stepfunctions": {"execute_state_machine": True}}
        )

    def start(self, functions: Functions | None = None) -> None:
        """Take over every AWS client of the process; ``functions`` runs what Lambda is asked to run."""
        _patch_once()
        self._mock.start()
        if functions is not None:
            self.run_with(functions)

    def run_with(self, functions: Functions) -> None:
        """Let these functions run what Lambda is asked to run: there is one moto, and it asks one runner."""
        global _functions
        _functions = functions

    def stop(self) -> None:
        """Give the clients back and forget all state."""
        abort_executions()
        self._mock.stop()

    def reset(self) -> None:
        """Forget all state. Executions that still run are aborted first, or their threads would stay."""
        abort_executions()
        self._mock.reset()


def running_executions() -> list[Any]:
    """Moto's execution objects that have not ended."""
    backend = stepfunctions_models.stepfunctions_parser_backends[ACCOUNT][REGION]
    return [e for machine in backend.state_machines for e in list(machine.executions) if e.exec_status == "RUNNING"]


def abort_executions(name_starts: str = "") -> list[str]:
    """Abort the running executions whose name starts so; returns their names."""
    found = [e for e in running_executions() if e.name.startswith(name_starts)]
    for execution in found:
        execution.stop(datetime.now(UTC), "Killed", "killed in the emulated cloud")
    return [str(e.name) for e in found]


def hasten_messages(by: timedelta) -> None:
    """Let messages that wait out a visibility timeout or a delay come back sooner by this much."""
    milliseconds = by.total_seconds() * 1000
    with queue_lock:
        for queue in sqs_models.sqs_backends[ACCOUNT][REGION].queues.values():
            for message in queue._messages:
                message.visible_at -= milliseconds
                message.delayed_until -= milliseconds


def is_waiting(execution: Any) -> bool:
    """True if the execution does nothing but wait for a task token that nobody has reported."""
    env = execution.exec_worker.env
    if env is None:
        return False
    history = env.event_manager.get_event_history()
    endpoints = list(env.callback_pool_manager._pool.values())
    return (
        bool(history)
        and history[-1]["type"] == "TaskSubmitted"
        and bool(endpoints)
        and endpoints[-1].get_outcome() is None
    )


def _patch_once() -> None:
    global _patched
    if _patched:
        return
    _patched = True
    logging.getLogger("moto.stepfunctions").setLevel(logging.CRITICAL)  # it logs every caught error with its state
    _serialise_dynamodb()
    _make_transactions_cheap()
    _serialise_queues()
    _sign_digests()
    _run_functions()
    _repair_starts()
    _repair_executions()


def _locked(lock: Any, method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        with lock:
            return method(*args, **kwargs)

    return call


def _serialise_dynamodb() -> None:
    handler = dynamodb_responses.DynamoHandler
    handler.call_action = _locked(dynamodb_lock, handler.call_action)


def _make_transactions_cheap() -> None:
    """Snapshot only what a transaction touches.

    moto copies every touched table deeply, once for each operation: 28 transactions a second beside 1,000
    rows. A rollback needs no more than the touched rows and the list of stream records.
    """
    backend = dynamodb_models.DynamoDBBackend
    original = backend.transact_write_items
    shadows = threading.local()

    def deepcopy(value: Any) -> Any:
        known: dict[str, Any] | None = getattr(shadows, "by_table", None)
        if known is None or not isinstance(value, dynamodb_models.Table):
            return copy.deepcopy(value)
        return known[value.name]

    def transact_write_items(self: Any, transact_items: list[dict[str, Any]]) -> None:
        shadows.by_table = _shadows(self, transact_items)
        try:
            original(self, transact_items)
        finally:
            shadows.by_table = None

    dynamodb_models.copy = SimpleNamespace(deepcopy=deepcopy, copy=copy.copy)
    backend.transact_write_items = transact_write_items


def _shadows(backend: Any, transact_items: list[dict[str, Any]]) -> dict[str, Any]:
    """For each touched table a copy that keeps the touched rows as they are now and shares all others."""
    shadows: dict[str, Any] = {}
    for item in transact_items:
        operation = next(iter(item.values()))
        table = backend.tables.get(operation.get("TableName"))
        if table is None:
            continue
        shadow = shadows.get(table.name) or shadows.setdefault(table.name, _shadow(table))
        key = dynamodb_models.DynamoType((operation.get("Item") or operation["Key"])[table.hash_key_attr])
        if key in table.items:
            shadow.items[key] = copy.deepcopy(table.items[key])
    return shadows


def _shadow(table: Any) -> Any:
    shadow = copy.copy(table)
    shadow.items = copy.copy(table.items)
    if table.stream_shard is not None:
        shadow.stream_shard = copy.copy(table.stream_shard)
        shadow.stream_shard.items = list(table.stream_shard.items)
        shadow.stream_shard.table = shadow
    return shadow


def _serialise_queues() -> None:
    """Moto rebuilds a queue's list when a message is deleted; one that arrives meanwhile would be lost."""
    backend, queue = sqs_models.SQSBackend, sqs_models.Queue
    for owner, names in (
        (backend, ("receive_message", "delete_message", "delete_message_batch", "change_message_visibility")),
        (backend, ("change_message_visibility_batch", "purge_queue")),
        (queue, ("add_message",)),
    ):
        for name in names:
            setattr(owner, name, _locked(queue_lock, getattr(owner, name)))


def _sign_digests() -> None:
    """Moto knows no MessageType and hashes a digest once more: nobody could verify such seals with the public key."""
    response, key = kms_responses.KmsResponse, kms_utils.ECDSAPrivateKey
    answer, sign_message = response.sign, key.sign
    asked = threading.local()

    def sign(self: Any) -> Any:
        asked.for_digest = self._get_param("MessageType") == "DIGEST"
        try:
            return answer(self)
        finally:
            asked.for_digest = False

    def sign_digest(self: Any, message: bytes, signing_algorithm: str) -> Any:
        if not getattr(asked, "for_digest", False):
            return sign_message(self, message, signing_algorithm)
        return self.private_key.sign(message, ec.ECDSA(utils.Prehashed(hashes.SHA256())))

    response.sign, key.sign = sign, sign_digest


def _run_functions() -> None:
    """Moto without Docker echoes the payload; run the function that the template names instead."""

    def invoke(
        self: Any,
        function_name: str,
        qualifier: str | None,
        body: Any,
        headers: Mapping[str, str],
        response_headers: dict[str, str],
    ) -> bytes:
        function = self.get_function(function_name, qualifier)
        if _functions is None:
            raise RuntimeError(f"{function_name} was invoked, but this process runs no functions")
        result = _functions.run(function.function_name, function.handler, body, timeout=int(function.timeout))
        if result.failed:
            response_headers["x-amz-function-error"] = "Unhandled"
        return result.payload

    lambda_models.LambdaSimpleBackend.invoke = invoke

    # The interpreter makes a new client for each task (60 ms, and sessions are not made for threads).
    original = lambda_tasks.boto_client_for
    clients: dict[tuple[str, str], Any] = {}

    def client_for(region: str, service: str, state_credentials: Any = None) -> Any:
        with _workflow_lock:
            key = (region, service)
            if key not in clients:
                clients[key] = original(region=region, service=service, state_credentials=state_credentials)
            return clients[key]

    lambda_tasks.boto_client_for = client_for


def _repair_starts() -> None:
    """An execution that was started can be reported to, stopped and looked at."""
    backend = stepfunctions_models.StepFunctionsParserBackend
    start = backend.start_execution

    # moto lists an execution before its thread has made its environment, and whoever reports a token of
    # another one meanwhile stumbles over it (AttributeError: 'NoneType' … 'callback_pool_manager').
    def start_and_wait(self: Any, *args: Any, **kwargs: Any) -> Any:
        execution = start(self, *args, **kwargs)
        for _ in range(1000):
            if execution.exec_worker.env is not None:
                break
            time.sleep(0.005)
        return execution

    backend.start_execution = _locked(_workflow_lock, start_and_wait)
    for name in ("send_task_success", "send_task_failure", "send_task_heartbeat"):
        setattr(backend, name, _locked(_workflow_lock, getattr(backend, name)))


def _repair_executions() -> None:
    """Reporting twice and aborting behave as on AWS."""
    # A token that was reported is spent: AWS answers TaskTimedOut, moto takes it again and forgets it.
    pool = callbacks.CallbackPoolManager
    notify = pool.notify

    def notify_once(self: Any, callback_id: str, outcome: Any) -> bool:
        with _workflow_lock:
            endpoint = self.get(callback_id)
            if endpoint is not None and (endpoint._notify_event.is_set() or endpoint.consumer_error is not None):
                raise stepfunctions_models.TaskTimedOut(
                    "Task Timed Out: 'Provided task does not exist anymore'", exception_type="TaskTimedOut"
                )
            return bool(notify(self, callback_id, outcome))

    pool.notify = notify_once

    # moto marks an aborted execution only when its wait is over, which may be a month away.
    stop = executions.Execution.stop
    communication = executions.BaseExecutionWorkerCommunication
    reflect = communication._reflect_execution_status

    def stop_now(self: Any, stop_date: datetime, error: str | None, cause: str | None) -> None:
        if self.exec_status != executions.ExecutionStatus.RUNNING:
            return
        stop(self, stop_date, error, cause)
        self.aborted = True
        self.exec_status, self.stop_date = executions.ExecutionStatus.ABORTED, stop_date
        for endpoint in list(self.exec_worker.env.callback_pool_manager._pool.values()):
            endpoint.interrupt_all()

    def reflect_unless_aborted(self: Any) -> None:
        if not getattr(self.execution, "aborted", False):
            reflect(self)

    executions.Execution.stop = stop_now
    communication._reflect_execution_status = reflect_unless_aborted


def client(service: str, **options: Any) -> Any:
    """An AWS client of the emulated region."""
    make: Any = boto3.client  # its overloads want a literal
    return make(service, region_name=REGION, **options)
