"""One stack for each module of the proof, on the real engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.cloud import _with_tables
from tests.proof.stack import Stack, standing


@pytest.fixture(scope="module")
def stack(engine: Any, _emulator: Any) -> Iterator[Stack]:
    with contextmanager(_with_tables)(engine.url) as stores, standing(stores) as made:
        yield made
