"""What follows from appointments and from new versions of places: telling, promoting, moving."""

from __future__ import annotations

from chalicelib import wiring
from chalicelib.domain import visits as visit_rules
from chalicelib.domain.appointments import FOLLOWED, TOLD, WAITING
from chalicelib.edge.functions import EventBlueprint
from chalicelib.observability import logger
from chalicelib.services import places, rebooking, visits
from chalicelib.services.ports import Hint

bp = EventBlueprint(__name__)


@bp.queue(detail_types=(*TOLD, WAITING))
def follow_appointments(hint: Hint) -> None:
    """Book whoever waits beside a free seat, and tell the booked; the hint names an appointment."""
    ports = wiring.current()
    if hint.type in FOLLOWED:
        logger.info("waiting_promoted", count=rebooking.promote(ports, hint.case_id))
    rebooking.tell(ports, hint.case_id, hint.number, hint.type)


@bp.queue(detail_types=(places.CHANGED,), timeout=60)
def follow_places(hint: Hint) -> None:
    """Move or free what a new version of a place no longer holds; the hint names the place and its version."""
    counts = rebooking.follow_place(wiring.current(), hint.case_id, hint.number)
    logger.info("appointments_settled", count=counts["moved"] + counts["freed"])


@bp.queue(detail_types=visit_rules.TOLD)
def follow_visits(hint: Hint) -> None:
    """Tell the applicant what became of the visit that they asked for."""
    visits.tell(wiring.current(), hint.case_id, hint.number, hint.type)
