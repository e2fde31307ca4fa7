"""What an item's version says of notice-and-commitment (告知承诺): the text, what the promise replaces, and the check.

The text is a versioned document of clauses with stable ids. Who signs, signs a version and its digest; a new version
leaves what was signed before as it is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from chalicelib.domain.catalog import LegalBasis, Limit, LimitUnit
from chalicelib.domain.divisions import Level


class ClauseKind(StrEnum):
    """What a clause tells. A text has at least one of each (C2)."""

    DUTY = "duty"  # 告知义务
    CONDITIONS = "conditions"  # 办理条件
    STANDARD = "standard"  # 标准
    PROMISE = "promise"  # 承诺内容
    LIABILITY = "liability"  # 不实承诺的责任
    CHECK = "check"  # 事后核查


class CheckKind(StrEnum):
    """How the promise is checked after the decision."""

    SITE = "site"  # 现场核查
    RECORDS = "records"  # 比对部门数据
    PAPERS = "papers"  # 核验材料


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause in both languages. Chinese is what binds."""

    id: str
    kind: ClauseKind
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class CommitmentText:
    """Notice and promise as served and signed."""

    version: int
    clauses: tuple[Clause, ...]

    @property
    def digest(self) -> str:
        """SHA-256 over the canonical JSON of version and clauses, in hex."""
        clauses = [{"id": c.id, "kind": str(c.kind), "zh": c.zh, "en": c.en} for c in self.clauses]
        return text_digest(self.version, clauses)


@dataclass(frozen=True, slots=True)
class CheckTerms:
    """Who checks (a department on a level), within which time after the decision, and how."""

    level: Level
    department: str
    within: Limit
    kind: CheckKind


@dataclass(frozen=True, slots=True)
class CreditTerms:
    """What a false promise does to credit: on which basis, for how many months (None: until repaired), the way back."""

    law: str
    article: str
    months: int | None
    repair: str


@dataclass(frozen=True, slots=True)
class CommitmentTerms:
    """One item's terms. ``materials`` and ``facts``: what the promise replaces, by code and in words.

    ``mending``: how long somebody has to mend what a check finds; None where the version allows no mending.
    ``hearing``: how long the party can state its case (陈述申辩) before a revocation.
    ``by_law``: a law itself provides for the promise, so that no excluded area stands against it.
    """

    text: CommitmentText
    materials: tuple[str, ...]
    facts: tuple[str, ...]
    check: CheckTerms
    mending: Limit | None
    hearing: Limit
    credit: CreditTerms
    basis: LegalBasis | None

    @property
    def by_law(self) -> bool:
        """True where the promise rests on a law and not on a list."""
        return self.basis is not None


def text_digest(version: int, clauses: Iterable[Mapping[str, str]]) -> str:
    """The digest of a text as documents write it."""
    said = {"version": version, "clauses": [dict(clause) for clause in clauses]}
    canonical = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def terms_of(commitment: Mapping[str, Any]) -> CommitmentTerms | None:
    """The terms in a document's ``commitment``; None where the item is open to no promise."""
    terms = commitment.get("terms")
    if terms is None:
        return None
    text, check, credit, basis = terms["text"], terms["check"], terms["credit"], commitment["basis"]
    clauses = (Clause(c["id"], ClauseKind(c["kind"]), c["zh"], c["en"]) for c in text["clauses"])
    return CommitmentTerms(
        text=CommitmentText(text["version"], tuple(clauses)),
        materials=tuple(terms["materials"]),
        facts=tuple(terms["facts"]),
        check=CheckTerms(
            Level(check["level"]), check["department"], _period(check["within"]), CheckKind(check["kind"])
        ),
        mending=_period(terms["mending"]) if terms["mending"] else None,
        hearing=_period(terms["hearing"]),
        credit=CreditTerms(credit["law"], credit["article"], credit["months"], credit["repair"]),
        basis=LegalBasis(basis["law"], basis["article"], basis["version"], basis["conf"]) if basis else None,
    )


def _period(limit: Mapping[str, Any]) -> Limit:
    return Limit(limit["value"], LimitUnit(limit["unit"]), demo=True)
