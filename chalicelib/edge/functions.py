"""How Lambda functions that are not HTTP are declared: tasks of state machines, queue consumers, stream and clock.

    bp = EventBlueprint(__name__)

    @bp.queue(detail_types=("case.submitted",))
    def start_workflows(hint: Hint) -> None: ...

Chalice keeps the function's name and handler string; ``REGISTRY`` keeps what feeds it, so that the
template, the policies and the emulated cloud are made from the code and never typed twice.

Everything a function needs around it stands in the wrapper made here, not in Chalice middleware: Lambda
imports the blueprint's module alone and never runs ``app.py``, where middleware would be registered
(https://github.com/aws/chalice/issues/1566). For the same reason event sources other than ``lambda_function``
are not used: Chalice's SQS and stream decorators can neither report partial batches nor name a bus.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from chalice import Blueprint  # type: ignore[attr-defined]

from chalicelib.domain.errors import Conflict, DomainError, Unavailable
from chalicelib.edge.messages import StreamRecord, hint_in, is_new_row, stream_record
from chalicelib.observability import logger
from chalicelib.services.ports import Hint

# -- what feeds a function ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Queue:
    """An SQS queue behind a rule of the bus that lets these detail types through.

    The mapping reports batch item failures, so one bad message is not paid for by its neighbours. After
    ``max_receives`` tries a message rests in the dead-letter queue; the visibility timeout is six times
    the function's timeout, as AWS asks. The rule's own target keeps trying for ``rule_max_age`` seconds and
    has a dead-letter queue too: without one EventBridge drops the event silently.
    """

    detail_types: tuple[str, ...]
    batch_size: int = 10
    max_receives: int = 5
    rule_retries: int = 185
    rule_max_age: int = 86_400


@dataclass(frozen=True, slots=True)
class Stream:
    """New rows of the cases table whose partition key begins with ``key_prefix``.

    Retries are few and young on purpose: an outbox row that the relay could not send stays in the table,
    and the sweeper takes it. A poisoned record must not hold its shard for the 24 hours a stream lives.
    """

    key_prefix: str
    batch_size: int = 100
    retries: int = 5
    max_age: int = 600
    bisect_on_error: bool = True


@dataclass(frozen=True, slots=True)
class Schedule:
    """The clock. ``rate`` is a schedule expression of EventBridge: ``rate(1 minute)``, or ``cron(10 16 * * ? *)``
    for a moment of each day in UTC.
    """

    rate: str

    def __post_init__(self) -> None:
        each = r"rate\((1 (minute|hour|day)|([2-9]|[1-9]\d+) (minutes|hours|days))\)"
        daily = r"cron\([1-5]?\d (1?\d|2[0-3]) \* \* \? \*\)"
        if not re.fullmatch(f"{each}|{daily}", self.rate):
            raise ValueError(f"not a schedule expression: {self.rate}")


@dataclass(frozen=True, slots=True)
class Task:
    """A task of a state machine (``statemachines/<state_machine>.asl.json``).

    ``errors`` are the class names that the state machine may catch: its contract with the code.
    """

    state_machine: str
    errors: tuple[str, ...] = ()


Source = Queue | Stream | Schedule | Task


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """A Lambda function that is not HTTP: its name in Chalice, its handler string, and what feeds it."""

    name: str
    handler: str
    source: Source
    timeout: int


REGISTRY: dict[str, FunctionSpec] = {}
"""Every function declared so far, by name. Complete once ``app`` is imported."""


# -- what a state machine sees of failures that are not the domain's ----------------------------------------


class TryAgain(Exception):
    """Nothing is wrong with the case: somebody else was quicker (Conflict) or a service is away (Unavailable).

    State machines retry this name; they never retry a domain error, which does not get better by itself.
    """


class TaskFailed(Exception):
    """Something unforeseen. The log has it, under the request id in the message.

    The original exception goes no further: its text may quote data of the case, and what a task raises is
    written into the execution's history, which is no place for personal data.
    """


TECHNICAL_ERRORS = (TryAgain.__name__, TaskFailed.__name__)


# -- the blueprints ---------------------------------------------------------------------------------------


class LambdaHandler(Protocol):
    """What Lambda calls."""

    def __call__(self, event: Any, context: Any) -> Any: ...


TaskFunction = Callable[[Mapping[str, Any]], Any]
Consumer = Callable[[Hint], None]
StreamConsumer = Callable[[Sequence[StreamRecord]], Collection[str]]
ClockFunction = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class _Functions(Blueprint):
    """Registers the wrapped function under its own name, outermost, as Chalice's handler strings need it."""

    def _declare(self, function: Callable[..., Any], handler: LambdaHandler, source: Source, timeout: int) -> Any:
        name = function.__name__
        spec = FunctionSpec(name, f"{self._import_name}.{name}", source, timeout)
        if name in REGISTRY and REGISTRY[name].handler != spec.handler:
            raise ValueError(f"two functions are named {name}: {REGISTRY[name].handler} and {spec.handler}")
        REGISTRY[name] = spec
        return self.lambda_function(name=name)(handler)


