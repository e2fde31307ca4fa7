"""Reminding applicants before their own dates: the end of a correction period, the end of a certificate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.domain import cases, supplement_dates
from chalicelib.domain import messages as rules
from chalicelib.domain.cases import Case, CaseState
from chalicelib.domain.catalog import Limit, LimitUnit
from chalicelib.domain.certificates import CertificateState
from chalicelib.domain.commitment_checks import LapseDefence, check_of, is_open, mended_until
from chalicelib.domain.deadlines import Law, days_before, end_of, legal_day
from chalicelib.domain.notices import LapseCorrection
from chalicelib.domain.renewals import last_day_to_apply
from chalicelib.services import lapses, messages
from chalicelib.services.message_ports import MessagePorts
from chalicelib.services.ports import Timer

TIMER = "remind"
"""Kind of the timer at the next moment at which an applicant is to be reminded."""

BEFORE_CORRECTION = timedelta(days=2)
BEFORE_RENEWAL = timedelta(days=30)
"""Before the last day on which a renewal is in time (行政许可法 50(1)), not before the certificate ends."""

BEFORE_SUPPLEMENT = Limit(1, LimitUnit.WORKDAY)
"""On the working day before the last one, in the morning: a deferral is a matter of days (D3)."""

MORNING = timedelta(hours=9)

BEFORE_MENDING = timedelta(days=3)
BEFORE_DEFENCE = timedelta(days=2)

SETTING = frozenset(
    {
        "case.notified",
        "case.issued",
        "case.accepted",
        "case.deemed_accepted",
        "case.supplements_checked",
        "commitment.mending_ordered",
        "commitment.found_false",
    }
)
"""Events by which a case gets a date of this kind."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """``at`` the applicant is reminded of ``day``; after ``until`` it would help nobody."""

    kind: str
    at: datetime
    until: datetime

    @property
    def day(self) -> str:
        """The last day, as people name it."""
        return f"{legal_day(self.until - timedelta(microseconds=1)):%Y-%m-%d}"


def plan(ports: MessagePorts, case_id: str) -> None:
    """Set the timer at the next date of the case that somebody has to be reminded of."""
    case = ports.cases.get(case_id)
    law = lapses.law_of(ports, case)
    if case is None or law is None:
        return
    now = ports.clock.now()
    coming = [max(reminder.at, now) for reminder in _reminders(ports, case, law) if reminder.until > now]
    if coming:
        ports.cases.set_timer(Timer(case_id, TIMER, min(coming)))


def on_timer(ports: MessagePorts, case_id: str) -> None:
    """Send what is due, each reminder once, and look again at the next date. Raises Unavailable to be called again."""
    now, stored = ports.clock.now(), ports.cases.get(case_id)
    # The timer of the law may not have run yet: nobody is reminded of a date in a case that time has ended.
    case = lapses.seen_at(ports, stored, now) if stored else None
    law = lapses.law_of(ports, case)
    if case is None or law is None:
        return
    later = []
    for reminder in _reminders(ports, case, law):
        if reminder.at > now:
            later.append(reminder.at)
        elif reminder.until > now:
            message_id = rules.id_of_reminder(case_id, reminder.kind, reminder.day)
            messages.deliver(ports, messages.put(ports, case, message_id, reminder.kind, {"day": reminder.day}))
    if later:
        ports.cases.set_timer(Timer(case_id, TIMER, min(later)))


def _reminders(ports: MessagePorts, case: Case, law: Law) -> Iterator[Reminder]:
    for lapse in cases.lapses(case, law):
        if isinstance(lapse.command, LapseCorrection):
            yield Reminder("reminder.correction", lapse.at - BEFORE_CORRECTION, lapse.at)
        if isinstance(lapse.command, LapseDefence):
            yield Reminder("reminder.defence", lapse.at - BEFORE_DEFENCE, lapse.at)
    for found in supplement_dates.outstanding(case) if case.state is CaseState.IN_REVIEW else ():
        until = supplement_dates.due(found, law)
        if until is not None and found.is_awaited:
            day = days_before(legal_day(until - timedelta(microseconds=1)), BEFORE_SUPPLEMENT, law.calendar)
            yield Reminder("reminder.supplement", end_of(day) - timedelta(days=1) + MORNING, until)
    mended = mended_until(case, law) if is_open(case) and not check_of(case).concluded else None
    if mended is not None:
        yield Reminder("reminder.mending", mended - BEFORE_MENDING, mended)
    certificate = ports.certificates.get(case.certificate) if case.certificate else None
    if certificate is not None and certificate.valid_until and certificate.state is CertificateState.VALID:
        apply_until = end_of(last_day_to_apply(certificate.valid_until, law.calendar))
        yield Reminder("reminder.expiry", apply_until - BEFORE_RENEWAL, apply_until)
