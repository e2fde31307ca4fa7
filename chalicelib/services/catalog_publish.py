"""Publishing the catalogue: the one way by which anything gets into it (A5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.domain.catalog import Body
from chalicelib.domain.catalog_publication import ReleaseHead, publication_of
from chalicelib.services.catalog_ports import CatalogStore
from chalicelib.services.ports import Clock


def publish(
    store: CatalogStore, clock: Clock, files: Mapping[str, dict[str, Any]], bodies: Mapping[str, Sequence[Body]]
) -> ReleaseHead:
    """Judge the files and publish them as the next release; do nothing if they are in force already.

    ``files``: the layers ``law`` and ``demo``, ``vocabulary`` and ``initials`` (docs/catalogue.md).
    Raises Invalid with every violation and publishes nothing then; Conflict when a version that was
    published before would change, or somebody else published in between.
    """
    publication = publication_of(files, bodies, published_at=clock.now().isoformat(timespec="seconds"))
    head = store.head()
    if head is not None and head.digest == publication.digest:
        return head
    return store.publish(publication, head.number if head else 0)
