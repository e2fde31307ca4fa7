"""The one-time notice (一次性告知) and the applicant's correction (行政许可法 32(3), 32(4)).

What is wrong is found in one pass and told once, each defect with its exact place: a field of the version's form, or
a material of the version and a page of it. Nothing else can be demanded (B2). A later notice speaks of nothing but what
was newly supplied (B3). The correction changes the places that were named, all of them, and nothing else; it starts a
new period of notice (B4). What can be mended on the spot is mended on the spot.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from chalicelib.domain import form_places as places
from chalicelib.domain.case_events import Document, Event, EventRecord, SubmittedMaterial, TaskEnded
from chalicelib.domain.case_rules import (
    MINE,
    Act,
    CaseState,
    Evolutions,
    Transition,
    Transitions,
    task_is_one_of,
    task_number,
    text_is_given,
)
from chalicelib.domain.catalog import Correction, CorrectionOutcome, ImplementationItem, Limit, StepRole
from chalicelib.domain.deadlines import Lapse, Law, deadline, legal_day
from chalicelib.domain.errors import Violation
from chalicelib.domain.materials import is_held
from chalicelib.domain.presence import is_filer

if TYPE_CHECKING:
    from chalicelib.domain.cases import Case

S = CaseState


@dataclass(frozen=True, slots=True)
class Defect:
    """What is wrong, and exactly where.

    ``place`` is a JSON pointer: ``/form/…`` for a field, ``/materials/<code>`` for a material, then with the ``page``
    if it is about one. ``name`` is what the version calls the place, ``reason`` what the applicant is told.
    ``code`` is that of the platform's own finding, empty where an officer saw it.
    """

    place: str
    name: str
    reason: str
    page: int = 0
    code: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice that was sent: the number of its document, when, and all that it names."""

    number: str
    sent_at: datetime
    defects: tuple[Defect, ...]


@dataclass(frozen=True, slots=True)
class Notices:
    """What a case remembers of them.

    ``supplied`` are the places that came in new since the last notice: only they can be named in a further one.
    ``supplied_at`` is when the last complete correction came; a new period of notice runs from then.
    """

    sent: tuple[Notice, ...] = ()
    supplied: tuple[str, ...] = ()
    supplied_at: datetime | None = None


NONE_SENT = Notices()


# -- commands ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SendNotice:
    """Tell the applicant once. ``found`` is the platform's own list, ``added`` what the officer adds to it."""

    found: tuple[Defect, ...]
    added: tuple[Defect, ...]
    document: Document


@dataclass(frozen=True, slots=True)
class Correct:
    """The applicant supplies what was named.

    ``form`` is the whole form, None where no field was named; ``materials`` are those handed in anew. ``unfit`` is
    what the form schema finds; ``entailed`` are the places that the named corrections themselves make necessary (a
    field that is required only since another one changed).
    """

    form: Mapping[str, Any] | None
    materials: tuple[SubmittedMaterial, ...]
    unfit: tuple[Violation, ...]
    entailed: tuple[str, ...]
    document: Document


@dataclass(frozen=True, slots=True)
class SpotCorrect:
    """The officer mends fields with the applicant present: place to new value (empty tuple: taken away)."""

    changes: Mapping[str, tuple[Any, ...]]
    confirmed_by: str
    unfit: tuple[Violation, ...]


@dataclass(frozen=True, slots=True)
class LapseCorrection:
    """The period for correcting is over and nothing came."""

    outcome: CorrectionOutcome
    reason: str
    basis: str
    document: Document | None = None


# -- events --------------------------------------------------------------------------------------------


def notice_texts(defects: Iterable[Defect], correction: str) -> dict[str, str]:
    """The words of a notice of correction."""
    lines = (f"{i}. {d.name}{f',第{d.page}页' if d.page else ''}:{d.reason}" for i, d in enumerate(defects, 1))
    return {"defects": "\n".join(lines), "correction": correction}


@dataclass(frozen=True, slots=True)
class NoticeSent(Event):
    """一次性告知: what has to be corrected, all of it. ``correction`` says by when and what follows otherwise."""

    type: ClassVar[str] = "case.notified"
    defects: tuple[Defect, ...]
    correction: str
    document: Document

    @property
    def told(self) -> Mapping[str, str]:
        """All of it at once."""
        return notice_texts(self.defects, self.correction)


