"""What a view gets and what it answers: the request after the edge has judged it, and the reply.

A view never sees HTTP: no raw body, no unchecked header, no event of API Gateway.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from chalicelib.domain.actors import Actor
from chalicelib.domain.webhooks import Signed
from chalicelib.edge.cursors import Cursors
from chalicelib.services.ports import Receipt, RequestKey

BINARY = frozenset({"application/pdf"})
"""Types of answers that are bytes: the gateway carries them as base64 and has to be told."""

DEFAULT_LIMIT = 20
"""Rows of a page when the client names no ``limit``."""


@dataclass(frozen=True, slots=True)
class Request:
    """A judged request.

    ``body`` is strict JSON that its schema accepts; None when the route takes none. ``query`` holds
    only parameters that the route's schema accepts. ``key`` is set on keyed routes, ``if_match`` on
    routes that ask for it. ``operation`` names the route, ``"GET /v1/cases"``.
    """

    actor: Actor | None
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    key: RequestKey | None
    if_match: int | None
    headers: Mapping[str, str]
    base_url: str
    operation: str = ""
    signed: Signed | None = None

    @property
    def who(self) -> Actor:
        """The actor of a route with Auth.TOKEN, where there always is one."""
        if self.actor is None:
            raise AssertionError("a public route has no actor")
        return self.actor

    @property
    def call(self) -> Signed:
        """The verified call on a signed route, where there always is one."""
        if self.signed is None:
            raise AssertionError("this route is not signed")
        return self.signed

    @property
    def once(self) -> RequestKey:
        """The key of a keyed route, where there always is one."""
        if self.key is None:
            raise AssertionError("this route is not keyed")
        return self.key

    @property
    def version(self) -> int:
        """The version that If-Match names, on a route that asks for it."""
        if self.if_match is None:
            raise AssertionError("this route does not ask for If-Match")
        return self.if_match

    @property
    def limit(self) -> int:
        """How many rows the client wants on a page. The query schema bounds it."""
        return int(self.query.get("limit", DEFAULT_LIMIT))

    def position(self) -> str | None:
        """Where the listing goes on: the position inside ``?cursor=``, None for the first page.

        Raises Malformed ``request.cursor-invalid`` for a cursor that was changed, or made for another
        principal, route or filter.
        """
        token = self.query.get("cursor")
        if token is None:
            return None
        return _cursors().open(token, self._scope())

    def cursor(self, position: str | None) -> str | None:
        """The opaque cursor for a position (``Page.next``); None stays None: there are no more rows."""
        if position is None:
            return None
        return _cursors().seal(position, self._scope())

    def _scope(self) -> dict[str, str]:
        """What a cursor is bound to. The size of the page may change from one page to the next."""
        filters = {f"query.{k}": v for k, v in self.query.items() if k not in ("cursor", "limit")}
        places = {f"path.{k}": v for k, v in self.path.items()}
        return {"principal": self.actor.subject if self.actor else "", "operation": self.operation, **filters, **places}


def _cursors() -> Cursors:
    from chalicelib import wiring

    return Cursors(lambda: wiring.current().cursor_secret)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a view answers.

    ``status`` None means the status that the route declares. ``etag`` is the version of what the body
    shows. ``location`` is the path of what was created and leaves only with 201. A str or bytes body
    leaves as it is (with its own ``content_type``); anything else as JSON.
    """

    body: Any
    status: int | None = None
    etag: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    location: str = ""


_PLACES = {
    "case": "/v1/cases/{id}",
    "authority": "/v1/authorities/{id}",
    "upload": "/v1/uploads/{id}",
    "appointment": "/v1/appointments/{id}",
    "visit": "/v1/visits/{id}",
}


def receipt_reply(receipt: Receipt) -> Reply:
    """What a keyed command answers, the first time and every time it is repeated: schema ``elements/receipt``."""
    body = {
        "id": receipt.id,
        "version": receipt.version,
        "events": list(receipt.events),
        "result": dict(receipt.result),
    }
    return Reply(
        body, etag=receipt.version, location=_PLACES.get(receipt.kind, "").replace("{id}", quote(receipt.id, safe=""))
    )
