"""Who acts: the person or service behind a request, as the token of the OIDC issuer says (H3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

ACCOUNT = re.compile(r"[\x21-\x7e]{1,128}")
"""What an account is called, whole: the issuer's ``sub``, which means nothing to the platform and names nobody."""


class ActorKind(StrEnum):
    """What kind of account acts."""

    PERSON = "person"  # 自然人
    ORGANISATION = "organisation"  # 法人和其他组织
    AGENT = "agent"  # 帮办代办员, acts for others under a recorded authority
    OFFICER = "officer"  # works for an implementing body or an outlet
    SUPERVISOR = "supervisor"  # 电子监察, bound to a division and all below it
    SYSTEM = "system"  # the platform itself: workflow, timers, consumers


class Role(StrEnum):
    """What an officer may do at their body. One officer may hold several."""

    WINDOW = "window"  # 收件、出件
    ACCEPTANCE = "acceptance"  # 受理
    REVIEW = "review"  # 初审、审核
    DECISION = "decision"  # 决定
    HEAD = "head"  # 本机关负责人
    CHECK = "check"  # 事后核查: checks promises that decisions rest on
    CREDIT = "credit"  # 信用主管部门: keeps credit records of its division and below
    PLACES = "places"  # looks after service places: 维护政务服务场所信息
    BUREAU = "bureau"  # 政务服务管理机构: approves what others propose for places
    GOVERNMENT_HEAD = "government_head"  # 本级人民政府负责人, for joint handling (行政许可法 42(2))


@dataclass(frozen=True, slots=True)
class Actor:
    """An authenticated account.

    ``subject`` is the issuer's ``sub``; ``body`` the id of the body an officer works for;
    ``division`` a 12-digit code: the officer's place of work, the agent's station, the
    supervisor's area.
    """

    subject: str
    kind: ActorKind
    name: str = ""
    body: str = ""
    division: str = ""
    roles: frozenset[Role] = frozenset()


SYSTEM = Actor(subject="system", kind=ActorKind.SYSTEM)
