"""What scenario ``rejections`` shows of files: every flaw of a hostile one, papers that nobody may ask for (B8, B9)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from infra.local.objects import EICAR
from tests import upload_files as files
from tests.e2e import uploading
from tests.e2e.harness import ScenarioFailed
from tests.e2e.refusals_examination import desk
from tests.e2e.refusals_later import certificate
from tests.e2e.scenario_main import FORM

if TYPE_CHECKING:
    from tests.e2e.scenario_rejections import Rejections

IDENTITY_CARD = "152009902000"  # 居民身份证换领、补领, department 09
PASSPORT = "150109902000"  # 普通护照签发: asks for the identity card
PERSON = {"applicant_name": "巴特尔", "identity_number": "152501199003070012", "phone": "13800000000"}


def hostile_files(s: Rejections) -> None:
    """One file for each flaw becomes no material, and says which flaw it was (B9)."""
    one_each = {hostile.flaw: hostile for hostile in files.HOSTILE.values()}
    case_id = s.drafted(FORM, [])
    wish = uploading.wish(b"x", name="../a.pdf")
    s.refused(s.herder, f"/v1/cases/{case_id}/uploads", wish, "upload.name")
    for flaw, hostile in one_each.items():
        upload = uploading.handed_in(s.herder, case_id, hostile.make(), str(hostile.media_type))
        found = s.herder.get(f"/v1/uploads/{upload}")
        if found["state"]["code"] != "refused":
            raise ScenarioFailed(f"a file with the flaw {flaw} was not refused: {found}")
        s.provoked |= {told["code"] for told in found["flaws"]}
    infected = files.pdf(files.stream(EICAR, b"", pack=False))
    upload = uploading.handed_in(s.herder, case_id, infected)
    s.provoked |= {told["code"] for told in s.herder.get(f"/v1/uploads/{upload}")["flaws"]}
    surplus = {"code": "M01", "form": "electronic", "name": "申请表", "digest": hashlib.sha256(infected).hexdigest()}
    s.fill(case_id, FORM, [surplus])
    s.refused(s.herder, f"/v1/cases/{case_id}/submission", None, "material.upload-unknown")


def papers(s: Rejections) -> None:
    """No paper of what came electronically, and nothing of what the platform holds (B8)."""
    officer = desk(s, "09")
    content = files.pdf()
    case_id = s.drafted(PERSON, [], item=IDENTITY_CARD)
    uploading.handed_in(s.herder, case_id, content)
    copy = {"code": "M01", "form": "electronic", "name": "登记表", "digest": hashlib.sha256(content).hexdigest()}
    s.fill(case_id, PERSON, [copy])
    s.herder.post(f"/v1/cases/{case_id}/submission")
    s.waits_for(officer, "accept", case_id)
    officer.post(f"/v1/cases/{case_id}/claim")
    paper = {"papers": [{"code": "M01", "handling": "seen"}]}
    s.refused(officer, f"/v1/cases/{case_id}/paper-record", paper, "material.electronic")
    officer.post(f"/v1/cases/{case_id}/acceptance")
    s.waits_for(officer, "decide", case_id)
    officer.post(f"/v1/cases/{case_id}/claim")
    officer.post(f"/v1/cases/{case_id}/grant", {"opinion": "准予"})
    certificate(s, f"/v1/cases/{case_id}")
    passport = s.filed(PERSON, ("M02", "M03"), item=PASSPORT)
    s.waits_for(officer, "accept", passport)
    officer.post(f"/v1/cases/{passport}/claim")
    asked = {"defects": [{"material": "M01", "reason": "请提交身份证"}]}
    s.refused(officer, f"/v1/cases/{passport}/notice", asked, "material.held")
