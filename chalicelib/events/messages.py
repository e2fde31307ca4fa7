"""Tells applicants what happened to their cases, and remembers to remind them."""

from __future__ import annotations

from chalicelib import wiring
from chalicelib.domain.messages import TELLING
from chalicelib.edge.functions import EventBlueprint
from chalicelib.observability import logger
from chalicelib.services import telling
from chalicelib.services.ports import Hint

bp = EventBlueprint(__name__)


@bp.queue(detail_types=TELLING)
def send_messages(hint: Hint) -> None:
    """Lay the message into the inbox and send what was not sent; while a provider is away the hint comes again."""
    ports = wiring.current()
    told = telling.tell(ports, hint.case_id, hint.number, hint.type)
    logger.info("applicant_told", count=len(told.deliveries) if told else 0)
