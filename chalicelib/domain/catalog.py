"""The catalogue of service items (政务服务事项): what is offered, by whom, on which conditions.

An ``ImplementationStandard`` (统一实施标准) fixes the elements of an item for the whole region and is
versioned; an ``ImplementationItem`` (实施清单) is that standard as one body implements it. A case is
filed under an implementation item and keeps its version (A6).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from chalicelib.domain.divisions import Level


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
    """A period. ``demo`` marks a figure that no source gives and the demo layer filled in."""

    value: int
    unit: LimitUnit
    basis: LegalBasis | None = None
    demo: bool = False


class Necessity(StrEnum):
    """材料必要性."""

    REQUIRED = "required"  # 必要: asked of every applicant
    OPTIONAL = "optional"  # 非必要: only in the cases named in the material's note
    DEFERRABLE = "deferrable"  # 容缺后补


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


class CaseType(StrEnum):
    """办件类型."""

    INSTANT = "instant"  # 即办件
    PROMISED = "promised"  # 承诺件


@dataclass(frozen=True, slots=True)
class ImplementationItem:
    """What a case is filed under: one standard, one version, one deciding body.

    ``code`` is the 31-character implementation code: USCC of the body + exercise level + basic code
    (GB/T 39554.1, see docs/adr). ``form`` is a JSON Schema 2020-12 of the application form.
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
