"""Incomplete-material acceptance: handing in what was deferred, checking it, and the decision that waits for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from chalicelib.domain import cases, supplements
from chalicelib.domain.actors import Actor
from chalicelib.domain.case_events import SubmittedMaterial
from chalicelib.domain.case_rules import Act
from chalicelib.domain.cases import Case
from chalicelib.domain.documents import DocumentKind
from chalicelib.domain.errors import Violation
from chalicelib.domain.materials import HELD
from chalicelib.domain.supplements import CheckSupplements, HoldDecision, Supply, Verdict
from chalicelib.services import held, lapses, uploads
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

    What the platform has come to hold meanwhile is only named, with the form ``held`` (国务院令716号 7). Raises Invalid
    with everything that is not awaited (``supplement.not-awaited``), comes twice, has no clean upload behind it or is
    not held; Refused after the case has ended.
    """

    def build(case: Case, now: datetime) -> Supply:
        document = write(ports, case, DocumentKind.RECEIPT, now)
        found = held.standing_for(ports, case, {m.code for m in materials if m.form == HELD}, now)
        unfit = (*uploads.unbacked(ports, case, materials), *_not_held(materials, found))
        return Supply(tuple(found.get(m.code, m) for m in materials), unfit, document)

    return change(ports, actor, case_id, Supply, build, key=key)


def _not_held(materials: Sequence[SubmittedMaterial], found: Mapping[str, SubmittedMaterial]) -> Iterator[Violation]:
    for at, material in enumerate(materials):
        if material.form == HELD and material.code not in found:
            yield Violation("supplement.not-held", f"/materials/{at}/form", {"code": material.code})


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
