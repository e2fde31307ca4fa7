"""Incomplete-material acceptance (容缺受理): what was deferred, handing it in, checking it."""

from __future__ import annotations

from typing import Any

from chalicelib import wiring
from chalicelib.api import views
from chalicelib.domain import access
from chalicelib.domain import supplement_dates as rules
from chalicelib.domain.actors import Actor
from chalicelib.domain.case_events import SubmittedMaterial
from chalicelib.domain.cases import Case
from chalicelib.domain.deadlines import Law
from chalicelib.domain.supplement_dates import Supplement
from chalicelib.domain.supplements import Verdict, waiting_decision
from chalicelib.edge.api import ApiBlueprint, Reply, Request, receipt_reply
from chalicelib.services import supplements

bp = ApiBlueprint(__name__, tag="supplements")

_CASE = ("case.not-found", "case.act-not-yours", "case.wrong-state", "store.conflict")
_TEXTS = ("text.direction-control", "text.invisible", "text.look-alike", "text.radical")
_TASK = ("task.none-open", "task.not-claimed-by-you", "task.wrong-act")


@bp.route_v1(
    "POST",
    "/cases/{case_id}/supplements",
    summary=("补交容缺材料", "Hand in deferred materials"),
    request="supplements/supply",
    response="elements/receipt",
    keyed=True,
    problems=(
        *_CASE,
        "authority.not-in-force",
        "authority.item-not-covered",
        "supplement.not-awaited",
        "supplement.not-held",
        "material.repeated",
        "material.upload-unknown",
        "case.too-large",
    ),
)
def supply(request: Request) -> Reply:
    """Some or all of what is awaited; each comes once, unless its check found it defective."""
    materials = [
        SubmittedMaterial(m["code"], m["form"], m["name"], m.get("digest", "")) for m in request.body["materials"]
    ]
    receipt = supplements.supply(wiring.current(), request.who, request.path["case_id"], materials, key=request.once)
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/cases/{case_id}/supplements/check",
    summary=("审核容缺材料", "Check what was handed in"),
    request="supplements/check",
    response="elements/receipt",
    keyed=True,
    problems=(*_CASE, *_TASK, *_TEXTS, "supplement.not-to-check", "case.text-missing", "case.too-large"),
)
def check(request: Request) -> Reply:
    """By whoever examines or decides. Every defect is told in one notice; the day stays as it was promised."""
    verdicts = [Verdict(v["material"], tuple(v.get("defects", ()))) for v in request.body["verdicts"]]
    receipt = supplements.check(wiring.current(), request.who, request.path["case_id"], verdicts, key=request.once)
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/cases/{case_id}/held-decision",
    summary=("决定待容缺材料补齐后作出", "Have the decision ready"),
    request="supplements/held_decision",
    response="elements/receipt",
    keyed=True,
    problems=(
        "renewal.certificate-not-valid",
        *_CASE,
        *_TASK,
        "case.text-missing",
        "case.too-large",
        "supplement.nothing-outstanding",
        "procedure.running",
        "hearing.pending",
    ),
)
def hold_decision(request: Request) -> Reply:
    """Granted as soon as the last supplement is in order, by the same officer's check. The clock runs on."""
    receipt = supplements.hold_decision(
        wiring.current(), request.who, request.path["case_id"], opinion=request.body["opinion"], key=request.once
    )
    return receipt_reply(receipt)


def shown(case: Case, law: Law | None, viewer: Actor) -> dict[str, Any]:
    """What a case shows of it: the wish of the application, each awaited material, and whether a decision waits.

    Who only oversees the case sees that a supplement is defective, not the words: they may quote what it says (I4).
    """
    overseen, ready = access.only_oversees(case, viewer), waiting_decision(case)
    return {
        "deferred": [{"code": d.code, "promised_on": d.promised_on.isoformat()} for d in case.deferred],
        "supplements": [_supplement(s, law, overseen) for s in case.supplements],
        "decision_held_at": views.instant(ready.at) if ready else None,
    }


def _supplement(found: Supplement, law: Law | None, overseen: bool) -> dict[str, Any]:
    if found.passed_at is not None:
        state = "passed"
    elif found.waits_for_check:
        state = "supplied"
    else:
        state = "defective" if found.defects else "awaited"
    return {
        "code": found.code,
        "name": found.name,
        "state": views.labelled("supplement", state),
        "promised_on": found.due.isoformat(),
        "due_at": views.instant(rules.due(found, law)) if law else None,
        "outcome": views.labelled("late_outcome", found.outcome),
        "supplied_at": views.instant(found.supplied_at),
        "passed_at": views.instant(found.passed_at),
        "defects": [] if overseen else list(found.defects),
    }
