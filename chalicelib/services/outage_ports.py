"""What the record of the platform's own failures needs from the outside; ``ports.Ports`` includes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from chalicelib.domain.outages import Outage, Service

if TYPE_CHECKING:
    from chalicelib.services.ports import Receipt, RequestKey


class OutageRepository(Protocol):
    """Recorded failures, by service."""

    def get(self, outage_id: str) -> Outage | None:
        """The outage as last committed (strongly consistent)."""
        ...

    def commit(self, outage: Outage, *, expected_version: int, key: RequestKey | None, receipt: Receipt) -> None:
        """Write the outage and the receipt in one transaction. Raises Conflict."""
        ...

    def of(self, service: Service) -> Sequence[Outage]:
        """The newest failures of a service (strongly consistent: dates are judged by them), newest first."""
        ...


class OutagePorts(Protocol):
    """The part of ``ports.Ports`` that the record of failures needs."""

    @property
    def outages(self) -> OutageRepository: ...
