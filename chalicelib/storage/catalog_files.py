"""The packaged start catalogue: files of ``data/catalog`` as plain data and bodies."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from chalicelib.domain.catalog import Body, BodyKind

Json = dict[str, Any]
NAMES = ("law", "demo", "vocabulary", "initials")


def packaged_files() -> dict[str, Json]:
    """The layers and the vocabulary by file name: law, demo, vocabulary, initials."""
    folder = resources.files("chalicelib").joinpath("data", "catalog")
    return {name: json.loads(folder.joinpath(f"{name}.json").read_text(encoding="utf-8")) for name in NAMES}


def packaged_bodies() -> Mapping[str, Sequence[Body]]:
    """The demonstration bodies by group."""
    packed = resources.files("chalicelib").joinpath("data", "catalog", "bodies.json.gz").read_bytes()
    groups: dict[str, list[list[str]]] = json.loads(gzip.decompress(packed))
    return {group: tuple(body_of_entry(entry) for entry in entries) for group, entries in groups.items()}


def body_of_entry(entry: Sequence[str]) -> Body:
    """A body from ``[division, department, name, uscc, kind]``; a sixth field ``real`` takes the demo mark away."""
    division, department, name, uscc, kind = entry[:5]
    demo = "real" not in entry[5:]
    return Body(f"{division}-{department}", name, division, department, uscc, BodyKind(kind), demo)


def entry_of_body(body: Body) -> list[str]:
    """The compact form of a body, see ``body_of_entry``."""
    entry = [body.division, body.department, body.name, body.uscc, body.kind.value]
    return entry if body.demo else [*entry, "real"]
