"""The check after a decision on a promise (事后核查), the party heard, and the final decision."""

from __future__ import annotations

from typing import Any

from chalicelib import wiring
from chalicelib.api import views
from chalicelib.domain.commitment_checks import Final, Result
from chalicelib.edge.api import ApiBlueprint, Reply, Request, receipt_reply
from chalicelib.services import commitment_checks
from chalicelib.services.commitment_checks import CheckView

bp = ApiBlueprint(__name__, tag="checks")

_ACT = ("case.not-found", "case.act-not-yours", "case.wrong-state", "check.concluded", "store.conflict")
_TASK = (*_ACT, "task.none-open", "task.not-claimed-by-you", "task.wrong-act", "case.text-missing")
_PARTY = (
    *_ACT,
    "authority.not-in-force",
    "authority.commitment-not-covered",
    "revocation.not-intended",
    "revocation.heard-already",
    "revocation.party-only",
)


@bp.route_v1(
    "GET",
    "/cases/{case_id}/commitment/check",
    summary=("事后核查", "The check of the promise"),
    response="checks/check",
    problems=("case.not-found", "check.no-promise"),
)
def read_check(request: Request) -> Reply:
    """How far it has come, with every date: by when it is checked, mended, and until when the party can speak."""
    found = commitment_checks.read(wiring.current(), request.who, request.path["case_id"])
    return Reply(_view(found))


@bp.route_v1(
    "POST",
    "/cases/{case_id}/commitment/check/result",
    summary=("登记核查结果", "Record what the check found"),
    request="checks/result",
    response="elements/receipt",
    keyed=True,
    problems=(*_TASK, "check.no-promise", "check.no-mending", "check.mended-before", "check.mending-runs"),
)
def record_check(request: Request) -> Reply:
    """By the checking body: fulfilled, to be mended, or false. Found false, the party is told and may speak first."""
    receipt = commitment_checks.record(
        wiring.current(),
        request.who,
        request.path["case_id"],
        result=Result(request.body["result"]),
        findings=request.body["findings"],
        key=request.once,
    )
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/cases/{case_id}/commitment/check/defence",
    summary=("陈述申辩", "State one's case"),
    request="checks/defence",
    response="elements/receipt",
    keyed=True,
    problems=(*_PARTY, "case.text-missing"),
)
def state_defence(request: Request) -> Reply:
    """By the party, within the version's period."""
    case_id, statement = request.path["case_id"], request.body["statement"]
    receipt = commitment_checks.state_defence(
        wiring.current(), request.who, case_id, statement=statement, key=request.once
    )
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/cases/{case_id}/commitment/check/defence-waiver",
    summary=("放弃陈述申辩", "Waive stating one's case"),
    response="elements/receipt",
    keyed=True,
    problems=_PARTY,
)
def waive_defence(request: Request) -> Reply:
    """By the party: the decision need not wait any more."""
    case_id = request.path["case_id"]
    return receipt_reply(commitment_checks.waive_defence(wiring.current(), request.who, case_id, key=request.once))


@bp.route_v1(
    "POST",
    "/cases/{case_id}/commitment/check/decision",
    summary=("作出撤销或者不予撤销决定", "Revoke, uphold or keep"),
    request="checks/decision",
    response="elements/receipt",
    keyed=True,
    problems=(*_TASK, "revocation.not-intended", "revocation.not-heard"),
)
def decide_revocation(request: Request) -> Reply:
    """By the deciding body, with reasons and remedies.

    With a revocation the certificate is annulled, and one that it had replaced may count again.
    """
    body = request.body
    receipt = commitment_checks.decide(
        wiring.current(),
        request.who,
        request.path["case_id"],
        outcome=Final(body["outcome"]),
        reasons=body["reasons"],
        remedies=body["remedies"],
        key=request.once,
    )
    return receipt_reply(receipt)


def _view(found: CheckView) -> dict[str, Any]:
    check = found.check
    return {
        "body": found.body,
        "stage": views.labelled("check_stage", found.stage),
        "check_until": views.instant(found.check_until),
        "mend_until": views.instant(found.mend_until),
        "hear_until": views.instant(found.hear_until),
        "found_false_at": views.instant(check.found_false_at),
        "answered_at": views.instant(check.answered_at),
        "statement": check.statement if found.statement_shown else "",
        "overdue_at": views.instant(check.overdue_at),
        "final": views.labelled("check_final", check.final) if check.final else None,
        "final_at": views.instant(check.final_at),
        "depending": list(check.depending) if found.statement_shown else [],
        "reinstated": check.reinstated if found.statement_shown else "",
    }
