"""The relay reads a row from the stream's image; it must be the row that the repository would give."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.events.relay import _row, relay_outbox
from chalicelib.services.ports import SHARDS
from chalicelib.storage import tables
from chalicelib.storage.cases import DynamoCases
from chalicelib.storage.sealing import Safe
from infra.local import emulator
from infra.local.environment import REGION
from tests.factories import FakeVault
from tests.workflow.support import World, failed_items, stream_event

CASE = "01JNCASE00000000000000ROW0"
TABLE = "outbox-rows"


@pytest.fixture
def world(aws: emulator.Emulator) -> Iterator[World]:
    client: Any = emulator.client("dynamodb")
    keys = ("pk", "sk")
    client.create_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=[{"AttributeName": k, "KeyType": t} for k, t in zip(keys, ("HASH", "RANGE"), strict=True)],
        BillingMode="PAY_PER_REQUEST",
    )
    world = World()
    vault = FakeVault()
    world.cases = DynamoCases(tables.bind(TABLE, REGION), Safe(lambda: vault))
    wiring.install(world)  # type: ignore[arg-type]
    yield world
    wiring.install(None)
    aws.reset()


def images() -> list[dict[str, Any]]:
    """The outbox rows as a stream with NEW_IMAGE would show them, values untyped."""
    client: Any = emulator.client("dynamodb")
    rows = client.scan(TableName=TABLE)["Items"]
    found = [row for row in rows if row["pk"]["S"].startswith("outbox#")]
    return [{k: int(v["N"]) if "N" in v else v["S"] for k, v in row.items()} for row in found]


def test_a_row_from_the_stream_is_the_row_from_the_table(world: World) -> None:
    world.draft(CASE)
    (image,) = images()
    until = world.clock.now() + timedelta(minutes=5)
    (row,) = [row for shard in SHARDS for row in world.cases.unsent(shard, until, 10)]
    assert _row(image) == row


def test_a_relayed_row_is_gone_from_the_table(world: World) -> None:
    world.draft(CASE)
    assert failed_items(relay_outbox(stream_event(images()), None)) == []
    assert [hint.type for hint in world.bus.taken] == ["case.drafted"]
    assert images() == []


def test_the_shards_of_the_ports_are_those_of_the_table() -> None:
    assert len(SHARDS) == tables.SHARDS
