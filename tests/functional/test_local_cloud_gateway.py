"""What the local gateway answers by itself is what the deployed template says."""

from __future__ import annotations

import json
import socket
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from infra.gateway_responses import ANSWERS
from infra.local.cloud import EmulatedCloud
from infra.local.gateway import MAX_BODY

PROBLEM = "application/problem+json"


def _status(kind: str) -> tuple[int, str]:
    return ANSWERS[kind]


def _answer(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["content-type"].startswith(PROBLEM)
    return response.status_code, response.json()["code"]


def test_a_route_that_does_not_exist_is_answered_by_the_gateway(cloud: EmulatedCloud) -> None:
    response = httpx.get(f"{cloud.url}/v1/nothing-here")

    assert _answer(response) == _status("MISSING_AUTHENTICATION_TOKEN")
    assert "$context" not in response.text


def test_a_method_that_a_route_does_not_have_is_no_route_either(cloud: EmulatedCloud) -> None:
    assert _answer(httpx.delete(f"{cloud.url}/v1/health")) == _status("MISSING_AUTHENTICATION_TOKEN")


def test_a_call_without_a_token_is_refused_before_our_code_runs(cloud: EmulatedCloud) -> None:
    assert _answer(httpx.get(f"{cloud.url}/v1/cases")) == _status("UNAUTHORIZED")


def test_a_token_that_does_not_hold_is_denied(cloud: EmulatedCloud) -> None:
    token = cloud.token("herder")[:-4] + "AAAA"

    response = httpx.get(f"{cloud.url}/v1/cases", headers={"Authorization": f"Bearer {token}"})

    assert _answer(response) == _status("ACCESS_DENIED")


def test_a_body_over_ten_megabytes_is_not_read(cloud: EmulatedCloud) -> None:
    with socket.create_connection(("127.0.0.1", cloud.server.port), timeout=10) as wire:
        wire.sendall(f"POST /v1/cases HTTP/1.1\r\nHost: x\r\nContent-Length: {MAX_BODY + 1}\r\n\r\n".encode())
        answer = wire.makefile("rb").read()

    head, _, body = answer.partition(b"\r\n\r\n")
    status, code = _status("REQUEST_TOO_LARGE")
    assert head.startswith(f"HTTP/1.1 {status}".encode())
    assert json.loads(body)["code"] == code


def test_a_head_request_gets_headers_and_no_body(cloud: EmulatedCloud) -> None:
    response = httpx.head(f"{cloud.url}/v1/health")

    assert response.content == b""
    assert response.status_code == _status("MISSING_AUTHENTICATION_TOKEN")[0]


def test_a_body_in_chunks_arrives_whole(cloud: EmulatedCloud) -> None:
    headers = {"Authorization": f"Bearer {cloud.token('agent')}", "Content-Type": "application/json"}

    whole = httpx.post(f"{cloud.url}/v1/cases", headers=headers, content=b'{"item":"1"}')
    pieces = httpx.post(f"{cloud.url}/v1/cases", headers=headers, content=iter([b'{"item"', b':"1"}']))

    assert "transfer-encoding" in pieces.request.headers
    assert pieces.json()["code"] == whole.json()["code"]


def test_requests_side_by_side_never_see_each_other(cloud: EmulatedCloud) -> None:
    def listed(key: str) -> tuple[str, int]:
        headers = {"Authorization": f"Bearer {cloud.token(key)}"}
        return key, httpx.get(f"{cloud.url}/v1/worklist?queue=mine", headers=headers).status_code

    with ThreadPoolExecutor(12) as threads:
        answers = set(threads.map(listed, ["herder", "sum-window", "league-review"] * 20))

    assert {key for key, _ in answers} == {"herder", "sum-window", "league-review"}
    assert len(answers) == 3, "each person always gets the same answer"


@pytest.mark.parametrize("path", ["/_local/nothing", "/_local/state/"])
def test_the_emulated_cloud_has_few_routes_of_its_own(path: str, cloud: EmulatedCloud) -> None:
    assert httpx.get(f"{cloud.url}{path}").status_code == 404


def test_the_product_itself_knows_nothing_of_these_routes(cloud: EmulatedCloud) -> None:
    assert not [path for path in cloud.server.app_object.routes if path.startswith("/_local")]
