"""What reading costs: a case in one call, the catalogue's head once in some seconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalicelib.domain.catalog_publication import ReleaseHead
from chalicelib.storage import tables
from chalicelib.storage.cases import DynamoCases
from chalicelib.storage.catalog_view import KEPT, CatalogView
from chalicelib.storage.sealing import Safe
from tests import factories as f
from tests import journey
from tests.cloud import Tables


class Counted:
    """A connection's client that notes which operations it is asked for."""

    def __init__(self, client: Any) -> None:
        self.asked: list[str] = []
        client.meta.events.register("before-call.dynamodb", self._note)

    def _note(self, model: Any, **_: Any) -> None:
        self.asked.append(model.name)

    def since(self, before: int) -> Sequence[str]:
        return self.asked[before:]


def test_a_case_is_read_with_its_key_in_one_call_also_where_it_was_never_seen(aws: Tables) -> None:
    connection = tables.bind(aws.cases, aws.region, aws.endpoint)
    vault = f.FakeVault()
    world = f.World()
    world.cases = DynamoCases(connection, Safe(lambda: vault))  # type: ignore[assignment]
    case_id = journey.drafted(world)
    counted = Counted(connection.client)
    elsewhere = DynamoCases(connection, Safe(lambda: vault))

    cold = elsewhere.get(case_id)
    first = len(counted.asked)
    warm = elsewhere.get(case_id)

    assert cold == warm == world.cases.get(case_id)
    assert counted.asked[:first] == ["BatchGetItem"]
    assert counted.since(first)[:1] == ["GetItem"]


def test_a_case_that_is_not_there_is_none_and_takes_one_call(aws: Tables) -> None:
    connection = tables.bind(aws.cases, aws.region, aws.endpoint)
    counted = Counted(connection.client)

    assert DynamoCases(connection, Safe(f.FakeVault)).get("01J00000000000000000000000") is None
    assert counted.asked == ["BatchGetItem"]


class Heads:
    """A catalogue of which only the head is ever asked."""

    def __init__(self) -> None:
        self.number = 1
        self.read = 0

    def head(self) -> ReleaseHead:
        self.read += 1
        return ReleaseHead(self.number, "2026-03-02", "digest")


def test_a_release_is_in_force_everywhere_some_seconds_after_it_was_published() -> None:
    store, clock = Heads(), f.FakeClock()
    view = CatalogView(store, clock)  # type: ignore[arg-type]
    assert view.release() == view.release()
    assert store.read == 1

    store.number = 2
    clock.at += KEPT
    found = view.release()

    assert found is not None
    assert found.number == 2
