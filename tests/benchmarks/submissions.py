"""Submissions: through the handler beside the same writes by bare boto3, over HTTP, and beside a full table."""

from __future__ import annotations

import copy
import json
import random
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from chalicelib.storage.tables import shard_of
from tests.benchmarks.figures import Report, median, percentile
from tests.benchmarks.stand import Json, Stand, engine_client, timed

THREADS = 16
SEED = 20260302


def repeated(cases: Sequence[str], count: int) -> list[str]:
    """``count`` keys in mixed order, of which the last share repeats earlier ones."""
    chance = random.Random(SEED)
    keys = [*cases, *(chance.choice(cases) for _ in range(count - len(cases)))]
    chance.shuffle(keys)
    return keys


def throughput(stand: Stand, report: Report, count: int) -> None:
    """Submissions with a fifth of repeated keys, then the same transactions by bare boto3; both in one run.

    The floor does what no program can leave out: for each case it sends the very requests that the product sent (as
    many items, as long, under the same conditions), prepared beforehand. It checks, seals and logs nothing.
    """
    cases = stand.drafts(count * 8 // 10, begin=1_000_000)
    keys = repeated(cases, count)
    with stand.calls.count() as calls:
        stand.submit(stand.draft(999_999), "pattern")
    if calls.captured is None:
        raise AssertionError("the product wrote nothing")
    floor = Floor(stand, calls.captured, keys)
    before = stand.rows()
    whole, each = timed(lambda key: stand.submit(key, key), keys, THREADS)
    after = stand.rows()
    bare, _ = timed(floor.write, keys, THREADS)
    report.say("submissions_per_second", count / whole, "1/s", ">= 150")
    report.say("submission_p99", percentile(each, 0.99) * 1000, "ms", "<= 250")
    report.say("submission_p50", percentile(each, 0.5) * 1000, "ms")
    report.say("floor_writes_per_second", count / bare, "1/s")
    report.say("submissions_over_floor", bare / whole, "ratio", ">= 0.7")
    # Whatever was repeated: one receipt, one document and one event for each case, and no case more.
    expected = {"receipt": len(cases), "document": len(cases), "event": len(cases), "case": 0}
    wrong = sum(abs(after[kind] - before[kind] - more) for kind, more in expected.items())
    report.say("rows_too_many_or_too_few", wrong, "rows", "== 0")


class Floor:
    """The same transactions, prepared: each case under keys of its own, spread over the shards as the product does.

    A key that was used before is answered by one consistent reading of its receipt, which is the least there is.
    """

    def __init__(self, stand: Stand, pattern: Json, keys: Sequence[str]) -> None:
        self._client = stand.client
        self._lock = threading.Lock()
        self._done: set[str] = set()
        self._requests = {key: _prepared(pattern, key) for key in dict.fromkeys(keys)}
        # What the conditions ask for: the row that the submission found.
        for rows in _chunks([_found(request) for request in self._requests.values()], 25):
            requests = [{"PutRequest": {"Item": row}} for row in rows]
            self._client.batch_write_item(RequestItems={"bench-cases": requests})

    def write(self, key: str) -> None:
        """One transaction, or one reading."""
        request = self._requests[key]
        with self._lock:
            again = key in self._done
            self._done.add(key)
        if again:
            row = _row(request, "idem")
            place = {"pk": row["pk"], "sk": row["sk"]}
            self._client.get_item(TableName="bench-cases", Key=place, ConsistentRead=True)
        else:
            self._client.transact_write_items(**request)


def _prepared(pattern: Json, key: str) -> Json:
    """The transaction as it would be for another case: its id, what hangs on its id, and its shard."""
    pk: str = _row(pattern, "case")["pk"]["S"]
    old, new = pk.removeprefix("case#"), f"F{key[1:]}"
    made = {"TransactItems": copy.deepcopy(pattern["TransactItems"])}
    for item in made["TransactItems"]:
        operation = next(iter(item.values()))
        row = operation.get("Item") or operation["Key"]
        for name, value in row.items():
            if "S" in value:
                row[name] = {"S": value["S"].replace(old, new)}
        _spread(row, new)
    return made


def _spread(row: Json, case_id: str) -> None:
    kind, _, rest = row["pk"]["S"].partition("#")
    shard = shard_of(case_id)
    if kind == "outbox":
        row["pk"] = {"S": f"outbox#{shard}"}
    elif case_id not in rest:
        row["pk"] = {"S": f"{kind}#{case_id}"}
    if "dpk" in row:
        row["dpk"] = {"S": f"due#{shard}"}
    if row.get("lpk", {}).get("S", "").startswith("heads#"):
        row["lpk"] = {"S": row["lpk"]["S"].rpartition("#")[0] + f"#{shard}"}


def _row(request: Json, sk: str) -> Json:
    """The row that a transaction puts under a sort key."""
    rows = (item["Put"]["Item"] for item in request["TransactItems"] if "Put" in item)
    return next(row for row in rows if row["sk"]["S"] == sk)


def _found(request: Json) -> Json:
    row = copy.deepcopy(_row(request, "case"))
    row["version"] = {"N": str(int(row["version"]["N"]) - 1)}
    return row


def over_http(stand: Stand, report: Report, count: int) -> None:
    """Eight clients with a JWT, against the API's local server: submissions and readings of cases."""
    import subprocess
    import sys

    from infra.local.clock import MovableClock
    from infra.local.gateway import LocalServer
    from infra.local.issuer import AUDIENCE, Issuer

    issuer = Issuer(None)
    issuer.start()
    server = LocalServer(stand.app, port=0, clock=MovableClock(None), admin=lambda *_: None)
    told = {"OIDC_ISSUER": issuer.url, "OIDC_AUDIENCE": AUDIENCE, "OIDC_JWKS_URL": issuer.jwks_url}
    stand.rewire(told)
    server.start()
    try:
        cases = stand.drafts(count, begin=2_000_000)
        token = issuer.mint("bench-herder", kind="person", name="bench", body="", division="", roles=())
        # In a process of its own: a client's work is not the product's.
        job = {"url": f"http://127.0.0.1:{server.port}", "token": token, "cases": cases}
        command = [sys.executable, "-m", "tests.benchmarks.clients"]
        done = subprocess.run(command, input=json.dumps(job), capture_output=True, text=True, check=True)
        found = json.loads(done.stdout)
    finally:
        server.stop()
        issuer.stop()
        stand.rewire({})
    report.say("http_submissions_per_second", found["submissions"], "1/s")
    report.say("http_submission_p99", found["submission_p99"], "ms")
    report.say("http_reads_per_second", found["reads"], "1/s")
    report.say("http_read_p99", found["read_p99"], "ms")


def calls_of_a_submission(stand: Stand, report: Report) -> None:
    """AWS calls of one submission in a container that has worked before, but never on this case."""
    stand.submit(stand.draft(3_000_000), "warm")
    case = stand.draft(3_000_001)
    stand.forget_keys()
    asked = stand.kms.asked
    with stand.calls.count() as calls:
        stand.submit(case, "counted")
    report.say("submission_writes", calls.writes, "calls", "<= 1")
    report.say("submission_reads", calls.reads, "calls", "<= 2")
    report.say("submission_kms_calls", stand.kms.asked - asked, "calls")
    report.say("submission_write_units", calls.units["write"], "units")
    report.say("submission_read_units", calls.units["read"], "units")


def growth(stand: Stand, report: Report, small: int, large: int, rounds: int) -> None:
    """The same submission beside few and beside very many cases."""
    chance = random.Random(SEED)
    durations = {}
    filled = 0
    timed(lambda case: stand.submit(case, case), stand.drafts(rounds, begin=4_000_000), 1)  # engine and handler warm up
    for size in (small, large):
        seconds = fill(stand, chance, filled, size)
        if size == large:
            report.say("filling_rows_per_second", (size - filled) / seconds, "1/s")
        filled = size
        cases = stand.drafts(rounds, begin=4_000_000 + size)
        _, each = timed(lambda case: stand.submit(case, case), cases, 1)
        durations[size] = median(each)
    report.say(f"submission_beside_{small}_cases", durations[small] * 1000, "ms")
    report.say(f"submission_beside_{large}_cases", durations[large] * 1000, "ms")
    report.say("submission_large_over_small", durations[large] / durations[small], "ratio", "<= 1.15")


def fill(stand: Stand, chance: random.Random, begin: int, end: int) -> float:
    """Write case rows by the bench's own loader, with nothing in them that anybody reads; the seconds it took."""
    client = engine_client(stand.engine.url)
    payload = {"B": chance.randbytes(300)}

    def batch(numbers: range) -> None:
        rows = [
            {
                "pk": {"S": f"case#FILL{chance_of(number):016x}{number:06d}"},
                "sk": {"S": "case"},
                "kind": {"S": "case"},
                "version": {"N": "1"},
                "state": {"S": "filled"},
                "snapshot": payload,
                "log_head": {"S": ""},
            }
            for number in numbers
        ]
        waiting: Any = {"bench-cases": [{"PutRequest": {"Item": row}} for row in rows]}
        while waiting:
            waiting = client.batch_write_item(RequestItems=waiting)["UnprocessedItems"]

    began = time.perf_counter()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(batch, (range(at, min(at + 25, end)) for at in range(begin, end, 25))))
    return time.perf_counter() - began


def chance_of(number: int) -> int:
    """Spreads consecutive numbers over the keys (a multiplicative hash)."""
    return number * 0x9E3779B97F4A7C15 % 2**64


def _chunks(rows: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for at in range(0, len(rows), size):
        yield rows[at : at + size]
