"""Every journey is gone, every eighth with one fault, by a fixed rule; and no command is without one.

``make proof`` tries the faults.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

import pytest

from tests.proof import THOROUGH, commands
from tests.proof.faults import Mode, Site
from tests.proof.journeys import load
from tests.proof.stack import Stack
from tests.proof.sweep import Clean, Point, passed, sampled

pytestmark = [pytest.mark.engine, pytest.mark.requirement("F4", "G1")]

NAMES = list(load())
SAMPLED = 1 if THOROUGH else 8
"""In every so many journeys something goes wrong; the modes take turns (``sampled``)."""


@dataclass
class Swept:
    """What the journeys have shown."""

    points: dict[str, Point] = field(default_factory=dict)
    violations: dict[str, list[str]] = field(default_factory=dict)
    sites: list[Site] = field(default_factory=list)
    code: set[CodeType] = field(default_factory=set)
    commands: set[str] = field(default_factory=set)


@pytest.fixture(scope="module")
def swept(stack: Stack) -> Swept:
    found = Swept()
    with commands.watching() as watched:
        for name in NAMES:
            found.sites += passed(stack, name)
    found.code, found.commands = watched.code, watched.commands
    used: Counter[Mode] = Counter()
    for place, name in enumerate(NAMES[::SAMPLED]):
        clean = Clean(stack, name)
        point = sampled(place, list(clean.points()), used)
        found.points[name], found.violations[name] = point, clean.run(point)
    return found


@pytest.mark.parametrize("name", NAMES[::SAMPLED])
def test_a_fault_leaves_one_effect_and_nothing_stuck(swept: Swept, name: str) -> None:
    assert swept.violations[name] == []


def test_every_kind_of_fault_is_among_the_sampled_ones(swept: Swept) -> None:
    assert {point.mode for point in swept.points.values()} == set(Mode)


@pytest.mark.parametrize("listed", [commands.use_cases, commands.functions])
def test_whatever_writes_has_a_journey(swept: Swept, listed: Any) -> None:
    idle = sorted(name for name, code in listed().items() if code not in swept.code)
    assert idle == [], "write a journey for each (tests/proof/journeys_*.py)"


def test_every_command_of_the_domain_has_a_journey(swept: Swept) -> None:
    assert sorted(commands.transitions() - swept.commands) == []


def test_every_service_that_is_written_to_is_among_the_calls(swept: Swept) -> None:
    called = {site.what.split(".")[0] for site in swept.sites if not site.deliveries}
    assert {"dynamodb", "kms", "s3", "events", "stepfunctions", "sms"} <= called
