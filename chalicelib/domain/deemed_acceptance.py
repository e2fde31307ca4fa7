"""Deemed acceptance (行政许可法 32(4)): not told within the period of notice means accepted from the day of receipt.

It comes about by itself at 24:00 of the last day, wherever the case then stands before acceptance, and counts from the
moment of receipt (after a complete correction: from the moment that came in). Once recorded it stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from chalicelib.domain.case_events import Document, EventRecord, TaskEnded
from chalicelib.domain.case_rules import CaseState, Evolutions, Transition, Transitions, task_number
from chalicelib.domain.catalog import ImplementationItem, Limit, LimitUnit, StepRole
from chalicelib.domain.deadlines import Lapse, Law, deadline

if TYPE_CHECKING:
    from chalicelib.domain.cases import Case

LICENCE = "01"
FIVE_DAYS = Limit(5, LimitUnit.WORKDAY)
"""行政许可法 32(4); days of that law are working days (82)."""

BASIS = "行政许可法第三十二条第一款第四项:逾期不告知的,自收到申请材料之日起即为受理"


@dataclass(frozen=True, slots=True)
class DeemAccepted:
    """Nobody told the applicant anything in time. Number and document come from the outside."""

    case_number: str = ""
    document: Document | None = None


@dataclass(frozen=True, slots=True)
class DeemedAccepted(TaskEnded):
    """逾期未告知,视为受理. The task that was open, at whatever node before acceptance, ends with it."""

    type: ClassVar[str] = "case.deemed_accepted"
    case_number: str
    document: Document | None

    @property
    def told(self) -> Mapping[str, str]:
        """By which law."""
        return {"basis": BASIS}


def period(item: ImplementationItem) -> Limit | None:
    """The period of notice: the version's own, for licences the law's; None where nothing sets one."""
    return item.notice_limit or (FIVE_DAYS if item.type_code == LICENCE else None)


def starts_at(case: Case) -> datetime | None:
    """From when the period runs: receipt, or the last complete correction."""
    return case.notices.supplied_at or case.received_at


def lapses(case: Case, law: Law) -> Iterable[Lapse]:
    """An application that is neither accepted, nor refused, nor answered by a notice in time counts as accepted."""
    limit, start = period(law.item), starts_at(case)
    if case.state is not CaseState.RECEIVED or limit is None or start is None or _accepting(case) is None:
        return ()
    at = deadline(start, limit, law.calendar).at
    return (Lapse(at, DeemAccepted(), since=start),) if at is not None else ()


def _accepting(case: Case) -> int | None:
    return next((i for i, node in enumerate(case.route.nodes) if node.role is StepRole.ACCEPT), None)


def _onwards(case: Case, event: DeemedAccepted, record: EventRecord) -> dict[str, Any]:
    """In review from receipt on, past the node of acceptance even where the case had not reached it."""
    accepting = _accepting(case)
    return {
        "state": CaseState.IN_REVIEW,
        "case_number": event.case_number,
        "accepted_at": record.effective_at,
        "documents": (*case.documents, event.document) if event.document else case.documents,
        "position": case.position if accepting is None else accepting + 1,
        "task": None,
    }


TRANSITIONS: Transitions = {
    DeemAccepted: Transition(
        frozenset({CaseState.RECEIVED}),
        (),
        lambda case, m, a: (DeemedAccepted(task_number(case), m.case_number, m.document),),
    )
}

EVOLUTIONS: Evolutions = {DeemedAccepted: _onwards}
