"""An agent's authority: asked for by the agent, confirmed or revoked by the applicant."""

from __future__ import annotations

from datetime import datetime

from chalicelib.domain import authorities as rules
from chalicelib.domain.actors import Actor
from chalicelib.domain.authorities import Authority
from chalicelib.domain.errors import Invalid, NotFound, Violation, raise_all
from chalicelib.services.listing_ports import ListedPorts
from chalicelib.services.ports import Page, Ports, Receipt, RequestKey
from chalicelib.services.village_help import is_helped_with


def propose(
    ports: ListedPorts,
    actor: Actor,
    *,
    principal: str,
    items: tuple[str, ...],
    until: datetime,
    commitments: bool = False,
    key: RequestKey | None = None,
) -> Receipt:
    """An agent asks to act for an account on certain items.

    Raises Invalid with every item that is unknown there, or that village help does not help with (E7).
    """
    now = ports.clock.now()
    new = ports.ids.new(now)
    authority = rules.propose(
        actor, authority_id=new, principal=principal, items=items, until=until, now=now, commitments=commitments
    )
    raise_all(
        Invalid,
        [_impossible(ports, actor.division, item, f"/items/{i}") for i, item in enumerate(items)],
    )
    return _commit(ports, authority, 0, key)


def _impossible(ports: ListedPorts, station: str, item: str, pointer: str) -> Violation | None:
    if ports.catalog.offer(item, station) is None:
        return Violation("item.not-offered", pointer)
    return None if is_helped_with(ports, item) else Violation("help.item-not-listed", pointer, {"item": item})


def confirm(ports: Ports, actor: Actor, authority_id: str, *, key: RequestKey | None = None) -> Receipt:
    """The applicant agrees."""
    before = read(ports, actor, authority_id)
    return _commit(ports, rules.confirm(before, actor, ports.clock.now()), before.version, key)


def revoke(ports: Ports, actor: Actor, authority_id: str, *, key: RequestKey | None = None) -> Receipt:
    """Applicant or agent ends it."""
    before = read(ports, actor, authority_id)
    return _commit(ports, rules.revoke(before, actor, ports.clock.now()), before.version, key)


def read(ports: Ports, actor: Actor, authority_id: str) -> Authority:
    """The authority, for its two sides. Raises NotFound for everybody else."""
    authority = ports.authorities.get(authority_id)
    if authority is None or actor.subject not in (authority.agent, authority.principal_subject):
        raise NotFound.because("authority.not-found")
    return authority


def mine(ports: Ports, actor: Actor, after: str | None, limit: int) -> Page[Authority]:
    """Authorities given or held by the actor, newest first."""
    return ports.authorities.of(actor.subject, after, limit)


def _commit(ports: Ports, authority: Authority, expected_version: int, key: RequestKey | None) -> Receipt:
    receipt = Receipt("authority", authority.id, authority.version, (), {"state": str(authority.state)})
    ports.authorities.commit(authority, expected_version=expected_version, key=key, receipt=receipt)
    return receipt
