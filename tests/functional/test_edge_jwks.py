"""The issuer's keys over real HTTP: an issuer that is slow, wrong or too talkative is one that is away."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from chalicelib.domain.errors import Unavailable
from chalicelib.gateways import jwks
from chalicelib.gateways.jwks import HttpKeySource
from tests.edge_world import Clock

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def issuer(answer: Answer) -> Iterator[tuple[str, list[str]]]:
    """An issuer on the loopback interface; the list collects the paths that were asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            answer(self)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/jwks", asked
    finally:
        server.shutdown()
        server.server_close()


def says(status: int, body: bytes = b"", **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def test_the_key_set_is_fetched() -> None:
    with issuer(says(200, b'{"keys": []}')) as (url, _):
        assert HttpKeySource(url, Clock()).fetch() == b'{"keys": []}'


@pytest.mark.parametrize(
    "answer",
    [
        says(500),
        says(404, b"{}"),
        says(200, b"x" * (jwks.MOST_BYTES + 1)),
    ],
    ids=["failing", "elsewhere", "too large"],
)
def test_an_issuer_that_answers_badly_is_away(answer: Answer) -> None:
    with issuer(answer) as (url, _), pytest.raises(Unavailable):
        HttpKeySource(url, Clock()).fetch()


def test_a_redirect_is_not_followed() -> None:
    with issuer(says(302, Location="/elsewhere")) as (url, asked):
        with pytest.raises(Unavailable):
            HttpKeySource(url, Clock()).fetch()
        assert asked == ["/jwks"]


def test_an_issuer_that_hangs_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jwks, "TIMEOUT", 0.2)
    free = threading.Event()
    with issuer(lambda handler: free.wait(5) and None) as (url, _), pytest.raises(Unavailable):
        HttpKeySource(url, Clock()).fetch()
    free.set()


def test_an_issuer_that_drips_is_stopped_by_the_clock() -> None:
    clock = Clock()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(b"{")
        clock.advance(seconds=2)
        handler.wfile.write(b"}")

    with issuer(drip) as (url, _), pytest.raises(Unavailable):
        HttpKeySource(url, clock).fetch()


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/jwks", "no address", "http://", "ftp://127.0.0.1/jwks"])
def test_an_address_where_nobody_is_means_away(url: str) -> None:
    with pytest.raises(Unavailable):
        HttpKeySource(url, Clock()).fetch()
