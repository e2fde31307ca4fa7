"""The vault and the anchors against AWS's own interfaces, as far as moto has them."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import ClientError

from chalicelib.domain.errors import Unavailable
from chalicelib.gateways import vault as vaults
from chalicelib.gateways.anchors import S3Anchors
from chalicelib.gateways.vault import KmsVault
from chalicelib.services import cases
from chalicelib.services.log_ports import Damaged
from chalicelib.storage import tables
from chalicelib.storage.cases import DynamoCases
from chalicelib.storage.certificates import DynamoCertificates
from chalicelib.storage.sealing import Safe
from infra.local import emulator
from infra.local.environment import REGION
from tests import factories as f
from tests import journey

PLAIN = "其其格𠮷ᠮᠣᠩᠭᠣᠯ".encode()


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often KMS is asked for what, and how often a data key is read."""
    counted: Counter[str] = Counter()
    make_call = BaseClient._make_api_call

    def counting(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        if client.meta.service_model.service_name == "kms":
            counted[operation] += 1
        elif "'key#" in str(parameters) and operation != "TransactWriteItems":
            counted["read a key"] += 1
        return make_call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", counting)
    return counted


@pytest.fixture
def key_id(_emulator: Any) -> str:
    return str(emulator.client("kms").create_key()["KeyMetadata"]["KeyId"])


def vault_of(key_id: str, stage: str = "hohhot", clock: f.FakeClock | None = None) -> KmsVault:
    return KmsVault(emulator.client("kms"), key_id, stage, clock or f.FakeClock())


# -- the vault -------------------------------------------------------------------------------------------------


@pytest.mark.requirement("I4")
def test_what_was_sealed_opens_for_its_owner_and_place_and_for_nothing_else(key_id: str) -> None:
    vault = vault_of(key_id)
    key, other = vault.create("case-1"), vault.create("case-2")
    sealed = vault.seal("case-1", key, "event#00000001", PLAIN)
    assert PLAIN not in sealed
    assert vault.open("case-1", key, "event#00000001", sealed) == PLAIN
    for owner, with_key, place in (
        ("case-1", key, "event#00000002"),
        ("case-2", key, "event#00000001"),
        ("case-1", other, "event#00000001"),
        ("case-2", other, "event#00000001"),
    ):
        with pytest.raises(Damaged):
            vault.open(owner, with_key, place, sealed)


def test_every_changed_or_missing_byte_is_noticed(key_id: str) -> None:
    vault = vault_of(key_id)
    key = vault.create("case-1")
    sealed = vault.seal("case-1", key, "p", b"abc")
    for at in range(len(sealed)):
        with pytest.raises(Damaged):
            vault.open("case-1", key, "p", sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :])
        with pytest.raises(Damaged):
            vault.open("case-1", key, "p", sealed[:at])


def test_the_same_text_is_sealed_differently_each_time(key_id: str) -> None:
    vault = vault_of(key_id)
    key = vault.create("case-1")
    assert len({vault.seal("case-1", key, "p", PLAIN) for _ in range(50)}) == 50


def test_another_container_opens_it_but_not_for_another_owner_stage_or_with_a_broken_key(key_id: str) -> None:
    vault = vault_of(key_id)
    key = vault.create("case-1")
    sealed = vault.seal("case-1", key, "p", PLAIN)
    assert vault_of(key_id).open("case-1", key, "p", sealed) == PLAIN
    for cold, owner, wrapped in (
        (vault_of(key_id), "case-2", key),
        (vault_of(key_id, "baotou"), "case-1", key),
        (vault_of(key_id), "case-1", key[:-1] + bytes([key[-1] ^ 1])),
    ):
        with pytest.raises(Damaged):
            cold.open(owner, wrapped, "p", sealed)


def test_a_vault_that_does_not_answer_is_unavailable(key_id: str) -> None:
    lost = vault_of("00000000-0000-0000-0000-000000000000")
    with pytest.raises(Unavailable):
        lost.create("case-1")
    key = vault_of(key_id).create("case-1")
    client = emulator.client("kms", endpoint_url="http://127.0.0.1:9", config=Config(retries={"total_max_attempts": 1}))
    with pytest.raises(Unavailable):
        KmsVault(client, key_id, "hohhot", f.FakeClock()).open("case-1", key, "p", b"x" * 40)


def test_a_container_keeps_only_so_many_keys(key_id: str, monkeypatch: pytest.MonkeyPatch, calls: Counter[str]) -> None:
    monkeypatch.setattr(vaults, "KEPT", 2)
    vault = vault_of(key_id)
    keys = {name: vault.create(name) for name in ("a", "b", "c")}
    sealed = {name: vault.seal(name, key, "p", PLAIN) for name, key in keys.items()}
    calls.clear()
    for name, decrypted in (("c", 0), ("b", 0), ("a", 1), ("b", 1), ("c", 2)):
        assert vault.open(name, keys[name], "p", sealed[name]) == PLAIN
        assert calls["Decrypt"] == decrypted, name


