"""What follows from appointments and from new versions of places: telling, promoting, moving."""

from __future__ import annotations

from chalicelib import wiring
from chalicelib.domain import booking_rules as terms_rules
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


@bp.queue(detail_types=(places.CHANGED, terms_rules.CHANGED), timeout=60)
def follow_places(hint: Hint) -> None:
    """Move or free what a place no longer holds, and book whoever waits into the room that it has made.

    The hint names the place, and the version of the place or of its terms.
    """
    ports = wiring.current()
    if hint.type == terms_rules.CHANGED:
        logger.info("waiting_promoted", count=rebooking.follow_terms(ports, hint.case_id, hint.number))
        return
    counts = rebooking.follow_place(ports, hint.case_id, hint.number)
    logger.info("appointments_settled", count=counts["moved"] + counts["freed"])
    logger.info("waiting_promoted", count=counts["promoted"])


@bp.queue(detail_types=visit_rules.TOLD)
def follow_visits(hint: Hint) -> None:
    """Tell the applicant what became of the visit that they asked for."""
    visits.tell(wiring.current(), hint.case_id, hint.number, hint.type)
