"""The interface as it is deployed: who needs a token, and that the document says the same."""

from __future__ import annotations

import json

import pytest

from app import app
from chalicelib.edge.api import Auth, specs
from infra.package import stack_template
from infra.stages import STAGES

# Reading what anybody may read. A route that is to be public is entered here, on purpose.
SIGNED = ("/v1/delivery-reports/{sender}",)
"""Calls of other systems, whose signature stands in for a token: each is entered here, on purpose."""

PUBLIC_PREFIXES = (
    "/v1/calendar",
    "/v1/catalog",
    "/v1/delay-service",
    "/v1/divisions",
    "/v1/docs",
    "/v1/health",
    "/v1/help",
    "/v1/items",
    "/v1/labels",
    "/v1/lists",
    "/v1/openapi.json",
    "/v1/outages",
    "/v1/places",
    "/v1/problems",
    "/v1/seal-keys",
    "/v1/themes",
    "/v1/verify/",
    "/v1/where",
)


@pytest.mark.requirement("H3")
def test_every_deployed_route_needs_a_token_except_those_that_anybody_may_read() -> None:
    body = stack_template(STAGES["hohhot"])["Resources"]["RestAPI"]["Properties"]["Body"]
    for path, operations in body["paths"].items():
        for method, operation in operations.items():
            if method == "options":
                continue
            open_to_all = method == "get" and path.startswith(PUBLIC_PREFIXES)
            assert bool(operation.get("security")) or open_to_all or path in SIGNED, (
                f"{method} {path} has no authorizer"
            )


def test_what_is_deployed_and_what_is_declared_agree_on_every_route() -> None:
    body = stack_template(STAGES["hohhot"])["Resources"]["RestAPI"]["Properties"]["Body"]
    deployed = {
        (method.upper(), path): bool(operation.get("security"))
        for path, operations in body["paths"].items()
        for method, operation in operations.items()
    }
    assert deployed == {(spec.method, spec.path): spec.auth is Auth.TOKEN for spec in specs(app)}


def test_every_path_that_anybody_may_read_exists() -> None:
    paths = [spec.path for spec in specs(app) if spec.auth is Auth.PUBLIC]
    assert paths
    assert all(path.startswith(PUBLIC_PREFIXES) for path in paths)


def test_no_route_answers_with_a_schema_that_lets_anything_through() -> None:
    for spec in specs(app):
        if spec.response:
            assert json.dumps(spec.response) != "{}", spec.operation


def test_every_route_that_creates_or_decides_is_keyed() -> None:
    """A retry after a lost answer must get the answer (architecture: Idempotency). The key of a call is its id."""
    assert [spec.operation for spec in specs(app) if spec.method == "POST" and not spec.keyed] == [
        f"POST {path}" for path in SIGNED
    ]
