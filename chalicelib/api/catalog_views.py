"""Items, guides and lists as the API shows them: codes with their labels, demo values with their mark.

Members keep the names they have in a document of the catalogue, so that the paths in ``demo`` lead to
the right place of the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.api.views import labelled
from chalicelib.data import label
from chalicelib.domain.catalog import STOPPING, Body, ImplementationStandard, StopEffect
from chalicelib.domain.catalog_documents import counted_as
from chalicelib.domain.catalog_publication import ReleaseHead
from chalicelib.domain.catalog_search import SearchIndex
from chalicelib.services.catalog import Guide, StepView
from chalicelib.services.catalog_lists import ListView

Json = dict[str, Any]
Row = Mapping[str, Any]


def release(head: ReleaseHead) -> Json:
    """Which state of the catalogue an answer shows."""
    return {"number": head.number, "published_at": head.published_at}


def summary(row: Row, index: SearchIndex) -> Json:
    """An item in a listing."""
    return {
        "basic_code": row["basic_code"],
        "version": row["version"],
        "name": row["name"],
        "name_en": row["name_en"],
        "main": row["main"],
        "type_code": labelled("item_type", row["type_code"]),
        "department": _department(row["department"], index),
        "level": labelled("level", str(row["level"])),
        "level_conf": labelled("level_conf", row["level_conf"]),
        "applicant_kinds": [labelled("applicant_kind", kind) for kind in row["applicant_kinds"]],
        "case_type": labelled("case_type", row["case_type"]),
        "accept_on_receipt": row["accept_on_receipt"],
        "statutory_limit": _period(row["statutory_limit"]),
        "promised_limit": _period(row["promised_limit"]),
        "result_name": row["result_name"],
        "warning": row["warning"],
        "demo": _shown(row["demo"]),
    }


_SUMMARY_MEMBERS = ("basic_code", "version", "level", "case_type", "accept_on_receipt", "promised_limit")


def _shown(paths: list[str]) -> list[str]:
    """Of an item's demo paths those that a summary shows."""
    return [path for path in paths if path in _SUMMARY_MEMBERS]


def standard(found: ImplementationStandard, index: SearchIndex) -> Json:
    """All elements of an item, without its form."""
    document = found.document
    return {
        **{name: document[name] for name in _AS_IT_IS},
        "type_code": labelled("item_type", document["type_code"]),
        "department": _department(document["department"], index),
        "level": labelled("level", str(document["level"])),
        "level_conf": labelled("level_conf", document["level_conf"]),
        "applicant_kinds": [labelled("applicant_kind", kind) for kind in document["applicant_kinds"]],
        "case_type": labelled("case_type", document["case_type"]),
        "materials": [_material(material) for material in document["materials"]],
        "steps": [_step(step, index) for step in document["steps"]],
        "special_procedures": [_procedure(procedure) for procedure in document["special_procedures"]],
        "statutory_limit": _period(document["statutory_limit"]),
        "promised_limit": _period(document["promised_limit"]),
        "notice_limit": _period(document["notice_limit"]),
        "correction": _correction(document.get("correction")),
        "limits_by_step": _limits_by_step(document),
        "certificate_limit": _period(document.get("certificate_limit")),
        "joint": _joint(document.get("joint"), index),
        "result": {**document["result"], "kind": labelled("result_kind", document["result"]["kind"])},
        "commitment": _commitment(document["commitment"]),
        "safety_matter": bool(document.get("safety_matter")),
        "online": _online(document["online"]),
        "scope": labelled("scope", document["scope"]),
        "themes": [_theme_of(key, index) for key in document["themes"]],
    }


_AS_IT_IS = (
    "basic_code",
    "version",
    "name",
    "name_en",
    "main",
    "type_conf",
    "field",
    "department_text",
    "basis",
    "conditions",
    "statutory_limit_is_default",
    "accept_on_receipt",
    "fee",
    "visits",
    "contacts",
    "assisted",
    "delay_service",
    "in_hall",
    "intermediary",
    "links",
    "faq",
    "warning",
    "renewal",
    "materials_note",
    "demo",
)


def guide(found: Guide, index: SearchIndex) -> Json:
    """An item for one place."""
    return {
        "release": release(found.release),
        "division": {
            "code": found.division.code,
            "name": found.division.name,
            "level": labelled("level", str(int(found.division.level))),
        },
        "offered": found.body is not None,
        "obstacle": labelled("obstacle", found.obstacle) if found.obstacle else None,
        "body": _body(found.body),
        "implementation_code": found.code,
        "route": [_stop(view) for view in found.steps],
        "outlets": [
            {
                "level": labelled("level", str(int(outlet.level))),
                "name": outlet.name,
                "division": outlet.division,
                "address": None,
                "opening_hours": None,
            }
            for outlet in found.outlets
        ],
        "unknown": list(found.unknown),
        "item": standard(found.standard, index),
    }


def theme(found: Row, count: int) -> Json:
    """A theme with the number of its items."""
    return {
        "key": found["key"],
        "name": found["name"],
        "name_en": found["name_en"],
        "side": labelled("theme_side", found["side"]),
        "count": count,
    }


