"""The state machines: their definitions from ``statemachines/``, their roles, their logs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from chalicelib.edge.functions import Task
from infra import names
from infra.functions import Function

Json = dict[str, Any]

DEFINITIONS = Path(__file__).resolve().parents[1] / "statemachines"

NODE_TIMEOUT_SECONDS = 30 * 86_400
"""How long a node may wait before its task is opened again. No legal period: a net under a lost callback."""

_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")


def workflows(functions: dict[str, Function], log_retention: int) -> Json:
    """Machine, role and log group for each state machine that a task names."""
    resources: Json = {}
    for name in sorted({f.source.state_machine for f in functions.values() if isinstance(f.source, Task)}):
        machine = names.state_machine_id(name)
        tasks = {
            f"{f.logical_id}FunctionArn": names.arn_of(f.logical_id)
            for f in functions.values()
            if isinstance(f.source, Task) and f.source.state_machine == name
        }
        resources |= {
            machine: _machine(name, tasks),
            f"{machine}Role": _role(machine, list(tasks.values())),
            f"{machine}Log": {
                "Type": "AWS::Logs::LogGroup",
                "Properties": {
                    # The prefix spares the account's log resource policy, which is limited in size.
                    "LogGroupName": {"Fn::Sub": f"/aws/vendedlogs/states/${{AWS::StackName}}/{name}"},
                    "RetentionInDays": log_retention,
                },
            },
        }
    return resources


def placeholders(name: str) -> set[str]:
    """The ``${Placeholders}`` in a definition."""
    return set(_PLACEHOLDER.findall(definition(name)))


def definition(name: str) -> str:
    """The definition of a state machine as it stands in its file, placeholders and all."""
    return (DEFINITIONS / f"{name}.asl.json").read_text(encoding="utf-8")


def _machine(name: str, tasks: Json) -> Json:
    machine = names.state_machine_id(name)
    return {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "StateMachineName": names.state_machine_name(name),
            "StateMachineType": "STANDARD",
            "DefinitionString": definition(name),
            "DefinitionSubstitutions": {
                **tasks,
                "Partition": {"Ref": "AWS::Partition"},
                "NodeTimeoutSeconds": NODE_TIMEOUT_SECONDS,
            },
            "RoleArn": names.arn_of(f"{machine}Role"),
            "LoggingConfiguration": {
                "Level": "ERROR",
                # Inputs hold a task token: they stay out of the log.
                "IncludeExecutionData": False,
                "Destinations": [{"CloudWatchLogsLogGroup": {"LogGroupArn": names.arn_of(f"{machine}Log")}}],
            },
        },
    }


def _role(machine: str, task_arns: list[Json]) -> Json:
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "states.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                        "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
                    }
                ],
            },
            "Policies": [
                {
                    "PolicyName": f"{machine}Policy",
                    "PolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [
                            {
                                "Sid": "CallTasks",
                                "Effect": "Allow",
                                "Action": ["lambda:InvokeFunction"],
                                "Resource": task_arns,
                            },
                            {
                                # Log delivery knows no resources (Step Functions developer guide, cw-logs).
                                "Sid": "DeliverLogs",
                                "Effect": "Allow",
                                "Action": [
                                    *(f"logs:{verb}LogDelivery" for verb in ("Create", "Get", "Update", "Delete")),
                                    "logs:ListLogDeliveries",
                                    "logs:PutResourcePolicy",
                                    "logs:DescribeResourcePolicies",
                                    "logs:DescribeLogGroups",
                                ],
                                "Resource": "*",
                            },
                        ],
                    },
                }
            ],
        },
    }
