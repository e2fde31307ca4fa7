"""What API Gateway itself answers, before or instead of our code: problem+json like everything else (RFC 9457).

The texts are the product's own (``chalicelib/data/problems/gateway.json``), filled in when the template is
made. ``MISSING_AUTHENTICATION_TOKEN`` is the gateway's name for a route that does not exist, hence 404.
"""

from __future__ import annotations

import json
from typing import Any

from chalicelib.edge import problems

_REQUEST_ID = "$context.requestId"

# Response type of the gateway: status, code. The two defaults catch every type that is not named.
ANSWERS: dict[str, tuple[int, str]] = {
    "UNAUTHORIZED": (401, "gateway.unauthenticated"),
    "EXPIRED_TOKEN": (401, "gateway.unauthenticated"),
    "INVALID_SIGNATURE": (401, "gateway.unauthenticated"),
    # The authorizer denies only tokens that do not hold (edge/authorizer.py); what a valid one may not do is our 403.
    "ACCESS_DENIED": (401, "gateway.unauthenticated"),
    "INVALID_API_KEY": (403, "gateway.forbidden"),
    "WAF_FILTERED": (403, "gateway.forbidden"),
    "MISSING_AUTHENTICATION_TOKEN": (404, "gateway.no-such-route"),
    "RESOURCE_NOT_FOUND": (404, "gateway.no-such-route"),
    "BAD_REQUEST_PARAMETERS": (400, "gateway.bad-request"),
    "BAD_REQUEST_BODY": (400, "gateway.bad-request"),
    "REQUEST_TOO_LARGE": (413, "gateway.too-large"),
    "UNSUPPORTED_MEDIA_TYPE": (415, "gateway.unsupported-media"),
    "THROTTLED": (429, "gateway.too-many-requests"),
    "QUOTA_EXCEEDED": (429, "gateway.too-many-requests"),
    "INTEGRATION_TIMEOUT": (504, "gateway.timeout"),
    "INTEGRATION_FAILURE": (504, "gateway.timeout"),
    "API_CONFIGURATION_ERROR": (500, "gateway.failure"),
    "AUTHORIZER_CONFIGURATION_ERROR": (500, "gateway.failure"),
    "AUTHORIZER_FAILURE": (500, "gateway.failure"),
    "DEFAULT_4XX": (400, "gateway.refused"),
    "DEFAULT_5XX": (500, "gateway.failure"),
}

_EXTRA_HEADERS = {429: {"Retry-After": "1"}}


def gateway_responses() -> dict[str, Any]:
    """The ``GatewayResponses`` of an ``AWS::Serverless::Api``."""
    return {kind: _response(status, code) for kind, (status, code) in ANSWERS.items()}


def _response(status: int, code: str) -> dict[str, Any]:
    body = problems.of_code(status, code) | {"instance": f"urn:uuid:{_REQUEST_ID}"}
    headers = {
        "Content-Type": problems.CONTENT_TYPE,
        **problems.SECURITY_HEADERS,
        **problems.headers_of(status),
        **_EXTRA_HEADERS.get(status, {}),
    }
    return {
        "StatusCode": str(status),
        # The gateway picks the template by the request's Accept and falls back to this one.
        "ResponseTemplates": {"application/json": json.dumps(body, ensure_ascii=False)},
        # A literal value stands between single quotes.
        "ResponseParameters": {"Headers": {name: f"'{value}'" for name, value in headers.items()}},
    }
