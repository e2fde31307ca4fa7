"""The product over real stores, with everything around it under the hand of a test.

Rows, files and keys go through the real repositories and gateways (boto3 and all) to DynamoDB, S3 and KMS; the way
from the stream to the executions is ``Outside``. Each invocation is a cold container: nothing is remembered that
is not stored. The whole state can be taken down and put back, so that a thousand runs begin at the same moment.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from types import SimpleNamespace
from typing import Any

from chalicelib import wiring
from chalicelib.domain.errors import Conflict, DomainError, Stale, Unavailable
from chalicelib.edge.functions import REGISTRY, TaskFailed, TryAgain
from chalicelib.gateways.objects import S3Objects
from chalicelib.observability import logger
from chalicelib.services.ports import SHARDS, Receipt, RequestKey
from chalicelib.services.tasks import CaseEnded, Superseded
from chalicelib.settings import Settings
from chalicelib.storage import catalog, places, tables
from chalicelib.storage.calendar_years import DynamoYears
from chalicelib.storage.codec import instant
from chalicelib.storage.held import HeldCertificates
from chalicelib.wiring import Wiring
from infra.local import emulator
from infra.local.functions import load
from tests import factories as f
from tests.cloud import Tables
from tests.proof.counted import Counted, CountedAnchors
from tests.proof.faults import Calls, Died, Mode
from tests.proof.outside import Message, Outside

ARN = "arn:aws-cn:states:cn-north-1:123456789012:stateMachine:"
Rows = Mapping[tuple[str, str], Any]

QUARANTINE, KEPT = "proof-quarantine", "proof-kept"
OPENING = {"case_routing": "open_node", "commitment_check": "open_check"}
"""What each state machine calls to have its next task opened."""
RETRIES = 3
RECEIVES = 5
RECONCILED = frozenset({"start_workflows", "report_tasks", "issue_certificates"})
"""Consumers whose lost hints reconciliation makes up for. Those of the others an operator sends again from the dead
letters, upon the alarm."""
PUT_OFF = timedelta(minutes=6)
"""Longer than a timer that failed is put off, and than the sweeper's patience."""


class Unforeseen(AssertionError):
    """A command ended with something that is no refusal: a citizen would have seen a 500."""


