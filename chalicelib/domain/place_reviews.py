"""How places change: one officer proposes new versions, another of a level above approves or rejects them (E1, E5).

The same for one place and for a file of many: a proposal is judged whole, published whole, or not at all. Nothing is
edited in place; what a proposal publishes counts from the day that it names. Every step stays recorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from chalicelib.domain import schedules
from chalicelib.domain.actors import Actor, ActorKind, Role
from chalicelib.domain.divisions import Division, Level, ancestor, contains, level_of
from chalicelib.domain.errors import Forbidden, Invalid, Refused, Violation, raise_all
from chalicelib.domain.schedules import Place

MOST = 40
"""Places of one proposal: publishing writes two rows for each, and a transaction takes a hundred."""


class ProposalState(StrEnum):
    """Where a proposal stands."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class StepKind(StrEnum):
    """What was done with a proposal."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a review: who did it, for which body, when, and what they said."""

    kind: StepKind
    by: str
    body: str
    at: datetime
    opinion: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """New versions of places, and what became of them. ``division``: the proposing body's, which encloses them all."""

    id: str
    version: int
    state: ProposalState
    division: str
    places: tuple[Place, ...]
    steps: tuple[Step, ...]

    @property
    def proposer(self) -> Step:
        return self.steps[0]


def proposed_by(body: str) -> str:
    """The list of what a body has proposed."""
    return f"proposed#{body}"


def to_review(division: str) -> str:
    """The list of what waits for the bureau of a division, and of what it has decided."""
    return f"to-review#{division}"


def reviewing_division(division: str) -> str:
    """Whose bureau looks at a proposal: that of the level above, for the region that of the region itself."""
    level = level_of(division)
    return division if level is Level.REGION else ancestor(division, Level(level - 1)) or division


def propose(
    actor: Actor,
    proposal_id: str,
    places: Sequence[Place],
    known: Mapping[str, Place],
    divisions: Mapping[str, Division],
    opinion: str,
    now: datetime,
    today: date,
) -> Proposal:
    """An officer who looks after places proposes new versions.

    ``known``: the newest versions of these places; ``divisions``: those that exist of the ones named. Raises Forbidden
    for whoever does not look after places there, Invalid with everything that speaks against any of the versions.
    """
    looks_after_places = actor.kind is ActorKind.OFFICER and Role.PLACES in actor.roles
    if not (looks_after_places and actor.body and actor.division):
        raise Forbidden.because("place.managers-only")
    if any(p.division in divisions and not contains(actor.division, p.division) for p in places):
        raise Forbidden.because("place.outside-area")
    raise_all(Invalid, list(_violations(places, known, divisions, opinion, today)))
    step = Step(StepKind.PROPOSED, actor.subject, actor.body, now, opinion)
    return Proposal(proposal_id, 1, ProposalState.OPEN, actor.division, tuple(places), (step,))


def approve(
    proposal: Proposal,
    actor: Actor,
    known: Mapping[str, Place],
    divisions: Mapping[str, Division],
    opinion: str,
    now: datetime,
    today: date,
) -> Proposal:
    """The bureau publishes it. Raises Refused when it was decided, overtaken by other versions or its day is over."""
    decided = _decide(proposal, actor, StepKind.APPROVED, ProposalState.APPROVED, opinion, now)
    raise_all(Refused, list(_violations(proposal.places, known, divisions, opinion, today)))
    return decided


def reject(proposal: Proposal, actor: Actor, opinion: str, now: datetime) -> Proposal:
    """The bureau does not publish it, and says why."""
    decided = _decide(proposal, actor, StepKind.REJECTED, ProposalState.REJECTED, opinion, now)
    raise_all(Invalid, list(_unsaid(opinion)))
    return decided


def withdraw(proposal: Proposal, actor: Actor, opinion: str, now: datetime) -> Proposal:
    """The body that proposed it takes it back."""
    if Role.PLACES not in actor.roles or actor.body != proposal.proposer.body:
        raise Forbidden.because("place.managers-only")
    return _step(proposal, actor, StepKind.WITHDRAWN, ProposalState.WITHDRAWN, opinion, now)


def may_see(proposal: Proposal, actor: Actor) -> bool:
    """The body that proposed it, and whoever may decide on it."""
    if actor.kind is not ActorKind.OFFICER:
        return False
    return (Role.PLACES in actor.roles and actor.body == proposal.proposer.body) or _reviews(proposal, actor)


def _reviews(proposal: Proposal, actor: Actor) -> bool:
    if actor.kind is not ActorKind.OFFICER or Role.BUREAU not in actor.roles:
        return False
    region = ancestor(proposal.division, Level.REGION)
    return actor.division in (reviewing_division(proposal.division), region)


def _decide(
    proposal: Proposal, actor: Actor, kind: StepKind, state: ProposalState, opinion: str, now: datetime
) -> Proposal:
    if not _reviews(proposal, actor):
        raise Forbidden.because("place.bureau-only")
    if actor.subject == proposal.proposer.by:
        raise Forbidden.because("place.own-proposal")
    return _step(proposal, actor, kind, state, opinion, now)


def _step(
    proposal: Proposal, actor: Actor, kind: StepKind, state: ProposalState, opinion: str, now: datetime
) -> Proposal:
    if proposal.state is not ProposalState.OPEN:
        raise Refused.because("place.proposal-decided", state=str(proposal.state))
    step = Step(kind, actor.subject, actor.body, now, opinion)
    return replace(proposal, version=proposal.version + 1, state=state, steps=(*proposal.steps, step))


def _violations(
    places: Sequence[Place],
    known: Mapping[str, Place],
    divisions: Mapping[str, Division],
    opinion: str,
    today: date,
) -> Iterator[Violation]:
    yield from _unsaid(opinion)
    ids = [place.id for place in places]
    for number, place in enumerate(places):
        pointer = f"/places/{number}"
        if place.id in ids[:number]:
            yield Violation("place.twice-in-proposal", f"{pointer}/id", {"place": place.id})
        newest = known.get(place.id)
        version = newest.version if newest else 0
        if place.version != version + 1:
            yield Violation("place.changed-meanwhile", f"{pointer}/replaces", {"place": place.id, "version": version})
        elif not schedules.is_id_of(place) or (newest and newest.kind is not place.kind):
            yield Violation("place.is-another", pointer, {"place": place.id})
        for found in schedules.violations(place, divisions.get(place.division), today):
            yield replace(found, pointer=f"{pointer}{found.pointer}")


def _unsaid(opinion: str) -> Iterator[Violation]:
    if not opinion.strip():
        yield Violation("case.text-missing", "/opinion")