@pytest.mark.requirement("I4")
def test_a_container_keeps_a_key_for_an_hour_and_no_longer(key_id: str, calls: Counter[str]) -> None:
    clock = f.FakeClock()
    vault = vault_of(key_id, clock=clock)
    key, other = vault.create("a"), vault.create("b")
    sealed = vault.seal("a", key, "p", PLAIN)
    calls.clear()
    for minutes, decrypted in ((59, 0), (1, 0), (1, 1), (60, 1), (1, 2)):
        clock.advance(minutes=minutes)
        assert vault.open("a", key, "p", sealed) == PLAIN
        assert calls["Decrypt"] == decrypted, clock.now()
    assert other not in vault._plain, "nobody asked for it, and it is gone nevertheless"


@pytest.mark.requirement("I4")
def test_kms_is_asked_once_for_a_new_case_and_once_for_a_cold_one(aws: Any, key_id: str, calls: Counter[str]) -> None:
    """Sealing costs a submission no call: the data key is at hand from the drafting on."""

    def container() -> f.World:
        vault = vault_of(key_id)
        safe = Safe(lambda: vault)
        world.cases = DynamoCases(connection, safe)  # type: ignore[assignment]
        world.certificates = DynamoCertificates(safe)  # type: ignore[assignment]
        return world

    world = f.World()
    connection = tables.bind(aws.cases, aws.region)
    case_id = journey.drafted(container())
    assert calls == {"GenerateDataKey": 1}
    cases.submit(world, f.HERDER, case_id)
    cases.timeline(world, f.HERDER, case_id)
    assert calls == {"GenerateDataKey": 1}
    cases.timeline(container(), f.HERDER, case_id)
    cases.withdraw(world, f.HERDER, case_id, "")
    assert calls == {"GenerateDataKey": 1, "Decrypt": 1, "read a key": 1}


# -- the anchors -----------------------------------------------------------------------------------------------


_numbers = itertools.count()


@pytest.fixture
def bucket(_emulator: Any) -> str:
    """A locked bucket, new for each test: what lies in one cannot be removed."""
    name = f"anchors-{next(_numbers)}"
    place: Any = {"LocationConstraint": REGION}
    emulator.client("s3").create_bucket(Bucket=name, ObjectLockEnabledForBucket=True, CreateBucketConfiguration=place)
    return name


def anchors_in(bucket: str) -> S3Anchors:
    return S3Anchors(emulator.client("s3"), bucket, f.FakeClock())


def test_an_anchor_is_written_once_and_read_back(bucket: str) -> None:
    anchors = anchors_in(bucket)
    assert anchors.get("manifests/2026-03-02.json") is None
    assert anchors.put("manifests/2026-03-02.json", b"first")
    assert not anchors.put("manifests/2026-03-02.json", b"second")
    assert anchors.get("manifests/2026-03-02.json") == b"first"


@pytest.mark.requirement("G1")
def test_an_anchor_can_neither_be_deleted_nor_hidden(bucket: str) -> None:
    anchors, s3 = anchors_in(bucket), emulator.client("s3")
    anchors.put("a", b"first")
    (version,) = s3.list_object_versions(Bucket=bucket)["Versions"]
    lock = s3.head_object(Bucket=bucket, Key="a")
    assert lock["ObjectLockMode"] == "COMPLIANCE"
    assert (lock["ObjectLockRetainUntilDate"] - f.START).days >= 3650
    with pytest.raises(ClientError) as refusal:
        s3.delete_object(Bucket=bucket, Key="a", VersionId=version["VersionId"])
    assert refusal.value.response["Error"]["Code"] == "AccessDenied"
    s3.put_object(Bucket=bucket, Key="a", Body=b"forged")  # a new version, by somebody with every right
    assert anchors.get("a") == b"first"
    s3.delete_object(Bucket=bucket, Key="a")  # a delete marker
    assert anchors.get("a") == b"first"
    assert list(anchors.names("", "")) == ["a"]


def test_names_are_listed_in_order_behind_a_name_page_by_page(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    anchors, s3 = anchors_in(bucket), emulator.client("s3")
    for day in (3, 1, 2, 5):
        anchors.put(f"manifests/2026-03-0{day}.json", b"x")
    anchors.put("heads/2026-03-01/00.json", b"x")
    behind = ["manifests/2026-03-02.json", "manifests/2026-03-03.json", "manifests/2026-03-05.json"]
    assert list(anchors.names("manifests/", "manifests/2026-03-01.json")) == behind
    make_call = BaseClient._make_api_call

    def short_pages(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        if operation == "ListObjectVersions":
            parameters = {**parameters, "MaxKeys": 1}
        return make_call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", short_pages)
    assert list(S3Anchors(s3, bucket, f.FakeClock()).names("manifests/", "manifests/2026-03-01.json")) == behind


@pytest.mark.usefixtures("_emulator")
def test_a_store_of_anchors_that_is_not_there_is_unavailable() -> None:
    lost = anchors_in("no-such-bucket-anywhere")
    for ask in (lambda: lost.put("a", b"x"), lambda: lost.get("a"), lambda: list(lost.names("", ""))):
        with pytest.raises(Unavailable):
            ask()
