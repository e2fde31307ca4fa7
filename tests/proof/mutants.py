"""Mistakes that somebody could make, put around the product by hand: whoever proves has to find them.

Each is a change of what is asked of the store, or a wrapper around a port; no code of the product is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.proof.stack import Stack

Asked = dict[str, Any]


@contextmanager
def asking(stack: Stack, change: Callable[[str, Any], Any]) -> Iterator[None]:
    """Let something else be asked of the store."""
    stack.calls.mutant = change
    try:
        yield
    finally:
        stack.calls.mutant = None


@contextmanager
def with_ports(stack: Stack, change: Callable[[Stack], None]) -> Iterator[None]:
    """Let every container have other ports."""
    before, stack.mutant = stack.mutant, change
    stack.renew()
    try:
        yield
    finally:
        stack.mutant = before
        stack.renew()


def _each(change: Callable[[str, Asked], Asked | None]) -> Callable[[str, Any], Any]:
    """A change of every item of a transaction; None leaves the item out."""

    def changed(operation: str, asked: Any) -> Any:
        if operation != "TransactWriteItems":
            return asked
        items = []
        for item in asked["TransactItems"]:
            ((verb, part),) = item.items()
            now = change(verb, dict(part))
            if now is not None:
                items.append({verb: now})
        return {**asked, "TransactItems": items}

    return changed


def _place(part: Mapping[str, Any]) -> tuple[str, str]:
    key = part.get("Item") or part["Key"]
    return key["pk"]["S"], key["sk"]["S"]


def _without_condition(part: Asked) -> Asked:
    named = ("ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues")
    return {name: value for name, value in part.items() if name not in named}


@_each
def no_version_condition(verb: str, part: Asked) -> Asked | None:
    """The snapshot is written whatever was written since it was read, and the events over those of others."""
    pk, sk = _place(part)
    mine = verb == "Put" and pk.startswith("case#") and (sk == "case" or sk.startswith("event#"))
    return _without_condition(part) if mine else part


@_each
def certificates_whatever_stands(verb: str, part: Asked) -> Asked | None:
    """A certificate is replaced although another has taken its place since it was read."""
    return _without_condition(part) if verb == "Put" and _place(part)[0].startswith("certificate#") else part


@_each
def no_receipt(verb: str, part: Asked) -> Asked | None:
    """The receipt is not part of the transaction."""
    return None if _place(part)[0].startswith("idem#") else part


@_each
def no_outbox(verb: str, part: Asked) -> Asked | None:
    """The commit leaves it to somebody else to publish its events."""
    return None if _place(part)[0].startswith("outbox#") else part


@_each
def token_whatever_happened(verb: str, part: Asked) -> Asked | None:
    """A renewed token is kept although the case has moved on."""
    return None if verb == "ConditionCheck" and _place(part)[1] == "case" else part


def publish_before_commit(stack: Stack) -> None:
    """The events are on the bus before they have happened."""
    from chalicelib.services.ports import Hint

    commit, bus = stack.cases.commit, stack.bus

    def eager(case: Any, events: Any, **more: Any) -> None:
        bus.publish([Hint(record.case_id, record.number, record.event.type) for record in events])
        commit(case, events, **more)

    stack.cases.commit = eager  # type: ignore[method-assign]


def delete_before_publish(stack: Stack) -> None:
    """The row leaves the outbox first."""
    publish, cases = stack.bus.publish, stack.cases

    def late(hints: Any) -> Any:
        for (pk, sk), row in stack.rows(stack.stores.cases).items():
            if pk.startswith("outbox#") and row["case_id"]["S"] in {hint.case_id for hint in hints}:
                cases.sent(f"{pk}|{sk}")
        return publish(hints)

    stack.bus.publish = late  # type: ignore[method-assign]
