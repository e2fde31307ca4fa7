"""Starts an execution for a case that needs one."""

from __future__ import annotations

from chalicelib import wiring
from chalicelib.edge.functions import EventBlueprint
from chalicelib.observability import logger
from chalicelib.services import workflow
from chalicelib.services.ports import Hint

bp = EventBlueprint(__name__)


@bp.queue(detail_types=("case.submitted", "case.workflow_restarted", "commitment.decided"))
def start_workflows(hint: Hint) -> None:
    """Start the case's current attempt. A hint that is late or repeated finds it started, or no longer needed."""
    started = workflow.start(wiring.current(), hint.case_id)
    logger.info("workflow_started" if started else "workflow_not_needed")
