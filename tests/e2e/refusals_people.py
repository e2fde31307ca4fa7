"""What scenario ``rejections`` shows of people: agents, places, tasks, codes of contacts (B1, B2, B4, H0)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.e2e.scenario_main import FORM, ITEM

if TYPE_CHECKING:
    from tests.e2e.scenario_rejections import Rejections

ENROLMENT = "152081904000"  # 社会保险参保登记
DISPATCH = "150114902000"  # 劳务派遣经营许可: for enterprises only


def authorities(s: Rejections) -> None:
    """An agent acts for whom, in what and as long as the applicant has confirmed (B1)."""
    agent, herder = s.person("agent"), s.account("herder")["subject"]
    until = (s.now() + timedelta(days=30)).isoformat()
    wish = {"principal": herder, "items": [ITEM], "until": until}
    s.refused(s.herder, "/v1/authorities", wish, "authority.agents-only")
    past = (s.now() - timedelta(days=1)).isoformat()
    own = {**wish, "principal": s.account("agent")["subject"], "until": past}
    s.refused(agent, "/v1/authorities", own, "authority.own-agent", "authority.until-past")
    far = (s.now() + timedelta(days=800)).isoformat()
    s.refused(agent, "/v1/authorities", {**wish, "until": far}, "authority.until-too-far")
    officer = agent.post("/v1/authorities", {**wish, "principal": s.account("sum-window")["subject"]}, status=201)
    s.refused(
        s.person("sum-window"), f"/v1/authorities/{officer['id']}/confirmation", None, "authority.applicants-only"
    )
    path = f"/v1/authorities/{agent.post('/v1/authorities', wish, status=201)['id']}"
    s.refused(s.person("stranger"), path, None, "authority.not-found", method="GET")
    s.herder.post(f"{path}/confirmation")
    s.refused(s.herder, f"{path}/confirmation", None, "authority.not-proposed")
    opening = s.opening(item=ENROLMENT, channel="station", authority=path.rpartition("/")[2])
    s.refused(agent, "/v1/cases", opening, "authority.item-not-covered")
    s.herder.post(f"{path}/revocation")
    s.refused(s.herder, f"{path}/revocation", None, "authority.revoked")


def places(s: Rejections) -> None:
    """An item is for those and for places that its version names (B2, B4)."""
    s.refused(s.herder, "/v1/cases", s.opening(item=DISPATCH), "item.not-for-this-applicant")
    league = f"{s.place[:4]}00000000"
    wide = s.drafted({**FORM, "phone": "13800000001"}, [], division=league)
    s.refused(s.herder, f"/v1/cases/{wide}/submission", None, "route.division-too-wide")
    s.refused(s.anyone(), "/v1/calendar/1900", None, "calendar.year-unknown", method="GET")
    s.refused(
        s.anyone(), f"/v1/verify/certificates/1.2.156.3005.2.{'0' * 18}", None, "certificate.not-found", method="GET"
    )


def tasks(s: Rejections) -> None:
    """A task is claimed once, by whoever it waits for, and concluded by its own act (B4)."""
    banner = s.account("banner-acceptance")["body"]
    several = s.officer(banner, "window", "acceptance", "review", name="-several")
    case_id = s.filed(FORM)
    path = f"/v1/cases/{case_id}"
    s.waits_for(s.clerk, "accept", case_id)
    s.refused(s.clerk, "/v1/worklist?queue=decide", None, "worklist.not-yours", method="GET")
    s.refused(s.person("supervisor"), f"{path}/workflow-restart", {"reason": "试试"}, "workflow.alive")
    s.refused(several, f"{path}/release", {"reason": "误领"}, "task.not-claimed")
    several.post(f"{path}/claim")
    s.refused(several, f"{path}/claim", None, "task.already-claimed")
    s.refused(several, f"{path}/forwarding", {"note": ""}, "task.wrong-act")
    me = f"demo-{banner}-window-acceptance-review-several"
    s.refused(several, f"{path}/transfer", {"officer": me, "reason": "出差"}, "task.transfer-to-holder")
    nobody = {"ground": "not_competent", "reason": "不属于本机关职权"}
    s.refused(several, f"{path}/non-acceptance", {**nobody, "competent_body": "152500000000-00"}, "body.unknown")
    s.refused(several, f"{path}/non-acceptance", {**nobody, "competent_body": " "}, "case.competent-body-missing")


def on_the_spot(s: Rejections) -> None:
    """Mended on the spot is what is wrong, before whoever has it at hand (B3)."""
    case_id = s.filed(FORM)
    path = f"/v1/cases/{case_id}/spot-correction"
    body = {"changes": [{"field": "/form/phone", "value": "13900000000"}], "confirmed_by": "申请人本人"}
    s.waits_for(s.clerk, "accept", case_id)
    s.refused(s.clerk, path, body, "correction.not-on-the-spot")
    s.clerk.post(f"/v1/cases/{case_id}/claim")
    same = {**body, "changes": [{"field": "/form/phone", "value": FORM["phone"]}]}
    s.refused(s.clerk, path, same, "correction.changes-nothing")


def contact_codes(s: Rejections) -> None:
    """A number is confirmed by the code that was sent to it, and codes are not guessed at (H0)."""
    somebody = s.applicant("careless")
    for number in range(6):
        made = somebody.post("/v1/contacts", {"number": f"1390000000{number}"}, status=201)["id"]
    s.refused(somebody, "/v1/contacts", {"number": "13900000009"}, "contact.too-many")
    path = f"/v1/contacts/{made}"
    s.refused(somebody, f"{path}/confirmation", {}, "contact.code-missing")
    right = s.received("sms")[-1]["text"]
    wrong = next(code for code in ("111111", "222222") if code not in right)
    for _ in range(5):
        s.refused(somebody, f"{path}/confirmation", {"code": wrong}, "contact.code-wrong")
    s.refused(somebody, f"{path}/confirmation", {"code": wrong}, "contact.code-used-up")
    for _ in range(4):
        somebody.post(f"{path}/code")
    s.refused(somebody, f"{path}/code", None, "contact.too-many-codes")
