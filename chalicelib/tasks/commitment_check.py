"""Tasks of ``statemachines/commitment_check.asl.json``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib import wiring
from chalicelib.edge.functions import TaskBlueprint
from chalicelib.services import tasks
from chalicelib.services.tasks import CaseEnded, Superseded

bp = TaskBlueprint(__name__)


@bp.task(state_machine="commitment_check", errors=(CaseEnded, Superseded))
def open_check(event: Mapping[str, Any]) -> None:
    """Open the next task of the check (the check itself, or the decision on its finding) and leave the token with it.

    Input {"case_id", "attempt", "token", "execution"}. What it returns goes nowhere.
    """
    tasks.open_task(wiring.current(), event["case_id"], event["attempt"], event["token"])
