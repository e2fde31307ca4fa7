"""Changing service places: proposals, one place or a file of many, and what the bureau makes of them (E1, E5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from chalicelib.domain import place_reviews as rules
from chalicelib.domain.actors import Actor, ActorKind, Role
from chalicelib.domain.deadlines import legal_day
from chalicelib.domain.divisions import Division
from chalicelib.domain.errors import Forbidden, Invalid, NotFound, Violation, raise_all
from chalicelib.domain.opening_hours import DELAY_KINDS, Hours
from chalicelib.domain.place_reviews import Proposal
from chalicelib.domain.schedules import Place, area_of, in_force, place_id_of
from chalicelib.services.ports import Page, Ports, Receipt, RequestKey

CHANGED = "place.changed"
DELAY_LIST_CHANGED = "place.delay_list_changed"


def propose(
    ports: Ports, actor: Actor, drafts: Sequence[Place], opinion: str, *, key: RequestKey | None = None
) -> Receipt:
    """Propose new versions of places. Raises Forbidden, Invalid with every violation of every place.

    A draft with version 1 is a new place and gets its id here; any other names the place whose next version it is.
    """
    now = ports.clock.now()
    proposal_id = ports.ids.new(now)
    places = [
        replace(draft, id=place_id_of(draft.kind, draft.division, ports.ids.new(now))) if not draft.id else draft
        for draft in drafts
    ]
    known, divisions = _newest(ports, places), _divisions(ports, places)
    unknown = list(_unknown_items(ports, places))
    try:
        made = rules.propose(actor, proposal_id, places, known, divisions, opinion, now, legal_day(now))
    except Invalid as refused:
        raise Invalid(*refused.violations, *unknown) from None
    raise_all(Invalid, unknown)
    return _commit(ports, made, 0, key)


def approve(ports: Ports, actor: Actor, proposal_id: str, opinion: str, *, key: RequestKey | None = None) -> Receipt:
    """Publish what a proposal holds, whole. Raises Forbidden, Refused; Conflict when another was faster."""
    before, now = _seen(ports, actor, proposal_id), ports.clock.now()
    known, divisions = _newest(ports, before.places), _divisions(ports, before.places)
    after = rules.approve(before, actor, known, divisions, opinion, now, legal_day(now))
    changes_list = any(_delayed(known.get(p.id)) != _delayed(p) for p in after.places)
    announced = (CHANGED, DELAY_LIST_CHANGED) if changes_list else (CHANGED,)
    return _commit(ports, after, before.version, key, after.places, announced)


def reject(ports: Ports, actor: Actor, proposal_id: str, opinion: str, *, key: RequestKey | None = None) -> Receipt:
    """Do not publish it, with the reason."""
    return _decide(ports, actor, proposal_id, lambda p: rules.reject(p, actor, opinion, ports.clock.now()), key)


def withdraw(ports: Ports, actor: Actor, proposal_id: str, opinion: str, *, key: RequestKey | None = None) -> Receipt:
    """Take it back."""
    return _decide(ports, actor, proposal_id, lambda p: rules.withdraw(p, actor, opinion, ports.clock.now()), key)


def read(ports: Ports, actor: Actor, proposal_id: str) -> Proposal:
    """A proposal, for its body and its bureaus. Raises NotFound for everybody else."""
    return _seen(ports, actor, proposal_id)


def listed(ports: Ports, actor: Actor, after: str | None, limit: int, *, division: str = "") -> Page[Proposal]:
    """For a bureau what its division has to review, for the region's also that of any ``division``; newest first.

    For whoever looks after places: what their body has proposed.
    """
    if actor.kind is ActorKind.OFFICER and Role.BUREAU in actor.roles:
        own = division or actor.division
        page = ports.place_store.proposals(rules.to_review(own), after, limit)
        return Page([p for p in page.items if rules.may_see(p, actor)], page.next)
    if actor.kind is ActorKind.OFFICER and Role.PLACES in actor.roles and actor.body:
        return ports.place_store.proposals(rules.proposed_by(actor.body), after, limit)
    raise Forbidden.because("place.managers-only")


def _seen(ports: Ports, actor: Actor, proposal_id: str) -> Proposal:
    proposal = ports.place_store.proposal(proposal_id)
    if proposal is None or not rules.may_see(proposal, actor):
        raise NotFound.because("place.proposal-not-found")
    return proposal


def _decide(
    ports: Ports, actor: Actor, proposal_id: str, act: Callable[[Proposal], Proposal], key: RequestKey | None
) -> Receipt:
    before = _seen(ports, actor, proposal_id)
    return _commit(ports, act(before), before.version, key)


def _commit(
    ports: Ports,
    proposal: Proposal,
    expected_version: int,
    key: RequestKey | None,
    published: Sequence[Place] = (),
    announced: Sequence[str] = (),
) -> Receipt:
    receipt = Receipt("place_proposal", proposal.id, proposal.version, (), {"state": str(proposal.state)})
    ports.place_store.commit(
        proposal,
        expected_version=expected_version,
        published=published,
        announced=announced,
        key=key,
        receipt=receipt,
        at=proposal.steps[-1].at,
    )
    return receipt


def _newest(ports: Ports, places: Sequence[Place]) -> Mapping[str, Place]:
    """The newest versions of these places, as last committed."""
    known = {division for division in {p.division for p in places} if ports.divisions.get(division)}
    versions = (v for area in sorted({area_of(d) for d in known}) for v in ports.place_store.versions(area))
    wanted = {place.id for place in places}
    return in_force((v for v in versions if v.id in wanted), date.max)


def _divisions(ports: Ports, places: Sequence[Place]) -> Mapping[str, Division]:
    found = ((code, ports.divisions.get(code)) for code in {place.division for place in places})
    return {code: division for code, division in found if division is not None}


def _unknown_items(ports: Ports, places: Sequence[Place]) -> Iterator[Violation]:
    """Items that a place or its hours name and that nobody offers there."""
    for number, place in enumerate(places):
        named = [(f"/items/{at}", code) for at, code in enumerate(place.items)]
        for line, hours in enumerate(place.hours):
            named += [(f"/hours/{line}/items/{at}", code) for at, code in enumerate(hours.items)]
        for pointer, code in named:
            if ports.catalog.offer(code, place.division) is None:
                yield Violation("item.not-offered", f"/places/{number}{pointer}")


def _delayed(place: Place | None) -> tuple[Hours, ...]:
    if place is None or place.closed:
        return ()
    return tuple(hours for hours in place.hours if hours.kind in DELAY_KINDS)
