"""The code by which an applicant shows at a window that they are there, and the claim of who had no phone with them."""

from __future__ import annotations

from chalicelib import wiring
from chalicelib.api import views
from chalicelib.edge.api import ApiBlueprint, Reply, Request, receipt_reply
from chalicelib.services import presence

bp = ApiBlueprint(__name__, tag="cases")


@bp.route_v1(
    "GET",
    "/presence-code",
    summary=("出示办事码", "Show a presence code"),
    response="presence/code",
    problems=("presence.applicants-only",),
)
def show_presence_code(request: Request) -> Reply:
    """For the applicant's phone: five minutes, for one application at one window. Asking for it stores nothing."""
    code = presence.code(wiring.current(), request.who)
    return Reply({"code": code.text, "expires_at": views.instant(code.until)})


@bp.route_v1(
    "POST",
    "/claims",
    summary=("认领窗口代录的办件", "Claim what a window filed for you"),
    request="presence/claim",
    response="elements/receipt",
    keyed=True,
    problems=("case.not-found", "store.conflict"),
)
def claim_application(request: Request) -> Reply:
    """By the number of the receipt and of the document that the window checked; the account's name must be the same."""
    body = request.body
    return receipt_reply(
        presence.claim(wiring.current(), request.who, body["receipt"], body["number"], key=request.once)
    )
