"""JSON Schemas (2020-12) of everything that enters and leaves, one file each: ``<capability>/<name>.json``.

A schema refers to another by its place, as an editor would: ``{"$ref": "../elements/text.json"}``.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

Schema = Mapping[str, Any]

BASE = "schema:///"
"""Where references are resolved from. No server: nothing is ever fetched."""

_NAME = re.compile(r"[a-z_]+/[a-z_]+")


@cache
def load(name: str) -> Schema:
    """The schema ``cases/draft``. Callers must not change it.

    Raises FileNotFoundError for a name that has no file, ValueError for what is no name.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"not the name of a schema: {name!r}")
    found: Schema = json.loads(files(__name__).joinpath(f"{name}.json").read_text(encoding="utf-8"))
    return found


def uri_of(name: str) -> str:
    """The address that the references of a schema are relative to."""
    return f"{BASE}{name}.json"


def by_uri(uri: str) -> Schema:
    """The schema behind a resolved reference. Raises ValueError for anything outside this package."""
    if not (uri.startswith(BASE) and uri.endswith(".json")):
        raise ValueError(f"not a schema of this product: {uri!r}")
    return load(uri[len(BASE) : -len(".json")])


def target(name: str, reference: str) -> tuple[str, str]:
    """Where a reference inside the schema ``name`` leads: the name of a schema, and the pointer within it.

    (urllib joins only addresses whose scheme it knows.)
    """
    place, _, pointer = reference.partition("#")
    if not place:
        return name, pointer
    path = posixpath.normpath(posixpath.join(posixpath.dirname(name), place))
    return path.removesuffix(".json"), pointer


def names() -> list[str]:
    """The name of every schema of the package, sorted."""
    room = files(__name__)
    folders = [f for f in room.iterdir() if f.is_dir()]
    return sorted(f"{d.name}/{f.name[:-5]}" for d in folders for f in d.iterdir() if f.name.endswith(".json"))
