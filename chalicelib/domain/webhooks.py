"""Signed calls between systems, after Standard Webhooks 1.0: what a receiver must check, and how a sender signs.

A call carries ``webhook-id``, ``webhook-timestamp`` and ``webhook-signature``: HMAC-SHA-256 over ``id.timestamp.body``,
in a list, so that a secret can be rotated while both are in use. The grammar of the headers is judged before anything
is decoded, signatures are compared as text (there is one way to write each), and the body is taken as raw bytes.
Who receives stores the id in the transaction of the effect: a call that is played back changes nothing.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

TOLERANCE = timedelta(minutes=5)
"""How far the sender's clock may be off, either way."""

KEPT = timedelta(days=7)
"""How long an id is remembered. A call can only be played back within ``TOLERANCE``; senders repeat for days."""

_MOST_HEADER = 1_000
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_TIMESTAMP = re.compile(r"[0-9]{10}", re.ASCII)
_ONE = r"v[0-9]{1,2}[a-z]?,[A-Za-z0-9+/]{20,200}={0,2}"
_SIGNATURES = re.compile(rf"{_ONE}(?: {_ONE}){{0,4}}", re.ASCII)
_PREFIX = "whsec_"
_SECRET_BYTES = range(24, 65)


class Forged(ValueError):
    """The call does not come from the one who says so, or not now. The text says which check it failed."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A call that was verified: who sent it, under which id, and when it was signed."""

    sender: str
    id: str
    at: datetime


def secret_of(text: str) -> bytes:
    """The key in a ``whsec_…`` secret. Raises ValueError for one that is none, or not of 24 to 64 bytes."""
    try:
        key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except ValueError as error:
        raise ValueError("a secret is base64") from error
    if not text.startswith(_PREFIX) or len(key) not in _SECRET_BYTES:
        raise ValueError("a secret is whsec_ and 24 to 64 bytes in base64")
    return key


def signature(call_id: str, at: datetime, body: bytes, secret: bytes) -> str:
    """The ``v1`` signature of a call as it stands in the header. Raises ValueError for a moment without time zone."""
    if at.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return _signature(call_id, str(int(at.timestamp())), body, secret)


def headers(call_id: str, at: datetime, body: bytes, secret: bytes) -> dict[str, str]:
    """The three headers of a call."""
    return {
        "webhook-id": call_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature(call_id, at, body, secret),
    }


def verify(sender: str, given: Mapping[str, str], body: bytes, secrets: Sequence[bytes], now: datetime) -> Signed:
    """Judge a call of ``sender``, whose secrets these are. ``given`` has lower-case names. Raises Forged."""
    call_id = _header(given, "webhook-id", _ID)
    timestamp = _header(given, "webhook-timestamp", _TIMESTAMP)
    listed = _header(given, "webhook-signature", _SIGNATURES).split(" ")
    expected = [_signature(call_id, timestamp, body, secret) for secret in secrets]
    # Every pair is compared, and each in constant time.
    fits = [hmac.compare_digest(one, other) for one in expected for other in listed]
    if not any(fits):
        raise Forged("signature")
    at = datetime.fromtimestamp(int(timestamp), UTC)
    if abs(now - at) > TOLERANCE:
        raise Forged("time")
    return Signed(sender, call_id, at)


def _header(given: Mapping[str, str], name: str, grammar: re.Pattern[str]) -> str:
    value = given.get(name, "")
    if len(value) > _MOST_HEADER or not grammar.fullmatch(value):
        raise Forged(name)
    return value


def _signature(call_id: str, timestamp: str, body: bytes, secret: bytes) -> str:
    signed = f"{call_id}.{timestamp}.".encode() + body
    return f"v1,{base64.b64encode(hmac.digest(secret, signed, 'sha256')).decode()}"
