"""Domain objects to JSON and back, exactly. What is stored is what the domain's dataclasses say (docs/adr)."""

from __future__ import annotations

import json
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import cattrs
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from chalicelib.domain.case_events import Event, EventRecord
from chalicelib.domain.cases import EVENTS, Case

T = TypeVar("T")


def instant(at: datetime) -> str:
    """A moment as text of fixed width in UTC, so that text order is time order."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


_converter = cattrs.Converter(
    forbid_extra_keys=False,
    omit_if_default=False,
    unstruct_collection_overrides={AbstractSet: sorted},  # equal objects give equal text
)
_converter.register_unstructure_hook(date, date.isoformat)
_converter.register_structure_hook(date, lambda text, _: date.fromisoformat(text))
_converter.register_unstructure_hook(datetime, instant)
_converter.register_structure_hook(datetime, lambda text, _: datetime.fromisoformat(text))
# The head of the log is an attribute of the row, not part of the snapshot.
_converter.register_unstructure_hook(Case, make_dict_unstructure_fn(Case, _converter, log_head=override(omit=True)))
_converter.register_structure_hook(Case, make_dict_structure_fn(Case, _converter, log_head=override(omit=True)))


def dumps(value: object) -> str:
    """Compact JSON of a domain object; equal objects give equal text."""
    plain = _converter.unstructure(value)
    return json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def loads(text: str, kind: type[T]) -> T:
    """The domain object of a stored text."""
    return _converter.structure(json.loads(text), kind)


def dump_event(record: EventRecord) -> str:
    """An event with its envelope, the event's type as a tag."""
    plain: dict[str, Any] = _converter.unstructure(record)
    plain["event"] = {"type": record.event.type, **_converter.unstructure(record.event)}
    return json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def load_event(text: str) -> EventRecord:
    """The event of a stored text."""
    plain = json.loads(text)
    data = plain["event"]
    event: Event = _converter.structure(data, EVENTS[data.pop("type")])
    plain["event"] = {}
    record = _converter.structure(plain, EventRecord)
    return EventRecord(record.case_id, record.number, record.recorded_at, record.effective_at, record.actor, event)
