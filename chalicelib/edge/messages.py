"""Reading what SQS and DynamoDB streams hand to a function."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.services.ports import Hint


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """A new row: its place in the stream and its attributes as plain values (numbers as int)."""

    sequence: str
    image: Mapping[str, Any]


def hint_in(message: Mapping[str, Any]) -> Hint:
    """The hint in an SQS message that carries an event of the bus. Raises KeyError or ValueError if there is none."""
    detail = json.loads(message["body"])["detail"]
    return Hint(str(detail["case_id"]), int(detail["number"]), str(detail["type"]))


def is_new_row(record: Mapping[str, Any], key_prefix: str) -> bool:
    """Whether a stream record says that a row was put in whose ``pk`` begins with ``key_prefix``."""
    key: str = record["dynamodb"]["Keys"]["pk"]["S"]
    return record["eventName"] == "INSERT" and key.startswith(key_prefix)


def stream_record(record: Mapping[str, Any]) -> StreamRecord:
    """The new row in a record of a stream with NEW_IMAGE."""
    change = record["dynamodb"]
    return StreamRecord(change["SequenceNumber"], {name: _plain(value) for name, value in change["NewImage"].items()})


def _plain(value: Mapping[str, Any]) -> Any:
    """The value of a typed attribute. Rows of the outbox hold only strings, ints and what is made of them."""
    ((kind, content),) = value.items()
    match kind:
        case "S" | "BOOL":
            return content
        case "N":
            return int(content)
        case "NULL":
            return None
        case "L":
            return [_plain(item) for item in content]
        case "M":
            return {name: _plain(item) for name, item in content.items()}
        case _:
            raise ValueError(f"attribute type {kind} is not used in rows that stream")
