"""Contacts and messages over HTTP, with providers that record what they are handed, and that fail."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from infra.local import emulator
from tests.functional.conftest import Api
from tests.functional.test_cases_api import received

_LONG = timedelta(hours=1)

NUMBER, SECOND = "13812345678", "13912345679"
HOME = {"recipient": "其其格", "address": "锡林郭勒盟东乌珠穆沁旗嘎达布其镇1号", "postcode": "026300"}


@pytest.fixture(autouse=True)
def fresh(api: Api) -> Iterator[None]:
    """Nobody's contacts are left for the next test, and providers answer well again."""
    api.cloud.receivers.reset()
    yield
    api.cloud.receivers.reset()
    for contact in api.get("herder", "/v1/contacts").body["items"]:
        api.post("herder", f"/v1/contacts/{contact['id']}/removal")


def code(api: Api) -> str:
    found = re.search(r"\d{6}", api.cloud.receivers.received["sms"][-1]["text"])
    assert found is not None
    return found[0]


def confirmed(api: Api, number: str = NUMBER) -> str:
    made = api.post("herder", "/v1/contacts", {"number": number})
    assert made.status == 201
    path = f"/v1/contacts/{made.body['id']}/confirmation"
    assert api.post("herder", path, {"code": code(api)}).body["result"] == {"state": "confirmed"}
    return str(made.body["id"])


def told(api: Api, case_id: str) -> list[dict[str, Any]]:
    """The herder's messages about a case, oldest first."""
    api.cloud.settle()
    rows = api.get("herder", "/v1/messages", limit=50).body["items"]
    return [row for row in reversed(rows) if row["case"] == case_id]


def about(api: Api, case_id: str) -> list[dict[str, Any]]:
    """What the provider of text messages was handed about a case."""
    return [m for m in api.cloud.receivers.received["sms"] if m["key"].startswith(case_id)]


@pytest.mark.requirement("H0")
def test_whoever_files_is_told_in_the_inbox_and_on_the_number_that_they_confirmed(api: Api) -> None:
    contact = confirmed(api)
    case_id = received(api)
    (message,) = told(api, case_id)
    assert (message["kind"]["code"], message["told_by"]["code"]) == ("case.submitted", "inbox_delivered")
    assert message["told_at"] == message["created_at"]
    assert [(d["contact"], d["outcome"]["code"], d["attempts"]) for d in message["deliveries"]] == [
        (contact, "delivered", 1)
    ]
    (sms,) = about(api, case_id)
    assert sms["to"] == NUMBER
    assert message["text"]["zh"] == sms["text"]
    one = api.get("herder", f"/v1/messages/{message['id']}")
    assert one.body == message
    assert api.post("herder", f"/v1/messages/{message['id']}/read").body["result"] == {"state": "read"}
    assert api.get("herder", f"/v1/messages/{message['id']}").body["read_at"] is not None


def test_a_decision_is_told_when_it_falls(api: Api) -> None:
    case_id = received(api)
    api.post("banner-acceptance", f"/v1/cases/{case_id}/claim")
    api.post("banner-acceptance", f"/v1/cases/{case_id}/acceptance")
    assert [m["kind"]["code"] for m in told(api, case_id)] == ["case.submitted", "case.accepted"]


@pytest.mark.requirement("H0")
def test_a_provider_that_is_away_costs_no_inbox_row_and_gets_the_message_later(api: Api) -> None:
    confirmed(api)
    api.cloud.receivers.answer_with({"sms": 503})
    case_id = received(api)
    (message,) = told(api, case_id)
    assert [d["outcome"]["code"] for d in message["deliveries"]] == ["pending"]
    assert about(api, case_id) == []
    api.cloud.receivers.answer_with({})
    emulator.hasten_messages(_LONG)
    (message,) = told(api, case_id)
    assert [(d["outcome"]["code"], d["attempts"]) for d in message["deliveries"]] == [("delivered", 2)]
    assert len(about(api, case_id)) == 1


