"""The catalogue together with its rows, for use cases that ask which place takes which item, and who helps with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from chalicelib.domain.service_points import Row
from chalicelib.services.ports import Catalog, Ports


class Listed(Protocol):
    """The rows of a release of the catalogue."""

    @property
    def by_code(self) -> Mapping[str, Row]: ...


class ListedCatalog(Catalog, Protocol):
    """The catalogue, and the rows of the release in force."""

    def index(self) -> Listed: ...


class ListedPorts(Ports, Protocol):
    """The ports of a case, with these rows."""

    @property
    def catalog(self) -> ListedCatalog: ...
