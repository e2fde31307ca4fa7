"""The one-time notice and its correction: what officers tell, what applicants supply (B2, B3, B4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.domain import access, deemed_acceptance, materials, notices, supplement_dates
from chalicelib.domain.actors import Actor
from chalicelib.domain.case_events import SubmittedMaterial
from chalicelib.domain.cases import Case, CaseState
from chalicelib.domain.catalog import ImplementationItem, StepRole
from chalicelib.domain.deadlines import Deadline, Law, deadline
from chalicelib.domain.documents import DocumentKind
from chalicelib.domain.errors import Forbidden, Refused, Violation
from chalicelib.domain.law import notice_limit
from chalicelib.domain.notices import Correct, Defect, SendNotice, SpotCorrect
from chalicelib.services import cases, forms, uploads
from chalicelib.services.changes import change
from chalicelib.services.documents import write
from chalicelib.services.lapses import law_of
from chalicelib.services.ports import Ports, Receipt, RequestKey

Describe = Callable[[Violation], str]
"""The Chinese sentence of a violation: what the platform found is told in the words that the problem has."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What an officer adds to a notice: a field by its pointer, or a material by its code, with a page of it."""

    place: str
    reason: str
    page: int = 0


@dataclass(frozen=True, slots=True)
class Check:
    """The platform's own pass over an application.

    ``places`` limit a further notice to what was newly supplied; None: everything may be named.
    ``until`` is when the period of notice ends.
    """

    case: Case
    defects: tuple[Defect, ...]
    places: tuple[str, ...] | None
    until: Deadline | None


def check(ports: Ports, actor: Actor, case_id: str, describe: Describe) -> Check:
    """One pass over form, texts and materials, for the officer who has to accept or to tell.

    Raises NotFound, Forbidden for everybody else, Refused once the application is not to be judged any more.
    """
    case = cases.read(ports, actor, case_id, "check")
    if not access.has_turn(case, actor) or case.task is None or case.task.role != StepRole.ACCEPT:
        raise Forbidden.because("case.act-not-yours")
    law = _law(ports, case)
    if case.state is not CaseState.RECEIVED:
        raise Refused.because("case.wrong-state", state=case.state)
    limit, start = notice_limit(law.item), deemed_acceptance.starts_at(case)
    return Check(
        case,
        _found(ports, case, law.item, describe),
        case.notices.supplied if case.notices.sent else None,
        deadline(start, limit, law.calendar) if limit and start else None,
    )


def notify(
    ports: Ports,
    actor: Actor,
    case_id: str,
    demands: Sequence[Demand],
    describe: Describe,
    *,
    key: RequestKey | None = None,
) -> Receipt:
    """Tell the applicant once: the platform's own list and what the officer adds, in a numbered, dated document.

    Raises Invalid with every demand that the version does not know (``notice.field-not-in-form``,
    ``notice.material-not-in-version``) or that comes too late (``notice.not-newly-supplied``).
    """

    def build(case: Case, now: datetime) -> SendNotice:
        item = _law(ports, case).item
        found = _found(ports, case, item, describe)
        added = tuple(Defect(d.place, notices.name_of(item, d.place), d.reason, d.page) for d in demands)
        words = notices.notice_texts((*found, *added), notices.correction_terms(item))
        document = write(ports, case, DocumentKind.CORRECTION_NOTICE, now, **words)
        return SendNotice(found, added, document)

    return change(ports, actor, case_id, SendNotice, build, key=key)


def correct(
    ports: Ports,
    actor: Actor,
    case_id: str,
    *,
    form: Mapping[str, Any] | None,
    supplied: Sequence[SubmittedMaterial],
    key: RequestKey | None = None,
) -> Receipt:
    """Supply all that the notice named, and nothing else. The case is received again, a new period begins.

    Raises Invalid with every place changed unasked (``correction.place-not-named``), every defect left open
    (``correction.not-settled``) and all that the form schema finds.
    """

    def build(case: Case, now: datetime) -> Correct:
        item = _law(ports, case).item
        whole = case.form if form is None else form
        unfit = (*forms.unfit(ports, item, whole, now), *uploads.unbacked(ports, case, supplied))
        entailed = forms.unfit(ports, item, notices.named_part(case, whole), now) if form is not None else ()
        document = write(ports, case, DocumentKind.RECEIPT, now)
        return Correct(form, tuple(supplied), unfit, tuple(v.pointer for v in entailed), document)

    return change(ports, actor, case_id, Correct, build, key=key)


def correct_on_the_spot(
    ports: Ports,
    actor: Actor,
    case_id: str,
    changes: Mapping[str, tuple[Any, ...]],
    confirmed_by: str,
    *,
    key: RequestKey | None = None,
) -> Receipt:
    """Mend fields of the form with the applicant present, who confirms it (行政许可法 32(3)).

    Raises Refused ``correction.not-on-the-spot`` for whoever neither filed it nor holds its task.
    """

    def build(case: Case, now: datetime) -> SpotCorrect:
        item = _law(ports, case).item
        mended = notices.with_changes(case.form, changes)
        return SpotCorrect(changes, confirmed_by, forms.unfit(ports, item, mended, now))

    return change(ports, actor, case_id, SpotCorrect, build, key=key)


def _found(ports: Ports, case: Case, item: ImplementationItem, describe: Describe) -> tuple[Defect, ...]:
    violations = (
        *forms.unfit(ports, item, case.form, ports.clock.now()),
        *materials.violations(item, case.materials, later=supplement_dates.promised_later(case)),
    )
    return notices.findings(case, item, ((v, describe(v)) for v in violations))


def _law(ports: Ports, case: Case) -> Law:
    law = law_of(ports, case)
    if law is None:
        raise Refused.because("case.wrong-state", state=case.state)
    return law
