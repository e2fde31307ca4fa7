"""Files that must never be found half written: a kill in the middle leaves the old content."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Replace the file's content in one step."""
    scratch = path.with_name(f"{path.name}.{os.getpid()}.new")
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(path)
