"""Materials of an application: what may be asked for, what was given, what is held already (B2, B8).

Only the materials of the item's version can be asked for. What was shown or given on paper is never demanded
electronically, nor the reverse (优化营商环境条例 37); what the platform holds is not demanded at all (国务院令716号 7).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from chalicelib.domain.case_events import Event, EventRecord, SubmittedMaterial
from chalicelib.domain.case_rules import MINE, Act, CaseState, Evolutions, Transition, Transitions, task_is_one_of
from chalicelib.domain.catalog import ImplementationItem, Material, Necessity, StepRole
from chalicelib.domain.certificates import Certificate, CertificateState
from chalicelib.domain.errors import Violation

if TYPE_CHECKING:
    from datetime import datetime

    from chalicelib.domain.cases import Case
    from chalicelib.domain.deadlines import Lapse, Law

PAPER, ELECTRONIC, HELD = "paper", "electronic", "held"
"""How a material came: ``SubmittedMaterial.form``."""


class Handling(StrEnum):
    """What the window did with a paper."""

    SEEN = "seen"  # 核验后退还
    SCANNED = "scanned"  # 扫描后退还
    KEPT = "kept"  # 留存


# -- submission -----------------------------------------------------------------------------------------


def violations(
    item: ImplementationItem,
    given: Sequence[SubmittedMaterial],
    held: Iterable[SubmittedMaterial] = (),
    later: Collection[str] = (),
) -> list[Violation]:
    """Every missing required material and every one that the item's version does not know (B2).

    What is ``held`` already is not missing, nor is what comes ``later`` (codes, D1).
    """
    known = {m.code for m in item.materials}
    codes = [m.code for m in given]
    missing = [
        Violation("material.missing", "/materials", {"code": m.code, "name": m.name})
        for m in lacking(item, (*given, *held))
        if m.code not in later
    ]
    surplus = [
        Violation("material.surplus", f"/materials/{i}/code", {"code": code})
        for i, code in enumerate(codes)
        if code not in known
    ]
    repeated = [
        Violation("material.repeated", f"/materials/{i}/code", {"code": code})
        for i, code in enumerate(codes)
        if code in codes[:i]
    ]
    return missing + surplus + repeated


# -- what is held ---------------------------------------------------------------------------------------


def serves(certificate: Certificate, material: Material, now: datetime) -> bool:
    """True if a certificate stands for a material: named in the version, or called the same; valid and not expired."""
    if certificate.state is not CertificateState.VALID:
        return False
    if certificate.valid_until is not None and certificate.valid_until <= now:
        return False
    return certificate.type_name in (material.name, *material.held_by)


def lacking(item: ImplementationItem, given: Iterable[SubmittedMaterial]) -> tuple[Material, ...]:
    """The materials that are asked of every applicant and are not there."""
    there = {m.code for m in given}
    return tuple(m for m in item.materials if m.necessity is not Necessity.OPTIONAL and m.code not in there)


def held_for(
    wanted: Iterable[Material], certificates: Sequence[Certificate], now: datetime
) -> tuple[SubmittedMaterial, ...]:
    """Those of the wanted materials that certificates stand for; the first certificate that serves is taken."""
    found = []
    for material in wanted:
        serving = next((c for c in certificates if serves(c, material, now)), None)
        if serving is not None:
            found.append(SubmittedMaterial(material.code, HELD, material.name, certificate=serving.identifier))
    return tuple(found)


# -- what may still be asked for -------------------------------------------------------------------------


def satisfied(case: Case, code: str) -> bool:
    """True if this material is there, in whatever form: shown or left on paper, electronic, or held."""
    return any(m.code == code for m in case.materials)


def is_held(case: Case, code: str) -> bool:
    """True if the platform holds it for this case."""
    return any(m.code == code and m.form == HELD for m in case.materials)


def may_ask(case: Case, item: ImplementationItem, code: str, pointer: str = "") -> Violation | None:
    """Why this material may not be asked for, None if it may.

    ``material.surplus``: not in the version. ``material.held``: the platform holds it. A defect of a material that
    was given (an unreadable copy, say) is another matter: that is told as a defect, not asked for anew.
    """
    if code not in {m.code for m in item.materials}:
        return Violation("material.surplus", pointer, {"code": code})
    if is_held(case, code):
        return Violation("material.held", pointer, {"code": code})
    return None


# -- paper at the window --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper as the window recorded it. ``digest``: SHA-256 of the scan, if one was made."""

    code: str
    handling: Handling
    digest: str = ""


