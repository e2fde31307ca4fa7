"""Who has read another's data (I4): recorded before it is shown, and shown to the one whose data it is.

The record comes first and the data after it: when it cannot be written, nothing is shown (Unavailable). An access log
with holes would prove nothing, and whoever reads can try again in a second.
"""

from __future__ import annotations

from chalicelib.domain import access
from chalicelib.domain.actors import Actor, ActorKind
from chalicelib.domain.cases import Case
from chalicelib.domain.errors import Forbidden, NotFound
from chalicelib.services.log_ports import Access
from chalicelib.services.ports import Page, Ports


def readable(ports: Ports, actor: Actor, case: Case | None, absent: str = "case.not-found") -> Case:
    """The case, if there is one and the actor may read it now. Raises NotFound with the code ``absent`` otherwise.

    An agent whose authority is over is a stranger again, whatever they filed under it.
    """
    if case is None or not access.may_see(case, actor):
        raise NotFound.because(absent)
    if actor.kind is ActorKind.AGENT and not _still_acts(ports, actor, case):
        raise NotFound.because(absent)
    return case


def _still_acts(ports: Ports, agent: Actor, case: Case) -> bool:
    authority = ports.authorities.get(case.authority) if case.authority else None
    return authority is not None and authority.agent == agent.subject and authority.in_force(ports.clock.now())


def note(ports: Ports, actor: Actor, case: Case, what: str) -> None:
    """Record that the actor reads this of the case, unless it is their own or the platform itself does.

    Raises Unavailable when it cannot be recorded; the caller then shows nothing.
    """
    if actor.kind is ActorKind.SYSTEM or access.is_applicant(case, actor):
        return
    ports.logs.note(*reading(ports, actor, case.id, what))


def reading(ports: Ports, actor: Actor, owner: str, what: str) -> tuple[Access, str]:
    """That the actor reads this of a case or visit now, and what tells it from other readings of the same moment."""
    now = ports.clock.now()
    return Access(owner, actor.subject, actor.kind, actor.body, what, now), ports.ids.new(now)[-16:]


def of_case(ports: Ports, actor: Actor, case_id: str, after: str | None, limit: int) -> Page[Access]:
    """Who has read the case, newest first: for its applicant, and for those who supervise it.

    Raises NotFound for whoever may not see the case, Forbidden for the others who may.
    """
    case = readable(ports, actor, ports.cases.get(case_id))
    if not (access.is_applicant(case, actor) or access.supervises(case, actor)):
        raise Forbidden.because("access.not-yours")
    note(ports, actor, case, "accesses")
    return ports.logs.accesses(case.id, after, limit)
