"""A small reading of IAM: enough to ask of each call that the product makes whether its function's policy allows it.

moto allows everything. What is judged here are the policies that would be deployed, by the rules of IAM's own
evaluation: a call needs a statement that allows it, and none that denies it; a condition on leading keys holds if
all (ForAllValues) or any (ForAnyValue) of the partition keys of the call match.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import pytest
from botocore.client import BaseClient
from chalice.app import Chalice

from infra.functions import API_HANDLER
from infra.local.functions import Functions

Json = dict[str, Any]

_running: ContextVar[str] = ContextVar("running", default="")


@dataclass(frozen=True)
class Call:
    """One thing that a function did: the action, what it was done to, and the partition keys it named."""

    function: str
    action: str
    resource: str  # cases | cases/index/listing | catalog | the service's name for everything else
    keys: tuple[str, ...] = ()


def allowed(policy: Json, call: Call) -> bool:
    """IAM's decision."""
    matching = [s for s in policy["Statement"] if _matches(s, call)]
    return any(s["Effect"] == "Allow" for s in matching) and all(s["Effect"] == "Allow" for s in matching)


def _matches(statement: Json, call: Call) -> bool:
    if not any(fnmatchcase(call.action, pattern) for pattern in statement["Action"]):
        return False
    if call.action.startswith("dynamodb:") and call.resource not in {_table(r) for r in statement["Resource"]}:
        return False
    for operator, condition in statement.get("Condition", {}).items():
        patterns = condition["dynamodb:LeadingKeys"]
        hits = [any(fnmatchcase(key, pattern) for pattern in patterns) for key in call.keys]
        if not {"ForAllValues:StringLike": all, "ForAnyValue:StringLike": any}[operator](hits):
            return False
    return True


def _table(resource: Any) -> str:
    text = str(resource)
    table = (
        "cases"
        if "CasesTable" in text
        else "catalog"
        if "CatalogTable" in text
        else "places"
        if "PlacesTable" in text
        else ""
    )
    index = re.search(r"/index/([\w*]+)", text)
    return f"{table}/index/{index[1]}" if index else table


@contextlib.contextmanager
def recorded(monkeypatch: pytest.MonkeyPatch, physical: dict[str, str]) -> Iterator[set[Call]]:
    """Note every AWS call that a function makes while this lasts. ``physical``: physical name to function name."""
    calls: set[Call] = set()
    lock = threading.Lock()
    make_call, run, serve = BaseClient._make_api_call, Functions.run, Chalice.__call__

    def noting(client: BaseClient, operation: str, parameters: Json) -> Any:
        if function := _running.get():
            with lock:
                calls.update(Call(function, *done) for done in _done(client, operation, parameters))
        return make_call(client, operation, parameters)

    def running(functions: Functions, name: str, *rest: Any, **options: Any) -> Any:
        token = _running.set(physical[name])
        try:
            return run(functions, name, *rest, **options)
        finally:
            _running.reset(token)

    def serving(app: Chalice, event: Any, context: Any) -> Any:
        token = _running.set(API_HANDLER)
        try:
            return serve(app, event, context)
        finally:
            _running.reset(token)

    with monkeypatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", noting)
        patch.setattr(Functions, "run", running)
        patch.setattr(Chalice, "__call__", serving)
        yield calls


_SERVICES = {"stepfunctions": "states"}
_RIGHTS = {"s3:ListObjectVersions": "s3:ListBucketVersions", "s3:HeadObject": "s3:GetObject"}
"""Where the right to a call has another name."""


def _done(client: BaseClient, operation: str, parameters: Json) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    service = client.meta.service_model.service_name
    if service == "dynamodb":
        yield from _on_tables(operation, parameters)
    else:
        name = _SERVICES.get(service, service)
        action = f"{name}:{operation}"
        yield _RIGHTS.get(action, action), name, ()


def _on_tables(operation: str, parameters: Json) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    match operation:
        case "TransactWriteItems":
            for item in parameters["TransactItems"]:
                ((kind, details),) = item.items()
                yield _on_row(
                    {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem"}.get(kind, kind), details
                )
        case "TransactGetItems":
            for item in parameters["TransactItems"]:
                yield _on_row("GetItem", item["Get"])
        case "BatchGetItem" | "BatchWriteItem":
            for table, details in parameters["RequestItems"].items():
                keys = tuple(key["pk"]["S"] for key in details["Keys"])
                yield f"dynamodb:{operation}", _short(table), keys
        case "Query":
            index = parameters.get("IndexName")
            table = _short(parameters["TableName"])
            key = re.search(r"(#?\w+) = (:\w+)", parameters["KeyConditionExpression"])
            assert key is not None
            value = parameters["ExpressionAttributeValues"][key[2]]["S"]
            yield "dynamodb:Query", f"{table}/index/{index}" if index else table, (value,)
        case _:
            yield _on_row(operation, parameters)


def _on_row(action: str, details: Json) -> tuple[str, str, tuple[str, ...]]:
    row = details.get("Item") or details.get("Key")
    action = "ConditionCheckItem" if action == "ConditionCheck" else action
    return f"dynamodb:{action}", _short(details["TableName"]), (row["pk"]["S"],) if row else ()


def _short(table: str) -> str:
    return table.rpartition("-")[2]
