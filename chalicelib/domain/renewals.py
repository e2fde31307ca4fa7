"""Renewal, change and reissue of a certificate as kinds of case (行政许可法 49, 50).

A renewal is applied for thirty days before the certificate ends, in working days (50(1), 82); if nothing is decided
before it ends, it counts as renewed (50(2)). Filed later, but before the end, it is an ordinary case. After the end
there is nothing to renew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from chalicelib.domain import fees
from chalicelib.domain.case_events import Document, EventRecord, Party, TaskEnded
from chalicelib.domain.case_rules import ROUTED, Act, CaseState, Evolutions, Transition, Transitions, task_number
from chalicelib.domain.catalog import Limit, LimitUnit
from chalicelib.domain.deadlines import ONE_DAY, Lapse, Law, end_of, legal_day
from chalicelib.domain.errors import Violation
from chalicelib.domain.presence import is_provisional

if TYPE_CHECKING:
    from chalicelib.domain.calendar import Calendar
    from chalicelib.domain.cases import Case
    from chalicelib.domain.certificates import Certificate


class CaseKind(StrEnum):
    """What is applied for."""

    NEW = "new"
    RENEWAL = "renewal"  # 延续
    CHANGE = "change"  # 变更
    REISSUE = "reissue"  # 补发


@dataclass(frozen=True, slots=True)
class DeemRenewed:
    """Nothing was decided before the certificate ended."""

    document: Document


@dataclass(frozen=True, slots=True)
class DeemedRenewed(TaskEnded):
    """视为准予延续 (行政许可法 50(2))."""

    type: ClassVar[str] = "case.deemed_renewed"
    document: Document


APPLY_BEFORE = Limit(30, LimitUnit.WORKDAY)
"""行政许可法 50(1): thirty days before the end; days of that law are working days (82)."""


def last_day_to_apply(valid_until: datetime, calendar: Calendar) -> date:
    """The last day on which thirty working days still lie between it and the end of the certificate."""
    day, left = legal_day(valid_until), APPLY_BEFORE.value
    while left:
        day -= ONE_DAY
        left -= calendar.day(day).is_workday
    return day - ONE_DAY


def obstacles(
    certificate: Certificate | None,
    kind: CaseKind,
    holder: Party,
    basic_code: str,
    now: datetime,
    *,
    identified: bool = False,
) -> list[Violation]:
    """Why this certificate cannot be renewed, changed or reissued for this holder under this item.

    ``identified``: who has no account showed the document with which the certificate was applied for.
    """
    held = certificate is not None and _is_held_by(certificate, holder, identified)
    if certificate is None or not held or not certificate.item_code.endswith(basic_code):
        # Somebody else's certificate looks like none at all.
        return [Violation("renewal.certificate-unknown", "/certificate")]
    if certificate.state != "valid":
        return [Violation("renewal.certificate-not-valid", "/certificate", {"state": str(certificate.state)})]
    if kind is CaseKind.RENEWAL and certificate.valid_until is None:
        return [Violation("renewal.never-ends", "/certificate")]
    if certificate.valid_until is not None and certificate.valid_until <= now:
        return [Violation("renewal.expired", "/certificate")]
    return []


def _is_held_by(certificate: Certificate, party: Party, identified: bool) -> bool:
    """The account's own; or that of somebody without account who is known by the number of their document.

    Never by the name alone: it takes the place of what somebody of that name holds. Whoever has an account shows a
    presence code, or claims what a window filed for them.
    """
    if is_provisional(party.subject):
        return identified and is_provisional(certificate.holder_subject) and certificate.holder_name == party.name
    return certificate.holder_subject == party.subject


def not_expired(case: Case, command: object, act: Act) -> Violation | None:
    """A renewal is submitted before the certificate ends."""
    if case.kind != CaseKind.RENEWAL or case.about is None or case.about.valid_until is None:
        return None
    return Violation("renewal.expired", "/certificate") if case.about.valid_until <= act.now else None


def something_is_left(case: Case, command: object, act: Act) -> Violation | None:
    """Nothing is renewed, changed or issued anew that was annulled meanwhile; the case is refused or withdrawn."""
    if act.law is None or not act.law.void:
        return None
    return Violation("renewal.certificate-not-valid", "", {"state": "annulled"})


def lapses(case: Case, law: Law) -> Iterable[Lapse]:
    """An undecided renewal that was applied for in time counts as granted when the certificate ends.

    Not where that was annulled (行政许可法 69): silence renews a licence, and there is none. Its officer decides.
    """
    ends = case.about.valid_until if case.about else None
    if case.kind != CaseKind.RENEWAL or ends is None or case.received_at is None or law.item.type_code != "01":
        return ()
    if law.void:
        return ()
    if case.state not in ROUTED or legal_day(case.received_at) > last_day_to_apply(ends, law.calendar):
        return ()
    return (Lapse(ends, DeemRenewed(Document("", "deemed_renewal", ends, law.item.body.name, ""))),)


def _deemed(case: Case, event: DeemedRenewed, record: EventRecord) -> dict[str, Any]:
    return {
        "state": CaseState.GRANTED,
        "decided_at": record.effective_at,
        "documents": (*case.documents, event.document),
        "position": len(case.route.nodes),
        "task": None,
    }


TRANSITIONS: Transitions = {
    DeemRenewed: Transition(
        ROUTED,
        (),
        lambda case, m, a: (DeemedRenewed(task_number(case), m.document), *fees.with_the_decision(case, a.law)),
    ),
}
EVOLUTIONS: Evolutions = {DeemedRenewed: _deemed}


_YEARS = re.compile(r"([1-9][0-9]?)年", re.ASCII)


def ends_at(start: datetime, validity: str) -> datetime | None:
    """The end of a certificate that begins at ``start``: 24:00 of its last day.

    ``validity`` is the version's own text. Only a plain number of years is understood; whatever depends on more than
    that has no end here, and the paper says it in words.
    """
    years = _YEARS.fullmatch(validity)
    if years is None:
        return None
    first = legal_day(start)
    year = first.year + int(years[1])
    leap_day = first.month == 2 and first.day == 29
    anniversary = date(year, 3, 1) if leap_day else first.replace(year=year)
    return end_of(anniversary - ONE_DAY)
