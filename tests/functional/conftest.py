"""The API over HTTP, every answer checked against the schema that its route declares."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from chalicelib.edge import api as edge
from chalicelib.edge.request import BINARY
from chalicelib.schemas import validation
from infra.local.cloud import EmulatedCloud

_keys = (f"test-key-{number}" for number in itertools.count())


@dataclass
class Answer:
    """What came back. ``codes`` are those of the errors of a problem."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def code(self) -> str:
        return str(self.body["code"])

    @property
    def codes(self) -> list[str]:
        return [error["code"] for error in self.body["errors"]]

    @property
    def pointers(self) -> list[str]:
        return [error["pointer"] for error in self.body["errors"]]


@dataclass
class Api:
    """Calls routes as demo people do and judges each answer by the OpenAPI schemas."""

    cloud: EmulatedCloud
    specs: list[edge.RouteSpec] = field(default_factory=list)

    def __post_init__(self) -> None:
        from app import app

        self.specs = edge.specs(app)
        self.http = httpx.Client(base_url=self.cloud.url, timeout=30)

    def get(self, who: str | None, path: str, **query: Any) -> Answer:
        return self.call(who, "GET", path, query=query)

    def post(self, who: str | None, path: str, body: Any = None, *, key: str | None = None) -> Answer:
        return self.call(who, "POST", path, body, headers={"Idempotency-Key": key or next(_keys)})

    def put(self, who: str | None, path: str, body: Any, version: int | str) -> Answer:
        tag = f'"{version}"' if isinstance(version, int) else version
        return self.call(who, "PUT", path, body, headers={"If-Match": tag})

    def call(
        self,
        who: str | None,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        sent = dict(headers or {})
        if who is not None:
            sent["Authorization"] = f"Bearer {self.cloud.token(who)}"
        content = None
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
            content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        response = self.http.request(method, path, content=content, headers=sent, params=query or None)
        return self._judged(method, path, response)

    def _judged(self, method: str, path: str, response: httpx.Response) -> Answer:
        assert response.status_code < 500, response.text
        kind = response.headers.get("content-type", "")
        if response.status_code >= 400:
            assert kind.startswith("application/problem+json"), kind
            assert validation.named_violations("elements/problem", response.json()) == ()
            return Answer(response.status_code, response.json(), response.headers)
        spec = self.spec(method, path)
        if spec.content_type in BINARY:
            assert kind == spec.content_type
            return Answer(response.status_code, response.content, response.headers)
        if spec.response is None:
            return Answer(response.status_code, response.text, response.headers)
        assert response.status_code == spec.status
        assert validation.named_violations(spec.response, response.json()) == (), response.text
        return Answer(response.status_code, response.json(), response.headers)

    def spec(self, method: str, path: str) -> edge.RouteSpec:
        """The route that serves a path; a literal one before one with parameters."""
        found = [s for s in self.specs if s.method == method and re.fullmatch(_pattern(s.path), path)]
        return min(found, key=lambda s: s.path.count("{"))


def _pattern(path: str) -> str:
    return re.sub(r"\{\w+\}", "[^/]+", path)


@pytest.fixture
def api(cloud: EmulatedCloud) -> Api:
    return Api(cloud)
