"""What scenario ``rejections`` shows of the examination: procedures, extension, hearing, fees (B6, B10)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tests.e2e.harness import Client

if TYPE_CHECKING:
    from tests.e2e.scenario_rejections import Rejections

WATER = (
    "150119901000"  # 取水许可: hearing, consultation that stops, acceptance check after the decision, a fee of ten yuan
)
ROAD = "150184901000"  # 占用、挖掘城市道路审批: a fee whose figure the version leaves open
KINDERGARTEN = "150105903000"  # joint handling
MARKET = "150131904000"  # 市场主体变更登记: three working days from receipt, three more by the head
NOTARY = "152086901000"  # 公证办理: no licence, and no hearing

PERSON = {
    "applicant_kind": "person",
    "applicant_name": "巴特尔",
    "identity_number": "152501199003070012",
    "phone": "13800000000",
}
WATER_FORM = {**PERSON, "source": "surface", "annual_m3": 1000}


def desk(s: Rejections, department: str) -> Client:
    """An officer of the banner who receives, accepts, examines and decides."""
    return s.officer(f"{s.banner}-{department}", "window", "acceptance", "review", "decision", name=f"-{s.tag}")


def account(s: Rejections, department: str) -> str:
    """The account of that officer."""
    return f"demo-{s.banner}-{department}-window-acceptance-review-decision-{s.tag}"


def examined(s: Rejections, item: str, department: str) -> str:
    """A case that the banner has accepted and whose decision lies on the desk; its path."""
    form = WATER_FORM if item == WATER else PERSON
    officer, case_id = desk(s, department), s.filed(form, item=item)
    s.waits_for(officer, "accept", case_id)
    officer.post(f"/v1/cases/{case_id}/claim")
    officer.post(f"/v1/cases/{case_id}/acceptance")
    s.waits_for(officer, "decide", case_id)
    officer.post(f"/v1/cases/{case_id}/claim")
    return f"/v1/cases/{case_id}"


def procedures(s: Rejections) -> None:
    """Only the version's, one stop at a time, by two officers, and never a hearing by another name (B10)."""
    officer, case = desk(s, "19"), examined(s, WATER, "19")
    s.water = case
    wish = {"kind": "consultation", "reason": "须征求意见", "days": 5}
    s.refused(officer, f"{case}/procedures", {**wish, "kind": "completion_check"}, "procedure.not-now")
    s.refused(officer, f"{case}/procedures", {**wish, "kind": "hearing"}, "procedure.is-hearing")
    officer.post(f"{case}/procedures", wish)
    s.refused(officer, f"{case}/procedures", {**wish, "kind": "suspension"}, "procedure.overlaps")
    s.refused(officer, f"{case}/grant", {"opinion": "准予"}, "procedure.running")
    s.refused(officer, f"{case}/procedures/9/result", {"result": "无"}, "procedure.unknown")
    two = {"officers": ["inspector-1", "inspector-2"]}
    s.refused(officer, f"{case}/procedures/1/assignment", two, "procedure.not-assigned-kind")
    officer.post(f"{case}/procedures/1/result", {"result": "无异议"})
    s.refused(officer, f"{case}/procedures/1/result", {"result": "无异议"}, "procedure.already-ended")


def inspection(s: Rejections, case: str) -> None:
    """Two officers are assigned before there is a result (34, 55). ``case`` lies with the banner's reviewer."""
    wish = {"kind": "inspection", "reason": "须检验", "days": 3}
    s.reviewer.post(f"{case}/procedures", wish)
    s.refused(s.reviewer, f"{case}/procedures/1/result", {"result": "属实"}, "procedure.not-assigned")
    s.refused(s.reviewer, f"{case}/procedures/1/assignment", {"officers": ["one"]}, "procedure.two-officers")
    s.reviewer.post(f"{case}/procedures/1/assignment", {"officers": ["inspector-1", "inspector-2"]})
    s.reviewer.post(f"{case}/procedures/1/result", {"result": "属实"})


def extensions(s: Rejections) -> None:
    """Once, by whom the law names, no longer than it allows (42)."""
    s.market = examined(s, MARKET, "31")
    case, governor = examined(s, KINDERGARTEN, "05"), s.person("banner-governor")
    longer = {"reason": "需会同有关部门核查", "days": 15}
    s.refused(governor, f"{case}/extension", {**longer, "days": 16}, "extension.too-long")
    governor.post(f"{case}/extension", longer)
    s.refused(governor, f"{case}/extension", longer, "extension.already-used")


