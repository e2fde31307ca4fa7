"""What scenario ``rejections`` shows of the window: presence, sizes, uploads, contacts, enquiries, mandates (B6–B9)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.e2e.scenario_rejections import Rejections

ENROLMENT = "152081904000"  # 社会保险参保登记: 即办件, decided by the banner's department 81
NOTARY = "152086901000"  # 公证办理: with a fee, department 86
RESIDENT = "152501199003070012"  # made up; only its check character is right


def presence(s: Rejections) -> None:
    """An officer names nobody's account, and a code is used once (B1)."""
    window = s.person("sum-window")
    opening = s.opening(channel="window")
    s.refused(window, "/v1/cases", opening, "case.applicant-missing")
    s.refused(window, "/v1/cases", {**opening, "applicant": {"subject": "x"}}, "schema.unexpected")
    s.refused(window, "/v1/cases", {**opening, "presence": f"W10.{'A' * 43}"}, "presence.code-invalid")
    s.refused(window, "/v1/presence-code", None, "presence.applicants-only", method="GET")
    code = s.herder.get("/v1/presence-code")["code"]
    window.post("/v1/cases", {**opening, "presence": code}, status=201)
    s.refused(window, "/v1/cases", {**opening, "presence": code}, "presence.code-used")
    wrong = {"kind": "person", "name": "巴\u202e特尔", "document": "resident_id", "number": RESIDENT}
    s.refused(window, "/v1/cases", {**opening, "identity": wrong}, "text.direction-control")
    misread = {**wrong, "name": "巴特尔", "number": RESIDENT[:-1] + "X"}
    s.refused(window, "/v1/cases", {**opening, "identity": misread}, "schema.resident-id")
    right = {**wrong, "name": "巴特尔"}
    made = window.post("/v1/cases", {**opening, "identity": right}, status=201)
    s.refused(window, f"/v1/cases/{made['id']}/submission", None, "presence.no-account-to-deliver-to")
    s.refused(s.herder, "/v1/claims", {"receipt": "unknown", "number": RESIDENT}, "case.not-found")


