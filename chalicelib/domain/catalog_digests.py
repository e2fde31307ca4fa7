"""Digests of published content: equal content, equal digest, whatever the order of its keys."""

from __future__ import annotations

import hashlib
import json


def digest_of(content: object) -> str:
    """SHA-256 (hex) over the canonical JSON of plain data."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
