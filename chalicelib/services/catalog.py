"""Finding items and reading them: search and browsing, one item, the guide for one's own place (A9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.catalog import Body, ImplementationStandard, RouteStep, StepMode, implementation_code
from chalicelib.domain.catalog_publication import ReleaseHead
from chalicelib.domain.catalog_search import Filter, SearchIndex, department_codes
from chalicelib.domain.divisions import Division, DivisionIndex, Level, ancestor, service_place_name
from chalicelib.domain.errors import Invalid, NotFound, Unavailable, Violation, raise_all
from chalicelib.services.ports import Page, PublishedCatalog

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ItemQuery:
    """What somebody looks for. ``department`` is a code or a part of a name; empty fields do not narrow."""

    query: str = ""
    division: str = ""
    level: Level | None = None
    department: str = ""
    type_code: str = ""
    theme: str = ""
    case_type: str = ""
    applicant_kind: str = ""


def find(
    catalog: PublishedCatalog, divisions: DivisionIndex, wanted: ItemQuery, after: str | None, limit: int
) -> Page[Json]:
    """Summaries, best first; with a division only what some body decides for applicants of that place.

    The position is the release and the number of rows already seen: rows of one release do not move.
    Raises Invalid for an unknown division, theme or department, or when the release changed between pages.
    """
    index, head = catalog.index(), in_force(catalog)
    departments = department_codes(index.departments, wanted.department) if wanted.department else frozenset()
    raise_all(Invalid, _unknown(index, divisions, wanted, departments))
    hits = index.search(
        Filter(
            query=wanted.query,
            level=wanted.level,
            departments=departments,
            type_code=wanted.type_code,
            theme=wanted.theme,
            case_type=wanted.case_type,
            applicant_kind=wanted.applicant_kind,
        )
    )
    rows = [hit.summary for hit in hits]
    if wanted.division:
        rows = [row for row in rows if _decided_for(catalog, row, wanted.division)]
    start = _start(after, head)
    following = f"{head.number}:{start + limit}" if len(rows) > start + limit else None
    return Page(rows[start : start + limit], following)


def _unknown(
    index: SearchIndex, divisions: DivisionIndex, wanted: ItemQuery, departments: frozenset[str]
) -> list[Violation | None]:
    found: list[Violation | None] = []
    if wanted.division and divisions.get(wanted.division) is None:
        found.append(Violation("division.unknown", "/query/division", {"division": wanted.division}))
    if wanted.theme and wanted.theme not in {theme["key"] for theme in index.themes}:
        found.append(Violation("catalog.theme-unknown", "/query/theme", {"theme": wanted.theme}))
    if wanted.department and not departments:
        params: dict[str, str | int] = {"department": wanted.department}
        found.append(Violation("catalog.department-unknown", "/query/department", params))
    return found


def _decided_for(catalog: PublishedCatalog, row: Json, division: str) -> bool:
    place = ancestor(division, Level(row["level"]))
    return place is not None and catalog.body_of(row["department"], place) is not None


def _start(after: str | None, head: ReleaseHead) -> int:
    if after is None:
        return 0
    release, _, seen = after.partition(":")
    if int(release) != head.number:
        raise Invalid.because("catalog.release-changed", "/query/cursor", release=head.number)
    return int(seen)


def in_force(catalog: PublishedCatalog) -> ReleaseHead:
    """The release in force. Raises Unavailable when nothing was published yet."""
    head = catalog.release()
    if head is None:
        raise Unavailable.because("catalog.empty")
    return head


@dataclass(frozen=True, slots=True)
class MainItemView:
    """A main item (主项, code …00Y) with the sub-items that are really applied for."""

    main: Json
    items: Sequence[Json]


def item(catalog: PublishedCatalog, code: str, version: int | None = None) -> ImplementationStandard | MainItemView:
    """One item by its basic code: in force, or the named version. A main item answers with its sub-items.

    Raises NotFound ``item.unknown``.
    """
    if code.endswith("00Y") and version is None:
        rows = [row for row in catalog.index().summaries if row["main"] and row["main"]["code"] == code]
        if rows:
            return MainItemView(rows[0]["main"], rows)
    standard = catalog.standard(code, version)
    if standard is None:
        raise NotFound.because("item.unknown", "/path/item_code", item=code)
    return standard


@dataclass(frozen=True, slots=True)
class StepView:
    """A step with the body that performs it for the place; None if the place has none."""

    step: RouteStep
    planned: Mapping[str, Any]
    body: Body | None
    in_name_of: Body | None


@dataclass(frozen=True, slots=True)
class Outlet:
    """A place where an application may be handed in. Addresses and hours are not known yet (part 5)."""

    level: Level
    name: str
    division: str


@dataclass(frozen=True, slots=True)
class Guide:
    """办事指南 of an item for one place.

    ``body`` None: nobody there decides this, ``obstacle`` says why (a code of the group ``obstacle``).
    """

    standard: ImplementationStandard
    release: ReleaseHead
    division: Division
    body: Body | None
    code: str | None
    obstacle: str | None
    steps: Sequence[StepView]
    outlets: Sequence[Outlet]
    unknown: Sequence[str]


def guide(catalog: PublishedCatalog, divisions: DivisionIndex, code: str, division: str) -> Guide:
    """The guide of the version in force. Raises NotFound for the item, Invalid for the division."""
    place = divisions.get(division)
    if place is None:
        raise Invalid.because("division.unknown", "/query/division", division=division)
    standard = item(catalog, code)
    if isinstance(standard, MainItemView):
        # A guide is for what is applied for; the answer to the main item lists its sub-items.
        raise NotFound.because("item.is-main-item", "/path/item_code", item=code)
    body = catalog.competent_body(standard, division)
    return Guide(
        standard=standard,
        release=in_force(catalog),
        division=place,
        body=body,
        code=implementation_code(body.uscc, standard.level, standard.basic_code) if body else None,
        obstacle=None if body else _obstacle(standard, divisions, place),
        steps=[_step(catalog, standard, at, division, body) for at in range(len(standard.steps))],
        outlets=_outlets(divisions, place),
        unknown=_unknown_elements(standard.document),
    )


def _obstacle(standard: ImplementationStandard, divisions: DivisionIndex, place: Division) -> str:
    """Why nobody decides for this place."""
    if standard.level is Level.NATIONAL:
        return "decided-nationally"
    above = ancestor(place.code, standard.level)
    if above is None:
        return "division-too-wide"
    holder = divisions.get(above)
    return "not-administrative" if holder is not None and not holder.administrative else "no-body"


def _step(
    catalog: PublishedCatalog, standard: ImplementationStandard, at: int, division: str, competent: Body | None
) -> StepView:
    step = standard.steps[at]
    place = ancestor(division, step.level)
    body = catalog.body_of(step.department, place) if place else None
    return StepView(step, standard.document["steps"][at], body, competent if step.mode is StepMode.ENTRUSTED else body)


def _outlets(divisions: DivisionIndex, place: Division) -> list[Outlet]:
    """The service places of the division and above, by their prescribed names, nearest first."""
    chain = [place, *reversed(divisions.ancestors(place.code))]
    return [Outlet(d.level, service_place_name(d), d.code) for d in chain if d.administrative]


def _unknown_elements(document: Mapping[str, Any]) -> list[str]:
    """Elements that no source gives and nobody filled in."""
    found = [key for key in ("statutory_limit", "promised_limit", "notice_limit", "intermediary") if not document[key]]
    if not document["materials"]:
        found.append("materials")
    if document["result"]["validity"] is None:
        found.append("result/validity")
    return [*found, "opening_hours", "addresses"]


def themes(catalog: PublishedCatalog) -> list[Json]:
    """The themes of the life of a person or an enterprise, each with how many items it has."""
    index = catalog.index()
    return [{**theme, "count": sum(theme["key"] in row["themes"] for row in index.summaries)} for theme in index.themes]