def sizes_and_versions(s: Rejections) -> None:
    """A draft that the store could not hold, or that somebody changed in between (B9)."""
    made = s.herder.post("/v1/cases", s.opening(), status=201)
    path = f"/v1/cases/{made['id']}/application"
    # 1e15 is four characters in a request and eighteen where it is stored.
    body = b'{"form": {"n": [' + b"1e15," * 45_000 + b'1]}, "materials": []}'
    headers = {"If-Match": f'"{made["version"]}"', "Content-Type": "application/json"}
    large = s.herder.raw("PUT", path, content=body, headers=headers)
    assert (large.status_code, large.json()["code"]) == (422, "case.too-large"), large.text
    s.provoked.add("case.too-large")
    stale = s.herder.raw("PUT", path, json={"form": {}, "materials": []}, headers={"If-Match": '"9"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "case.stale"), stale.text
    s.provoked.add("case.stale")
    twice = [{"code": "M01", "form": "paper", "name": "申请表"}] * 2
    s.herder.send("PUT", path, {"form": {}, "materials": twice}, if_match=made["version"])
    s.refused(s.herder, f"/v1/cases/{made['id']}/submission", None, "material.repeated")


def uploads(s: Rejections) -> None:
    """What is announced and what is not there (B9). Hostile files: scenario ``telling``."""
    made = s.herder.post("/v1/cases", s.opening(), status=201)
    path = f"/v1/cases/{made['id']}/uploads"
    wish: dict[str, Any] = {"material": "M01", "name": "a.pdf", "media_type": "application/pdf", "size": 10}
    wish["sha256"] = "0" * 64
    s.refused(s.herder, path, {**wish, "material": "M99"}, "material.surplus")
    s.refused(s.herder, path, {**wish, "size": 30_000_000}, "schema.maximum")
    s.refused(s.herder, path, {**wish, "media_type": "application/msword"}, "schema.enum")
    s.refused(s.herder, path, {**wish, "name": "a.exe"}, "upload.name-type")
    s.refused(s.person("stranger"), path, wish, "case.not-found")
    upload = s.herder.post(path, wish, status=201)["id"]
    s.refused(s.herder, f"/v1/uploads/{upload}/finalisation", None, "upload.not-there")
    s.refused(s.herder, f"/v1/uploads/{upload}/content", None, "upload.not-clean", method="GET")
    s.refused(s.person("stranger"), f"/v1/uploads/{upload}", None, "upload.not-found", method="GET")


def contacts(s: Rejections) -> None:
    """Nothing is sent to what was not confirmed (H0)."""
    s.refused(s.person("supervisor"), "/v1/contacts", None, "contact.applicants-only", method="GET")
    s.refused(s.herder, "/v1/contacts", {}, "contact.channel")
    home = {"recipient": "巴特尔(演示)", "address": "锡林郭勒盟示例旗示例苏木2号", "postcode": "026300"}
    made = s.herder.post("/v1/contacts", {"address": home}, status=201)["id"]
    path = f"/v1/contacts/{made}"
    s.refused(s.herder, "/v1/contacts", {"address": home}, "contact.known")
    s.refused(s.herder, f"{path}/code", None, "contact.no-code-needed")
    s.refused(s.herder, f"{path}/confirmation", {}, "contact.confirmation-missing")
    s.herder.post(f"{path}/confirmation", {"correct": True})
    s.refused(s.herder, f"{path}/confirmation", {"correct": True}, "contact.confirmed")
    s.refused(s.person("stranger"), f"{path}/removal", None, "contact.not-found")
    s.herder.post(f"{path}/removal")
    s.refused(s.herder, "/v1/messages/unknown", None, "message.not-found", method="GET")


def mandates(s: Rejections) -> None:
    """Decisions on the spot only within a mandate that the head gave (B6)."""
    banner = s.account("banner-acceptance")["division"]
    head = s.officer(f"{banner}-81", "head")
    chief = s.officer(f"{banner}-81", "window", "acceptance", "decision")
    until = (s.now() + timedelta(days=30)).isoformat()
    terms = {"officer": "somebody", "items": [ENROLMENT], "until": until}
    s.refused(chief, "/v1/mandates", terms, "mandate.heads-only")
    s.refused(head, "/v1/mandates", {**terms, "items": [NOTARY]}, "item.not-instant")
    s.refused(head, "/v1/mandates", {**terms, "until": (s.now() - timedelta(days=1)).isoformat()}, "mandate.until-past")
    far = (s.now() + timedelta(days=800)).isoformat()
    s.refused(head, "/v1/mandates", {**terms, "until": far}, "mandate.until-too-far")
    s.refused(s.herder, "/v1/mandates/01ARZ3NDEKTSV4RRFFQ69G5FAV", None, "mandate.not-found", method="GET")
    made = head.post("/v1/mandates", terms, status=201)["id"]
    head.post(f"/v1/mandates/{made}/revocation")
    s.refused(head, f"/v1/mandates/{made}/revocation", None, "mandate.revoked")


def enquiries(s: Rejections) -> None:
    """Who was asked first owns it until another takes it (B7)."""
    banner = s.account("banner-acceptance")["division"]
    owner, other = s.officer(f"{banner}-05", "acceptance", name="-asked"), s.officer(f"{banner}-81", "acceptance")
    question = {"question": "换证需要体检证明吗?"}
    s.refused(s.herder, "/v1/enquiries", question, "enquiry.officers-only")
    made = owner.post("/v1/enquiries", question, status=201)["id"]
    path = f"/v1/enquiries/{made}"
    s.refused(owner, f"{path}/taking", None, "enquiry.not-offered-to-you")
    s.refused(owner, f"{path}/handover", {"body": f"{banner}-05", "reason": "自办"}, "enquiry.offered-to-owner")
    offer = {"body": f"{banner}-81", "reason": "属其职责"}
    s.refused(other, path, None, "enquiry.not-found", method="GET")
    s.refused(owner, f"{path}/handover", {**offer, "body": "nobody-00"}, "enquiry.body-unknown")
    s.refused(owner, f"{path}/handover", {**offer, "reason": " "}, "case.text-missing")
    owner.post(f"{path}/handover", offer)
    s.refused(other, f"{path}/answer", {"answer": "不需要"}, "enquiry.not-yours")
    other.post(f"{path}/taking")
    s.refused(owner, f"{path}/answer", {"answer": "不需要"}, "enquiry.not-found")
    other.post(f"{path}/answer", {"answer": "不需要"})
    other.post(f"{path}/closing", {"reason": "已答复"})
    s.refused(other, f"{path}/handover", {**offer, "body": f"{banner}-05"}, "enquiry.closed")
