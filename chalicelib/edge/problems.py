"""RFC 9457 problems: every refusal that leaves the house gets its status, texts and shape here, and only here.

The errors of the edge itself extend the domain's tree with what only HTTP knows:

    DomainError
    ├── Malformed             the request cannot be read                         (HTTP 400)
    ├── Unauthenticated       no identity, or one that does not hold             (HTTP 401)
    ├── TooLarge              the body is larger than the platform reads         (HTTP 413)
    ├── UnsupportedMedia      the body is not application/json                   (HTTP 415)
    ├── PreconditionRequired  the route needs If-Match                           (HTTP 428)
    └── (the domain's own leaves, see domain/errors.py)

A body looks like this; ``errors`` names every broken rule, never only the first::

    {"type": "/v1/problems#schema.required", "title": "缺少必填项", "title_en": "…", "status": 422,
     "code": "schema.required", "instance": "urn:uuid:…",
     "errors": [{"pointer": "/form/name", "code": "schema.required", "zh": "…", "en": "…"}]}

Pointers are RFC 6901 into the body. What is not in the body is addressed as ``/path/<name>``,
``/query/<name>`` and ``/headers/<name>``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib import data
from chalicelib.domain import errors
from chalicelib.domain.errors import DomainError, Violation

CONTENT_TYPE = "application/problem+json"
INTERNAL = "request.internal-error"

MOST_ERRORS = 200
"""A body can be made to break a rule a hundred thousand times; the answer lists so many and counts the rest."""

_PLACE = re.compile(r"\{(\w+)\}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Malformed(DomainError):
    """The request cannot be read: not strict JSON, a header outside its grammar, a cursor of somebody else."""


class Unauthenticated(DomainError):
    """No identity, or one that does not hold any more."""


class TooLarge(DomainError):
    """The body is larger than the platform reads."""


class UnsupportedMedia(DomainError):
    """The body is of a type or coding that the platform does not read."""


class PreconditionRequired(DomainError):
    """The route changes a version and needs If-Match (RFC 6585, 3)."""


STATUS: Mapping[type[DomainError], int] = {
    Malformed: 400,
    Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Refused: 409,
    errors.Conflict: 409,
    errors.Gone: 410,
    errors.Stale: 412,
    TooLarge: 413,
    UnsupportedMedia: 415,
    errors.Invalid: 422,
    PreconditionRequired: 428,
    errors.Unavailable: 503,
}

_EXTRA_HEADERS: Mapping[int, Mapping[str, str]] = {
    401: {"WWW-Authenticate": 'Bearer realm="onewindow", error="invalid_token"'},
    503: {"Retry-After": "5"},
}


def status_of(error: DomainError) -> int:
    """The HTTP status of an expected refusal; a leaf that nobody mapped is a mistake of ours and answers 500."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def headers_of(status: int) -> dict[str, str]:
    """Headers that every problem of a status carries. Refusals are never cached."""
    return {"Cache-Control": "no-store", **_EXTRA_HEADERS.get(status, {})}


def of_error(error: DomainError, incident: str = "") -> dict[str, Any]:
    """The problem body of an expected refusal."""
    return body(status_of(error), error.violations, incident)


def of_code(status: int, code: str, incident: str = "") -> dict[str, Any]:
    """The problem body of a single code that concerns the whole request."""
    return body(status, (Violation(code),), incident)


def body(status: int, violations: Sequence[Violation], incident: str = "") -> dict[str, Any]:
    """The problem body; the first violation names the whole. ``incident`` is the id of the request, if a UUID."""
    head = violations[0]
    title = text(head)
    found: dict[str, Any] = {
        "type": f"/v1/problems#{head.code}",
        "title": title["zh"],
        "title_en": title["en"],
        "status": status,
        "code": head.code,
        "errors": [{"pointer": v.pointer, "code": v.code, **text(v)} for v in violations[:MOST_ERRORS]],
    }
    if len(violations) > MOST_ERRORS:
        found["more_errors"] = len(violations) - MOST_ERRORS
    if _UUID.fullmatch(incident):
        found["instance"] = f"urn:uuid:{incident}"
    return found


def text(violation: Violation) -> dict[str, str]:
    """The two sentences of a violation with its parameters filled in.

    A parameter that is named like a group of labels (``state``) is shown by its label. A code without a
    text answers the code itself (a test holds that there is none).
    """
    texts = data.problems().get(violation.code) or {"zh": violation.code, "en": violation.code}
    return {language: _fill(texts[language], violation.params, language) for language in ("zh", "en")}


def _fill(sentence: str, params: Mapping[str, str | int], language: str) -> str:
    """Fill ``{name}`` places. Not str.format: a parameter must never be read as a format."""

    def value(place: re.Match[str]) -> str:
        name = place[1]
        return data.label(name, str(params[name]))[language] if name in params else place[0]

    return _PLACE.sub(value, sentence)
