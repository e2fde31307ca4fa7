"""The one-time notice (一次性告知), and how it is answered."""

from __future__ import annotations

from typing import Any

from chalicelib import wiring
from chalicelib.api import views
from chalicelib.domain import form_places
from chalicelib.domain.case_events import SubmittedMaterial
from chalicelib.domain.errors import Violation
from chalicelib.edge import problems
from chalicelib.edge.api import ApiBlueprint, Reply, Request, receipt_reply
from chalicelib.services import notices
from chalicelib.services.notices import Demand

bp = ApiBlueprint(__name__, tag="notices")

_CASE = ("case.not-found", "case.act-not-yours", "case.wrong-state")
_TASK = ("task.none-open", "task.not-claimed-by-you", "task.wrong-act", "store.conflict")
_TEXTS = ("text.direction-control", "text.invisible", "text.look-alike", "text.radical")


@bp.route_v1(
    "GET",
    "/cases/{case_id}/check",
    summary=("形式检查", "The platform's own pass over an application"),
    response="notices/check",
    problems=_CASE,
)
def check_case(request: Request) -> Reply:
    """What the platform finds in form, identifiers and materials: the first part of a notice, before it is sent."""
    found = notices.check(wiring.current(), request.who, request.path["case_id"], _sentence)
    return Reply(
        {
            "case": found.case.id,
            "version": found.case.version,
            "defects": [views.defect(defect) for defect in found.defects],
            "may_name": None if found.places is None else list(found.places),
            "until": views.instant(found.until.at) if found.until else None,
            "provisional": bool(found.until and found.until.provisional),
        },
        etag=found.case.version,
    )


@bp.route_v1(
    "POST",
    "/cases/{case_id}/notice",
    summary=("一次性告知补正", "Tell once of every defect"),
    request="notices/notice",
    response="elements/receipt",
    keyed=True,
    problems=(
        *_CASE,
        *_TASK,
        "notice.nothing-to-tell",
        "notice.material-not-in-version",
        "notice.field-not-in-form",
        "notice.not-newly-supplied",
        "material.held",
        "notice.material-deferred",
        "case.text-missing",
    ),
)
def send_notice(request: Request) -> Reply:
    """All that is wrong, at once, each with its exact place. A later notice names only what was newly supplied."""
    demands = [_demand(defect) for defect in request.body["defects"]]
    receipt = notices.notify(
        wiring.current(), request.who, request.path["case_id"], demands, _sentence, key=request.once
    )
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/cases/{case_id}/correction",
    summary=("提交补正", "Supply what the notice named"),
    request="notices/correction",
    response="elements/receipt",
    keyed=True,
    problems=(
        *_CASE,
        "authority.not-in-force",
        "authority.item-not-covered",
        "store.conflict",
        "case.too-large",
        "correction.place-not-named",
        "correction.not-settled",
        "material.repeated",
        *_TEXTS,
    ),
)
def correct_case(request: Request) -> Reply:
    """Complete, and nothing besides: the application is received again and a new period of notice begins."""
    body = request.body
    receipt = notices.correct(
        wiring.current(),
        request.who,
        request.path["case_id"],
        form=body.get("form"),
        supplied=[
            SubmittedMaterial(m["code"], m["form"], m["name"], m.get("digest", "")) for m in body.get("materials", ())
        ],
        key=request.once,
    )
    return receipt_reply(receipt)


@bp.route_v1(
    "POST",
    "/cases/{case_id}/spot-correction",
    summary=("当场更正", "Correct on the spot"),
    request="notices/spot_correction",
    response="elements/receipt",
    keyed=True,
    problems=(
        *_CASE,
        "authority.not-in-force",
        "authority.item-not-covered",
        "store.conflict",
        "case.too-large",
        "correction.not-on-the-spot",
        "correction.changes-nothing",
        "notice.field-not-in-form",
        "case.text-missing",
        *_TEXTS,
    ),
)
def correct_on_the_spot(request: Request) -> Reply:
    """What can be mended before the officer is mended there, with the applicant's confirmation on record."""
    changes = {c["field"]: (c["value"],) if "value" in c else () for c in request.body["changes"]}
    receipt = notices.correct_on_the_spot(
        wiring.current(),
        request.who,
        request.path["case_id"],
        changes,
        request.body["confirmed_by"],
        key=request.once,
    )
    return receipt_reply(receipt)


def _demand(defect: dict[str, Any]) -> Demand:
    place = defect["field"] if "field" in defect else form_places.material(defect["material"])
    return Demand(place, defect["reason"], defect.get("page", 0))


def _sentence(violation: Violation) -> str:
    """A notice is written in Chinese."""
    return problems.text(violation)["zh"]
