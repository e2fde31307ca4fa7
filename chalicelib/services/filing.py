"""Who applies, where it is handed in, and what that rests on: their own login, an authority, or their presence (B1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.domain import access, presence, resident_ids, routing, texts
from chalicelib.domain.actors import Actor, ActorKind, Role
from chalicelib.domain.authorities import Authority
from chalicelib.domain.case_events import IdentityCheck, Party
from chalicelib.domain.errors import Forbidden, Invalid, Violation, raise_all
from chalicelib.domain.presence import Shown
from chalicelib.domain.routing import Channel
from chalicelib.services.ports import Ports

if TYPE_CHECKING:
    from chalicelib.services.cases import Opening


_OF_RESIDENTS = frozenset({"resident_id", "household_register"})
"""Documents that bear the number of a resident."""


@dataclass(frozen=True, slots=True)
class Filing:
    """``presence``: the code that the opening uses up. ``identity``: what the window checked of who has no account."""

    party: Party
    filed_at: str = ""
    authority: Authority | None = None
    presence: str = ""
    identity: IdentityCheck | None = None


def of(ports: Ports, actor: Actor, opening: Opening, case_id: str, now: datetime) -> Filing:
    """Judge an opening. Raises Forbidden for whoever may not file, Invalid for a channel or proof that does not fit."""
    match actor.kind:
        case ActorKind.PERSON | ActorKind.ORGANISATION:
            _must_be_channel(opening.channel, routing.ONLINE | {Channel.TERMINAL})
            return Filing(Party(actor.subject, actor.kind, actor.name))
        case ActorKind.AGENT:
            return _by_agent(ports, actor, opening, now)
        case ActorKind.OFFICER if Role.WINDOW in actor.roles:
            _must_be_channel(opening.channel, routing.ATTENDED)
            return _at_a_window(ports, actor, opening, case_id, now)
    raise Forbidden.because("case.act-not-yours")


def _by_agent(ports: Ports, actor: Actor, opening: Opening, now: datetime) -> Filing:
    authority = ports.authorities.get(opening.authority) if opening.authority else None
    principal = authority.principal_subject if authority else ""
    granted = access.require_authority(authority, actor, principal, opening.item, now)
    _must_be_channel(opening.channel, {Channel.STATION})
    if granted.principal is None:
        raise AssertionError("unreachable: an authority in force was confirmed by its principal")
    return Filing(granted.principal, actor.division, granted)


def _at_a_window(ports: Ports, actor: Actor, opening: Opening, case_id: str, now: datetime) -> Filing:
    """An officer names nobody's account: it comes from the code that its holder shows, or there is none."""
    if bool(opening.presence) == (opening.identity is not None):
        raise Invalid.because("case.applicant-missing", "/presence")
    if opening.identity is None:
        code = presence.read(opening.presence, ports.presence_secrets, now)
        return Filing(code.party, actor.division, presence=code.id)
    raise_all(Invalid, _misread(opening.identity, now))
    party = presence.provisional_party(case_id, opening.identity)
    return Filing(party, actor.division, identity=presence.checked(case_id, opening.identity))


def _misread(shown: Shown, now: datetime) -> Iterator[Violation]:
    yield from texts.violations(shown.name, "/identity/name")
    if shown.document in _OF_RESIDENTS:
        yield from resident_ids.unborn([("/identity/number", shown.number)], now)


def _must_be_channel(channel: Channel, own: set[Channel] | frozenset[Channel]) -> None:
    if channel not in own:
        raise Invalid.because("case.channel-not-yours", "/channel")
