"""What a deployed stack consists of, read from the very CloudFormation that would be executed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.edge.functions import Queue, Schedule, Stream
from infra import names
from infra.functions import Function
from infra.gateway_responses import ANSWERS
from infra.package import stack_template
from infra.stages import STAGES

Json = dict[str, Any]


def of_type(resources: dict[str, Json], kind: str) -> dict[str, Json]:
    return {name: resource["Properties"] for name, resource in resources.items() if resource["Type"] == kind}


def test_every_registered_function_is_deployed_under_its_own_handler(
    resources: dict[str, Json], deployed: dict[str, Function]
) -> None:
    lambdas = of_type(resources, "AWS::Lambda::Function")
    assert {name: properties["Handler"] for name, properties in lambdas.items()} == {
        function.logical_id: function.handler for function in deployed.values()
    }


def test_no_arn_and_no_address_names_a_partition_of_its_own(stack: Json) -> None:
    text = json.dumps(stack)
    assert "arn:aws" not in text
    assert ".amazonaws.com.cn" not in text


def test_every_stage_is_told_its_own_home_division() -> None:
    for stage in STAGES.values():
        lambdas = of_type(stack_template(stage)["Resources"], "AWS::Lambda::Function")
        told = {properties["Environment"]["Variables"]["REGION_CODE"] for properties in lambdas.values()}
        assert told == {stage.region_code}, stage.name


@pytest.mark.parametrize("table", ["CasesTable", "CatalogTable", "PlacesTable"])
def test_tables_survive_the_stack_and_can_be_restored_to_any_second(resources: dict[str, Json], table: str) -> None:
    properties = resources[table]["Properties"]
    assert resources[table]["DeletionPolicy"] == resources[table]["UpdateReplacePolicy"] == "Retain"
    assert properties["DeletionProtectionEnabled"] is True
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["SSESpecification"]["SSEEnabled"] is True
    assert properties["BillingMode"] == "PAY_PER_REQUEST"


def test_only_the_cases_table_streams_and_expires_rows(resources: dict[str, Json]) -> None:
    tables = of_type(resources, "AWS::DynamoDB::Table")
    assert {name for name, properties in tables.items() if "StreamSpecification" in properties} == {"CasesTable"}
    cases = tables["CasesTable"]
    assert cases["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}
    assert cases["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}
    assert {index["IndexName"] for index in cases["GlobalSecondaryIndexes"]} == {"listing", "due"}


def test_the_seal_is_an_asymmetric_key_that_is_never_deleted_with_the_stack(resources: dict[str, Json]) -> None:
    key = resources["SealKey"]
    assert key["DeletionPolicy"] == "Retain"
    assert (key["Properties"]["KeySpec"], key["Properties"]["KeyUsage"]) == ("ECC_NIST_P256", "SIGN_VERIFY")


def test_every_queue_consumer_has_a_queue_a_rule_and_dead_letters_for_both(
    resources: dict[str, Json], deployed: dict[str, Function]
) -> None:
    consumers = [f for f in deployed.values() if isinstance(f.source, Queue)]
    assert consumers
    for function in consumers:
        assert isinstance(function.source, Queue)
        queue = resources[names.queue_id(function)]["Properties"]
        dead = names.arn_of(names.dead_letters_id(function))
        assert queue["RedrivePolicy"]["deadLetterTargetArn"] == dead
        assert queue["VisibilityTimeout"] >= 6 * function.timeout
        rule = resources[f"{function.logical_id}Rule"]["Properties"]
        assert rule["EventPattern"]["detail-type"] == list(function.source.detail_types)
        (target,) = rule["Targets"]
        assert target["DeadLetterConfig"] == {"Arn": dead}
        assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0
        mapping = resources[f"{function.logical_id}Messages"]["Properties"]
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_the_relay_sees_only_new_outbox_rows_and_keeps_what_it_cannot_send(
    resources: dict[str, Json], deployed: dict[str, Function]
) -> None:
    (relay,) = [f for f in deployed.values() if isinstance(f.source, Stream)]
    mapping = resources[f"{relay.logical_id}Rows"]["Properties"]
    (pattern,) = (json.loads(entry["Pattern"]) for entry in mapping["FilterCriteria"]["Filters"])
    assert pattern == {"eventName": ["INSERT"], "dynamodb": {"Keys": {"pk": {"S": [{"prefix": "outbox#"}]}}}}
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BisectBatchOnFunctionError"] is True
    assert 0 < mapping["MaximumRetryAttempts"] < 100
    assert mapping["DestinationConfig"]["OnFailure"]["Destination"] == names.arn_of(names.dead_letters_id(relay))


def test_every_scheduled_function_is_fired_by_the_clock_at_its_rate(
    resources: dict[str, Json], deployed: dict[str, Function]
) -> None:
    rules = [r for r in of_type(resources, "AWS::Events::Rule").values() if "ScheduleExpression" in r]
    fired = {rule["Targets"][0]["Arn"]["Fn::GetAtt"][0]: rule["ScheduleExpression"] for rule in rules}
    assert fired == {f.logical_id: f.source.rate for f in deployed.values() if isinstance(f.source, Schedule)}


def test_a_function_is_told_only_of_resources_that_it_uses(resources: dict[str, Json]) -> None:
    lambdas = of_type(resources, "AWS::Lambda::Function")
    told = {name: set(properties["Environment"]["Variables"]) for name, properties in lambdas.items()}
    assert "CASES_TABLE" not in told["Authorize"]
    assert {name for name, variables in told.items() if "OIDC_ISSUER" in variables} == {"Authorize"}
    assert {name for name, variables in told.items() if "CURSOR_SECRET_ID" in variables} == {"APIHandler"}


def test_the_gateway_itself_answers_in_problem_json_in_both_languages(resources: dict[str, Json]) -> None:
    answers = resources["RestAPI"]["Properties"]["Body"]["x-amazon-apigateway-gateway-responses"]
    assert answers.keys() == ANSWERS.keys()
    for kind, answer in answers.items():
        (template,) = answer["responseTemplates"].values()
        body = json.loads(template)
        assert answer["responseParameters"]["gatewayresponse.header.Content-Type"] == "'application/problem+json'", kind
        assert body["status"] == int(answer["statusCode"])
        assert body["code"] not in (body["title"], body["title_en"]), kind


def test_a_route_that_does_not_exist_is_not_found_rather_than_forbidden(resources: dict[str, Json]) -> None:
    answers = resources["RestAPI"]["Properties"]["Body"]["x-amazon-apigateway-gateway-responses"]
    assert answers["MISSING_AUTHENTICATION_TOKEN"]["statusCode"] == "404"


def test_logs_are_kept_for_at_least_six_months_and_workflow_logs_hold_no_data(resources: dict[str, Json]) -> None:
    groups = of_type(resources, "AWS::Logs::LogGroup")
    assert all(group["RetentionInDays"] >= 184 for group in groups.values())
    for machine in of_type(resources, "AWS::StepFunctions::StateMachine").values():
        assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False
    for stage in of_type(resources, "AWS::ApiGateway::Stage").values():
        assert all(setting["DataTraceEnabled"] is False for setting in stage["MethodSettings"])


def test_whatever_cannot_put_itself_right_raises_an_alarm(
    resources: dict[str, Json], deployed: dict[str, Function]
) -> None:
    alarms = of_type(resources, "AWS::CloudWatch::Alarm")
    watched = {json.dumps(alarm["Dimensions"]) for alarm in alarms.values()}
    for function in deployed.values():
        if isinstance(function.source, Queue | Stream):
            assert any(names.dead_letters_id(function) in dimensions for dimensions in watched), function.name
    assert {"ExecutionsFailed", "5XXError"} <= {alarm["MetricName"] for alarm in alarms.values()}
