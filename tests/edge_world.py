"""A wiring for tests of the edge: a clock that stands, an issuer in memory, receipts in a dict."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from chalicelib import wiring
from chalicelib.domain.errors import Unavailable
from chalicelib.services.ports import StoredReceipt
from chalicelib.settings import Settings

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
ISSUER, AUDIENCE = "https://issuer.test", "onewindow"

EC = ECKey.generate_key("P-256", parameters={"kid": "ec-1"}, private=True)
OTHER = ECKey.generate_key("P-256", parameters={"kid": "ec-2"}, private=True)
RSA = RSAKey.generate_key(2048, parameters={"kid": "rsa-1"}, private=True)


@dataclass
class Clock:
    """Moves only when told."""

    moment: datetime = NOW

    def now(self) -> datetime:
        return self.moment

    def advance(self, **by: float) -> None:
        self.moment += timedelta(**by)


@dataclass
class Keys:
    """A key source that counts how often it is asked, and can be away."""

    keys: list[dict[str, Any]] = field(default_factory=lambda: [public(EC), public(RSA)])
    asked: int = 0
    away: bool = False

    def fetch(self) -> bytes:
        self.asked += 1
        if self.away:
            raise Unavailable.because("access.issuer-unavailable")
        return json.dumps({"keys": self.keys}).encode()


@dataclass
class Receipts:
    """What the edge needs of a case repository."""

    stored: dict[str, StoredReceipt] = field(default_factory=dict)
    asked: int = 0
    broken: bool = False

    def receipt(self, scope: str) -> StoredReceipt | None:
        self.asked += 1
        if self.broken:
            raise RuntimeError("the table is away")
        return self.stored.get(scope)


@dataclass
class World:
    """What a test can turn."""

    clock: Clock = field(default_factory=Clock)
    keys: Keys = field(default_factory=Keys)
    receipts: Receipts = field(default_factory=Receipts)
    done: list[Any] = field(default_factory=list)


def public(key: Any) -> dict[str, Any]:
    return {**key.as_dict(private=False), "use": "sig"}


def settings(**changes: str) -> Settings:
    environ = {
        "STAGE": "test",
        "REGION_CODE": "150100000000",
        "OIDC_ISSUER": ISSUER,
        "OIDC_AUDIENCE": AUDIENCE,
        "PUBLIC_BASE_URL": "https://onewindow.test",
        **changes,
    }
    return Settings.from_env(environ)


@contextmanager
def installed(**changes: str) -> Iterator[World]:
    """Put the wiring in place for the length of a test."""
    world = World()
    wiring.install(
        wiring.Wiring(
            settings(**changes),
            clock=world.clock,
            jwks=world.keys,
            cases=world.receipts,
            cursor_secret=b"a secret of thirty-two characters",
        )
    )
    try:
        yield world
    finally:
        wiring.install(None)


def claims(**changes: Any) -> dict[str, Any]:
    """Claims of an officer; None leaves a claim out."""
    made = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "exp": int((NOW + timedelta(hours=1)).timestamp()),
        "sub": "officer-1",
        "name": "乌兰",
        "kind": "officer",
        "body": "150100000000-05",
        "division": "150100000000",
        "roles": ["acceptance", "review"],
        **changes,
    }
    return {name: value for name, value in made.items() if value is not None}


def person(subject: str = "person-1", **changes: Any) -> dict[str, Any]:
    """Claims of a natural person."""
    return claims(**{"sub": subject, "kind": "person", "body": None, "division": None, "roles": None, **changes})


def token(payload: dict[str, Any], key: Any = EC, **header: Any) -> str:
    algorithm = "ES256" if isinstance(key, ECKey) else "RS256"
    head = {"alg": algorithm, "kid": key.kid, **header}
    return jwt.encode({k: v for k, v in head.items() if v is not None}, payload, key)
