"""Notice-and-commitment (告知承诺): both ways side by side, the notice, the signature, the decision at once."""

from __future__ import annotations

import base64
from typing import Any

from chalicelib import wiring
from chalicelib.api import views
from chalicelib.domain.catalog import Limit, Material
from chalicelib.domain.commitment_terms import CommitmentTerms, CommitmentText
from chalicelib.domain.commitments import Commitment, Evidence
from chalicelib.domain.errors import Violation
from chalicelib.edge.api import ApiBlueprint, Reply, Request, receipt_reply
from chalicelib.edge.problems import text as sentence
from chalicelib.services import commitments
from chalicelib.services.commitments import Ways

bp = ApiBlueprint(__name__, tag="commitments")

_ACT = (
    "case.not-found",
    "case.act-not-yours",
    "case.wrong-state",
    "authority.not-in-force",
    "authority.item-not-covered",
    "authority.commitment-not-covered",
    "item.not-offered",
    "item.version-not-in-force",
    "eligibility.not-listed",
    "eligibility.excluded-area",
    "credit.barred",
    "store.conflict",
)


@bp.route_v1(
    "GET",
    "/cases/{case_id}/commitment",
    summary=("告知承诺与一般程序", "The way by promise beside the ordinary way"),
    response="commitments/ways",
    problems=("case.not-found",),
)
def read_commitment(request: Request) -> Reply:
    """What each way asks for, the text of the promise, and every reason why the promise is not open, if it is not."""
    return Reply(_ways(commitments.ways(wiring.current(), request.who, request.path["case_id"])))


@bp.route_v1(
    "POST",
    "/cases/{case_id}/commitment/notice",
    summary=("告知", "Have the notice served"),
    response="elements/receipt",
    keyed=True,
    problems=(*_ACT, "commitment.materials-deferred", "commitment.signed-already"),
)
def serve_commitment_notice(request: Request) -> Reply:
    """Puts the text before the applicant, on record: what is signed afterwards is this version and digest."""
    return receipt_reply(commitments.serve(wiring.current(), request.who, request.path["case_id"], key=request.once))


@bp.route_v1(
    "POST",
    "/cases/{case_id}/commitment/signature",
    summary=("签署承诺", "Sign the promise"),
    request="commitments/signature",
    response="elements/receipt",
    keyed=True,
    problems=(
        *_ACT,
        "commitment.materials-deferred",
        "commitment.notice-not-served",
        "commitment.text-outdated",
        "commitment.signed-already",
        "commitment.signature-missing",
        "commitment.signature-of-another",
        "seal.unavailable",
    ),
)
def sign_commitment(request: Request) -> Reply:
    """By the applicant, or an agent whose authority covers promises. Binds person, text, application and time."""
    body = request.body
    receipt = commitments.sign(
        wiring.current(),
        request.who,
        request.path["case_id"],
        text_version=body["text_version"],
        text_digest=body["text_digest"],
        confirmed=body.get("confirmed", False),
        key=request.once,
    )
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/cases/{case_id}/commitment/withdrawal",
    summary=("撤回承诺", "Take the promise back"),
    request="tasks/reason",
    response="elements/receipt",
    keyed=True,
    problems=(
        "case.not-found",
        "case.act-not-yours",
        "case.wrong-state",
        "authority.not-in-force",
        "authority.commitment-not-covered",
        "commitment.signature-missing",
        "case.text-missing",
        "store.conflict",
    ),
)
def withdraw_commitment(request: Request) -> Reply:
    """Before the decision: the ordinary way is open again."""
    case_id, reason = request.path["case_id"], request.body["reason"]
    return receipt_reply(commitments.withdraw(wiring.current(), request.who, case_id, reason=reason, key=request.once))


@bp.route_v1(
    "POST",
    "/cases/{case_id}/commitment/decision",
    summary=("凭承诺当场决定", "Hand in and have it decided on the promise"),
    response="elements/receipt",
    keyed=True,
    problems=(
        *_ACT,
        "renewal.certificate-unknown",
        "renewal.certificate-not-valid",
        "renewal.expired",
        "commitment.materials-deferred",
        "commitment.signature-missing",
        "commitment.signature-of-another",
        "commitment.text-outdated",
        "commitment.application-changed",
        "text.direction-control",
        "text.invisible",
        "text.look-alike",
        "text.radical",
        "material.missing",
        "material.surplus",
        "material.repeated",
        "route.body-unknown",
        "route.division-too-wide",
        "route.licence-not-competent",
        "route.outlet-only-receives",
        "seal.unavailable",
    ),
)
def decide_on_commitment(request: Request) -> Reply:
    """Accepted, granted and, unless a fee is due, issued within this request; what is replaced is not asked for."""
    return receipt_reply(commitments.decide(wiring.current(), request.who, request.path["case_id"], key=request.once))


@bp.route_v1(
    "GET",
    "/cases/{case_id}/commitment/evidence",
    summary=("承诺签署证据", "The evidence of the signature"),
    response="commitments/evidence",
    problems=("case.not-found", "commitment.not-signed", "seal.unavailable"),
)
def read_commitment_evidence(request: Request) -> Reply:
    """Stands on its own: with the public key anybody can verify it (docs/commitments.md)."""
    evidence, key = commitments.evidence(wiring.current(), request.who, request.path["case_id"])
    return Reply(_evidence(evidence, key))


def _ways(ways: Ways) -> dict[str, Any]:
    return {
        "ordinary": {"open": True, "materials": [_material(m) for m in ways.asked]},
        "promise": {
            "open": not ways.obstacles,
            "obstacles": [_obstacle(v) for v in ways.obstacles],
            "materials": [_material(m) for m in ways.asked_with_promise],
            "terms": _terms(ways.terms) if ways.terms else None,
            "state": _state(ways.case.commitment),
        },
    }


def _obstacle(violation: Violation) -> dict[str, str]:
    return {"code": violation.code, **sentence(violation)}


def _material(material: Material) -> dict[str, str]:
    return {"code": material.code, "name": material.name, "necessity": str(material.necessity)}


def text(found: CommitmentText) -> dict[str, Any]:
    """The text as it is signed."""
    return {
        "version": found.version,
        "clauses": [
            {"id": c.id, "kind": views.labelled("clause_kind", c.kind), "zh": c.zh, "en": c.en} for c in found.clauses
        ],
        "digest": found.digest,
    }


def _terms(terms: CommitmentTerms) -> dict[str, Any]:
    return {
        "text": text(terms.text),
        "replaces": {"materials": list(terms.materials), "facts": list(terms.facts)},
        "check": {
            "department": terms.check.department,
            "level": int(terms.check.level),
            "kind": views.labelled("check_kind", terms.check.kind),
            "within": _period(terms.check.within),
        },
        "mending": _period(terms.mending) if terms.mending else None,
        "hearing": _period(terms.hearing),
    }


def _period(limit: Limit) -> dict[str, Any]:
    return {"value": limit.value, "unit": views.labelled("unit", limit.unit)}


def _state(found: Commitment | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "text_version": found.text_version,
        "text_digest": found.text_digest,
        "served_at": views.instant(found.served_at),
        "signed_at": views.instant(found.signed_at),
        "rule": found.rule,
    }


def _evidence(evidence: Evidence, key: bytes) -> dict[str, Any]:
    return {
        "statement": evidence.statement,
        "digest": evidence.digest,
        "provider": evidence.provider,
        "algorithm": evidence.algorithm,
        "key_id": evidence.key_id,
        "signature": evidence.signature,
        "public_key": base64.b64encode(key).decode(),
    }
