"""What is measured stands here: the API's handler over the real DynamoDB engine, which writes to disk.

Everything is the product's own but KMS, which is answered in this process (its emulation in Python would cost more
than the product does; a real one costs a call for each case and container, which is counted), and the authorizer,
whose answer is handed in where no token is measured.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.local import environment

environment.prepare()
os.environ["POWERTOOLS_METRICS_DISABLED"] = "true"
os.environ["LOG_LEVEL"] = "WARNING"

import boto3  # noqa: E402
from botocore.client import BaseClient  # noqa: E402
from botocore.config import Config  # noqa: E402
from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: E402

from infra.local.engine import Engine  # noqa: E402
from infra.local.functions import FunctionContext  # noqa: E402

Json = dict[str, Any]

ITEM = "150105902002"  # the item of scenario main
VILLAGE = "152526102203"
FORM = {
    "applicant_name": "巴特尔",
    "identity_number": "152501199003070012",
    "phone": "13800000000",
    "ground": "household",
    "subject": "蒙古语文 ᠮᠣᠩᠭᠣᠯ ᠬᠡᠯᠡ",
    "education": "bachelor",
}
MATERIALS = [{"code": f"M0{i}", "form": "paper", "name": f"材料{i}"} for i in range(1, 6)]
HERDER = {
    "subject": "bench-herder",
    "kind": "person",
    "name": "bench",
    "body": "",
    "division": "",
    "roles": "",
    "expires": "9999999999",
}


class LocalKms:
    """Answers GenerateDataKey and Decrypt in this process, and counts them."""

    class exceptions:  # noqa: N801 -- as botocore's clients name it
        InvalidCiphertextException = ValueError

    def __init__(self) -> None:
        self._cipher = AESGCM(AESGCM.generate_key(256))
        self.asked = 0

    def generate_data_key(self, **request: Any) -> Json:
        self.asked += 1
        plain, nonce = os.urandom(32), os.urandom(12)
        wrapped = nonce + self._cipher.encrypt(nonce, plain, json.dumps(request["EncryptionContext"]).encode())
        return {"CiphertextBlob": wrapped, "Plaintext": plain}

    def decrypt(self, **request: Any) -> Json:
        self.asked += 1
        blob, context = request["CiphertextBlob"], json.dumps(request["EncryptionContext"]).encode()
        return {"Plaintext": self._cipher.decrypt(blob[:12], blob[12:], context)}


class Calls:
    """Counts AWS calls of this process, and what DynamoDB says that they consume."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.counting: Callable[[], bool] = lambda: False
        self.made: Counter[str] = Counter()
        self.units: Counter[str] = Counter()
        self.captured: Json | None = None
        self._original = BaseClient._make_api_call  # type: ignore[attr-defined]

    def install(self) -> None:
        """Look at every call from now on."""
        calls = self

        def make_api_call(client: Any, operation: str, arguments: Json) -> Any:
            if not calls.counting():
                return calls._original(client, operation, arguments)
            if operation == "TransactWriteItems":
                calls.captured = arguments
            if client.meta.service_model.service_name == "dynamodb":
                arguments = {**arguments, "ReturnConsumedCapacity": "TOTAL"}
            answer = calls._original(client, operation, arguments)
            consumed = answer.get("ConsumedCapacity") or []
            with calls.lock:
                calls.made[operation] += 1
                for one in consumed if isinstance(consumed, list) else [consumed]:
                    calls.units[_side(operation)] += one.get("CapacityUnits", 0)
            return answer

        BaseClient._make_api_call = make_api_call  # type: ignore[attr-defined]

    @contextmanager
    def count(self, where: Callable[[], bool] | None = None) -> Iterator[Calls]:
        """Begin anew and count what is called meanwhile, in threads for which ``where`` is true."""
        self.made, self.units = Counter(), Counter()
        self.counting = where or (lambda: True)
        try:
            yield self
        finally:
            self.counting = lambda: False

    @property
    def writes(self) -> int:
        """Calls that write to DynamoDB."""
        return sum(n for operation, n in self.made.items() if _side(operation) == "write")

    @property
    def reads(self) -> int:
        """Calls that read from DynamoDB."""
        return sum(n for operation, n in self.made.items() if _side(operation) == "read")


