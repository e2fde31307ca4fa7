"""Who may use a policy that decides on less than everything: notice-and-commitment (C1) and late materials (D1, D5).

The two share three questions and nothing else: is the item on the published list, does it lie outside the excluded
areas, is the applicant's credit clean. The excluded areas are those of 国办发〔2020〕42号: no list reaches into them,
only a law itself does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

from chalicelib.domain.errors import Violation


class ExcludedArea(StrEnum):
    """A closed list. The last three are grounds: not what a matter is about, but what an error in it would do."""

    NATIONAL_SECURITY = "national_security"  # 国家安全
    STATE_SECRETS = "state_secrets"  # 国家秘密
    PUBLIC_SAFETY = "public_safety"  # 公共安全
    PRUDENTIAL_FINANCE = "prudential_finance"  # 金融业审慎监管
    ENVIRONMENT = "environment"  # 生态环境保护
    PERSONAL_SAFETY = "personal_health_and_life_or_property_safety"  # 直接关系人身健康、生命财产安全
    FOREIGN_MATTERS = "important_foreign_matters"  # 重要涉外
    HIGH_RISK = "high_risk"  # 风险较大
    COSTLY_TO_CORRECT = "costly_to_correct"  # 纠错成本较高
    IRREPARABLE = "irreparable"  # 损害难以挽回


def obstacles(*, listed: bool, by_law: bool, areas: Iterable[str]) -> Iterator[Violation]:
    """Why an item's version is not open to a policy. ``by_law``: a law itself provides for it in this item."""
    if not listed:
        yield Violation("eligibility.not-listed")
    if not by_law:
        for area in areas:
            yield Violation("eligibility.excluded-area", "", {"excluded_area": area})