@dataclass(frozen=True, slots=True)
class CorrectionReceived(Event):
    """补正材料 came in whole. ``places`` are those that are new in it."""

    type: ClassVar[str] = "case.corrected"
    carries_application: ClassVar[bool] = True
    form: Mapping[str, Any]
    materials: tuple[SubmittedMaterial, ...]
    places: tuple[str, ...]
    document: Document


@dataclass(frozen=True, slots=True)
class SpotCorrected(Event):
    """当场更正, with the applicant's confirmation. Values before and after, by place; empty: there was none."""

    type: ClassVar[str] = "case.spot_corrected"
    carries_application: ClassVar[bool] = True
    before: Mapping[str, tuple[Any, ...]]
    after: Mapping[str, tuple[Any, ...]]
    confirmed_by: str

    @property
    def places(self) -> tuple[str, ...]:
        """Where, without what was written there."""
        return tuple(sorted(self.after))


@dataclass(frozen=True, slots=True)
class CorrectionLapsed(TaskEnded):
    """Not corrected in time, with the outcome that the version says."""

    type: ClassVar[str] = "case.correction_lapsed"
    outcome: str
    reason: str
    basis: str
    document: Document | None

    @property
    def told(self) -> Mapping[str, str]:
        """Why, and by which law."""
        return {"reason": self.reason, "basis": self.basis}


# -- what a notice may name -----------------------------------------------------------------------------


def is_known(item: ImplementationItem, place: str) -> bool:
    """True if the version has this field of the form or this material (B2)."""
    head, *names = places.tokens(place) or ("",)
    if head == "materials":
        return len(names) == 1 and names[0] in {m.code for m in item.materials}
    return places.field(item.form, place) is not None


def name_of(item: ImplementationItem, place: str) -> str:
    """What the version calls a place."""
    head, *names = places.tokens(place) or ("",)
    if head == "materials" and names:
        return next((m.name for m in item.materials if m.code == names[0]), names[0])
    return places.title(item.form, place)


def may_name(case: Case, place: str) -> bool:
    """The first notice may name any place, a later one only what was newly supplied (B3)."""
    return not case.notices.sent or any(places.covers(new, place) for new in case.notices.supplied)


def findings(case: Case, item: ImplementationItem, found: Iterable[tuple[Violation, str]]) -> tuple[Defect, ...]:
    """The platform's own list: each violation with its sentence, as far as this notice may still name it.

    What stood in the application before an earlier notice could have been told then, and cannot be told now.
    """
    defects: dict[str, Defect] = {}
    for violation, sentence in found:
        code = violation.params.get("code")
        place = places.material(str(code)) if violation.pointer.startswith(places.MATERIALS) else violation.pointer
        if is_known(item, place) and may_name(case, place):
            defects.setdefault(place, Defect(place, name_of(item, place), sentence, code=violation.code))
    return tuple(defects.values())


def _unlawful_demands(case: Case, command: SendNotice, act: Act) -> Iterator[Violation]:
    """Everything that a notice names and may not name, not only the first."""
    if not command.found and not command.added:
        yield Violation("notice.nothing-to-tell", "/defects")
    for at, defect in enumerate(command.added):
        material = defect.place.startswith(places.MATERIALS)
        pointer = f"/defects/{at}/{'material' if material else 'field'}"
        if act.law is not None and not is_known(act.law.item, defect.place):
            code = "notice.material-not-in-version" if material else "notice.field-not-in-form"
            yield Violation(code, pointer, {"place": defect.place})
        elif material and is_held(case, defect.place.rsplit("/", 1)[-1]):
            yield Violation("material.held", pointer, {"code": defect.place.rsplit("/", 1)[-1]})
        elif material and defect.place.rsplit("/", 1)[-1] in _not_there_yet(case):
            yield Violation("notice.material-deferred", pointer, {"code": defect.place.rsplit("/", 1)[-1]})
        elif not may_name(case, defect.place):
            yield Violation("notice.not-newly-supplied", pointer, {"place": defect.place})
        if not defect.reason.strip():
            yield Violation("case.text-missing", f"/defects/{at}/reason")


