"""The emulated cloud as its users meet it: settle, the clock, reset, dying executions, failing consumers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from chalicelib.services.ports import Workflows
from infra.local import emulator
from infra.local.cloud import EmulatedCloud
from infra.local.people import chain_of, people_of
from infra.stages import STAGES
from tests.e2e.scenario_main import Main

HTTP = httpx.Client(timeout=90)
"""Patient: moving the clock and settling take as long as everything that falls due."""


def _scenario(cloud: EmulatedCloud) -> Main:
    scenario = Main(cloud.url, say=lambda _: None)
    scenario.herder, scenario.agent, scenario.window = (
        scenario.person(key) for key in ("herder", "agent", "sum-window")
    )
    return scenario


def _filed(cloud: EmulatedCloud) -> tuple[Main, str]:
    scenario = _scenario(cloud)
    return scenario, scenario.file(scenario.authorise())


def _running(case_id: str) -> list[str]:
    return [e.name for e in emulator.running_executions() if e.name.startswith(case_id)]


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_has_a_real_chain_of_divisions_and_its_demo_people(stage: str) -> None:
    chain = chain_of(stage)

    assert chain.village.parent == chain.township.code
    assert chain.township.parent == chain.banner.code
    assert chain.banner.parent == chain.league.code
    assert {"herder", "agent", "sum-window", "banner-acceptance", "league-decision", "supervisor"} <= set(
        people_of(stage)
    )
    assert all("演示" in person.name for person in people_of(stage).values())


@pytest.mark.requirement("F4")
def test_a_filed_case_waits_in_its_workflow_once_the_cloud_has_settled(cloud: EmulatedCloud) -> None:
    scenario, case_id = _filed(cloud)

    cloud.settle()

    page = scenario.window.get("/v1/worklist", queue="receive", limit=50)
    assert case_id in [row["case"] for row in page["items"]]
    assert _running(case_id) == [f"{case_id}-1"]
    assert cloud.failures() == []


def test_moving_the_clock_moves_the_stack_and_fires_every_schedule_once(cloud: EmulatedCloud) -> None:
    before, ran = cloud.clock.now(), cloud.functions.ran.copy()

    answer = HTTP.post(f"{cloud.url}/_local/clock", json={"advance_seconds": 86400}).json()

    fired = cloud.functions.ran - ran
    assert datetime.fromisoformat(answer["now"]) - before >= timedelta(days=1)
    assert fired["chalicelib.events.timers.sweep_timers"] == 1
    assert fired["chalicelib.events.relay.sweep_outbox"] == 1
    assert fired["chalicelib.events.reconciliation.reconcile"] == 1
    told = datetime.fromisoformat(HTTP.get(f"{cloud.url}/v1/health").json()["time"])
    assert told - before >= timedelta(hours=23)


def test_the_clock_can_be_set_but_never_back(cloud: EmulatedCloud) -> None:
    moment = cloud.clock.now() + timedelta(hours=2)

    ahead = HTTP.post(f"{cloud.url}/_local/clock", json={"set": moment.isoformat()})
    back = HTTP.post(f"{cloud.url}/_local/clock", json={"advance_seconds": -1})

    assert datetime.fromisoformat(ahead.json()["now"]) >= moment
    assert back.status_code == 400


@pytest.mark.requirement("F4")
def test_a_killed_execution_is_found_by_reconciliation_and_the_case_goes_on(cloud: EmulatedCloud) -> None:
    scenario, case_id = _filed(cloud)
    cloud.settle()

    killed = HTTP.post(f"{cloud.url}/_local/kill-execution", json={"case_id": case_id}).json()["killed"]
    gone = _running(case_id)
    HTTP.post(f"{cloud.url}/_local/invoke", json={"function": "reconcile"})
    cloud.settle()

    assert killed == [f"{case_id}-1"]
    assert gone == []
    assert _running(case_id) == [f"{case_id}-2"]
    scenario.work(case_id, scenario.window, "receive", "forwarding", {"note": "身份已核对"})
    cloud.settle()
    scenario.find(case_id, scenario.person("banner-acceptance"), "accept")


class _Down:
    """Workflows that cannot be reached."""

    def __init__(self) -> None:
        self.asked = 0

    def start(self, case_id: str, attempt: int) -> bool:
        self.asked += 1
        raise ConnectionError("Step Functions is away")


def test_a_message_that_a_consumer_failed_on_comes_again_after_its_visibility_timeout(cloud: EmulatedCloud) -> None:
    members: dict[str, Any] = cloud.wiring.__dict__
    there: Workflows = members["workflows"]
    down = members["workflows"] = _Down()
    try:
        _, case_id = _filed(cloud)
        cloud.settle()
    finally:
        members["workflows"] = there
    failed = cloud.failures()
    started_then = _running(case_id)

    cloud.advance(timedelta(minutes=10))

    assert down.asked == 1
    assert failed, "what a consumer fails on is told"
    assert started_then == []
    assert _running(case_id) == [f"{case_id}-1"]
    cloud.forget_failures()


def test_a_reset_forgets_what_happened_and_the_moved_clock(cloud: EmulatedCloud) -> None:
    scenario, case_id = _filed(cloud)
    cloud.advance(timedelta(days=30))

    HTTP.post(f"{cloud.url}/_local/reset", timeout=30).raise_for_status()

    assert scenario.agent.get("/v1/cases", limit=50)["items"] == []
    assert cloud.clock.offset == timedelta(0)
    _, again = _filed(cloud)
    assert again != case_id
    cloud.settle()
    assert _running(again) == [f"{again}-1"]


def test_tokens_are_minted_for_demo_people_and_to_order(cloud: EmulatedCloud) -> None:
    def listed(token: str) -> int:
        return HTTP.get(f"{cloud.url}/v1/cases", headers={"Authorization": f"Bearer {token}"}).status_code

    demo = HTTP.post(f"{cloud.url}/_local/token", json={"person": "herder"}).json()["token"]
    made = HTTP.post(f"{cloud.url}/_local/token", json={"subject": "x-1", "kind": "person"}).json()["token"]
    unknown = HTTP.post(f"{cloud.url}/_local/token", json={"person": "emperor"})

    assert [listed(demo), listed(made)] == [200, 200]
    assert unknown.status_code == 400


def test_the_issuer_publishes_its_metadata_and_public_key_only(cloud: EmulatedCloud) -> None:
    metadata = HTTP.get(f"{cloud.issuer.url}/.well-known/openid-configuration").json()
    keys: list[Mapping[str, str]] = HTTP.get(metadata["jwks_uri"]).json()["keys"]

    assert metadata["issuer"] == cloud.issuer.url
    assert [key["alg"] for key in keys] == ["ES256"]
    assert all("d" not in key for key in keys)


def test_what_the_emulated_cloud_leaves_out_has_a_reason_that_is_told(cloud: EmulatedCloud) -> None:
    left_out = cloud.deployed.left_out

    assert all(left_out.values())
    assert {"CasesTable", "CatalogTable", "PlacesTable", "EventBus", "StartWorkflowsQueue", "APIHandler"}.isdisjoint(
        left_out
    )
    told = "\n".join(cloud.deployed.left_out_in_short())
    assert "created through the API: 2 AWS::KMS::Key, 4 AWS::SecretsManager::Secret" in told
