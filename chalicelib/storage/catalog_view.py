"""``ports.Catalog`` over a catalogue store, cached in the container for as long as the release stays.

The head of the release (one small item) is read again after some seconds; everything else is kept until its number
changes, and versions of standards and former bodies for good, since they never change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.catalog import (
    Body,
    ImplementationItem,
    ImplementationStandard,
    implement,
    split_implementation_code,
)
from chalicelib.domain.catalog_documents import standard_of
from chalicelib.domain.catalog_publication import ReleaseHead
from chalicelib.domain.catalog_search import SearchIndex
from chalicelib.domain.divisions import Level, ancestor, level_of
from chalicelib.services.catalog_ports import CatalogStore
from chalicelib.services.ports import Clock

Json = dict[str, Any]

CENTRE = "90"
"""Department code of service places (政务服务中心, 便民服务中心)."""

KEPT = timedelta(seconds=5)
"""How long a head is used: a release is in force everywhere five seconds after it was published."""


class CatalogView:
    """Answers about one published catalogue."""

    def __init__(self, store: CatalogStore, clock: Clock | None = None) -> None:
        """``clock``: keep the head for KEPT; without one it is read for each question."""
        self._store = store
        self._clock = clock
        self._read_at: datetime | None = None
        self._head: ReleaseHead | None = None
        self._versions: Mapping[str, int] | None = None
        self._index: SearchIndex | None = None
        self._groups: dict[str, Mapping[str, Body]] = {}
        self._former: dict[str, Body] = {}
        self._standards: dict[tuple[str, int], ImplementationStandard] = {}

    # -- ports.Catalog ----------------------------------------------------------------------------

    def offer(self, basic_code: str, division: str) -> ImplementationItem | None:
        """The version in force for applicants of ``division``; None if no body there decides it."""
        standard = self.standard(basic_code)
        if standard is None:
            return None
        body = self.competent_body(standard, division)
        return implement(standard, body) if body else None

    def version(self, code: str, version: int) -> ImplementationItem | None:
        """One version by its 31-character code, in force or not, also of a body that is no longer in the catalogue."""
        parts = split_implementation_code(code)
        if parts is None:
            return None
        uscc, level, basic_code = parts
        standard = self.standard(basic_code, version)
        body = self._body_by_uscc(uscc) or self._former_body(uscc)
        if standard is None or body is None or standard.level is not level:
            return None
        return implement(standard, body)

    def body(self, body_id: str) -> Body | None:
        """A body by its id."""
        division, _, department = body_id.partition("-")
        return self.body_of(department, division)

    def body_of(self, department: str, division: str) -> Body | None:
        """The body of a department in exactly this division."""
        if not _is_code(division):
            return None
        group = ancestor(division, min(level_of(division), Level.BANNER)) or division
        return self._group(group).get(f"{division}-{department}")

    def outlet_of(self, division: str) -> Body | None:
        """The township service centre responsible for a village or township."""
        if not _is_code(division):
            return None
        township = ancestor(division, Level.TOWNSHIP)
        return self.body_of(CENTRE, township) if township else None

    # -- listing and guides -----------------------------------------------------------------------

    def standard(self, basic_code: str, version: int | None = None) -> ImplementationStandard | None:
        """A standard: the version in force, or the one named."""
        if version is None:
            version = self._in_force().get(basic_code)
            if version is None:
                return None
        key = (basic_code, version)
        if key not in self._standards:
            document = self._store.document(basic_code, version)
            if document is None:
                return None
            self._standards[key] = standard_of(document)
        return self._standards[key]

    def competent_body(self, standard: ImplementationStandard, division: str) -> Body | None:
        """The body that decides for a place; None if the place has none."""
        place = ancestor(division, standard.level) if _is_code(division) else None
        return self.body_of(standard.department, place) if place else None

    def release(self) -> ReleaseHead | None:
        """The release in force, as read from the store within the last seconds."""
        now = self._clock.now() if self._clock else None
        if now is not None and self._read_at is not None and self._head and abs(now - self._read_at) < KEPT:
            return self._head
        head = self._store.head()
        self._read_at = now
        if head != self._head:
            self._head, self._versions, self._index = head, None, None
            self._groups = {}
        return head

    def index(self) -> SearchIndex:
        """The summaries of the release in force, searchable."""
        head = self.release()
        if self._index is None:
            rows: Sequence[Json] = self._store.summaries(head.number) if head else ()
            words: Json = self._store.vocabulary(head.number) if head else {}
            self._index = SearchIndex(rows, words)
        return self._index

    # -- caches -------------------------------------------------------------------------------------

    def _in_force(self) -> Mapping[str, int]:
        head = self.release()
        if self._versions is None:
            self._versions = self._store.versions(head.number) if head else {}
        return self._versions

    def _group(self, group: str) -> Mapping[str, Body]:
        if group not in self._groups:
            head = self._head or self.release()
            bodies = self._store.bodies(head.number, group) if head else ()
            self._groups[group] = {body.id: body for body in bodies}
        return self._groups[group]

    def _body_by_uscc(self, uscc: str) -> Body | None:
        found = _with_uscc(self._group(_home(uscc)).values(), uscc)
        if found is None:
            self.release()  # a body may have come into the catalogue since this container last asked
            found = _with_uscc(self._group(_home(uscc)).values(), uscc)
        if found is None:
            elsewhere = self._store.group_of(uscc)
            found = _with_uscc(self._group(elsewhere).values(), uscc) if elsewhere else None
        return found

    def _former_body(self, uscc: str) -> Body | None:
        """A body that has left the catalogue, or has another credit code now: its cases go on under the old one."""
        if uscc not in self._former:
            groups = [_home(uscc), self._store.group_of(uscc)]
            found = (self._store.former_body(group, uscc) for group in groups if group)
            former = next((body for body in found if body), None)
            if former is None:
                return None
            self._former[uscc] = former
        return self._former[uscc]


def _home(uscc: str) -> str:
    """The group that a credit code names: its third to eighth character are a division's."""
    return f"{uscc[2:8]}000000"


def _with_uscc(bodies: Iterable[Body], uscc: str) -> Body | None:
    return next((body for body in bodies if body.uscc == uscc), None)


def _is_code(division: str) -> bool:
    return len(division) == 12 and division.isascii() and division.isdigit()
