"""Short cuts for tests about promises: an item that allows them, and cases at each station of the way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chalicelib.domain.actors import Role
from chalicelib.domain.catalog import ImplementationItem, LegalBasis, Limit, LimitUnit, Material, Necessity
from chalicelib.domain.commitment_checks import Final, Result
from chalicelib.domain.commitment_terms import (
    CheckKind,
    CheckTerms,
    Clause,
    ClauseKind,
    CommitmentTerms,
    CommitmentText,
    CreditTerms,
)
from chalicelib.domain.divisions import Level
from chalicelib.services import commitment_checks, commitments, tasks
from tests import factories as f
from tests import journey

TEXT = CommitmentText(
    1, tuple(Clause(kind.value, kind, f"条款{kind.value}", f"Clause {kind.value}") for kind in ClauseKind)
)
LAW = LegalBasis("XF", "15")
TERMS = CommitmentTerms(
    text=TEXT,
    materials=("m3",),
    facts=("固定经营场所",),
    check=CheckTerms(Level.BANNER, "05", Limit(10, LimitUnit.WORKDAY), CheckKind.SITE),
    mending=Limit(5, LimitUnit.WORKDAY),
    hearing=Limit(5, LimitUnit.WORKDAY),
    credit=CreditTerms("国办发〔2020〕42号", "", None, "整改后申请修复"),
    basis=None,
)
CHECKER = f.Actor(
    "checker",
    f.ActorKind.OFFICER,
    body=f.BANNER_BUREAU.id,
    division=f.BANNER,
    roles=frozenset({Role.CHECK}),
)


def item(**changes: Any) -> ImplementationItem:
    """An item with one material that the promise replaces."""
    made = f.item()
    proof = Material("m3", "场所证明", "Proof of premises", Necessity.REQUIRED)
    return replace(f.item(commitment=TERMS, materials=(*made.materials, proof)), **changes)


def world(**changes: Any) -> f.World:
    return f.World(item(**changes))


def signed(made: f.World, actor: f.Actor = f.HERDER, **opening: object) -> str:
    """A draft with a signed promise."""
    case_id = journey.drafted(made, actor, **opening)  # type: ignore[arg-type]
    commitments.serve(made, actor, case_id)
    sign(made, case_id, actor)
    return case_id


def sign(made: f.World, case_id: str, actor: f.Actor = f.HERDER, text: CommitmentText = TEXT) -> None:
    commitments.sign(made, actor, case_id, text_version=text.version, text_digest=text.digest, confirmed=True)


def decided(made: f.World) -> str:
    case_id = signed(made)
    commitments.decide(made, f.HERDER, case_id)
    return case_id


def task_opened(made: f.World, case_id: str, officer: f.Actor) -> None:
    """What the workflow does, and the officer after it."""
    case = journey.get(made, case_id)
    tasks.open_task(made, case_id, case.workflow_attempt, f"token-{case.tasks + 1}")
    tasks.claim(made, officer, case_id)


def checked(made: f.World, result: Result, case_id: str = "") -> str:
    """Checked once, with this result."""
    found = case_id or decided(made)
    task_opened(made, found, CHECKER)
    commitment_checks.record(made, CHECKER, found, result=result, findings="现场核查所见")
    return found


def heard(made: f.World, case_id: str = "") -> str:
    """Found false; the party has spoken, and the decider holds the task."""
    case_id = checked(made, Result.FALSE, case_id)
    commitment_checks.state_defence(made, f.HERDER, case_id, statement="请复核")
    task_opened(made, case_id, f.DECIDER)
    return case_id


def finished(made: f.World, outcome: Final) -> str:
    case_id = heard(made)
    finish(made, case_id, outcome)
    return case_id


def finish(made: f.World, case_id: str, outcome: Final) -> None:
    commitment_checks.decide(
        made, f.DECIDER, case_id, outcome=outcome, reasons="承诺与事实不符", remedies="可申请行政复议"
    )
