"""Least privilege, read from the roles that would be deployed (style anchors: forbid ``*``)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from infra import config
from infra.functions import USES, Function, functions
from infra.policies import policy

Json = dict[str, Any]

HOLD_TOKENS = {"open_check", "open_node", "report_tasks", "sweep_timers", "reconcile"}


def statements(resources: dict[str, Json]) -> Iterator[tuple[str, Json]]:
    """Every statement of every role, with the role's logical id."""
    for name, resource in resources.items():
        if resource["Type"] == "AWS::IAM::Role":
            for attached in resource["Properties"]["Policies"]:
                for statement in attached["PolicyDocument"]["Statement"]:
                    yield name, statement


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_every_function_has_a_policy_file_and_a_role_of_its_own(resources: dict[str, Json]) -> None:
    generated = config.files()
    roles = set()
    for function in functions().values():
        assert config.policy_file(function) in generated
        roles.add(json.dumps(resources[function.logical_id]["Properties"]["Role"]))
    assert len(roles) == len(functions())


def test_no_statement_allows_everything_or_anything(resources: dict[str, Json]) -> None:
    for role, statement in statements(resources):
        actions = listed(statement["Action"])
        if statement["Effect"] == "Allow":
            assert not [a for a in actions if a.endswith("*")], (role, actions)
        if "*" in listed(statement["Resource"]):
            assert all(a.startswith(("logs:", "xray:")) for a in actions), (role, actions)


def test_no_function_may_scan_a_table_or_change_the_catalogue(resources: dict[str, Json]) -> None:
    for role, statement in statements(resources):
        if statement["Effect"] != "Allow":
            continue
        actions = set(listed(statement["Action"]))
        assert "dynamodb:Scan" not in actions, role
        if "CatalogTable" in json.dumps(statement["Resource"]):
            assert actions <= {"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"}, role


def test_rows_of_the_cases_table_are_reached_only_by_the_prefixes_that_a_function_works_with() -> None:
    for function in functions().values():
        for statement in policy(function)["Statement"]:
            on_table = {"Fn::GetAtt": ["CasesTable", "Arn"]} in statement["Resource"]
            if statement["Effect"] == "Allow" and on_table:
                keys = statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
                assert all(key.endswith("#*") and len(key) > 2 for key in keys), function.name


@pytest.mark.requirement("H3")
@pytest.mark.parametrize("name", sorted(USES))
def test_task_tokens_are_denied_to_every_function_that_does_not_handle_them(name: str) -> None:
    """The second lock: an explicit Deny holds whatever a later change might allow."""
    document = policy(functions()[name])
    allowed = any("token#*" in json.dumps(s) for s in document["Statement"] if s["Effect"] == "Allow")
    denied = any("token#*" in json.dumps(s) for s in document["Statement"] if s["Effect"] == "Deny")
    assert allowed == (name in HOLD_TOKENS)
    touches_cases = "CasesTable" in json.dumps([s for s in document["Statement"] if s["Effect"] == "Allow"])
    assert denied == (touches_cases and name not in HOLD_TOKENS)


def test_the_authorizer_may_do_nothing_but_write_its_log() -> None:
    document = policy(functions()["authorize"])
    assert [s["Action"] for s in document["Statement"]] == [["logs:CreateLogStream", "logs:PutLogEvents"]]


def test_a_state_machine_calls_its_own_tasks_and_no_other_function(resources: dict[str, Json]) -> None:
    calls = [s for role, s in statements(resources) if "lambda:InvokeFunction" in listed(s["Action"])]
    assert [call["Resource"] for call in calls] == [
        [{"Fn::GetAtt": ["OpenNode", "Arn"]}],
        [{"Fn::GetAtt": ["OpenCheck", "Arn"]}],
    ]


def test_only_the_rule_of_a_queue_may_send_to_it(resources: dict[str, Json]) -> None:
    policies = [r["Properties"] for r in resources.values() if r["Type"] == "AWS::SQS::QueuePolicy"]
    assert policies
    for attached in policies:
        for statement in attached["PolicyDocument"]["Statement"]:
            assert "aws:SourceArn" in statement["Condition"]["ArnEquals"]


def test_a_function_that_nobody_listed_stops_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    functions.cache_clear()
    monkeypatch.delitem(USES, "reconcile")
    with pytest.raises(LookupError, match="reconcile"):
        functions()
    functions.cache_clear()


def test_statement_ids_are_unique_within_a_policy(deployed: dict[str, Function]) -> None:
    for function in deployed.values():
        ids = [statement["Sid"] for statement in policy(function)["Statement"]]
        assert len(ids) == len(set(ids)), function.name


def test_seals_are_verified_with_a_public_key_and_not_by_asking_kms_to() -> None:
    granted = {
        function.name: {action for s in policy(function)["Statement"] for action in s["Action"] if "kms:" in action}
        for function in functions().values()
    }
    assert not [name for name, actions in granted.items() if "kms:Verify" in actions]
    assert [name for name, actions in granted.items() if "kms:GetPublicKey" in actions] == ["api_handler"]
    # The interface seals what is decided in the request itself: on a promise, with its evidence and its certificate.
    sealing = {"api_handler", "anchor_logs", "issue_certificates", "reconcile", "sweep_timers"}
    assert {name for name, actions in granted.items() if "kms:Sign" in actions} == sealing
