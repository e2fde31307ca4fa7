"""Credit records (信用): what bars somebody, why, and how it is repaired."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib import wiring
from chalicelib.api import views
from chalicelib.domain.credit import CreditRecord, Effect, Entry, Scope, Terms
from chalicelib.edge.api import ApiBlueprint, Reply, Request, receipt_reply
from chalicelib.services import credit

bp = ApiBlueprint(__name__, tag="credit")

_NOT_FOUND = "credit.not-found"
_ACT = (_NOT_FOUND, "credit.office-only", "credit.settled", "case.text-missing", "store.conflict")
_TERMS = (
    "credit.office-only",
    "credit.outside-your-area",
    "credit.starts-later",
    "credit.ends-before-start",
    "credit.endless",
    "credit.items-missing",
    "credit.not-a-safety-matter",
    "credit.bar-too-long",
    "credit.effect-missing",
    "case.text-missing",
)


@bp.route_v1(
    "POST",
    "/credit-records",
    summary=("登记信用记录", "Enter a credit record"),
    request="credit/entry",
    response="elements/receipt",
    status=201,
    keyed=True,
    problems=(*_TERMS, "store.conflict"),
)
def enter_credit_record(request: Request) -> Reply:
    """By a credit office, for its area: what is barred, on which legal basis, how long, and the way back."""
    ports = wiring.current()
    terms = _terms(request.body["terms"], ports.clock.now())
    return receipt_reply(credit.enter(ports, request.who, request.body["subject"], terms, key=request.once))


@bp.route_v1(
    "GET",
    "/credit-records",
    summary=("信用记录", "Credit records about me, or about a subject"),
    query="credit/query",
    response="credit/list",
    problems=("credit.office-only",),
)
def list_credit_records(request: Request) -> Reply:
    """For people and organisations those about themselves; for a credit office those of its area about ``subject``."""
    ports = wiring.current()
    found = credit.listed(ports, request.who, request.query.get("subject", ""))
    return Reply({"items": [_view(record, ports.clock.now()) for record in found]})


@bp.route_v1(
    "GET",
    "/credit-records/{record_id}",
    summary=("查看信用记录", "Read a credit record"),
    response="credit/record",
    problems=(_NOT_FOUND,),
)
def read_credit_record(request: Request) -> Reply:
    """With everything that was ever entered about it."""
    ports = wiring.current()
    record, entries = credit.read(ports, request.who, request.path["record_id"])
    return Reply({**_view(record, ports.clock.now()), "entries": [_entry(entry) for entry in entries]})


@bp.route_v1(
    "POST",
    "/credit-records/{record_id}/correction",
    summary=("更正信用记录", "Correct a credit record"),
    request="credit/correction",
    response="elements/receipt",
    keyed=True,
    problems=(_NOT_FOUND, "credit.settled", *_TERMS, "store.conflict"),
)
def correct_credit_record(request: Request) -> Reply:
    """What it said before stays on file."""
    ports = wiring.current()
    terms = _terms(request.body["terms"], ports.clock.now())
    record_id, reason = request.path["record_id"], request.body["reason"]
    return receipt_reply(credit.correct(ports, request.who, record_id, terms, reason, key=request.once))


@bp.route_v1(
    "POST",
    "/credit-records/{record_id}/striking",
    summary=("撤销信用记录", "Strike a credit record"),
    request="tasks/reason",
    response="elements/receipt",
    keyed=True,
    problems=_ACT,
)
def strike_credit_record(request: Request) -> Reply:
    """For a record that was wrong from the beginning."""
    record_id, reason = request.path["record_id"], request.body["reason"]
    return receipt_reply(credit.strike(wiring.current(), request.who, record_id, reason, key=request.once))


@bp.route_v1(
    "POST",
    "/credit-records/{record_id}/repair",
    summary=("信用修复", "Record a credit repair"),
    request="credit/repair",
    response="elements/receipt",
    keyed=True,
    problems=(*_ACT, "credit.not-repairable"),
)
def repair_credit(request: Request) -> Reply:
    """Lifts the bar from now on; what was refused before stays refused."""
    record_id, how = request.path["record_id"], request.body["how"]
    return receipt_reply(credit.repair(wiring.current(), request.who, record_id, how, key=request.once))


def _terms(told: Mapping[str, Any], now: datetime) -> Terms:
    scope = told["scope"]
    return Terms(
        reason=told["reason"],
        law=told["law"],
        article=told["article"],
        effects=tuple(Effect(effect) for effect in told["effects"]),
        scope=Scope(scope["division"], tuple(scope.get("items", ())), tuple(scope.get("departments", ()))),
        start=views.moment(told["start"], "/terms/start") if "start" in told else now,
        end=views.moment(told["end"], "/terms/end") if told.get("end") else None,
        repair_way=told.get("repair_way", ""),
    )


def _spelt(terms: Terms) -> dict[str, Any]:
    return {
        "reason": terms.reason,
        "law": terms.law,
        "article": terms.article,
        "effects": [views.labelled("credit_effect", effect) for effect in terms.effects],
        "scope": {
            "division": terms.scope.division,
            "items": list(terms.scope.items),
            "departments": list(terms.scope.departments),
        },
        "start": views.instant(terms.start),
        "end": views.instant(terms.end),
        "repair_way": terms.repair_way,
    }


def _view(record: CreditRecord, now: datetime) -> dict[str, Any]:
    repaired = record.repair
    return {
        "id": record.id,
        "subject": record.subject,
        "source": views.labelled("credit_source", record.source),
        "terms": _spelt(record.terms),
        "bars_now": record.bars_at(now),
        "entered_at": views.instant(record.entered_at),
        "body": record.body,
        "case": record.case_id,
        "repaired": {"how": repaired.how, "at": views.instant(repaired.at), "body": repaired.body}
        if repaired
        else None,
        "struck_at": views.instant(record.struck_at),
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "number": entry.number,
        "kind": views.labelled("credit_entry", entry.kind),
        "at": views.instant(entry.at),
        "body": entry.body,
        "text": entry.text,
        "terms": _spelt(entry.terms) if entry.terms else None,
    }
