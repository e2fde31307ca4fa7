"""The template of a stage as AWS gets it, kept under build/ for as long as its sources do not change."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infra.local.environment import BUILD, ROOT

_SOURCES = ("app.py", "chalicelib", "infra", "statemachines", "requirements.txt")
_SUFFIXES = (".py", ".json", ".txt")


def template(stage: str) -> dict[str, Any]:
    """Plain CloudFormation of the stage. Made anew (some seconds) only when a source file has changed.

    Raises what ``infra.package`` raises: an unknown stage, or a template that Chalice or SAM refuse.
    """
    kept = BUILD / "local" / f"template-{stage}-{_digest()}.json"
    if kept.exists():
        loaded: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
        return loaded

    from infra.package import stack_template
    from infra.stages import stage_named

    made = stack_template(stage_named(stage))
    kept.parent.mkdir(parents=True, exist_ok=True)
    for old in set(kept.parent.glob(f"template-{stage}-*.json")) - {kept}:
        old.unlink(missing_ok=True)
    # Several test processes may do this at once: the file appears whole or not at all.
    scratch = kept.with_suffix(f".{os.getpid()}.tmp")
    scratch.write_text(json.dumps(made, ensure_ascii=False), encoding="utf-8")
    scratch.replace(kept)
    return made


def _digest() -> str:
    digest = hashlib.sha256()
    for path in sorted(_files()):
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _files() -> Iterator[Path]:
    for name in _SOURCES:
        source = ROOT / name
        if source.is_file():
            yield source
            continue
        for path in source.rglob("*"):
            # The emulated cloud itself, and tables of the catalogue, change no template.
            if path.suffix in _SUFFIXES and not {"local", "catalog", "__pycache__"} & set(path.parts):
                yield path
