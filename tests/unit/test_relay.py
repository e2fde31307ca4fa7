"""The outbox reaches the bus at least once, whatever fails in between."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber

from chalicelib import wiring
from chalicelib.events.relay import relay_outbox, sweep_outbox
from chalicelib.gateways.bus import EventBridgeBus
from chalicelib.services import relay
from chalicelib.services.ports import Hint, OutboxRow
from tests.workflow.support import NOON, World, failed_items, stream_event


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    wiring.install(world)  # type: ignore[arg-type]
    yield world
    wiring.install(None)


def image(case_id: str, first: int, *types: str) -> dict[str, Any]:
    """A row of the outbox as the stream shows it."""
    numbered = [[first + i, kind] for i, kind in enumerate(types)]
    at = NOON.isoformat()
    return {
        "pk": "outbox#3",
        "sk": f"{at}#{case_id}#{first:08d}",
        "case_id": case_id,
        "first": first,
        "last": first + len(types) - 1,
        "types": json.dumps(numbered),
        "recorded_at": at,
    }


def test_the_events_of_a_commit_are_published_and_its_row_is_deleted(world: World) -> None:
    world.submit("01A")
    rows = world.outbox()
    assert relay.send(world, rows) == {row.key for row in rows}
    assert [hint.type for hint in world.bus.taken] == ["case.drafted", "case.submitted"]
    assert world.outbox() == []


def test_a_row_stays_when_the_bus_refuses_one_of_its_hints(world: World) -> None:
    rows = [
        OutboxRow("k1", "01A", ((1, "case.drafted"), (2, "case.submitted")), NOON),
        OutboxRow("k2", "01B", ((1, "case.drafted"),), NOON),
    ]
    world.store.outbox.update({row.key: row for row in rows})
    world.bus.refuse = lambda hint: hint == Hint("01A", 2, "case.submitted")
    assert relay.send(world, rows) == {"k2"}
    assert [row.key for row in world.outbox()] == ["k1"]
    # and once the bus is well again, the row goes out whole
    world.bus.refuse = lambda hint: False
    assert relay.send(world, world.outbox()) == {"k1"}
    assert world.outbox() == []


def test_the_stream_relay_reports_exactly_the_rows_that_did_not_get_through(world: World) -> None:
    world.bus.refuse = lambda hint: hint.case_id == "01B"
    rows = [image("01A", 1, "case.drafted"), image("01B", 4, "case.granted", "case.issued"), image("01C", 2, "case.x")]
    assert failed_items(relay_outbox(stream_event(rows), None)) == ["001"]
    assert [(hint.case_id, hint.number) for hint in world.bus.taken if hint.case_id != "01B"] == [
        ("01A", 1),
        ("01C", 2),
    ]


def test_the_sweeper_takes_what_is_older_than_a_minute_and_leaves_the_rest_to_the_stream(world: World) -> None:
    world.submit("01A")
    world.clock.advance(seconds=61)
    world.submit("01B")
    summary = sweep_outbox({}, None)
    assert summary == {"sent": 2, "left": 0, "failed_shards": 0}
    assert {row.case_id for row in world.outbox()} == {"01B"}


def test_the_sweeper_works_off_a_backlog_of_several_pages(world: World) -> None:
    for number in range(relay.PAGE * 2 + 5):
        key = f"3|{number:04d}"
        world.store.outbox[key] = OutboxRow(key, "01A", ((number, "case.saved"),), NOON - timedelta(hours=1))
    assert relay.sweep(world, 3) == (relay.PAGE * 2 + 5, 0)


def test_a_sweep_stops_at_rows_that_do_not_get_through_and_counts_them(world: World) -> None:
    world.bus.refuse = lambda hint: True
    for number in range(relay.PAGE + 5):
        key = f"3|{number:04d}"
        world.store.outbox[key] = OutboxRow(key, "01A", ((number, "case.saved"),), NOON - timedelta(hours=1))
    assert relay.sweep(world, 3) == (0, relay.PAGE)


def test_a_shard_that_fails_does_not_stop_the_others(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = relay.sweep

    def broken(ports: Any, shard: int) -> tuple[int, int]:
        if shard == 0:
            raise RuntimeError
        return sweep(ports, shard)

    monkeypatch.setattr(relay, "sweep", broken)
    world.submit("01A")
    world.clock.advance(seconds=61)
    assert sweep_outbox({}, None)["failed_shards"] == 1
    assert {hint.case_id for hint in world.bus.taken} <= {"01A"}


# -- EventBridge ----------------------------------------------------------------------------------------------


@pytest.fixture
def events() -> Any:
    return boto3.client("events", region_name="cn-north-1", aws_access_key_id="x", aws_secret_access_key="x")


def hints(count: int) -> list[Hint]:
    return [Hint("01A", number, "case.saved") for number in range(count)]


def test_hints_go_out_in_batches_of_ten_and_say_nothing_about_anybody(events: Any) -> None:
    sent: list[dict[str, Any]] = []
    events.meta.events.register("provide-client-params.events.PutEvents", lambda params, **_: sent.append(params))
    with Stubber(events) as stub:
        for count in (10, 10, 3):
            stub.add_response("put_events", {"FailedEntryCount": 0, "Entries": [{"EventId": "e"}] * count})
        assert EventBridgeBus(events, "bus").publish(hints(23)) == []
    assert [len(call["Entries"]) for call in sent] == [10, 10, 3]
    assert sent[0]["Entries"][1] == {
        "EventBusName": "bus",
        "Source": "onewindow.cases",
        "DetailType": "case.saved",
        "Detail": '{"case_id": "01A", "number": 1, "type": "case.saved"}',
    }


def test_entries_that_eventbridge_did_not_take_are_given_back(events: Any) -> None:
    refused = {"ErrorCode": "InternalFailure", "ErrorMessage": "no"}
    with Stubber(events) as stub:
        stub.add_response("put_events", {"FailedEntryCount": 1, "Entries": [{"EventId": "e"}, refused]})
        assert EventBridgeBus(events, "bus").publish(hints(2)) == hints(2)[1:]


def test_a_batch_that_fails_as_a_whole_is_given_back_and_the_others_are_not(events: Any) -> None:
    with Stubber(events) as stub:
        stub.add_response("put_events", {"FailedEntryCount": 0, "Entries": [{"EventId": "e"}] * 10})
        stub.add_client_error("put_events", "ThrottlingException")
        assert EventBridgeBus(events, "bus").publish(hints(12)) == hints(12)[10:]


def test_a_bus_out_of_reach_gives_everything_back() -> None:
    class Unreachable:
        def put_events(self, Entries: object) -> None:  # noqa: N803
            raise EndpointConnectionError(endpoint_url="https://events")

    assert EventBridgeBus(Unreachable(), "bus").publish(hints(2)) == hints(2)  # type: ignore[arg-type]


def test_an_error_of_the_program_is_not_taken_for_the_bus() -> None:
    class Wrong:
        def put_events(self, Entries: object) -> None:  # noqa: N803
            raise TypeError

    with pytest.raises(TypeError):
        EventBridgeBus(Wrong(), "bus").publish(hints(1))  # type: ignore[arg-type]
