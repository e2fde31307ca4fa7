"""Accesses over HTTP; anchoring, verifying and erasing on the whole stack."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.deadlines import legal_day
from infra import audit
from infra.local import emulator
from tests.functional.conftest import Api
from tests.functional.test_cases_api import accepted, drafted, received


def shown(api: Api, who: str, case_id: str, **query: Any) -> list[tuple[str, str, str]]:
    items = api.get(who, f"/v1/cases/{case_id}/accesses", **query).body["items"]
    return [(item["actor"]["kind"]["code"], item["what"]["code"], item["reference"]) for item in items]


@pytest.mark.requirement("I4")
def test_an_applicant_sees_who_has_read_the_case_and_what(api: Api) -> None:
    case_id = received(api)
    document = api.get("herder", f"/v1/cases/{case_id}").body["documents"][0]["number"]
    assert shown(api, "herder", case_id) == []
    for path in ("", "/timeline", f"/documents/{document}", f"/documents/{document}/page", "/deadlines"):
        assert api.get("banner-acceptance", f"/v1/cases/{case_id}{path}").status == 200
    assert shown(api, "herder", case_id) == [
        ("officer", "deadlines", ""),
        ("officer", "document", document),
        ("officer", "document", document),
        ("officer", "timeline", ""),
        ("officer", "case", ""),
    ]
    (first, *_) = api.get("herder", f"/v1/cases/{case_id}/accesses").body["items"]
    assert first["actor"]["body"].endswith("-05")
    assert "account" not in first
    assert "demo-" not in str(first)


@pytest.mark.requirement("I4")
def test_a_supervisor_sees_the_accounts_and_is_seen(api: Api) -> None:
    case_id = received(api)
    api.get("banner-acceptance", f"/v1/cases/{case_id}")
    items = api.get("supervisor", f"/v1/cases/{case_id}/accesses").body["items"]
    assert [item["account"] for item in items] == ["demo-supervisor", "demo-banner-acceptance"]
    assert shown(api, "herder", case_id)[0] == ("supervisor", "accesses", "")


def test_accesses_come_page_by_page_and_only_to_those_two(api: Api) -> None:
    case_id = received(api)
    for _ in range(3):
        api.get("banner-acceptance", f"/v1/cases/{case_id}")
    page = api.get("herder", f"/v1/cases/{case_id}/accesses", limit=2).body
    rest = api.get("herder", f"/v1/cases/{case_id}/accesses", limit=2, cursor=page["next"]).body
    assert (len(page["items"]), len(rest["items"]), rest["next"]) == (2, 1, None)
    other = received(api)
    assert api.get("herder", f"/v1/cases/{other}/accesses", cursor=page["next"]).code == "request.cursor-invalid"
    assert api.get("banner-acceptance", f"/v1/cases/{case_id}/accesses").code == "access.not-yours"
    for who in ("stranger", "agent", "region-review"):
        assert api.get(who, f"/v1/cases/{case_id}/accesses").code == "case.not-found"


# -- the night, the command, and the end ------------------------------------------------------------------------


@pytest.fixture
def tomorrow(api: Api) -> Iterator[Api]:
    """The clock goes on by a day and a bit when asked, and the night's function runs by its schedule."""
    yield api
    api.cloud.settle()


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What the command printed; log lines of the stack stand in between."""
    return [line for line in capsys.readouterr().out.splitlines() if not line.startswith("{")]


def left(api: Api, pk: str) -> list[str]:
    """Sort keys of the rows under a partition key."""
    found = emulator.client("dynamodb").query(
        TableName=api.cloud.wiring.settings.cases_table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": pk}},
    )
    return [row["sk"]["S"] for row in found["Items"]]


def night(api: Api) -> Any:
    """Until the night after today's has anchored it; that day."""
    day = legal_day(api.cloud.clock.now())
    api.cloud.advance(timedelta(days=1))
    api.cloud.invoke("anchor_logs")
    api.cloud.settle()
    return day


