"""The world of the doors, made once for each worker."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from chalicelib import wiring
from tests.doors.world import Doors


@pytest.fixture(scope="session")
def _doors() -> Doors:
    return Doors()


@pytest.fixture
def doors(_doors: Doors) -> Iterator[Doors]:
    """All doors, everything behind them as it was prepared."""
    wiring.install(_doors.wiring)
    logging.disable()  # ten thousand refusals need no lines
    yield _doors
    logging.disable(logging.NOTSET)
    _doors.put_back()
    wiring.install(None)
