"""Incomplete-material acceptance (容缺受理): accepted with two gaps, decided inside the limit; and one too late."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from tests.e2e.harness import NeedsEmulatedCloud, Scenario

ITEM = "150105906000"  # 民办学校设立审批, decided by the banner; which of its materials may be late is demo data
GAPS = ("M01", "M02")


class Incomplete(Scenario):
    title = "accepted with two gaps → one supplied, the decision waits → the other supplied → issued; a second is late"

    def run(self) -> None:
        with self.step("the list of deferrable materials is public, as JSON and for spreadsheets"):
            self.read_list()
        with self.step("a main material and a day outside the period are refused, all at once"):
            case_id = self.draft()
            self.be_refused(case_id)
        with self.step("accepted with two gaps; the acceptance says what, by when, and what follows otherwise"):
            self.file(case_id)
            self.accept(case_id)
        with self.step("the decision is ready and waits; nothing is granted before the last supplement is in order"):
            self.hold(case_id)
        with self.step("one comes and is in order; the other comes, gets one list of defects, and comes again"):
            self.supply(case_id)
        with self.step("granted with the last check, inside the original promised limit, and issued"):
            self.see_it_issued(case_id)
        if not self.emulated:
            with self.step("a second case lets its day pass"):
                raise NeedsEmulatedCloud("nobody can move the clock of a deployed stack")
            return
        with self.step("a second case lets its day pass: at 24:00 it is refused by itself, with reasons and remedies"):
            self.be_late()

    # -- before filing ---------------------------------------------------------------------------------

    def read_list(self) -> None:
        entries = self.anyone().get("/v1/lists/deferrable")["items"]
        listed = {e["details"]["code"] for e in entries if e["basic_code"] == ITEM}
        assert listed == set(GAPS), listed
        sheet = self.anyone().raw("GET", "/v1/lists/deferrable/csv").content
        assert sheet.startswith("\ufeff".encode()), "spreadsheets need the byte order mark"

    def draft(self) -> str:
        self.herder = self.person("herder")
        place = self.account("agent")["division"]
        opened = self.herder.post("/v1/cases", {"item": ITEM, "division": place, "channel": "web"}, status=201)
        return str(opened["id"])

    def save(self, case_id: str, *deferred: tuple[str, date], given: tuple[str, ...] = ("M03", "M04", "M05")) -> None:
        form = {
            "applicant_kind": "person",
            "applicant_name": "巴特尔",
            "identity_number": "152501199003070012",
            "phone": "13800000000",
        }
        body = {
            "form": form,
            "materials": [{"code": code, "form": "paper", "name": f"材料{code}"} for code in given],
            "deferred": [{"code": code, "promised_on": day.isoformat()} for code, day in deferred],
        }
        version = self.case(case_id)["version"]
        self.herder.send("PUT", f"/v1/cases/{case_id}/application", body, if_match=version)

    def be_refused(self, case_id: str) -> None:
        today = self.today()
        self.save(case_id, ("M03", today), ("M01", today + timedelta(days=60)), ("M02", today), given=("M04", "M05"))
        problem = self.herder.post(f"/v1/cases/{case_id}/submission", status=422)
        codes = {error["code"] for error in problem["errors"]}
        assert {"supplement.not-deferrable", "supplement.date-outside-period"} <= codes, problem
        self.latest = date.fromisoformat(self.told(problem, "supplement.date-outside-period"))
        self.tell(f"the last day that can be promised is {self.latest}")

    def told(self, problem: dict[str, Any], code: str) -> str:
        """The last date of the sentence that a refusal says."""
        text = next(error["en"] for error in problem["errors"] if error["code"] == code)
        return str(text).rstrip(".").rsplit(" ", 1)[-1]

    # -- the case that goes well -----------------------------------------------------------------------

    def file(self, case_id: str) -> None:
        self.save(case_id, ("M01", self.latest), ("M02", self.latest))
        self.herder.post(f"/v1/cases/{case_id}/submission")

    def accept(self, case_id: str) -> None:
        self.claim(case_id, "banner-acceptance", "accept")
        self.person("banner-acceptance").post(f"/v1/cases/{case_id}/acceptance")
        case = self.case(case_id)
        assert [s["state"]["code"] for s in case["supplements"]] == ["awaited", "awaited"], case["supplements"]
        number = next(d["number"] for d in case["documents"] if d["kind"]["code"] == "acceptance")
        content = self.herder.get(f"/v1/cases/{case_id}/documents/{number}")
        assert content["intact"], content
        assert "24时前补交" in content["texts"]["awaited"], content
        self.promised_end = self.clock(case_id, "decision_promised")["ends_at"]
        self.tell(content["texts"]["awaited"].splitlines()[0])

    def hold(self, case_id: str) -> None:
        self.claim(case_id, "banner-decision", "decide")
        path, officer = f"/v1/cases/{case_id}", self.person("banner-decision")
        problem = officer.post(f"{path}/grant", {"opinion": "符合条件"}, status=409)
        assert problem["code"] == "supplement.outstanding", problem
        officer.post(f"{path}/held-decision", {"opinion": "符合法定条件,材料补齐后准予"})
        assert self.case(case_id)["decision_held_at"], "everybody sees that the decision waits"

    def supply(self, case_id: str) -> None:
        path, officer = f"/v1/cases/{case_id}/supplements", self.person("banner-decision")
        first, second = ({"code": code, "form": "paper", "name": f"材料{code}"} for code in GAPS)
        self.herder.post(path, {"materials": [first]})
        again = self.herder.post(path, {"materials": [first]}, status=422)
        assert again["code"] == "supplement.not-awaited", again
        officer.post(f"{path}/check", {"verdicts": [{"material": "M01"}]})
        self.herder.post(path, {"materials": [second]})
        officer.post(f"{path}/check", {"verdicts": [{"material": "M02", "defects": ["未加盖公章", "缺第3页"]}]})
        case = self.case(case_id)
        assert [s["state"]["code"] for s in case["supplements"]] == ["passed", "defective"], case["supplements"]
        self.herder.post(path, {"materials": [second]})
        answer = officer.post(f"{path}/check", {"verdicts": [{"material": "M02"}]})
        assert answer["result"]["state"] == "granted", answer

    def see_it_issued(self, case_id: str) -> None:
        case = self.until("the certificate is issued", lambda: self.issued(case_id))
        assert self.clock(case_id, "decision_promised")["ends_at"] == self.promised_end, "the limit ran on"
        assert datetime.fromisoformat(case["decided_at"]) < datetime.fromisoformat(self.promised_end)
        self.tell(f"certificate {case['certificate']}")

    # -- the case that is late -------------------------------------------------------------------------

    def be_late(self) -> None:
        case_id = self.draft()
        self.save(case_id, ("M01", self.latest), ("M02", self.latest))
        self.herder.post(f"/v1/cases/{case_id}/submission")
        self.claim(case_id, "banner-acceptance", "accept")
        self.person("banner-acceptance").post(f"/v1/cases/{case_id}/acceptance")
        end = datetime.fromisoformat(self.case(case_id)["supplements"][0]["due_at"])
        self.travel(end - timedelta(seconds=30))
        assert self.case(case_id)["state"]["code"] == "in_review"
        self.travel(end + timedelta(seconds=1))
        assert self.case(case_id)["state"]["code"] == "refused", "the moment counts when it is read"
        self.travel(end + timedelta(minutes=2))
        case = self.until("it is recorded", lambda: self.refused(case_id))
        assert datetime.fromisoformat(case["decided_at"]) == end, "it counts from the end of the day"
        content = self.herder.get(f"/v1/cases/{case_id}/documents/{case['documents'][-1]['number']}")
        assert content["intact"], content
        assert content["texts"]["remedies"], content
        supplied = {"materials": [{"code": "M01", "form": "paper", "name": "筹设批准书"}]}
        problem = self.herder.post(f"/v1/cases/{case_id}/supplements", supplied, status=409)
        assert problem["code"] == "case.wrong-state", problem
        self.tell(content["texts"]["reasons"])

    # -- small parts -----------------------------------------------------------------------------------

    def claim(self, case_id: str, officer: str, role: str) -> None:
        path, client = f"/v1/cases/{case_id}", self.person(officer)

        def ready() -> bool:
            response = client.raw("GET", path)
            task = response.json().get("task") if response.status_code == 200 else None
            return bool(task) and task["role"]["code"] == role

        self.until(f"{officer} finds the task {role}", ready)
        client.post(f"{path}/claim")

    def case(self, case_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.herder.get(f"/v1/cases/{case_id}")
        return found

    def issued(self, case_id: str) -> dict[str, Any] | None:
        case = self.case(case_id)
        return case if case["state"]["code"] in ("issued", "closed") else None

    def refused(self, case_id: str) -> dict[str, Any] | None:
        case = self.case(case_id)
        return case if case["documents"][-1]["kind"]["code"] == "refusal" else None

    def clock(self, case_id: str, kind: str) -> dict[str, Any]:
        clocks = self.herder.get(f"/v1/cases/{case_id}/deadlines")["clocks"]
        found: dict[str, Any] = next(clock for clock in clocks if clock["kind"]["code"] == kind)
        return found

    def today(self) -> date:
        """The legal day of the stack's own time."""
        now = datetime.fromisoformat(self.anyone().get("/v1/health")["time"])
        return (now + timedelta(hours=8)).date()

    def travel(self, to: datetime) -> None:
        """Move the clock to a moment; tokens end by the same clock, so everybody signs in again."""
        self.advance(to - datetime.fromisoformat(self.anyone().get("/v1/health")["time"]))
        self.herder = self.person("herder")
        self.settle()
