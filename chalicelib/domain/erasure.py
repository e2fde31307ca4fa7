"""Erasing a person from a case that has ended: what may be erased, and the trace that stays (个人信息保护法 47, I4).

What is destroyed is the key, not the log: its chain still holds, but says nothing about anybody any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from chalicelib.domain.actors import Actor
from chalicelib.domain.case_events import ActorRef, Event, EventRecord
from chalicelib.domain.case_rules import ENDED_EARLY, CaseState
from chalicelib.domain.cases import Case
from chalicelib.domain.certificates import Certificate, CertificateState
from chalicelib.domain.commitment_checks import is_open
from chalicelib.domain.errors import Violation

ERASED = "erased"
"""State of what is left of the case; nobody can read it, so it is no state of a case."""

_ENDED = ENDED_EARLY | {CaseState.DISCARDED, CaseState.CLOSED, CaseState.REVOKED}


class Ground(StrEnum):
    """Why a person is erased."""

    DISCARDED = "discarded"  # a draft that was never handed in
    RETENTION = "retention"  # the period for which the file must be kept is over
    REQUEST = "request"  # the applicant's own wish, where no law demands the file


@dataclass(frozen=True, slots=True)
class CaseErased(Event):
    """The key of the case was destroyed. The one event that is stored unsealed: it says nothing about anybody."""

    type: ClassVar[str] = "case.erased"
    ground: str


def obstacles(case: Case, certificate: Certificate | None, now: datetime) -> Iterable[Violation]:
    """Why the person cannot be erased yet: work that goes on (a check too), or a certificate that still counts."""
    if case.state not in _ENDED or is_open(case):
        yield Violation("erasure.not-ended")
    if certificate is None or certificate.state is not CertificateState.VALID:
        return
    if certificate.valid_until is None or certificate.valid_until > now:
        yield Violation("erasure.certificate-valid", "", {"certificate": certificate.identifier})


def erase(case: Case, ground: Ground, actor: Actor, now: datetime) -> EventRecord:
    """The last event of a case."""
    by = ActorRef(actor.subject, actor.kind, actor.body, actor.division)
    return EventRecord(case.id, case.version + 1, now, now, by, CaseErased(str(ground)))
