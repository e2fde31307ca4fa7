"""The kinds of special procedure (特别程序) as codes, and which of them stop the clock.

The catalogue speaks the words of each law. Here the words become codes, and the version's law says of each whether its
time counts: for licences the eight kinds of 行政许可法 45 stop the clock, and what a special law adds; site visit and
technical review never do (优化营商环境条例 36).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from chalicelib.domain import law
from chalicelib.domain.catalog import ImplementationItem, LegalBasis, SpecialProcedure, StopEffect


class ProcedureKind(StrEnum):
    """The kinds of procedure, as codes."""

    HEARING = "hearing"
    TENDER = "tender"
    AUCTION = "auction"
    INSPECTION = "inspection"
    TESTING = "testing"
    QUARANTINE = "quarantine"
    APPRAISAL = "appraisal"
    EXPERT_REVIEW = "expert_review"
    SITE_VISIT = "site_visit"
    TECHNICAL_REVIEW = "technical_review"
    ASSESSMENT = "assessment"
    CIVIC_REVIEW = "civic_review"
    COMPLETION_CHECK = "completion_check"
    CONSULTATION = "consultation"
    EXAMINATION = "examination"
    FOLLOW_UP_CHECK = "follow_up_check"
    FORCE_MAJEURE = "force_majeure"
    IDENTITY_CHECK = "identity_check"
    NEGOTIATION = "negotiation"
    PUBLIC_NOTICE = "public_notice"
    RECTIFICATION = "rectification"
    SUPPLEMENT = "supplement"
    SUSPENSION = "suspension"
    VERIFICATION = "verification"
    WAITING_PERIOD = "waiting_period"


P = ProcedureKind

ARTICLE_45 = frozenset(
    {P.HEARING, P.TENDER, P.AUCTION, P.INSPECTION, P.TESTING, P.QUARANTINE, P.APPRAISAL, P.EXPERT_REVIEW}
)
NEVER_STOPS = frozenset({P.SITE_VISIT, P.TECHNICAL_REVIEW})
ASSIGNED = frozenset({P.INSPECTION, P.TESTING, P.QUARANTINE})
"""By standard, by two officers or more who are assigned to it (行政许可法 55)."""

WORDS: Mapping[ProcedureKind, tuple[str, ...]] = {
    P.HEARING: ("听证",),
    P.TENDER: ("招标",),
    P.AUCTION: ("拍卖",),
    P.INSPECTION: ("检验",),
    P.TESTING: ("检测",),
    P.QUARANTINE: ("检疫",),
    P.APPRAISAL: ("鉴定", "专家鉴定"),
    P.EXPERT_REVIEW: ("专家评审",),
    P.SITE_VISIT: (
        *("现场踏勘", "现场核查", "现场检查", "现场查验", "现场审查", "现场审核", "现场评定"),
        *("实地查看", "实地检查", "勘测", "查验"),
    ),
    P.TECHNICAL_REVIEW: ("技术审查", "技术评估"),
    P.ASSESSMENT: ("评估", "收养评估", "残疾评定"),
    P.CIVIC_REVIEW: ("民主评议",),
    P.COMPLETION_CHECK: ("验收",),
    P.CONSULTATION: ("征求意见",),
    P.EXAMINATION: ("考试", "考核", "考试考察"),
    P.FOLLOW_UP_CHECK: ("事后核查", "事后现场检查"),
    P.FORCE_MAJEURE: ("不可抗力",),
    P.IDENTITY_CHECK: ("实名验证",),
    P.NEGOTIATION: ("协商",),
    P.PUBLIC_NOTICE: ("公示", "公告"),
    P.RECTIFICATION: ("整改",),
    P.SUPPLEMENT: ("补充材料",),
    P.SUSPENSION: ("中止",),
    P.VERIFICATION: ("核实", "核查", "部门核查", "调查核实"),
    P.WAITING_PERIOD: ("法定等待期", "法定申请期"),
}
"""The catalogue speaks the words of each law; several of them mean the same kind of procedure."""

KIND_OF_WORD: Mapping[str, ProcedureKind] = {word: kind for kind, words in WORDS.items() for word in words}

OUTSIDE = frozenset({StopEffect.PRECONDITION, StopEffect.AFTER_DECISION})
"""Effects of procedures that come before the clock or after the decision: not part of the examination."""

SILENT = frozenset({StopEffect.UNSAID, StopEffect.NO_STOP_RULE})
"""Effects under which the item's own law says nothing, so that the general rule has its say."""


def kind_of(listed: SpecialProcedure) -> str:
    """The code of a listed procedure; a word that nobody has classed is its own code."""
    return KIND_OF_WORD.get(listed.kind, listed.kind)


def stops_clock(item: ImplementationItem, listed: SpecialProcedure) -> bool:
    """Whether the time of a listed procedure is not counted."""
    kind = kind_of(listed)
    if kind in NEVER_STOPS:
        return False
    return listed.stops or (law.is_licence(item) and kind in ARTICLE_45 and listed.effect in SILENT)


def basis_of(basis: LegalBasis | None) -> str:
    """A legal basis as text."""
    return f"{basis.law} {basis.article}" if basis else ""
