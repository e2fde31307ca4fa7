"""What messages say, from package data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any


class PackagedTexts:
    """Implements ``message_ports.MessageTexts``."""

    def template(self, kind: str) -> Mapping[str, str]:
        return packaged()[kind]  # type: ignore[no-any-return]


@cache
def packaged() -> dict[str, Any]:
    """Every template, read once for each container."""
    text = files("chalicelib.data").joinpath("messages.json").read_text(encoding="utf-8")
    return json.loads(text)  # type: ignore[no-any-return]
