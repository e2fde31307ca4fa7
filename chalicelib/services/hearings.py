"""Hearing rights: telling, applying, waiving, setting the date, recording (行政许可法 36, 46-48)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from chalicelib.domain.actors import Actor
from chalicelib.domain.documents import DocumentKind
from chalicelib.domain.hearings import (
    NotifyHearing,
    RecordHearing,
    RequestHearing,
    ScheduleHearing,
    ThirdParty,
    WaiveHearing,
)
from chalicelib.services.changes import change
from chalicelib.services.documents import blank
from chalicelib.services.ports import Ports, Receipt, RequestKey
from chalicelib.services.written import change_in_writing


def notify(
    ports: Ports,
    actor: Actor,
    case_id: str,
    *,
    ground: str,
    reason: str,
    third_parties: Sequence[ThirdParty],
    key: RequestKey | None = None,
) -> Receipt:
    """Tell the applicant and third parties of their right to a hearing, in writing."""
    notice = DocumentKind.HEARING_NOTICE
    command = NotifyHearing(ground, reason, tuple(third_parties), blank(notice, ports.clock.now()))
    return change_in_writing(ports, actor, case_id, command, notice, key)


def request(ports: Ports, actor: Actor, case_id: str, *, party: int, key: RequestKey | None = None) -> Receipt:
    """Apply for the hearing, within five days of being told."""
    command = RequestHearing(party)
    return change(ports, actor, case_id, RequestHearing, lambda case, now: command, key=key)


def waive(ports: Ports, actor: Actor, case_id: str, *, party: int, key: RequestKey | None = None) -> Receipt:
    """Give up the right to it."""
    command = WaiveHearing(party)
    return change(ports, actor, case_id, WaiveHearing, lambda case, now: command, key=key)


def schedule(
    ports: Ports,
    actor: Actor,
    case_id: str,
    *,
    held_on: datetime,
    place: str,
    presider: str,
    key: RequestKey | None = None,
) -> Receipt:
    """Tell when and where it is held, and who presides; the clock stands from the next day."""
    notice = DocumentKind.HEARING_DATE
    command = ScheduleHearing(held_on, place, presider, blank(notice, ports.clock.now()))
    return change_in_writing(ports, actor, case_id, command, notice, key)


def record(ports: Ports, actor: Actor, case_id: str, *, text: str, key: RequestKey | None = None) -> Receipt:
    """The hearing was held; the decision rests on its record."""
    kind = DocumentKind.HEARING_RECORD
    return change_in_writing(ports, actor, case_id, RecordHearing(text, blank(kind, ports.clock.now())), kind, key)