@pytest.mark.requirement("G1")
def test_a_night_anchors_the_day_and_the_command_verifies_it(tomorrow: Api, capsys: pytest.CaptureFixture[str]) -> None:
    case_id = accepted(tomorrow)
    day = night(tomorrow)
    bucket = tomorrow.cloud.wiring.settings.anchor_bucket
    head = emulator.client("s3").head_object(Bucket=bucket, Key=f"manifests/{day}.json")
    assert head["ObjectLockMode"] == "COMPLIANCE"

    assert audit.main(["verify", "--case", case_id]) == audit.WHOLE
    version = tomorrow.get("herder", f"/v1/cases/{case_id}").body["version"]
    assert said(capsys) == [f"{case_id}: {version} events, 1 anchors, whole"]
    assert audit.main(["verify", "--all-of-day", str(day), "--without-keys"]) == audit.WHOLE
    assert said(capsys)[-1].endswith("cases, whole")

    table = tomorrow.cloud.wiring.settings.cases_table
    key = {"pk": {"S": f"case#{case_id}"}, "sk": {"S": "event#00000003"}}
    client = emulator.client("dynamodb")
    row = client.get_item(TableName=table, Key=key)["Item"]
    client.put_item(TableName=table, Item={**row, "payload": {"B": row["payload"]["B"] + b"x"}})
    assert audit.main(["verify", "--case", case_id]) == audit.TAMPERED
    assert said(capsys) == [f"{case_id}: altered at event 3"]
    assert audit.main(["verify", "--all-of-day", str(day)]) == audit.TAMPERED
    assert f"{case_id}: altered at event 3" in said(capsys)
    client.put_item(TableName=table, Item=row)
    assert audit.main(["verify", "--case", case_id]) == audit.WHOLE


def test_a_day_that_nobody_anchored_is_not_called_whole(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit.main(["verify", "--all-of-day", "2020-01-01"]) == audit.UNKNOWN
    assert said(capsys) == ["2020-01-01: not anchored"]


@pytest.mark.requirement("I4")
def test_a_discarded_draft_is_erased_by_the_clock_and_still_verifies(
    tomorrow: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    case_id, _ = drafted(tomorrow)
    tomorrow.post("herder", f"/v1/cases/{case_id}/discarding")
    assert audit.main(["verify", "--case", case_id]) == audit.WHOLE
    tomorrow.cloud.advance(timedelta(days=30, minutes=2))
    tomorrow.cloud.invoke("sweep_timers")
    tomorrow.cloud.settle()
    assert tomorrow.get("herder", f"/v1/cases/{case_id}").status == 404
    assert audit.main(["verify", "--case", case_id]) == audit.WHOLE
    assert "4 events" in said(capsys)[-1]
    table = tomorrow.cloud.wiring.settings.cases_table
    key = {"pk": {"S": f"key#{case_id}"}, "sk": {"S": "key"}}
    assert "Item" not in emulator.client("dynamodb").get_item(TableName=table, Key=key)
    assert tomorrow.cloud.failures() == []


def test_the_command_erases_what_has_ended_and_says_why_not(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    case_id = received(api)
    assert audit.main(["erase", "--case", case_id, "--ground", "request"]) == audit.UNKNOWN
    assert "erasure.not-ended" in capsys.readouterr().err
    api.post("herder", f"/v1/cases/{case_id}/withdrawal", {})
    api.cloud.settle()
    assert left(api, f"message#{case_id}")
    assert audit.main(["erase", "--case", case_id, "--ground", "request"]) == audit.WHOLE
    assert api.get("herder", f"/v1/cases/{case_id}").status == 404
    api.cloud.settle()
    assert left(api, f"message#{case_id}") == left(api, f"key#{case_id}") == []
    kinds = {sk.partition("#")[0] for sk in left(api, f"case#{case_id}")}
    assert kinds == {"case", "event", "head", "timer"}
    assert api.cloud.failures() == []
