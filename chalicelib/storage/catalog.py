"""The published catalogue in DynamoDB (its own table: reference data never stands beside cases).

    release#head               | head             which release is in force (one small read a question)
    release#00000007           | versions         versions in force, where bodies stand, displaced credit codes
    release#00000007           | vocabulary       themes, synonyms, departments, initials
    release#00000007           | summary#0003     fifty summaries                               (one query for all)
    standard#<basic code>      | version#00000002 the document of one version, immutable
    bodies#<division>          | 00000007#<digest> the bodies of a division of level 2-4 since that release, immutable

A release is written by one transaction that also moves the head, so nobody sees half of one; the
standards and bodies that it refers to were written before.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from pynamodb.attributes import DiscriminatorAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.connection import Connection
from pynamodb.exceptions import PynamoDBException, TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from chalicelib.domain.catalog import Body
from chalicelib.domain.catalog_digests import digest_of
from chalicelib.domain.catalog_publication import Publication, ReleaseHead
from chalicelib.domain.errors import Conflict, Unavailable
from chalicelib.storage.binding import TableSettings, bound
from chalicelib.storage.catalog_files import body_of_entry, entry_of_body

Json = dict[str, Any]

# Limits of one TransactWriteItems: 100 items and 4 MB. A document is about 6 kB, a group of bodies 7 kB.
_ITEMS_AT_ONCE = 90
_SUMMARIES_IN_A_ROW = 50  # about 80 kB; an item may have 400 kB
_CONFLICTS = frozenset({"ConditionalCheckFailed", "TransactionConflict"})


class CatalogRow(Model):
    """Base of every row: one client serves them all."""

    class Meta(TableSettings):  # noqa: D106
        pass

    kind = DiscriminatorAttribute()
    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)


class HeadRow(CatalogRow, discriminator="head"):
    """release#head/head."""

    number = NumberAttribute()
    published_at = UnicodeAttribute()
    digest = UnicodeAttribute()


class ReleasePartRow(CatalogRow, discriminator="release"):
    """release#<number>/versions, vocabulary or summary#<part>: plain JSON."""

    content = UnicodeAttribute()


class StandardRow(CatalogRow, discriminator="standard"):
    """standard#<basic code>/version#<number>. Written once, never changed."""

    document = UnicodeAttribute()
    digest = UnicodeAttribute()


class BodiesRow(CatalogRow, discriminator="bodies"):
    """bodies#<division>/<release>#<digest>: entries ``[division, department, name, uscc, kind]``.

    The release is the one for which the row was first written. Rows are never changed or removed: cases that were
    filed with a body outlive it.
    """

    entries = UnicodeAttribute()


R = TypeVar("R", bound=CatalogRow)
T = TypeVar("T")


def bind(table: str, region: str, host: str | None = None) -> Connection:
    """Name the table for all rows and open the one client they share."""
    return bound(CatalogRow, table, region, host)


