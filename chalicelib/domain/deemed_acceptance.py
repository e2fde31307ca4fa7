"""Deemed acceptance (行政许可法 32(4)): not told within the period of notice means accepted from the day of receipt.

It comes about by itself at 24:00 of the last day, wherever the case then stands before acceptance, and counts from the
moment of receipt (after a complete correction: from the moment that came in). Once recorded it stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from chalicelib.domain import supplement_dates
from chalicelib.domain.case_events import AwaitedMaterial, Document, EventRecord, TaskEnded, awaited_terms
from chalicelib.domain.case_rules import CaseState, Evolutions, Transition, Transitions, task_number
from chalicelib.domain.catalog import ImplementationItem, Limit, StepRole
from chalicelib.domain.deadlines import Lapse, Law, deadline
from chalicelib.domain.law import is_licence, notice_limit

if TYPE_CHECKING:
    from chalicelib.domain.cases import Case

BASIS = "行政许可法第三十二条第一款第四项:逾期不告知的,自收到申请材料之日起即为受理"


@dataclass(frozen=True, slots=True)
class DeemAccepted:
    """Nobody told the applicant anything in time. Number and document come from the outside."""

    basis: str
    case_number: str = ""
    document: Document | None = None
    awaited: tuple[AwaitedMaterial, ...] = ()


@dataclass(frozen=True, slots=True)
class DeemedAccepted(TaskEnded):
    """逾期未告知,视为受理. The task that was open, at whatever node before acceptance, ends with it."""

    type: ClassVar[str] = "case.deemed_accepted"
    case_number: str
    basis: str
    document: Document | None
    awaited: tuple[AwaitedMaterial, ...] = ()

    @property
    def told(self) -> Mapping[str, str]:
        """By which law, and which materials may still come later."""
        return {"basis": self.basis, **awaited_terms(self.awaited)}


def basis_of(item: ImplementationItem, limit: Limit) -> str:
    """By which rule silence is acceptance: the licensing law's, for other types that of the item's version."""
    if is_licence(item):
        return BASIS
    own = f"{limit.basis.law}第{limit.basis.article}条" if limit.basis else "本事项版本所定的一次性告知期限"
    return f"{own}:逾期不告知的,自收到申请材料之日起视为受理"


def starts_at(case: Case) -> datetime | None:
    """From when the period runs: receipt, or the last complete correction."""
    return case.notices.supplied_at or case.received_at


def lapses(case: Case, law: Law) -> Iterable[Lapse]:
    """An application that is neither accepted, nor refused, nor answered by a notice in time counts as accepted."""
    limit, start = notice_limit(law.item), starts_at(case)
    if case.state is not CaseState.RECEIVED or limit is None or start is None or _accepting(case) is None:
        return ()
    at = deadline(start, limit, law.calendar).at
    if at is None:
        return ()
    command = DeemAccepted(basis_of(law.item, limit), awaited=supplement_dates.at_acceptance(case, law, at))
    return (Lapse(at, command, since=start),)


def _accepting(case: Case) -> int | None:
    return next((i for i, node in enumerate(case.route.nodes) if node.role is StepRole.ACCEPT), None)


def _onwards(case: Case, event: DeemedAccepted, record: EventRecord) -> dict[str, Any]:
    """In review from receipt on, past the node of acceptance even where the case had not reached it."""
    accepting = _accepting(case)
    return {
        "state": CaseState.IN_REVIEW,
        "case_number": event.case_number,
        "accepted_at": record.effective_at,
        "supplements": supplement_dates.awaited(event.awaited),
        "documents": (*case.documents, event.document) if event.document else case.documents,
        "position": case.position if accepting is None else accepting + 1,
        "task": None,
    }


TRANSITIONS: Transitions = {
    DeemAccepted: Transition(
        frozenset({CaseState.RECEIVED}),
        (),
        lambda case, m, a: (DeemedAccepted(task_number(case), m.case_number, m.basis, m.document, m.awaited),),
    )
}

EVOLUTIONS: Evolutions = {DeemedAccepted: _onwards}
