"""Every scenario, run as `make scenario` runs it, against the emulated cloud of this test process."""

from __future__ import annotations

import pytest

from infra.local.cloud import EmulatedCloud
from tests.e2e import runner


@pytest.mark.parametrize("name", runner.names())
def test_a_scenario_goes_well(name: str, cloud: EmulatedCloud) -> None:
    told: list[str] = []

    try:
        code = runner.run(name, cloud.url, say=told.append)
        assert code == 0, "\n".join(told)
        assert not cloud.failures()
    finally:
        # Some scenarios move the clock by years; what comes after them starts in the present again.
        cloud.reset()
