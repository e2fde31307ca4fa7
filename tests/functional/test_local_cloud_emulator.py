"""moto as the emulated cloud runs it: what would differ from AWS without the patches in infra/local/emulator.py."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local import emulator
from infra.local.source import InvocationFailed
from infra.local.streams import StreamSource
from tests import work
from tests.cloud import Tables


def _put(client: Any, table: str, key: str) -> bool:
    try:
        client.put_item(
            TableName=table,
            Item={"pk": {"S": key}, "sk": {"S": "x"}},
            ConditionExpression="attribute_not_exists(pk)",
        )
    except ClientError:
        return False
    return True


def _row(table: str, key: str) -> dict[str, Any]:
    return {"Put": {"TableName": table, "Item": {"pk": {"S": key}, "sk": {"S": "x"}}}}


def _keys(client: Any, table: str) -> list[str]:
    return sorted(row["pk"]["S"] for row in client.scan(TableName=table)["Items"])


class _Stream:
    """A stream source over a table, with a function that can be told to fail."""

    def __init__(self, client: Any, table: str, attempts: int = -1, on_failure: str = "") -> None:
        arn = client.describe_table(TableName=table)["Table"]["LatestStreamArn"]
        self.delivered: list[str] = []
        self.failing: list[str] = []
        self.source = StreamSource(
            name="rows",
            function="f",
            arn=arn,
            batch_size=3,
            filters=[],
            partial=True,
            attempts=attempts,
            on_failure=on_failure,
            invoke=self._invoke,
        )

    def drain(self) -> None:
        while self.source.poll():
            pass

    def _invoke(self, function: str, event: dict[str, Any]) -> dict[str, Any]:
        failures = []
        for record in event["Records"]:
            key = record["dynamodb"]["Keys"]["pk"]["S"]
            if key == "broken":
                raise InvocationFailed(key)
            if key in self.failing:
                failures.append({"itemIdentifier": record["dynamodb"]["SequenceNumber"]})
            else:
                self.delivered.append(key)
        self.failing.clear()
        return {"batchItemFailures": failures}


def test_of_many_threads_that_put_the_same_key_exactly_one_wins(aws: Tables) -> None:
    client = emulator.client("dynamodb")
    keys = [f"k{n}" for n in range(30)]

    with ThreadPoolExecutor(6) as threads:
        won = list(threads.map(lambda key: _put(client, aws.cases, key), keys * 6))

    assert sum(won) == len(keys)


def test_a_cancelled_transaction_leaves_rows_and_stream_as_they_were(aws: Tables) -> None:
    client = emulator.client("dynamodb")
    stream = _Stream(client, aws.cases)
    client.put_item(TableName=aws.cases, Item={"pk": {"S": "old"}, "sk": {"S": "x"}, "n": {"N": "1"}})
    stream.drain()
    change = {
        "TableName": aws.cases,
        "Key": {"pk": {"S": "old"}, "sk": {"S": "x"}},
        "UpdateExpression": "SET n = :n",
        "ExpressionAttributeValues": {":n": {"N": "2"}},
    }
    refused = {**_row(aws.cases, "old")["Put"], "ConditionExpression": "attribute_not_exists(pk)"}
    refused["Item"] = {**refused["Item"], "sk": {"S": "x"}}

    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        client.transact_write_items(
            TransactItems=[
                _row(aws.cases, "ghost"),
                {"Update": {**change, "Key": {"pk": {"S": "old"}, "sk": {"S": "y"}}}},
                {"Put": refused},
            ]
        )
    client.transact_write_items(TransactItems=[_row(aws.cases, "new"), {"Update": change}])
    stream.drain()

    assert _keys(client, aws.cases) == ["new", "old"]
    assert stream.delivered == ["old", "new", "old"]


def test_a_transaction_costs_no_more_in_a_full_table(aws: Tables) -> None:
    client = emulator.client("dynamodb")

    def cost() -> int:
        items = [_row(aws.cases, f"t{i}") for i in range(4)]
        return work.calls(lambda: client.transact_write_items(TransactItems=items))

    cost()  # the first call of its kind also reads the model of the service
    empty = cost()
    for n in range(1500):
        client.put_item(TableName=aws.cases, Item={"pk": {"S": f"row{n}"}, "sk": {"S": "x"}})

    assert cost() < 1.1 * empty


def test_a_stream_starts_again_at_the_record_that_failed(aws: Tables) -> None:
    client = emulator.client("dynamodb")
    stream = _Stream(client, aws.cases)
    stream.failing = ["b"]
    for key in "abcd":
        client.put_item(TableName=aws.cases, Item={"pk": {"S": key}, "sk": {"S": "x"}})

    stream.drain()

    assert stream.delivered == ["a", "c", "b", "c", "d"]
    assert stream.source.quiet()


def test_a_record_that_never_succeeds_is_given_up_and_noted(aws: Tables) -> None:
    client, sqs = emulator.client("dynamodb"), emulator.client("sqs")
    url = sqs.create_queue(QueueName="given-up")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    stream = _Stream(client, aws.cases, attempts=1, on_failure=arn)
    for key in ("broken", "fine"):
        client.put_item(TableName=aws.cases, Item={"pk": {"S": key}, "sk": {"S": "x"}})
        stream.drain()

    note = json.loads(sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"])
    assert note["DDBStreamBatchInfo"]["batchSize"] == 1
    assert stream.delivered == ["fine"]
    sqs.delete_queue(QueueUrl=url)


def test_no_message_is_lost_when_a_queue_is_filled_and_emptied_at_once(aws: Tables) -> None:
    sqs = emulator.client("sqs")
    url = sqs.create_queue(QueueName="busy")["QueueUrl"]
    seen: set[str] = set()

    def fill(writer: int) -> None:
        for n in range(50):
            sqs.send_message(QueueUrl=url, MessageBody=f"{writer}-{n}")

    writers = [threading.Thread(target=fill, args=(n,)) for n in range(4)]
    for writer in writers:
        writer.start()
    deadline = time.monotonic() + 20
    while len(seen) < 200 and time.monotonic() < deadline:
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            seen.add(message["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    assert len(seen) == 200
    sqs.delete_queue(QueueUrl=url)


class _Waiting:
    """An execution that waits for its token."""

    def __init__(self) -> None:
        self.client = emulator.client("stepfunctions")
        self.sqs = emulator.client("sqs")
        self.queue = self.sqs.create_queue(QueueName="tokens")["QueueUrl"]
        definition = {
            "StartAt": "Wait",
            "States": {
                "Wait": {
                    "Type": "Task",
                    "Resource": "arn:aws-cn:states:::sqs:sendMessage.waitForTaskToken",
                    "Parameters": {"QueueUrl": self.queue, "MessageBody.$": "$$.Task.Token"},
                    "TimeoutSeconds": 600,
                    "End": True,
                }
            },
        }
        self.machine = self.client.create_state_machine(
            name="waiting", definition=json.dumps(definition), roleArn="arn:aws-cn:iam::123456789012:role/waiting"
        )["stateMachineArn"]
        self.execution = self.start()
        self.token = self._token()

    def start(self) -> str:
        answer = self.client.start_execution(stateMachineArn=self.machine, name="case-1", input="{}")
        return str(answer["executionArn"])

    def status(self) -> str:
        return str(self.client.describe_execution(executionArn=self.execution)["status"])

    def report(self) -> None:
        self.client.send_task_success(taskToken=self.token, output="{}")

    def _token(self) -> str:
        for _ in range(200):
            if found := self.sqs.receive_message(QueueUrl=self.queue).get("Messages"):
                return str(found[0]["Body"])
            time.sleep(0.02)
        raise TimeoutError("no token")


@pytest.fixture
def waiting(aws: Tables) -> Iterator[_Waiting]:
    found = _Waiting()
    yield found
    emulator.abort_executions("case-1")
    found.client.delete_state_machine(stateMachineArn=found.machine)
    found.sqs.delete_queue(QueueUrl=found.queue)


def test_starting_an_execution_twice_gives_the_same_one(waiting: _Waiting) -> None:
    assert waiting.start() == waiting.execution
    assert [e.name for e in emulator.running_executions()].count("case-1") == 1


def test_an_aborted_execution_is_aborted_at_once(waiting: _Waiting) -> None:
    assert emulator.abort_executions("case-1") == ["case-1"]

    assert waiting.status() == "ABORTED"


def test_a_token_that_was_reported_is_spent(waiting: _Waiting) -> None:
    waiting.report()

    with pytest.raises(ClientError) as second:
        waiting.report()

    assert second.value.response["Error"]["Code"] in {"TaskTimedOut", "InvalidToken"}
