"""Incomplete-material acceptance: handing in what was deferred, checking it, and the decision that waits for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from chalicelib.domain import cases, supplements
from chalicelib.domain.actors import Actor
from chalicelib.domain.case_events import SubmittedMaterial
from chalicelib.domain.case_rules import Act
from chalicelib.domain.cases import Case
from chalicelib.domain.documents import DocumentKind
from chalicelib.domain.supplements import CheckSupplements, HoldDecision, Supply, Verdict
from chalicelib.services import lapses, uploads
from chalicelib.services.changes import change
from chalicelib.services.documents import write
from chalicelib.services.ports import Ports, Receipt, RequestKey


def supply(
    ports: Ports,
    actor: Actor,
    case_id: str,
    materials: Sequence[SubmittedMaterial],
    *,
    key: RequestKey | None = None,
) -> Receipt:
    """Hand in some or all of the deferred materials, with a receipt.

    Raises Invalid with everything that is not awaited (``supplement.not-awaited``), comes twice, or has no clean upload
    behind it; Refused after the case has ended.
    """

    def build(case: Case, now: datetime) -> Supply:
        document = write(ports, case, DocumentKind.RECEIPT, now)
        return Supply(tuple(materials), tuple(uploads.unbacked(ports, case, materials)), document)

    return change(ports, actor, case_id, Supply, build, key=key)


def check(
    ports: Ports, actor: Actor, case_id: str, verdicts: Sequence[Verdict], *, key: RequestKey | None = None
) -> Receipt:
    """Say of supplements whether they are in order, and every defect of the others, in one numbered notice.

    Where a decision was ready and nothing else is awaited, it is taken in the same act.
    """

    def build(case: Case, now: datetime) -> CheckSupplements:
        command, act = CheckSupplements(tuple(verdicts)), Act(actor, now, lapses.law_of(ports, case))
        cases.judge(case, command, act)
        told = cases.TRANSITIONS[CheckSupplements].emit(case, command, act)[0].told
        if told:
            notice = write(ports, case, DocumentKind.SUPPLEMENT_NOTICE, now, **told)
            command = replace(command, document=notice)
        ready = supplements.releases(case, command, act)
        if ready is not None:
            grant = write(ports, case, DocumentKind.GRANT, now, opinion=ready.opinion)
            command = replace(command, decision=grant)
        return command

    return change(ports, actor, case_id, CheckSupplements, build, key=key)


def hold_decision(ports: Ports, actor: Actor, case_id: str, *, opinion: str, key: RequestKey | None = None) -> Receipt:
    """Have the grant ready while a supplement is still awaited: it is taken when the last one is in order (D3)."""
    command = HoldDecision(opinion)
    return change(ports, actor, case_id, HoldDecision, lambda case, now: command, key=key)