_READS = ("GetItem", "BatchGetItem", "Query")
_WRITES = ("TransactWriteItems", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem")


def _side(operation: str) -> str:
    return "read" if operation in _READS else "write" if operation in _WRITES else "other"


class Stand:
    """Engine, tables, catalogue and the API's handler."""

    def __init__(self, folder: Path) -> None:
        from app import app
        from infra.catalog import publish
        from infra.local import adapt
        from infra.local.gateway import made_fit_for_threads
        from infra.storage import storage

        self.engine = Engine.start(data=folder / "engine")
        self.client = engine_client(self.engine.url)
        for name, logical in (("bench-cases", "CasesTable"), ("bench-catalog", "CatalogTable")):
            adapt.create_table(self.client, name, storage()[logical]["Properties"])
        told = {
            "STAGE": "xilingol",
            "REGION_CODE": "152500000000",
            "CASES_TABLE": "bench-cases",
            "CATALOG_TABLE": "bench-catalog",
            "VAULT_KEY_ID": "bench",
            "AWS_REGION": environment.REGION,
            "DYNAMODB_ENDPOINT": self.engine.url,
            "PUBLIC_BASE_URL": "https://bench.example",
        }
        self.environment = told
        self.kms = LocalKms()
        self.rewire({})
        publish(self.wiring)
        self.app = made_fit_for_threads(app)
        self.calls = Calls()
        self.calls.install()

    def rewire(self, more: dict[str, str]) -> None:
        """Put a wiring with more settings in place; it is a container that has just started."""
        from chalicelib import wiring
        from chalicelib.gateways.clock import SystemClock
        from chalicelib.gateways.vault import KmsVault
        from chalicelib.settings import Settings

        vault = KmsVault(self.kms, "bench", "xilingol", SystemClock())  # type: ignore[arg-type]
        settings = Settings.from_env({**self.environment, **more})
        self.wiring = wiring.Wiring(settings, vault=vault, cursor_secret=b"bench")
        wiring.install(self.wiring)
        # All at once and in one thread: clients and table bindings are not made for being made twice.
        _ = (self.wiring.cases, self.wiring.catalog, self.wiring.calendar, self.wiring.certificates, self.wiring.logs)

    def forget_keys(self) -> None:
        """Make this a container that has seen none of the cases."""
        self.wiring._safe._kept.clear()
        self.wiring.vault._plain.clear()  # type: ignore[attr-defined]

    def stop(self) -> None:
        """End the engine."""
        from chalicelib import wiring

        wiring.install(None)
        self.engine.stop()

    # -- the handler ---------------------------------------------------------------------------------

    def ask(self, method: str, route: str, *, status: int = 200, **options: Any) -> Any:
        """Call the handler with an event of API Gateway; the JSON of its answer."""
        answer = self.app(event(method, route, **options), FunctionContext("api_handler"))
        if answer["statusCode"] != status:
            raise AssertionError(f"{method} {route} answered {answer['statusCode']}: {answer['body'][:600]}")
        return json.loads(answer["body"])

    def draft(self, number: int) -> str:
        """A draft with form and materials, ready to be submitted; its id."""
        body = {"item": ITEM, "division": VILLAGE, "channel": "web"}
        opened = self.ask("POST", "/v1/cases", body=body, key=f"open-{number}", status=201)
        content = {"form": FORM, "materials": MATERIALS}
        self.ask(
            "PUT",
            "/v1/cases/{case_id}/application",
            places={"case_id": opened["id"]},
            body=content,
            version=opened["version"],
        )
        return str(opened["id"])

    def submit(self, case_id: str, key: str) -> Json:
        """Submit a draft under a key."""
        answer: Json = self.ask("POST", "/v1/cases/{case_id}/submission", places={"case_id": case_id}, key=key)
        return answer

    def drafts(self, count: int, begin: int = 0) -> list[str]:
        """Many drafts, made by several threads."""
        with ThreadPoolExecutor(16) as pool:
            return list(pool.map(self.draft, range(begin, begin + count)))

    def rows(self) -> Counter[str]:
        """How many rows of each kind the cases table holds: the bench may scan, the product never does."""
        found: Counter[str] = Counter()
        pages = self.client.get_paginator("scan").paginate(TableName="bench-cases", ProjectionExpression="kind")
        for page in pages:
            found.update(row["kind"]["S"] for row in page["Items"])
        return found


def engine_client(url: str) -> Any:
    """A bare client of the engine with room for many threads, and no retries that would hide a failure."""
    config = Config(max_pool_connections=32, retries={"mode": "standard", "total_max_attempts": 1})
    return boto3.client("dynamodb", endpoint_url=url, region_name=environment.REGION, config=config)


def event(
    method: str,
    route: str,
    *,
    places: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    body: Any = None,
    key: str = "",
    version: int | None = None,
    who: dict[str, str] | None = None,
) -> Json:
    """An event as API Gateway's proxy integration sends it."""
    headers = {"host": "bench.example"}
    if body is not None:
        headers["content-type"] = "application/json"
    if key:
        headers["idempotency-key"] = key
    if version is not None:
        headers["if-match"] = f'"{version}"'
    path = route.format(**(places or {}))
    context = {"resourcePath": route, "httpMethod": method, "path": path, "requestId": "bench", "identity": {}}
    return {
        "resource": route,
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": {k: [v] for k, v in query.items()} if query else None,
        "pathParameters": places,
        "stageVariables": None,
        "requestContext": {**context, "authorizer": HERDER if who is None else who},
        "body": None if body is None else json.dumps(body, ensure_ascii=False),
        "isBase64Encoded": False,
    }


def timed(work: Callable[[Any], Any], inputs: Sequence[Any], threads: int) -> tuple[float, list[float]]:
    """Do all of it in some threads: the whole time, and that of each call, in seconds."""

    def one(given: Any) -> float:
        began = time.perf_counter()
        work(given)
        return time.perf_counter() - began

    began = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        each = list(pool.map(one, inputs))
    return time.perf_counter() - began, each
