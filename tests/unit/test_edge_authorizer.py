"""Who gets in: every way in which a token can be wrong, and the way of an identity to an actor."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from chalicelib.domain.actors import Actor, ActorKind, Role
from chalicelib.domain.errors import Unavailable
from chalicelib.edge import authorizer
from chalicelib.edge.issuer import KeyRing
from chalicelib.edge.problems import Unauthenticated
from tests.edge_world import EC, NOW, OTHER, RSA, Clock, Keys, World, claims, installed, person, public, token

ARN = "arn:aws-cn:execute-api:cn-north-1:123456789012:abcdef/api/GET/v1/cases"
SOON = int((NOW + timedelta(hours=1)).timestamp())


@pytest.fixture
def world() -> Iterator[World]:
    with installed() as made:
        yield made


def decide(header: str) -> dict[str, Any]:
    """What Lambda answers API Gateway."""
    event = {"type": "TOKEN", "authorizationToken": header, "methodArn": ARN}
    return authorizer.authorize(event, None)  # type: ignore[no-any-return]


def allowed(decision: dict[str, Any]) -> bool:
    return any(s["Effect"] == "Allow" and s["Resource"] for s in decision["policyDocument"]["Statement"])


@pytest.mark.requirement("H3")
@pytest.mark.parametrize("key", [EC, RSA], ids=["ES256", "RS256"])
def test_a_valid_token_becomes_an_actor(world: World, key: Any) -> None:
    decision = decide("Bearer " + token(claims(), key))
    assert allowed(decision)
    assert decision["principalId"] == "officer-1"
    assert all(isinstance(value, str) for value in decision["context"].values())
    assert authorizer.actor_of(decision["context"]) == Actor(
        subject="officer-1",
        kind=ActorKind.OFFICER,
        name="乌兰",
        body="150100000000-05",
        division="150100000000",
        roles=frozenset({Role.ACCEPTANCE, Role.REVIEW}),
    )


def test_the_context_is_ascii_only_as_not_every_hop_keeps_more(world: World) -> None:
    context = decide("bearer " + token(claims()))["context"]
    assert "".join(context.values()).isascii()


def test_one_decision_holds_for_every_route_because_the_gateway_keeps_it(world: World) -> None:
    decision = decide("Bearer " + token(person()))
    assert decision["policyDocument"]["Statement"][0]["Resource"] == [
        "arn:aws-cn:execute-api:cn-north-1:123456789012:abcdef/api/*/*"
    ]


def unsigned(payload: dict[str, Any], **header: Any) -> str:
    parts = [{"alg": "none", "kid": EC.kid, **header}, payload]
    return ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts) + ".AAAA"


def hmac_with_public_key() -> str:
    """The old trick: the public key as the secret of an HMAC."""
    parts = [{"alg": "HS256", "kid": RSA.kid}, claims()]
    text = ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts)
    signature = hmac.new(RSA.as_pem(private=False), text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def tampered() -> str:
    head, _, signature = token(person()).split(".")
    payload = base64.urlsafe_b64encode(json.dumps(person("somebody-else")).encode()).rstrip(b"=").decode()
    return f"{head}.{payload}.{signature}"


BAD: dict[str, tuple[Callable[[], str], str]] = {
    "no scheme": (lambda: token(claims()), "access.token-malformed"),
    "other scheme": (lambda: "Basic dTpw", "access.token-malformed"),
    "two tokens": (lambda: f"Bearer {token(claims())} {token(claims())}", "access.token-malformed"),
    "no JWT": (lambda: "Bearer abc", "access.token-malformed"),
    "JWE": (lambda: "Bearer a.b.c.d.e", "access.token-malformed"),
    "too long": (lambda: "Bearer " + "a" * 9000 + ".b.c", "access.token-malformed"),
    "no header": (lambda: "Bearer AAAA.BBBB.CCCC", "access.token-invalid"),
    "header is a list": (lambda: "Bearer W10.BBBB.CCCC", "access.token-invalid"),
    "alg none": (lambda: "Bearer " + unsigned(claims()), "access.token-invalid"),
    "alg as a list": (lambda: "Bearer " + unsigned(claims(), alg=["ES256"]), "access.token-invalid"),
    "HMAC with the public key": (lambda: "Bearer " + hmac_with_public_key(), "access.token-invalid"),
    "tampered": (lambda: "Bearer " + tampered(), "access.token-invalid"),
    "another key under our id": (lambda: "Bearer " + token(claims(), OTHER, kid="ec-1"), "access.token-invalid"),
    "unknown key": (lambda: "Bearer " + token(claims(), OTHER), "access.token-invalid"),
    "no key id": (lambda: "Bearer " + token(claims(), kid=None), "access.token-invalid"),
    "key id of the other type": (lambda: "Bearer " + token(claims(), EC, kid="rsa-1"), "access.token-invalid"),
    "critical header": (lambda: "Bearer " + unsigned(claims(), alg="ES256", crit=["x"], x=1), "access.token-invalid"),
    "other issuer": (lambda: "Bearer " + token(claims(iss="https://evil.test")), "access.token-invalid"),
    "no issuer": (lambda: "Bearer " + token(claims(iss=None)), "access.token-invalid"),
    "other audience": (lambda: "Bearer " + token(claims(aud="other")), "access.token-invalid"),
    "no audience": (lambda: "Bearer " + token(claims(aud=None)), "access.token-invalid"),
    "audience of another type": (lambda: "Bearer " + token(claims(aud={"onewindow": 1})), "access.token-invalid"),
    "expired": (lambda: "Bearer " + token(claims(exp=SOON - 7200)), "access.token-expired"),
    "never expires": (lambda: "Bearer " + token(claims(exp=None)), "access.token-invalid"),
    "expiry is a text": (lambda: "Bearer " + token(claims(exp="tomorrow")), "access.token-invalid"),
    "expiry is true": (lambda: "Bearer " + token(claims(exp=True)), "access.token-invalid"),
    "not yet valid": (lambda: "Bearer " + token(claims(nbf=SOON)), "access.token-invalid"),
    "no subject": (lambda: "Bearer " + token(claims(sub=None)), "access.token-invalid"),
    "subject with a space": (lambda: "Bearer " + token(claims(sub="a b")), "access.claims-invalid"),
    "subject is a number": (lambda: "Bearer " + token(claims(sub=7)), "access.token-invalid"),
    "subject too long": (lambda: "Bearer " + token(claims(sub="a" * 200)), "access.claims-invalid"),
    "no kind": (lambda: "Bearer " + token(claims(kind=None)), "access.claims-invalid"),
    "unknown kind": (lambda: "Bearer " + token(claims(kind="admin")), "access.claims-invalid"),
    "kind system": (lambda: "Bearer " + token(claims(kind="system", body=None, roles=None)), "access.claims-invalid"),
    "kind is a list": (lambda: "Bearer " + token(claims(kind=["officer"])), "access.claims-invalid"),
    "unknown role": (lambda: "Bearer " + token(claims(roles=["review", "root"])), "access.claims-invalid"),
    "roles are a text": (lambda: "Bearer " + token(claims(roles="review")), "access.claims-invalid"),
    "role is an object": (lambda: "Bearer " + token(claims(roles=[{}])), "access.claims-invalid"),
    "person with roles": (lambda: "Bearer " + token(person(roles=["review"])), "access.claims-invalid"),
    "person with a body": (lambda: "Bearer " + token(person(body="150100000000-05")), "access.claims-invalid"),
    "officer without body": (lambda: "Bearer " + token(claims(body=None)), "access.claims-invalid"),
    "officer without division": (lambda: "Bearer " + token(claims(division=None)), "access.claims-invalid"),
    "division too short": (lambda: "Bearer " + token(claims(division="1501")), "access.claims-invalid"),
    "division in other digits": (lambda: "Bearer " + token(claims(division="１" * 12)), "access.claims-invalid"),
    "division is a number": (lambda: "Bearer " + token(claims(division=150100000000)), "access.claims-invalid"),
    "name is an object": (lambda: "Bearer " + token(claims(name={"zh": "乌兰"})), "access.claims-invalid"),
    "agent without station": (lambda: "Bearer " + token(person(kind="agent")), "access.claims-invalid"),
    "supervisor without area": (lambda: "Bearer " + token(person(kind="supervisor")), "access.claims-invalid"),
}  # fmt: skip


@pytest.mark.requirement("H3")
@pytest.mark.parametrize("name", BAD)
def test_a_token_that_does_not_hold_is_denied_and_says_why_in_the_log_only(world: World, name: str) -> None:
    make, code = BAD[name]
    decision = decide(make())
    assert not allowed(decision)
    assert decision["principalId"] == "nobody"
    assert decision["context"] == {"refusal": code}


def test_a_few_seconds_between_two_clocks_do_not_matter(world: World) -> None:
    assert allowed(decide("Bearer " + token(claims(exp=int(NOW.timestamp()) - 5))))
    assert not allowed(decide("Bearer " + token(claims(exp=int(NOW.timestamp()) - authorizer.LEEWAY))))


def test_an_issuer_that_is_away_gives_nobody_an_identity_and_is_no_failure(world: World) -> None:
    world.keys.away = True
    decision = decide("Bearer " + token(claims()))
    assert allowed(decision), "the edge answers 503; a denial would say that the token is bad"
    assert decision["context"] == {"refusal": "access.issuer-unavailable"}
    with pytest.raises(Unavailable):
        authorizer.actor_of(decision["context"])


def test_an_unforeseen_failure_gives_nobody_an_identity(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(header: str) -> dict[str, str]:
        raise ZeroDivisionError

    monkeypatch.setattr(authorizer, "identity", broken)
    assert decide("Bearer x")["context"] == {"refusal": "access.issuer-unavailable"}


@pytest.mark.parametrize("context", [None, {}, {"principalId": "officer-1"}, {"kind": "officer"}])
def test_without_an_identity_there_is_no_actor(world: World, context: dict[str, str] | None) -> None:
    with pytest.raises(Unauthenticated) as refusal:
        authorizer.actor_of(context)
    assert refusal.value.code == "access.token-missing"


def test_a_decision_that_the_gateway_kept_does_not_outlive_the_token(world: World) -> None:
    context = decide("Bearer " + token(claims()))["context"]
    world.clock.advance(hours=1, seconds=authorizer.LEEWAY - 1)
    assert authorizer.actor_of(context).subject == "officer-1"
    world.clock.advance(seconds=1)
    with pytest.raises(Unauthenticated) as refusal:
        authorizer.actor_of(context)
    assert refusal.value.code == "access.token-expired"


# -- the keys of the issuer ------------------------------------------------------------------------------


def ring() -> tuple[KeyRing, Keys, Clock]:
    keys, clock = Keys(), Clock()
    return KeyRing(keys, clock), keys, clock


def test_keys_are_fetched_once_and_kept() -> None:
    keyring, keys, _ = ring()
    for _ in range(5):
        assert keyring.key("ec-1") is not None
    assert keys.asked == 1


def test_an_unknown_key_asks_the_issuer_again_but_once_a_minute_at_most() -> None:
    keyring, keys, clock = ring()
    assert keyring.key("ec-1") is not None
    keys.keys.append(public(OTHER))
    for _ in range(10):
        assert keyring.key("ec-2") is None
    assert keys.asked == 1
    clock.advance(seconds=61)
    assert keyring.key("ec-2") is not None
    assert keys.asked == 2


def test_a_withdrawn_key_loses_its_force_within_the_hour() -> None:
    keyring, keys, clock = ring()
    assert keyring.key("ec-1") is not None
    keys.keys = [public(RSA)]
    clock.advance(hours=1, seconds=1)
    assert keyring.key("ec-1") is None


def test_old_keys_serve_while_the_issuer_is_away_but_not_for_ever() -> None:
    keyring, keys, clock = ring()
    assert keyring.key("ec-1") is not None
    keys.away = True
    clock.advance(hours=20)
    assert keyring.key("ec-1") is not None
    clock.advance(hours=5)
    with pytest.raises(Unavailable):
        keyring.key("ec-1")


def test_an_issuer_that_is_away_is_asked_again_after_some_seconds_only() -> None:
    keyring, keys, clock = ring()
    keys.away = True
    for _ in range(5):
        with pytest.raises(Unavailable):
            keyring.key("ec-1")
    assert keys.asked == 1
    keys.away = False
    clock.advance(seconds=5)
    assert keyring.key("ec-1") is not None


@pytest.mark.parametrize(
    "jwk",
    [
        {"kty": "oct", "k": "c2VjcmV0", "kid": "x"},
        {"kty": "EC", "crv": "P-521", "kid": "x", "x": "AA", "y": "AA"},
        {"kty": "EC", "crv": "P-256", "kid": "x", "x": "AA", "y": "AA"},
        {"kty": "RSA", "kid": "x", "n": "AQAB", "e": "AQAB"},
        {**public(EC), "use": "enc", "kid": "x"},
        {**public(EC), "kid": 7},
        "no object",
    ],
)
def test_a_key_that_is_not_for_us_is_passed_over(jwk: Any) -> None:
    keyring, keys, _ = ring()
    keys.keys.insert(0, jwk)
    assert keyring.key("x") is None
    assert keyring.key("ec-1") is not None


def test_a_weak_key_is_passed_over() -> None:
    keyring, keys, _ = ring()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library warns, we refuse
        keys.keys.append(public(RSAKey.generate_key(1024, parameters={"kid": "weak"}, private=True)))
        assert keyring.key("weak") is None


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"keys": {}}', b"\xff", b"<html>"])
def test_what_is_no_key_set_counts_as_no_answer(text: bytes) -> None:
    class Source:
        def fetch(self) -> bytes:
            return text

    with pytest.raises(Unavailable):
        KeyRing(Source(), Clock()).key("ec-1")


def test_lambda_can_load_the_authorizer_alone() -> None:
    program = """
import sys
from chalicelib.edge.authorizer import authorize
assert "app" not in sys.modules and "joserfc" not in sys.modules and "boto3" not in sys.modules
answer = authorize({"type": "TOKEN", "authorizationToken": "Bearer x",
                    "methodArn": "arn:aws-cn:execute-api:cn-north-1:1:a/api/GET/v1/cases"}, None)
assert answer["policyDocument"]["Statement"][0]["Resource"] == [], answer
"""
    root = Path(__file__).resolve().parents[2]
    subprocess.run(
        [sys.executable, "-c", program],
        cwd=root,
        env={**os.environ, "OIDC_JWKS_URL": "https://issuer.test/jwks"},
        check=True,
        timeout=60,
    )