class TaskBlueprint(_Functions):
    """Functions that state machines call."""

    def task(
        self, *, state_machine: str, errors: tuple[type[Exception], ...] = (), timeout: int = 30
    ) -> Callable[[TaskFunction], LambdaHandler]:
        """Declare ``function(event)`` as a task.

        ``errors`` and domain errors reach the state machine under their class names; Conflict and
        Unavailable as TryAgain, anything unforeseen as TaskFailed.
        """
        source = Task(state_machine, tuple(error.__name__ for error in errors))
        expected: tuple[type[Exception], ...] = (DomainError, *errors)

        def declare(function: TaskFunction) -> LambdaHandler:
            @functools.wraps(function)
            def handler(event: Any, context: Any) -> Any:
                request = _request_id(context)
                keys = {"case_id": event.get("case_id"), "execution": event.get("execution")}
                with log_context(function=function.__name__, request_id=request, **keys):
                    try:
                        return function(event)
                    except (Conflict, Unavailable) as error:
                        logger.info("task_to_be_retried", error=type(error).__name__, code=error.code)
                        raise TryAgain(error.code) from None
                    except expected as error:
                        logger.info("task_refused", error=type(error).__name__)
                        raise
                    except Exception:
                        logger.exception("task_failed")
                        raise TaskFailed(f"see the log, request {request}") from None

            return self._declare(function, handler, source, timeout)  # type: ignore[no-any-return]

        return declare


class EventBlueprint(_Functions):
    """Functions fed by the bus, the stream and the clock."""

    def queue(self, *, detail_types: Sequence[str], timeout: int = 30) -> Callable[[Consumer], LambdaHandler]:
        """Declare ``consumer(hint)``, called once for each message of a batch.

        A message whose consumer raises is reported back and comes again; the others are done.
        """
        source = Queue(tuple(detail_types))

        def declare(consumer: Consumer) -> LambdaHandler:
            @functools.wraps(consumer)
            def handler(event: Any, context: Any) -> dict[str, Any]:
                failures: list[str] = []
                for record in event["Records"]:
                    with log_context(function=consumer.__name__, request_id=_request_id(context)):
                        if not _consume(consumer, record):
                            failures.append(record["messageId"])
                return {"batchItemFailures": [{"itemIdentifier": failure} for failure in failures]}

            return self._declare(consumer, handler, source, timeout)  # type: ignore[no-any-return]

        return declare

    def stream(self, *, key_prefix: str, timeout: int = 60) -> Callable[[StreamConsumer], LambdaHandler]:
        """Declare ``consumer(records)`` for new rows; it answers the sequence numbers of those that failed.

        Lambda starts again at the lowest of them. When the consumer raises, the whole batch comes again.
        """
        source = Stream(key_prefix)

        def declare(consumer: StreamConsumer) -> LambdaHandler:
            @functools.wraps(consumer)
            def handler(event: Any, context: Any) -> dict[str, Any]:
                with log_context(function=consumer.__name__, request_id=_request_id(context)):
                    # The mapping filters too; doing it here makes a badly filtered mapping harmless.
                    records = [stream_record(r) for r in event["Records"] if is_new_row(r, key_prefix)]
                    failed = set(consumer(records)) if records else set()
                    # In the order of the stream, so that the first one is the place to go on from.
                    order = [record.sequence for record in records if record.sequence in failed]
                return {"batchItemFailures": [{"itemIdentifier": sequence} for sequence in order]}

            return self._declare(consumer, handler, source, timeout)  # type: ignore[no-any-return]

        return declare

    def schedule(  # type: ignore[override]  # Chalice's own decorator would make a rule that we cannot configure
        self, *, rate: str, timeout: int = 300
    ) -> Callable[[ClockFunction], LambdaHandler]:
        """Declare ``function(event)``, run at a rate; operators invoke it by hand, too. Its answer is a summary."""
        source = Schedule(rate)

        def declare(function: ClockFunction) -> LambdaHandler:
            @functools.wraps(function)
            def handler(event: Any, context: Any) -> dict[str, Any]:
                with log_context(function=function.__name__, request_id=_request_id(context)):
                    summary = dict(function(event or {}))
                    logger.info("schedule_done", **summary)
                    return summary

            return self._declare(function, handler, source, timeout)  # type: ignore[no-any-return]

        return declare


def _consume(consumer: Consumer, record: Mapping[str, Any]) -> bool:
    try:
        hint = hint_in(record)
        with log_context(case_id=hint.case_id, event_number=hint.number, event_type=hint.type):
            try:
                consumer(hint)
            except DomainError as error:
                logger.info("hint_to_be_retried", error=type(error).__name__, code=error.code)
                return False
    except Exception:
        logger.exception("hint_failed", message_id=record["messageId"])
        return False
    return True


@contextmanager
def log_context(**keys: object) -> Iterator[None]:
    """Put keys on every log line within, and take them off again, whatever happens.

    A warm function serves the next citizen with the same logger: keys that stayed would put one person's
    case on another's lines. The keys live in a context variable, because the emulated cloud runs
    functions side by side in threads.
    """
    before = dict(logger.thread_safe_get_current_keys())
    logger.thread_safe_append_keys(**{key: value for key, value in keys.items() if value is not None})
    try:
        yield
    finally:
        logger.thread_safe_clear_keys()
        logger.thread_safe_append_keys(**before)


def _request_id(context: Any) -> str:
    return str(getattr(context, "aws_request_id", "") or "local")
