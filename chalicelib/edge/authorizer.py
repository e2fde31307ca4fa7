"""The Lambda authorizer: a token in, an identity out; and the way back from that identity to an Actor.

What a caller gets, and why:

====================================  =================================================================
no Authorization header               401 by API Gateway; this function is not asked
token that does not hold              deny: API Gateway's ACCESS_DENIED, whose gateway response says 401. A
                                      valid token is never denied here, so the two cannot be confused.
issuer does not answer                allowed *without an identity*: the edge answers 503 problem+json.
                                      Raising would make API Gateway answer 500, denying would tell
                                      people that their valid token is bad. Nothing opens by it: without
                                      a subject there is no actor, and every view behind Auth.TOKEN needs one.
valid token                           allow all routes; what the actor may do is decided in the use case
====================================  =================================================================

API Gateway keeps an answer for TTL seconds for each token. The edge therefore looks at the expiry once
more; only a key that the issuer withdraws takes up to TTL (and KeyRing.REFRESH) to lose its force.

Lambda imports this module alone (https://github.com/aws/chalice/issues/1566): nothing here needs ``app``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from chalice.app import AuthRequest, AuthResponse, Blueprint

from chalicelib import observability
from chalicelib.domain.actors import ACCOUNT, Actor, ActorKind, Role
from chalicelib.domain.errors import Unavailable
from chalicelib.edge.problems import Unauthenticated
from chalicelib.observability import logger

if TYPE_CHECKING:
    from chalicelib.edge.issuer import KeyRing
    from chalicelib.wiring import Wiring

TTL = 60
LEEWAY = 10
"""Seconds that the issuer's clock may be off."""
NOBODY = "nobody"

KINDS = {kind.value: kind for kind in ActorKind if kind is not ActorKind.SYSTEM}
"""What a token may claim to be. The platform itself has no token."""

_NEEDS_DIVISION = (ActorKind.AGENT, ActorKind.OFFICER, ActorKind.SUPERVISOR)
_MAY_HAVE_BODY = (ActorKind.AGENT, ActorKind.OFFICER)

_BEARER = re.compile(r"bearer +(\S+)", re.IGNORECASE)
_BODY = re.compile(r"[\x21-\x7e]{1,64}")
_DIVISION = re.compile(r"[0-9]{12}", re.ASCII)
_MOST_NAME = 100

authorizers = Blueprint(__name__)


@authorizers.authorizer(ttl_seconds=TTL)
def authorize(request: AuthRequest) -> AuthResponse:
    """Judge the token of a request. Never raises: an authorizer that fails is a 500 that nobody can explain."""
    with observability.handling(function="authorize"):
        try:
            context = identity(request.token)
        except Unavailable as error:
            logger.warning("token_not_judged", code=error.code)
            return AuthResponse(["*"], NOBODY, {"refusal": error.code})
        except Unauthenticated as error:
            logger.info("token_refused", code=error.code)
            return AuthResponse([], NOBODY, {"refusal": error.code})
        except Exception as error:
            observability.failure("authorizer_failed", error)
            return AuthResponse(["*"], NOBODY, {"refusal": "access.issuer-unavailable"})
    return AuthResponse(["*"], context["subject"], context)


def identity(header: str) -> dict[str, str]:
    """The authorizer context of an ``Authorization`` header: strings only, as API Gateway demands.

    Raises Unauthenticated (``access.token-malformed``, ``-expired``, ``-invalid``, ``access.claims-invalid``) or
    Unavailable (``access.issuer-unavailable``).
    """
    from chalicelib import wiring
    from chalicelib.edge import issuer

    bearer = _BEARER.fullmatch(header.strip())
    if bearer is None:
        raise Unauthenticated.because("access.token-malformed")
    current = wiring.current()
    claims = issuer.verified(
        bearer[1],
        _keys(current),
        current.clock,
        issuer=current.settings.oidc_issuer,
        audience=current.settings.oidc_audience,
        leeway=LEEWAY,
    )
    try:
        return context_of(claims)
    except ValueError:
        raise Unauthenticated.because("access.claims-invalid") from None


def context_of(claims: Mapping[str, Any]) -> dict[str, str]:
    """The authorizer context for verified claims. Raises ValueError for any claim outside its grammar.

    Unknown kinds and roles are refused rather than dropped: a token that means more than we understand is
    not one to act upon.
    """
    kind = KINDS.get(_text(claims, "kind"))
    if kind is None:
        raise ValueError("kind")
    division = _text(claims, "division", _DIVISION, needed=kind in _NEEDS_DIVISION)
    body = _text(claims, "body", _BODY, needed=kind is ActorKind.OFFICER)
    if body and kind not in _MAY_HAVE_BODY:
        raise ValueError("body")
    roles = claims.get("roles") or []
    if not isinstance(roles, list) or (roles and kind is not ActorKind.OFFICER):
        raise ValueError("roles")
    return {
        "subject": _text(claims, "sub", ACCOUNT, needed=True),
        "kind": kind.value,
        # Percent-encoded: header-like values outside ASCII do not survive every hop.
        "name": quote(_text(claims, "name")[:_MOST_NAME]),
        "body": body,
        "division": division,
        "roles": ",".join(sorted({Role(role).value for role in roles})),
        "expires": str(int(claims["exp"]) + LEEWAY),
    }


def actor_of(context: Mapping[str, Any] | None) -> Actor:
    """The actor in an authorizer context.

    Raises Unauthenticated when there is none, or its token has expired since the authorizer saw it; Unavailable
    when the authorizer could not judge the token.
    """
    from chalicelib import wiring

    if context and context.get("refusal"):
        raise Unavailable.because(str(context["refusal"]))
    if not context or not context.get("subject"):
        raise Unauthenticated.because("access.token-missing")
    if wiring.current().clock.now().timestamp() >= int(context["expires"]):
        raise Unauthenticated.because("access.token-expired")
    return Actor(
        subject=context["subject"],
        kind=KINDS[context["kind"]],
        name=unquote(context["name"]),
        body=context["body"],
        division=context["division"],
        roles=frozenset(Role(role) for role in context["roles"].split(",") if role),
    )


def _text(claims: Mapping[str, Any], name: str, grammar: re.Pattern[str] | None = None, *, needed: bool = False) -> str:
    """A claim as text, empty when absent. Raises ValueError for another type or form."""
    value = claims.get(name) or ""
    if not isinstance(value, str) or (needed and not value):
        raise ValueError(name)
    if value and grammar is not None and not grammar.fullmatch(value):
        raise ValueError(name)
    return value


@lru_cache(maxsize=2)
def _keys(current: Wiring) -> KeyRing:
    """One key ring for each container (and for each wiring that tests install)."""
    from chalicelib.edge.issuer import KeyRing

    return KeyRing(current.jwks, current.clock)
