"""Reports of providers over HTTP: signed, taken once; nothing forged gets in, and nothing answers 5xx."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from chalicelib.domain import webhooks
from infra.local import emulator
from tests.functional.conftest import Api
from tests.functional.test_cases_api import received
from tests.functional.test_messages_api import HOME, confirmed, told
from tests.unit.test_webhooks import BODIES, HEADERS

PATH = "/v1/delivery-reports/post"


@pytest.fixture(autouse=True)
def fresh(api: Api) -> Iterator[None]:
    api.cloud.receivers.reset()
    yield
    api.cloud.receivers.reset()
    for contact in api.get("herder", "/v1/contacts").body["items"]:
        api.post("herder", f"/v1/contacts/{contact['id']}/removal")


def letter(api: Api) -> tuple[dict[str, Any], str]:
    """A message that went out by post and has not arrived, and the key under which it was handed over."""
    made = api.post("herder", "/v1/contacts", {"address": HOME}).body["id"]
    assert api.post("herder", f"/v1/contacts/{made}/confirmation", {"correct": True}).status == 200
    api.cloud.receivers.answer_with({"post": 202})
    (message,) = told(api, received(api))
    assert [d["outcome"]["code"] for d in message["deliveries"]] == ["sent"]
    return message, f"{message['id']}.{made}"


def outcome(api: Api, message: dict[str, Any]) -> list[str]:
    found = api.get("herder", f"/v1/messages/{message['id']}").body
    return [delivery["outcome"]["code"] for delivery in found["deliveries"]]


@pytest.mark.requirement("H0")
def test_a_letter_that_arrives_later_is_recorded_once_and_a_play_back_changes_nothing(api: Api) -> None:
    message, key = letter(api)
    headers, body = api.cloud.receivers.report("post", key, True, api.cloud.clock.now())
    answers = [api.call(None, "POST", PATH, body, headers=headers) for _ in range(3)]
    assert [(a.status, a.body["outcome"]) for a in answers] == [(200, "recorded"), (200, "known"), (200, "known")]
    assert outcome(api, message) == ["delivered"]
    api.cloud.clock.advance(webhooks.TOLERANCE * 2)
    late = api.call(None, "POST", PATH, body, headers=headers)
    assert (late.status, late.code) == (401, "webhook.not-verified")


def test_a_letter_that_comes_back_shows_its_address_as_failing(api: Api) -> None:
    message, key = letter(api)
    assert api.cloud.report_delivery("post", key, arrived=False)[0] == 200
    assert outcome(api, message) == ["failed"]
    assert api.get("herder", "/v1/contacts").body["items"][0]["failed_at"] is not None


@pytest.mark.parametrize("sender", ["sms", "fax", "partner-1", "post%20"])
def test_the_secret_of_one_sender_opens_no_other(api: Api, sender: str) -> None:
    _, key = letter(api)
    headers, body = api.cloud.receivers.report("post", key, True, api.cloud.clock.now())
    answer = api.call(None, "POST", f"/v1/delivery-reports/{sender}", body, headers=headers)
    assert (answer.status, answer.code) == (401, "webhook.not-verified")


def test_nothing_forged_or_malformed_gets_in_and_nothing_answers_with_a_fault_of_ours(api: Api) -> None:
    now = api.cloud.clock.now()
    good, body = api.cloud.receivers.report("post", "x.y.z", True, now)
    cases = [({**good, **changes}, body) for changes in HEADERS.values()]
    cases += [(good, other) for other in BODIES.values()]
    asked = 0
    for headers, sent in cases:
        try:
            answer = httpx.post(f"{api.cloud.url}{PATH}", content=sent, headers=headers, timeout=30)
        except (httpx.LocalProtocolError, httpx.RemoteProtocolError, UnicodeEncodeError, httpx.ReadError):
            continue  # HTTP itself cannot carry it
        asked += 1
        if answer.headers["content-type"] != "application/problem+json":
            assert answer.status_code in (400, 431)  # the server in front of us refuses a header of that size
            continue
        assert (answer.status_code, answer.json()["code"]) == (401, "webhook.not-verified"), (headers, answer.text)
    assert asked >= 60


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"type": "message.eaten"}, 422, "schema.enum"),
        ({"timestamp": "2026-12-31T23:59:60Z"}, 422, "schema.format"),
        ({"timestamp": "yesterday"}, 422, "schema.format"),
        ({"data": {"key": "x", "reference": ""}}, 422, "schema.pattern"),
        ({"data": {"reference": ""}}, 422, "schema.required"),
        ({"surplus": 1}, 422, "schema.unexpected"),
    ],
)
def test_a_signed_report_that_says_nothing_sensible_is_refused_with_its_place(
    api: Api, changes: dict[str, Any], status: int, code: str
) -> None:
    key = f"{'0' * 26}.00000001.{'0' * 26}"
    _, body = api.cloud.receivers.report("post", key, True, api.cloud.clock.now())
    answer = signed(api, json.dumps({**json.loads(body), **changes}).encode())
    assert (answer.status, answer.codes) == (status, [code])


@pytest.mark.parametrize("body", [b"{", b'{"a": NaN}', b"[" * 5_000, b'{"a": 1, "a": 2}'])
def test_a_signed_body_that_is_no_strict_json_is_refused_as_everywhere(api: Api, body: bytes) -> None:
    assert signed(api, body).status == 400


def test_a_report_about_nothing_of_ours_is_taken_without_effect(api: Api) -> None:
    status, text = api.cloud.report_delivery("post", f"{'0' * 26}.00000001.{'0' * 26}", arrived=True)
    assert (status, json.loads(text)) == (200, {"outcome": "unknown"})


def signed(api: Api, body: bytes) -> Any:
    entered = json.loads(api.cloud.receivers.credentials("post"))
    secret = webhooks.secret_of(entered["callback_secret"])
    headers = webhooks.headers("call-of-a-test", api.cloud.clock.now(), body, secret)
    return api.call(None, "POST", PATH, body, headers={**headers, "Content-Type": "application/json"})


# -- credentials -----------------------------------------------------------------------------------------------


@pytest.mark.requirement("H0")
def test_a_token_that_was_rotated_is_read_anew_and_no_message_is_lost(api: Api) -> None:
    confirmed(api)
    api.cloud.receivers.rotate("sms")
    client = emulator.client("secretsmanager")
    secret = api.cloud.wiring.settings.sms_secret_id
    client.put_secret_value(SecretId=secret, SecretString=api.cloud.receivers.credentials("sms"))
    (message,) = told(api, received(api))
    assert [d["outcome"]["code"] for d in message["deliveries"]] == ["delivered"]


def test_a_token_that_does_not_hold_costs_no_contact(api: Api) -> None:
    confirmed(api)
    client = emulator.client("secretsmanager")
    secret = api.cloud.wiring.settings.sms_secret_id
    entered = api.cloud.receivers.credentials("sms")
    client.put_secret_value(SecretId=secret, SecretString=json.dumps({**json.loads(entered), "token": "wrong"}))
    api.cloud.wiring.__dict__["_credentials"]["sms"]._secret.forget()
    try:
        (message,) = told(api, received(api))
        assert [d["outcome"]["code"] for d in message["deliveries"]] == ["pending"]
        assert api.get("herder", "/v1/contacts").body["items"][0]["failed_at"] is None
    finally:
        client.put_secret_value(SecretId=secret, SecretString=entered)
        api.cloud.wiring.__dict__["_credentials"]["sms"]._secret.forget()


def test_credentials_stand_in_no_log_line(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    confirmed(api)
    api.cloud.receivers.answer_with({"sms": 503})
    told(api, received(api))
    output = capsys.readouterr()
    for channel in ("sms", "post"):
        for entry in json.loads(api.cloud.receivers.credentials(channel)).values():
            assert entry not in f"{output.out} {output.err} {api.cloud.failures()}"
