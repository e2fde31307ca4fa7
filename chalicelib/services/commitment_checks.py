"""What follows a decision on a promise (事后核查): recorded, answered, decided, and put on the credit record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain import access, cases
from chalicelib.domain import commitment_checks as rules
from chalicelib.domain import credit as credit_rules
from chalicelib.domain.actors import SYSTEM, Actor
from chalicelib.domain.case_rules import Act
from chalicelib.domain.cases import Case
from chalicelib.domain.catalog import ImplementationItem
from chalicelib.domain.commitment_checks import (
    DecideRevocation,
    Final,
    RecordCheck,
    Result,
    StateDefence,
    WaiveDefence,
)
from chalicelib.domain.commitments import was_decided
from chalicelib.domain.credit import Effect, Entry, Scope, Terms
from chalicelib.domain.documents import DocumentKind
from chalicelib.domain.errors import NotFound
from chalicelib.services import annulments, lapses
from chalicelib.services import cases as case_services
from chalicelib.services.changes import change
from chalicelib.services.documents import blank, write
from chalicelib.services.ports import Ports, Receipt, RequestKey

DEPENDING_SHOWN = 50
"""How many of the newest cases that rest on a revoked certificate are listed with its revocation."""


@dataclass(frozen=True, slots=True)
class CheckView:
    """The check with its dates. ``statement_shown``: what the party said is for those who handle the case."""

    check: rules.Check
    body: str
    stage: str
    check_until: datetime | None
    mend_until: datetime | None
    hear_until: datetime | None
    statement_shown: bool


def read(ports: Ports, actor: Actor, case_id: str) -> CheckView:
    """How far the check of a case has come. Raises NotFound for the case, and for a case without a promise."""
    case = case_services.read(ports, actor, case_id, "check")
    law = lapses.law_of(ports, case)
    if law is None or case.commitment is None or not was_decided(case):
        raise NotFound.because("check.no-promise")
    return CheckView(
        rules.check_of(case),
        case.commitment.check_body,
        rules.stage(case),
        rules.checked_until(case, law),
        rules.mended_until(case, law),
        rules.heard_until(case, law),
        not access.only_oversees(case, actor),
    )


_WRITTEN = {
    Result.FULFILLED: DocumentKind.CHECK_RESULT,
    Result.MEND: DocumentKind.MENDING_ORDER,
    Result.FALSE: DocumentKind.INTENDED_REVOCATION,
}


def record(
    ports: Ports, actor: Actor, case_id: str, *, result: Result, findings: str, key: RequestKey | None = None
) -> Receipt:
    """The checking body records what it found, in writing. A finding touches neither decision nor credit."""

    def build(case: Case, now: datetime) -> RecordCheck:
        kind = _WRITTEN[result]
        command = RecordCheck(result, findings, blank(kind, now))
        _judge(ports, case, command, actor, now)
        body = ports.catalog.body(actor.body)
        name = body.name if body else actor.body
        law = lapses.law_of(ports, case)
        follows = rules.follows(result, law, now) if law else ""
        told = {"findings": findings} | ({"follows": follows} if follows else {})
        return replace(command, follows=follows, document=write(ports, case, kind, now, name, **told))

    return change(ports, actor, case_id, RecordCheck, build, key=key)


def state_defence(
    ports: Ports, actor: Actor, case_id: str, *, statement: str, key: RequestKey | None = None
) -> Receipt:
    """The party speaks before the decision (陈述申辩)."""
    return change(ports, actor, case_id, StateDefence, lambda case, now: StateDefence(statement), key=key)


def waive_defence(ports: Ports, actor: Actor, case_id: str, *, key: RequestKey | None = None) -> Receipt:
    """The party will not speak."""
    return change(ports, actor, case_id, WaiveDefence, lambda case, now: WaiveDefence(), key=key)


def decide(
    ports: Ports,
    actor: Actor,
    case_id: str,
    *,
    outcome: Final,
    reasons: str,
    remedies: str,
    key: RequestKey | None = None,
) -> Receipt:
    """Revoke, uphold, or keep although it was false (行政许可法 69(3)).

    A revocation annuls the certificate and what came of it; what it had replaced counts again.
    """
    annulment = annulments.Annulment()

    def build(case: Case, now: datetime) -> DecideRevocation:
        nonlocal annulment
        revoked = outcome is Final.REVOKED
        kind = DocumentKind.REVOCATION if revoked else DocumentKind.NO_REVOCATION
        command = DecideRevocation(outcome, reasons, remedies, blank(kind, now))
        _judge(ports, case, command, actor, now)
        signer = case.route.nodes[-1].signature
        document = write(ports, case, kind, now, signer, reasons=reasons, remedies=remedies)
        depending = _depending(ports, case) if revoked and case.certificate else ()
        annulment = annulments.of(ports, case, now) if revoked else annulments.Annulment()
        return replace(
            command,
            document=document,
            depending=depending,
            reinstated=annulment.reinstated,
            last=annulment.last,
        )

    return change(ports, actor, case_id, DecideRevocation, build, key=key, standing=lambda after: annulment.standing)


def _depending(ports: Ports, case: Case) -> tuple[str, ...]:
    """Numbers of the cases that rest on this one's certificate, newest first; of drafts the id."""
    found = ports.cases.cases_about(case.certificate, DEPENDING_SHOWN)
    return tuple(other.number or other.id for other in found if other.id != case.id)


