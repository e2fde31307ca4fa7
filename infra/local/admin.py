"""The emulated cloud's own routes, ``/_local/…``: settle, clock, reset, kill-execution, invoke, token, state,
received (what the providers of messages got), receivers (how they answer), payment (somebody pays online),
delivery-report (a provider tells what became of a message).

They exist only here. Scenarios use them when they find them, and report a step as skipped when they do not.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infra.local.cloud import EmulatedCloud

Json = dict[str, Any]
PREFIX = "/_local/"


class Admin:
    """Answers method, path and body with status and JSON; None for paths that are not its own."""

    def __init__(self, cloud: EmulatedCloud) -> None:
        self._cloud = cloud
        self._routes: dict[tuple[str, str], Callable[[Json], Json]] = {
            ("GET", "state"): self._state,
            ("POST", "settle"): self._settle,
            ("POST", "clock"): self._clock,
            ("POST", "reset"): self._reset,
            ("POST", "kill-execution"): self._kill,
            ("POST", "invoke"): self._invoke,
            ("POST", "token"): self._token,
            ("GET", "received"): lambda _: self._cloud.receivers.received,
            ("POST", "receivers"): self._receivers,
            ("POST", "payment"): self._payment,
            ("POST", "delivery-report"): self._delivery_report,
        }

    def __call__(self, method: str, path: str, body: bytes) -> tuple[int, Json] | None:
        """Answer one request."""
        if not path.startswith(PREFIX):
            return None
        route = self._routes.get((method, path.removeprefix(PREFIX)))
        if route is None:
            return 404, {"error": f"the emulated cloud has no {method} {path}"}
        try:
            return 200, route(json.loads(body or b"{}"))
        except (ValueError, LookupError, TypeError) as error:
            return 400, {"error": str(error)}
        except TimeoutError as error:
            return 503, {"error": str(error)}

    def _state(self, _: Json) -> Json:
        cloud = self._cloud
        return {
            "stage": cloud.stage,
            "now": cloud.clock.now().isoformat(),
            "issuer": cloud.issuer.url,
            "people": {key: {**asdict(person), "subject": person.subject} for key, person in cloud.people.items()},
            "failures": cloud.failures(),
        }

    def _settle(self, body: Json) -> Json:
        self._cloud.settle(float(body.get("seconds", 60)))
        return self._now()

    def _clock(self, body: Json) -> Json:
        if "set" in body:
            by = datetime.fromisoformat(body["set"]) - self._cloud.clock.now()
        else:
            by = timedelta(seconds=float(body["advance_seconds"]))
        self._cloud.advance(by)
        return self._now()

    def _reset(self, _: Json) -> Json:
        self._cloud.reset()
        return self._now()

    def _kill(self, body: Json) -> Json:
        return {"killed": self._cloud.kill_executions(str(body["case_id"]))}

    def _invoke(self, body: Json) -> Json:
        return {"answer": self._cloud.invoke(str(body["function"]), body.get("event"))}

    def _token(self, body: Json) -> Json:
        """A demo person's token, or one made to order (``subject``, ``kind``, ``body``, ``division``, ``roles``)."""
        if "person" in body:
            return {"token": self._cloud.token(str(body["person"]))}
        claims = {key: value for key, value in body.items() if key != "subject"}
        return {"token": self._cloud.issuer.mint(str(body["subject"]), **claims)}

    def _receivers(self, body: Json) -> Json:
        """Let the providers of messages answer with a status: ``{"sms": 503}``, optionally only to one contact."""
        statuses = {channel: int(status) for channel, status in body.items() if channel != "only"}
        self._cloud.receivers.answer_with(statuses, str(body.get("only", "")))
        return {"answers": dict(self._cloud.receivers.statuses)}

    def _delivery_report(self, body: Json) -> Json:
        """A provider tells what became of a message: ``{"channel": "post", "key": …, "arrived": true}``."""
        arrived = bool(body.get("arrived", True))
        status, _ = self._cloud.report_delivery(str(body["channel"]), str(body["key"]), arrived=arrived)
        return {"status": status}

    def _payment(self, body: Json) -> Json:
        """Somebody pays online: ``{"order": …, "reference": …, "amount": fen}``."""
        self._cloud.payments.pay(str(body["order"]), str(body["reference"]), int(body["amount"]))
        return {"paid": int(body["amount"])}

    def _now(self) -> Json:
        return {"now": self._cloud.clock.now().isoformat()}
