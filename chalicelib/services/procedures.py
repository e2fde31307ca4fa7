"""Special procedures of a case, and the extension of its time."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.domain.actors import Actor
from chalicelib.domain.documents import DocumentKind
from chalicelib.domain.extensions import Extend
from chalicelib.domain.procedures import AssignOfficers, RecordResult, StartProcedure
from chalicelib.services.changes import change
from chalicelib.services.documents import blank
from chalicelib.services.ports import Ports, Receipt, RequestKey
from chalicelib.services.written import change_in_writing


def start(
    ports: Ports, actor: Actor, case_id: str, *, kind: str, reason: str, days: int, key: RequestKey | None = None
) -> Receipt:
    """Begin a procedure of the version with a written notice. The clock stands from the next day, if it stops it."""
    notice = DocumentKind.PROCEDURE_NOTICE
    command = StartProcedure(kind, reason, days, blank(notice, ports.clock.now()))
    return change_in_writing(ports, actor, case_id, command, notice, key)


def assign(
    ports: Ports, actor: Actor, case_id: str, *, procedure: int, officers: Sequence[str], key: RequestKey | None = None
) -> Receipt:
    """Name those who inspect, test or quarantine (行政许可法 55)."""
    command = AssignOfficers(procedure, tuple(officers))
    return change(ports, actor, case_id, AssignOfficers, lambda case, now: command, key=key)


def record_result(
    ports: Ports,
    actor: Actor,
    case_id: str,
    *,
    procedure: int,
    result: str,
    officers: Sequence[str] = (),
    key: RequestKey | None = None,
) -> Receipt:
    """The result is there today; the clock goes on tomorrow."""
    command = RecordResult(procedure, result, tuple(officers))
    return change(ports, actor, case_id, RecordResult, lambda case, now: command, key=key)


def extend(
    ports: Ports, actor: Actor, case_id: str, *, days: int, reason: str, key: RequestKey | None = None
) -> Receipt:
    """The head approves more time, once; the applicant is told why in writing (行政许可法 42)."""
    notice = DocumentKind.EXTENSION_NOTICE
    return change_in_writing(ports, actor, case_id, Extend(days, reason, blank(notice, ports.clock.now())), notice, key)
