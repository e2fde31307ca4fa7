"""What lists, search and browsing need to know of an item: one small row for each item of a release."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.domain.catalog import STOPPING, StopEffect

Json = dict[str, Any]
Document = Mapping[str, Any]

FULLY_ONLINE_DEPTH = 4


def summary_of(document: Document) -> Json:
    """The summary row of a document. Holds plain JSON only, since it is stored as such."""
    materials = document["materials"]
    entrusted = [step for step in document["steps"] if step["mode"] == "entrusted"]
    return {
        "basic_code": document["basic_code"],
        "version": document["version"],
        "key": document["key"],
        "name": document["name"],
        "name_en": document["name_en"],
        "main": document["main"],
        "type_code": document["type_code"],
        "field": document["field"],
        "department": document["department"],
        "level": document["level"],
        "level_conf": document["level_conf"],
        "applicant_kinds": document["applicant_kinds"],
        "case_type": document["case_type"],
        "accept_on_receipt": document["accept_on_receipt"],
        "themes": document["themes"],
        "result_name": document["result"]["name"],
        "statutory_limit": _period(document["statutory_limit"]),
        "promised_limit": _period(document["promised_limit"]),
        "fee_charged": document["fee"]["charged"],
        "visits": document["visits"]["count"],
        "online_depth": document["online"]["depth"],
        "accepted_at": _acceptance(document["steps"]),
        "scope": document["scope"],
        "assisted": document["assisted"],
        "delay_service": document["delay_service"],
        "in_hall": document["in_hall"],
        "intermediary": document["intermediary"],
        "commitment": _commitment(document["commitment"]),
        "deferrable": [
            {"code": m["code"], "name": m["name"], **m["deferral"]} for m in materials if m["necessity"] == "deferrable"
        ],
        "entrusted": [
            {"role": s["role"], "level": s["level"], "department": s["department"], **(s.get("entrustment") or {})}
            for s in entrusted
        ],
        "special_procedures": [
            {
                "kind": p["kind"],
                "name": p["name"],
                "effect": p["effect"],
                "stops": StopEffect(p["effect"]) in STOPPING,
                "basis": p["basis"],
            }
            for p in document["special_procedures"]
        ],
        "warning": document["warning"],
        "demo": document["demo"],
    }


def _acceptance(steps: list[Json]) -> Json:
    """Who accepts: the first step of a route."""
    first = steps[0]
    return {"level": first["level"], "department": first["department"], "entrusted": first["mode"] == "entrusted"}


def _period(limit: Document | None) -> Json | None:
    return {"value": limit["value"], "unit": limit["unit"]} if limit else None


def _commitment(commitment: Document) -> Json | None:
    """None where nobody says that a promise may stand for proof."""
    if commitment["allowed"] in ("unknown", "allowed-elsewhere"):
        return None
    return {key: commitment[key] for key in ("allowed", "promise", "check_within", "basis")}
