"""The main job: filed at a gacha station, decided by the league, the certificate verified by a stranger."""

from __future__ import annotations

import base64
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from tests.e2e.harness import Client, Scenario

ITEM = "150105902002"  # 高级中学、中等职业学校教师资格认定: preliminary review by the banner, decision by the league

FORM = {
    "applicant_name": "巴特尔",
    "identity_number": "152501199003070012",
    "phone": "13800000000",
    "ground": "household",
    "subject": "蒙古语文 ᠮᠣᠩᠭᠣᠯ ᠬᠡᠯᠡ",
    "education": "bachelor",
}


class Main(Scenario):
    title = "apply at a gacha station → told once, corrected, accepted → sum, banner, league → decide → certificate"

    def run(self) -> None:
        self.herder, self.agent, self.window = (self.person(p) for p in ("herder", "agent", "sum-window"))
        with self.step("the agent finds the item in Chinese and reads its guide for the gacha"):
            self.read_guide()
        with self.step("the herder confirms the agent's authority for this item"):
            authority = self.authorise()
        with self.step("the agent files: one application, every defect named at once, then received"):
            case_id = self.file(authority)
        with self.step("sum (received): the window officer passes it on"):
            self.work(case_id, self.window, "receive", "forwarding", {"note": "身份已核对"})
        with self.step("banner: told once of two defects, each in its place; a surplus demand is refused"):
            self.notify(case_id)
        with self.step("the agent corrects both, and nothing else; an old matter cannot be named again"):
            self.correct(case_id)
        with self.step("banner: accepted with a numbered, dated document"):
            self.person("banner-acceptance").post(f"/v1/cases/{case_id}/acceptance")
            self.read_acceptance(case_id)
        with self.step("banner: preliminary review"):
            opinion = {"conclusion": "agree", "opinion": "材料齐全,同意上报"}
            self.work(case_id, self.person("banner-review"), "preliminary_review", "opinion", opinion)
        with self.step("league: returned once for a better opinion"):
            reason = {"reason": "初审意见未说明学历核验情况"}
            self.work(case_id, self.person("league-review"), "review", "return", reason)
            better = {"conclusion": "agree", "opinion": "学历已核验,同意上报"}
            self.work(case_id, self.person("banner-review"), "preliminary_review", "opinion", better)
        with self.step("league: transferred to a colleague, who reviews: one procedure counts, another does not"):
            self.transfer(case_id)
        with self.step("league: granted"):
            self.work(case_id, self.person("league-decision"), "decide", "grant", {"opinion": "符合条件,准予"})
        with self.step("the certificate is issued and a stranger verifies it through its QR link"):
            self.verify(case_id)
        with self.step("the herder has it; the timeline shows all of it"):
            self.close(case_id)

    # -- before filing ---------------------------------------------------------------------------------

    def read_guide(self) -> None:
        village = self.account("agent")["division"]
        found = self.anyone().get("/v1/items", q="高中教师资格", division=village)
        if ITEM not in [item["basic_code"] for item in found["items"]]:
            found = self.anyone().get("/v1/items", q="教师资格", division=village)
        assert ITEM in [item["basic_code"] for item in found["items"]], found
        guide = self.anyone().get(f"/v1/items/{ITEM}/guide", division=village)
        item = guide["item"]
        self.tell(f"{item['name']}, demo data in it: {len(item['demo'])} elements")

    def authorise(self) -> str:
        herder = self.account("herder")["subject"]
        until = (self.now() + timedelta(days=30)).isoformat()
        proposal = {"principal": herder, "items": [ITEM], "until": until}
        made = self.agent.post("/v1/authorities", proposal, status=201)
        self.agent.post("/v1/cases", self.opening(made["id"]), status=403)
        self.person("stranger").post(f"/v1/authorities/{made['id']}/confirmation", status=404)
        self.herder.post(f"/v1/authorities/{made['id']}/confirmation")
        return str(made["id"])

    def opening(self, authority: str) -> dict[str, str]:
        village = self.account("agent")["division"]
        return {"item": ITEM, "division": village, "channel": "station", "authority": authority}

    def now(self) -> datetime:
        """The stack's own time, from a header every response carries."""
        health = self.anyone().get("/v1/health")
        return datetime.fromisoformat(health["time"]) if "time" in health else datetime.now(UTC)

    # -- filing ------------------------------------------------------------------------------------------

    def file(self, authority: str) -> str:
        opened = self.agent.post("/v1/cases", self.opening(authority), status=201)
        case_id = opened["id"]
        wrong = {
            "form": {**FORM, "education": "none"},
            "materials": [{"code": "M01", "form": "paper", "name": "申请表"}],
        }
        saved = self.save(case_id, wrong, opened["version"])
        problem = self.agent.post(f"/v1/cases/{case_id}/submission", status=422)
        codes = [error["code"] for error in problem["errors"]]
        assert codes.count("material.missing") == 4, problem
        assert any(error["pointer"] == "/form/education" for error in problem["errors"]), problem
        self.tell(f"refused with {len(codes)} defects at once: {', '.join(sorted(set(codes)))}")
        right = {
            "form": FORM,
            "materials": [{"code": f"M0{i}", "form": "paper", "name": f"材料{i}"} for i in range(1, 6)],
        }
        self.save(case_id, right, saved["version"])
        key = str(uuid.uuid4())
        first = self.agent.post(f"/v1/cases/{case_id}/submission", key=key)
        again = self.agent.post(f"/v1/cases/{case_id}/submission", key=key)
        assert first == again, "a repeated submission gets the same receipt"
        self.tell(f"receipt {first['result']['receipt_number']}")
        self.person("stranger").get(f"/v1/cases/{case_id}", status=404)
        return str(case_id)

    def save(self, case_id: str, body: dict[str, Any], version: int) -> dict[str, Any]:
        saved: dict[str, Any] = self.agent.send("PUT", f"/v1/cases/{case_id}/application", body, if_match=version)
        return saved

    # -- along the route -----------------------------------------------------------------------------------

    def work(self, case_id: str, officer: Client, queue: str, act: str, body: dict[str, Any] | None = None) -> None:
        """Find the case in the officer's worklist, claim it, do the act, and see it gone from their sight."""
        self.find(case_id, officer, queue)
        officer.post(f"/v1/cases/{case_id}/claim")
        officer.get(f"/v1/cases/{case_id}")
        officer.post(f"/v1/cases/{case_id}/{act}", body)
        officer.get(f"/v1/cases/{case_id}", status=404)

    def find(self, case_id: str, officer: Client, queue: str) -> None:
        def listed() -> bool:
            cursor: dict[str, Any] = {}
            while True:
                page = officer.get("/v1/worklist", queue=queue, limit=50, **cursor)
                if case_id in [row["case"] for row in page["items"]]:
                    return True
                if page["next"] is None:
                    return False
                cursor = {"cursor": page["next"]}

        self.until(f"the case is in the worklist for {queue}", listed)

    def transfer(self, case_id: str) -> None:
        officer, colleague = self.person("league-review"), self.person("league-colleague")
        self.find(case_id, officer, "review")
        officer.post(f"/v1/cases/{case_id}/claim")
        to = self.account("league-colleague")["subject"]
        officer.post(f"/v1/cases/{case_id}/transfer", {"officer": to, "reason": "下乡出差"})
        officer.get(f"/v1/cases/{case_id}", status=404)
        self.find(case_id, colleague, "mine")
        self.examine(case_id, colleague)
        colleague.post(f"/v1/cases/{case_id}/opinion", {"conclusion": "agree", "opinion": "同意"})

    def examine(self, case_id: str, officer: Client) -> None:
        """A technical review, which does not stop the clock, and an inspection, which does."""
        case = f"/v1/cases/{case_id}"
        kinds = [
            ("technical_review", {"result": "材料内容属实"}),
            ("inspection", {"result": "证书为真", "officers": ["inspector-1", "inspector-2"]}),
        ]
        for kind, _ in kinds:
            officer.post(f"{case}/procedures", {"kind": kind, "reason": "需要核验", "days": 3})
        auction = {"kind": "auction", "reason": "需要", "days": 3}
        assert officer.post(f"{case}/procedures", auction, status=409)["code"] == "procedure.not-in-version"
        officer.post(f"{case}/procedures/2/assignment", {"officers": ["inspector-1", "inspector-2"]})
        told = self.herder.get(case)
        assert [p["clock"]["code"] for p in told["procedures"]] == ["counted", "stopped"], told["procedures"]
        notice = self.herder.get(f"{case}/documents/{told['procedures'][1]['notice']}")
        assert notice["texts"]["clock"] == "所需时间不计入办理期限", notice
        for number, (_, result) in enumerate(kinds, 1):
            officer.post(f"{case}/procedures/{number}/result", result)
        self.tell(f"{notice['kind']['zh']} {notice['number']}: {notice['texts']['procedure']}")

    def read_acceptance(self, case_id: str) -> None:
        case = self.herder.get(f"/v1/cases/{case_id}")
        document = next(d for d in case["documents"] if d["kind"]["code"] == "acceptance")
        content = self.herder.get(f"/v1/cases/{case_id}/documents/{document['number']}")
        assert content["intact"], content
        found = self.anyone().get(f"/v1/verify/documents/{document['number']}/{content['code']}")
        assert (found["verdict"]["code"], found["digest"]) == ("genuine", content["digest"]), found
        page = self.herder.get(f"/v1/cases/{case_id}/documents/{document['number']}/page")
        assert "受理通知书" in page
        self.tell(f"case number {case['case_number']}")

    # -- notice and correction -----------------------------------------------------------------------------

    def notify(self, case_id: str) -> None:
        officer = self.person("banner-acceptance")
        self.find(case_id, officer, "accept")
        officer.post(f"/v1/cases/{case_id}/claim")
        check = officer.get(f"/v1/cases/{case_id}/check")
        assert check["defects"] == [], "the platform itself found nothing: it looked at submission"
        self.tell(f"accepted by silence at {check['until']}")
        defects = [
            {"field": "/form/education", "reason": "与毕业证书所载学历不一致"},
            {"material": "M03", "page": 2, "reason": "复印件不清晰"},
        ]
        surplus = {"material": "M99", "reason": "另交无犯罪记录证明"}
        problem = officer.post(f"/v1/cases/{case_id}/notice", {"defects": [*defects, surplus]}, status=422)
        assert [(error["code"], error["pointer"]) for error in problem["errors"]] == [
            ("notice.material-not-in-version", "/defects/2/material")
        ], problem
        told = officer.post(f"/v1/cases/{case_id}/notice", {"defects": defects})
        officer.post(f"/v1/cases/{case_id}/acceptance", status=409)
        self.tell(f"notice {told['result']['document']}")

    def correct(self, case_id: str) -> None:
        notice = self.herder.get(f"/v1/cases/{case_id}")["notice"]
        assert [d["place"] for d in notice["defects"]] == ["/form/education", "/materials/M03"], notice
        page = self.herder.get(f"/v1/cases/{case_id}/documents/{notice['document']}/page")
        assert all(defect["reason"] in page for defect in notice["defects"])
        path = f"/v1/cases/{case_id}/correction"
        half = self.agent.post(path, {"form": {**FORM, "education": "master", "phone": "13900000000"}}, status=422)
        assert sorted((error["code"], error["pointer"]) for error in half["errors"]) == [
            ("correction.not-settled", "/materials"),
            ("correction.place-not-named", "/form/phone"),
        ], half
        copy = {"code": "M03", "form": "paper", "name": "清晰的复印件"}
        self.agent.post(path, {"form": {**FORM, "education": "master"}, "materials": [copy]})
        self.agent.post(path, {"materials": [copy]}, status=409)
        old = {"defects": [{"field": "/form/subject", "reason": "学科填写不规范"}]}
        problem = self.person("banner-acceptance").post(f"/v1/cases/{case_id}/notice", old, status=422)
        assert problem["code"] == "notice.not-newly-supplied", problem

    # -- the end -------------------------------------------------------------------------------------------

    def verify(self, case_id: str) -> None:
        def issued() -> dict[str, Any] | None:
            case: dict[str, Any] = self.herder.get(f"/v1/cases/{case_id}")
            return case if case["state"]["code"] == "issued" else None

        self.until("the certificate is issued", issued)
        certificate = self.herder.get(f"/v1/cases/{case_id}/certificate")
        link = certificate["verify_url"]
        page = self.anyone().raw("GET", link)
        assert page.status_code == 200, page.text
        assert "真实有效" in page.text
        found = self.anyone().get(f"/v1/verify/certificates/{certificate['identifier']}")
        assert found["genuine"], found
        assert certificate["holder"] not in found["holder"], "a stranger sees the holder masked"
        self.verify_by_oneself(certificate)
        paper = self.herder.raw("GET", f"/v1/cases/{case_id}/certificate/pdf", headers={"Accept": "application/pdf"})
        assert paper.content.startswith(b"%PDF-"), paper.text[:200]
        self.tell(f"certificate {certificate['identifier']}")
        self.tell(f"verify {link}")

    def verify_by_oneself(self, certificate: dict[str, Any]) -> None:
        """As docs/certificates.md tells it: with the published key, without asking about this certificate."""
        keys = self.anyone().get("/v1/seal-keys")["keys"]
        jwk = next(key for key in keys if key["kid"] == certificate["seal"]["key"])
        x, y = (int.from_bytes(base64.urlsafe_b64decode(jwk[name] + "=")) for name in "xy")
        key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        signature = base64.b64decode(certificate["seal"]["signature"])
        key.verify(signature, certificate["sealed"].encode(), ec.ECDSA(hashes.SHA256()))

    def close(self, case_id: str) -> None:
        self.herder.post(f"/v1/cases/{case_id}/receipt-confirmation")
        timeline = self.herder.get(f"/v1/cases/{case_id}/timeline")
        types = [event["type"]["code"] for event in timeline["events"]]
        for expected in (
            "case.submitted",
            "case.forwarded",
            "case.notified",
            "case.corrected",
            "case.accepted",
            "case.returned",
            "case.task_transferred",
            "case.granted",
            "case.issued",
            "case.delivered",
        ):
            assert expected in types, types
        assert types.count("case.opinion_given") == 3, types
        assert timeline["state"]["code"] == "closed", timeline
        mine = self.herder.get("/v1/cases", limit=50)
        assert case_id in [case["id"] for case in mine["items"]]
        self.tell(f"{len(types)} events on record")
