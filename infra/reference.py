"""Generates ``docs/reference.md`` from the code: ``python -m infra.reference [--check]``.

Events, problem codes, functions, stages: everything that has a name which somebody may meet in a log, an answer or
an alarm and want to look up. Routes and schemas stand in docs/openapi.json.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from chalicelib import data
from chalicelib.domain import case_events
from chalicelib.domain.case_events import Event
from chalicelib.edge.functions import Queue, Schedule, Stream, Task
from infra.functions import Function, functions
from infra.generated import ROOT, command
from infra.resources import environment
from infra.stages import STAGES

REFERENCE = ROOT / "docs" / "reference.md"

_INTRODUCTION = """\
# Reference

Generated from the code by `make reference`; do not edit. Routes and schemas: [openapi.json](openapi.json).
"""


def files() -> dict[Path, str]:
    """The one file and its content."""
    parts = [_INTRODUCTION, _events(), _functions(), _stages(), _problems()]
    return {REFERENCE: "\n".join(parts)}


def event_types() -> dict[str, type[Event]]:
    """Every event of a case by its type."""
    classes = [c for _, c in inspect.getmembers(case_events, inspect.isclass) if issubclass(c, Event)]
    # Classes without a type of their own only group others.
    return dict(sorted((c.type, c) for c in classes if isinstance(vars(c).get("type"), str)))


def _events() -> str:
    consumers = {
        kind: [f.name for f in functions().values() if isinstance(f.source, Queue) and kind in f.source.detail_types]
        for kind in event_types()
    }
    rows = [
        (f"`{kind}`", data.label("event", kind)["zh"], _first_sentence(event), ", ".join(consumers[kind]))
        for kind, event in event_types().items()
    ]
    return _table("Events", ("type", "中文", "what happened", "consumed by"), rows)


def _functions() -> str:
    rows = [
        (
            f"`{function.name}`",
            _fed_by(function),
            f"{function.timeout} s",
            "; ".join(sorted(function.uses)),
            " ".join(f"`{name}`" for name in sorted(environment(function))),
        )
        for function in functions().values()
    ]
    return _table("Functions", ("function", "fed by", "time", "may", "is told"), rows)


def _fed_by(function: Function) -> str:
    match function.source:
        case Queue():
            return "queue of events"
        case Stream() as source:
            return f"new rows `{source.key_prefix}…` of the cases table"
        case Schedule() as source:
            return source.rate
        case Task() as source:
            return f"state machine `{source.state_machine}`"
        case _:
            return "HTTP"


def _stages() -> str:
    rows = [(f"`{stage.name}`", stage.region_code, stage.zh) for stage in STAGES.values()]
    return _table("Stages", ("stage", "home division", "中文"), rows)


def _problems() -> str:
    rows = [(f"`{code}`", text["zh"], text["en"]) for code, text in data.problems().items()]
    return _table("Problem codes", ("code", "中文", "English"), rows)


def _first_sentence(event: type[Event]) -> str:
    text = " ".join((inspect.getdoc(event) or "").split())
    return text.split(". ")[0].rstrip(".")


def _table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"## {title}", "", _row(head), _row(["---"] * len(head)), *(_row(row) for row in rows), ""]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


if __name__ == "__main__":
    sys.exit(command("Generate docs/reference.md", "reference", files))