def hearing(s: Rejections) -> None:
    """Told once, applied for by each for themselves, dated in time, held, recorded (46–48)."""
    officer, case = desk(s, "19"), s.water
    date = {"held_on": s.at(days=20), "place": "旗政务服务中心", "presider": "somebody"}
    s.refused(officer, f"{case}/hearing-date", date, "hearing.not-notified")
    third = {"name": "乌兰图雅"}
    told = {"reason": "涉及他人重大利益", "third_parties": [third]}
    twice = {**told, "third_parties": [third, third]}
    s.refused(officer, f"{case}/hearing-notice", twice, "hearing.party-names")
    officer.post(f"{case}/hearing-notice", told)
    s.refused(officer, f"{case}/hearing-notice", told, "hearing.already-notified")
    s.refused(officer, f"{case}/grant", {"opinion": "准予"}, "hearing.pending")
    s.refused(s.herder, f"{case}/hearing-request", {"party": 9}, "hearing.party-unknown")
    s.refused(s.herder, f"{case}/hearing-request", {"party": 2}, "hearing.party-not-yours")
    s.refused(officer, f"{case}/hearing-date", date, "hearing.not-requested")
    s.herder.post(f"{case}/hearing-waiver", {"party": 1})
    s.refused(s.herder, f"{case}/hearing-request", {"party": 1}, "hearing.waived")
    officer.post(f"{case}/hearing-request", {"party": 2})
    s.refused(officer, f"{case}/hearing-request", {"party": 2}, "hearing.already-requested")
    soon = s.refused(officer, f"{case}/hearing-date", {**date, "held_on": s.at(days=1)}, "hearing.too-soon")
    s.refused(officer, f"{case}/hearing-date", {**date, "held_on": s.at(days=90)}, "hearing.beyond-twenty-days")
    s.refused(officer, f"{case}/hearing-date", {**date, "presider": account(s, "19")}, "hearing.presider-examines")
    s.refused(officer, f"{case}/hearing-record", {"record": "笔录"}, "hearing.not-scheduled")
    s.heard_on = f"{re.findall('[0-9]{4}-[0-9]{2}-[0-9]{2}', soon['title_en'])[0]}T10:00:00+08:00"
    officer.post(f"{case}/hearing-date", {**date, "held_on": s.heard_on})
    s.refused(officer, f"{case}/hearing-record", {"record": "笔录"}, "hearing.not-yet")
    other = examined(s, NOTARY, "86")
    s.notary = other
    s.refused(desk(s, "86"), f"{other}/hearing-notice", told, "hearing.not-in-version")
    s.unheard = examined(s, WATER, "19")
    officer.post(f"{s.unheard}/hearing-notice", {"reason": "涉及他人重大利益", "third_parties": []})


def after_the_hearing(s: Rejections) -> None:
    """On the day of the hearing: whoever has said nothing is too late, and what has run out is not extended."""
    s.advance(datetime.fromisoformat(s.heard_on) + timedelta(hours=2) - s.now())
    head = s.officer(f"{s.banner}-31", "head")
    s.refused(head, f"{s.market}/extension", {"reason": "情况复杂", "days": 3}, "extension.too-late")
    officer = desk(s, "19")
    s.refused(s.herder, f"{s.unheard}/hearing-request", {"party": 1}, "hearing.too-late")
    officer.post(f"{s.water}/hearing-record", {"record": "双方陈述如下"})
    s.refused(officer, f"{s.water}/hearing-record", {"record": "双方陈述如下"}, "hearing.already-held")


def assessments(s: Rejections) -> None:
    """Only the version's fees, and never more than it says (58, 59)."""
    road, officer = examined(s, ROAD, "84"), desk(s, "84")
    foreign = {"fees": [{"code": "F9", "amount": 1}]}
    s.refused(officer, f"{road}/fee-assessment", foreign, "fee.unknown", "fee.amount-missing")
    officer.post(f"{road}/grant", {"opinion": "准予"})
    cash = {"amount": 1, "method": "cash", "receipt_number": "1"}
    s.refused(officer, f"{road}/fee-payment", cash, "fee.not-assessed")
    notary = desk(s, "86")
    over = {"fees": [{"code": "F1", "amount": 20_001}]}
    s.refused(notary, f"{s.notary}/fee-assessment", over, "fee.above-version")
    banner, free = desk(s, "05"), examined(s, KINDERGARTEN, "05")
    s.refused(banner, f"{free}/fee-assessment", over, "fee.none")


def payments(s: Rejections) -> None:
    """Exactly what is due, once, and by whom it was taken (B6)."""
    officer, case = desk(s, "86"), s.notary
    officer.post(f"{case}/grant", {"opinion": "准予"})
    paid = {"amount": 20_000, "method": "cash", "receipt_number": "15260001"}
    s.refused(s.herder, f"{case}/fee-payment", paid, "fee.method-not-yours")
    s.refused(s.herder, f"{case}/fee-payment", {**paid, "method": "online"}, "fee.payment-unknown")
    s.refused(officer, f"{case}/fee-payment", {**paid, "amount": 1}, "fee.amount-differs")
    officer.post(f"{case}/fee-payment", paid)
