"""What is known of the hearing of a case: who was told and applied, when it is held; its periods."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib.domain.case_rules import Act
from chalicelib.domain.deadlines import Deadline, Law, deadline
from chalicelib.domain.law import HEARING_HELD, HEARING_NOTICE, HEARING_REQUEST
from chalicelib.domain.procedures import law_of


class HearingGround(StrEnum):
    """Why there is a right to a hearing, or a duty to hold one."""

    DIRECT_INTEREST = "direct_interest"  # 行政许可法 47: held if somebody applies for it
    PUBLIC_INTEREST = "public_interest"  # 行政许可法 46: held in any case


class PartyRole(StrEnum):
    """Who is told."""

    APPLICANT = "applicant"
    THIRD_PARTY = "third_party"


@dataclass(frozen=True, slots=True)
class Interested:
    """Somebody who was told. ``subject`` is their account, if they have one; names never leave the case."""

    number: int
    role: str
    name: str
    subject: str = ""
    requested_at: datetime | None = None
    waived_at: datetime | None = None

    @property
    def wants_hearing(self) -> bool:
        """They applied for it and did not take that back."""
        return self.requested_at is not None and self.waived_at is None


@dataclass(frozen=True, slots=True)
class CalledOff:
    """A date that was told and then given up, because nobody wanted the hearing any more."""

    scheduled_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Hearing:
    """The hearing of a case. ``scheduled_at`` is when its date was first told, ``held_on`` the date itself,
    ``ended_at`` when its record was made.
    """

    ground: str
    notified_at: datetime
    notice: str
    stops: bool
    parties: tuple[Interested, ...]
    scheduled_at: datetime | None = None
    held_on: datetime | None = None
    place: str = ""
    presider: str = ""
    ended_at: datetime | None = None
    called_off: tuple[CalledOff, ...] = ()

    @property
    def is_due(self) -> bool:
        """It has to be held, and was not yet."""
        wanted = self.ground == HearingGround.PUBLIC_INTEREST or any(p.wants_hearing for p in self.parties)
        return wanted and self.ended_at is None

    @property
    def first_request(self) -> datetime | None:
        """When it was first applied for."""
        return min((p.requested_at for p in self.parties if p.requested_at), default=None)


# -- times ---------------------------------------------------------------------------------------------


def request_until(hearing: Hearing, law: Law) -> Deadline:
    """Until when the hearing can be applied for."""
    return deadline(hearing.notified_at, HEARING_REQUEST, law.calendar)


def hold_until(hearing: Hearing, law: Law) -> Deadline | None:
    """Until when it has to be held; None while nobody has applied for it."""
    return deadline(hearing.first_request, HEARING_HELD, law.calendar) if hearing.first_request else None


def earliest(now: datetime, law: Law) -> Deadline:
    """The period of notice that begins now; the hearing is held on its last day or later."""
    return deadline(now, HEARING_NOTICE, law.calendar)


def request_is_open(hearing: Hearing, act: Act) -> bool:
    """Before 24:00 of the fifth day."""
    until = request_until(hearing, law_of(act)).at
    return until is not None and act.now < until
