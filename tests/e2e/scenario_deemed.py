"""Silence is acceptance (行政许可法 32(4)): five working days pass unnoticed, and the case goes on by itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.e2e.harness import NeedsEmulatedCloud, Scenario
from tests.e2e.scenario_main import FORM, ITEM

SECOND = timedelta(seconds=1)


class Deemed(Scenario):
    title = "five working days without a notice → accepted from the day of receipt → review goes on"

    def run(self) -> None:
        if not self.emulated:
            with self.step("five working days pass"):
                raise NeedsEmulatedCloud("nobody can move the clock of a deployed stack")
            return
        self.herder, self.officer = self.person("herder"), self.person("banner-acceptance")
        with self.step("the herder files online; the banner's officer claims it and does nothing"):
            case_id = self.file()
        with self.step("a second before 24:00 of the fifth working day it still waits"):
            self.wait_until_just_before_the_end(case_id)
        with self.step("at 24:00 it is accepted by law, counting from receipt, with number and document"):
            self.pass_the_end(case_id)
        with self.step("the officer who was silent has lost it"):
            self.lose(case_id)
        with self.step("banner: the preliminary review finds it in its worklist and concludes it"):
            self.review(case_id)
        with self.step("the timeline says when it counts from and when it was recorded"):
            self.look_back(case_id)

    def file(self) -> str:
        village = self.account("agent")["division"]
        opened = self.herder.post("/v1/cases", {"item": ITEM, "division": village, "channel": "web"}, status=201)
        case_id = str(opened["id"])
        materials = [{"code": f"M0{i}", "form": "paper", "name": f"材料{i}"} for i in range(1, 6)]
        path = f"/v1/cases/{case_id}"
        self.herder.send("PUT", f"{path}/application", {"form": FORM, "materials": materials}, if_match=1)
        self.herder.post(f"{path}/submission")
        self.received_at = self.case(case_id)["received_at"]
        self.until("the officer finds it", lambda: self.officer.raw("GET", path).status_code == 200)
        self.officer.post(f"{path}/claim")
        return case_id

    def wait_until_just_before_the_end(self, case_id: str) -> None:
        check = self.officer.get(f"/v1/cases/{case_id}/check")
        self.end = datetime.fromisoformat(check["until"])
        days = (self.end - datetime.fromisoformat(self.received_at)).days
        assert 5 <= days <= 20, check
        self.tell(f"received {self.received_at}, the period of notice ends {check['until']}")
        # Some seconds are left for the requests of this step; the tables of the unit tests stand at the very second.
        self.travel(self.end - timedelta(seconds=30))
        assert self.case(case_id)["state"]["code"] == "received"

    def pass_the_end(self, case_id: str) -> None:
        self.travel(self.end + SECOND)
        assert self.case(case_id)["state"]["code"] == "in_review", "the moment counts when it is read"
        self.travel(self.end + timedelta(minutes=2))
        case = self.until("the acceptance is recorded", lambda: self.recorded(case_id))
        assert case["state"]["code"] == "in_review", case["state"]
        assert case["accepted_at"] == self.received_at, "it counts from receipt"
        document = case["documents"][-1]
        assert document["kind"]["code"] == "acceptance", document
        content = self.herder.get(f"/v1/cases/{case_id}/documents/{document['number']}")
        assert content["intact"], content
        assert "第三十二条" in content["texts"]["basis"], content
        found = self.anyone().get(f"/v1/verify/documents/{document['number']}/{content['code']}")
        assert (found["verdict"]["code"], found["digest"]) == ("genuine", content["digest"]), found
        self.tell(f"accepted from {case['accepted_at']}, number {case['case_number']}, document {document['number']}")

    def lose(self, case_id: str) -> None:
        self.officer.get(f"/v1/cases/{case_id}", status=404)
        self.officer.post(f"/v1/cases/{case_id}/acceptance", status=404)
        self.officer.post(f"/v1/cases/{case_id}/notice", {"defects": []}, status=404)
        mine = self.officer.get("/v1/worklist", queue="mine", limit=50)
        assert case_id not in [row["case"] for row in mine["items"]]

    def review(self, case_id: str) -> None:
        reviewer = self.person("banner-review")
        path = f"/v1/cases/{case_id}"
        self.until("the reviewer finds it", lambda: reviewer.raw("GET", path).status_code == 200)
        reviewer.post(f"{path}/claim")
        reviewer.post(f"{path}/opinion", {"conclusion": "agree", "opinion": "材料齐全,同意上报"})

    def look_back(self, case_id: str) -> None:
        events = self.herder.get(f"/v1/cases/{case_id}/timeline")["events"]
        deemed = next(event for event in events if event["type"]["code"] == "case.deemed_accepted")
        assert deemed["effective_at"] == self.received_at, deemed
        assert datetime.fromisoformat(deemed["recorded_at"]) >= self.end, deemed
        assert deemed["actor"]["kind"]["code"] == "system", deemed
        assert [event["type"]["code"] for event in events][-1] == "case.opinion_given"

    # -- small parts ---------------------------------------------------------------------------------------

    def case(self, case_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.herder.get(f"/v1/cases/{case_id}")
        return found

    def recorded(self, case_id: str) -> dict[str, Any] | None:
        case = self.case(case_id)
        return case if case["case_number"] else None

    def travel(self, to: datetime) -> None:
        """Move the clock to a moment; tokens end by the same clock, so both sign in again."""
        self.advance(to - datetime.fromisoformat(self.anyone().get("/v1/health")["time"]))
        self.herder, self.officer = self.person("herder"), self.person("banner-acceptance")
        self.settle()
