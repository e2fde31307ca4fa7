"""Every refusal that one case can meet on its way, each with its code; the case itself comes to no harm."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.e2e import (
    refusals_examination,
    refusals_files,
    refusals_later,
    refusals_ledger,
    refusals_people,
    refusals_window,
)
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
    "agents: only for whom, in what and as long as was confirmed (B1)": refusals_people.authorities,
    "places and applicants that the version does not name (B2)": refusals_people.places,
    "tasks: claimed once, concluded by their own act (B4)": refusals_people.tasks,
    "on the spot: what is wrong, by whoever has it at hand (B3)": refusals_people.on_the_spot,
    "codes of contacts: not guessed at, not without end (H0)": refusals_people.contact_codes,
    "files: each flaw of a hostile one (B9)": refusals_files.hostile_files,
    "papers: nothing twice, and nothing that is held (B8)": refusals_files.papers,
}

EXAMINED: dict[str, Callable[[Rejections], None]] = {
    "procedures: the version's, one stop at a time, by two officers (B10)": refusals_examination.procedures,
    "extension: once, and no longer than the law allows (B10)": refusals_examination.extensions,
    "hearing: told, applied for, dated, held (B10)": refusals_examination.hearing,
    "fees: only the version's (B6)": refusals_examination.assessments,
    "payments: what is due, once (B6)": refusals_examination.payments,
    "on the spot: for the item, up to the amount (B6)": refusals_later.decisions_on_the_spot,
    "certificates: without end, or somebody else's (B5)": refusals_later.certificates,
    "a day later: codes, authorities and mandates have run out (B1, B6)": refusals_later.what_runs_out,
    "on the day of the hearing: periods have run out (B10)": refusals_examination.after_the_hearing,
}


class Rejections(Scenario):
    title = "everything that law and policy refuse on the way of one case"

    # Paths of cases, and a date, that one step leaves to a later one.
    water = unheard = market = notary = instant = heard_on = ""

    def run(self) -> None:
        self.provoked: set[str] = set()
        self.tag = uuid.uuid4().hex[:8]  # people of this run, who have done nothing yet
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
        for step, refusals in EXAMINED.items():
            with self.step(step):
                refusals(self)
        if not self.skipped:
            with self.step("every code of part 2 was met, but for the exceptions with their reasons"):
                self.compare()

    def compare(self) -> None:
        """What was met with the list of codes."""
        missed, idle = refusals_ledger.missed(self.provoked), refusals_ledger.idle(self.provoked)
        assert not missed, f"never met: {sorted(missed)}"
        assert not idle, f"exceptions that are none: {sorted(idle)}"
        self.tell(f"{len(self.provoked & refusals_ledger.codes())} of {len(refusals_ledger.codes())} codes")

    # -- people, new each time because their tokens end when the clock moves ----------------------------

    @property
    def herder(self) -> Client:
        return self.person("herder")

    @property
    def clerk(self) -> Client:
        return self.person("banner-acceptance")

    @property
    def reviewer(self) -> Client:
        return self.person("banner-review")

    def applicant(self, name: str) -> Client:
        """Somebody with an account of their own (emulated cloud only)."""
        claims = {"subject": f"demo-{name}-{self.tag}", "kind": "person", "name": "某某(演示)"}
        return Client(self.url, self.local("token", claims)["token"])

    # -- asking for a refusal --------------------------------------------------------------------------

    def refused(self, who: Client, path: str, body: Any, *codes: str, method: str = "POST") -> dict[str, Any]:
        """The request is refused with at least these codes; the problem."""
        headers = {"Idempotency-Key": f"refused-{path[-20:].replace('/', '-')}-{codes[0]}"[:64]}
        response = who.raw(method, path, json=body, headers=headers)
        if response.status_code < 400:
            raise ScenarioFailed(f"{method} {path} should have been refused with {codes}, not {response.status_code}")
        problem: dict[str, Any] = response.json()
        found = {error["code"] for error in problem["errors"]}
        assert set(codes) <= found, (path, codes, problem)
        self.provoked |= found
        assert all(error["zh"] and error["en"] for error in problem["errors"]), problem
        return problem

    def now(self) -> datetime:
        """The stack's own time."""
        return datetime.fromisoformat(self.anyone().get("/v1/health")["time"])

    def at(self, *, days: int) -> str:
        """So many days from now."""
        return (self.now() + timedelta(days=days)).isoformat()

    @property
    def place(self) -> str:
        return str(self.account("agent")["division"])

    @property
    def banner(self) -> str:
        return str(self.account("banner-acceptance")["division"])

    def opening(self, **changes: str) -> dict[str, Any]:
        return {"item": ITEM, "division": self.place, "channel": "web", **changes}

    def drafted(self, form: Mapping[str, Any], materials: Sequence[Mapping[str, str]], **opening: str) -> str:
        """The id of the herder's draft."""
        case_id = str(self.herder.post("/v1/cases", self.opening(**opening), status=201)["id"])
        self.fill(case_id, form, materials)
        return case_id

    def fill(self, case_id: str, form: Mapping[str, Any], materials: Sequence[Mapping[str, str]]) -> None:
        version = self.herder.get(f"/v1/cases/{case_id}")["version"]
        application = {"form": form, "materials": materials}
        self.herder.send("PUT", f"/v1/cases/{case_id}/application", application, if_match=version)

    def filed(self, form: Mapping[str, Any], codes: Sequence[str] | None = None, **opening: str) -> str:
        """The id of a case that the herder submitted, with every required material on paper unless told otherwise."""
        if codes is None:
            guide = self.anyone().get(f"/v1/items/{opening.get('item', ITEM)}/guide", division=self.place)["item"]
            codes = [m["code"] for m in guide["materials"] if m["necessity"]["code"] != "optional"]
        case_id = self.drafted(form, [{"code": code, "form": "paper", "name": code} for code in codes], **opening)
        self.herder.post(f"/v1/cases/{case_id}/submission")
        return case_id

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
        refusals_examination.inspection(self, path)
        self.reviewer.post(f"{path}/opinion", {"conclusion": "agree", "opinion": "同意上报"})
        self.waits_for(self.person("league-review"), "review", case_id)
        # 教师资格条例 16 sets thirty days of its own and knows no extension.
        self.refused(self.person("league-head"), f"{path}/extension", longer, "extension.not-in-version")

    def after_the_end(self, case_id: str) -> None:
        path = f"/v1/cases/{case_id}"
        self.herder.post(f"{path}/withdrawal", {"reason": "不办了"})
        self.refused(self.herder, f"{path}/withdrawal", {}, "case.wrong-state")
        self.refused(self.herder, f"{path}/receipt-confirmation", None, "case.wrong-state")
        self.refused(self.reviewer, f"{path}/opinion", {"conclusion": "agree", "opinion": "同意"}, "case.not-found")
        forged = "/v1/verify/documents/forged-number-SL/34679ACDEFGHJKMNPQ"
        self.refused(self.anyone(), forged, None, "document.not-found", method="GET")
