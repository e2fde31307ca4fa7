"""Reports ended tasks to the executions that wait for them."""

from __future__ import annotations

from chalicelib import wiring
from chalicelib.edge.functions import EventBlueprint
from chalicelib.observability import logger
from chalicelib.services import workflow
from chalicelib.services.ports import Hint

bp = EventBlueprint(__name__)


@bp.queue(
    detail_types=(
        "case.forwarded",
        "case.accepted",
        "case.not_accepted",
        "case.returned",
        "case.opinion_given",
        "case.granted",
        "case.refused",
        "case.withdrawn",
        "case.deemed_renewed",
        "case.deemed_accepted",
        "case.correction_lapsed",
        "case.supplements_lapsed",
        "commitment.fulfilled",
        "commitment.mending_ordered",
        "commitment.found_false",
        "commitment.revoked",
        "commitment.upheld",
        "commitment.kept",
    )
)
def report_tasks(hint: Hint) -> None:
    """Report every task of the case that has ended and was not yet reported, whichever of them the hint is about."""
    reported = workflow.report_tasks(wiring.current(), hint.case_id)
    logger.info("tasks_reported", count=reported)
