"""The default periods of 行政许可法 (2019), each with its article, and which period an item has.

The law's periods bind licences (type 01) only, and only where no special law named in the item's version goes before.
Every other type has what its version says, or no such clock at all. All periods of the law are working days (82).
"""

from __future__ import annotations

from chalicelib.domain.catalog import ImplementationItem, LegalBasis, Limit, LimitUnit, StepRole
from chalicelib.domain.routing import Node

LICENCE = "01"
"""事项类型 of administrative licences."""

LICENSING_LAW = "行政许可法"
LAW_VERSION = "2019-04-23"


def article(number: str) -> LegalBasis:
    """An article of 行政许可法, with its paragraph and item in brackets: ``32(4)`` is article 32, item 4."""
    return LegalBasis(LICENSING_LAW, number, LAW_VERSION, "seen")


def _workdays(value: int, number: str, starts: str = "") -> Limit:
    return Limit(value, LimitUnit.WORKDAY, article(number), starts=starts)


NOTICE = _workdays(5, "32(4)", "receipt")
"""One-time notice of what is missing; after it the case is deemed accepted from the day of receipt."""

DECISION = _workdays(20, "42(1)", "acceptance")
EXTENSION = _workdays(10, "42(1)")
"""Once, approved by the head of the deciding organ, with the reason told to the applicant."""

JOINT_DECISION = _workdays(45, "42(2)", "acceptance")
"""Unified, joint or concentrated handling."""

JOINT_EXTENSION = _workdays(15, "42(2)")
"""Once, approved by the head of the government of that level."""

PRELIMINARY_REVIEW = _workdays(20, "43", "acceptance")
CERTIFICATE = _workdays(10, "44", "decision")
STOPS = article("45")
"""听证、招标、拍卖、检验、检测、检疫、鉴定和专家评审 are not counted."""

HEARING_REQUEST = _workdays(5, "47(1)", "notice")
HEARING_HELD = _workdays(20, "47(1)", "request")
HEARING_NOTICE = _workdays(7, "48(1)")
"""How long before the hearing its time and place are told."""

RENEWAL_AHEAD = _workdays(30, "50(1)", "expiry")
"""How long before expiry a renewal is applied for; the decision falls before expiry, or it is renewed (50(2))."""

RENEWED_BY_SILENCE = article("50(2)")
"""No decision before expiry: the renewal counts as granted."""

INSPECTION_ASSIGNED = _workdays(5, "55(2)", "acceptance")
INSPECTION_OFFICERS = 2
"""How many officers at least inspect, test or quarantine (55(2)), and check the substance on site (34(3))."""

FROM_RECEIPT = frozenset(
    {"receipt", "receipt of papers", "application", "application form handed in", "on the spot", "day after receipt"}
)
"""Words by which laws let a limit begin when the application comes in."""

REMEDIES = (
    "对本决定不服的,可以自知道之日起六十日内依法申请行政复议(行政复议法第二十条),"
    "或者自知道之日起六个月内依法提起行政诉讼(行政诉讼法第四十六条)。"
)
"""What a refusal that nobody signs tells of the ways against it (行政许可法 38(2))."""


def is_licence(item: ImplementationItem) -> bool:
    """True if the periods of 行政许可法 are the item's defaults."""
    return item.type_code == LICENCE


def is_own_rule(limit: Limit | None) -> bool:
    """True for a limit that a special law sets; False for the general law's own, and where there is none."""
    return limit is not None and (limit.basis is None or limit.basis.law != LICENSING_LAW)


def notice_limit(item: ImplementationItem) -> Limit | None:
    """How long the body may take to tell what is missing (32(4))."""
    return _for_licences(item, item.notice_limit, NOTICE)


def decision_limit(item: ImplementationItem) -> Limit | None:
    """The statutory time for the decision (42). Joint handling lengthens the general law's time only."""
    if is_licence(item) and item.joint and not is_own_rule(item.statutory_limit):
        return JOINT_DECISION
    return _for_licences(item, item.statutory_limit, DECISION)


def extension_limit(item: ImplementationItem) -> Limit | None:
    """By how much the time for the decision may be extended once at most (42); None where the law knows no extension.

    Article 42 extends its own periods. A special law with another limit allows what it names itself.
    """
    if item.extension is not None or is_own_rule(item.statutory_limit):
        return item.extension
    return _for_licences(item, None, JOINT_EXTENSION if item.joint else EXTENSION)


def preliminary_limit(item: ImplementationItem, node: Node) -> Limit | None:
    """How long a lower organ may take for its preliminary review (43); None for every other node without a limit.

    The node's own limit, from the law of the item, goes before.
    """
    if node.role is not StepRole.PRELIMINARY_REVIEW:
        return node.limit
    return _for_licences(item, node.limit, PRELIMINARY_REVIEW)


def certificate_limit(item: ImplementationItem) -> Limit | None:
    """How long after the decision the certificate is made and handed over (44)."""
    return _for_licences(item, item.certificate_limit, CERTIFICATE)


def assignment_limit(item: ImplementationItem) -> Limit | None:
    """How long after acceptance those who inspect, test or quarantine are assigned (55(2))."""
    return _for_licences(item, None, INSPECTION_ASSIGNED)


def _for_licences(item: ImplementationItem, own: Limit | None, default: Limit) -> Limit | None:
    """The version's own period goes before; the general law speaks for licences only."""
    if own is not None:
        return own
    return default if is_licence(item) else None
