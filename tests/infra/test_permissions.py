"""The deployed policies suffice for all that the product does, judged call by call while it does it."""

from __future__ import annotations

import dataclasses

import pytest

from infra.functions import Use, functions
from infra.local.cloud import EmulatedCloud
from infra.policies import policy
from tests.e2e import runner
from tests.infra.iam import Call, allowed, recorded


def test_every_call_of_the_main_job_is_allowed_by_the_policy_of_its_function(
    cloud: EmulatedCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {f.logical_id: f.name for f in functions().values()}
    physical = {physical: names[i] for i, physical in cloud.deployed.physical.items() if i in names}
    told: list[str] = []
    with recorded(monkeypatch, physical) as calls:
        code = runner.run("main", cloud.url, say=told.append)
        cloud.settle()
        for function in ("sweep_outbox", "sweep_timers", "reconcile"):
            cloud.invoke(function)
        cloud.settle()
    assert code == 0, "\n".join(told)
    refused = {call for call in calls if not allowed(policy(functions()[call.function]), call)}
    assert refused == set()
    assert {"api_handler", "open_node", "relay_outbox", "start_workflows", "report_tasks", "issue_certificates"} <= {
        call.function for call in calls
    }


@pytest.mark.parametrize("name", ["api_handler", "start_workflows", "issue_certificates"])
@pytest.mark.parametrize("action", ["GetItem", "Query", "PutItem", "DeleteItem", "UpdateItem"])
def test_a_task_token_is_out_of_reach_even_if_somebody_allowed_it(name: str, action: str) -> None:
    document = policy(functions()[name])
    careless = {
        "Effect": "Allow",
        "Action": [f"dynamodb:{action}"],
        "Resource": [{"Fn::GetAtt": ["CasesTable", "Arn"]}],
    }
    document["Statement"].append(careless)
    call = Call(name, f"dynamodb:{action}", "cases", ("case#01J/case",))
    assert allowed(document, call)
    assert not allowed(document, dataclasses.replace(call, keys=("token#01J",)))


def test_whoever_issues_certificates_can_read_what_those_replace() -> None:
    issuing = [function for function in functions().values() if Use.WRITE_CERTIFICATES in function.uses]
    assert {"api_handler", "issue_certificates", "sweep_timers", "reconcile"} == {f.name for f in issuing}
    for function in issuing:
        for action in ("GetItem", "PutItem"):
            call = Call(function.name, f"dynamodb:{action}", "cases", ("certificate#1.2",))
            assert allowed(policy(function), call)


def test_a_function_reaches_no_rows_but_those_of_its_uses() -> None:
    starter = functions()["start_workflows"]
    assert Use.READ_CASES in starter.uses
    reading = Call("start_workflows", "dynamodb:GetItem", "cases", ("case#01J",))
    assert allowed(policy(starter), reading)
    assert not allowed(policy(starter), dataclasses.replace(reading, keys=("authority#01J",)))
    assert not allowed(policy(starter), dataclasses.replace(reading, keys=("case#01J", "idem#ab")))
    assert not allowed(policy(starter), dataclasses.replace(reading, resource="catalog"))