def special_list(view: ListView) -> Json:
    """A special list. ``details`` holds what this list says beyond the common columns."""
    return {
        "name": view.chosen.name,
        "title": dict(label("list", view.chosen.name)),
        "release": release(view.release),
        "fields": list(view.chosen.fields),
        "items": [
            {
                **entry,
                "type_code": labelled("item_type", entry["type_code"]),
                "level": labelled("level", str(entry["level"])),
                "department": _named_department(entry["department"], view.departments),
            }
            for entry in view.entries
        ],
    }


def _stop(view: StepView) -> Json:
    """A step of the route with the bodies of the place."""
    planned = view.planned
    return {
        "role": labelled("task", view.step.role),
        "level": labelled("level", str(int(view.step.level))),
        "mode": labelled("mode", view.step.mode),
        "body": _body(view.body),
        "in_name_of": _body(view.in_name_of),
        "limit": _period(planned["limit"]),
        "basis": planned["basis"],
        "entrustment": planned.get("entrustment"),
    }


def _body(body: Body | None) -> Json | None:
    if body is None:
        return None
    return {
        "id": body.id,
        "name": body.name,
        "uscc": body.uscc,
        "kind": labelled("body_kind", body.kind),
        "demo": body.demo,
    }


def _material(material: Row) -> Json:
    late = material["deferral"]
    deferral = None
    if late:
        deferral = {
            "period": _period(late["period"]),
            "outcome": labelled("late_outcome", late["outcome"]),
            "checking": _period(late["checking"]) if late.get("checking") else None,
            "mending": _period(late["mending"]) if late.get("mending") else None,
        }
    return {
        **material,
        "necessity": labelled("necessity", material["necessity"]),
        "source": labelled("material_source", material["source"]),
        "deferral": deferral,
    }


def _step(step: Row, index: SearchIndex) -> Json:
    return {
        **step,
        "role": labelled("task", step["role"]),
        "level": labelled("level", str(step["level"])),
        "department": _department(step["department"], index),
        "mode": labelled("mode", step["mode"]),
        "limit": _period(step["limit"]),
        "entrustment": step.get("entrustment"),
    }


def _procedure(procedure: Row) -> Json:
    return {
        **procedure,
        "effect": labelled("effect", procedure["effect"]),
        "stops": StopEffect(procedure["effect"]) in STOPPING,
    }


def _commitment(commitment: Row) -> Json:
    return {
        **commitment,
        "allowed": labelled("commitment", commitment["allowed"]),
        "excluded_areas": [labelled("excluded_area", area) for area in commitment["excluded_areas"]],
        "check_within": _period(commitment["check_within"]),
        "terms": _terms(commitment["terms"]) if commitment.get("terms") else None,
    }


def _terms(terms: Row) -> Json:
    check = terms["check"]
    return {
        **terms,
        "text": text_of(terms["text"]),
        "check": {**check, "within": _period(check["within"]), "kind": labelled("check_kind", check["kind"])},
        "mending": _period(terms["mending"]),
        "hearing": _period(terms["hearing"]),
    }


def text_of(text: Row) -> Json:
    """Notice and promise with the kinds of their clauses labelled."""
    clauses = [{**clause, "kind": labelled("clause_kind", clause["kind"])} for clause in text["clauses"]]
    return {**text, "clauses": clauses}


def _online(online: Row) -> Json:
    return {
        **online,
        "depth": labelled("online_depth", str(online["depth"])) if online["depth"] else None,
        "channels": [labelled("online_channel", channel) for channel in online["channels"]],
    }


def _period(limit: Row | None) -> Json | None:
    return {**limit, "unit": labelled("unit", limit["unit"])} if limit else None


def _limits_by_step(document: Row) -> list[Json]:
    """Each limit that the law sets for a part of the way, with the element that it is; None where it names no step."""
    limits = zip(document["limits_by_step"], counted_as(document), strict=True)
    return [{**limit, "unit": labelled("unit", limit["unit"]), "counted_as": place or None} for limit, place in limits]


def _joint(joint: Row | None, index: SearchIndex) -> Json | None:
    if not joint:
        return None
    departments = [_department(code, index) for code in joint["departments"]]
    return {"kind": labelled("joint", joint["kind"]), "departments": departments, "basis": joint["basis"]}


def _correction(terms: Row | None) -> Json | None:
    if not terms:
        return None
    outcome = labelled("correction_outcome", terms["outcome"])
    return {"limit": _period(terms["limit"]), "outcome": outcome, "basis": terms["basis"]}


def _theme_of(key: str, index: SearchIndex) -> Json:
    found = next((each for each in index.themes if each["key"] == key), {"name": key, "name_en": key})
    return {"key": key, "name": found["name"], "name_en": found["name_en"]}


def _department(code: str, index: SearchIndex) -> Json:
    return _named_department(code, index.departments)


def _named_department(code: str, departments: Mapping[str, Row]) -> Json:
    found = departments.get(code, {"name": code, "name_en": code})
    return {"code": code, "zh": found["name"], "en": found["name_en"]}
