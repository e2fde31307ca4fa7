"""Erasing the people of a case: the key under which everything personal is sealed is destroyed (I4)."""

from __future__ import annotations

from datetime import timedelta

from chalicelib.domain import erasure
from chalicelib.domain.actors import SYSTEM, Actor
from chalicelib.domain.cases import CaseState
from chalicelib.domain.erasure import Ground
from chalicelib.domain.errors import NotFound, Refused, raise_all
from chalicelib.services.ports import Ports

TIMER = "erase"
"""Kind of the timer by which a discarded draft loses its people."""

AFTER_DISCARDING = timedelta(days=30)
"""How long a discarded draft can still be explained to whoever misses it."""


def erase_person(ports: Ports, case_id: str, ground: Ground, *, actor: Actor = SYSTEM) -> None:
    """Make everything personal of a case unreadable, for good; its chain of events still holds.

    Raises NotFound for a case that is absent or erased already, Refused with every obstacle, Conflict when the
    case was changed meanwhile.
    """
    case = ports.cases.get(case_id)
    if case is None:
        raise NotFound.because("case.not-found")
    now = ports.clock.now()
    certificate = ports.certificates.get(case.certificate) if case.certificate else None
    raise_all(Refused, erasure.obstacles(case, certificate, now))
    # The files first: once the key is gone nothing says any more that there were any.
    for upload in ports.uploads.of(case_id):
        ports.objects.remove(upload)
        ports.uploads.remove(upload)
    ports.logs.erase(case, erasure.erase(case, ground, actor, now))


def erase_discarded(ports: Ports, case_id: str) -> None:
    """What the timer does. A draft that is no longer there, or was never discarded, is left alone."""
    case = ports.cases.get(case_id)
    if case is not None and case.state is CaseState.DISCARDED:
        erase_person(ports, case_id, Ground.DISCARDED)
