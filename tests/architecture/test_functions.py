"""Every function as Lambda loads it: its module alone, in a fresh process (Chalice issue 1566)."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from chalicelib.edge.functions import Queue, Stream, Task
from infra.functions import Function, functions
from tests.architecture.sources import ROOT

# What each function is given, and what it must answer. Nothing behind it exists: ports are twins or absent, so the
# function runs up to its first need and must then fail or answer in its own way, never with an import error.
_PROGRAM = """
import importlib, json, sys
handler, event = sys.argv[1], json.loads(sys.argv[2])
module, _, name = handler.rpartition(".")
function = getattr(importlib.import_module(module), name)
try:
    answer = {"answer": function(event, type("Context", (), {"aws_request_id": "test"})())}
except Exception as error:
    answer = {"error": type(error).__name__}
print(json.dumps({**answer, "app": "app" in sys.modules}))
"""

_EVENTS = {
    "authorize": {
        "type": "TOKEN",
        "authorizationToken": "Bearer no.such.token",
        "methodArn": "arn:aws-cn:execute-api:cn-north-1:123456789012:abc/api/GET/v1/cases",
    },
    "api_handler": {
        "httpMethod": "GET",
        "resource": "/v1/health",
        "path": "/v1/health",
        "headers": {},
        "multiValueHeaders": {},
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
        "requestContext": {
            "httpMethod": "GET",
            "resourcePath": "/v1/health",
            "path": "/api/v1/health",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "identity": {"sourceIp": "192.0.2.1"},
        },
    },
}


def invoke(function: Function, event: object) -> dict[str, object]:
    environment = {
        "PATH": os.environ["PATH"],
        "STAGE": "hohhot",
        "REGION_CODE": "150100000000",
        "LOG_LEVEL": "CRITICAL",
        "AWS_REGION": "cn-north-1",
        "AWS_DEFAULT_REGION": "cn-north-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    done = subprocess.run(
        [sys.executable, "-B", "-c", _PROGRAM, function.handler, json.dumps(event)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        cwd=ROOT,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return answer


@pytest.mark.parametrize("name", sorted(functions()))
def test_a_function_can_be_loaded_and_called_by_its_handler_string_alone(name: str) -> None:
    function = functions()[name]
    event = _EVENTS.get(name, {"Records": []})
    answer = invoke(function, event)
    assert answer["app"] is (name == "api_handler"), "only the API may load the whole application"
    match function.source:
        case Queue() | Stream():
            assert answer["answer"] == {"batchItemFailures": []}
        case Task():
            # A fault of the surroundings reaches the state machine under a name that its definition knows.
            assert answer["error"] in {"TaskFailed", "TryAgain"}
        case _:
            assert "error" not in answer or answer["error"] == "SettingsError"


def test_a_token_that_does_not_hold_is_denied_by_the_authorizer_alone() -> None:
    answer = invoke(functions()["authorize"], _EVENTS["authorize"])["answer"]
    assert isinstance(answer, dict)
    assert all(isinstance(value, str) for value in answer["context"].values())


def test_a_function_and_its_handler_have_one_name() -> None:
    for function in functions().values():
        if function.name != "api_handler":
            assert function.handler.rsplit(".", 1)[-1] == function.name
