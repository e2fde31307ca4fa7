"""The catalogue for everybody: search, items, guides, themes and the special lists (A8, A9)."""

from __future__ import annotations

from chalicelib import wiring
from chalicelib.api import catalog_views as views
from chalicelib.data import label
from chalicelib.domain.divisions import Level
from chalicelib.edge.api import ApiBlueprint, Auth, Reply, Request
from chalicelib.services import catalog, catalog_lists
from chalicelib.services.catalog import ItemQuery, MainItemView

bp = ApiBlueprint(__name__, tag="catalog")

_CACHED = {"Cache-Control": "public, max-age=60"}


@bp.route_v1(
    "GET",
    "/items",
    summary=("查询事项", "Find items"),
    auth=Auth.PUBLIC,
    query="catalog/query",
    response="catalog/page",
    problems=("division.unknown", "catalog.theme-unknown", "catalog.department-unknown", "catalog.release-changed"),
)
def list_items(request: Request) -> Reply:
    """Best matches first. ``q`` takes everyday words, parts of names, pinyin initials and codes.

    With ``division`` only what some body decides for applicants of that place.
    """
    current = wiring.current()
    level = request.query.get("level")
    wanted = ItemQuery(
        query=request.query.get("q", ""),
        division=request.query.get("division", ""),
        level=Level(int(level)) if level else None,
        department=request.query.get("department", ""),
        type_code=request.query.get("type", ""),
        theme=request.query.get("theme", ""),
        case_type=request.query.get("case_type", ""),
        applicant_kind=request.query.get("applicant_kind", ""),
    )
    page = catalog.find(current.catalog, current.divisions, wanted, request.position(), request.limit)
    index = current.catalog.index()
    body = {
        "release": views.release(catalog.in_force(current.catalog)),
        "items": [views.summary(row, index) for row in page.items],
        "next": request.cursor(page.next),
    }
    return Reply(body, headers=_CACHED)


@bp.route_v1(
    "GET",
    "/items/{item_code}",
    summary=("查看事项", "One item"),
    auth=Auth.PUBLIC,
    query="catalog/version",
    response="catalog/item",
    problems=("item.unknown",),
)
def read_item(request: Request) -> Reply:
    """All elements of the version in force, or of ``version``. A main item (…00Y) answers with its sub-items.

    ``demo`` lists the members of the answer that no source gives and that are made up for demonstration.
    """
    current = wiring.current()
    version = request.query.get("version")
    found = catalog.item(current.catalog, request.path["item_code"], int(version) if version else None)
    index = current.catalog.index()
    if isinstance(found, MainItemView):
        items = [views.summary(row, index) for row in found.items]
        return Reply({"kind": "main_item", **found.main, "items": items}, headers=_CACHED)
    row = index.by_code.get(found.basic_code)
    body = {
        "kind": "item",
        "in_force": row is not None and row["version"] == found.version,
        **views.standard(found, index),
        "form": found.form,
    }
    return Reply(body, etag=found.version, headers=_CACHED)


@bp.route_v1(
    "GET",
    "/items/{item_code}/guide",
    summary=("办事指南", "The guide of an item for one place"),
    auth=Auth.PUBLIC,
    query="catalog/place",
    response="catalog/guide",
    problems=("item.unknown", "item.is-main-item", "division.unknown"),
)
def read_guide(request: Request) -> Reply:
    """Who handles it for applicants of ``division``, by which steps, with which materials, by when, for what fee."""
    current = wiring.current()
    code, division = request.path["item_code"], request.query["division"]
    guide = catalog.guide(current.catalog, current.divisions, code, division)
    return Reply(views.guide(guide, current.catalog.index()), headers=_CACHED)


@bp.route_v1(
    "GET", "/themes", summary=("办事主题", "Themes of life events"), auth=Auth.PUBLIC, response="catalog/themes"
)
def list_themes(request: Request) -> Reply:
    """Life events of persons and enterprises; ``/v1/items?theme=`` lists what belongs to one."""
    current = wiring.current()
    found = [views.theme(theme, theme["count"]) for theme in catalog.themes(current.catalog)]
    return Reply({"items": found}, headers=_CACHED)


@bp.route_v1("GET", "/lists", summary=("清单目录", "The special lists"), auth=Auth.PUBLIC, response="catalog/lists")
def list_lists(request: Request) -> Reply:
    """Every list of the catalogue with the number of its rows, as of the release in force."""
    head, found = catalog_lists.overview(wiring.current().catalog)
    items = [{"name": name, "title": dict(label("list", name)), "count": count} for name, count in found]
    return Reply({"release": views.release(head), "items": items}, headers=_CACHED)


@bp.route_v1(
    "GET",
    "/lists/{list_name}",
    summary=("查看清单", "One special list"),
    auth=Auth.PUBLIC,
    response="catalog/list",
    problems=("catalog.list-unknown",),
)
def read_list(request: Request) -> Reply:
    """A view of the catalogue, dated and numbered by its release. The same as a file: ``…/csv``."""
    current = wiring.current()
    view = catalog_lists.read(current.catalog, request.path["list_name"])
    return Reply(views.special_list(view), etag=view.release.number, headers=_CACHED)


@bp.route_v1(
    "GET",
    "/lists/{list_name}/csv",
    summary=("下载清单", "One special list as a file"),
    auth=Auth.PUBLIC,
    content_type="text/csv; charset=utf-8",
    problems=("catalog.list-unknown",),
)
def download_list(request: Request) -> Reply:
    """For spreadsheets: UTF-8 with byte order mark; no cell runs as a formula."""
    current = wiring.current()
    view = catalog_lists.read(current.catalog, request.path["list_name"])
    name = f"{view.chosen.name}-{view.release.number}.csv"
    headers = {**_CACHED, "Content-Disposition": f'attachment; filename="{name}"'}
    text = catalog_lists.as_csv(view, lambda group, code: label(group, code)["zh"])
    return Reply(text, etag=view.release.number, headers=headers, content_type="text/csv; charset=utf-8")
