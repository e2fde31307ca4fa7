"""Generates ``docs/openapi.json``, the checked-in description of the interface.

    python -m infra.openapi           writes it
    python -m infra.openapi --check   fails if it differs from what routes and schemas say now

The same document is served at ``/v1/openapi.json``.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "docs" / "openapi.json"


def text() -> str:
    """The document as it stands in the file."""
    from app import app
    from chalicelib.edge.api import specs
    from chalicelib.edge.openapi import document

    return json.dumps(document(specs(app)), ensure_ascii=False, indent=2) + "\n"


def main() -> int:
    """Write the file, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    check = parser.parse_args().check
    if not check:
        FILE.parent.mkdir(exist_ok=True)
        FILE.write_text(text(), encoding="utf-8")
        print(f"wrote {FILE.relative_to(ROOT)}")
        return 0
    if FILE.exists() and FILE.read_text(encoding="utf-8") == text():
        return 0
    print(f"{FILE.relative_to(ROOT)} is not what the routes say now: run `make openapi`", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
