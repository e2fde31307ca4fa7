"""Who has read a case, for the one whose data it is and for those who supervise."""

from __future__ import annotations

from typing import Any

from chalicelib import wiring
from chalicelib.api.views import labelled, reading
from chalicelib.domain.actors import Actor, ActorKind
from chalicelib.edge.api import ApiBlueprint, Reply, Request
from chalicelib.services import accesses
from chalicelib.services.log_ports import Access

bp = ApiBlueprint(__name__, tag="accesses")


@bp.route_v1(
    "GET",
    "/cases/{case_id}/accesses",
    summary=("查阅记录", "Who has read a case"),
    query="cases/listing",
    response="accesses/page",
    problems=("case.not-found", "access.not-yours", "request.cursor-invalid"),
)
def list_accesses(request: Request) -> Reply:
    """Every reading by somebody else than the applicant, newest first. Accounts are named to supervisors only."""
    ports = wiring.current()
    page = accesses.of_case(ports, request.who, request.path["case_id"], request.position(), request.limit)
    items = [_access(access, request.who) for access in page.items]
    return Reply({"items": items, "next": request.cursor(page.next)})


def _access(access: Access, viewer: Actor) -> dict[str, Any]:
    what, _, reference = access.what.partition(" ")
    shown = {**reading(access), "what": labelled("access", what), "reference": reference}
    if viewer.kind is ActorKind.SUPERVISOR:
        shown["account"] = access.subject
    return shown
