"""Reading a request: from the event of API Gateway to a judged Request, or every reason why not.

The order is that of the answers: identity or signature (401), headers (400, 428), body (400, 413, 415), and then
path, query and body against their schemas, all violations together (404 for a path that names nothing
that could exist, else 422).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from chalice.app import Request as GatewayRequest

from chalicelib.domain.actors import Actor
from chalicelib.domain.errors import DomainError, Invalid, NotFound, Violation, raise_all
from chalicelib.edge import authorizer, callbacks, strict_json
from chalicelib.edge.problems import Malformed, NotAcceptable, PreconditionRequired, UnsupportedMedia
from chalicelib.edge.request import BINARY, Request
from chalicelib.schemas import validation
from chalicelib.services.ports import RequestKey

if TYPE_CHECKING:
    from chalicelib.edge.api import RouteSpec

PATH_SCHEMA = "elements/path"
"""One schema for all path parameters of the product, by name: a name means the same on every route."""

_KEY = re.compile(r"[\x21-\x7e]{1,64}")
_VERSION = re.compile(r'"(0|[1-9][0-9]{0,9})"')
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?")
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,14})")
_JSON_TYPE = re.compile(r'application/json(\s*;\s*charset="?utf-8"?)?\s*', re.IGNORECASE)


class Reading:
    """One request being read. ``key`` is known as soon as principal, key header and body are."""

    def __init__(self, spec: RouteSpec, event: GatewayRequest, places: Mapping[str, str]) -> None:
        self._spec = spec
        self._event = event
        self._places = places
        self.key: RequestKey | None = None

    def request(self) -> Request:
        """The judged request. Raises the fitting error with every violation of its kind."""
        from chalicelib import wiring

        actor = self._actor()
        self._header_accept()
        path = {name: _decoded(value) for name, value in self._places.items()}
        signed = callbacks.verified(self._event, path["sender"]) if self._spec.auth.value == "signed" else None
        header, refusals = self._header_key()
        body = self._body()
        if header is not None and actor is not None:
            self.key = _request_key(actor, self._spec.operation, path, header, body)
        if_match, more = self._header_if_match()
        _raise_first([*refusals, *more])
        raise_all(NotFound, _path_violations(path))
        query, violations = self._query()
        raise_all(Invalid, [*violations, *self._body_violations(body)])
        return Request(
            actor=actor,
            path=path,
            query=query,
            body=body if self._spec.request else None,
            key=self.key,
            if_match=if_match,
            headers=self._event.headers,
            base_url=wiring.current().settings.public_base_url or _own_address(self._event),
            operation=self._spec.operation,
            signed=signed,
        )

    def _actor(self) -> Actor | None:
        if self._spec.auth.value != "token":
            return None
        # Decided here once more: neither the test client nor a gateway without its authorizer may open a route (T6).
        return authorizer.actor_of(self._event.context.get("authorizer"))

    def _header_accept(self) -> None:
        """The gateway makes bytes of a binary answer only for a request that names its type first."""
        kind = self._spec.content_type
        first = self._event.headers.get("accept", "").partition(",")[0].partition(";")[0].strip().lower()
        if kind in BINARY and first != kind:
            raise NotAcceptable.because("request.not-acceptable", "/headers/accept", type=kind)

    def _header_key(self) -> tuple[str | None, list[DomainError]]:
        if not self._spec.keyed:
            return None, []
        pointer = "/headers/idempotency-key"
        value = self._event.headers.get("idempotency-key", "").strip()
        if not value:
            return None, [Malformed.because("request.idempotency-key-missing", pointer)]
        # The draft's structured string and the bare form that most clients send are one key.
        if len(value) > 1 and value[0] == value[-1] == '"':
            value = value[1:-1]
        if not _KEY.fullmatch(value):
            return None, [Malformed.because("request.idempotency-key-malformed", pointer)]
        return value, []

    def _header_if_match(self) -> tuple[int | None, list[DomainError]]:
        if not self._spec.if_match:
            return None, []
        value = self._event.headers.get("if-match", "").strip()
        if not value:
            return None, [PreconditionRequired.because("request.if-match-missing", "/headers/if-match")]
        found = _VERSION.fullmatch(value)
        if found is None:
            return None, [Malformed.because("request.if-match-malformed", "/headers/if-match")]
        return int(found[1]), []

    def _body(self) -> Any:
        """The strict JSON of the body; None when there is none and none is asked for."""
        if self._spec.method in ("GET", "HEAD"):
            return None
        raw = self._raw()
        if not raw.strip():
            if self._spec.request is None:
                return None
            raise Malformed.because("request.body-missing")
        if not _JSON_TYPE.fullmatch(self._event.headers.get("content-type", "")):
            raise UnsupportedMedia.because("request.content-type", "/headers/content-type")
        if self._event.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            raise UnsupportedMedia.because("request.content-encoding", "/headers/content-encoding")
        body = strict_json.parse_json(raw)
        if self._spec.request is None:
            if body == {}:
                return None
            raise Malformed.because("request.body-unexpected")
        return body

    def _raw(self) -> bytes:
        try:
            return callbacks.raw_body(self._event)
        except ValueError:  # a surrogate in the event, or base64 that is none
            raise Malformed.because("request.not-utf8") from None

    def _body_violations(self, body: Any) -> list[Violation]:
        if self._spec.request is None:
            return []
        return [*strict_json.content_violations(body), *validation.named_violations(self._spec.request, body)]

    def _query(self) -> tuple[dict[str, str], list[Violation]]:
        """The query and what is wrong with it.

        A route without query schema ignores parameters: links that people pass on come back with the
        additions of messengers.
        """
        if self._spec.query is None:
            return {}, []
        given = self._event.query_params
        every: dict[str, list[str]] = {name: given.getlist(name) for name in given} if given else {}
        query = {name: values[-1] for name, values in every.items()}
        violations = [
            Violation("request.query-repeated", validation.join_pointer("/query", name))
            for name, values in every.items()
            if len(values) > 1
        ]
        violations += strict_json.content_violations(query, "/query")
        violations += validation.named_violations(self._spec.query, _typed(self._spec.query, query), "/query")
        return query, violations


def _own_address(event: GatewayRequest) -> str:
    """How the client reached us, for a deployment that was not told its address."""
    host = event.headers.get("host", "")
    scheme = event.headers.get("x-forwarded-proto", "http")
    return f"{scheme}://{host}" if _HOST.fullmatch(host) and scheme in ("http", "https") else ""


def _decoded(value: str) -> str:
    """Chalice hands path parameters on as they came (https://github.com/aws/chalice/issues/511)."""
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError:
        raise NotFound.because("request.not-found", "/path") from None


def _path_violations(path: Mapping[str, str]) -> list[Violation]:
    """A path that its grammar refuses names nothing that could exist: not found, as if it were well formed."""
    if not path:
        return []
    found = [*strict_json.content_violations(dict(path), "/path")]
    found += validation.named_violations(PATH_SCHEMA, dict(path), "/path")
    return [Violation("request.not-found", v.pointer) for v in found]


def _typed(schema: str, query: Mapping[str, str]) -> dict[str, Any]:
    """The query with the types that its schema names, so that ``limit=20`` can be an integer there."""
    types = {name: rule.get("type") for name, rule in validation.properties(schema).items()}
    typed: dict[str, Any] = dict(query)
    for name, value in query.items():
        if types.get(name) == "integer" and _INTEGER.fullmatch(value):
            typed[name] = int(value)
        elif types.get(name) == "boolean" and value in ("true", "false"):
            typed[name] = value == "true"
    return typed


def _request_key(actor: Actor, operation: str, path: Mapping[str, str], header: str, body: Any) -> RequestKey:
    """The key in its scope. The principal is part of it: a key must never return another person's answer."""
    import rfc8785

    scope = json.dumps([actor.subject, operation, sorted(path.items()), header]).encode()
    content = b"" if body is None else rfc8785.dumps(body)
    return RequestKey(scope=hashlib.sha256(scope).hexdigest(), content=hashlib.sha256(content).hexdigest())


def _raise_first(refusals: list[DomainError]) -> None:
    """Raise the kind of the first refusal with the violations of all of them."""
    if refusals:
        raise type(refusals[0])(*(v for refusal in refusals for v in refusal.violations))
