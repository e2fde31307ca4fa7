"""Notice-and-commitment from the notice to the last consequence: one promise kept, one broken (C1-C5)."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from tests.e2e.harness import Client, Scenario

ITEM = "150155901000"  # 出版物零售经营许可: on the demo list, premises are promised
REMEDIES = "可在六十日内申请行政复议,或者在六个月内提起行政诉讼"


class Commitment(Scenario):
    title = "a promise decided at once, checked and kept; another one false, heard, revoked, barred and repaired"

    def run(self) -> None:
        self.herder = self.person("herder")
        with self.step("the ordinary way beside the promise; what it replaces is not asked for (C2)"):
            kept = self.drafted()
            self.both_ways(kept)
        with self.step("notice, signature, decision and certificate within the requests, no execution (C2, C3)"):
            self.promise(kept)
            self.decided(kept)
        with self.step("the signature is verified from its evidence alone (C2)"):
            self.evidence(kept)
        with self.step("the check finds it fulfilled (C5)"):
            self.check(kept, "fulfilled", "现场与承诺一致")
            self.settle()
            assert self.stage(kept) == "done"
        with self.step("a second promise: to be mended, then found false (C5)"):
            broken = self.drafted()
            self.promise(broken)
            certificate = self.decided(broken)
            self.check(broken, "mend", "经营场所与承诺不符")
            self.advance(timedelta(days=30))
            self.herder = self.person("herder")
            self.check(broken, "false", "逾期仍无固定经营场所")
        with self.step("a finding alone revokes nothing and bars nothing; the party is heard first (C4, C5)"):
            assert self.verified(certificate) == "valid"
            self.heard(broken)
        with self.step("revoked in writing, the certificate annulled (C5)"):
            self.revoked(broken)
            assert self.verified(certificate) == "annulled"
        with self.step("the next promise is barred, with reason and way to repair; the ordinary way is open (C4)"):
            record = self.barred()
        with self.step("repaired, and allowed again (C4)"):
            self.person("credit-office").post(f"/v1/credit-records/{record}/repair", {"how": "已整改并作出信用承诺"})
            again = self.drafted()
            self.promise(again)
            self.decided(again)

    # -- the applicant ---------------------------------------------------------------------------------

    def drafted(self) -> str:
        place = str(self.account("agent")["division"])
        made = self.herder.post("/v1/cases", {"item": ITEM, "division": place, "channel": "web"}, status=201)
        application = {"form": self.form(), "materials": [], "delivery": "electronic"}
        path = f"/v1/cases/{made['id']}/application"
        self.herder.send("PUT", path, application, if_match=made["version"])
        return str(made["id"])

    def form(self) -> dict[str, Any]:
        return {
            "applicant_kind": "person",
            "applicant_name": "巴特尔",
            "identity_number": "152501199003070012",
            "phone": "13800000000",
        }

    def both_ways(self, case_id: str) -> None:
        ways = self.herder.get(f"/v1/cases/{case_id}/commitment")
        assert ways["ordinary"]["open"]
        assert ways["promise"]["open"], ways["promise"]["obstacles"]
        kinds = [clause["kind"]["code"] for clause in ways["promise"]["terms"]["text"]["clauses"]]
        assert kinds == ["duty", "conditions", "standard", "promise", "liability", "check"], kinds

    def promise(self, case_id: str) -> None:
        path = f"/v1/cases/{case_id}/commitment"
        text = self.herder.get(path)["promise"]["terms"]["text"]
        self.herder.post(f"{path}/notice")
        wrong = {"text_version": text["version"], "text_digest": "0" * 64, "confirmed": True}
        self.refused(self.herder, f"{path}/signature", wrong, "commitment.text-outdated")
        signed = {"text_version": text["version"], "text_digest": text["digest"], "confirmed": True}
        self.refused(self.person("stranger"), f"{path}/signature", signed, "case.not-found")
        self.herder.post(f"{path}/signature", signed)

    def decided(self, case_id: str) -> str:
        receipt = self.herder.post(f"/v1/cases/{case_id}/commitment/decision")
        assert receipt["result"]["state"] == "issued", receipt
        certificate = str(receipt["result"]["certificate"])
        assert self.verified(certificate) == "valid"
        return certificate

    def verified(self, certificate: str) -> str:
        found = self.anyone().get(f"/v1/verify/certificates/{certificate}")
        assert found["genuine"]
        return str(found["state"]["code"])

    def evidence(self, case_id: str) -> None:
        kept = self.herder.get(f"/v1/cases/{case_id}/commitment/evidence")
        statement = kept["statement"].encode()
        assert hashlib.sha256(statement).hexdigest() == kept["digest"]
        key = load_der_public_key(base64.b64decode(kept["public_key"]))
        assert isinstance(key, ec.EllipticCurvePublicKey)
        key.verify(base64.b64decode(kept["signature"]), statement, ec.ECDSA(hashes.SHA256()))

    # -- the bodies ------------------------------------------------------------------------------------

    def check(self, case_id: str, result: str, findings: str) -> None:
        body = str(self.herder.get(f"/v1/cases/{case_id}/commitment/check")["body"])
        checker = self.officer(body, "check")
        self.claimed(checker, "check", case_id)
        path = f"/v1/cases/{case_id}/commitment/check/result"
        checker.post(path, {"result": result, "findings": findings})
        if result != "mend":
            self.refused(checker, path, {"result": "fulfilled", "findings": findings}, "check.concluded")

    def claimed(self, officer: Client, queue: str, case_id: str) -> None:
        def listed() -> bool:
            rows = officer.get("/v1/worklist", queue=queue, limit=50)["items"]
            return case_id in [row["case"] for row in rows]

        self.until(f"the case waits for {queue}", listed)
        officer.post(f"/v1/cases/{case_id}/claim")

    def stage(self, case_id: str) -> str:
        return str(self.herder.get(f"/v1/cases/{case_id}/commitment/check")["stage"]["code"])

    def decider(self, case_id: str) -> Client:
        route = self.herder.get(f"/v1/cases/{case_id}")["route"]
        return self.officer(str(route[-1]["body"]), "decision")

    def heard(self, case_id: str) -> None:
        decider = self.decider(case_id)
        self.claimed(decider, "revoke", case_id)
        decision = {"outcome": "revoked", "reasons": "承诺与事实不符", "remedies": REMEDIES}
        path = f"/v1/cases/{case_id}/commitment/check"
        self.refused(decider, f"{path}/decision", decision, "revocation.not-heard")
        self.herder.post(f"{path}/defence", {"statement": "正在办理租赁手续,请予宽限"})
        assert self.stage(case_id) == "deciding"

    def revoked(self, case_id: str) -> None:
        decision = {"outcome": "revoked", "reasons": "承诺与事实不符,申辩理由不成立", "remedies": REMEDIES}
        self.decider(case_id).post(f"/v1/cases/{case_id}/commitment/check/decision", decision)
        assert self.herder.get(f"/v1/cases/{case_id}")["state"]["code"] == "revoked"

    def barred(self) -> str:
        records = self.until("the bar is on record", lambda: self.herder.get("/v1/credit-records")["items"])
        assert records[0]["bars_now"]
        assert records[0]["terms"]["repair_way"]
        draft = self.drafted()
        ways = self.herder.get(f"/v1/cases/{draft}/commitment")
        assert ways["ordinary"]["open"]
        assert [o["code"] for o in ways["promise"]["obstacles"]] == ["credit.barred"]
        self.refused(self.herder, f"/v1/cases/{draft}/commitment/notice", None, "credit.barred")
        return str(records[0]["id"])

    def refused(self, who: Client, path: str, body: Any, code: str) -> None:
        headers = {"Idempotency-Key": f"refused-{hashlib.sha256((path + code).encode()).hexdigest()[:40]}"}
        answer = who.raw("POST", path, json=body, headers=headers)
        assert answer.status_code >= 400, (path, code)
        assert code in {error["code"] for error in answer.json()["errors"]}, (path, answer.text)
