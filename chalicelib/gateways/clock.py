"""The system clock."""

from datetime import UTC, datetime


class SystemClock:
    """Implements ``ports.Clock``; the only reader of the real time in the product."""

    def now(self) -> datetime:
        return datetime.now(UTC)
