"""Whatever answers, the gateway or the product: a problem in both languages, with the headers that protect, for no
other origin.
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from chalicelib.schemas import validation
from infra.local.cloud import EmulatedCloud

JSON = {"Content-Type": "application/json", "Idempotency-Key": "k"}

CASES: dict[str, tuple[str, str, str | None, dict[str, Any], int, str]] = {
    # method, path, account, rest of the request, status, code
    "no such route": ("GET", "/v1/nothing", None, {}, 404, "gateway.no-such-route"),
    "no such route, with a token": ("GET", "/v1/nothing", "herder", {}, 404, "gateway.no-such-route"),
    "the root": ("GET", "/", None, {}, 404, "gateway.no-such-route"),
    "a method that the route lacks": ("DELETE", "/v1/cases", "herder", {}, 404, "gateway.no-such-route"),
    "PATCH": ("PATCH", "/v1/cases/x", "herder", {}, 404, "gateway.no-such-route"),
    "OPTIONS": ("OPTIONS", "/v1/cases", None, {}, 404, "gateway.no-such-route"),
    "no token": ("GET", "/v1/cases", None, {}, 401, "gateway.unauthenticated"),
    "a token that is none": (
        "GET", "/v1/cases", None, {"headers": {"Authorization": "Bearer x.y.z"}}, 401, "gateway.unauthenticated",
    ),
    "another scheme": (
        "GET", "/v1/cases", None, {"headers": {"Authorization": "Basic dTpw"}}, 401, "gateway.unauthenticated",
    ),
    "a form": (
        "POST", "/v1/cases", "herder",
        {"content": b"a=1", "headers": {**JSON, "Content-Type": "application/x-www-form-urlencoded"}},
        415, "request.content-type",
    ),
    "XML": (
        "POST", "/v1/cases", "herder", {"content": b"<a/>", "headers": {**JSON, "Content-Type": "text/xml"}},
        415, "request.content-type",
    ),
    "a compressed body": (
        "POST", "/v1/cases", "herder", {"content": b"{}", "headers": {**JSON, "Content-Encoding": "gzip"}},
        415, "request.content-encoding",
    ),
    "a body that is too large": (
        "POST", "/v1/cases", "herder", {"content": b'"' + b"x" * 300_000 + b'"', "headers": JSON},
        413, "request.body-too-large",
    ),
    "an address that is no text": ("GET", "/v1/cases/%ff", "herder", {}, 404, "request.not-found"),
    "an address that climbs": ("GET", "/v1/cases/..%2F..%2Fetc", "herder", {}, 404, "case.not-found"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_refusal_is_a_problem_with_the_headers_that_protect(cloud: EmulatedCloud, name: str) -> None:
    method, path, who, rest, status, code = CASES[name]
    headers = {**rest.get("headers", {}), "Origin": "https://elsewhere.example"}
    if who:
        headers["Authorization"] = f"Bearer {cloud.token(who)}"
    response = httpx.request(method, cloud.url + path, headers=headers, content=rest.get("content"))
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.headers["content-type"] == "application/problem+json"
    assert validation.named_violations("elements/problem", response.json()) == ()
    protected(response)


@pytest.mark.parametrize(("path", "who"), [("/v1/health", None), ("/v1/docs", None), ("/v1/cases", "herder")])
def test_an_answer_carries_them_too_and_opens_to_no_other_origin(
    cloud: EmulatedCloud, path: str, who: str | None
) -> None:
    headers = {"Origin": "https://elsewhere.example"}
    if who:
        headers["Authorization"] = f"Bearer {cloud.token(who)}"
    response = httpx.get(cloud.url + path, headers=headers)
    assert response.status_code == 200
    protected(response, kept=who is None)
    if path == "/v1/docs":
        assert "default-src 'none'" in response.headers["content-security-policy"]


def protected(response: httpx.Response, *, kept: bool = False) -> None:
    """``kept``: what anybody may read may lie in a cache."""
    headers = response.headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["strict-transport-security"].startswith("max-age=")
    assert kept or headers["cache-control"] == "no-store"
    assert [name for name in headers if name.startswith("access-control-")] == []


@pytest.mark.parametrize("header", ["Idempotency-Key", "If-Match", "Content-Type", "Authorization"])
def test_a_header_that_comes_twice_is_refused_or_read_as_one_and_never_fails(cloud: EmulatedCloud, header: str) -> None:
    token = f"Bearer {cloud.token('herder')}"
    sent = [("Authorization", token), ("Content-Type", "application/json"), ("Idempotency-Key", "twice")]
    sent.append((header, {"Authorization": f"Bearer {cloud.token('stranger')}"}.get(header, "other")))
    response = httpx.post(f"{cloud.url}/v1/cases", headers=sent, content=b"{}")
    assert 400 <= response.status_code < 500
    assert response.headers["content-type"] == "application/problem+json"
    assert "elsewhere" not in response.text
