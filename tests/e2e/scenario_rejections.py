"""Every refusal that one case can meet on its way, each with its code; the case itself comes to no harm."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.e2e import refusals_window
from tests.e2e.harness import Client, Scenario, ScenarioFailed
from tests.e2e.scenario_main import FORM, ITEM

MATERIALS = [{"code": f"M0{i}", "form": "paper", "name": f"材料{i}"} for i in range(1, 6)]
LICENCE = "150123903000"  # 乡村医生执业注册: not decided on the spot


AT_THE_WINDOW: dict[str, Callable[[Rejections], None]] = {
    "the window: proof of presence, and of nobody else's (B1)": refusals_window.presence,
    "drafts: too large, overtaken, with a material twice (B9)": refusals_window.sizes_and_versions,
    "uploads: not of the version, not there, not theirs (B9)": refusals_window.uploads,
    "contacts and messages: unconfirmed, known, not theirs (H0)": refusals_window.contacts,
    "mandates: by the head, for what is decided on the spot, for a year (B6)": refusals_window.mandates,
    "enquiries: owned until another takes them (B7)": refusals_window.enquiries,
}


class Rejections(Scenario):
    title = "everything that law and policy refuse on the way of one case"

    def run(self) -> None:
        self.herder = self.person("herder")
        self.clerk, self.reviewer = self.person("banner-acceptance"), self.person("banner-review")
        with self.step("filing: what is not offered, not theirs, or not there (B1, B2, B9)"):
            case_id = self.filing()
        with self.step("text that deceives the reader (B9)"):
            self.deceiving_text()
        with self.step("the one-time notice: only what the version knows (B2)"):
            self.notice(case_id)
        with self.step("the correction: all that was named and nothing else; once (B3)"):
            self.correction(case_id)
        with self.step("a second notice: only what was newly supplied (B3)"):
            self.second_notice(case_id)
        with self.step("acceptance: another body's competence is named, decisions on the spot need a mandate (B5, B6)"):
            self.acceptance(case_id)
        with self.step("review: only the version's procedures; the extension is for the head (B2, B10)"):
            self.review(case_id)
        for step, refusals in AT_THE_WINDOW.items():
            with self.step(step):
                refusals(self)
        with self.step("after the end nothing is possible any more"):
            self.after_the_end(case_id)

    # -- asking for a refusal --------------------------------------------------------------------------

    def refused(self, who: Client, path: str, body: Any, *codes: str, method: str = "POST") -> None:
        """The request is refused with at least these codes."""
        headers = {"Idempotency-Key": f"refused-{path[-20:].replace('/', '-')}-{codes[0]}"[:64]}
        response = who.raw(method, path, json=body, headers=headers)
        if response.status_code < 400:
            raise ScenarioFailed(f"{method} {path} should have been refused with {codes}, not {response.status_code}")
        problem = response.json()
        found = {error["code"] for error in problem["errors"]}
        assert set(codes) <= found, (path, codes, problem)
        assert all(error["zh"] and error["en"] for error in problem["errors"]), problem

    def now(self) -> datetime:
        """The stack's own time."""
        return datetime.fromisoformat(self.anyone().get("/v1/health")["time"])

    @property
    def place(self) -> str:
        return str(self.account("agent")["division"])

    def opening(self, **changes: str) -> dict[str, Any]:
        return {"item": ITEM, "division": self.place, "channel": "web", **changes}

    def drafted(self, form: dict[str, Any], materials: list[dict[str, str]]) -> str:
        made = self.herder.post("/v1/cases", self.opening(), status=201)
        application = {"form": form, "materials": materials}
        self.herder.send("PUT", f"/v1/cases/{made['id']}/application", application, if_match=made["version"])
        return str(made["id"])

    def waits_for(self, officer: Client, queue: str, case_id: str) -> None:
        def listed() -> bool:
            rows = officer.get("/v1/worklist", queue=queue, limit=50)["items"]
            return case_id in [row["case"] for row in rows]

        self.until(f"it waits for {queue}", listed)

    # -- the way of the case ----------------------------------------------------------------------------

    def filing(self) -> str:
        self.refused(self.herder, "/v1/cases", self.opening(item="150105999999"), "item.not-offered")
        self.refused(self.herder, "/v1/cases", self.opening(division="152522999999"), "division.unknown")
        self.refused(self.herder, "/v1/cases", self.opening(channel="window"), "case.channel-not-yours")
        self.refused(self.person("agent"), "/v1/cases", self.opening(channel="station"), "authority.not-in-force")
        self.refused(self.person("supervisor"), "/v1/cases", self.opening(), "case.act-not-yours")
        surplus = [*MATERIALS, {"code": "M99", "form": "paper", "name": "其他材料"}]
        wrong = self.drafted({**FORM, "education": "none"}, surplus)
        self.refused(
            self.herder, f"/v1/cases/{wrong}/submission", None, "schema.enum", "material.surplus", method="POST"
        )
        missing = self.drafted({}, [])
        self.refused(self.herder, f"/v1/cases/{missing}/submission", None, "schema.required", "material.missing")
        case_id = self.drafted(FORM, MATERIALS)
        self.refused(self.person("stranger"), f"/v1/cases/{case_id}/submission", None, "case.not-found")
        self.herder.post(f"/v1/cases/{case_id}/submission")
        self.refused(self.herder, f"/v1/cases/{case_id}/submission", None, "case.wrong-state")
        return case_id

    def deceiving_text(self) -> None:
        for name, code in (
            ("巴\u200b特尔", "text.invisible"),
            ("Bаtаar", "text.look-alike"),
            ("巴\u202e特尔", "text.direction-control"),
            ("巴特⼉", "text.radical"),
        ):
            case_id = self.drafted({**FORM, "applicant_name": name}, MATERIALS)
            self.refused(self.herder, f"/v1/cases/{case_id}/submission", None, code)

    def notice(self, case_id: str) -> None:
        self.waits_for(self.clerk, "accept", case_id)
        path = f"/v1/cases/{case_id}/notice"
        good = {"defects": [{"material": "M03", "page": 1, "reason": "复印件不清晰"}]}
        self.refused(self.clerk, path, good, "task.not-claimed-by-you")
        self.clerk.post(f"/v1/cases/{case_id}/claim")
        self.refused(self.clerk, path, {"defects": []}, "notice.nothing-to-tell")
        beyond = {
            "defects": [
                {"material": "M99", "reason": "补充其他材料"},
                {"field": "/form/salary", "reason": "请填写收入"},
            ]
        }
        self.refused(self.clerk, path, beyond, "notice.material-not-in-version", "notice.field-not-in-form")
        self.refused(self.herder, path, good, "case.act-not-yours")
        two = {"defects": [*good["defects"], {"field": "/form/subject", "reason": "与证书不符"}]}
        self.clerk.post(path, two)
        self.refused(self.clerk, path, good, "case.wrong-state")
        self.refused(self.clerk, f"/v1/cases/{case_id}/acceptance", None, "case.wrong-state")

    def correction(self, case_id: str) -> None:
        path = f"/v1/cases/{case_id}/correction"
        material = {"code": "M03", "form": "paper", "name": "清晰的复印件"}
        self.refused(self.herder, path, {"materials": [material]}, "correction.not-settled")
        elsewhere = {"form": {**FORM, "subject": "数学", "phone": "13900000000"}, "materials": [material]}
        self.refused(self.herder, path, elsewhere, "correction.place-not-named")
        self.refused(self.person("stranger"), path, {"materials": [material]}, "case.not-found")
        self.herder.post(path, {"form": {**FORM, "subject": "数学"}, "materials": [material]})
        self.refused(self.herder, path, {"materials": [material]}, "case.wrong-state")

    def second_notice(self, case_id: str) -> None:
        old = {"defects": [{"material": "M01", "reason": "早就应当指出"}]}
        self.refused(self.clerk, f"/v1/cases/{case_id}/notice", old, "notice.not-newly-supplied")

    def acceptance(self, case_id: str) -> None:
        path = f"/v1/cases/{case_id}"
        silent = {"ground": "not_competent", "reason": "不属于本机关职权"}
        self.refused(self.clerk, f"{path}/non-acceptance", silent, "schema.required")
        self.refused(self.clerk, f"{path}/instant-decision", {"opinion": "当场准予"}, "item.not-instant")
        self.refused(self.clerk, f"{path}/grant", {}, "case.wrong-state")
        self.refused(self.reviewer, f"{path}/acceptance", None, "case.not-found")
        self.clerk.post(f"{path}/acceptance")

    def review(self, case_id: str) -> None:
        path = f"/v1/cases/{case_id}"
        self.waits_for(self.reviewer, "preliminary_review", case_id)
        self.reviewer.post(f"{path}/claim")
        auction = {"kind": "auction", "reason": "没有依据", "days": 5}
        self.refused(self.reviewer, f"{path}/procedures", auction, "procedure.not-in-version")
        self.refused(self.reviewer, f"{path}/return", {"reason": "没有更早的审核"}, "task.return-target")
        blank = {"conclusion": "agree", "opinion": "  "}
        self.refused(self.reviewer, f"{path}/opinion", blank, "case.text-missing")
        longer = {"reason": "案情复杂", "days": 10}
        self.refused(self.reviewer, f"{path}/extension", longer, "extension.wrong-head")

    def after_the_end(self, case_id: str) -> None:
        path = f"/v1/cases/{case_id}"
        self.herder.post(f"{path}/withdrawal", {"reason": "不办了"})
        self.refused(self.herder, f"{path}/withdrawal", {}, "case.wrong-state")
        self.refused(self.herder, f"{path}/receipt-confirmation", None, "case.wrong-state")
        self.refused(self.reviewer, f"{path}/opinion", {"conclusion": "agree", "opinion": "同意"}, "case.not-found")
        forged = "/v1/verify/documents/forged-number-SL/34679ACDEFGHJKMNPQ"
        self.refused(self.anyone(), forged, None, "document.not-found", method="GET")
