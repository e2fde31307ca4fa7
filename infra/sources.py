"""What feeds the functions: bus, rules, queues, dead letters, the table's stream, the clock.

Everything follows from the sources that the functions declare. A queue consumer gets a rule, a queue and a
dead-letter queue; the rule's target keeps its undeliverable events in the same dead letters, because
EventBridge drops them silently otherwise. Both kinds have the same body, so operations treat them alike.
"""

from __future__ import annotations

import json
from typing import Any

from chalicelib.edge.functions import Queue, Schedule, Stream
from chalicelib.gateways.bus import SOURCE
from infra import names
from infra.functions import Function

Json = dict[str, Any]

_FOURTEEN_DAYS = 1_209_600
_BATCH_FAILURES = ["ReportBatchItemFailures"]


def sources(functions: dict[str, Function]) -> Json:
    """The bus, and queues and rules for each function that needs them."""
    resources: Json = {
        "EventBus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": names.physical("cases")}},
    }
    for function in functions.values():
        match function.source:
            case Queue() as source:
                resources |= _consumer(function, source)
            case Stream():
                resources[names.dead_letters_id(function)] = _dead_letters()
            case _:
                pass
    return resources


def event_source(function: Function) -> Json:
    """The ``Events`` of a function in the template; empty for tasks and the API."""
    match function.source:
        case Queue() as source:
            return {
                "Messages": {
                    "Type": "SQS",
                    "Properties": {
                        "Queue": names.arn_of(names.queue_id(function)),
                        "BatchSize": source.batch_size,
                        "FunctionResponseTypes": _BATCH_FAILURES,
                    },
                }
            }
        case Stream() as source:
            return {"Rows": {"Type": "DynamoDB", "Properties": _stream(function, source)}}
        case Schedule() as source:
            return {"Clock": {"Type": "Schedule", "Properties": {"Schedule": source.rate, "Enabled": True}}}
        case _:
            return {}


def _stream(function: Function, source: Stream) -> Json:
    pattern = {"eventName": ["INSERT"], "dynamodb": {"Keys": {"pk": {"S": [{"prefix": source.key_prefix}]}}}}
    return {
        "Stream": {"Fn::GetAtt": ["CasesTable", "StreamArn"]},
        # From the oldest record there is: what was written while the mapping was being made counts too.
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": source.batch_size,
        "FilterCriteria": {"Filters": [{"Pattern": json.dumps(pattern)}]},
        "FunctionResponseTypes": _BATCH_FAILURES,
        "BisectBatchOnFunctionError": source.bisect_on_error,
        "MaximumRetryAttempts": source.retries,
        "MaximumRecordAgeInSeconds": source.max_age,
        "DestinationConfig": {"OnFailure": {"Destination": names.arn_of(names.dead_letters_id(function))}},
    }


def _consumer(function: Function, source: Queue) -> Json:
    rule, queue, dead = f"{function.logical_id}Rule", names.queue_id(function), names.dead_letters_id(function)
    return {
        dead: _dead_letters(),
        queue: {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "SqsManagedSseEnabled": True,
                # Six times the function's time, as Lambda asks, or a slow batch would be handed out twice.
                "VisibilityTimeout": 6 * function.timeout,
                "MessageRetentionPeriod": _FOURTEEN_DAYS,
                "RedrivePolicy": {
                    "deadLetterTargetArn": names.arn_of(dead),
                    "maxReceiveCount": source.max_receives,
                },
            },
        },
        rule: {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventBusName": {"Ref": "EventBus"},
                "EventPattern": {"source": [SOURCE], "detail-type": list(source.detail_types)},
                "State": "ENABLED",
                "Targets": [
                    {
                        "Id": "queue",
                        "Arn": names.arn_of(queue),
                        "RetryPolicy": {
                            "MaximumRetryAttempts": source.rule_retries,
                            "MaximumEventAgeInSeconds": source.rule_max_age,
                        },
                        "DeadLetterConfig": {"Arn": names.arn_of(dead)},
                    }
                ],
            },
        },
        f"{function.logical_id}QueuePolicy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {
                "Queues": [{"Ref": queue}, {"Ref": dead}],
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Sid": "OnlyTheRule",
                            "Effect": "Allow",
                            "Principal": {"Service": "events.amazonaws.com"},
                            "Action": "sqs:SendMessage",
                            "Resource": [names.arn_of(queue), names.arn_of(dead)],
                            "Condition": {"ArnEquals": {"aws:SourceArn": names.arn_of(rule)}},
                        }
                    ],
                },
            },
        },
    }


def _dead_letters() -> Json:
    return {
        "Type": "AWS::SQS::Queue",
        "Properties": {"SqsManagedSseEnabled": True, "MessageRetentionPeriod": _FOURTEEN_DAYS},
    }
