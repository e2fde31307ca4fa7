"""The catalogue of service items (政务服务事项): what is offered, by whom, on which conditions.

An ``ImplementationStandard`` (统一实施标准) fixes the elements of an item for the whole region and is
versioned; an ``ImplementationItem`` (实施清单) is that standard as one body implements it. A case is
filed under an implementation item and keeps its version (A6).

A standard is stored and published as a *document*: JSON with the elements of the exchange standard
(docs/catalogue.md lists them). ``catalog_documents`` reads documents, ``catalog_layers`` makes them,
``catalog_rules`` judges them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from chalicelib.domain.divisions import Level

if TYPE_CHECKING:
    from chalicelib.domain.commitment_terms import CommitmentTerms

TYPES_APPLIED_FOR = frozenset({"01", "05", "07", "08", "09", "10", "20"})


class LimitUnit(StrEnum):
    """时限单位. 日 and 工作日 are different units (facts: 行政许可法 82 binds only its own periods)."""

    WORKDAY = "workday"
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """Where a fact of an item stands: law, its version (ISO date) and article. ``conf``: how it was read."""

    law: str
    article: str
    version: str = ""
    conf: str = ""


@dataclass(frozen=True, slots=True)
class Limit:
    """A period. ``demo`` marks a figure that no source gives and the demo layer filled in.

    ``starts`` names the moment that the law counts from where it is not the usual one.
    """

    value: int
    unit: LimitUnit
    basis: LegalBasis | None = None
    demo: bool = False
    starts: str = ""


class Necessity(StrEnum):
    """材料必要性."""

    REQUIRED = "required"  # 必要: asked of every applicant
    OPTIONAL = "optional"  # 非必要: only in the cases named in the material's note
    DEFERRABLE = "deferrable"  # 容缺后补


class LateOutcome(StrEnum):
    """What happens when a deferred material does not come in time (D4): a parameter of the item."""

    DEEMED_WITHDRAWN = "deemed_withdrawn"
    ACCEPTANCE_REVOKED = "acceptance_revoked"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Deferral:
    """How long a deferrable material may be late, and what follows if it is later.

    ``checking`` is the time that the body keeps for its check before the promised limit ends, ``mending`` how long a
    supplement that was found defective may be mended after its day; None: not at all.
    """

    period: Limit
    outcome: LateOutcome
    checking: Limit | None = None
    mending: Limit | None = None


class ToldBy(StrEnum):
    """Which act counts as telling the applicant (H0): a parameter of the item."""

    INBOX_READ = "inbox_read"
    INBOX_DELIVERED = "inbox_delivered"
    SMS_DELIVERED = "sms_delivered"
    POST_DELIVERED = "post_delivered"
    HANDED_OVER = "handed_over"


class CorrectionOutcome(StrEnum):
    """What follows when what a notice named is not corrected in time: a parameter of the item."""

    NOT_ACCEPTED = "not_accepted"
    DEEMED_WITHDRAWN = "deemed_withdrawn"


@dataclass(frozen=True, slots=True)
class Correction:
    """How long an applicant has to correct what a notice named, and what follows otherwise (B4)."""

    limit: Limit
    outcome: CorrectionOutcome
    basis: LegalBasis | None = None


@dataclass(frozen=True, slots=True)
class Material:
    """One material an item may ask for. Only these may be asked for (B2)."""

    code: str
    name: str
    name_en: str
    necessity: Necessity
    source: str = "self"  # self | government | other (来源渠道)
    basis: LegalBasis | None = None
    note: str = ""
    demo: bool = False
    deferral: Deferral | None = None
    held_by: tuple[str, ...] = ()  # names of certificates that stand for it (免证办), besides its own


@dataclass(frozen=True, slots=True)
class Fee:
    """One fee of an item. ``amount`` in fen where a figure is given; ``rate`` in words where it is not."""

    code: str
    name: str
    amount: int | None
    rate: str = ""
    basis: LegalBasis | None = None


class StepRole(StrEnum):
    """What a node of a route does (F1)."""

    RECEIVE = "receive"  # 收件
    ACCEPT = "accept"  # 受理
    PRELIMINARY_REVIEW = "preliminary_review"  # 初审
    REVIEW = "review"  # 审核
    DECIDE = "decide"  # 决定


class StepMode(StrEnum):
    """In what capacity a body performs a step."""

    OWN = "own"  # its own competence
    ENTRUSTED = "entrusted"  # 委托: in the name of the entrusting organ (行政许可法 24)
    AUTHORISED = "authorised"  # 授权办理
    OUTLET = "outlet"  # receives or helps only


@dataclass(frozen=True, slots=True)
class RouteStep:
    """One step as the standard plans it: role, level, department, capacity, its own limit."""

    role: StepRole
    level: Level
    department: str
    mode: StepMode = StepMode.OWN
    limit: Limit | None = None
    basis: LegalBasis | None = None


class BodyKind(StrEnum):
    """实施主体性质 for organs; an outlet only receives or helps."""

    ORGAN = "organ"  # 法定机关
    AUTHORISED = "authorised"  # 授权组织
    ENTRUSTED = "entrusted"  # 受委托组织
    OUTLET = "outlet"  # 便民服务中心、便民服务站、银行、邮政网点


@dataclass(frozen=True, slots=True)
class Body:
    """An implementing body or outlet. ``id`` is ``<division>-<department code>``; ``uscc`` 18 characters."""

    id: str
    name: str
    division: str
    department: str
    uscc: str
    kind: BodyKind = BodyKind.ORGAN
    demo: bool = False


class JointKind(StrEnum):
    """How several departments handle one licence together (行政许可法 26(2))."""

    UNIFIED = "unified"  # 统一办理: one department receives, and asks the others for their opinions
    JOINT = "joint"  # 联合办理
    CONCENTRATED = "concentrated"  # 集中办理


class CaseType(StrEnum):
    """办件类型."""

    INSTANT = "instant"  # 即办件
    PROMISED = "promised"  # 承诺件


class StopEffect(StrEnum):
    """What a procedure besides the ordinary examination does to the clock, as its law says."""

    EXCLUDED_BY_THIS_RULE = "excluded_by_this_rule"  # the item's own law: not counted
    EXCLUDED_BY_GENERAL_RULE = "excluded_by_general_rule"  # 行政许可法 45
    SUSPENDS = "suspends"  # 中止
    LEGAL_WAITING_TIME = "legal_waiting_time"
    PRECONDITION = "precondition_before_clock"
    UNSAID = "unsaid"
    INSIDE_LIMIT = "inside_limit_by_text"
    AFTER_DECISION = "after_decision"
    NO_STOP_RULE = "no_stop_rule_found"


STOPPING = frozenset(
    {
        StopEffect.EXCLUDED_BY_THIS_RULE,
        StopEffect.EXCLUDED_BY_GENERAL_RULE,
        StopEffect.SUSPENDS,
        StopEffect.LEGAL_WAITING_TIME,
    }
)


@dataclass(frozen=True, slots=True)
class SpecialProcedure:
    """特别程序: site visit, technical review, hearing, public notice … Stops the clock only if its effect says so."""

    kind: str
    name: str
    effect: StopEffect
    basis: LegalBasis | None = None
    note: str = ""

    @property
    def stops(self) -> bool:
        """Whether the time it takes is not counted."""
        return self.effect in STOPPING


@dataclass(frozen=True, slots=True)
class MainItem:
    """主项: the code ends in 00Y, its sub-items share the first nine digits."""

    code: str
    name: str
    name_en: str


@dataclass(frozen=True, slots=True)
class ImplementationStandard:
    """One version of an item, the same for all bodies of the region.

    ``level`` and ``department`` name the competent organ (in whose name the decision goes out), which
    for an entrusted decision is not the one that performs the deciding step. ``demo`` lists the paths
    in ``document`` that the demo layer filled in.
    """

    basic_code: str
    version: int
    name: str
    name_en: str
    main: MainItem | None
    type_code: str
    department: str
    level: Level
    case_type: CaseType
    form: Mapping[str, Any]
    materials: tuple[Material, ...]
    steps: tuple[RouteStep, ...]
    special_procedures: tuple[SpecialProcedure, ...]
    result_kind: str
    result_name: str
    result_validity: str
    accept_on_receipt: bool
    notice_limit: Limit | None
    statutory_limit: Limit | None
    promised_limit: Limit | None
    applicant_kinds: tuple[str, ...]
    themes: tuple[str, ...]
    demo: tuple[str, ...]
    document: Mapping[str, Any]
    fees: tuple[Fee, ...] = ()
    extension: Limit | None = None
    certificate_limit: Limit | None = None
    joint: bool = False
    correction: Correction | None = None
    told_by: ToldBy = ToldBy.INBOX_DELIVERED
    safety_matter: bool = False
    excluded_areas: tuple[str, ...] = ()
    commitment: CommitmentTerms | None = None


@dataclass(frozen=True, slots=True)
class ImplementationItem:
    """What a case is filed under: one standard, one version, one deciding body.

    ``code`` is the 31-character implementation code: USCC of the body + exercise level + basic code
    (GB/T 39554.1, see docs/adr). ``form`` is a JSON Schema 2020-12 of the application form.
    ``notice_limit`` is the period of the one-time notice (B4).
    """

    code: str
    basic_code: str
    version: int
    name: str
    name_en: str
    type_code: str  # 事项类型, two digits: 01 行政许可 …
    body: Body
    level: Level
    case_type: CaseType
    form: Mapping[str, Any]
    materials: tuple[Material, ...]
    steps: tuple[RouteStep, ...]
    result_kind: str  # certificate | approval | confirmation | payment
    result_name: str
    result_validity: str = ""
    accept_on_receipt: bool = False  # 收件即受理
    statutory_limit: Limit | None = None
    promised_limit: Limit | None = None
    applicant_kinds: tuple[str, ...] = ()  # 服务对象 codes, 1 自然人 …
    demo: bool = False
    notice_limit: Limit | None = None
    special_procedures: tuple[SpecialProcedure, ...] = ()
    demo_fields: tuple[str, ...] = ()
    fees: tuple[Fee, ...] = ()
    extension: Limit | None = None  # what the item's own law allows; 行政许可法 42 where it says nothing
    certificate_limit: Limit | None = None  # of the item's own law; 行政许可法 44 where it says nothing
    joint: bool = False  # 统一、联合或者集中办理 (行政许可法 42(2))
    correction: Correction | None = None  # None: no law sets a period for correcting, so none lapses
    told_by: ToldBy = ToldBy.INBOX_DELIVERED
    safety_matter: bool = False  # 直接关系公共安全、人身健康、生命财产安全 (行政许可法 78, 79)
    commitment: CommitmentTerms | None = None  # None: not on the list of 告知承诺
    excluded_areas: tuple[str, ...] = ()  # of eligibility.ExcludedArea: closed to promises and late materials


def implement(standard: ImplementationStandard, body: Body) -> ImplementationItem:
    """The standard as ``body`` implements it."""
    return ImplementationItem(
        code=implementation_code(body.uscc, standard.level, standard.basic_code),
        basic_code=standard.basic_code,
        version=standard.version,
        name=standard.name,
        name_en=standard.name_en,
        type_code=standard.type_code,
        body=body,
        level=standard.level,
        case_type=standard.case_type,
        form=standard.form,
        materials=standard.materials,
        steps=standard.steps,
        result_kind=standard.result_kind,
        result_name=standard.result_name,
        result_validity=standard.result_validity,
        accept_on_receipt=standard.accept_on_receipt,
        statutory_limit=standard.statutory_limit,
        promised_limit=standard.promised_limit,
        applicant_kinds=standard.applicant_kinds,
        demo=bool(standard.demo),
        notice_limit=standard.notice_limit,
        special_procedures=standard.special_procedures,
        demo_fields=standard.demo,
        fees=standard.fees,
        extension=standard.extension,
        certificate_limit=standard.certificate_limit,
        joint=standard.joint,
        correction=standard.correction,
        told_by=standard.told_by,
        safety_matter=standard.safety_matter,
        excluded_areas=standard.excluded_areas,
        commitment=standard.commitment,
    )


def implementation_code(uscc: str, level: Level, basic_code: str) -> str:
    """实施编码: 18 + 1 + 12 characters."""
    return f"{uscc}{int(level)}{basic_code}"


def split_implementation_code(code: str) -> tuple[str, Level, str] | None:
    """USCC, level and basic code of a 31-character code; None if it is none."""
    if len(code) != 31 or code[18] not in "123456":
        return None
    return code[:18], Level(int(code[18])), code[19:]
