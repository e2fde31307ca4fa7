"""Writes what a revocation means for credit."""

from __future__ import annotations

from chalicelib import wiring
from chalicelib.edge.functions import EventBlueprint
from chalicelib.observability import logger
from chalicelib.services import commitment_checks
from chalicelib.services.ports import Hint

bp = EventBlueprint(__name__)


@bp.queue(detail_types=("commitment.revoked",))
def record_credit(hint: Hint) -> None:
    """Put on file what the version says of a false promise. A hint that comes twice finds it there."""
    added = commitment_checks.record_credit(wiring.current(), hint.case_id)
    logger.info("credit_recorded", count=added)
