"""Three stores that must behave alike: the in-memory twins, DynamoDB as moto emulates it, and the real engine."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from chalicelib.storage import tables
from chalicelib.storage.authorities import DynamoAuthorities
from chalicelib.storage.cases import DynamoCases
from chalicelib.storage.certificates import DynamoCertificates
from infra.local.engine import Engine
from infra.local.environment import prepare
from tests import factories as f

_tables = itertools.count()


@pytest.fixture(scope="session")
def engine() -> Iterator[str]:
    """The endpoint of a real DynamoDB engine, in memory, for this worker only."""
    prepare()
    with Engine.start(in_memory=True) as running:
        yield running.url


def _on_dynamodb(host: str | None) -> f.World:
    connection = tables.bind(f"cases-{next(_tables)}", "cn-north-1", host)
    tables.Row.create_table(wait=True)
    world = f.World()
    world.cases = DynamoCases(connection)  # type: ignore[assignment]
    world.authorities = DynamoAuthorities(connection)  # type: ignore[assignment]
    world.certificates = DynamoCertificates()  # type: ignore[assignment]
    return world


@pytest.fixture(params=["memory", "moto", pytest.param("engine", marks=pytest.mark.engine)])
def world(request: pytest.FixtureRequest) -> Iterator[f.World]:
    """All ports, on one of the three stores."""
    prepare()
    if request.param == "memory":
        yield f.World()
    elif request.param == "moto":
        from moto import mock_aws

        with mock_aws():
            yield _on_dynamodb(None)
    else:
        yield _on_dynamodb(request.getfixturevalue("engine"))
