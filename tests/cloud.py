"""Fixtures of the emulated cloud. ``tests/conftest.py`` takes them over, so every test can ask for them.

``cloud``   the whole stack in this process, with an HTTP base URL and tokens; started once for each worker
``aws``     moto with the stack's tables and nothing else, for tests of storage
``engine``  the real DynamoDB engine, in memory, once for each worker
``engine_tables``  the stack's tables on that engine
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from infra.local import environment

environment.prepare()
os.environ["POWERTOOLS_METRICS_DISABLED"] = "true"

STAGE = "xilingol"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Tables:
    """Fresh tables as the template makes them. ``endpoint`` is None on moto."""

    cases: str
    catalog: str
    places: str
    region: str
    endpoint: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return self.cases, self.catalog, self.places


@pytest.fixture(scope="session")
def _emulator() -> Iterator[Any]:
    from infra.local.emulator import Emulator

    emulator = Emulator()
    emulator.start()
    yield emulator
    emulator.stop()


@pytest.fixture
def aws(_emulator: Any) -> Iterator[Tables]:
    """moto with fresh tables."""
    yield from _with_tables(None)


@pytest.fixture(scope="session")
def engine() -> Iterator[Any]:
    """The real DynamoDB engine. It is installed when it is missing; a machine that cannot is told what it lacks.

    There its tests are skipped, except where the proof must be whole (CI).
    """
    from infra.local.engine import Engine, EngineUnavailable

    try:
        started = Engine.start(in_memory=True)
    except EngineUnavailable as lacking:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(lacking))
    with started as running:
        yield running


@pytest.fixture
def engine_tables(engine: Any) -> Iterator[Tables]:
    """Fresh tables on the real engine."""
    yield from _with_tables(engine.url)


@pytest.fixture(scope="session")
def _started_cloud() -> Iterator[Any]:
    from infra.local.cloud import EmulatedCloud

    cloud = EmulatedCloud(STAGE)
    cloud.start()
    cloud.pause()
    yield cloud
    cloud.stop()


@pytest.fixture
def cloud(_started_cloud: Any) -> Iterator[Any]:
    """The emulated cloud. It keeps what earlier tests of this worker wrote, as a stack does; ``reset`` forgets.

    Between tests it stands still, because other tests put their own wiring in place.
    """
    from chalicelib import wiring

    _started_cloud.resume()
    yield _started_cloud
    _started_cloud.pause()
    wiring.install(None)


def _with_tables(endpoint: str | None) -> Iterator[Tables]:
    from infra.local import adapt, emulator

    number = next(_numbers)
    tables = Tables(f"cases-{number}", f"catalog-{number}", f"places-{number}", environment.REGION, endpoint)
    client = emulator.client("dynamodb", **({"endpoint_url": endpoint} if endpoint else {}))
    adapt.create_table(client, tables.cases, _declared("CasesTable"))
    adapt.create_table(client, tables.catalog, _declared("CatalogTable"))
    adapt.create_table(client, tables.places, _declared("PlacesTable"))
    yield tables
    for name in tables.names:
        client.delete_table(TableName=name)


def _declared(logical_id: str) -> dict[str, Any]:
    from infra.storage import storage

    properties: dict[str, Any] = storage()[logical_id]["Properties"]
    return properties