def test_a_number_that_is_refused_for_good_is_shown_and_the_next_one_is_used(api: Api) -> None:
    dead, living = confirmed(api), confirmed(api, SECOND)
    api.cloud.receivers.answer_with({"sms": 410}, only=NUMBER)
    case_id = received(api)
    (message,) = told(api, case_id)
    assert [(d["contact"], d["outcome"]["code"], d["reason"]) for d in message["deliveries"]] == [
        (dead, "failed", "refused"),
        (living, "delivered", ""),
    ]
    shown = {c["id"]: c["failed_at"] for c in api.get("herder", "/v1/contacts").body["items"]}
    assert shown[dead] is not None
    assert shown[living] is None


def test_an_address_gets_a_letter_once_it_is_confirmed(api: Api) -> None:
    made = api.post("herder", "/v1/contacts", {"address": HOME}).body["id"]
    path = f"/v1/contacts/{made}/confirmation"
    assert api.post("herder", path, {}).code == "contact.confirmation-missing"
    assert api.post("herder", path, {"correct": True}).status == 200
    case_id = received(api)
    told(api, case_id)
    (letter,) = [m for m in api.cloud.receivers.received["post"] if m["key"].startswith(case_id)]
    assert {name: letter[name] for name in HOME} == HOME


@pytest.mark.parametrize(
    ("body", "code_", "pointer"),
    [
        ({}, "contact.channel", ""),
        ({"number": "12345"}, "schema.pattern", "/number"),
        ({"number": NUMBER, "address": HOME}, "contact.channel", ""),
        ({"address": {**HOME, "postcode": "1"}}, "schema.pattern", "/address/postcode"),
        ({"address": {**HOME, "address": "某街\u202e1号院内"}}, "text.direction-control", "/address/address"),
    ],
)
def test_a_wrong_contact_is_refused_with_its_place(api: Api, body: Any, code_: str, pointer: str) -> None:
    answer = api.post("herder", "/v1/contacts", body)
    assert (answer.status, answer.code, answer.pointers) == (422, code_, [pointer])


def test_a_wrong_code_is_counted_even_though_it_is_refused(api: Api) -> None:
    made = api.post("herder", "/v1/contacts", {"number": NUMBER}).body["id"]
    wrong = "000000" if code(api) != "000000" else "000001"
    path = f"/v1/contacts/{made}/confirmation"
    codes = [api.post("herder", path, {"code": wrong}).code for _ in range(6)]
    assert codes == ["contact.code-wrong"] * 5 + ["contact.code-used-up"]


def test_messages_and_contacts_are_the_applicants_own(api: Api) -> None:
    case_id = received(api)
    (message,) = told(api, case_id)
    for who, status, refusal in [
        ("stranger", 404, "message.not-found"),
        ("supervisor", 403, "contact.applicants-only"),
        ("banner-acceptance", 403, "contact.applicants-only"),
    ]:
        answer = api.get(who, f"/v1/messages/{message['id']}")
        assert (answer.status, answer.code) == (status, refusal)
    assert api.get("supervisor", "/v1/contacts").status == 403
    assert api.get("supervisor", "/v1/messages").status == 403


@pytest.mark.requirement("H0")
def test_a_number_and_an_address_stand_in_no_log_no_queue_and_no_list(
    api: Api, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: list[str] = []
    run = api.cloud.functions.run

    def recorded(name: str, handler: str, body: str | bytes | None, *rest: Any, **options: Any) -> Any:
        handed.append(str(body))
        return run(name, handler, body, *rest, **options)

    monkeypatch.setattr(api.cloud.functions, "run", recorded)
    confirmed(api)
    made = api.post("herder", "/v1/contacts", {"address": HOME}).body["id"]
    api.post("herder", f"/v1/contacts/{made}/confirmation", {"correct": True})
    api.cloud.receivers.answer_with({"sms": 410, "post": 503})
    case_id = received(api)
    assert told(api, case_id)
    shown = json.dumps(api.get("herder", "/v1/contacts").body, ensure_ascii=False)
    output = capsys.readouterr()
    assert any("case.submitted" in body for body in handed)
    everything = f"{output.out} {output.err} {handed} {shown} {api.cloud.failures()}"
    for secret in (NUMBER, HOME["address"], code(api)):
        assert secret not in everything
