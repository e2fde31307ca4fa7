"""How much one case may hold. DynamoDB refuses an item above 400 KB (409,600 bytes), and a refusal there helps nobody.

What counts is what is stored: compact JSON of the event and of the snapshot. It can be far larger than the request that
it came from (``1e15`` in a body is ``1000000000000000.0`` in the store), so no limit on bodies stands in for it.
"""

from __future__ import annotations

from collections.abc import Iterable

from chalicelib.domain.case_events import EventRecord
from chalicelib.domain.errors import Invalid

MOST_APPLICATION = 300_000
"""Bytes of a case whose form or materials are being stored. What comes later has to find room beside them."""

MOST_STORED = 390_000
"""Bytes of any event or snapshot."""


def must_fit(events: Iterable[EventRecord], sizes: Iterable[int]) -> None:
    """Raise Invalid ``case.too-large`` with size and limit unless every one of the sizes (in bytes) can be stored."""
    carries = any(record.event.carries_application for record in events)
    limit = MOST_APPLICATION if carries else MOST_STORED
    size = max(sizes)
    if size > limit:
        raise Invalid.because("case.too-large", "/form" if carries else "", size=size, limit=limit)
