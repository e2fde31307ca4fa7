"""What is read most and what is verified at night: search, guides, and the log."""

from __future__ import annotations

import hashlib
import random
import time

from tests.benchmarks.figures import Report, percentile
from tests.benchmarks.stand import ITEM, VILLAGE, Stand, timed

WORDS = (
    "教师资格",
    "高中教师",
    "低保",
    "残疾",
    "营业执照",
    "食品经营",
    "身份证",
    "驾驶证",
    "医师",
    "社保",
    "jszg",
    "teacher",
)
SEED = 20260303


def search_and_guide(stand: Stand, report: Report, count: int) -> None:
    """Searches by words that people use, and the guide of an item for a village, through the handler."""
    chance = random.Random(SEED)
    words = [chance.choice(WORDS) for _ in range(count)]
    stand.ask("GET", "/v1/items", query={"q": "教师"}, who={})
    stand.ask("GET", "/v1/items/{item_code}/guide", places={"item_code": ITEM}, query={"division": VILLAGE}, who={})
    _, searches = timed(lambda word: stand.ask("GET", "/v1/items", query={"q": word}, who={}), words, 1)
    _, guides = timed(
        lambda _: stand.ask(
            "GET", "/v1/items/{item_code}/guide", places={"item_code": ITEM}, query={"division": VILLAGE}, who={}
        ),
        words,
        1,
    )
    report.say("search_p95", percentile(searches, 0.95) * 1000, "ms")
    report.say("guide_p95", percentile(guides, 0.95) * 1000, "ms")


def verification(report: Report, cases: int, events: int) -> None:
    """Verify logs as the nightly command does: the chain, and that every event was sealed for its place.

    The rows are in memory, the keys are real: what is measured is hashing and opening, not DynamoDB's reading.
    """
    from chalicelib.domain.log_chain import Head, StoredEvent, StoredLog, first_fault, link
    from chalicelib.gateways.clock import SystemClock
    from chalicelib.gateways.vault import KmsVault
    from chalicelib.storage.cases import event_place
    from chalicelib.storage.sealing import Key
    from tests.benchmarks.stand import LocalKms

    vault = KmsVault(LocalKms(), "bench", "bench", SystemClock())  # type: ignore[arg-type]
    chance = random.Random(SEED)
    logs = []
    for case in range(cases):
        owner = hashlib.sha256(str(case).encode()).hexdigest()[:26]
        key = Key(owner, vault.create(owner), vault)
        head, stored = "", []
        for number in range(1, events + 1):
            payload = key.seal(event_place(number), chance.randbytes(300).hex())
            digest = link(head, payload)
            stored.append(StoredEvent(number, payload, head, digest))
            head = digest
        end = Head(owner, events, head)
        logs.append((key, StoredLog(owner, end, end, stored)))
    began = time.perf_counter()
    faults = 0
    for key, log in logs:

        def opens(event: StoredEvent, key: Key = key) -> bool:
            return bool(key.open(event_place(event.number), event.payload))

        faults += first_fault(log, (), opens) is not None
    seconds = time.perf_counter() - began
    if faults:
        raise AssertionError(f"{faults} of {cases} logs were found tampered with, and are whole")
    report.say("verified_events", cases * events, "events")
    report.say("verification_per_100000_events", seconds * 100_000 / (cases * events), "s", "<= 5")
