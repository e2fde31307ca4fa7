"""From the two layers of the start catalogue to documents: the law's facts, and what the demo fills in.

The LAW layer holds what a legal text says, each fact with its article; what the text does not say is
null there. The DEMO layer fills nulls so that the platform can be tried. It may never change a fact
of the law: that is refused (``catalog.demo-over-law``). Each path that it fills is listed in the
document's ``demo``, and every answer shows that list. Formats: docs/catalogue.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.domain import catalog_commitments
from chalicelib.domain.catalog_forms import compose
from chalicelib.domain.errors import Invalid, Violation
from chalicelib.domain.law import FROM_RECEIPT

Json = dict[str, Any]

_NECESSITY = {"main": "required", "unknown": "optional", "secondary": "optional"}
_REFERENCE = re.compile(r"\b([A-Z][A-Z0-9_]*):(\d+)")
_JOINT_LIMIT = {
    "value": 45,
    "unit": "workday",
    "starts": "acceptance",
    "note": "joint handling; +15 workdays with approval of the head of government",
    "basis": "XKF:42",
}
_LINKS = ("申请", "受理", "审查", "决定", "制证与送达")


def merge(law: Mapping[str, Any], demo: Mapping[str, Any], vocabulary: Mapping[str, Any]) -> list[Json]:
    """One document for each item or sub-item, in the order of the LAW layer.

    Raises Invalid with every place where the layers do not fit together: unknown item, missing code,
    unknown law, a level that the law leaves open and nobody chose, a fact overwritten.
    """
    problems: list[Violation] = []
    known = {item["key"] for item in law["items"]}
    for key in demo["items"]:
        if key.split("/")[0] not in known:
            problems.append(Violation("catalog.demo-unknown-item", f"/items/{_escape(key)}", {"item": key}))
    documents: list[Json] = []
    for item in law["items"]:
        own = demo["items"].get(item["key"])
        if own is None or "code" not in own:
            problems.append(Violation("catalog.demo-missing", f"/items/{item['key']}", {"item": item["key"]}))
            continue
        for route in _routes(item, own, problems):
            fill = {**own, **demo["items"].get(f"{item['key']}/{route.get('sub', '')}", {})}
            documents.append(_Merger(law, demo, vocabulary, item, route, fill, problems).document())
    if problems:
        raise Invalid(*problems)
    return documents


def _routes(item: Json, fill: Json, problems: list[Violation]) -> Iterator[Json]:
    """The law's own routes, or the open one that the demo layer chose by its level."""
    if "routes" in item:
        if "level" in fill:
            problems.append(Violation("catalog.demo-over-law", f"/items/{item['key']}/level", {"field": "level"}))
        yield from item["routes"]
        return
    chosen = [r for r in item["open_routes"] if r["steps"][-1]["level"] == fill.get("level")]
    if not chosen:
        problems.append(Violation("catalog.level-open", f"/items/{item['key']}/level", {"item": item["key"]}))
    yield from chosen[:1]


