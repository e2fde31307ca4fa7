"""The publication rules (A5): what must hold before an item may be published.

Every rule is a function named after its code. It reads one document and yields every violation with
the JSON pointer of the place. A fact that nobody knows (null) breaks no rule, except the rules about
being stated at all. Sources of the rules: docs/catalogue.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from chalicelib.domain import catalog_commitments
from chalicelib.domain.catalog import TYPES_APPLIED_FOR, LimitUnit
from chalicelib.domain.catalog_route_rules import ROUTE_RULES
from chalicelib.domain.errors import Violation

Document = Mapping[str, Any]
Rule = Callable[[Document, Mapping[str, Any]], Iterator[Violation]]

BASIC_CODE = re.compile(r"\d{9}(\d{3}|00Y)")
_CATCH_ALL = re.compile(
    r"(其他|其它|有关|相关|规定的|要求的|所需|必要的)+(的)?(证明)?(材料|资料|文件|证件|手续)"
    r"|.*(其他|其它)(有关|相关|必要|需要)?的?(证明)?(材料|资料|文件)"
    r"|.*(真实|合法|充分).*证明材料"
)
_RESULT_CERTIFICATE = re.compile(r"(?<!凭)证(\(.*\)|（.*）)?$")
_UNITS = frozenset(unit.value for unit in LimitUnit)
_PERSON, _ORGANISATIONS = "1", frozenset("23459")


def violations(documents: Sequence[Document], vocabulary: Mapping[str, Any]) -> list[Violation]:
    """Every violation in a set of documents that are to be published together.

    Pointers begin with the index of the document; the parameter ``item`` names its basic code.
    ``vocabulary``: themes (with side) and departments, to which documents refer.
    """
    found: list[Violation] = []
    for at, document in enumerate(documents):
        for rule in RULES:
            found += (_placed(violation, at, document) for violation in rule(document, vocabulary))
    return found + list(_between(documents))


def _placed(violation: Violation, at: int, document: Document) -> Violation:
    params = {"item": document["basic_code"], **violation.params}
    return Violation(violation.code, f"/{at}{violation.pointer}", params)


def _between(documents: Sequence[Document]) -> Iterator[Violation]:
    """Rules over the whole set: codes are unique, sub-items of one main item agree."""
    seen: set[str] = set()
    mains: dict[str, Document] = {}
    for at, document in enumerate(documents):
        code, main = document["basic_code"], document["main"]
        if code in seen:
            yield Violation("catalog.code-duplicate", f"/{at}/basic_code", {"item": code})
        seen.add(code)
        if main is not None:
            first = mains.setdefault(code[:9], main)
            if first != main or main["code"] != f"{code[:9]}00Y" or code.endswith("000"):
                yield Violation("catalog.main-item-differs", f"/{at}/main", {"item": code})


# -- identity -------------------------------------------------------------------------------------


def _basic_code(document: Document, _: Mapping[str, Any]) -> Iterator[Violation]:
    code = document["basic_code"]
    if not BASIC_CODE.fullmatch(code) or code.endswith("Y"):
        yield Violation("catalog.basic-code-form", "/basic_code")
    elif code[2:4] != document["type_code"]:
        yield Violation("catalog.basic-code-type", "/basic_code", {"type": document["type_code"]})


def _identity(document: Document, vocabulary: Mapping[str, Any]) -> Iterator[Violation]:
    if document["type_code"] not in TYPES_APPLIED_FOR:
        yield Violation("catalog.type-not-applied-for", "/type_code", {"type": document["type_code"]})
    for stated in ("name", "basis", "applicant_kinds", "result"):
        if not document[stated]:
            yield Violation("catalog.not-stated", f"/{stated}", {"element": stated})
    if document["department"] not in vocabulary["departments"]:
        yield Violation("catalog.department-unknown", "/department", {"department": document["department"]})


# -- limits ---------------------------------------------------------------------------------------


def _promised(document: Document, _: Mapping[str, Any]) -> Iterator[Violation]:
    promised, statutory = document["promised_limit"], document["statutory_limit"]
    if promised is None:
        yield Violation("catalog.promised-not-stated", "/promised_limit")
    elif statutory is not None and not within(promised, statutory):
        yield Violation("catalog.promised-over-statutory", "/promised_limit/value")


def _instant(document: Document, _: Mapping[str, Any]) -> Iterator[Violation]:
    promised = document["promised_limit"]
    if promised is not None and (document["case_type"] == "instant") != (promised["value"] == 0):
        yield Violation("catalog.instant-promise", "/case_type")


def _limits(document: Document, _: Mapping[str, Any]) -> Iterator[Violation]:
    named = [(f"/{key}", document[key]) for key in ("promised_limit", "statutory_limit", "notice_limit")]
    named += [("/correction/limit", (document.get("correction") or {}).get("limit"))]
    named += [("/certificate_limit", document.get("certificate_limit"))]
    named += [(f"/steps/{at}/limit", step["limit"]) for at, step in enumerate(document["steps"])]
    for pointer, limit in named:
        if limit is None:
            continue
        if limit["unit"] not in _UNITS or not isinstance(limit["value"], int) or limit["value"] < 0:
            yield Violation("catalog.limit-form", pointer)


def within(promised: Document, statutory: Document) -> bool:
    """Whether a promise is surely no longer than the law's limit.

    Different units compare by the longest the promise and the shortest the limit can last in days:
    n working days are at most 2n + 10 days (the longest holidays), a month at least 28 days.
    """
    if promised["value"] == 0 or promised["unit"] == statutory["unit"]:
        return bool(promised["value"] <= statutory["value"])
    longest = {"day": promised["value"], "workday": 2 * promised["value"] + 10, "month": 31 * promised["value"]}
    shortest = {"day": statutory["value"], "workday": statutory["value"], "month": 28 * statutory["value"]}
    return bool(longest[promised["unit"]] <= shortest[statutory["unit"]])


# -- handling ---------------------------------------------------------------------------------------


def _visits(document: Document, _: Mapping[str, Any]) -> Iterator[Violation]:
    visits, online = document["visits"], document["online"]
    count = visits["count"]
    if count is None:
        yield Violation("catalog.not-stated", "/visits/count", {"element": "visits"})
        return
    if count == 0 and not {"online", "post"} & set(online["channels"] or ()):
        yield Violation("catalog.zero-visits-needs-remote", "/online/channels")
    if count > 0 and not visits["reason"]:
        yield Violation("catalog.visits-need-reason", "/visits/reason")
    if online["depth"] == 4 and count > 0:
        yield Violation("catalog.depth-needs-zero-visits", "/online/depth")


def _online(document: Document, _: Mapping[str, Any]) -> Iterator[Violation]:
    depth = document["online"]["depth"]
    if depth is not None and depth not in (1, 2, 3, 4):
        yield Violation("catalog.depth-form", "/online/depth")


def _fee(document: Document, _: Mapping[str, Any]) -> Iterator[Violation]:
    fee = document["fee"]
    if fee["charged"] is None:
        yield Violation("catalog.not-stated", "/fee/charged", {"element": "fee"})
    if fee["charged"] and not fee["basis"]:
        yield Violation("catalog.fee-needs-basis", "/fee/basis")
    if fee["charged"] and not fee["items"]:
        yield Violation("catalog.fee-needs-items", "/fee/items")
    if fee["charged"] is False and document["online"]["payment"]:
        yield Violation("catalog.no-fee-no-payment", "/online/payment")


def _result(document: Document, _: Mapping[str, Any]) -> Iterator[Violation]:
    result = document["result"]
    if result and _RESULT_CERTIFICATE.search(result["name"]) and result["kind"] != "certificate":
        yield Violation("catalog.result-is-certificate", "/result/kind")


def _contacts(document: Document, _: Mapping[str, Any]) -> Iterator[Violation]:
    contacts = document["contacts"]
    for stated in ("enquiry", "complaint"):
        if not contacts[stated]:
            yield Violation("catalog.not-stated", f"/contacts/{stated}", {"element": stated})
    if contacts["enquiry"] and contacts["enquiry"] == contacts["complaint"]:
        yield Violation("catalog.contacts-equal", "/contacts/complaint")


def _themes(document: Document, vocabulary: Mapping[str, Any]) -> Iterator[Violation]:
    known = {theme["key"]: theme for theme in vocabulary["themes"]}
    kinds = set(document["applicant_kinds"])
    for at, key in enumerate(document["themes"]):
        theme = known.get(key)
        if theme is None:
            yield Violation("catalog.theme-unknown", f"/themes/{at}", {"theme": key})
            continue
        people = theme["side"] == "person" or theme.get("natural_persons", False)
        organisations = theme["side"] == "enterprise"
        if not (people and _PERSON in kinds) and not (organisations and kinds & _ORGANISATIONS):
            yield Violation("catalog.theme-applicants", f"/themes/{at}", {"theme": key})


def _licence(document: Document, _: Mapping[str, Any]) -> Iterator[Violation]:
    if document["type_code"] != "01":
        return
    if len(document["links"]) < 5:
        yield Violation("catalog.licence-links", "/links")
    if not document["faq"]:
        yield Violation("catalog.licence-faq", "/faq")


# -- conditions, materials, procedures --------------------------------------------------------------


def _grounds(document: Document, _: Mapping[str, Any]) -> Iterator[Violation]:
    """优化营商环境条例 35: no condition, material or procedure without a legal basis."""
    for group in ("conditions", "materials", "special_procedures"):
        for at, entry in enumerate(document[group]):
            if not entry["basis"]:
                yield Violation("catalog.needs-legal-basis", f"/{group}/{at}/basis")
    intermediary = document["intermediary"]
    if intermediary and not intermediary.get("basis"):
        yield Violation("catalog.needs-legal-basis", "/intermediary/basis")


def _materials(document: Document, _: Mapping[str, Any]) -> Iterator[Violation]:
    names: set[str] = set()
    codes: set[str] = set()
    for at, material in enumerate(document["materials"]):
        pointer = f"/materials/{at}"
        if _CATCH_ALL.fullmatch(material["name"]):
            yield Violation("catalog.material-catch-all", f"{pointer}/name", {"material": material["name"]})
        if material["name"] in names or material["code"] in codes:
            yield Violation("catalog.material-twice", pointer, {"material": material["name"]})
        names.add(material["name"])
        codes.add(material["code"])


def _deferrable(document: Document, _: Mapping[str, Any]) -> Iterator[Violation]:
    promised = document["promised_limit"]
    for at, material in enumerate(document["materials"]):
        pointer, terms = f"/materials/{at}", material["deferral"]
        if material["necessity"] != "deferrable":
            continue
        if document["case_type"] == "instant":
            yield Violation("catalog.deferrable-on-instant", f"{pointer}/necessity")
        if document["commitment"]["excluded_areas"]:
            yield Violation("catalog.deferrable-in-excluded-area", f"{pointer}/necessity")
        if not terms:
            yield Violation("catalog.deferrable-needs-terms", f"{pointer}/deferral")
        elif not terms.get("checking"):
            yield Violation("catalog.deferral-needs-checking", f"{pointer}/deferral/checking")
        elif promised and terms["period"]["unit"] == promised["unit"] and not within(terms["period"], promised):
            yield Violation("catalog.deferral-over-promise", f"{pointer}/deferral/period")


def _form(document: Document, _: Mapping[str, Any]) -> Iterator[Violation]:
    form = document["form"]
    closed = form.get("type") == "object" and form.get("additionalProperties") is False
    if not closed or not set(form.get("required", ())) <= set(form.get("properties", ())):
        yield Violation("catalog.form-open", "/form")


RULES: tuple[Rule, ...] = (
    _basic_code,
    _identity,
    _promised,
    _instant,
    _limits,
    _visits,
    _online,
    _fee,
    _result,
    _contacts,
    _themes,
    _licence,
    _grounds,
    _materials,
    _deferrable,
    catalog_commitments.rules,
    _form,
    *ROUTE_RULES,
)
