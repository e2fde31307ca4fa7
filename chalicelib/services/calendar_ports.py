"""What publishing the official calendar needs from the outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from chalicelib.domain.calendar import Year


class CalendarStore(Protocol):
    """Keeps the years that operators published, every revision of them. A revision is never changed."""

    def years(self) -> Sequence[Year]:
        """Every revision of every year, in no particular order."""
        ...

    def publish(self, year: Year) -> None:
        """Add a revision. Raises Conflict when somebody else has published that revision."""
        ...
