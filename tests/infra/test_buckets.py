"""The buckets for uploads as they are deployed, and who reaches them."""

from __future__ import annotations

from typing import Any

import pytest

from infra.functions import functions
from infra.package import stack_template
from infra.policies import policy
from infra.stages import STAGES

BUCKETS = ("QuarantineBucket", "KeptBucket")


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    found: dict[str, Any] = stack_template(STAGES["hohhot"])["Resources"]
    return found


@pytest.mark.requirement("B9")
@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_is_private_encrypted_and_reached_by_tls_only(resources: dict[str, Any], bucket: str) -> None:
    properties = resources[bucket]["Properties"]
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    (statement,) = resources[f"{bucket}Policy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_quarantine_is_emptied_after_a_day_and_what_is_kept_outlives_the_stack(resources: dict[str, Any]) -> None:
    (rule,) = resources["QuarantineBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert (rule["Status"], rule["ExpirationInDays"]) == ("Enabled", 1)
    kept = resources["KeptBucket"]
    assert kept["DeletionPolicy"] == kept["UpdateReplacePolicy"] == "Retain"
    assert kept["Properties"]["VersioningConfiguration"] == {"Status": "Enabled"}


def test_only_the_interface_reaches_files_and_the_timers_only_remove_them() -> None:
    reaching: dict[str, set[str]] = {}
    for function in functions().values():
        for statement in policy(function)["Statement"]:
            named = str(statement["Resource"])
            if any(bucket in named for bucket in BUCKETS):
                reaching.setdefault(function.name, set()).update(statement["Action"])
    assert reaching.pop("api_handler") == {"s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:ListBucket"}
    assert {name: actions for name, actions in reaching.items() if actions != {"s3:DeleteObject"}} == {}
    assert "sweep_timers" in reaching