def _not_there_yet(case: Case) -> set[str]:
    """What the applicant may hand in later: it can have no defect, and not be demanded now (D1)."""
    return {wish.code for wish in case.deferred} - {m.code for m in case.materials}


def _notify(case: Case, command: SendNotice, act: Act) -> tuple[Event, ...]:
    defects = (*command.found, *command.added)
    return (NoticeSent(defects, correction_terms(act.law.item if act.law else None), command.document),)


# -- correcting -----------------------------------------------------------------------------------------


def open_defects(case: Case) -> tuple[Defect, ...]:
    """What the applicant has been asked to correct and has not corrected yet."""
    return case.notices.sent[-1].defects if case.state is S.CORRECTING and case.notices.sent else ()


def named_part(case: Case, form: Mapping[str, Any]) -> dict[str, Any]:
    """The form as it stands, with only the named places of the new one: what else changes, this must make necessary."""
    merged = dict(case.form)
    for place in dict.fromkeys(d.place for d in open_defects(case)):
        if places.covers(places.FORM, place):
            merged = places.put(merged, place, places.get(form, place))
    return merged


def _new_places(case: Case, command: Correct) -> tuple[str, ...]:
    fields = places.changes(case.form, command.form) if command.form is not None else ()
    return (*fields, *(places.material(m.code) for m in command.materials))


def _flaws_of_correction(case: Case, command: Correct, act: Act) -> Iterator[Violation]:
    """Every place changed unasked, every defect left open, and whatever the form schema finds."""
    named = {d.place for d in open_defects(case)}
    allowed = {*named, *command.entailed}
    changed = tuple(places.changes(case.form, command.form)) if command.form is not None else ()
    for place in changed:
        if not any(places.covers(place_, place) for place_ in allowed):
            yield Violation("correction.place-not-named", place, {"place": place})
    codes = [m.code for m in command.materials]
    for at, code in enumerate(codes):
        if places.material(code) not in named:
            yield Violation("correction.place-not-named", f"/materials/{at}/code", {"place": code})
        elif code in codes[:at]:
            yield Violation("material.repeated", f"/materials/{at}/code", {"code": code})
    supplied = (*changed, *(places.material(code) for code in codes))
    for defect in dict.fromkeys(open_defects(case)):
        if not any(places.covers(defect.place, new) or places.covers(new, defect.place) for new in supplied):
            pointer = defect.place if places.covers(places.FORM, defect.place) else places.MATERIALS
            yield Violation("correction.not-settled", pointer, {"name": defect.name, "place": defect.place})
    yield from command.unfit


def _corrected(case: Case, command: Correct, act: Act) -> tuple[Event, ...]:
    new = {m.code: m for m in command.materials}
    kept = tuple(new.pop(m.code, m) for m in case.materials)
    form = case.form if command.form is None else command.form
    return (CorrectionReceived(form, (*kept, *new.values()), _new_places(case, command), command.document),)


def somebody_is_present(case: Case, command: SpotCorrect, act: Act) -> Violation | None:
    """Mended on the spot is mended before whoever received it: the filer, or the officer who holds the task."""
    holds = case.task is not None and case.task.assignee == act.actor.subject
    if is_filer(case, act.actor) or (
        holds and case.task is not None and case.task.role in (StepRole.RECEIVE, StepRole.ACCEPT)
    ):
        return None
    return Violation("correction.not-on-the-spot")


def _flaws_on_the_spot(case: Case, command: SpotCorrect, act: Act) -> Iterator[Violation]:
    for at, place in enumerate(command.changes):
        if act.law is not None and places.field(act.law.item.form, place) is None:
            yield Violation("notice.field-not-in-form", f"/changes/{at}/field", {"place": place})
        elif places.get(case.form, place) == command.changes[place]:
            yield Violation("correction.changes-nothing", f"/changes/{at}/value", {"place": place})
    yield from command.unfit


def _mended(case: Case, command: SpotCorrect, act: Act) -> tuple[Event, ...]:
    before = {place: places.get(case.form, place) for place in command.changes}
    return (SpotCorrected(before, command.changes, command.confirmed_by),)


