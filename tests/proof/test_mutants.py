"""The proof finds what it is there to find: mistakes planted around the product."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain.errors import DomainError
from tests.proof import mutants
from tests.proof.explorer import explore
from tests.proof.faults import Mode
from tests.proof.stack import Stack
from tests.proof.sweep import Clean

pytestmark = pytest.mark.engine


def swept(stack: Stack, journey: str, *modes: Mode) -> list[str]:
    """What the sweep says of a journey in these modes."""
    try:
        clean = Clean(stack, journey)
    except (AssertionError, DomainError) as found:  # it shows without any fault
        return [str(found)]
    for point in clean.points():
        if point.mode in modes and (flaws := clean.run(point)):
            return flaws
    return []


def test_a_write_without_its_version_condition_is_found(stack: Stack) -> None:
    with mutants.asking(stack, mutants.no_version_condition):
        assert explore(stack, "two_officers_on_one_task", 12, one_is_enough=True).violations


def test_a_certificate_that_is_replaced_whatever_stands_is_found(stack: Stack) -> None:
    with mutants.asking(stack, mutants.certificates_whatever_stands):
        assert explore(stack, "two_changes_of_one_certificate", 60, one_is_enough=True).violations


def test_a_receipt_outside_the_transaction_is_found(stack: Stack) -> None:
    with mutants.asking(stack, mutants.no_receipt):
        assert swept(stack, "claim", Mode.DIE_AFTER)


def test_a_commit_without_its_outbox_row_is_found(stack: Stack) -> None:
    with mutants.asking(stack, mutants.no_outbox):
        assert swept(stack, "claim", Mode.DIE_AFTER)


def test_a_token_kept_whatever_happened_is_found(stack: Stack) -> None:
    with mutants.asking(stack, mutants.token_whatever_happened):
        assert explore(stack, "callback_against_timeout", 40, one_is_enough=True).violations


PORTS = [
    (mutants.publish_before_commit, "open_draft"),
    (mutants.delete_before_publish, "sweep_an_outbox_that_the_stream_forgot"),
]


@pytest.mark.parametrize(("mutant", "journey"), PORTS)
def test_what_is_told_before_it_is_kept_is_found(stack: Stack, mutant: Callable[[Any], None], journey: str) -> None:
    with mutants.with_ports(stack, mutant):
        assert swept(stack, journey, Mode.DIE_BEFORE)
