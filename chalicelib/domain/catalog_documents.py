"""Reads a published document (JSON) into an ``ImplementationStandard``. Documents passed the rules before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.domain.catalog import (
    CaseType,
    Correction,
    CorrectionOutcome,
    Deferral,
    Fee,
    ImplementationStandard,
    LateOutcome,
    LegalBasis,
    Limit,
    LimitUnit,
    MainItem,
    Material,
    Necessity,
    RouteStep,
    SpecialProcedure,
    StepMode,
    StepRole,
    StopEffect,
    ToldBy,
)
from chalicelib.domain.commitment_terms import terms_of
from chalicelib.domain.divisions import Level

Document = Mapping[str, Any]


def standard_of(document: Document) -> ImplementationStandard:
    """The standard that a document describes."""
    demo = frozenset(document["demo"])
    main = document["main"]
    return ImplementationStandard(
        basic_code=document["basic_code"],
        version=document["version"],
        name=document["name"],
        name_en=document["name_en"],
        main=MainItem(main["code"], main["name"], main["name_en"]) if main else None,
        type_code=document["type_code"],
        department=document["department"],
        level=Level(document["level"]),
        case_type=CaseType(document["case_type"]),
        form=document["form"],
        materials=tuple(_material(m, n, demo) for n, m in enumerate(document["materials"])),
        steps=tuple(_step(step) for step in document["steps"]),
        special_procedures=tuple(_procedure(p) for p in document["special_procedures"]),
        result_kind=document["result"]["kind"],
        result_name=document["result"]["name"],
        result_validity=document["result"]["validity"] or "",
        accept_on_receipt=document["accept_on_receipt"],
        notice_limit=limit_of(document["notice_limit"], "notice_limit" in demo),
        statutory_limit=limit_of(document["statutory_limit"]),
        promised_limit=limit_of(document["promised_limit"], "promised_limit" in demo),
        applicant_kinds=tuple(document["applicant_kinds"]),
        themes=tuple(document["themes"]),
        demo=tuple(document["demo"]),
        document=document,
        fees=tuple(_fee(fee, n, document["fee"]["basis"]) for n, fee in enumerate(document["fee"]["items"], 1)),
        extension=_extension(document["statutory_limit"]),
        certificate_limit=limit_of(document.get("certificate_limit")),
        joint=bool(document.get("joint")),
        correction=_correction(document.get("correction"), "correction" in demo),
        told_by=ToldBy(document.get("told_by", ToldBy.INBOX_DELIVERED)),
        safety_matter=bool(document.get("safety_matter")),
        commitment=terms_of(document["commitment"]),
        excluded_areas=tuple(document["commitment"]["excluded_areas"]),
    )


def limit_of(limit: Document | None, demo: bool = False) -> Limit | None:
    """A period of a document."""
    if limit is None:
        return None
    return Limit(limit["value"], LimitUnit(limit["unit"]), _basis(limit.get("basis")), demo, limit.get("starts") or "")


def counted_as(document: Document) -> list[str]:
    """What each of the document's ``limits_by_step`` counts for.

    ``steps/<n>``, ``statutory_limit`` or ``certificate_limit``: a path into the document. Empty where the law's text
    does not say which step it is, or means another kind of case: such a limit is shown, and nothing is counted by it.
    """
    free = {f"steps/{at}": step["limit"] for at, step in enumerate(document["steps"]) if step["limit"]}
    free |= {name: document[name] for name in ("statutory_limit", "certificate_limit") if document.get(name)}
    found = []
    for limit in document["limits_by_step"]:
        place = next((path for path, other in free.items() if _same_period(limit, other)), "")
        free.pop(place, None)
        found.append(place)
    return found


def _same_period(one: Document, other: Document) -> bool:
    return all(one.get(part) == other.get(part) for part in ("value", "unit", "starts", "basis"))


def _extension(limit: Document | None) -> Limit | None:
    """By how much the item's own law lets the period be extended; some laws name the whole instead of the surplus."""
    own = limit.get("extension") if limit else None
    if limit is None or not own:
        return None
    value = own["value"] if "value" in own else own["to_total"] - limit["value"]
    return Limit(value, LimitUnit(own["unit"]), _basis(own.get("basis")))


def _correction(terms: Document | None, demo: bool) -> Correction | None:
    limit = limit_of(terms["limit"], demo) if terms else None
    if terms is None or limit is None:
        return None
    return Correction(limit, CorrectionOutcome(terms["outcome"]), _basis(terms.get("basis")))


def _basis(basis: Document | None) -> LegalBasis | None:
    if basis is None:
        return None
    return LegalBasis(basis["law"], basis["article"], basis["version"], basis["conf"])


def _material(material: Document, at: int, demo: frozenset[str]) -> Material:
    late = material["deferral"]
    return Material(
        code=material["code"],
        name=material["name"],
        name_en=material["name_en"],
        necessity=Necessity(material["necessity"]),
        source=material["source"],
        basis=_basis(material["basis"]),
        note=material["note"] or "",
        demo=f"materials/{at}" in demo or f"materials/{at}/necessity" in demo,
        deferral=_deferral(late) if late else None,
        held_by=tuple(material.get("held_by", ())),
    )


def _fee(fee: Document, number: int, basis: Document | None) -> Fee:
    return Fee(f"F{number}", fee["name"], fee.get("amount"), fee["rate"], _basis(basis))


def _deferral(late: Document) -> Deferral:
    period, checking, mending = (limit_of(late.get(name), demo=True) for name in ("period", "checking", "mending"))
    if period is None:
        raise ValueError("a deferrable material has its period")
    return Deferral(period, LateOutcome(late["outcome"]), checking, mending)


def _step(step: Document) -> RouteStep:
    return RouteStep(
        StepRole(step["role"]),
        Level(step["level"]),
        step["department"],
        StepMode(step["mode"]),
        limit_of(step["limit"]),
        _basis(step["basis"]),
    )


def _procedure(procedure: Document) -> SpecialProcedure:
    return SpecialProcedure(
        procedure["kind"],
        procedure["name"],
        StopEffect(procedure["effect"]),
        _basis(procedure["basis"]),
        procedure["note"] or "",
    )