class _Merger:
    """Builds one document and remembers which paths came from the demo layer."""

    def __init__(
        self,
        law: Mapping[str, Any],
        demo: Mapping[str, Any],
        vocabulary: Mapping[str, Any],
        item: Json,
        route: Json,
        fill: Json,
        problems: list[Violation],
    ) -> None:
        self._laws, self._demo, self._vocabulary = law["laws"], demo, vocabulary
        self._item, self._route, self._fill, self._problems = item, route, fill, problems
        self._filled: list[str] = ["basic_code", "version"]

    def document(self) -> Json:
        item, fill, sub = self._item, self._fill, self._route.get("sub")
        main = None
        if sub:
            main = {"code": f"{fill['code']}00Y", "name": item["name"], "name_en": item["name_en"]}
        steps = self._steps()
        decide = steps[-1]
        competent = self._route.get("competent", {})
        document: Json = {
            "basic_code": f"{fill['code']}{sub or '000'}",
            "version": fill.get("version", self._demo["version"]),
            "key": item["key"],
            "main": main,
            "name": self._name(sub),
            "name_en": item["name_en"] + (f": {self._route['name_en']}" if sub else ""),
            "type_code": item["type"],
            "type_conf": item["type_conf"],
            "field": item["field"],
            "department": item["department"] if competent else decide["department"],
            "department_text": item["department_text"],
            "level": competent.get("level", decide["level"]),
            "level_conf": self._level_conf(),
            "applicant_kinds": item["applicants"],
            "basis": [self._basis(b) for b in item["basis"]],
            "conditions": [{"text": c["text"], "basis": self._basis(c["basis"])} for c in item["conditions"]],
            "materials": self._materials(),
            "steps": steps,
            "special_procedures": self._procedures(),
            "result": {**item["result"], "basis": self._basis(item["result"]["basis"])},
            "fee": self._fee(),
            "commitment": self._commitment(
                competent.get("level", decide["level"]),
                item["department"] if competent else decide["department"],
            ),
            "safety_matter": self._safety_matter(),
            "themes": [t["key"] for t in self._vocabulary["themes"] if item["key"] in t["items"]],
        }
        if "open_routes" in item:
            self._filled += ["level", "steps"]
        document.update(self._limits())
        document.update(self._joint())
        document.update(self._correction())
        document.update(self._handling(document))
        document["form"] = self._form()
        document["links"] = list(_LINKS)
        document["faq"] = self._faq(document)
        self._filled += ["form", "links", "faq"]
        for note in ("warning", "renewal"):
            document[note] = self._spelt_out(item.get(note))
        document["materials_note"] = self._materials_note()
        document["demo"] = sorted(set(self._filled))
        return document

    def _name(self, sub: str | None) -> str:
        name: str = self._item["name"]
        if not sub:
            return name
        own: str = self._route["name"]
        return own if name in own else f"{name}({own})"

    def _level_conf(self) -> str:
        """Seen or derived as the article was read; open where the law leaves the level to regional rules."""
        flow = self._item["flow"][self._route["steps"][-1]["flow"]]
        conf: str = flow.get("level_conf", "seen")
        return "open" if conf == "seen" and "open_routes" in self._item else conf

    # -- steps ----------------------------------------------------------------------------------

    def _steps(self) -> list[Json]:
        planned = self._route["steps"]
        steps = [self._step(step, planned[at + 1 : at + 2]) for at, step in enumerate(planned)]
        entrusted = self._fill.get("entrusted_acceptance")
        if entrusted:
            steps[0] = {**steps[0], "level": entrusted["level"], "mode": "entrusted", "entrustment": _notice(entrusted)}
            self._filled += ["steps/0/level", "steps/0/mode", "steps/0/entrustment"]
        published = self._fill.get("entrustment")
        if published:
            for at, step in enumerate(steps):
                if step["mode"] == "entrusted":
                    step["entrustment"] = _notice(published)
                    self._filled.append(f"steps/{at}/entrustment")
        if (self._route.get("sub") or "") in self._fill.get("review_steps", ()):
            decide = steps[-1]
            examined = {**decide, "role": "review", "basis": None, "limit": None, "text": None}
            steps.insert(-1, examined)
            self._filled.append(f"steps/{len(steps) - 2}")
        return steps

    def _step(self, planned: Json, following: list[Json]) -> Json:
        flow = self._item["flow"][planned["flow"]]
        # One stage of the law that is two steps here has its limit on the second, which ends it.
        goes_on = any(step["flow"] == planned["flow"] for step in following)
        limit = None if goes_on else flow.get("limit")
        return {
            "role": planned["role"],
            "level": planned["level"],
            "department": planned.get("department", self._item["department"]),
            "mode": planned.get("mode", "own"),
            "text": flow["body"],
            "level_conf": flow.get("level_conf", "seen"),
            "or_above": flow.get("or_above", False),
            "limit": self._limit(limit) if limit else None,
            "basis": self._basis(flow["basis"]),
        }

    # -- materials, procedures, fee, commitment ---------------------------------------------------

    def _materials(self) -> list[Json]:
        late = self._fill.get("deferrable", {})
        found: list[Json] = []
        for at, material in enumerate(self._item["materials"]):
            if material.get("withheld"):
                continue
            entry = {
                "code": f"M{at + 1:02d}",
                "name": material["name"],
                "name_en": material["name_en"],
                "necessity": _NECESSITY[material["necessity"]],
                "source": material["source"],
                "conf": material.get("conf", "seen"),
                "note": material.get("note"),
                "alternative": material.get("alternative"),
                "basis": self._basis(material["basis"]),
                "deferral": None,
            }
            if at in late.get("materials", ()):
                if material["necessity"] == "main":
                    self._over_law(f"materials/{at}/necessity")
                entry["necessity"] = "deferrable"
                entry["deferral"] = {
                    "period": _pair(late["period"]),
                    "outcome": late["outcome"],
                    "checking": _pair(late.get("checking", self._demo["deferral_checking"])),
                    "mending": _pair(late["mending"]) if "mending" in late else None,
                }
                self._filled += [f"materials/{len(found)}/necessity", f"materials/{len(found)}/deferral"]
            found.append(entry)
        return found

    def _materials_note(self) -> str | None:
        notes = [self._item.get("materials_note")]
        notes += [f"{m['name']}: {m['withheld']}" for m in self._item["materials"] if m.get("withheld")]
        return self._spelt_out("; ".join(note for note in notes if note) or None)

    def _procedures(self) -> list[Json]:
        lawful = [*self._item["stops"], *self._item["procedures"]]
        made_up = self._fill.get("special_procedures", ())
        self._filled += [f"special_procedures/{at}" for at, _ in enumerate(made_up, len(lawful))]
        return [self._procedure(p) for p in (*lawful, *made_up)]

    def _procedure(self, procedure: Json) -> Json:
        return {**procedure, "note": procedure.get("note"), "basis": self._basis(procedure["basis"])}

    def _fee(self) -> Json:
        fee = self._item["fee"]
        note = self._spelt_out(self._item.get("fee_note") or (fee or {}).get("note"))
        if fee is None or fee["charged"] is None:
            # No law names a fee, so none may be charged (行政许可法 58); that it is none is our reading.
            self._filled.append("fee/charged")
            return {"charged": False, "basis": None, "note": note, "items": []}
        items = []
        if fee["charged"]:
            rate = fee.get("rate") or self._fill.get("fee_rate")
            if not fee.get("rate"):
                self._filled.append("fee/items/0/rate")
            items = [{"name": fee["name"], "rate": rate, "amount": self._fill.get("fee_amount")}]
            if items[0]["amount"] is not None:
                self._filled.append("fee/items/0/amount")
        return {"charged": fee["charged"], "basis": self._basis(fee["basis"]), "note": note, "items": items}

    def _safety_matter(self) -> bool:
        """Whether articles 78 and 79 of 行政许可法 bar who deceived: no text of the law layer says it of an item."""
        if "safety_matter" in self._fill:
            self._filled.append("safety_matter")
        return bool(self._fill.get("safety_matter"))

    def _commitment(self, level: int, department: str) -> Json:
        law, own = self._item["commitment"], self._fill.get("commitment")
        found = {
            "allowed": law["allowed"],
            "basis": self._basis(law["basis"]),
            "excluded_areas": law["excluded_area"],
            "promise": None,
            "check_within": None,
        }
        if own:
            if law["allowed"] != "unknown":
                self._over_law("commitment/allowed")
            found |= {"allowed": "allowed", "promise": own["promise"], "check_within": _pair(own["check_within"])}
            self._filled += ["commitment/allowed", "commitment/promise", "commitment/check_within"]
        terms = self._fill.get("commitment_terms")
        found["terms"] = None
        if terms:
            template = self._demo["commitment_text"]
            found["terms"] = catalog_commitments.terms(terms, template, self._item, level, department)
            found |= {"promise": terms["promise"], "check_within": found["terms"]["check"]["within"]}
            self._filled += ["commitment/promise", "commitment/check_within", "commitment/terms"]
        return found

    # -- limits and handling ----------------------------------------------------------------------

    def _limits(self) -> Json:
        item = self._item
        own_limit = self._route.get("statutory_limit") or item["statutory_limit"]
        general = _JOINT_LIMIT if self._is_joint() else item.get("default_limit")
        statutory = own_limit or general
        own = own_limit is not None
        notice = item.get("notice_limit")
        if notice is None:
            licence = item["type"] == "01"
            notice = {"value": 5, "unit": "workday", "starts": "receipt", "basis": "XKF:32" if licence else None}
            if not licence:
                self._filled.append("notice_limit")
        self._filled += ["promised_limit", "case_type"]
        sub = self._route.get("sub")
        by_step = [limit for limit in item.get("limits_by_step", ()) if limit.get("sub") in (None, sub)]
        certificate = next((limit for limit in by_step if limit.get("for") == "certificate"), None)
        return {
            "statutory_limit": self._limit(statutory) if statutory else None,
            "statutory_limit_is_default": bool(statutory) and not own,
            "limits_by_step": [self._limit(limit) for limit in by_step],
            **({"certificate_limit": self._limit(certificate)} if certificate else {}),
            "notice_limit": self._limit(notice),
            "promised_limit": _pair(self._fill["promised_limit"]),
            "case_type": self._fill.get("case_type", "promised"),
            "accept_on_receipt": self._fill.get("accept_on_receipt", False),
        }

    def _is_joint(self) -> bool:
        return bool(self._item.get("joint") or self._fill.get("joint"))

    def _joint(self) -> Json:
        """统一办理、联合办理、集中办理 (行政许可法 26(2)): what the law names, or what a government has arranged."""
        law, own = self._item.get("joint"), self._fill.get("joint")
        if law and own:
            self._over_law("joint")
        if own and not law:
            self._filled.append("joint")
        found = law or own
        return {"joint": {**found, "basis": self._basis(found["basis"])}} if found else {}

    def _correction(self) -> Json:
        """The period for correcting what a notice named: no general law sets one."""
        law, own = self._item.get("correction"), self._fill.get("correction")
        if law:
            if own:
                self._over_law("correction")
            limit, outcome = self._limit(law["limit"]), law["outcome"]
            return {"correction": {"limit": limit, "outcome": outcome, "basis": self._basis(law["basis"])}}
        if not own:
            return {}
        self._filled.append("correction")
        return {"correction": {"limit": _pair(own["limit"]), "outcome": own["outcome"], "basis": None}}

    def _handling(self, document: Json) -> Json:
        handling = self._demo["handling"][self._fill["handling"]]
        department = self._demo["departments"][document["department"]]
        online = self._item["online"]
        charged = document["fee"]["charged"]
        self._filled += ["accept_on_receipt", "visits", "online/depth", "online/channels", "contacts", "scope"]
        self._filled += ["assisted", "delay_service", "in_hall"]
        return {
            "visits": {"count": handling["visits"], "reason": handling.get("visit_reason")},
            "online": {
                "status": online["status"],
                "basis": self._basis(online["basis"]),
                "depth": handling["depth"],
                "channels": handling["channels"],
                "payment": bool(charged and handling.get("online_payment")),
            },
            "contacts": {"enquiry": department["enquiry"], "complaint": department["complaint"]},
            "scope": self._fill.get("scope", "division"),
            "assisted": self._fill.get("assisted", False),
            "delay_service": self._fill.get("delay_service", False),
            "in_hall": self._fill.get("in_hall", True),
            "intermediary": self._fill.get("intermediary"),
        }

    def _form(self) -> Json:
        spec = {**self._fill["form"], "limits": self._fill.get("form_limits", {})}
        return compose(spec)

    def _faq(self, document: Json) -> list[Json]:
        promised = document["promised_limit"]
        unit = {"workday": "个工作日", "day": "日", "month": "个月"}[promised["unit"]]
        since = _since(document["statutory_limit"])
        answer = "当场办结。" if promised["value"] == 0 else f"{since}{promised['value']}{unit}内。"
        return [{"question": f"{document['name']}多久办完?", "answer": answer}]

    # -- small parts ------------------------------------------------------------------------------

    def _limit(self, limit: Json) -> Json:
        found = {key: limit.get(key) for key in ("value", "unit", "starts", "note")}
        found["basis"] = self._basis(limit.get("basis"))
        if limit.get("extension"):
            extension = limit["extension"]
            found["extension"] = {**extension, "basis": self._basis(extension.get("basis"))}
        return found

    def _basis(self, reference: str | list[str] | None) -> Json | None:
        if not reference:
            return None
        if isinstance(reference, list):
            return self._basis(reference[0])
        short, _, rest = reference.partition(":")
        article, _, conf = rest.partition("?")
        law = self._laws.get(short)
        if law is None:
            self._problems.append(Violation("catalog.law-unknown", f"/laws/{short}", {"law": short}))
            return None
        return {"law": law["name"], "version": law["version"], "article": article, "conf": conf or "seen"}

    def _spelt_out(self, note: str | None) -> str | None:
        """A remark with the names of laws in place of their short names (``QS:25``)."""
        if note is None:
            return None
        return _REFERENCE.sub(lambda found: self._law_name(found[1], found[2]) or found[0], note)

    def _law_name(self, short: str, article: str) -> str | None:
        law = self._laws.get(short)
        return f"{law['name']}第{article}条" if law else None

    def _over_law(self, path: str) -> None:
        pointer = f"/items/{self._item['key']}/{path}"
        self._problems.append(Violation("catalog.demo-over-law", pointer, {"field": path}))


def _pair(limit: list[Any]) -> Json:
    return {"value": limit[0], "unit": limit[1]}


def _since(statutory: Json | None) -> str:
    """From when a promise runs, in words: it begins with the law's own time (``clocks``)."""
    starts = (statutory or {}).get("starts") or "acceptance"
    if starts == "acceptance":
        return "自受理之日起"
    return "自收到申请之日起" if starts in FROM_RECEIPT else "自法定办理期限起算之日起"


def _notice(entrustment: Json) -> Json:
    return {part: entrustment.get(part) for part in ("notice", "published_on", "scope")}


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