def with_changes(form: Mapping[str, Any], changes: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
    """The form after changes by place."""
    changed = dict(form)
    for place, value in changes.items():
        changed = places.put(changed, place, value)
    return changed


# -- what follows if nothing comes ----------------------------------------------------------------------

_UNITS = {"workday": "个工作日", "day": "日", "month": "个月"}
_OUTCOMES = {
    CorrectionOutcome.NOT_ACCEPTED: "不予受理",
    CorrectionOutcome.DEEMED_WITHDRAWN: "视为撤回申请",
}


def _spelt(limit: Limit) -> str:
    return f"{limit.value}{_UNITS[limit.unit]}"


def _article(correction: Correction) -> str:
    basis = correction.basis
    return f"{basis.law}第{basis.article}条" if basis else ""


def correction_terms(item: ImplementationItem | None) -> str:
    """By when to correct and what follows otherwise, as a notice says it. Empty where the version sets no period."""
    terms = item.correction if item else None
    if terms is None:
        return ""
    return f"自告知之日起{_spelt(terms.limit)}内补正;逾期未补正的,{_OUTCOMES[terms.outcome]}。"


def lapses(case: Case, law: Law) -> Iterable[Lapse]:
    """Where the version sets a period for correcting, its outcome comes by itself. Without one the case stays open."""
    terms = law.item.correction
    if case.state is not S.CORRECTING or terms is None or not case.notices.sent:
        return ()
    sent_at = case.notices.sent[-1].sent_at
    at = deadline(sent_at, terms.limit, law.calendar).at
    if at is None:
        return ()
    told_on = legal_day(sent_at)
    day = f"{told_on.year}年{told_on.month}月{told_on.day}日"
    reason = f"{day}告知补正,{_spelt(terms.limit)}内未补正,{_OUTCOMES[terms.outcome]}。"
    return (Lapse(at, LapseCorrection(terms.outcome, reason, _article(terms))),)


# -- the part -------------------------------------------------------------------------------------------


def _told(case: Case, event: NoticeSent, record: EventRecord) -> dict[str, Any]:
    notice = Notice(event.document.number, record.effective_at, event.defects)
    return {
        "state": S.CORRECTING,
        "notices": Notices((*case.notices.sent, notice), (), case.notices.supplied_at),
        "documents": (*case.documents, event.document),
    }


def _received_again(case: Case, event: CorrectionReceived, record: EventRecord) -> dict[str, Any]:
    return {
        "state": S.RECEIVED,
        "form": event.form,
        "materials": event.materials,
        "notices": Notices(case.notices.sent, event.places, record.effective_at),
        "documents": (*case.documents, event.document),
    }


def _amended(case: Case, event: SpotCorrected, record: EventRecord) -> dict[str, Any]:
    notices = case.notices
    supplied = tuple(dict.fromkeys((*notices.supplied, *event.places)))
    return {
        "form": with_changes(case.form, event.after),
        "notices": Notices(notices.sent, supplied, notices.supplied_at),
    }


def _lapsed(case: Case, event: CorrectionLapsed, record: EventRecord) -> dict[str, Any]:
    withdrawn = event.outcome == CorrectionOutcome.DEEMED_WITHDRAWN
    return {
        "state": S.WITHDRAWN if withdrawn else S.NOT_ACCEPTED,
        "task": None,
        "documents": (*case.documents, event.document) if event.document else case.documents,
    }


TRANSITIONS: Transitions = {
    SendNotice: Transition(
        frozenset({S.RECEIVED}), (*MINE, task_is_one_of(StepRole.ACCEPT)), _notify, _unlawful_demands
    ),
    Correct: Transition(frozenset({S.CORRECTING}), (), _corrected, _flaws_of_correction),
    SpotCorrect: Transition(
        frozenset({S.RECEIVED}), (somebody_is_present, text_is_given("confirmed_by")), _mended, _flaws_on_the_spot
    ),
    LapseCorrection: Transition(
        frozenset({S.CORRECTING}),
        (),
        lambda case, m, a: (CorrectionLapsed(task_number(case), m.outcome, m.reason, m.basis, m.document),),
    ),
}

EVOLUTIONS: Evolutions = {
    NoticeSent: _told,
    CorrectionReceived: _received_again,
    SpotCorrected: _amended,
    CorrectionLapsed: _lapsed,
}