@dataclass(frozen=True, slots=True)
class RecordPapers:
    """The officer who receives or accepts records which papers were seen, scanned or kept."""

    papers: tuple[Paper, ...]


@dataclass(frozen=True, slots=True)
class PapersRecorded(Event):
    """Papers were handed over at a window. No electronic copy of them is demanded."""

    type: ClassVar[str] = "case.papers_recorded"
    materials: tuple[SubmittedMaterial, ...]


def papers_belong_to_the_version(case: Case, command: RecordPapers, act: Act) -> Violation | None:
    """A window takes no paper that the version does not know (B2)."""
    if act.law is None:
        return None
    known = {m.code for m in act.law.item.materials}
    foreign = next(((i, p.code) for i, p in enumerate(command.papers) if p.code not in known), None)
    return Violation("material.surplus", f"/papers/{foreign[0]}/code", {"code": foreign[1]}) if foreign else None


def papers_are_named_once(case: Case, command: RecordPapers, act: Act) -> Violation | None:
    """One line for each paper."""
    codes = [p.code for p in command.papers]
    twice = next((i for i, code in enumerate(codes) if code in codes[:i]), None)
    return None if twice is None else Violation("material.repeated", f"/papers/{twice}/code", {"code": codes[twice]})


def papers_are_not_held(case: Case, command: RecordPapers, act: Act) -> Violation | None:
    """What the platform holds is not taken on paper either."""
    held = {m.code for m in case.materials if m.form == HELD}
    asked = next(((i, p.code) for i, p in enumerate(command.papers) if p.code in held), None)
    return Violation("material.held", f"/papers/{asked[0]}/code", {"code": asked[1]}) if asked else None


def papers_are_not_there_electronically(case: Case, command: RecordPapers, act: Act) -> Violation | None:
    """Where an electronic copy was taken no paper is taken as well (优化营商环境条例 37)."""
    there = {m.code for m in case.materials if m.form == ELECTRONIC}
    asked = next(((i, p.code) for i, p in enumerate(command.papers) if p.code in there), None)
    return Violation("material.electronic", f"/papers/{asked[0]}/code", {"code": asked[1]}) if asked else None


def _recorded(case: Case, command: RecordPapers, act: Act) -> tuple[Event, ...]:
    names = {m.code: m.name for m in case.materials}
    if act.law is not None:
        names = {m.code: m.name for m in act.law.item.materials} | names
    made = (
        SubmittedMaterial(p.code, PAPER, names.get(p.code, p.code), p.digest, handling=p.handling)
        for p in command.papers
    )
    return (PapersRecorded(tuple(made)),)


def _with_papers(case: Case, event: PapersRecorded, record: EventRecord) -> dict[str, Any]:
    papers = {m.code: m for m in event.materials}
    kept = tuple(
        replace(m, handling=papers[m.code].handling, digest=papers[m.code].digest or m.digest)
        if m.code in papers
        else m
        for m in case.materials
    )
    there = {m.code for m in case.materials}
    return {"materials": (*kept, *(m for m in event.materials if m.code not in there))}


TRANSITIONS: Transitions = {
    RecordPapers: Transition(
        frozenset({CaseState.RECEIVED}),
        (
            *MINE,
            task_is_one_of(StepRole.RECEIVE, StepRole.ACCEPT),
            papers_belong_to_the_version,
            papers_are_named_once,
            papers_are_not_held,
            papers_are_not_there_electronically,
        ),
        _recorded,
    )
}

EVOLUTIONS: Evolutions = {PapersRecorded: _with_papers}


def lapses(case: Case, law: Law) -> Iterable[Lapse]:
    """Time alone changes nothing here."""
    return ()
