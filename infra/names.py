"""How resources are called in the template, and how one refers to another. Said once, used by all of infra."""

from __future__ import annotations

from typing import Any

from chalice.utils import to_cfn_resource_name

from chalicelib.edge.functions import Queue, Schedule, Stream, Task
from infra.functions import Function

API_STAGE = "api"
"""The stage of API Gateway. The routes carry their version themselves: /v1/…"""


def arn_of(logical_id: str) -> dict[str, Any]:
    """The ARN attribute of a resource."""
    return {"Fn::GetAtt": [logical_id, "Arn"]}


def physical(suffix: str) -> dict[str, str]:
    """A name of our own choosing: two stacks in one account never collide."""
    return {"Fn::Sub": f"${{AWS::StackName}}-{suffix}"}


def objects_in(bucket: str) -> dict[str, str]:
    """Everything that lies in a bucket."""
    return {"Fn::Sub": f"${{{bucket}.Arn}}/*"}


def state_machine_id(name: str) -> str:
    """``case_routing`` is ``CaseRouting`` in the template."""
    return str(to_cfn_resource_name(name))


def state_machine_name(name: str) -> dict[str, str]:
    """Physical name of a state machine."""
    return physical(name.replace("_", "-"))


def state_machine_arn(name: str) -> dict[str, str]:
    """ARN by name, not by reference: the machine refers to its functions, and they to it, which would be a circle."""
    return {"Fn::Sub": f"{_STATES}:stateMachine:${{AWS::StackName}}-{name.replace('_', '-')}"}


def execution_arns(name: str) -> dict[str, str]:
    """All executions of a state machine."""
    return {"Fn::Sub": f"{_STATES}:execution:${{AWS::StackName}}-{name.replace('_', '-')}:*"}


_STATES = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}"


def log_group_id(function: Function) -> str:
    """The log group of a function."""
    return f"{function.logical_id}Log"


def queue_id(function: Function) -> str:
    """The queue that feeds a function."""
    return f"{function.logical_id}Queue"


def dead_letters_id(function: Function) -> str:
    """Where messages and records rest that a function could not process."""
    return f"{function.logical_id}DeadLetters"


def kind_of_source(function: Function) -> str:
    """``queue``, ``stream``, ``schedule``, ``task``, or ``request`` for the API and its authorizer."""
    kinds = {Queue: "queue", Stream: "stream", Schedule: "schedule", Task: "task", type(None): "request"}
    return kinds[type(function.source)]
