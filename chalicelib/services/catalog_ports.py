"""What publishing the catalogue needs from the outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from chalicelib.domain.catalog import Body
from chalicelib.domain.catalog_publication import Publication, ReleaseHead


class CatalogStore(Protocol):
    """Keeps the published catalogue: releases, standards by version, bodies by group.

    A *release* is a published state of the whole: the version in force of every item, their summaries,
    the vocabulary. Versions of standards are immutable. A banner's group holds its townships' bodies.
    """

    def head(self) -> ReleaseHead | None:
        """The release in force; None before the first."""
        ...

    def versions(self, release: int) -> Mapping[str, int]:
        """Basic code to version in force."""
        ...

    def summaries(self, release: int) -> Sequence[dict[str, Any]]: ...

    def vocabulary(self, release: int) -> dict[str, Any]: ...

    def document(self, basic_code: str, version: int) -> dict[str, Any] | None: ...

    def bodies(self, release: int, group: str) -> Sequence[Body]:
        """The bodies of a group in a release, empty if there is none."""
        ...

    def group_of(self, uscc: str) -> str | None:
        """The group in which a body last had this credit code, if the code does not begin with the group's own."""
        ...

    def former_body(self, group: str, uscc: str) -> Body | None:
        """The last body that any release knew under this credit code in a group; None if there never was one."""
        ...

    def stored_digests(self, versions: Mapping[str, int]) -> Mapping[str, str]:
        """Basic code to the digest of that stored version, for those that are stored already."""
        ...

    def publish(self, publication: Publication, expected: int) -> ReleaseHead:
        """Store the publication as release ``expected + 1``.

        What is stored already under the same version stays as it is. Raises Conflict when another
        release was published in between, or a version was stored with other content.
        """
        ...
