"""Tasks of ``statemachines/case_routing.asl.json``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib import wiring
from chalicelib.edge.functions import TaskBlueprint
from chalicelib.services import tasks
from chalicelib.services.tasks import CaseEnded, Superseded

bp = TaskBlueprint(__name__)


@bp.task(state_machine="case_routing", errors=(CaseEnded, Superseded))
def open_node(event: Mapping[str, Any]) -> None:
    """Open the task on which the case stands and leave the token with it.

    Input {"case_id", "attempt", "token", "execution"}. What it returns goes nowhere: the execution goes on
    with what is reported to the token.
    """
    tasks.open_task(wiring.current(), event["case_id"], event["attempt"], event["token"])
