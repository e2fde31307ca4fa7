"""What every store of the platform's own failures promises."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.errors import Conflict
from chalicelib.domain.outages import Outage, Service
from chalicelib.services.ports import Receipt, RequestKey
from tests import factories as f


def outage(number: int) -> Outage:
    since = f.START + timedelta(days=number)
    return Outage(f"uploads-{number:026d}", 1, Service.UPLOADS, since, None, "停机𠮷", "supervisor", since)


def commit(world: f.World, made: Outage, expected: int, key: RequestKey | None = None) -> None:
    receipt = Receipt("outage", made.id, made.version, (), {})
    world.outages.commit(made, expected_version=expected, key=key, receipt=receipt)


@pytest.mark.requirement("D4")
def test_failures_are_read_as_they_were_written_newest_first(world: f.World) -> None:
    assert (world.outages.get(outage(1).id), list(world.outages.of(Service.UPLOADS))) == (None, [])
    for number in (1, 2):
        commit(world, outage(number), 0)
    ended = replace(outage(1), version=2, until=f.START + timedelta(days=3))
    commit(world, ended, 1)
    assert world.outages.get(ended.id) == ended
    assert list(world.outages.of(Service.UPLOADS)) == [outage(2), ended]


def test_of_two_who_write_the_same_failure_one_is_told(world: f.World) -> None:
    commit(world, outage(1), 0, RequestKey("a" * 64, "b" * 64))
    for expected, key in ((0, None), (2, None), (1, RequestKey("a" * 64, "b" * 64))):
        with pytest.raises(Conflict):
            commit(world, replace(outage(1), version=2), expected, key)
    assert world.outages.get(outage(1).id) == outage(1)
    assert world.outages.get("nothing") is None
