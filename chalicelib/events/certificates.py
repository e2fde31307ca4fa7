"""Issues the result of a granted case."""

from __future__ import annotations

from chalicelib import wiring
from chalicelib.edge.functions import EventBlueprint
from chalicelib.services import certificates
from chalicelib.services.ports import Hint

bp = EventBlueprint(__name__)


@bp.queue(detail_types=("case.granted", "case.deemed_renewed", "case.fees_assessed", "case.fee_paid"))
def issue_certificates(hint: Hint) -> None:
    """Issue, unless it has been done or a fee is due. A repeated hint finds the case no longer merely granted."""
    certificates.issue(wiring.current(), hint.case_id)
