"""Outages of the platform's own services: what is late through them is not the applicant's lateness (D4).

An outage is recorded by those who supervise the region of this stack. It moves the days on which it fell; what has
become a fact before it was recorded stays a fact.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from chalicelib.domain.actors import Actor, ActorKind
from chalicelib.domain.divisions import contains
from chalicelib.domain.errors import Forbidden, Invalid, Refused, Violation, raise_all


class Service(StrEnum):
    """The services that applicants need to keep their own dates."""

    UPLOADS = "uploads"


@dataclass(frozen=True, slots=True)
class Outage:
    """A stretch in which a service was down. ``until`` None: it still is."""

    id: str
    version: int
    service: Service
    since: datetime
    until: datetime | None
    reason: str
    recorded_by: str
    recorded_at: datetime

    def touches(self, since: datetime, until: datetime) -> bool:
        """True if any of it falls into a stretch, whose end is not part of it."""
        return self.since < until and (self.until is None or self.until > since)


def record(
    actor: Actor, home: str, outage_id: str, service: Service, since: datetime, reason: str, now: datetime
) -> Outage:
    """Record that a service is down, or has been from an earlier moment on. Raises Forbidden, Invalid."""
    _only_supervisors(actor, home)
    raise_all(
        Invalid,
        [
            Violation("outage.in-the-future", "/since") if since > now else None,
            Violation("case.text-missing", "/reason") if not reason.strip() else None,
        ],
    )
    return Outage(outage_id, 1, service, since, None, reason, actor.subject, now)


def end(outage: Outage, actor: Actor, home: str, until: datetime, now: datetime) -> Outage:
    """The service works again. Raises Forbidden, Refused for one that has ended, Invalid for an impossible moment."""
    _only_supervisors(actor, home)
    if outage.until is not None:
        raise Refused.because("outage.ended")
    raise_all(
        Invalid,
        [
            Violation("outage.in-the-future", "/until") if until > now else None,
            Violation("outage.ends-before-it-began", "/until") if until <= outage.since else None,
        ],
    )
    return replace(outage, version=outage.version + 1, until=until)


def touching(outages: Iterable[Outage], since: datetime, until: datetime) -> Outage | None:
    """The first outage that falls into a stretch; one without an end before all others."""
    found = [outage for outage in outages if outage.touches(since, until)]
    return next((o for o in found if o.until is None), found[0] if found else None)


def _only_supervisors(actor: Actor, home: str) -> None:
    if actor.kind is not ActorKind.SUPERVISOR or not actor.division or not contains(actor.division, home):
        raise Forbidden.because("outage.supervisors-only")
