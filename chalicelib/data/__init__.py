"""Package data: the texts of problems and labels, one JSON file for each capability.

Texts are read once for each container. A key that two files define is an error: a code has one
meaning and one sentence.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any

Text = Mapping[str, str]
"""``{"zh": …, "en": …}``."""


@cache
def problems() -> Mapping[str, Text]:
    """Every problem code with its Chinese and English sentence.

    Sentences hold ``{param}`` places for the parameters of the violation.
    Raises ValueError when two files define the same code.
    """
    found: dict[str, Text] = {}
    for name, content in _read("problems"):
        _merge(found, content, name)
    return MappingProxyType(dict(sorted(found.items())))


@cache
def labels() -> Mapping[str, Mapping[str, Text]]:
    """The Chinese and English label of every code, by group: ``{"state": {"accepted": {"zh": …, "en": …}}}``.

    Several files may add to one group. Raises ValueError when two define the same key of a group.
    """
    found: dict[str, dict[str, Text]] = {}
    for name, content in _read("labels"):
        for group, texts in content.items():
            _merge(found.setdefault(group, {}), texts, f"{name}: {group}")
    return MappingProxyType(
        {group: MappingProxyType(dict(sorted(texts.items()))) for group, texts in sorted(found.items())}
    )


def label(group: str, key: str) -> Text:
    """One label. A key without a label answers itself, so that a missing text never breaks an answer.

    A test holds that no key of the product lacks its label.
    """
    return labels().get(group, {}).get(key) or {"zh": key, "en": key}


def _read(folder: str) -> list[tuple[str, Any]]:
    """Name and content of each JSON file of a folder of this package, in the order of the names."""
    room: Traversable = files(__name__).joinpath(folder)
    if not room.is_dir():
        return []
    found = sorted((f for f in room.iterdir() if f.name.endswith(".json")), key=lambda f: f.name)
    return [(f"{folder}/{f.name}", json.loads(f.read_text(encoding="utf-8"))) for f in found]


def _merge(into: dict[str, Text], texts: Mapping[str, Text], origin: str) -> None:
    for key, text in texts.items():
        if key in into:
            raise ValueError(f"{origin} defines {key!r}, which another file defines already")
        into[key] = text