class DynamoCatalogStore:
    """Implements ``catalog_ports.CatalogStore``. ``connection`` comes from ``bind``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # -- reading ------------------------------------------------------------------------------------

    def head(self) -> ReleaseHead | None:
        row = _get(HeadRow, "release#head", "head")
        return ReleaseHead(int(row.number), row.published_at, row.digest) if row else None

    def versions(self, release: int) -> Mapping[str, int]:
        versions: dict[str, int] = self._part(release, "versions")["versions"]
        return versions

    def vocabulary(self, release: int) -> Json:
        vocabulary: Json = self._part(release, "vocabulary")
        return vocabulary

    def summaries(self, release: int) -> Sequence[Json]:
        try:
            rows = ReleasePartRow.query(_release(release), ReleasePartRow.sk.startswith("summary#"))
            return [summary for row in rows for summary in json.loads(row.content)]
        except PynamoDBException as error:
            raise Unavailable.because("store.unavailable") from error

    def document(self, basic_code: str, version: int) -> Json | None:
        row = _get(StandardRow, f"standard#{basic_code}", _version(version))
        return json.loads(row.document) if row else None

    def bodies(self, release: int, group: str) -> Sequence[Body]:
        place = self._body_places(release).get(group)
        if place is None:
            return ()
        row = _get(BodiesRow, f"bodies#{group}", place)
        if row is None:
            raise Unavailable.because("catalog.release-incomplete", release=release)
        return _bodies_in(row)

    def group_of(self, uscc: str) -> str | None:
        head = self.head()
        return self._displaced(head.number).get(uscc) if head else None

    def former_body(self, group: str, uscc: str) -> Body | None:
        try:
            rows = BodiesRow.query(f"bodies#{group}", scan_index_forward=False)
            return next((body for row in rows for body in _bodies_in(row) if body.uscc == uscc), None)
        except PynamoDBException as error:
            raise Unavailable.because("store.unavailable") from error

    def stored_digests(self, versions: Mapping[str, int]) -> Mapping[str, str]:
        keys = [(f"standard#{code}", _version(version)) for code, version in versions.items()]
        try:
            rows = list(StandardRow.batch_get(keys, consistent_read=True, attributes_to_get=["pk", "kind", "digest"]))
        except PynamoDBException as error:
            raise Unavailable.because("store.unavailable") from error
        return {row.pk.removeprefix("standard#"): row.digest for row in rows}

    def _body_places(self, release: int) -> dict[str, str]:
        # A release from before bodies were kept by release names none: the next publication does.
        places: dict[str, str] = self._part(release, "versions").get("bodies", {}) if release else {}
        return places

    def _displaced(self, release: int) -> dict[str, str]:
        displaced: dict[str, str] = self._part(release, "versions")["displaced"] if release else {}
        return displaced

    def _part(self, release: int, name: str) -> Any:
        row = _get(ReleasePartRow, _release(release), name)
        if row is None:
            raise Unavailable.because("catalog.release-incomplete", release=release)
        return json.loads(row.content)

    # -- publishing -----------------------------------------------------------------------------------

    def publish(self, publication: Publication, expected: int) -> ReleaseHead:
        """See ``catalog_ports.CatalogStore``. Doing it again after a failure half way is harmless."""
        stored = self.stored_digests(publication.versions)
        new = list(_new_standards(publication, stored))
        for chunk in _chunks(new, _ITEMS_AT_ONCE):
            self._write(((row, StandardRow.pk.does_not_exist()) for row in chunk), "catalog.version-exists")
        places = _places(publication, expected + 1, self._body_places(expected))
        new_bodies = list(_body_rows(publication, places, f"{expected + 1:08d}"))
        for group in _chunks(new_bodies, _ITEMS_AT_ONCE):
            self._write(((row, None) for row in group), "catalog.release-moved-on")
        head = ReleaseHead(expected + 1, publication.published_at, publication.digest)
        unmoved = HeadRow.number == expected if expected else HeadRow.pk.does_not_exist()
        displaced = {**self._displaced(expected), **publication.displaced}
        versions = {"versions": publication.versions, "bodies": places, "displaced": displaced}
        rows = [*_release_rows(publication, versions, head), (_head_row(head), unmoved)]
        self._write(rows, "catalog.release-moved-on")
        return head

    def _write(self, rows: Iterable[tuple[CatalogRow, Condition | None]], conflict: str) -> None:
        try:
            with TransactWrite(connection=self._connection) as transaction:
                for row, condition in rows:
                    transaction.save(row, condition=condition)
        except TransactWriteError as error:
            reasons = {reason.code for reason in error.cancellation_reasons if reason is not None}
            if reasons & _CONFLICTS:
                raise Conflict.because(conflict) from error
            raise Unavailable.because("store.unavailable") from error


def _get(model: type[R], pk: str, sk: str) -> R | None:
    try:
        return model.get(pk, sk)
    except model.DoesNotExist:
        return None
    except PynamoDBException as error:
        raise Unavailable.because("store.unavailable") from error


def _new_standards(publication: Publication, stored: Mapping[str, str]) -> Iterator[StandardRow]:
    for document in publication.documents:
        code, digest = document["basic_code"], digest_of(document)
        if code not in stored:
            row = StandardRow(f"standard#{code}", _version(document["version"]))
            row.document, row.digest = _json(document), digest
            yield row
        elif stored[code] != digest:
            raise Conflict.because("catalog.version-exists", item=code, version=document["version"])


def _places(publication: Publication, release: int, before: Mapping[str, str]) -> dict[str, str]:
    """Group to the sort key of its bodies' row. A group that did not change keeps the row that it has."""
    places = {}
    for group, bodies in publication.bodies.items():
        digest = digest_of([entry_of_body(body) for body in bodies])[:16]
        stays = before.get(group, "").endswith(f"#{digest}")
        places[group] = before[group] if stays else f"{release:08d}#{digest}"
    return places


def _body_rows(publication: Publication, places: Mapping[str, str], release: str) -> Iterator[BodiesRow]:
    """The rows that are new. The same row again, after a failure half way, has the same content."""
    for group, bodies in publication.bodies.items():
        if places[group].startswith(release):
            row = BodiesRow(f"bodies#{group}", places[group])
            row.entries = _json([entry_of_body(body) for body in bodies])
            yield row


def _bodies_in(row: BodiesRow) -> tuple[Body, ...]:
    return tuple(body_of_entry(entry) for entry in json.loads(row.entries))


def _release_rows(publication: Publication, versions: Json, head: ReleaseHead) -> Iterator[tuple[CatalogRow, None]]:
    parts: list[tuple[str, object]] = [("versions", versions), ("vocabulary", publication.vocabulary)]
    chunks = _chunks(publication.summaries, _SUMMARIES_IN_A_ROW)
    parts += [(f"summary#{number:04d}", chunk) for number, chunk in enumerate(chunks, start=1)]
    for name, content in parts:
        row = ReleasePartRow(_release(head.number), name)
        row.content = _json(content)
        yield row, None


def _head_row(head: ReleaseHead) -> HeadRow:
    row = HeadRow("release#head", "head")
    row.number, row.published_at, row.digest = head.number, head.published_at, head.digest
    return row


def _chunks(rows: Sequence[T], size: int) -> Iterator[list[T]]:
    remaining = iter(rows)
    while chunk := list(islice(remaining, size)):
        yield chunk


def _release(number: int) -> str:
    return f"release#{number:08d}"


def _version(number: int) -> str:
    return f"version#{number:08d}"


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
