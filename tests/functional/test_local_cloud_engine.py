"""The emulated cloud on the real DynamoDB engine: it can be killed at any moment and goes on where it stopped."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.local import emulator
from infra.local.engine import Engine
from tests.cloud import Tables
from tests.e2e.scenario_main import Main

ROOT = Path(__file__).parents[2]


class Started:
    """``python -m infra.local serve`` in a process of its own, up and serving."""

    def __init__(self, data: Path) -> None:
        settings = {"DYNAMODB": "local", "STAGE": "xilingol", "PORT": "0", "DATA": str(data)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "infra.local", "serve"],
            cwd=ROOT,
            env={**os.environ, **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said: list[str] = []
        self.url = self._url()

    def scenario(self) -> Main:
        scenario = Main(self.url, say=lambda _: None)
        scenario.herder, scenario.agent, scenario.window = (
            scenario.person(key) for key in ("herder", "agent", "sum-window")
        )
        return scenario

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def stop(self, number: int) -> int:
        self.process.send_signal(number)
        self.said += self.process.communicate(timeout=30)[0].splitlines()
        return self.process.returncode

    def _url(self) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)
            if found := re.search(r"Base URL: (\S+)", line):
                return found[1]
        raise AssertionError("".join(self.said))


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Started]]:
    started: list[Started] = []

    def begin() -> Started:
        started.append(Started(tmp_path))
        return started[-1]

    yield begin
    for one in started:
        if one.process.poll() is None:
            one.stop(signal.SIGTERM)


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.requirement("F4")
def test_a_cloud_killed_in_the_middle_goes_on_where_it_stopped(start: Callable[[], Started]) -> None:
    first = start()
    before = first.scenario()
    waiting = before.file(before.authorise())
    before.work(waiting, before.window, "receive", "forwarding", {"note": "身份已核对"})
    filed = before.file(before.authorise())
    first.kill()  # the second case is committed, and nobody has heard of it

    second = start()
    after = second.scenario()

    after.work(waiting, after.person("banner-acceptance"), "accept", "acceptance")
    after.read_acceptance(waiting)
    after.work(filed, after.window, "receive", "forwarding", {"note": "身份已核对"})
    assert "Going on where the last run stopped" in "".join(second.said)
    assert second.stop(signal.SIGTERM) == 0


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes under /proc")
def test_ctrl_c_ends_the_cloud_and_its_engine_in_order(start: Callable[[], Started], tmp_path: Path) -> None:
    running = start()
    held = _processes_with(str(tmp_path))

    code = running.stop(signal.SIGINT)

    assert code == 0
    assert held, "the engine holds the data folder while it runs"
    assert _processes_with(str(tmp_path)) == []
    assert "Traceback" not in "".join(running.said)


@pytest.mark.engine
def test_tables_on_the_engine_are_those_of_the_template(engine: Engine, engine_tables: Tables) -> None:
    client = emulator.client("dynamodb", endpoint_url=engine.url)

    cases = client.describe_table(TableName=engine_tables.cases)["Table"]
    catalog = client.describe_table(TableName=engine_tables.catalog)["Table"]

    assert {index["IndexName"] for index in cases["GlobalSecondaryIndexes"]} == {"listing", "due"}
    assert cases["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    assert "StreamSpecification" not in catalog
    ttl = client.describe_time_to_live(TableName=engine_tables.cases)["TimeToLiveDescription"]
    assert (ttl["TimeToLiveStatus"], ttl["AttributeName"]) == ("ENABLED", "ttl")


def _processes_with(word: str) -> list[int]:
    """Engines whose command line names this folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if word.encode() in words and b"-jar" in words:
            found.append(int(path.parent.name))
    return found
