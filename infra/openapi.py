"""Generates ``docs/openapi.json``, the checked-in description of the interface.

    python -m infra.openapi           writes it
    python -m infra.openapi --check   fails if it differs from what routes and schemas say now

The same document is served at ``/v1/openapi.json``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from app import app
from chalicelib.edge.api import specs
from chalicelib.edge.openapi import document
from infra.generated import ROOT, command

OPENAPI = ROOT / "docs" / "openapi.json"


def files() -> dict[Path, str]:
    """The one file and its content."""
    return {OPENAPI: json.dumps(document(specs(app)), ensure_ascii=False, indent=2) + "\n"}


if __name__ == "__main__":
    sys.exit(command("Generate docs/openapi.json", "openapi", files))
