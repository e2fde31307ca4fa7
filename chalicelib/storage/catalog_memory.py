"""The catalogue in memory: the twin of the table, and the packaged start catalogue for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from chalicelib.domain.catalog import Body
from chalicelib.domain.catalog_digests import digest_of
from chalicelib.domain.catalog_publication import Publication, ReleaseHead, publication_of
from chalicelib.domain.errors import Conflict
from chalicelib.storage.catalog_files import packaged_bodies, packaged_files
from chalicelib.storage.catalog_view import CatalogView

Json = dict[str, Any]


class MemoryCatalogStore:
    """Implements ``CatalogStore`` with dicts."""

    def __init__(self) -> None:
        self._head: ReleaseHead | None = None
        self._releases: dict[int, Publication] = {}
        self._documents: dict[tuple[str, int], Json] = {}
        self._displaced: dict[str, str] = {}

    def head(self) -> ReleaseHead | None:
        return self._head

    def versions(self, release: int) -> Mapping[str, int]:
        return self._releases[release].versions

    def summaries(self, release: int) -> Sequence[Json]:
        return self._releases[release].summaries

    def vocabulary(self, release: int) -> Json:
        return self._releases[release].vocabulary

    def document(self, basic_code: str, version: int) -> Json | None:
        return self._documents.get((basic_code, version))

    def bodies(self, release: int, group: str) -> Sequence[Body]:
        return self._releases[release].bodies.get(group, ())

    def group_of(self, uscc: str) -> str | None:
        return self._displaced.get(uscc)

    def former_body(self, group: str, uscc: str) -> Body | None:
        bodies = (body for release in sorted(self._releases, reverse=True) for body in self.bodies(release, group))
        return next((body for body in bodies if body.uscc == uscc), None)

    def stored_digests(self, versions: Mapping[str, int]) -> Mapping[str, str]:
        stored = {code: self._documents.get((code, version)) for code, version in versions.items()}
        return {code: digest_of(document) for code, document in stored.items() if document is not None}

    def publish(self, publication: Publication, expected: int) -> ReleaseHead:
        if (self._head.number if self._head else 0) != expected:
            raise Conflict.because("catalog.release-moved-on", release=expected)
        stored = self.stored_digests(publication.versions)
        for document in publication.documents:
            code = document["basic_code"]
            if stored.get(code, digest_of(document)) != digest_of(document):
                raise Conflict.because("catalog.version-exists", item=code, version=document["version"])
        for document in publication.documents:
            self._documents.setdefault((document["basic_code"], document["version"]), document)
        self._displaced.update(publication.displaced)
        self._head = ReleaseHead(expected + 1, publication.published_at, publication.digest)
        self._releases[expected + 1] = publication
        return self._head


@cache
def _start_catalog() -> Publication:
    return publication_of(packaged_files(), packaged_bodies(), published_at="2026-11-23T00:00:00+00:00")


def memory_store() -> MemoryCatalogStore:
    """A fresh store that holds the packaged start catalogue as release 1."""
    store = MemoryCatalogStore()
    store.publish(_start_catalog(), 0)
    return store


class MemoryCatalog(CatalogView):
    """``ports.Catalog`` over the packaged start catalogue, without any cloud."""

    def __init__(self) -> None:
        super().__init__(memory_store())
