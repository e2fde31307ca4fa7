"""The payment provider of the emulated cloud, on the loopback interface: it knows what somebody has paid."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class PaymentReceiver:
    """Answers ``GET /?order=…&reference=…`` with what was paid. ``status`` other than 200 lets it fail."""

    def __init__(self) -> None:
        handler = type("Handler", (_Handler,), {"receiver": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._serving = False
        self._lock = threading.Lock()
        self._paid: dict[tuple[str, str], int] = {}
        self.status = 200

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def start(self) -> None:
        """Begin to serve, in a thread of its own."""
        self._serving = True
        threading.Thread(target=self._server.serve_forever, daemon=True, name="payments").start()

    def stop(self) -> None:
        """End serving; harmless when it never began."""
        if self._serving:
            self._server.shutdown()
        self._server.server_close()

    def reset(self) -> None:
        """Forget every payment, and answer well."""
        with self._lock:
            self._paid, self.status = {}, 200

    def pay(self, order: str, reference: str, amount: int) -> None:
        """Somebody pays ``amount`` fen for an order."""
        with self._lock:
            self._paid[order, reference] = amount

    def answer(self, order: str, reference: str) -> tuple[int, dict[str, Any]]:
        """Status and body."""
        with self._lock:
            amount = self._paid.get((order, reference))
            if self.status != 200:
                return self.status, {"error": "told to fail"}
        return (404, {"error": "unknown"}) if amount is None else (200, {"amount": amount})


class _Handler(BaseHTTPRequestHandler):
    receiver: PaymentReceiver

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        status, answer = self.receiver.answer(*(query.get(name, [""])[0] for name in ("order", "reference")))
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: who pays what belongs in no output."""
