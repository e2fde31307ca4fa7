"""The providers of text messages and letters, on the loopback interface: they let in who has their token, record what
arrives, can fail, and tell later what became of it.
"""

from __future__ import annotations

import base64
import hmac
import itertools
import json
import secrets
import threading
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from chalicelib.domain import webhooks

Json = dict[str, Any]

CHANNELS = ("sms", "post")


class Receivers:
    """Takes ``POST /sms`` and ``POST /post``. A key that was taken before is answered again and recorded once."""

    def __init__(self) -> None:
        handler = type("Handler", (_Handler,), {"receivers": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._serving = False
        self._lock = threading.Lock()
        self.received: dict[str, list[Json]] = {}
        self.attempts: dict[str, int] = {}
        self.statuses: dict[str, int] = {}
        self._only = ""
        self._tokens = {channel: secrets.token_urlsafe(32) for channel in CHANNELS}
        self._callback_secrets = {channel: secrets.token_bytes(32) for channel in CHANNELS}
        self._calls = itertools.count(1)
        self.reset()

    def start(self) -> None:
        """Begin to serve, in a thread of its own."""
        self._serving = True
        threading.Thread(target=self._server.serve_forever, daemon=True, name="receivers").start()

    def stop(self) -> None:
        """End serving; harmless when it never began."""
        if self._serving:
            self._server.shutdown()
        self._server.server_close()

    def reset(self) -> None:
        """Forget what arrived, and answer well."""
        with self._lock:
            self.received = {channel: [] for channel in CHANNELS}
            self.attempts = dict.fromkeys(CHANNELS, 0)
            self.statuses, self._only = {}, ""

    def url(self, channel: str) -> str:
        """Where a channel takes messages."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/{channel}"

    def credentials(self, channel: str) -> str:
        """What an operator enters into the secret of a channel."""
        key = base64.b64encode(self._callback_secrets[channel]).decode()
        return json.dumps({"token": self._tokens[channel], "callback_secret": f"whsec_{key}"})

    def lets_in(self, channel: str, authorization: str) -> bool:
        """Whether a message comes from whoever has the token."""
        return hmac.compare_digest(authorization.encode(), f"Bearer {self._tokens[channel]}".encode())

    def rotate(self, channel: str) -> None:
        """From now on another token counts."""
        self._tokens[channel] = secrets.token_urlsafe(32)

    def report(self, channel: str, key: str, arrived: bool, at: datetime) -> tuple[dict[str, str], bytes]:
        """Headers and body of the call that tells what became of a message."""
        said = {
            "type": "message.delivered" if arrived else "message.failed",
            "timestamp": at.isoformat(),
            "data": {"key": key, "reference": f"{channel}-{key}"},
        }
        body = json.dumps(said).encode()
        signed = webhooks.headers(f"{channel}-{next(self._calls)}", at, body, self._callback_secrets[channel])
        return {**signed, "Content-Type": "application/json"}, body

    def answer_with(self, statuses: dict[str, int], only: str = "") -> None:
        """From now on answer with these statuses, if ``only`` is given to that contact alone.

        200 is well and arrived, 202 is taken: what became of it is told later (``report``).
        """
        with self._lock:
            self.statuses, self._only = dict(statuses), only

    def take(self, channel: str, body: Json, key: str) -> tuple[int, Json]:
        """Record one message unless this channel is told to fail."""
        with self._lock:
            self.attempts[channel] += 1
            status = self.statuses.get(channel, 200)
            to = str(body.get("to") or body.get("recipient"))
            if self._only not in ("", to):
                status = 200
            if status not in (200, 202):
                return status, {"error": "told to fail"}
            taken = self.received[channel]
            if key not in [message["key"] for message in taken]:
                taken.append({**body, "key": key})
            return status, {"reference": f"{channel}-{key}", "arrived": status == 200}


class _Handler(BaseHTTPRequestHandler):
    receivers: Receivers

    def do_POST(self) -> None:
        channel = self.path.strip("/")
        text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if channel not in CHANNELS:
            status, answer = 404, {"error": "not_found"}
        elif not self.receivers.lets_in(channel, self.headers.get("Authorization", "")):
            status, answer = 401, {"error": "unauthorized"}
        else:
            status, answer = self.receivers.take(channel, json.loads(text), self.headers.get("Idempotency-Key", ""))
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: numbers and addresses belong in no output."""
