"""Tokens that try more than to be wrong: headers that bring a key, key ids that lead elsewhere, claims of any type; and
what people meet while the issuer changes its keys. What merely does not hold stands in test_edge_authorizer.py.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey

from chalicelib.domain.errors import DomainError
from chalicelib.edge import authorizer
from chalicelib.edge.issuer import MOST_TOKEN
from tests.edge_world import EC, NOW, OTHER, RSA, World, claims, installed, person, public, token

pytestmark = pytest.mark.requirement("H3")


@pytest.fixture(autouse=True)
def world() -> Iterator[World]:
    with installed() as made:
        yield made


def outcome(text: str) -> str:
    """The subject of the identity that a token gives, or the code of its refusal; nothing else may happen."""
    try:
        return authorizer.identity(f"Bearer {text}")["subject"]
    except DomainError as refusal:
        return refusal.code


def encoded(part: Any) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def shared_secret(secret: bytes, algorithm: str = "HS256", kid: str = EC.kid) -> str:
    """Signed with what everybody knows, in the hope that it is taken for a shared secret."""
    text = f"{encoded({'alg': algorithm, 'kid': kid})}.{encoded(claims())}"
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[algorithm]
    return f"{text}.{encoded(hmac.new(secret, text.encode(), digest).digest())}"


def bare(header: Any, payload: Any = None, signature: bytes = b"\0" * 64) -> str:
    return f"{encoded(header)}.{encoded(payload or claims())}.{encoded(signature)}"


INVALID, CLAIMS, MALFORMED = "access.token-invalid", "access.claims-invalid", "access.token-malformed"
OURS = {"alg": "ES256", "kid": "ec-1"}

TRICKS: dict[str, tuple[Callable[[], str], str]] = {
    # algorithms
    "HMAC with the public PEM": (lambda: shared_secret(EC.as_pem(private=False)), INVALID),
    "HMAC with the public DER": (lambda: shared_secret(EC.as_der(private=False)), INVALID),
    "HMAC with the public JWK": (lambda: shared_secret(json.dumps(public(EC)).encode()), INVALID),
    "HMAC with nothing": (lambda: shared_secret(b""), INVALID),
    "HMAC, 512": (lambda: shared_secret(RSA.as_pem(private=False), "HS512", RSA.kid), INVALID),
    "no algorithm": (lambda: bare({"kid": "ec-1"}), INVALID),
    "None, in capitals": (lambda: bare({**OURS, "alg": "NONE"}), INVALID),
    "nOnE": (lambda: bare({**OURS, "alg": "nOnE"}), INVALID),
    "none and no signature": (lambda: bare({**OURS, "alg": "none"}, signature=b""), MALFORMED),
    "another curve": (lambda: bare({**OURS, "alg": "ES512"}), INVALID),
    "PSS": (lambda: bare({"alg": "PS256", "kid": "rsa-1"}), INVALID),
    "RSA over the key of a curve": (lambda: bare({"alg": "RS256", "kid": "ec-1"}), INVALID),
    "a signature of noughts": (lambda: bare(OURS), INVALID),
    "an empty signature": (lambda: bare(OURS, signature=b""), MALFORMED),
    "half a signature": (lambda: token(claims())[:-43], INVALID),
    # keys that a token brings along
    "jwk in the header": (lambda: token(claims(), OTHER, kid="ec-1", jwk=public(OTHER)), INVALID),
    "jku in the header": (lambda: token(claims(), OTHER, kid="ec-1", jku="https://evil.test/keys"), INVALID),
    "x5u in the header": (lambda: token(claims(), OTHER, kid="ec-1", x5u="https://evil.test/chain"), INVALID),
    # key ids that lead elsewhere
    "kid climbs": (lambda: token(claims(), OTHER, kid="../../../../dev/null"), INVALID),
    "kid is an address": (lambda: token(claims(), OTHER, kid="https://evil.test/key"), INVALID),
    "kid asks a database": (lambda: token(claims(), OTHER, kid="x' UNION SELECT 'k"), INVALID),
    "kid ends early": (lambda: token(claims(), OTHER, kid="ec-1\x00.pem"), INVALID),
    "kid in other letters": (lambda: token(claims(), OTHER, kid="EC-1"), INVALID),
    "kid with a space": (lambda: token(claims(), OTHER, kid="ec-1 "), INVALID),
    "kid is empty": (lambda: bare({"alg": "ES256", "kid": ""}), INVALID),
    "kid is a list": (lambda: bare({"alg": "ES256", "kid": ["ec-1"]}), INVALID),
    "kid is an object": (lambda: bare({"alg": "ES256", "kid": {"ec-1": 1}}), INVALID),
    "kid is very long": (lambda: token(claims(), OTHER, kid="k" * 4000), INVALID),
    # size and shape
    "as long as it may be": (lambda: "a" * (MOST_TOKEN - 4) + ".b.c", INVALID),
    "one too long": (lambda: "a" * (MOST_TOKEN - 3) + ".b.c", MALFORMED),
    "header nested deep": (lambda: f"{encoded(b'[' * 4000)}.e30.AA", INVALID),
    "payload is a list": (lambda: bare(OURS, [1]), INVALID),
    "five parts": (lambda: token(claims()) + ".a.b", MALFORMED),
    "padding": (lambda: token(claims()) + "==", MALFORMED),
    # claims of other types, properly signed
    "exp of five thousand digits": (lambda: bare(OURS, b'{"exp":' + b"9" * 5000 + b"}"), INVALID),
    "exp below nought": (lambda: token(claims(exp=-1)), "access.token-expired"),
    "exp is a list": (lambda: token(claims(exp=[1])), INVALID),
    "nbf is a text": (lambda: token(claims(nbf="now")), INVALID),
    "sub is empty": (lambda: token(claims(sub="")), INVALID),
    "sub is a list": (lambda: token(claims(sub=["officer-1"])), INVALID),
    "sub is of four bytes": (lambda: token(claims(sub="𠮷")), CLAIMS),
    "sub ends with a line": (lambda: token(claims(sub="officer-1\n")), CLAIMS),
    "kind is an object": (lambda: token(claims(kind={"officer": 1})), CLAIMS),
    "roles is an object": (lambda: token(claims(roles={"review": True})), CLAIMS),
    "roles is a number": (lambda: token(claims(roles=7)), CLAIMS),
    "a role within a list": (lambda: token(claims(roles=[["review"]])), CLAIMS),
    "body is a list": (lambda: token(claims(body=["150100000000-05"])), CLAIMS),
    "name is a list": (lambda: token(claims(name=["乌兰"])), CLAIMS),
}


@pytest.mark.parametrize("name", TRICKS)
def test_no_trick_gives_an_identity(name: str) -> None:
    made, code = TRICKS[name]
    assert outcome(made()) == code


def test_an_audience_may_be_one_of_several_but_must_be_ours() -> None:
    assert outcome(token(person(aud=["other", "onewindow"]))) == "person-1"
    assert outcome(token(person(aud=["other"]))) == INVALID
    assert outcome(token(person(aud=[]))) == INVALID


@pytest.mark.parametrize("name", ["𠮷𪛖", "ᠮᠣᠩᠭᠣᠯ", "a%20b", "𠮷" * 100, "x\u202ey", ""])
def test_a_name_of_any_script_arrives_as_it_was_said(name: str) -> None:
    context = authorizer.identity("Bearer " + token(person(name=name)))
    assert all(value.isascii() for value in context.values())
    assert authorizer.actor_of(context).name == name


def test_a_name_without_end_is_cut() -> None:
    context = authorizer.identity("Bearer " + token(person(name="𠮷" * 500)))
    assert authorizer.actor_of(context).name == "𠮷" * 100


@given(st.text(max_size=60) | st.from_regex(r"[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,40}"))
def test_no_text_is_taken_for_a_token_or_makes_the_authorizer_fail(text: str) -> None:
    assert outcome(text).startswith("access.")


# -- while the issuer changes its keys -----------------------------------------------------------------------

NEW = ECKey.generate_key("P-256", parameters={"kid": "ec-new"}, private=True)


def test_through_a_rotation_tokens_of_both_keys_hold_and_after_it_those_of_the_new_one(world: World) -> None:
    old, new = token(person(exp=_in(hours=5))), token(person("person-2", exp=_in(hours=5)), NEW)
    assert outcome(old) == "person-1"
    world.keys.keys = [public(EC), public(NEW)]  # both are served
    world.clock.advance(minutes=2)
    assert (outcome(new), outcome(old)) == ("person-2", "person-1")
    world.keys.keys = [public(NEW)]  # the old one is gone, and ours are less than an hour old
    assert (outcome(new), outcome(old)) == ("person-2", "person-1")
    world.clock.advance(hours=1, minutes=1)
    assert (outcome(new), outcome(old)) == ("person-2", INVALID)


def test_while_the_issuer_is_away_known_keys_hold_and_of_an_unknown_one_nobody_says_that_it_is_bad(
    world: World,
) -> None:
    assert outcome(token(person())) == "person-1"
    world.keys.away = True
    world.clock.advance(minutes=2)
    assert outcome(token(person(), NEW)) == "access.issuer-unavailable"
    assert outcome(token(person())) == "person-1"
    world.keys.away, world.keys.keys = False, [public(EC), public(NEW)]
    world.clock.advance(seconds=6)
    assert outcome(token(person("person-2"), NEW)) == "person-2"
    assert outcome(token(person(), OTHER)) == INVALID


def test_a_cold_container_says_that_the_issuer_is_away_and_never_that_a_token_is_bad(world: World) -> None:
    world.keys.away = True
    for text in (token(person()), token(person(), OTHER)):
        assert outcome(text) == "access.issuer-unavailable"
    assert outcome("x.y.z") == INVALID  # what cannot be a token needs no issuer
    assert outcome("x") == MALFORMED


def _in(**span: float) -> int:
    return int((NOW + timedelta(**span)).timestamp())
