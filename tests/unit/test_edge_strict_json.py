"""The strict loader: what it refuses, with which code, and that nothing makes it fall over."""

from __future__ import annotations

import contextlib
import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import DomainError
from chalicelib.edge.problems import Malformed, TooLarge
from chalicelib.edge.strict_json import GREATEST, MOST_BYTES, MOST_DEPTH, content_violations, parse_json
from tests import work

REFUSED = [
    (b"\xef\xbb\xbf{}", "request.bom"),
    ("{}".encode("utf-16"), "request.not-utf8"),
    (b'"\xff"', "request.not-utf8"),
    (b'"\xed\xa0\x80"', "request.not-utf8"),
    (b'"\xc0\xaf"', "request.not-utf8"),
    (b"", "request.not-json"),
    (b"{", "request.not-json"),
    (b"[1,]", "request.not-json"),
    (b"{'a':1}", "request.not-json"),
    (b"[01]", "request.not-json"),
    (b"[+1]", "request.not-json"),
    (b"[.5]", "request.not-json"),
    (b"[1] x", "request.not-json"),
    (b'["\x00"]', "request.not-json"),
    (b'["\n"]', "request.not-json"),
    (b"[NaN]", "request.not-json"),
    (b"[Infinity]", "request.not-json"),
    (b"[-Infinity]", "request.not-json"),
    (b"// comment\n{}", "request.not-json"),
    ("[１]".encode(), "request.not-json"),
    ("[1\u00a0]".encode(), "request.not-json"),
    (b"[1e999]", "request.number-range"),
    (b"[-1e999]", "request.number-range"),
    (str(GREATEST + 1).encode(), "request.number-range"),
    (str(-GREATEST - 1).encode(), "request.number-range"),
    (b"9" * 5000, "request.number-range"),
    (b'{"a":1,"a":1}', "request.duplicate-member"),
    (b'{"x":{"a":1,"\\u0061":2}}', "request.duplicate-member"),
    (b'"\\ud800"', "request.lone-surrogate"),
    (b'{"\\udc00":1}', "request.lone-surrogate"),
    (b'["\\udc00\\ud800"]', "request.lone-surrogate"),
    (b"[" * (MOST_DEPTH + 1) + b"]" * (MOST_DEPTH + 1), "request.too-deep"),
    (b'{"a":' * 100_0 + b"1" + b"}" * 100_0, "request.too-deep"),
    (b"[" * 100_000, "request.too-deep"),
]


@pytest.mark.parametrize(("raw", "code"), REFUSED)
def test_what_is_not_strict_json_is_refused_with_its_code(raw: bytes, code: str) -> None:
    with pytest.raises(Malformed) as refusal:
        parse_json(raw)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b" [1, -0, 2.5, 1e2, 1.0] ", [1, 0, 2.5, 100, 1]),
        (b'{"a":{"a":[]}}', {"a": {"a": []}}),
        ('"中\\ud83d\\ude00"'.encode(), "中😀"),
        (b'"\\u0000\\n"', "\x00\n"),
        (b"null", None),
        (b'"[[[[{{{{\\"[["', '[[[[{{{{"[['),
        (b"[1E22]", [1e22]),
        (str(GREATEST).encode(), GREATEST),
        (b"[" * MOST_DEPTH + b"]" * MOST_DEPTH, json.loads("[" * MOST_DEPTH + "]" * MOST_DEPTH)),
    ],
)
def test_strict_json_is_read_as_it_is_written(raw: bytes, value: object) -> None:
    assert parse_json(raw) == value


def test_an_integral_number_is_an_int_however_it_is_written() -> None:
    assert [type(number) for number in parse_json(b"[1, 1.0, 1e3, 1.5]")] == [int, int, int, float]


def test_a_body_of_the_greatest_size_is_read_and_a_larger_one_is_not() -> None:
    assert parse_json(b" " * (MOST_BYTES - 1) + b"1") == 1
    with pytest.raises(TooLarge) as refusal:
        parse_json(b" " * MOST_BYTES + b"1")
    assert refusal.value.code == "request.body-too-large"


@pytest.mark.parametrize(
    "raw",
    [
        b'"' + b'\\"' * 131_000,
        b'"' * MOST_BYTES,
        b'"' + b"\\" * (MOST_BYTES - 1),
        b"[" * MOST_BYTES,
        b"1" * MOST_BYTES,
        b"-" * MOST_BYTES,
        b"1e" + b"9" * 200_000,
        b'{"":' * 60_000,
    ],
)
def test_no_text_makes_the_loader_work_for_long(raw: bytes) -> None:
    """Looked at once or twice, however it is written."""

    def refused() -> None:
        with pytest.raises(DomainError):
            parse_json(raw)

    assert work.calls(refused) <= 3 * len(raw)


@given(st.binary(max_size=300))
def test_no_bytes_make_the_loader_fail(raw: bytes) -> None:
    with contextlib.suppress(DomainError):
        rfc8785.dumps(parse_json(raw))


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_SCALAR = st.none() | st.booleans() | st.integers(-GREATEST, GREATEST) | _TEXT | st.floats(-GREATEST, GREATEST)
_VALUE = st.recursive(
    _SCALAR, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4), max_leaves=20
)


@given(_VALUE)
def test_every_value_survives_the_way_through_json_and_can_be_hashed(value: object) -> None:
    assert parse_json(json.dumps(value).encode()) == value
    assert json.loads(rfc8785.dumps(parse_json(json.dumps(value).encode()))) == value


def test_every_text_with_a_control_character_is_named_by_its_place() -> None:
    value = {"ok": "a\n\tb", "nul": "a\x00", "list": ["x", "\x7f", "\x85"], "in\x1fname": {"a/b": "\x1b"}}
    found = content_violations(value)
    assert {v.code for v in found} == {"request.control-character"}
    assert {v.pointer for v in found} == {"/nul", "/list/1", "/list/2", "", "/in\x1fname/a~1b"}


def test_a_number_that_no_program_reads_back_exactly_is_named_by_its_place() -> None:
    found = content_violations({"a": 1e300, "b": [GREATEST, -1e22, 0.1, True, None]})
    assert [(v.pointer, v.code) for v in found] == [("/a", "request.number-range"), ("/b/1", "request.number-range")]
