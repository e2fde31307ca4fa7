"""The store of the published catalogue: the twin, the emulated table and the real engine behave alike."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.client import BaseClient

from chalicelib.domain.catalog import Body
from chalicelib.domain.catalog_publication import Publication, ReleaseHead, publication_of
from chalicelib.domain.errors import Conflict, Invalid
from chalicelib.services.catalog_ports import CatalogStore
from chalicelib.services.catalog_publish import publish
from chalicelib.storage.catalog import DynamoCatalogStore, bind
from chalicelib.storage.catalog_files import packaged_bodies, packaged_files
from chalicelib.storage.catalog_memory import MemoryCatalogStore
from chalicelib.storage.catalog_view import CatalogView

FILES, BODIES = packaged_files(), packaged_bodies()
SENIOR_TEACHER, GACHA = "150105902002", "152523202200"


@dataclass
class Clock:
    moment: datetime = datetime(2026, 11, 23, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment


@pytest.fixture(params=["memory", "moto", pytest.param("engine", marks=pytest.mark.engine)])
def store(request: pytest.FixtureRequest) -> CatalogStore:
    if request.param == "memory":
        return MemoryCatalogStore()
    tables: Any = request.getfixturevalue("aws" if request.param == "moto" else "engine_tables")
    return DynamoCatalogStore(bind(tables.catalog, tables.region, tables.endpoint))


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked of AWS from now on, by the names of the operations."""
    made: list[str] = []
    call = BaseClient._make_api_call

    def counted(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        made.append(operation)
        return call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", counted)
    return made


@pytest.fixture(name="start", scope="module")
def _start() -> Publication:
    return publication_of(FILES, BODIES, published_at="2026-11-23T00:00:00+00:00")


def changed(version: int | None = None, promised: int = 9) -> dict[str, Any]:
    """The files with another promise for homesteads, under the same version or a new one."""
    files = copy.deepcopy(FILES)
    own = files["demo"]["items"]["homestead-approval"]
    own["promised_limit"] = [promised, "workday"]
    if version is not None:
        own["version"] = version
    return files


def homestead(view: CatalogView) -> str:
    return next(row["basic_code"] for row in view.index().summaries if row["key"] == "homestead-approval")


def test_an_empty_store_offers_nothing(store: CatalogStore) -> None:
    view = CatalogView(store)
    assert store.head() is None
    assert view.offer(SENIOR_TEACHER, GACHA) is None
    assert view.version("11152500D05000004Q3150105902002", 1) is None
    assert list(view.index().summaries) == []


def test_what_was_published_is_read_back(store: CatalogStore, start: Publication) -> None:
    head = store.publish(start, 0)
    assert head == store.head() == ReleaseHead(1, "2026-11-23T00:00:00+00:00", start.digest)
    assert store.versions(1) == start.versions
    assert list(store.summaries(1)) == list(start.summaries)
    assert store.vocabulary(1) == start.vocabulary
    for document in start.documents[::20]:
        assert store.document(document["basic_code"], 1) == document
    assert store.document(SENIOR_TEACHER, 2) is None
    for group in ("150000000000", "152500000000", "152523000000"):
        assert tuple(store.bodies(1, group)) == tuple(start.bodies[group])
    assert store.bodies(1, "159900000000") == ()


@pytest.mark.requirement("A5")
def test_the_whole_catalogue_is_loaded_with_few_requests(store: CatalogStore, requests: list[str]) -> None:
    """Written in batches: a request for each row would take minutes."""
    publish(store, Clock(), FILES, BODIES)
    assert len(requests) <= 10


def test_publishing_the_same_again_changes_nothing(store: CatalogStore) -> None:
    first = publish(store, Clock(), FILES, BODIES)
    later = publish(store, Clock(datetime(2027, 1, 1, tzinfo=UTC)), FILES, BODIES)
    assert later == first == store.head()


def test_a_publication_that_was_cut_short_is_completed_by_doing_it_again(
    store: CatalogStore, start: Publication
) -> None:
    part = replace(start, documents=start.documents[:50], digest="half")
    store.publish(part, 0)
    assert store.publish(start, 1).number == 2
    assert len(store.versions(2)) == len(start.documents)


@pytest.mark.requirement("A6")
def test_a_case_finds_the_version_it_was_filed_under(store: CatalogStore) -> None:
    view = CatalogView(store)
    publish(store, Clock(), FILES, BODIES)
    code = homestead(view)
    old = view.offer(code, GACHA)
    assert publish(store, Clock(), changed(version=2), BODIES).number == 2
    new = view.offer(code, GACHA)
    assert old is not None
    assert new is not None
    assert (old.version, new.version) == (1, 2)
    assert (old.code, view.version(old.code, 1), view.version(new.code, 2)) == (new.code, old, new)
    assert new.promised_limit is not None
    assert new.promised_limit.value == 9
    assert view.version(new.code, 3) is None


@pytest.mark.requirement("A6")
def test_nothing_that_was_published_is_edited_in_place(store: CatalogStore) -> None:
    publish(store, Clock(), FILES, BODIES)
    with pytest.raises(Conflict, match=r"catalog\.version-exists"):
        publish(store, Clock(), changed(), BODIES)
    head = store.head()
    assert head is not None
    assert head.number == 1


@pytest.mark.requirement("A5")
def test_a_file_that_breaks_a_rule_publishes_nothing(store: CatalogStore) -> None:
    files = changed(version=2, promised=21)
    files["demo"]["departments"]["05"]["complaint"] = files["demo"]["departments"]["05"]["enquiry"]
    with pytest.raises(Invalid) as caught:
        publish(store, Clock(), files, BODIES)
    codes = {violation.code for violation in caught.value.violations}
    assert codes == {"catalog.promised-over-statutory", "catalog.contacts-equal"}
    assert store.head() is None
    assert store.document(SENIOR_TEACHER, 1) is None


def test_of_two_who_publish_at_once_one_is_told(store: CatalogStore, start: Publication) -> None:
    store.publish(start, 0)
    with pytest.raises(Conflict, match=r"catalog\.release-moved-on"):
        store.publish(start, 0)
    head = store.head()
    assert head is not None
    assert head.number == 1


@pytest.mark.requirement("F1")
def test_the_competent_body_is_that_of_the_place(store: CatalogStore, start: Publication) -> None:
    store.publish(start, 0)
    view = CatalogView(store)
    item = view.offer(SENIOR_TEACHER, GACHA)
    assert item is not None
    assert item.body == view.body_of("05", "152500000000") == view.body("152500000000-05")
    assert view.outlet_of(GACHA) == view.outlet_of("152523202000") == view.body_of("90", "152523202000")
    assert view.outlet_of("152523000000") is None
    for nonsense in ("", "15", "not-a-division", "159999000000"):
        assert view.offer(SENIOR_TEACHER, nonsense) is None
        assert view.outlet_of(nonsense) is None
        assert view.body_of("05", nonsense) is None
    assert view.offer(SENIOR_TEACHER, "150000000000") is None  # the region has no single league
    assert view.version("too short", 1) is None
    assert view.body("nobody") is None


def test_a_body_whose_code_begins_elsewhere_is_found(store: CatalogStore, start: Publication) -> None:
    real = Body("152500000000-05", "锡林郭勒盟教育局", "152500000000", "05", "11152624MB15692311", demo=False)
    group = tuple(real if body.id == real.id else body for body in start.bodies["152500000000"])
    store.publish(replace(start, bodies={**start.bodies, "152500000000": group}), 0)
    view = CatalogView(store)
    item = view.offer(SENIOR_TEACHER, GACHA)
    assert item is not None
    assert item.body == real
    assert view.version(item.code, 1) == item
