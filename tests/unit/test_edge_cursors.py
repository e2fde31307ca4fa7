"""Cursors can be handed back, and nothing else."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.edge.cursors import Cursors
from chalicelib.edge.problems import Malformed

CURSORS = Cursors(lambda: b"secret")
SCOPE = {"principal": "person-1", "operation": "GET /v1/cases", "query.state": "accepted"}


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_a_cursor_gives_back_the_position_it_was_made_for(position: str) -> None:
    assert CURSORS.open(CURSORS.seal(position, SCOPE), SCOPE) == position


@pytest.mark.parametrize(
    "other",
    [
        {**SCOPE, "principal": "person-2"},
        {**SCOPE, "operation": "GET /v1/worklist"},
        {**SCOPE, "query.state": "granted"},
        {**SCOPE, "query.more": "1"},
        {k: v for k, v in SCOPE.items() if k != "query.state"},
    ],
)
def test_a_cursor_of_another_principal_route_or_filter_is_refused(other: dict[str, str]) -> None:
    with pytest.raises(Malformed) as refusal:
        CURSORS.open(CURSORS.seal("position", SCOPE), other)
    assert refusal.value.code == "request.cursor-invalid"


def test_a_cursor_under_another_secret_is_refused() -> None:
    with pytest.raises(Malformed):
        Cursors(lambda: b"other").open(CURSORS.seal("position", SCOPE), SCOPE)


def test_no_changed_character_passes() -> None:
    token = CURSORS.seal("case#1", SCOPE)
    for at in range(len(token)):
        for put in ("A", "_", ".", "="):
            changed = token[:at] + put + token[at + 1 :]
            if changed != token:
                with pytest.raises(Malformed):
                    CURSORS.open(changed, SCOPE)


@pytest.mark.parametrize(
    "token", ["", ".", "a.b.c", "中.文", "a" * 5000, "====.====", "YQ==." + base64.b64encode(b"x" * 32).decode()]
)
def test_what_is_no_cursor_is_refused_and_never_fails(token: str) -> None:
    with pytest.raises(Malformed):
        CURSORS.open(token, SCOPE)


def test_the_secret_is_not_asked_for_before_it_is_needed() -> None:
    def unavailable() -> bytes:
        raise AssertionError("asked too early")

    cursors = Cursors(unavailable)
    with pytest.raises(Malformed):
        cursors.open("no cursor at all", SCOPE)
