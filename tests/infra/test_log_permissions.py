"""The deployed policies suffice for sealing, accesses, the nightly anchor and erasing; and no more than that."""

from __future__ import annotations

from datetime import timedelta

import pytest

from infra.functions import Use, functions
from infra.policies import policy
from tests.functional.conftest import Api
from tests.functional.test_cases_api import drafted, received
from tests.infra.iam import Call, allowed, recorded


def test_every_call_of_the_log_is_allowed_by_the_policy_of_its_function(
    cloud: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = Api(cloud)  # type: ignore[arg-type]
    names = {f.logical_id: f.name for f in functions().values()}
    physical = {physical: names[i] for i, physical in api.cloud.deployed.physical.items() if i in names}
    with recorded(monkeypatch, physical) as calls:
        case_id, (draft, _) = received(api), drafted(api)
        api.get("banner-acceptance", f"/v1/cases/{case_id}")
        assert api.get("herder", f"/v1/cases/{case_id}/accesses").status == 200
        api.post("herder", f"/v1/cases/{draft}/discarding")
        api.cloud.advance(timedelta(days=31))
        for function in ("anchor_logs", "sweep_timers"):
            api.cloud.invoke(function)
        api.cloud.settle()
        assert api.get("herder", f"/v1/cases/{draft}").status == 404
    assert {call for call in calls if not allowed(policy(functions()[call.function]), call)} == set()
    nightly = {call.action for call in calls if call.function == "anchor_logs"}
    assert {"dynamodb:Query", "s3:PutObject", "s3:ListBucketVersions", "kms:Sign"} <= nightly
    destroying = {
        call.function for call in calls if call.action == "dynamodb:DeleteItem" and f"key#{draft}" in call.keys
    }
    assert destroying == {"sweep_timers"}


@pytest.mark.requirement("I4")
def test_the_anchor_sees_heads_and_nothing_that_is_personal() -> None:
    night = policy(functions()["anchor_logs"])
    listing = Call("anchor_logs", "dynamodb:Query", "cases/index/listing", ("heads#2026-03-02#1",))
    assert allowed(night, listing)
    for key in ("party#herder", "work#body#accept", "holder#herder"):
        assert not allowed(night, Call("anchor_logs", "dynamodb:Query", "cases/index/listing", (key,)))
    for action in ("GetItem", "Query", "PutItem"):
        for key in ("case#01J", "key#01J"):
            assert not allowed(night, Call("anchor_logs", f"dynamodb:{action}", "cases", (key,)))
    assert not allowed(night, Call("anchor_logs", "kms:Decrypt", "kms"))
    assert not allowed(night, Call("anchor_logs", "s3:DeleteObject", "s3"))


@pytest.mark.requirement("I4")
def test_data_keys_are_made_by_who_opens_and_destroyed_by_the_timers_alone() -> None:
    by_use = {use: {f.name for f in functions().values() if use in f.uses} for use in (Use.MAKE_KEYS, Use.DESTROY_KEYS)}
    assert by_use[Use.DESTROY_KEYS] == {"sweep_timers"}
    assert "api_handler" in by_use[Use.MAKE_KEYS]
    for function in functions().values():
        for action in ("UpdateItem", "Query"):
            assert not allowed(policy(function), Call(function.name, f"dynamodb:{action}", "cases", ("key#01J",)))
        if Use.OPEN_KEYS not in function.uses:
            assert not allowed(policy(function), Call(function.name, "kms:Decrypt", "kms"))


def test_the_bucket_of_anchors_is_locked_and_kept(resources: dict[str, dict[str, object]]) -> None:
    bucket = resources["AnchorBucket"]
    properties = bucket["Properties"]
    assert isinstance(properties, dict)
    assert bucket["DeletionPolicy"] == "Retain"
    assert properties["ObjectLockConfiguration"]["Rule"]["DefaultRetention"] == {"Mode": "COMPLIANCE", "Years": 10}
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert all(properties["PublicAccessBlockConfiguration"].values())


def test_the_key_of_the_vault_turns_over_each_year_and_is_kept(resources: dict[str, dict[str, object]]) -> None:
    properties = resources["VaultKey"]["Properties"]
    assert isinstance(properties, dict)
    assert (properties["EnableKeyRotation"], properties["KeyUsage"]) == (True, "ENCRYPT_DECRYPT")
    assert resources["VaultKey"]["DeletionPolicy"] == "Retain"
