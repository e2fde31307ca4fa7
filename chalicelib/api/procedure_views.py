"""Procedures, extension and hearing of a case as its readers see them: labels, and why the clock stands."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chalicelib.api.views import instant, labelled
from chalicelib.domain import access, procedures
from chalicelib.domain.actors import Actor
from chalicelib.domain.case_rules import Act
from chalicelib.domain.cases import Case
from chalicelib.domain.certificates import masked
from chalicelib.domain.deadlines import ONE_DAY, Law, legal_day
from chalicelib.domain.hearing_rights import Hearing, Interested, hold_until, request_is_open, request_until
from chalicelib.domain.hearings import none_pending
from chalicelib.domain.procedure_kinds import ASSIGNED, basis_of
from chalicelib.domain.procedures import Procedure


def shown(case: Case, viewer: Actor, law: Law | None, now: datetime) -> dict[str, Any]:
    """What a case shows beyond its core. ``law``: what it is judged by, None for a draft."""
    extended = case.extended
    return {
        "procedures": [_procedure(case, p, law) for p in case.procedures] if law else [],
        "hearing": _hearing(case, case.hearing, viewer, law, now) if case.hearing and law else None,
        "extension": {
            "value": extended.limit.value,
            "unit": str(extended.limit.unit),
            "basis": basis_of(extended.limit.basis),
            "approved_at": instant(extended.approved_at),
            "notice": extended.notice,
        }
        if extended
        else None,
    }


def _procedure(case: Case, procedure: Procedure, law: Law) -> dict[str, Any]:
    ended = procedure.result_at
    since = legal_day(procedure.notified_at) + ONE_DAY
    until = legal_day(ended) if ended else None
    stood = procedure.stops and (until is None or since <= until)
    return {
        "number": procedure.number,
        "kind": labelled("procedure", procedure.kind),
        "name": procedure.name,
        "basis": procedure.basis,
        "days": procedure.days,
        "clock": _clock(procedure.stops),
        "notified_at": instant(procedure.notified_at),
        "notice": procedure.notice,
        "result_at": instant(ended),
        "stopped_from": since.isoformat() if stood else None,
        "stopped_to": until.isoformat() if stood and until else None,
        "assignment": _assignment(case, procedure, law) if procedure.kind in ASSIGNED else None,
    }


def _assignment(case: Case, procedure: Procedure, law: Law) -> dict[str, Any]:
    due = procedures.assignment_due(case, law)
    assigned = procedure.assigned_at
    return {
        "due": instant(due.at) if due else None,
        "assigned_at": instant(assigned),
        "officers": len(procedure.assigned),
        "late": bool(due and due.at and assigned and assigned >= due.at),
    }


def _clock(stops: bool) -> dict[str, str]:
    return labelled("procedure_clock", "stopped" if stops else "counted")


def _hearing(case: Case, hearing: Hearing, viewer: Actor, law: Law, now: datetime) -> dict[str, Any]:
    until, hold = request_until(hearing, law), hold_until(hearing, law)
    act = Act(viewer, now, law)
    return {
        "ground": labelled("hearing_ground", hearing.ground),
        "stage": labelled("hearing_stage", _stage(hearing, act)),
        "notified_at": instant(hearing.notified_at),
        "notice": hearing.notice,
        "request_until": instant(until.at),
        "request_until_provisional": until.provisional,
        "hold_until": instant(hold.at) if hold else None,
        "held_on": instant(hearing.held_on),
        "place": hearing.place,
        "ended_at": instant(hearing.ended_at),
        "clock": _clock(hearing.stops),
        "blocks_decision": none_pending(case, None, act) is not None,
        "parties": [_party(party, viewer, access.has_turn(case, viewer)) for party in hearing.parties],
    }


def _stage(hearing: Hearing, act: Act) -> str:
    if hearing.ended_at:
        return "held"
    if hearing.is_due:
        return "scheduled" if hearing.held_on else "due"
    if all(p.waived_at for p in hearing.parties):
        return "waived"
    return "open" if request_is_open(hearing, act) else "closed"


def _party(party: Interested, viewer: Actor, examining: bool) -> dict[str, Any]:
    """Third parties are not told to each other, nor to supervisors: only whoever examines needs their names."""
    return {
        "number": party.number,
        "role": labelled("hearing_party", party.role),
        "name": party.name if examining or party.subject == viewer.subject else masked(party.name),
        "requested_at": instant(party.requested_at),
        "waived_at": instant(party.waived_at),
    }
