"""A clock that can be moved. It exists only in the emulated cloud."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from infra.local.files import write_whole


class MovableClock:
    """Real time plus an offset; implements ``services.ports.Clock``.

    ``keep`` names a file in which the offset survives a restart: data that a real engine kept must not lie
    in the future of the clock that reads it.
    """

    def __init__(self, keep: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._keep = keep
        self._offset = timedelta(seconds=self._kept())

    def now(self) -> datetime:
        """The present moment of the emulated cloud, aware, in UTC."""
        with self._lock:
            return datetime.now(UTC) + self._offset

    @property
    def offset(self) -> timedelta:
        """How far the clock stands ahead of real time."""
        return self._offset

    def advance(self, by: timedelta) -> datetime:
        """Move forwards and return the new moment. Raises ValueError for a step back: facts stay recorded."""
        if by < timedelta(0):
            raise ValueError("the clock only moves forwards; reset the emulated cloud to go back")
        with self._lock:
            self._offset += by
            self._write()
        return self.now()

    def set(self, moment: datetime) -> datetime:
        """Move forwards to a moment (aware). Raises ValueError if it has passed, or has no time zone."""
        if moment.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return self.advance(moment - self.now())

    def reset(self) -> None:
        """Back to real time; only together with a reset of the data."""
        with self._lock:
            self._offset = timedelta(0)
            self._write()

    def _kept(self) -> float:
        if self._keep is None or not self._keep.exists():
            return 0.0
        return float(json.loads(self._keep.read_text())["offset_seconds"])

    def _write(self) -> None:
        if self._keep is not None:
            self._keep.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._keep, json.dumps({"offset_seconds": self._offset.total_seconds()}))
