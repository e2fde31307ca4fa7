"""Files and messages: a copy is uploaded and a hostile one refused; the applicant is told by inbox, text and letter."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta
from typing import Any

import httpx

from tests import upload_files as files
from tests.e2e import uploading
from tests.e2e.harness import NeedsEmulatedCloud, Scenario
from tests.e2e.scenario_main import FORM, ITEM

NUMBER = "13812340000"  # made up, like the address
HOME = {"recipient": "巴特尔(演示)", "address": "锡林郭勒盟示例旗示例苏木示例嘎查1号", "postcode": "026300"}


class Telling(Scenario):
    title = "upload → quarantine → checked → submitted; told in the inbox, by text and by letter, and reminded"

    def run(self) -> None:
        if not self.emulated:
            with self.step("providers that show what they received"):
                raise NeedsEmulatedCloud("a deployed stack has real providers")
            return
        self.herder, self.officer = self.person("herder"), self.person("banner-acceptance")
        with self.step("the herder confirms a number by the code sent to it, and an address"):
            self.confirm_contacts()
        with self.step("a copy is announced, posted into quarantine and found clean"):
            case_id, digest = self.upload()
        with self.step("a file that runs a script, and one that is not what was announced, become no material"):
            self.refuse_hostile_files(case_id)
        with self.step("the application goes in with the copy; inbox and text message say so, with proof"):
            self.submit(case_id, digest)
        with self.step("the letter is on its way, then its provider tells that it arrived; told twice, it is once"):
            self.deliver_letter(case_id)
        with self.step("a reminder comes two days before the period of correction ends, and only once"):
            self.remind(case_id)
        with self.step("the herder forgets the contacts; nothing is sent there any more"):
            self.forget_contacts()

    # -- contacts ----------------------------------------------------------------------------------------

    def confirm_contacts(self) -> None:
        made = self.herder.post("/v1/contacts", {"number": NUMBER}, status=201)["id"]
        code = re.search(r"[0-9]{6}", self.received("sms")[-1]["text"])
        assert code is not None
        self.herder.post(f"/v1/contacts/{made}/confirmation", {"code": code[0]})
        self.address = self.herder.post("/v1/contacts", {"address": HOME}, status=201)["id"]
        self.herder.post(f"/v1/contacts/{self.address}/confirmation", {"correct": True})
        shown = [contact["shown"] for contact in self.herder.get("/v1/contacts")["items"]]
        assert shown[0] == "138****0000", shown

    def forget_contacts(self) -> None:
        self.herder = self.person("herder")
        for contact in self.herder.get("/v1/contacts")["items"]:
            self.herder.post(f"/v1/contacts/{contact['id']}/removal")

    # -- files -------------------------------------------------------------------------------------------

    def upload(self) -> tuple[str, str]:
        village = self.account("agent")["division"]
        opening = {"item": ITEM, "division": village, "channel": "web"}
        case_id = str(self.herder.post("/v1/cases", opening, status=201)["id"])
        content = files.pdf()
        upload = uploading.announce(self.herder, case_id, content)
        uploading.post_file(self.herder, upload, content)
        assert uploading.verdict(self.herder, upload) == "clean"
        link = self.herder.get(f"/v1/uploads/{upload}/content")["url"]
        fetched = httpx.get(link, timeout=30)
        assert fetched.content == content
        assert fetched.headers["content-disposition"].startswith("attachment"), dict(fetched.headers)
        return case_id, hashlib.sha256(content).hexdigest()

    def refuse_hostile_files(self, case_id: str) -> None:
        script = files.HOSTILE["a PDF with a script"].make()
        hostile = uploading.announce(self.herder, case_id, script)
        uploading.post_file(self.herder, hostile, script)
        assert uploading.verdict(self.herder, hostile) == "refused"
        refused = self.herder.get(f"/v1/uploads/{hostile}/content", status=409)
        assert refused["code"] == "upload.not-clean", refused
        other = uploading.announce(self.herder, case_id, files.pdf(b"<< /Other true >>"))
        uploading.post_file(self.herder, other, files.pdf(b"<< /Other false >>"), taken=False)
        self.use_as_material(case_id, hashlib.sha256(script).hexdigest())
        problem = self.herder.post(f"/v1/cases/{case_id}/submission", status=422)
        assert [e["code"] for e in problem["errors"]] == ["material.upload-unknown"], problem

    def use_as_material(self, case_id: str, digest: str) -> None:
        materials: list[dict[str, str]] = [{"code": f"M0{i}", "form": "paper", "name": f"材料{i}"} for i in range(2, 6)]
        materials.insert(0, {"code": "M01", "form": "electronic", "name": "申请表", "digest": digest})
        version = self.herder.get(f"/v1/cases/{case_id}")["version"]
        body = {"form": FORM, "materials": materials}
        self.herder.send("PUT", f"/v1/cases/{case_id}/application", body, if_match=version)

    # -- messages ----------------------------------------------------------------------------------------

    def submit(self, case_id: str, digest: str) -> None:
        self.use_as_material(case_id, digest)
        self.local("receivers", {"post": 202})  # letters take their time
        self.herder.post(f"/v1/cases/{case_id}/submission")
        message = self.message(case_id, "case.submitted")
        sms = next(m for m in self.received("sms") if m["key"].startswith(message["id"]))
        assert (sms["to"], sms["text"]) == (NUMBER, message["text"]["zh"]), sms
        assert self.outcomes(message) == {"sms": "delivered", "post": "sent"}, message
        self.herder.post(f"/v1/messages/{message['id']}/read")
        assert self.message(case_id, "case.submitted")["read_at"]
        self.tell(message["text"]["zh"])

    def deliver_letter(self, case_id: str) -> None:
        message = self.message(case_id, "case.submitted")
        letter = next(m for m in self.received("post") if m["key"].startswith(message["id"]))
        assert letter["recipient"] == HOME["recipient"], letter
        for _ in range(2):
            told = self.local("delivery-report", {"channel": "post", "key": letter["key"], "arrived": True})
            assert told["status"] == 200, told
        proven = self.message(case_id, "case.submitted")
        assert self.outcomes(proven) == {"sms": "delivered", "post": "delivered"}, proven
        forged = self.anyone().raw("POST", "/v1/delivery-reports/post", json={"type": "message.delivered"})
        assert (forged.status_code, forged.json()["code"]) == (401, "webhook.not-verified"), forged.text

    def remind(self, case_id: str) -> None:
        self.until("the officer finds it", lambda: self.officer.raw("GET", f"/v1/cases/{case_id}").status_code == 200)
        self.officer.post(f"/v1/cases/{case_id}/claim")
        notice = {"defects": [{"material": "M03", "page": 1, "reason": "复印件不清晰"}]}
        self.officer.post(f"/v1/cases/{case_id}/notice", notice)
        self.message(case_id, "case.notified")
        shown = self.herder.get(f"/v1/cases/{case_id}/deadlines")
        ends = [datetime.fromisoformat(c["ends_at"]) for c in shown["clocks"] if c["kind"]["code"] == "correction"]
        now = datetime.fromisoformat(self.anyone().get("/v1/health")["time"])
        self.advance(ends[0] - timedelta(days=2) - now)
        for _ in range(2):
            self.invoke("sweep_timers")
            self.settle()
        self.herder = self.person("herder")
        reminder = self.message(case_id, "reminder.correction")
        assert len([m for m in self.messages(case_id) if m["kind"]["code"] == "reminder.correction"]) == 1
        self.tell(reminder["text"]["zh"])

    def messages(self, case_id: str) -> list[dict[str, Any]]:
        return [m for m in self.herder.get("/v1/messages", limit=50)["items"] if m["case"] == case_id]

    def message(self, case_id: str, kind: str) -> dict[str, Any]:
        """The message of a kind, once nothing of it is pending."""

        def told() -> dict[str, Any] | None:
            found = next((m for m in self.messages(case_id) if m["kind"]["code"] == kind), None)
            return found if found and "pending" not in self.outcomes(found).values() else None

        return self.until(f"the herder is told of {kind}", told)

    def outcomes(self, message: dict[str, Any]) -> dict[str, str]:
        return {d["channel"]["code"]: d["outcome"]["code"] for d in message["deliveries"]}
