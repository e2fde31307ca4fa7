"""The verifier of signed calls: everything forged or malformed is refused, everything right is taken."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from chalicelib.domain import webhooks
from chalicelib.domain.webhooks import Forged

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
SECRET, OLDER, FOREIGN = b"n" * 32, b"o" * 24, b"f" * 32
BODY = '{"type": "message.delivered", "name": "其其格𠮷"}'.encode()
STAMP = str(int(NOW.timestamp()))
GOOD = webhooks.headers("call-1", NOW, BODY, SECRET)
SIGNED = GOOD["webhook-signature"]


def signed(call_id: str = "call-1", stamp: str = STAMP, body: bytes = BODY, secret: bytes = SECRET) -> str:
    """A signature made by hand, so that the tests do not lean on what they test."""
    mac = hmac.new(secret, f"{call_id}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(mac).decode()}"


def at(seconds: int) -> dict[str, str]:
    """Rightly signed, but then."""
    stamp = str(int(NOW.timestamp()) + seconds)
    return {"webhook-timestamp": stamp, "webhook-signature": signed(stamp=stamp)}


def re_signed(**changes: str) -> dict[str, str]:
    """Other headers, and a right signature over them."""
    call_id = changes.get("webhook-id", "call-1")
    stamp = changes.get("webhook-timestamp", STAMP)
    return {**changes, "webhook-signature": signed(call_id, stamp)}


_DIGEST = SIGNED.removeprefix("v1,")
_FLIPPED = _DIGEST[:-2] + ("A" if _DIGEST[-2] != "A" else "E") + "="
# The last character of 32 bytes in base64 has two bits that mean nothing: another one decodes to the same bytes.
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_TWIN = _DIGEST[:-2] + _ALPHABET[_ALPHABET.index(_DIGEST[-2]) ^ 1] + "="

HEADERS: dict[str, dict[str, str]] = {
    "no id": {"webhook-id": ""},
    "id of another call": {"webhook-id": "call-2"},
    "id with a dot": re_signed(**{"webhook-id": "call.1"}),
    "id with a space": re_signed(**{"webhook-id": "call 1"}),
    "id with a line end": re_signed(**{"webhook-id": "call-1\n"}),
    "id with a tab": re_signed(**{"webhook-id": "\tcall-1"}),
    "id with a hash": re_signed(**{"webhook-id": "call#1"}),
    "id in full-width letters": re_signed(**{"webhook-id": "\uff43\uff41\uff4c\uff4c-1"}),
    "id in Chinese": re_signed(**{"webhook-id": "回执"}),
    "id of 65 characters": re_signed(**{"webhook-id": "c" * 65}),
    "id of a megabyte": re_signed(**{"webhook-id": "c" * 1_000_000}),
    "id with a nul": re_signed(**{"webhook-id": "call\x00"}),
    "no timestamp": {"webhook-timestamp": ""},
    "another timestamp": {"webhook-timestamp": str(int(STAMP) + 1)},
    "timestamp with a fraction": re_signed(**{"webhook-timestamp": f"{STAMP}.9"}),
    "timestamp with spaces": re_signed(**{"webhook-timestamp": f" {STAMP} "}),
    "timestamp with underscores": re_signed(**{"webhook-timestamp": f"{STAMP[:3]}_{STAMP[3:9]}"}),
    "timestamp in full-width digits": re_signed(
        **{"webhook-timestamp": STAMP.translate({i: i + 0xFEE0 for i in range(48, 58)})}
    ),
    "timestamp in Arabic digits": re_signed(
        **{"webhook-timestamp": STAMP.translate({i: i + 0x630 for i in range(48, 58)})}
    ),
    "timestamp with a sign": re_signed(**{"webhook-timestamp": f"+{STAMP[:9]}"}),
    "negative timestamp": re_signed(**{"webhook-timestamp": f"-{STAMP[:9]}"}),
    "timestamp as exponent": re_signed(**{"webhook-timestamp": "1764057e03"}),
    "timestamp in hexadecimal": re_signed(**{"webhook-timestamp": "0x69255f80"}),
    "timestamp in milliseconds": re_signed(**{"webhook-timestamp": f"{STAMP}000"}),
    "timestamp of nine digits": re_signed(**{"webhook-timestamp": STAMP[:9]}),
    "timestamp not a number": re_signed(**{"webhook-timestamp": "nan"}),
    "timestamp infinite": re_signed(**{"webhook-timestamp": "inf"}),
    "timestamp as a date": re_signed(**{"webhook-timestamp": "2026-11-25"}),
    "timestamp of 5,000 digits": re_signed(**{"webhook-timestamp": "1" * 5_000}),
    "timestamp of the epoch": re_signed(**{"webhook-timestamp": "0000000000"}),
    "timestamp in the year 2286": re_signed(**{"webhook-timestamp": "9999999999"}),
    "too old by a second": at(-301),
    "too early by a second": at(301),
    "a day old": at(-86_400),
    "a year ahead": at(31_536_000),
    "no signature": {"webhook-signature": ""},
    "the version alone": {"webhook-signature": "v1,"},
    "the digest alone": {"webhook-signature": _DIGEST},
    "without comma": {"webhook-signature": f"v1{_DIGEST}"},
    "two commas": {"webhook-signature": f"v1,,{_DIGEST}"},
    "a third part": {"webhook-signature": f"{SIGNED},x"},
    "semicolon": {"webhook-signature": f"v1;{_DIGEST}"},
    "two spaces between": {"webhook-signature": f"{SIGNED}  {SIGNED}"},
    "a space before": {"webhook-signature": f" {SIGNED}"},
    "a space behind": {"webhook-signature": f"{SIGNED} "},
    "a line end behind": {"webhook-signature": f"{SIGNED}\n"},
    "separated by commas": {"webhook-signature": f"{SIGNED},{SIGNED}"},
    "six signatures": {"webhook-signature": " ".join([SIGNED] * 6)},
    "a header of 2 kB": {"webhook-signature": f"{SIGNED} v1,{'A' * 2_000}"},
    "padding left out": {"webhook-signature": SIGNED.rstrip("=")},
    "padding doubled": {"webhook-signature": f"{SIGNED}="},
    "base64 for addresses": {"webhook-signature": "v1," + "-_" * 21 + "A="},
    "junk inside base64": {"webhook-signature": f"v1,{_DIGEST[:10]}!{_DIGEST[10:]}"},
    "letters outside ASCII": {"webhook-signature": f"v1,{'字' * 43}="},
    "twin that decodes to the same bytes": {"webhook-signature": f"v1,{_TWIN}"},
    "one character changed": {"webhook-signature": f"v1,{_FLIPPED}"},
    "cut short": {"webhook-signature": f"v1,{_DIGEST[:20]}"},
    "lower case": {"webhook-signature": f"v1,{_DIGEST.lower()}"},
    "hexadecimal": {"webhook-signature": "v1," + hmac.new(SECRET, BODY, "sha256").hexdigest()},
    "of the body alone": {"webhook-signature": "v1," + base64.b64encode(hmac.digest(SECRET, BODY, "sha256")).decode()},
    "SHA-1": {"webhook-signature": "v1," + base64.b64encode(hmac.digest(SECRET, BODY, "sha1")).decode()},
    "another version": {"webhook-signature": f"v2,{_DIGEST}"},
    "asymmetric by name": {"webhook-signature": f"v1a,{_DIGEST}"},
    "version zero": {"webhook-signature": f"v0,{_DIGEST}"},
    "version in capitals": {"webhook-signature": f"V1,{_DIGEST}"},
    "of a foreign secret": {"webhook-signature": signed(secret=FOREIGN)},
    "of an empty secret": {"webhook-signature": signed(secret=b"")},
    "of the secret as text": {"webhook-signature": signed(secret=base64.b64encode(SECRET))},
    "parts run together": {
        "webhook-id": "call-11",
        "webhook-timestamp": STAMP,
        "webhook-signature": signed("call-1", f"1{STAMP}"),
    },
}

BODIES: dict[str, bytes] = {
    "empty": b"",
    "a space more": BODY + b" ",
    "a line end more": BODY + b"\n",
    "one byte changed": BODY.replace(b"delivered", b"deliwered"),
    "the same JSON in another order": b'{"name": "x", "type": "message.delivered"}',
    "with a mark at the beginning": b"\xef\xbb\xbf" + BODY,
    "in UTF-16": BODY.decode().encode("utf-16"),
    "not UTF-8": b"\xff\xfe\xff",
    "deeply nested": b"[" * 100_000,
    "a long number": b"1" * 5_000,
}


def verified(headers: dict[str, str], body: bytes = BODY, secrets: Any = (SECRET, OLDER)) -> webhooks.Signed:
    return webhooks.verify("post", headers, body, secrets, NOW)


@pytest.mark.parametrize("changes", HEADERS.values(), ids=HEADERS)
def test_a_call_with_forged_or_malformed_headers_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(Forged):
        verified({**GOOD, **changes})


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_that_is_not_the_signed_one_is_refused(body: bytes) -> None:
    with pytest.raises(Forged):
        verified(GOOD, body)


@pytest.mark.parametrize("name", GOOD)
def test_a_header_that_is_missing_is_refused(name: str) -> None:
    with pytest.raises(Forged):
        verified({key: value for key, value in GOOD.items() if key != name})


def test_who_has_no_secret_signs_nothing() -> None:
    with pytest.raises(Forged):
        verified(GOOD, secrets=())


RIGHT: dict[str, tuple[dict[str, str], bytes]] = {
    "plain": (GOOD, BODY),
    "with the secret before a rotation": (webhooks.headers("call-1", NOW, BODY, OLDER), BODY),
    "two signatures, the second ours": ({**GOOD, "webhook-signature": f"{signed(secret=FOREIGN)} {SIGNED}"}, BODY),
    "five signatures": ({**GOOD, "webhook-signature": " ".join([signed(secret=FOREIGN)] * 4 + [SIGNED])}, BODY),
    "beside an asymmetric one": ({**GOOD, "webhook-signature": f"v1a,{'A' * 86}== {SIGNED}"}, BODY),
    "beside a version to come": ({**GOOD, "webhook-signature": f"v2,{'A' * 44} {SIGNED}"}, BODY),
    "five minutes old": ({**GOOD, **at(-300)}, BODY),
    "five minutes early": ({**GOOD, **at(300)}, BODY),
    "empty body": (webhooks.headers("call-1", NOW, b"", SECRET), b""),
    "body that is no text": (webhooks.headers("call-1", NOW, b"\xff\x00", SECRET), b"\xff\x00"),
    "shortest id": (webhooks.headers("1", NOW, BODY, SECRET), BODY),
    "longest id": (webhooks.headers("c" * 64, NOW, BODY, SECRET), BODY),
    "id with every kind of character": (webhooks.headers("msg_2Lh-9", NOW, BODY, SECRET), BODY),
}


@pytest.mark.parametrize(("headers", "body"), RIGHT.values(), ids=RIGHT)
def test_a_call_that_is_right_is_taken(headers: dict[str, str], body: bytes) -> None:
    call = verified(headers, body)
    assert (call.sender, call.id) == ("post", headers["webhook-id"])
    assert abs(call.at - NOW) <= webhooks.TOLERANCE


def test_the_tables_are_as_long_as_was_promised() -> None:
    assert len(HEADERS) + len(BODIES) >= 60
    assert len(RIGHT) >= 10


def test_a_moment_in_china_is_signed_as_the_same_moment() -> None:
    there = NOW.astimezone(ZoneInfo("Asia/Shanghai"))
    assert webhooks.headers("call-1", there, BODY, SECRET) == GOOD
    with pytest.raises(ValueError, match="time zone"):
        webhooks.signature("call-1", NOW.replace(tzinfo=None), BODY, SECRET)


def test_the_ids_of_calls_outlive_the_time_in_which_they_can_be_played_back() -> None:
    assert 2 * webhooks.TOLERANCE + timedelta(hours=76) < webhooks.KEPT  # the longest schedule of the specification


@pytest.mark.parametrize(
    "text",
    [
        "",
        "whsec_",
        "whsec_!!!",
        f"whsec_{base64.b64encode(b'x' * 23).decode()}",
        base64.b64encode(SECRET).decode(),
        f"whsec_{base64.b64encode(b'x' * 65).decode()}",
        f"whpk_{base64.b64encode(SECRET).decode()}",
        "whsec_字",
    ],
)
def test_what_is_no_secret_is_not_taken_for_one(text: str) -> None:
    with pytest.raises(ValueError, match="secret"):
        webhooks.secret_of(text)
    assert webhooks.secret_of(f"whsec_{base64.b64encode(SECRET).decode()}") == SECRET
