"""The few alarms that mean: something will not put itself right, somebody must look."""

from __future__ import annotations

from typing import Any

from chalicelib.edge.functions import Queue, Stream, Task
from infra import names
from infra.functions import Function

Json = dict[str, Any]


def alarms(functions: dict[str, Function]) -> Json:
    """Dead letters, dead executions, a relay that falls behind, an API that fails."""
    resources: Json = {}
    for function in functions.values():
        if isinstance(function.source, Queue | Stream):
            dead = names.dead_letters_id(function)
            resources[f"{dead}Alarm"] = _alarm(
                f"{function.name} could not process something; it rests in its dead letters.",
                "AWS/SQS",
                "ApproximateNumberOfMessagesVisible",
                {"QueueName": {"Fn::GetAtt": [dead, "QueueName"]}},
                "Maximum",
            )
        if isinstance(function.source, Stream):
            resources[f"{function.logical_id}LateAlarm"] = _alarm(
                f"{function.name} is more than ten minutes behind; the sweeper carries the load alone.",
                "AWS/Lambda",
                "IteratorAge",
                {"FunctionName": {"Ref": function.logical_id}},
                "Maximum",
                threshold=600_000,
            )
    for name in sorted({f.source.state_machine for f in functions.values() if isinstance(f.source, Task)}):
        machine = names.state_machine_id(name)
        resources[f"{machine}FailedAlarm"] = _alarm(
            f"An execution of {name} died. Reconciliation restarts it from the case's own state.",
            "AWS/States",
            "ExecutionsFailed",
            {"StateMachineArn": {"Ref": machine}},
            "Sum",
        )
    resources["APIFailingAlarm"] = _alarm(
        "The API answered 5xx more than five times within five minutes.",
        "AWS/ApiGateway",
        "5XXError",  # our own 500s too, which Lambda does not count as errors
        {"ApiName": {"Ref": "AWS::StackName"}, "Stage": names.API_STAGE},
        "Sum",
        threshold=5,
    )
    return resources


def _alarm(description: str, namespace: str, metric: str, dimensions: Json, statistic: str, threshold: int = 0) -> Json:
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmDescription": description,
            "Namespace": namespace,
            "MetricName": metric,
            "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
            "Statistic": statistic,
            "Period": 300,
            "EvaluationPeriods": 1,
            "Threshold": threshold,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
            "AlarmActions": [{"Fn::If": ["HasAlarmTopic", {"Ref": "AlarmTopicArn"}, {"Ref": "AWS::NoValue"}]}],
        },
    }
