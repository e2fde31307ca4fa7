"""Tokens of the OIDC issuer: signature, issuer, audience and times. What the claims mean stands in authorizer.py."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import ECKey, RSAKey

from chalicelib.domain.errors import Unavailable
from chalicelib.edge.problems import Unauthenticated
from chalicelib.gateways.jwks import KeySource
from chalicelib.observability import logger
from chalicelib.services.ports import Clock

ALGORITHMS = {"RS256": "RSA", "ES256": "EC"}
"""The only signatures taken, and the type of key each needs: never "none", never a shared secret."""

MOST_TOKEN = 8192
_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_LEAST_RSA_BITS = 2048

Key = RSAKey | ECKey


class KeyRing:
    """The issuer's keys by their id, kept for the life of a container.

    Fetched anew when they are an hour old, and when a token names a key that is not among them, but for
    that at most once a minute: anybody can make up key ids. When the issuer does not answer, the old keys
    serve for up to a day, and it is asked again after some seconds.
    """

    REFRESH = timedelta(hours=1)
    OLDEST = timedelta(days=1)
    UNKNOWN_KEY_PAUSE = timedelta(minutes=1)
    FAILURE_PAUSE = timedelta(seconds=5)

    def __init__(self, source: KeySource, clock: Clock) -> None:
        self._source = source
        self._clock = clock
        self._keys: Mapping[str, Key] = {}
        self._fetched: datetime | None = None
        self._not_before: datetime | None = None
        self._silent = False

    def key(self, kid: str) -> Key | None:
        """The key of this id; None if the issuer has none such.

        Raises Unavailable ``access.issuer-unavailable`` when the issuer does not answer and what is known is
        too old, or nothing, or lacks this key.
        """
        now = self._clock.now()
        if self._fetched is None or now - self._fetched > self.REFRESH or kid not in self._keys:
            self._refresh(now)
        unheard = self._silent and kid not in self._keys
        if unheard or self._fetched is None or now - self._fetched > self.OLDEST:
            raise Unavailable.because("access.issuer-unavailable")
        return self._keys.get(kid)

    def _refresh(self, now: datetime) -> None:
        if self._not_before is not None and now < self._not_before:
            return
        try:
            keys = _keys_in(self._source.fetch())
        except (Unavailable, ValueError) as error:
            self._not_before = now + self.FAILURE_PAUSE
            self._silent = True
            logger.warning("issuer_unavailable", error=type(error).__name__)
            return
        self._keys, self._fetched, self._silent = keys, now, False
        self._not_before = now + self.UNKNOWN_KEY_PAUSE


def verified(token: str, keys: KeyRing, clock: Clock, *, issuer: str, audience: str, leeway: int) -> Mapping[str, Any]:
    """The claims of a token that holds.

    Raises Unauthenticated with ``access.token-malformed``, ``access.token-expired`` or ``access.token-invalid``;
    Unavailable when the issuer's keys cannot be had.
    """
    if len(token) > MOST_TOKEN or not _TOKEN.fullmatch(token):
        raise Unauthenticated.because("access.token-malformed")
    try:
        key = _key_for(token, keys)
        claims = jwt.decode(token, key, algorithms=list(ALGORITHMS)).claims
        required = jwt.JWTClaimsRegistry(
            now=int(clock.now().timestamp()),
            leeway=leeway,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
        )
        required.validate(claims)
    except ExpiredTokenError:
        raise Unauthenticated.because("access.token-expired") from None
    except (JoseError, ValueError, TypeError, RecursionError):
        raise Unauthenticated.because("access.token-invalid") from None
    return claims


def _key_for(token: str, keys: KeyRing) -> Key:
    """The key that the header names, if it is one for the algorithm that the header names."""
    header = _header_of(token)
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS or not isinstance(kid, str) or not kid:
        raise ValueError("unusable header")
    key = keys.key(kid)
    if key is None or key.key_type != ALGORITHMS[algorithm]:
        raise ValueError("no such key")
    return key


def _header_of(token: str) -> Mapping[str, Any]:
    from joserfc.util import json_b64decode

    header = json_b64decode(token.split(".", 1)[0].encode())
    if not isinstance(header, dict):
        raise ValueError("the header is no object")
    return header


def _keys_in(text: bytes) -> Mapping[str, Key]:
    """The usable public keys of a JWK set. Others that an issuer publishes beside them are passed over.

    Raises ValueError if this is no JWK set.
    """
    document = json.loads(text)
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise ValueError("no JWK set")
    found: dict[str, Key] = {}
    for jwk in document["keys"]:
        key = _usable(jwk)
        if key is not None:
            found[jwk["kid"]] = key
    return found


def _usable(jwk: Any) -> Key | None:
    if not isinstance(jwk, dict) or not isinstance(jwk.get("kid"), str) or jwk.get("use", "sig") != "sig":
        return None
    try:
        if jwk.get("kty") == "RSA":
            rsa = RSAKey.import_key(jwk)
            return rsa if rsa.raw_value.key_size >= _LEAST_RSA_BITS else None
        if jwk.get("kty") == "EC" and jwk.get("crv") == "P-256":
            return ECKey.import_key(jwk)
    except (JoseError, ValueError, TypeError):
        logger.warning("issuer_key_unusable")
    return None
