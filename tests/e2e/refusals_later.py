"""What scenario ``rejections`` shows with time: codes, mandates, authorities and certificates that have run out."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.e2e.refusals_examination import NOTARY, PERSON, account, desk
from tests.e2e.scenario_main import ITEM

if TYPE_CHECKING:
    from tests.e2e.scenario_rejections import Rejections

ENROLMENT = "152081904000"  # 社会保险参保登记: 即办件 of the banner's department 81


def decisions_on_the_spot(s: Rejections) -> None:
    """Within a mandate: for the item, up to the amount, while it lasts (B6)."""
    head = s.officer(f"{s.banner}-81", "head")
    chief = desk(s, "81")
    case_id = s.filed(PERSON, item=ENROLMENT)
    s.waits_for(chief, "accept", case_id)
    chief.post(f"/v1/cases/{case_id}/claim")
    s.instant = f"/v1/cases/{case_id}/instant-decision"
    s.refused(s.herder, "/v1/mandates", None, "mandate.officers-only", method="GET")
    s.refused(chief, s.instant, {"opinion": "准予"}, "mandate.none")
    terms = {"officer": account(s, "81"), "until": s.at(days=1), "max_amount": 10_000}
    head.post("/v1/mandates", {**terms, "items": ["151031901000"]}, status=201)
    s.refused(chief, s.instant, {"opinion": "准予"}, "mandate.item-not-covered")
    head.post("/v1/mandates", {**terms, "items": [ENROLMENT]}, status=201)
    s.refused(chief, s.instant, {"opinion": "准予", "amount": 10_001}, "mandate.amount-exceeded")


def what_runs_out(s: Rejections) -> None:
    """A code at the window, a code by text, an authority, a mandate: each for its time (B1, B6, H0)."""
    code = s.herder.get("/v1/presence-code")["code"]
    wish = {"principal": s.account("herder")["subject"], "items": [ITEM], "until": s.at(days=1)}
    authority = s.person("agent").post("/v1/authorities", wish, status=201)["id"]
    somebody = s.applicant("slow")
    contact = somebody.post("/v1/contacts", {"number": "13900000001"}, status=201)["id"]
    sent = re.search(r"[0-9]{6}", s.received("sms")[-1]["text"])
    assert sent is not None
    s.advance(timedelta(days=1, minutes=1))
    opening = {**s.opening(channel="window"), "presence": code}
    s.refused(s.person("sum-window"), "/v1/cases", opening, "presence.code-expired")
    s.refused(s.herder, f"/v1/authorities/{authority}/confirmation", None, "authority.expired")
    slow = f"/v1/contacts/{contact}/confirmation"
    s.refused(s.applicant("slow"), slow, {"code": sent[0]}, "contact.code-expired")
    s.refused(desk(s, "81"), s.instant, {"opinion": "准予"}, "mandate.expired")


def certificates(s: Rejections) -> None:
    """A certificate that never ends is not renewed, nor somebody else's."""
    deed = certificate(s, s.notary)
    renewal = s.opening(item=NOTARY, kind="renewal", certificate=deed["identifier"])
    s.refused(s.herder, "/v1/cases", renewal, "renewal.never-ends")
    s.refused(s.person("stranger"), "/v1/cases", renewal, "renewal.certificate-unknown")


def certificate(s: Rejections, case: str) -> dict[str, Any]:
    """The certificate of a case, once it is issued."""

    def issued() -> bool:
        return bool(s.herder.get(case)["state"]["code"] == "issued")

    s.until("the certificate is issued", issued)
    found: dict[str, Any] = s.herder.get(f"{case}/certificate")
    return found
