"""Changing service places: proposals of one place or a file of many, and their review."""

from __future__ import annotations

from typing import Any, Protocol

from chalicelib import wiring
from chalicelib.api import place_views as views
from chalicelib.domain.actors import Actor
from chalicelib.domain.errors import Invalid, Violation, raise_all
from chalicelib.domain.place_documents import place_of
from chalicelib.domain.schedules import Place
from chalicelib.edge.api import ApiBlueprint, Reply, Request, receipt_reply
from chalicelib.services import places
from chalicelib.services.ports import Ports, Receipt, RequestKey

bp = ApiBlueprint(__name__, tag="places")

_FLAWS = (
    "division.unknown",
    "item.not-offered",
    "place.changed-meanwhile",
    "place.closures-overlap",
    "place.field-window-needs-fields",
    "place.hours-contradict",
    "place.hours-empty",
    "place.id-unfit",
    "place.is-another",
    "place.items-follow-from-catalogue",
    "place.items-missing",
    "place.kind-of-other-level",
    "place.name-rule",
    "place.regular-needs-no-appointment",
    "place.since-past",
    "place.span-form",
    "place.spans-overlap",
    "place.proposal-too-large",
    "place.twice-in-proposal",
    "place.validity-reversed",
    "place.window-twice",
    "place.window-unknown",
)
_ACT = ("place.proposal-not-found", "place.proposal-decided", "case.text-missing", "store.conflict")
_DECIDE = (*_ACT, "place.bureau-only", "place.own-proposal")


@bp.route_v1(
    "POST",
    "/place-proposals",
    summary=("申报场所变更", "Propose new versions of places"),
    request="places/proposal_draft",
    response="elements/receipt",
    status=201,
    keyed=True,
    problems=("place.managers-only", "place.outside-area", *_FLAWS),
)
def propose_places(request: Request) -> Reply:
    """By an officer who looks after places, for up to forty of them: new ones, changed ones, closed ones.

    The file is judged whole: every violation of every place is named at once, and nothing is kept then.
    """
    drafts = _drafts(request.body["places"])
    receipt = places.propose(wiring.current(), request.who, drafts, request.body["opinion"], key=request.once)
    return receipt_reply(receipt)


@bp.route_v1(
    "GET",
    "/place-proposals",
    summary=("场所变更列表", "Proposals to review, or of my body"),
    query="places/proposals_query",
    response="places/proposals",
    problems=("place.managers-only", "request.cursor-invalid"),
)
def list_proposals(request: Request) -> Reply:
    """For a bureau what waits for it and what it decided; for whoever looks after places what their body proposed."""
    division = request.query.get("division", "")
    page = places.listed(wiring.current(), request.who, request.position(), request.limit, division=division)
    return Reply({"items": [views.proposal(p) for p in page.items], "next": request.cursor(page.next)})


@bp.route_v1(
    "GET",
    "/place-proposals/{proposal_id}",
    summary=("查看场所变更", "One proposal"),
    response="places/proposal",
    problems=("place.proposal-not-found",),
)
def read_proposal(request: Request) -> Reply:
    """With every step of its review."""
    found = places.read(wiring.current(), request.who, request.path["proposal_id"])
    return Reply(views.proposal(found), etag=found.version)


@bp.route_v1(
    "POST",
    "/place-proposals/{proposal_id}/approval",
    summary=("同意场所变更", "Approve a proposal"),
    request="places/decision",
    response="elements/receipt",
    keyed=True,
    problems=(*_DECIDE, *_FLAWS),
)
def approve_proposal(request: Request) -> Reply:
    """By the bureau of the level above or of the region, never by who proposed it. It counts from the day it names."""
    return _receipt(request, places.approve)


@bp.route_v1(
    "POST",
    "/place-proposals/{proposal_id}/rejection",
    summary=("不同意场所变更", "Reject a proposal"),
    request="places/decision",
    response="elements/receipt",
    keyed=True,
    problems=_DECIDE,
)
def reject_proposal(request: Request) -> Reply:
    """By the same, with the reason."""
    return _receipt(request, places.reject)


@bp.route_v1(
    "POST",
    "/place-proposals/{proposal_id}/withdrawal",
    summary=("撤回场所变更", "Withdraw a proposal"),
    request="places/decision",
    response="elements/receipt",
    keyed=True,
    problems=(*_ACT, "place.managers-only"),
)
def withdraw_proposal(request: Request) -> Reply:
    """By the body that proposed it."""
    return _receipt(request, places.withdraw)


class _Act(Protocol):
    """What is done to a proposal, with an opinion."""

    def __call__(
        self, ports: Ports, actor: Actor, proposal_id: str, opinion: str, *, key: RequestKey | None = None
    ) -> Receipt: ...


def _receipt(request: Request, act: _Act) -> Reply:
    opinion = request.body["opinion"]
    return receipt_reply(act(wiring.current(), request.who, request.path["proposal_id"], opinion, key=request.once))


def _drafts(documents: list[dict[str, Any]]) -> list[Place]:
    """The places of a file. Impossible days in any of them are all named."""
    drafts: list[Place] = []
    found: list[Violation] = []
    for number, document in enumerate(documents):
        try:
            drafts.append(place_of(document, f"/places/{number}"))
        except Invalid as wrong:
            found += wrong.violations
        if ("id" in document) != bool(document.get("replaces", 0)):
            found.append(Violation("place.id-unfit", f"/places/{number}/id"))
    raise_all(Invalid, found)
    return drafts
