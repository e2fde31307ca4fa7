"""Logs and metrics: one logger, one set of metrics, constructed once for each container.

What may be logged is an allow-list, and it is enforced where a line is written: a field that is not in
FIELDS leaves no more than its name, so that no later change can put a person's name, number or form into
a log. For the same reason an exception leaves its type and the places it came through, never its message,
which likes to quote the value that surprised it.

Lines are named events with fields, never sentences::

    with observability.handling(operation="GET /v1/cases", request_id=…):
        logger.info("request_answered", status=200)
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any, TextIO

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from aws_lambda_powertools.metrics import MetricUnit

SERVICE = "onewindow"
MOST_PLACES = 30

FIELDS = frozenset(
    {
        # where and what: never who
        "operation", "function", "request_id", "actor_kind", "code", "codes", "status", "reason", "state", "stage",
        "count", "looked_at", "failed", "kept", "sent", "started", "repaired", "left", "attempt", "shard", "rate",
        "seconds", "due", "timer", "workflow", "kid", "finding", "reasons", "size", "failed_shards",
        # what a sweep did, by finding
        "done", "unknown", "moving", "reported", "restarted", "dead", "issued", "finished",
        # identifiers of things, not of persons
        "case_id", "number", "event_number", "event_type", "task", "node", "execution", "message_id", "sequence",
        "item_code", "certificate",
        # failures
        "error", "places",
    }
)  # fmt: skip

_OURS = frozenset({"level", "location", "message", "timestamp", "service", "xray_trace_id", *FIELDS})


class _AllowList(LambdaPowertoolsFormatter):
    """Writes only what is allowed, whoever logs it and by whatever way."""

    def format(self, record: logging.LogRecord) -> str:
        if isinstance(record.exc_info, tuple) and record.exc_info[1] is not None:
            error = record.exc_info[1]
            record.error, record.places = type(error).__name__, places(error)
            record.exc_info = record.exc_text = None
        return str(super().format(record))

    def serialize(self, log: Any) -> str:
        surplus = sorted(str(name) for name in log if name not in _OURS)
        told = {name: value for name, value in log.items() if name in _OURS}
        if surplus:
            told["fields_left_out"] = surplus
        return str(super().serialize(told))


class _Output(logging.StreamHandler[TextIO]):
    """Standard output as it is now, not as it was at import: test runners replace it."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stdout


# Built before any Chalice app: Chalice puts its own handler on the logger that bears the name of the app,
# and each line would appear twice. app.py configures no logs for the same reason.
logger = Logger(
    service=SERVICE,
    level=os.environ.get("LOG_LEVEL", "INFO").upper(),
    logger_handler=_Output(),
    logger_formatter=_AllowList(utc=True, use_rfc3339=True, serialize_stacktrace=False),
)
_metrics = Metrics(namespace="OneWindow", service=SERVICE)
_metrics_lock = Lock()


@contextmanager
def handling(**fields: str | int) -> Iterator[None]:
    """One request: fields that each of its lines carries, and its metrics written at the end.

    The keys are taken off again whatever happened, or a warm container would carry them to the next
    person; they live in a context variable because the emulated cloud serves requests side by side.
    """
    before = dict(logger.thread_safe_get_current_keys())
    logger.thread_safe_append_keys(**fields)
    try:
        yield
    finally:
        logger.thread_safe_clear_keys()
        logger.thread_safe_append_keys(**before)
        flush()


def failure(event: str, error: BaseException, **fields: str | int) -> None:
    """Something unexpected: the type of the error and the places it came through. Counted as a failure."""
    logger.error(event, extra={**fields, "error": type(error).__name__, "places": places(error)})
    count("Failures")


def count(metric: str, value: int = 1) -> None:
    """Add to a metric of this invocation."""
    with _metrics_lock:
        _metrics.add_metric(name=metric, unit=MetricUnit.Count, value=value)


def flush() -> None:
    """Write the metrics of this invocation, if there are any."""
    with _metrics_lock:
        if _metrics.metric_set:
            _metrics.flush_metrics()


def places(error: BaseException) -> list[str]:
    """``file:line function`` of the innermost frames of an exception, without source lines or values."""
    frames = traceback.extract_tb(error.__traceback__, limit=-MOST_PLACES)
    return [f"{os.path.basename(f.filename)}:{f.lineno} {f.name}" for f in frames]
