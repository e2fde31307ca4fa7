"""The interface described: as an OpenAPI document, and as a page for people."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from typing import Any

from chalicelib.edge.api import ApiBlueprint, Auth, Reply, Request, RouteSpec, specs

bp = ApiBlueprint(__name__, tag="meta")

_CACHED = {"Cache-Control": "public, max-age=300"}


@bp.route_v1("GET", "/openapi.json", summary=("接口描述(OpenAPI 3.1)", "The OpenAPI 3.1 document"), auth=Auth.PUBLIC)
def read_openapi(request: Request) -> Reply:
    """Made from the routes and schemas that this very deployment serves."""
    return Reply(_document(_routes(), request.base_url), headers=_CACHED)


@bp.route_v1(
    "GET",
    "/docs",
    summary=("接口说明(网页)", "The interface as a readable page"),
    auth=Auth.PUBLIC,
    content_type="text/html",
)
def read_docs(request: Request) -> Reply:
    """The same for people. It needs nothing from anywhere else."""
    page, policy = _page(_routes(), request.base_url)
    headers = {**_CACHED, "Content-Security-Policy": policy}
    return Reply(page, headers=headers, content_type="text/html; charset=utf-8")


def _routes() -> tuple[RouteSpec, ...]:
    return tuple(specs(bp.current_app))


@lru_cache(maxsize=1)
def _document(routes: tuple[RouteSpec, ...], base: str) -> dict[str, Any]:
    from chalicelib.edge import openapi

    return openapi.document(routes, base or "/")


@lru_cache(maxsize=1)
def _page(routes: tuple[RouteSpec, ...], base: str) -> tuple[str, str]:
    """The page and its content security policy: nothing but its own style and script, known by their hashes."""
    from chalicelib.api.reference import SCRIPT, STYLE, reference_page

    policy = (
        f"default-src 'none'; style-src {_hash(STYLE)}; script-src {_hash(SCRIPT)}; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
    return reference_page(_document(routes, base)), policy


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
