"""A request body for every route that takes one: valid, so that what answers is the door and not the form."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from app import app
from chalicelib.edge.api import RouteSpec, specs
from chalicelib.edge.examples import example_of
from chalicelib.edge.openapi import document as document_of
from tests import bookings
from tests import factories as f

WISH = {"place": bookings.PLACE, "item": f.BASIC}
TERMINAL = {
    "kind": "terminal",
    "division": f.BANNER,
    "name": "自助终端",
    "address": "示例路1号",
    "phone": "0479-0000000",
    "since": "2026-04-01",
    "windows": [{"id": "w1", "kind": "general", "name": "终端"}],
    "items": [f.BASIC],
    "hours": [
        {
            "kind": "regular",
            "weekdays": [1, 2, 3, 4, 5],
            "spans": [{"start": "08:30", "end": "17:30"}],
            "since": "2026-04-01",
        }
    ],
}

BODIES: dict[str, Any] = {
    "POST /v1/appointments": {**WISH, "start": "2026-03-04T09:00:00+08:00"},
    "POST /v1/appointments/waiting-list": {**WISH, "day": "2026-03-04"},
    "POST /v1/authorities": {"principal": "herder", "items": [f.BASIC], "until": "2026-12-31T16:00:00+00:00"},
    "POST /v1/place-proposals": {"opinion": "新设", "places": [TERMINAL]},
    "POST /v1/places/{place_id}/queue": {"item": f.BASIC},
    "POST /v1/places/{place_id}/queue/calls": {"window": "W1"},
    "POST /v1/visits": {**WISH, "division": f.GACHA, "address": "示例嘎查1号", "ground": "elderly"},
    "POST /v1/cases": {"item": f.BASIC, "division": f.GACHA, "channel": "web"},
    "PUT /v1/cases/{case_id}/application": {"form": {"subject": "初中教师"}, "materials": []},
    "POST /v1/cases/{case_id}/correction": {"form": {"subject": "初中教师"}},
    "POST /v1/cases/{case_id}/spot-correction": {
        "changes": [{"field": "/form/subject", "value": "初中教师"}],
        "confirmed_by": "申请人签字",
    },
    "POST /v1/claims": {"receipt": "$receipt", "number": f.RESIDENT},
    "POST /v1/cases/{case_id}/commitment/signature": {"text_version": 1, "text_digest": "$text", "confirmed": True},
    "POST /v1/cases/{case_id}/supplements": {"materials": [{"code": "d1", "form": "paper", "name": "住所使用证明"}]},
    "POST /v1/cases/{case_id}/supplements/check": {"verdicts": [{"material": "d1", "defects": ["未盖章"]}]},
    "POST /v1/outages": {"service": "uploads", "since": "2026-03-02T08:30:00+08:00", "reason": "停机"},
    "POST /v1/outages/{outage_id}/end": {"until": "2026-03-02T08:30:00+08:00"},
    "POST /v1/cases/{case_id}/uploads": {
        "material": "m1",
        "name": "申请书.pdf",
        "media_type": "application/pdf",
        "size": 48213,
        "sha256": "a" * 64,
    },
    "POST /v1/cases/{case_id}/paper-record": {"papers": [{"code": "m1", "handling": "seen"}]},
    "POST /v1/cases/{case_id}/fee-payment": {"amount": 20000, "method": "online", "receipt_number": "15260001"},
    "POST /v1/delivery-reports/{sender}": {
        "type": "message.delivered",
        "timestamp": "2026-03-02T01:00:00+00:00",
        "data": {"key": f"{'0' * 26}.case-accepted.{'0' * 26}", "reference": "ref-1"},
    },
    "POST /v1/enquiries": {"question": "需要什么材料?", "item": f.BASIC},
    "POST /v1/enquiries/{enquiry_id}/case": {"case": "$received"},
    "POST /v1/enquiries/{enquiry_id}/handover": {"body": f.BANNER_BUREAU.id, "reason": "属于教育部门职责"},
    "POST /v1/mandates": {
        "officer": "league-decider",
        "items": [f.BASIC],
        "until": "2026-12-31T16:00:00+00:00",
    },
}
"""Where the schema's own example, which serves all other routes, would be refused for what it says. ``$`` before the
name of an object stands for its id.
"""

QUERIES: dict[str, dict[str, str]] = {
    "GET /v1/delay-service": {"division": f.LEAGUE},
    "GET /v1/divisions": {"parent": f.BANNER},
    "GET /v1/help": {"division": f.SUM},
    "GET /v1/items/{item_code}/guide": {"division": f.GACHA},
    "GET /v1/places": {"division": f.LEAGUE},
    "GET /v1/places/{place_id}/slots": {"day": "2026-03-04", "item": f.BASIC},
    "GET /v1/places/{place_id}/timetable": {"month": "2026-03"},
    "GET /v1/where": {"item": f.BASIC, "division": f.GACHA},
}
"""The parameters that a route cannot do without."""


def body_of(spec: RouteSpec, objects: Mapping[str, str]) -> Any:
    """What a route is sent; None for one without a body."""
    if spec.request is None:
        return None
    if spec.operation in BODIES:
        return _filled(BODIES[spec.operation], objects)
    document = _document()
    schema = document["paths"][spec.path][spec.method.lower()]["requestBody"]["content"]["application/json"]["schema"]
    return example_of(document, schema)


def _filled(body: Any, objects: Mapping[str, str]) -> Any:
    if isinstance(body, dict):
        return {name: _filled(value, objects) for name, value in body.items()}
    return objects[body[1:]] if isinstance(body, str) and body.startswith("$") else body


@cache
def _document() -> dict[str, Any]:
    return document_of(specs(app))
