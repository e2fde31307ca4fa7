"""Materials: what is held already, and what was handed over on paper."""

from __future__ import annotations

from chalicelib import wiring
from chalicelib.domain.materials import Handling, Paper
from chalicelib.edge.api import ApiBlueprint, Reply, Request, receipt_reply
from chalicelib.services import materials

bp = ApiBlueprint(__name__, tag="cases")


@bp.route_v1(
    "GET",
    "/cases/{case_id}/held-data",
    summary=("免提交材料和预填信息", "What need not be supplied, and what can be filled in"),
    response="materials/held",
    problems=("case.not-found", "case.wrong-state", "item.not-offered"),
)
def read_held_data(request: Request) -> Reply:
    """For a draft: the materials that certificates stand for, and form fields with values that are known."""
    found = materials.held_data(wiring.current(), request.who, request.path["case_id"])
    shown = {
        "materials": [{"code": m.code, "name": m.name, "certificate": m.certificate} for m in found.materials],
        "fields": [
            {"name": name, "value": value, "source": found.sources[name]}
            for name, value in sorted(found.fields.items())
        ],
    }
    return Reply(shown)


@bp.route_v1(
    "POST",
    "/cases/{case_id}/paper-record",
    summary=("登记纸质材料", "Record papers"),
    request="materials/papers",
    response="elements/receipt",
    keyed=True,
    problems=(
        "case.not-found",
        "case.act-not-yours",
        "case.wrong-state",
        "task.none-open",
        "task.not-claimed-by-you",
        "task.wrong-act",
        "material.surplus",
        "material.repeated",
        "material.held",
        "material.electronic",
        "store.conflict",
    ),
)
def record_papers(request: Request) -> Reply:
    """By the officer who receives or accepts: seen, scanned or kept. No electronic copy is then demanded."""
    papers = tuple(Paper(p["code"], Handling(p["handling"]), p.get("digest", "")) for p in request.body["papers"])
    case_id = request.path["case_id"]
    return receipt_reply(materials.record_papers(wiring.current(), request.who, case_id, papers, key=request.once))
