"""The harness of the scenarios: what it tells, how it fails, and what it skips in front of a deployed stack."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from infra.local.cloud import EmulatedCloud
from tests.e2e import runner
from tests.e2e.harness import Scenario, ScenarioFailed, expect, read_tokens
from tests.e2e.scenario_main import Main


class Deployed(Scenario):
    """A scenario that finds no emulated cloud behind its URL."""

    def __init__(self, url: str, tokens: dict[str, str] | None = None, say: Callable[[str], None] = print) -> None:
        super().__init__(url, tokens, say)
        self.state = None


def test_a_step_that_moves_the_clock_is_reported_as_skipped_on_a_deployed_stack(cloud: EmulatedCloud) -> None:
    told: list[str] = []
    scenario = Deployed(cloud.url, say=told.append)
    before = cloud.clock.offset

    with scenario.step("a month goes by"):
        scenario.advance(timedelta(days=30))
    with scenario.step("the stack answers"):
        scenario.settle()
        scenario.anyone().get("/v1/health")

    assert scenario.skipped == ["a month goes by"]
    assert "skipped: only the emulated cloud can do clock" in told[0]
    assert told[1].startswith("  ✓ the stack answers")
    assert cloud.clock.offset == before


def test_people_of_a_deployed_stack_come_from_the_file_of_tokens(cloud: EmulatedCloud, tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    keys = ("herder", "sum-window")
    lines = ["# demo people", *(f"export {k.upper().replace('-', '_')}={cloud.token(k)}" for k in keys), ""]
    file.write_text("\n".join(lines), encoding="utf-8")

    scenario = Deployed(cloud.url, read_tokens(str(file)))

    assert scenario.person("herder").get("/v1/cases", limit=1).keys() == {"items", "next"}
    assert scenario.account("sum-window")["subject"] == "demo-sum-window"
    assert scenario.account("sum-window")["roles"] == ["window"]
    with pytest.raises(ScenarioFailed, match="no token for agent"):
        scenario.person("agent")


def test_the_main_job_runs_as_a_plain_client_of_a_deployed_stack(cloud: EmulatedCloud) -> None:
    tokens = {key: cloud.token(key) for key in cloud.people}
    scenario = Deployed(cloud.url, tokens, say=lambda _: None)

    Main.run(_as_main(scenario))

    assert scenario.skipped == []


def _as_main(deployed: Deployed) -> Main:
    scenario = Main(deployed.url, deployed._tokens, lambda _: None)
    scenario.state = None
    return scenario


def test_a_wrong_status_fails_the_scenario_with_the_whole_answer() -> None:
    request = httpx.Request("GET", "http://stack/v1/cases")
    response = httpx.Response(409, json={"code": "case.not-a-draft"}, request=request)

    with pytest.raises(ScenarioFailed, match=r"answered 409, not 200[\s\S]*case\.not-a-draft"):
        expect(response, 200)


def test_waiting_is_bounded(cloud: EmulatedCloud) -> None:
    with pytest.raises(ScenarioFailed, match="in vain until pigs fly"):
        Scenario(cloud.url).until("pigs fly", lambda: None, seconds=0.1)


def test_scenarios_are_found_by_their_file_name_and_unknown_ones_are_named() -> None:
    told: list[str] = []

    assert "main" in runner.names()
    assert runner.run("nonsense", "http://127.0.0.1:9", say=told.append) == 1
    assert "main" in told[0]


def test_a_failed_scenario_gives_a_failing_exit_code(cloud: EmulatedCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    def fail(self: Main) -> None:
        with self.step("nothing works"):
            raise ScenarioFailed("as it should")

    monkeypatch.setattr(Main, "run", fail)

    assert runner.run("main", cloud.url, say=told.append) == 1
    assert "  ✗ nothing works" in told
    assert "FAILED: as it should" in told[-1]
