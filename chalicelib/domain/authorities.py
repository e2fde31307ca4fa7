"""An agent's authority to act for an applicant (帮办代办, E7): recorded, scoped, expiring, confirmed by them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.domain.actors import Actor, ActorKind
from chalicelib.domain.case_events import Party
from chalicelib.domain.errors import Forbidden, Invalid, NotFound, Refused, Violation, raise_all

LONGEST = timedelta(days=366)
"""An authority lasts a year at most; there is no unlimited one."""


class AuthorityState(StrEnum):
    """Where an authority stands. Expiry is not a state: it follows from the clock."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Authority:
    """``principal`` lets ``agent`` file, follow and withdraw cases of ``items`` (basic codes) until ``until``.

    ``principal_subject`` names the applicant's account; ``principal`` is known in full only once the
    applicant has confirmed, because name and kind come from their own token.
    """

    id: str
    version: int
    state: AuthorityState
    principal_subject: str
    agent: str
    station: str  # division in which the agent works
    items: tuple[str, ...]
    since: datetime
    until: datetime
    proposed_at: datetime
    principal: Party | None = None
    confirmed_at: datetime | None = None
    revoked_at: datetime | None = None
    commitments: bool = False  # whether the agent may promise for the principal (告知承诺)

    def in_force(self, at: datetime) -> bool:
        """True while it is confirmed, begun and not yet over."""
        return self.state is AuthorityState.CONFIRMED and self.since <= at < self.until

    def covers(self, basic_code: str) -> bool:
        """True if the authority names this item."""
        return basic_code in self.items


def propose(
    actor: Actor,
    *,
    authority_id: str,
    principal: str,
    items: tuple[str, ...],
    until: datetime,
    now: datetime,
    commitments: bool = False,
) -> Authority:
    """An agent asks an applicant for authority. Raises Forbidden for anyone but an agent, Invalid for bad terms."""
    if actor.kind is not ActorKind.AGENT or not actor.division:
        raise Forbidden.because("authority.agents-only")
    raise_all(
        Invalid,
        [
            Violation("authority.until-past", "/until") if until <= now else None,
            Violation("authority.until-too-far", "/until", {"days": LONGEST.days}) if until > now + LONGEST else None,
            Violation("authority.own-agent", "/principal") if principal == actor.subject else None,
        ],
    )
    return Authority(
        id=authority_id,
        version=1,
        state=AuthorityState.PROPOSED,
        principal_subject=principal,
        agent=actor.subject,
        station=actor.division,
        items=tuple(sorted(set(items))),
        since=now,
        until=until,
        proposed_at=now,
        commitments=commitments,
    )


def confirm(authority: Authority, actor: Actor, now: datetime) -> Authority:
    """The applicant agrees: from now on the agent may act. Raises NotFound for strangers, Refused if it is over."""
    _only(authority.principal_subject, actor)
    if actor.kind not in (ActorKind.PERSON, ActorKind.ORGANISATION):
        raise Forbidden.because("authority.applicants-only")
    if authority.state is not AuthorityState.PROPOSED:
        raise Refused.because("authority.not-proposed", state=authority.state)
    if now >= authority.until:
        raise Refused.because("authority.expired")
    return replace(
        authority,
        version=authority.version + 1,
        state=AuthorityState.CONFIRMED,
        principal=Party(actor.subject, actor.kind, actor.name),
        confirmed_at=now,
    )


def revoke(authority: Authority, actor: Actor, now: datetime) -> Authority:
    """Either side ends it. What was filed under it stays filed."""
    _only(authority.principal_subject, actor, authority.agent)
    if authority.state is AuthorityState.REVOKED:
        raise Refused.because("authority.revoked")
    return replace(authority, version=authority.version + 1, state=AuthorityState.REVOKED, revoked_at=now)


def _only(subject: str, actor: Actor, *others: str) -> None:
    if actor.subject not in (subject, *others):
        raise NotFound.because("authority.not-found")
