"""A certificate comes to its end: a renewal filed in time that nobody decides counts as granted (行政许可法 50(2))."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.e2e.harness import Client, Scenario

ITEM = "150123903000"  # 乡村医生执业注册: five years, accepted and decided by the banner's health commission
HEALTH = "23"
FORM = {"applicant_name": "巴特尔", "identity_number": "152501199003070012", "phone": "13800000000"}
MATERIALS = [{"code": code, "form": "paper", "name": code} for code in ("M01", "M02")]


class Renewal(Scenario):
    title = "a village doctor's registration → five years later a renewal that nobody decides → renewed by law"

    def run(self) -> None:
        with self.step("a village doctor is registered; the certificate lasts five years"):
            first, other = self.register(), self.register("stranger")
        with self.step("a stranger cannot renew it"):
            self.refuse_stranger(first["identifier"])
        with self.step("a hundred days before its end the renewal is filed and received"):
            ends = datetime.fromisoformat(first["valid_until"])
            self.move_to(ends - timedelta(days=100))
            case_id = self.file({"kind": "renewal", "certificate": first["identifier"]})
        with self.step("shortly before the end nothing is decided"):
            self.move_to(ends - timedelta(seconds=45))  # the tables of the unit tests stand at the very second
            state = self.herder.get(f"/v1/cases/{case_id}")["state"]["code"]
            assert state in ("received", "in_review"), state
        with self.step("at the end it counts as renewed, whether a timer has run or not"):
            self.move_to(ends)
            state = self.herder.get(f"/v1/cases/{case_id}")["state"]["code"]
            assert state in ("granted", "issued"), state
        with self.step("a minute later it is on record in writing, and the new certificate goes on from the old end"):
            self.move_to(ends + timedelta(minutes=2))
            new = self.see_renewed(case_id, ends)
        with self.step("at its public address the old one is genuine and replaced, and the new one valid"):
            self.see_replaced(first["identifier"], new)
        with self.step("what was replaced is not renewed again"):
            self.refuse_what_was_replaced(first["identifier"])
        with self.step("whoever let theirs end applies anew"):
            self.refuse_what_ended(other["identifier"])

    @property
    def herder(self) -> Client:
        return self.person("herder")

    @property
    def place(self) -> str:
        return str(self.account("agent")["division"])

    def doctor(self, role: str) -> Client:
        """An officer of the banner's health commission."""
        return self.officer(f"{self.place[:6]}000000-{HEALTH}", role)

    def register(self, who: str = "herder") -> dict[str, Any]:
        self.doctor("acceptance")  # first of all: a deployed stack has no officers made to order
        case_id = self.file({}, who)
        for queue, role, act, body in (
            ("accept", "acceptance", "acceptance", None),
            ("decide", "decision", "grant", {"opinion": "符合条件"}),
        ):
            officer = self.doctor(role)
            self.until(f"it waits for {queue}", lambda o=officer, q=queue: self.listed(o, q, case_id))
            officer.post(f"/v1/cases/{case_id}/claim")
            officer.post(f"/v1/cases/{case_id}/{act}", body)
        return self.certificate(case_id, who)

    def file(self, about: dict[str, str], who: str = "herder") -> str:
        opening = {"item": ITEM, "division": self.place, "channel": "web", **about}
        made = self.person(who).post("/v1/cases", opening, status=201)
        application = {"form": FORM, "materials": MATERIALS}
        self.person(who).send("PUT", f"/v1/cases/{made['id']}/application", application, if_match=made["version"])
        self.person(who).post(f"/v1/cases/{made['id']}/submission")
        return str(made["id"])

    def listed(self, officer: Client, queue: str, case_id: str) -> bool:
        rows = officer.get("/v1/worklist", queue=queue, limit=50)["items"]
        return case_id in [row["case"] for row in rows]

    def certificate(self, case_id: str, who: str = "herder") -> dict[str, Any]:
        def issued() -> bool:
            return bool(self.person(who).get(f"/v1/cases/{case_id}")["state"]["code"] == "issued")

        self.until("the certificate is issued", issued)
        found: dict[str, Any] = self.person(who).get(f"/v1/cases/{case_id}/certificate")
        self.tell(f"{found['identifier']}, until {found['valid_until']}")
        return found

    def refuse_stranger(self, identifier: str) -> None:
        opening = {"item": ITEM, "division": self.place, "channel": "web", "kind": "renewal", "certificate": identifier}
        problem = self.person("stranger").post("/v1/cases", opening, status=422)
        assert problem["code"] == "renewal.certificate-unknown", problem

    def refuse_what_ended(self, identifier: str) -> None:
        opening = {"item": ITEM, "division": self.place, "channel": "web", "kind": "renewal", "certificate": identifier}
        problem = self.person("stranger").post("/v1/cases", opening, status=422)
        assert problem["code"] == "renewal.expired", problem

    def move_to(self, moment: datetime) -> None:
        now = datetime.fromisoformat(self.anyone().get("/v1/health")["time"])
        self.advance(moment - now)

    def refuse_what_was_replaced(self, identifier: str) -> None:
        for kind in ("renewal", "change", "reissue"):
            opening = {"item": ITEM, "division": self.place, "channel": "web", "kind": kind, "certificate": identifier}
            problem = self.herder.post("/v1/cases", opening, status=422)
            assert problem["code"] == "renewal.certificate-not-valid", problem

    def see_replaced(self, old: str, new: str) -> None:
        seen = {each: self.anyone().get(f"/v1/verify/certificates/{each}") for each in (old, new)}
        assert [seen[each]["genuine"] for each in (old, new)] == [True, True], seen
        assert (seen[old]["state"]["code"], seen[old]["replaced_by"]) == ("replaced", new), seen
        assert (seen[new]["state"]["code"], seen[new]["replaced_by"]) == ("valid", None), seen
        page = self.anyone().raw("GET", f"/v1/verify/certificates/{old}/page")
        assert new in page.text, page.text

    def see_renewed(self, case_id: str, ends: datetime) -> str:
        new = self.certificate(case_id)
        assert datetime.fromisoformat(new["valid_until"]) > ends + timedelta(days=5 * 365), new
        events = self.herder.get(f"/v1/cases/{case_id}/timeline")["events"]
        deemed = next(event for event in events if event["type"]["code"] == "case.deemed_renewed")
        assert datetime.fromisoformat(deemed["effective_at"]) == ends, deemed
        documents = self.herder.get(f"/v1/cases/{case_id}")["documents"]
        assert "deemed_renewal" in [document["kind"]["code"] for document in documents]
        return str(new["identifier"])