def _judge(ports: Ports, case: Case, command: object, actor: Actor, now: datetime) -> None:
    """Before anything is written, so that a refused act leaves no number behind."""
    cases.judge(case, command, Act(actor, now, lapses.law_of(ports, case)))


# -- credit --------------------------------------------------------------------------------------------


def record_credit(ports: Ports, case_id: str) -> int:
    """Put on file what a revocation means; answers how many records were added. Doing it again adds none.

    The bar begins with the revocation. Where the version says that the matter concerns safety, 行政许可法 79 bars a new
    application for three years besides.
    """
    case = ports.cases.get(case_id)
    check = case.check if case else None
    if case is None or check is None or check.final != Final.REVOKED or check.final_at is None:
        return 0
    item = ports.catalog.version(case.item.code, case.item.version)
    if item is None:
        raise LookupError(f"no version {case.item.version} of {case.item.code}: versions are never removed")
    added = 0
    for record_id, terms in _consequences(ports, case, item, check.final_at):
        file = ports.credit.file(case.applicant.subject)
        entry: Entry | None = credit_rules.from_revocation(
            file, record_id, terms, case.id, SYSTEM.subject, item.body.id, ports.clock.now()
        )
        if entry is not None:
            ports.credit.commit(file, entry, key=None, receipt=None)
            added += 1
    return added


def _consequences(ports: Ports, case: Case, item: ImplementationItem, at: datetime) -> list[tuple[str, Terms]]:
    if item.commitment is None:
        return []
    told = item.commitment.credit
    reason = f"{case.item.name}({case.number})因承诺不实被撤销"
    bar = Terms(
        reason=reason,
        law=told.law,
        article=told.article,
        effects=(Effect.COMMITMENT, Effect.INCOMPLETE_ACCEPTANCE),
        scope=Scope(ports.home),
        start=at,
        end=credit_rules.months_later(at, told.months) if told.months is not None else None,
        repair_way=told.repair,
    )
    found = [(case.id, bar)]
    if item.safety_matter:
        years = credit_rules.SAFETY_BARS["XKF", "79"]
        end = credit_rules.years_later(at, years)
        scope = Scope(ports.home, (item.basic_code,))
        barred = Terms(reason, "XKF", "79", (Effect.APPLICATION,), scope, at, end)
        found.append((f"{case.id}-79", barred))
    return found
