"""A real event of its own source for each function, as AWS sends it; and what the function must answer.

Nothing that the events speak of exists, so they can be sent to any stack: a function shows that it was loaded from
its own module alone, found its variables, reached what it uses and answered in the form that its source takes.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from chalicelib.edge.functions import Queue, Schedule, Stream, Task
from infra.functions import API_HANDLER, Function
from infra.local.environment import ACCOUNT, PARTITION, REGION

Json = dict[str, Any]

NO_CASE = "01J00000000000000000000000"


class ProbeFailed(AssertionError):
    """A function did not answer as its source demands; the text has the answer."""


def event_for(function: Function, token: str) -> Json:
    """An event for a function. ``token`` is a bearer's token of the stack's issuer."""
    match function.source:
        case Queue() as source:
            return _queue(source)
        case Stream() as source:
            return _stream(source)
        case Schedule():
            return _schedule()
        case Task():
            return {"case_id": NO_CASE, "execution": f"{NO_CASE}-1", "token": "none", "attempt": 1}
    return _request() if function.name == API_HANDLER else _authorization(token)


def check(function: Function, answer: Any) -> None:
    """Raise ProbeFailed unless the answer is one that the function's source understands."""
    match function.source:
        case Queue() | Stream():
            fits = isinstance(answer, Mapping) and isinstance(answer.get("batchItemFailures"), list)
        case Schedule():
            fits = isinstance(answer, Mapping) and "errorType" not in answer
        case Task() as source:
            # No such case: the state machine is told so by the name of the error.
            fits = isinstance(answer, Mapping) and answer.get("errorType") in ("NotFound", *source.errors)
        case _ if function.name == API_HANDLER:
            fits = isinstance(answer, Mapping) and answer.get("statusCode") == 200
        case _:
            statements = answer.get("policyDocument", {}).get("Statement", []) if isinstance(answer, Mapping) else []
            fits = bool(statements) and answer["context"].get("subject") is not None
    if not fits:
        raise ProbeFailed(f"{function.name}: {json.dumps(answer, ensure_ascii=False)[:2000]}")


def _request() -> Json:
    """API Gateway, proxy integration: the search of items, which reads the catalogue."""
    headers = {"Host": "api.example", "Accept": "application/json"}
    query = {"q": "教师资格"}
    return {
        "resource": "/v1/items",
        "path": "/v1/items",
        "httpMethod": "GET",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()},
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": "/v1/items",
            "httpMethod": "GET",
            "path": "/api/v1/items",
            "accountId": ACCOUNT,
            "stage": "api",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "identity": {"sourceIp": "192.0.2.1", "userAgent": "probe"},
        },
        "body": None,
        "isBase64Encoded": False,
    }


def _authorization(token: str) -> Json:
    arn = f"arn:{PARTITION}:execute-api:{REGION}:{ACCOUNT}:probe/api/GET/v1/cases"
    return {"type": "TOKEN", "methodArn": arn, "authorizationToken": f"Bearer {token}"}


def _queue(source: Queue) -> Json:
    """SQS, a batch of two: a rule's message about a case that nobody knows, and one that is none."""
    detail_type = source.detail_types[0]
    told = {
        "version": "0",
        "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
        "detail-type": detail_type,
        "source": "onewindow.cases",
        "account": ACCOUNT,
        "time": "2026-03-02T01:00:00Z",
        "region": REGION,
        "resources": [],
        "detail": {"case_id": NO_CASE, "number": 1, "type": detail_type},
    }
    return {"Records": [_message(1, json.dumps(told)), _message(2, "no event")]}


def _message(number: int, body: str) -> Json:
    return {
        "messageId": f"059f36b4-87a3-44ab-83d2-66197505000{number}",
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1772413200000",
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": "1772413200001",
        },
        "messageAttributes": {},
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:{PARTITION}:sqs:{REGION}:{ACCOUNT}:probe",
        "awsRegion": REGION,
    }


def _stream(source: Stream) -> Json:
    """DynamoDB stream: a new row whose events somebody has sent already would look like this."""
    key = {"pk": {"S": f"{source.key_prefix}0"}, "sk": {"S": f"2026-03-02T01:00:00.000000+00:00#{NO_CASE}#00000001"}}
    image = {
        **key,
        "kind": {"S": "outbox"},
        "case_id": {"S": NO_CASE},
        "first": {"N": "1"},
        "last": {"N": "1"},
        "types": {"S": '[[1, "case.drafted"]]'},
        "recorded_at": {"S": "2026-03-02T01:00:00.000000+00:00"},
    }
    change = {
        "ApproximateCreationDateTime": 1772413200,
        "Keys": key,
        "NewImage": image,
        "SequenceNumber": "111",
        "SizeBytes": 200,
        "StreamViewType": "NEW_IMAGE",
    }
    record = {
        "eventID": base64.b16encode(b"probe").decode(),
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": REGION,
        "dynamodb": change,
        "eventSourceARN": f"arn:{PARTITION}:dynamodb:{REGION}:{ACCOUNT}:table/probe/stream/2026-03-02T00:00:00.000",
    }
    return {"Records": [record]}


def _schedule() -> Json:
    return {
        "version": "0",
        "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eab",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": "2026-03-02T01:00:00Z",
        "region": REGION,
        "resources": [f"arn:{PARTITION}:events:{REGION}:{ACCOUNT}:rule/probe"],
        "detail": {},
    }