class Stack(f.World):
    """Every port over real stores. ``calls`` counts and lets things go wrong."""

    def __init__(self, stores: Tables, calls: Calls) -> None:
        super().__init__()
        self.calls, self.outside, self.stores = calls, Outside(), stores
        self._rows: dict[str, Rows] = {}
        calls.answered = self.outside.wrote
        self.connect()
        for bucket in (QUARANTINE, KEPT):
            where = {"LocationConstraint": stores.region}
            self.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
        kms = emulator.client("kms")
        told = {
            "STAGE": "proof",
            "REGION_CODE": f.LEAGUE,
            "AWS_REGION": stores.region,
            "CASES_TABLE": stores.cases,
            "CATALOG_TABLE": stores.catalog,
            "PLACES_TABLE": stores.places,
            "EVENT_BUS": "proof",
            "CASE_ROUTING_ARN": f"{ARN}case_routing",
            "COMMITMENT_CHECK_ARN": f"{ARN}commitment_check",
            "VAULT_KEY_ID": kms.create_key()["KeyMetadata"]["KeyId"],
            "SEAL_KEY_ID": kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"],
        }
        self.settings = Settings.from_env(told)
        self.sms, self.post = Counted(self.sms, calls, "sms"), Counted(self.post, calls, "post")
        self.anchors = CountedAnchors(calls)
        twins = [name for name, port in vars(self).items() if type(port).__name__.startswith("Memory")]
        gateways = ["vault", "seal", "signatures", "bus", "workflows", "checks", "objects", "catalog_store", "years"]
        bookings = ["appointments", "tickets", "visits"]
        self._stored = [name for name in (*twins, *gateways, *bookings) if hasattr(_Container, name)]
        self.mutant: Callable[[Stack], None] = lambda stack: None
        self.kept_states: dict[object, Mapping[str, Any]] = {}
        self.renew()
        self.empty = self.state()

    def connect(self) -> None:
        """Open the clients that all containers of this process share."""
        stores = self.stores
        self.connection: Any = tables.bind(stores.cases, stores.region, stores.endpoint)
        self.catalog_connection: Any = catalog.bind(stores.catalog, stores.region, stores.endpoint)
        places.bind(stores.places, stores.region, stores.endpoint)
        self.dynamodb = emulator.client("dynamodb", endpoint_url=stores.endpoint)
        self.s3 = emulator.client("s3")
        self.clients: dict[str, Any] = {}

    def renew(self) -> None:
        """A new container: no key, no row and no answer is remembered. Its ports are made by the product's wiring."""
        own = _Container(self)
        vars(self).update({name: getattr(own, name) for name in self._stored})
        self._places: Any = own.places
        self.mutant(self)

    @property
    def held(self) -> HeldCertificates:
        return HeldCertificates(self.certificates)

    @property
    def places(self) -> Any:
        """Read once by a container, and used for a minute, as in the product."""
        return self._places

    # -- commands and invocations ------------------------------------------------------------------------------

    def perform(self, act: Callable[[f.World, RequestKey], object], key: RequestKey) -> Receipt | None:
        """What a client does: ask, and ask again under the same key while the answer is not known.

        A refusal is answered with the stored receipt, if there is one, as the edge does it (``edge.api._replay``).
        """
        for _ in range(RETRIES + 1):
            try:
                with self.calls.within("command"):
                    self.renew()
                    done = self.answered(act, key)
            except (Died, Conflict, Unavailable):
                continue
            return done if isinstance(done, Receipt) else None
        raise AssertionError("still not answered after three retries")

    def answered(self, act: Callable[[f.World, RequestKey], object], key: RequestKey) -> object:
        """What one request is answered. Raises the refusal, or Unforeseen."""
        try:
            return act(self, key)
        except DomainError as refusal:
            stored = self.cases.receipt(key.scope)
            if stored is not None:
                return stored.receipt
            if isinstance(refusal, Stale):  # not keyed: the client looks and finds its own work
                return None
            raise
        except AssertionError:
            raise
        except Exception as error:
            raise Unforeseen(repr(error)) from error

    def run(self, name: str, event: Mapping[str, Any], about: str = "") -> Any:
        """Invoke one of the declared functions in a new container, about a kind of event."""
        with self.calls.within(name, about):
            self.renew()
            wiring.install(self)  # type: ignore[arg-type]
            context = SimpleNamespace(aws_request_id="proof", function_name=name)
            return load(REGISTRY[name].handler)(event, context)

    # -- what follows by itself ----------------------------------------------------------------------------------

    def settle(self) -> None:
        """Let everything go on until nothing moves."""
        for _ in range(400):
            if self.outside.stream:
                self._relay()
            elif self.outside.queue:
                self._consume(self.outside.queue.pop(0))
            elif self.outside.to_open() is not None:
                self._open()
            elif self.outside.last or self.outside.last_records:
                self.outside.queue, self.outside.last = self.outside.last, []
                self.outside.stream, self.outside.last_records = self.outside.last_records, []
            else:
                return
        raise AssertionError("it never comes to rest")

    def _relay(self) -> None:
        image, tries = self.outside.stream.pop(0)
        with self.calls.within("relay_outbox"):
            mode = self.calls.delivery(f"stream {_types(image)}") if tries == 0 else None
        if mode in (Mode.LATE, Mode.AGAIN_LATER):
            self.outside.late_records.append((image, 1))
        if mode is Mode.LAST:
            self.outside.last_records.append((image, 1))
        if mode in (Mode.NEVER, Mode.LATE, Mode.LAST):
            return  # the sweeper finds the row, unless the record comes before
        change = {"Keys": {"pk": image["pk"]}, "NewImage": image, "SequenceNumber": "1"}
        event = {"Records": [{"eventName": "INSERT", "dynamodb": change}]}
        for _ in range(2 if mode is Mode.TWICE else 1):
            try:
                failed = self.run("relay_outbox", event, _types(image))["batchItemFailures"]
            except (Died, DomainError):
                failed = ["1"]
            if failed and tries < RECEIVES:
                self.outside.stream.append((image, tries + 1))

    def _consume(self, message: Message) -> None:
        with self.calls.within(message.function):
            mode = self.calls.delivery(f"queue {message.hint.type}") if message.receives == 0 else None
        once = replace(message, receives=1)
        if mode is Mode.NEVER:
            self.outside.dead_letters.append(once)
            return
        if mode in (Mode.LATE, Mode.AGAIN_LATER):
            self.outside.held.append(once)
        if mode is Mode.LAST:
            self.outside.last.append(once)
        if mode in (Mode.LATE, Mode.LAST):
            return
        for _ in range(2 if mode is Mode.TWICE else 1):
            self._hand_over(message)

    def _hand_over(self, message: Message) -> None:
        hint = message.hint
        detail = {"case_id": hint.case_id, "number": hint.number, "type": hint.type}
        event = {"Records": [{"messageId": "m", "body": json.dumps({"detail": detail})}]}
        try:
            failed = bool(self.run(message.function, event, hint.type)["batchItemFailures"])
        except Died:
            failed = True
        if failed:
            again = replace(message, receives=message.receives + 1)
            (self.outside.queue if again.receives < RECEIVES else self.outside.dead_letters).append(again)

    def _open(self) -> None:
        execution = self.outside.to_open()
        assert execution is not None
        token = self.outside.next_token()
        self.outside.wait_for(execution.name, token)
        with self.calls.within(OPENING[execution.machine]):
            mode = self.calls.delivery("task", (Mode.TWICE,))
        for _ in range(2 if mode is Mode.TWICE else 1):
            self.opened(execution.case_id, execution.attempt, token)

    def opened(self, case_id: str, attempt: int, token: str) -> None:
        """Run the task of the state machine, and let the execution go on with what comes of it."""
        name, most, status = f"{case_id}-{attempt}", 7, ""
        given = {"case_id": case_id, "attempt": attempt, "token": token, "execution": name}
        try:
            self.run(OPENING[self.outside.executions[name].machine], given)
        except (CaseEnded, Superseded):
            status = "SUCCEEDED"
        except TaskFailed:
            status, most = "RUNNING", 3
        except (TryAgain, Died):
            status = "RUNNING"
        except DomainError:
            status = "FAILED"
        now = self.outside.executions[name]
        if status and now.token == token:
            if status == "RUNNING" and now.tries >= most:
                status = "FAILED"
            self.outside.executions[name] = replace(now, status=status, token="")

    def sweep(self) -> None:
        """The pass that repairs: outbox, timers, reconciliation, and what was held back meanwhile."""
        self.clock.advance(seconds=PUT_OFF.total_seconds())
        self.run_schedules()
        late = [*self.outside.held, *(m for m in self.outside.dead_letters if m.function not in RECONCILED)]
        if late or self.outside.late_records or self._put_off():
            self.clock.advance(hours=2)
            self.outside.queue += late
            self.outside.stream += self.outside.late_records
            self.outside.late_records.clear()
            self.outside.held.clear()
            self.outside.dead_letters.clear()
            self.run_schedules()

    def _put_off(self) -> bool:
        """Whether something waits for its next turn: an upload that somebody was busy with, a timer that failed."""
        until = instant(self.clock.now() + PUT_OFF)
        rows = self.rows(self.stores.cases).values()
        return any("timer" in row and row["timer"]["S"] != "watch" and row["due_at"]["S"] <= until for row in rows)

    def scheduled(self, name: str) -> None:
        """Run a scheduled function once, over the shards in use."""
        with self.calls.within(name):
            mode = self.calls.delivery("schedule", (Mode.TWICE,))
        with self.shards():
            for _ in range(2 if mode is Mode.TWICE else 1):
                self.run(name, {})

    def run_schedules(self) -> None:
        """Every scheduled function once, each followed by all that follows from it."""
        for name in ("sweep_outbox", "sweep_timers", "reconcile"):
            self.try_schedule(name)
            self.settle()

    def try_schedule(self, name: str) -> None:
        """A schedule fires again when its function died."""
        for _ in range(RETRIES):
            try:
                self.scheduled(name)
            except Died:
                continue
            return

    @contextmanager
    def shards(self) -> Iterator[None]:
        """Let the sweepers look only into shards that hold something: the others are sixteen times the same."""
        from chalicelib.events import reconciliation, relay, timers

        rows = self.rows(self.stores.cases)
        used = {int(row["dpk"]["S"].split("#")[1]) for row in rows.values() if "dpk" in row}
        used |= {int(pk.split("#")[1]) for pk, _ in rows if pk.startswith("outbox#")}
        for module in (reconciliation, relay, timers):
            module.SHARDS = sorted(used)  # type: ignore[attr-defined]
        try:
            yield
        finally:
            for module in (reconciliation, relay, timers):
                module.SHARDS = SHARDS  # type: ignore[attr-defined]

    # -- taking down and putting back ------------------------------------------------------------------------------

    def rows(self, table: str) -> Rows:
        """Every row of a table, as stored; not read again before the table is written to."""
        if table not in self._rows or table in self.calls.written:
            with self.calls.aside():
                pages = self.dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
                found = {(row["pk"]["S"], row["sk"]["S"]): row for page in pages for row in page["Items"]}
            self._looked_at(table, found)
        return self._rows[table]

    def _looked_at(self, table: str, rows: Rows) -> None:
        self._rows[table] = rows
        self.calls.written.discard(table)

    def files(self, bucket: str) -> dict[str, bytes]:
        """Every object of a bucket."""
        if not self.calls.files:
            return {}
        listed = self.s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        return {o["Key"]: self.s3.get_object(Bucket=bucket, Key=o["Key"])["Body"].read() for o in listed}

    def state(self) -> Mapping[str, Any]:
        """All there is."""
        return {
            "rows": {table: self.rows(table) for table in self.stores.names},
            "files": {bucket: self.files(bucket) for bucket in (QUARANTINE, KEPT)},
            "outside": self.outside.frozen(),
            "at": self.clock.at,
            "ids": dict(vars(self.ids)),
            "anchors": dict(self.anchors.kept),
            "sent": [(list(provider.sent), provider.arrives) for provider in (self.sms, self.post)],
            "items": (dict(self.catalog.items), dict(self.catalog.current)),
            "paid": dict(self.payments.paid),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Put everything back as it was."""
        for table, kept in state["rows"].items():
            self._put_back(table, kept)
        for bucket, files in state["files"].items():
            there = self.files(bucket)
            for name in there.keys() - files.keys():
                self.s3.delete_object(Bucket=bucket, Key=name)
            for name in files.keys() - there.keys():
                self.s3.put_object(Bucket=bucket, Key=name, Body=files[name])
        self.calls.files = any(state["files"].values())
        self.outside.thaw(state["outside"])
        self.clock.at = state["at"]
        vars(self.ids).update(state["ids"])
        self.anchors.kept = dict(state["anchors"])
        for provider, (sent, arrives) in zip((self.sms, self.post), state["sent"], strict=True):
            provider.sent, provider.arrives = list(sent), arrives
        self.catalog.items, self.catalog.current = (dict(part) for part in state["items"])
        self.payments.paid = dict(state["paid"])
        self.renew()

    def _put_back(self, table: str, kept: Rows) -> None:
        there = self.rows(table)
        asked: list[Any] = [
            {"DeleteRequest": {"Key": {"pk": row["pk"], "sk": row["sk"]}}}
            for place, row in there.items()
            if place not in kept
        ]
        asked += [{"PutRequest": {"Item": row}} for place, row in kept.items() if there.get(place) != row]
        for start in range(0, len(asked), 25):
            left = {table: asked[start : start + 25]}
            while left:
                left = self.dynamodb.batch_write_item(RequestItems=left)["UnprocessedItems"]
        self._looked_at(table, kept)

    def remembered(self, name: object, build: Callable[[], Any]) -> Any:
        """The state that ``build`` leads to from where the stack stands, made once; answers what it answered."""
        if name not in self.kept_states:
            answer = build()
            self.kept_states[name] = {**self.state(), "answer": answer}
        else:
            self.restore(self.kept_states[name])
        return self.kept_states[name]["answer"]


class _Container(Wiring):
    """The product's own wiring, with the clients that all containers of this process share."""

    def __init__(self, stack: Stack) -> None:
        self._clients = stack.clients
        shared: dict[str, Any] = {"clock": stack.clock, "ids": stack.ids, "_cases_connection": stack.connection}
        shared |= {"catalog_store": catalog.DynamoCatalogStore(stack.catalog_connection)}
        super().__init__(stack.settings, **shared, place_store=places.DynamoPlaces(stack.connection))

    @cached_property
    def objects(self) -> S3Objects:
        return S3Objects(self._client("s3"), self._client("s3"), QUARANTINE, KEPT)

    @cached_property
    def years(self) -> DynamoYears:
        return DynamoYears()

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = super()._client(service)
        return self._clients[service]


@contextmanager
def standing(stores: Tables) -> Iterator[Stack]:
    """A stack on these stores; the emulator must be there."""
    level = logger.log_level
    with ExitStack() as ending:
        calls = Calls()
        ending.enter_context(calls.hooked())
        stack = Stack(stores, calls)
        ending.enter_context(stack.outside.answering())
        logger.setLevel("CRITICAL")
        ending.callback(logger.setLevel, level)
        ending.callback(wiring.install, None)
        yield stack
        for bucket in (QUARANTINE, KEPT):
            for name in stack.files(bucket):
                stack.s3.delete_object(Bucket=bucket, Key=name)
            stack.s3.delete_bucket(Bucket=bucket)


def key(name: str, content: str = "content") -> RequestKey:
    """An idempotency key."""
    return RequestKey(f"scope of {name}", content)


def _types(image: Mapping[str, Any]) -> str:
    numbered: Sequence[tuple[int, str]] = json.loads(image["types"]["S"])
    return "+".join(kind for _, kind in numbered)
