"""Eight HTTP clients in a process of their own: ``python -m tests.benchmarks.clients`` reads its job from stdin."""

from __future__ import annotations

import json
import sys
import threading
from typing import Any

import httpx

from tests.benchmarks.figures import percentile

CLIENTS = 8


def main() -> None:
    """Submit every case once, then read each three times; rates and percentiles as JSON."""
    from tests.benchmarks.stand import timed

    job: dict[str, Any] = json.load(sys.stdin)
    own = threading.local()

    def client() -> httpx.Client:
        if not hasattr(own, "http"):
            headers = {"Authorization": f"Bearer {job['token']}"}
            own.http = httpx.Client(base_url=job["url"], headers=headers, timeout=30)
        found: httpx.Client = own.http
        return found

    def submit(case: str) -> None:
        client().post(f"/v1/cases/{case}/submission", headers={"Idempotency-Key": case}).raise_for_status()

    def read(case: str) -> None:
        client().get(f"/v1/cases/{case}").raise_for_status()

    cases = job["cases"]
    submitting, submissions = timed(submit, cases, CLIENTS)
    reading, reads = timed(read, cases * 3, CLIENTS)
    found = {
        "submissions": len(cases) / submitting,
        "submission_p99": percentile(submissions, 0.99) * 1000,
        "reads": len(cases) * 3 / reading,
        "read_p99": percentile(reads, 0.99) * 1000,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
