"""ApiBlueprint: how a route is declared, and everything between API Gateway and a view.

::

    cases = ApiBlueprint(__name__, tag="cases")

    @cases.route_v1("POST", "/cases/{id}/submission", summary=("提交申请", "Submit a case"),
                    request="cases/submit", response="elements/receipt", status=201, keyed=True, if_match=True,
                    problems=("case.not-a-draft",))
    def submit_case(request: Request) -> Reply:
        receipt = services.submit(request.who, request.path["id"], request.body, request.version, request.once)
        return receipt_reply(receipt)

The view is wrapped rather than put behind middleware because Chalice turns the exceptions of a view into
500 before any middleware sees them, and loses CORS headers of what middleware answers
(https://github.com/aws/chalice/issues/1541, https://github.com/aws/chalice/issues/2059).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import wraps
from types import MappingProxyType
from typing import Any, cast

from chalice.app import Blueprint, Chalice, Response
from chalice.app import Request as GatewayRequest

from chalicelib import observability
from chalicelib.domain.errors import DomainError, Invalid
from chalicelib.edge import problems
from chalicelib.edge.authorizer import authorize
from chalicelib.edge.reading import Reading
from chalicelib.edge.request import Reply, Request, receipt_reply
from chalicelib.observability import logger

__all__ = ["ApiBlueprint", "Auth", "Reply", "Request", "RouteSpec", "last_resort", "receipt_reply", "specs"]

PREFIX = "/v1"

View = Callable[[Request], Reply]

_PAGE_POLICY = "default-src 'none'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_CHALICE_CODES = {400: "request.unreadable", 405: "request.method-not-allowed", 415: "request.content-type"}
_CREATED = 201
_NO_BODY = 204


class Auth(Enum):
    """Who may call a route. What the caller may do there is decided inside the use case."""

    PUBLIC = "public"
    TOKEN = "token"  # noqa: S105 - a token is asked for, this is none
    SIGNED = "signed"
    """A call of another system, signed with the secret of the sender that the path names as ``{sender}``."""


@dataclass(frozen=True, slots=True)
class RouteSpec:
    """All that is declared about a route: what the edge enforces and the OpenAPI document shows.

    ``request``, ``response`` and ``query`` name schemas (``"cases/draft"``); ``problems`` are the codes
    that the route's own rules may answer, besides those that every route of its kind can.
    """

    method: str
    path: str
    name: str
    tag: str
    summary: tuple[str, str]
    auth: Auth
    request: str | None
    response: str | None
    status: int
    keyed: bool
    if_match: bool
    query: str | None
    problems: tuple[str, ...]
    content_type: str
    description: str

    @property
    def operation(self) -> str:
        """``GET /v1/cases/{id}``: names the route in logs, metrics, keys and cursors."""
        return f"{self.method} {self.path}"


def specs(app: Chalice) -> list[RouteSpec]:
    """Every route that an app serves, ordered by path and method. The app is the only registry (T1)."""
    views = [entry.view_function for methods in app.routes.values() for entry in methods.values()]
    found = [cast(RouteSpec, view.spec) for view in views if hasattr(view, "spec")]
    return sorted(found, key=lambda spec: (spec.path, spec.method))


class ApiBlueprint(Blueprint):
    """A Blueprint whose routes are judged before the view runs, and whose refusals leave as problems."""

    def __init__(self, import_name: str, tag: str) -> None:
        """``import_name`` is always ``__name__``; ``tag`` groups the routes in the document."""
        super().__init__(import_name)
        self.tag = tag

    def route_v1(
        self,
        method: str,
        path: str,
        *,
        summary: tuple[str, str],
        auth: Auth = Auth.TOKEN,
        request: str | None = None,
        response: str | None = None,
        status: int = 200,
        keyed: bool = False,
        if_match: bool = False,
        query: str | None = None,
        problems: tuple[str, ...] = (),
        content_type: str = "application/json",
    ) -> Callable[[View], View]:
        """Declare a route below ``/v1`` (``path`` begins after it). The view itself stays callable in tests.

        ``keyed``: needs Idempotency-Key. The view must then answer ``receipt_reply(receipt)``, because that
        is what a repeated request gets. ``if_match``: needs ``If-Match: "<version>"``.
        """
        if not path.startswith("/") or path.startswith(PREFIX + "/"):
            raise ValueError(f"{path}: give the path after {PREFIX}, beginning with a slash")
        if keyed and auth is Auth.PUBLIC:
            raise ValueError(f"{path}: a key is scoped by its principal, so a public route has none")
        if auth is Auth.SIGNED and (keyed or "{sender}" not in path):
            raise ValueError(f"{path}: a signed route names its sender, and its key is the id of the call")

        def declare(view: View) -> View:
            spec = RouteSpec(
                method=method,
                path=PREFIX + path,
                name=view.__name__,
                tag=self.tag,
                summary=summary,
                auth=auth,
                request=request,
                response=response,
                status=status,
                keyed=keyed,
                if_match=if_match,
                query=query,
                problems=problems,
                content_type=content_type,
                description=(view.__doc__ or "").strip(),
            )

            @wraps(view)
            def edge(**places: str) -> Response:
                return _answer(spec, view, self.current_request, places)

            edge.spec = spec  # type: ignore[attr-defined]
            # No content types for Chalice: its own 415 is no problem+json, and comes before our view.
            self.route(
                spec.path,
                methods=[method],
                authorizer=authorize if auth is Auth.TOKEN else None,
                content_types=[],
                name=view.__name__,
            )(edge)
            return view

        return declare


def last_resort(event: Any, get_response: Callable[[Any], Response]) -> Response:
    """HTTP middleware of the app: what Chalice answers by itself leaves as a problem, too.

    Behind API Gateway this hardly happens, since the gateway answers unknown routes and methods first.
    """
    incident = str(event.context.get("requestId") or "") if event is not None else ""
    try:
        response = get_response(event)
    except Exception as failure:
        observability.failure("request_failed", failure)
        return _problem(500, problems.of_code(500, problems.INTERNAL, incident))
    if not (isinstance(response.body, dict) and set(response.body) == {"Code", "Message"}):
        return response
    code = _CHALICE_CODES.get(response.status_code, problems.INTERNAL)
    return _problem(
        response.status_code, problems.of_code(response.status_code, code, incident), cast(Any, response.headers)
    )


def _answer(spec: RouteSpec, view: View, event: GatewayRequest, places: dict[str, str]) -> Response:
    """Read, judge, run the view, render. Nothing but a response ever leaves, whatever happens inside."""
    incident = str(event.context.get("requestId") or "")
    paper = Reading(spec, event, places)
    with observability.handling(operation=spec.operation, request_id=incident):
        try:
            reply = view(paper.request())
            return _render(spec, reply)
        except DomainError as refusal:
            code, status = refusal.code, problems.status_of(refusal)
            logger.info("request_refused", code=code, status=status)
            answer = problems.of_error(refusal, incident)
        except Exception as failure:
            observability.failure("request_failed", failure)
            status, answer = 500, problems.of_code(500, problems.INTERNAL, incident)
        try:
            return _replay(spec, paper, incident) or _problem(status, answer)
        except Exception as failure:
            # Whether this was done before is unknown, so neither the refusal nor an answer would be true.
            observability.failure("receipt_unreadable", failure)
            return _problem(503, problems.of_code(503, "request.receipt-unreadable", incident))


def _replay(spec: RouteSpec, paper: Reading, incident: str) -> Response | None:
    """What a keyed request gets instead of a refusal, if its key was used before: the first answer again.

    A retry after a lost answer would otherwise get the refusal of a second attempt. Asking only now means
    that a success costs no extra read; the transaction itself refuses a key that was used.
    """
    if paper.key is None:
        return None
    from chalicelib import wiring

    stored = wiring.current().cases.receipt(paper.key.scope)
    if stored is None:
        return None
    if stored.content != paper.key.content:
        refusal = Invalid.because("request.key-reused", "/headers/idempotency-key")
        return _problem(problems.status_of(refusal), problems.of_error(refusal, incident))
    response = _render(spec, receipt_reply(stored.receipt))
    response.headers["Idempotency-Replayed"] = "true"
    return response


def _render(spec: RouteSpec, reply: Reply) -> Response:
    status = spec.status if reply.status is None else reply.status
    headers: dict[str, Any] = {**problems.SECURITY_HEADERS, "Content-Type": reply.content_type}
    if spec.auth is Auth.TOKEN:
        headers["Cache-Control"] = "no-store"
    if reply.content_type.startswith("text/html"):
        headers["Content-Security-Policy"] = _page_policy(reply.body)
    if reply.etag is not None:
        headers["ETag"] = f'"{reply.etag}"'
    if reply.location and status == _CREATED:
        headers["Location"] = _base() + reply.location
    headers.update(reply.headers)
    logger.info("request_answered", status=status)
    return Response(_serialise(reply.body, status), headers, status)


def _base() -> str:
    """The configured address: behind a stage's path, a path alone would lead past the interface."""
    from chalicelib import wiring

    return wiring.current().settings.public_base_url


def _page_policy(page: str) -> str:
    """Nothing is loaded and nothing runs; style sheets that stand in the page are named by their hash.

    Scripts are not named so: whoever smuggles one into a page must not have it blessed here.
    """
    hashes = [hashlib.sha256(style.encode()).digest() for style in _STYLE.findall(page)]
    if not hashes:
        return _PAGE_POLICY
    styles = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in hashes)
    return f"{_PAGE_POLICY}; style-src {styles}"


def _problem(status: int, answer: dict[str, Any], more: Mapping[str, str] = MappingProxyType({})) -> Response:
    headers = {
        **more,
        **problems.SECURITY_HEADERS,
        "Content-Type": problems.CONTENT_TYPE,
        **problems.headers_of(status),
    }
    return Response(_serialise(answer, status), cast(Any, headers), status)


def _serialise(body: Any, status: int) -> str | bytes:
    if status == _NO_BODY:
        return ""
    if isinstance(body, str | bytes):
        return body
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
