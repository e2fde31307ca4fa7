"""Recording when a service of the platform was down, so that nobody's own dates suffer from it (D4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from chalicelib.domain import outages as rules
from chalicelib.domain.actors import Actor
from chalicelib.domain.errors import NotFound
from chalicelib.domain.outages import Outage, Service
from chalicelib.services.ports import Ports, Receipt, RequestKey


def record(
    ports: Ports, actor: Actor, *, service: Service, since: datetime, reason: str, key: RequestKey | None = None
) -> Receipt:
    """A service is down since a moment. Raises Forbidden for all but those who supervise the whole region; Invalid."""
    now = ports.clock.now()
    made = rules.record(actor, ports.home, f"{service}-{ports.ids.new(now)}", service, since, reason, now)
    return _commit(ports, made, 0, key)


def end(ports: Ports, actor: Actor, outage_id: str, *, until: datetime, key: RequestKey | None = None) -> Receipt:
    """It works again. Raises NotFound, Forbidden, Refused for one that has ended, Invalid."""
    before = ports.outages.get(outage_id)
    if before is None:
        raise NotFound.because("outage.not-found")
    after = rules.end(before, actor, ports.home, until, ports.clock.now())
    return _commit(ports, after, before.version, key)


def of(ports: Ports, service: Service) -> Sequence[Outage]:
    """The newest failures of a service. Everybody may know of them: they explain dates that have moved."""
    return ports.outages.of(service)


def _commit(ports: Ports, outage: Outage, expected_version: int, key: RequestKey | None) -> Receipt:
    receipt = Receipt("outage", outage.id, outage.version, (), {"state": "ended" if outage.until else "down"})
    ports.outages.commit(outage, expected_version=expected_version, key=key, receipt=receipt)
    return receipt
