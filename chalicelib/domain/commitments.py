"""Notice-and-commitment (告知承诺), the applicant's side: the notice, the signature, the decision on it (C2, C3).

Who will not or cannot promise uses the ordinary way, which stays open until the decision. Who signs, signs a version of
the text and its digest; the decision then goes out in the same moment, on the promised materials only. What follows,
the check and what it may bring, stands in ``commitment_checks``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from chalicelib.domain import fees, materials, renewals
from chalicelib.domain.actors import ActorKind
from chalicelib.domain.case_events import (
    ApplicationSubmitted,
    CaseAccepted,
    CaseGranted,
    Document,
    Event,
    EventRecord,
    ResultIssued,
    SubmittedMaterial,
    TaskOpened,
)
from chalicelib.domain.case_rules import (
    DELIVER,
    Act,
    CaseState,
    Evolutions,
    Transition,
    Transitions,
    text_is_given,
    version_is_in_force,
)
from chalicelib.domain.catalog import ImplementationItem
from chalicelib.domain.commitment_terms import CommitmentTerms, CommitmentText
from chalicelib.domain.deadlines import Lapse, Law
from chalicelib.domain.errors import Violation
from chalicelib.domain.routing import Route

if TYPE_CHECKING:
    from chalicelib.domain.cases import Case

S = CaseState

# -- what a case keeps -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Evidence:
    """The signature as kept: ``statement`` is what was signed, to the character, the rest shows that it was.

    Whoever has these words and the public key can check it, without the platform (docs/commitments.md).
    """

    statement: str
    digest: str  # SHA-256 of the statement in UTF-8, hex
    provider: str
    algorithm: str
    key_id: str
    signature: str  # base64


@dataclass(frozen=True, slots=True)
class Commitment:
    """How far the promise has come. ``rule``: by which published rule it was decided, empty before."""

    text_version: int
    text_digest: str
    served_at: datetime
    signer: str = ""
    signed_at: datetime | None = None
    evidence: Evidence | None = None
    rule: str = ""
    check_body: str = ""


def statement(
    case: Case, text: CommitmentText, signer: str, signer_kind: str, signer_name: str, at: datetime, channel: str
) -> str:
    """What is signed, as canonical JSON: who promises what, in which matter, on which text, when and how."""
    said = {
        "format": "onewindow/commitment/1",
        "case": case.id,
        "item": {"code": case.item.code, "version": case.item.version, "name": case.item.name},
        "text": {
            "version": text.version,
            "digest": text.digest,
            "clauses": [{"id": c.id, "kind": str(c.kind), "zh": c.zh, "en": c.en} for c in text.clauses],
        },
        "applicant": {
            "subject": case.applicant.subject,
            "kind": str(case.applicant.kind),
            "name": case.applicant.name,
        },
        "signer": {"subject": signer, "kind": signer_kind, "name": signer_name, "authority": case.authority},
        "application": application_digest(case),
        "signed_at": at.isoformat(),
        "channel": channel,
        "confirmation": "authenticated session, confirmed explicitly",
    }
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def application_digest(case: Case) -> str:
    """SHA-256 over what was applied for when it was signed: form and materials."""
    given = [[m.code, m.form, m.name, m.digest] for m in case.materials]
    said = {"form": dict(case.form), "materials": given}
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


# -- commands --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ServeNotice:
    """Show the applicant the text that they may sign. ``item``: the version in force now."""

    item: ImplementationItem


@dataclass(frozen=True, slots=True)
class SignCommitment:
    """Sign what was served. ``given_version`` and ``given_digest`` name the text that the signer had before them."""

    item: ImplementationItem
    given_version: int
    given_digest: str
    confirmed: bool
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True)
class WithdrawCommitment:
    """Take the promise back before the decision: back to the ordinary way."""

    reason: str


@dataclass(frozen=True, slots=True)
class DecideOnCommitment:
    """Hand in, accept and grant in one act, by the published rule. Documents and numbers come from outside."""

    item: ImplementationItem
    law: Law
    unfit: tuple[Violation, ...]
    receipt_number: str
    route: Route
    receipt: Document
    held: tuple[SubmittedMaterial, ...]
    check_body: str
    case_number: str = ""
    acceptance: Document | None = None
    decision: Document | None = None
    certificate: str = ""
    replaces: str = ""


# -- events ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CommitmentNoticeServed(Event):
    """告知: the text was put before the applicant."""

    type: ClassVar[str] = "commitment.notice_served"
    text_version: int
    text_digest: str


@dataclass(frozen=True, slots=True)
class CommitmentSigned(Event):
    """承诺: signed, with the evidence."""

    type: ClassVar[str] = "commitment.signed"
    text_version: int
    text_digest: str
    signer: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class CommitmentWithdrawn(Event):
    """The promise was taken back before the decision."""

    type: ClassVar[str] = "commitment.withdrawn"
    reason: str


@dataclass(frozen=True, slots=True)
class CommitmentDecided(Event):
    """The case was decided at once on the promise. ``rule``: ``commitment/<basic code>/<version>``."""

    type: ClassVar[str] = "commitment.decided"
    rule: str
    text_version: int
    text_digest: str
    replaced: tuple[str, ...]
    check_body: str


# -- rules -----------------------------------------------------------------------------------------------


def terms_of(item: ImplementationItem) -> CommitmentTerms:
    """The terms of an item that is on the list; ``eligibility`` refuses all others before."""
    if item.commitment is None:
        raise ValueError(f"{item.code} is open to no promise")
    return item.commitment


def rule_of(item: ImplementationItem) -> str:
    """The name of the published rule: the item and its version."""
    return f"commitment/{item.basic_code}/{item.version}"


def is_signed(case: Case) -> bool:
    """True while a promise stands signed."""
    return case.commitment is not None and case.commitment.evidence is not None


def was_decided(case: Case) -> bool:
    """True if the case was decided on a promise."""
    return case.commitment is not None and bool(case.commitment.rule)


def notice_was_served(case: Case, command: SignCommitment, act: Act) -> Violation | None:
    """Nothing is signed that was not put before the signer."""
    return None if case.commitment is not None else Violation("commitment.notice-not-served")


def text_is_the_one_in_force(case: Case, command: SignCommitment, act: Act) -> Violation | None:
    """What is signed is what was served, and what is published now (C2)."""
    text, served = terms_of(command.item).text, case.commitment
    given = (command.given_version, command.given_digest)
    fits = given == (text.version, text.digest)
    if served is not None and fits and (served.text_version, served.text_digest) == given:
        return None
    return Violation("commitment.text-outdated", "/text", {"version": text.version})


def not_signed_yet(case: Case, command: object, act: Act) -> Violation | None:
    """A promise is signed once."""
    return Violation("commitment.signed-already") if is_signed(case) else None


def signature_is_confirmed(case: Case, command: SignCommitment, act: Act) -> Violation | None:
    """A signature is an explicit act."""
    return None if command.confirmed else Violation("commitment.signature-missing", "/confirmed")


def signer_is_the_applicant(case: Case, command: SignCommitment, act: Act) -> Violation | None:
    """The applicant promises, or an agent whose authority (judged before) covers it; a window officer never."""
    if act.actor.subject in (case.applicant.subject, case.agent) and act.actor.kind is not ActorKind.OFFICER:
        return None
    return Violation("commitment.signature-of-another")


def promise_is_signed(case: Case, command: object, act: Act) -> Violation | None:
    """Nothing is decided on a promise that nobody gave."""
    return None if is_signed(case) else Violation("commitment.signature-missing")


def signature_fits(case: Case, command: DecideOnCommitment, act: Act) -> Violation | None:
    """The promise was given on the text in force, and on this application."""
    signed = case.commitment
    if signed is None or signed.evidence is None:
        return None
    text = terms_of(command.item).text
    if (signed.text_version, signed.text_digest) != (text.version, text.digest):
        return Violation("commitment.text-outdated", "", {"version": text.version})
    if signed.signer not in (case.applicant.subject, case.agent):
        return Violation("commitment.signature-of-another")
    if json.loads(signed.evidence.statement)["application"] != application_digest(case):
        return Violation("commitment.application-changed")
    return None


def nothing_is_deferred(case: Case, command: object, act: Act) -> Violation | None:
    """A promise is decided at once: nothing can come later in it. Whoever wants both chooses the ordinary way (D3)."""
    return Violation("commitment.materials-deferred", "/deferred") if case.deferred else None


def promise_was_withdrawn(case: Case, command: object, act: Act) -> Violation | None:
    """Who has signed is decided on the promise; the ordinary way is open again once it is taken back."""
    return Violation("commitment.withdraw-first") if is_signed(case) else None


# -- the acts --------------------------------------------------------------------------------------------


def needed(item: ImplementationItem) -> ImplementationItem:
    """The item without what the promise replaces: that is not asked for."""
    replaced = set(terms_of(item).materials)
    return replace(item, materials=tuple(m for m in item.materials if m.code not in replaced))


def _defects(case: Case, command: DecideOnCommitment, act: Act) -> Iterable[Violation]:
    replaced = set(terms_of(command.item).materials)
    given = [m for m in case.materials if m.code not in replaced]
    return [*command.unfit, *materials.violations(needed(command.item), given, command.held)]


def _serve(case: Case, command: ServeNotice, act: Act) -> tuple[Event, ...]:
    text = terms_of(command.item).text
    return (CommitmentNoticeServed(text.version, text.digest),)


def _sign(case: Case, command: SignCommitment, act: Act) -> tuple[Event, ...]:
    if command.evidence is None:
        raise ValueError("a signature comes with its evidence")
    return (CommitmentSigned(command.given_version, command.given_digest, act.actor.subject, command.evidence),)


def _decide(case: Case, command: DecideOnCommitment, act: Act) -> tuple[Event, ...]:
    if command.acceptance is None or command.decision is None:
        raise ValueError("a decision comes with its documents")
    terms = terms_of(command.item)
    rule = rule_of(command.item)
    assessed = fees.with_the_decision(case, command.law)
    events: list[Event] = [
        ApplicationSubmitted(command.receipt_number, command.route, command.receipt, command.held),
        CaseAccepted(0, command.case_number, command.acceptance),
        CommitmentDecided(rule, terms.text.version, terms.text.digest, terms.materials, command.check_body),
        CaseGranted(0, command.decision, opinion(command.item)),
        *assessed,
    ]
    if not assessed:
        events.append(ResultIssued(command.certificate, command.replaces))
        if case.delivery == "window":
            first = command.route.nodes[0]
            events.append(TaskOpened(case.tasks + 1, len(command.route.nodes), DELIVER, first.body))
    return tuple(events)


def opinion(item: ImplementationItem) -> str:
    """What the decision says it rests on."""
    return f"依申请人的书面承诺当场作出决定(规则 {rule_of(item)},告知承诺书第{terms_of(item).text.version}版)。"


DRAFT = frozenset({S.DRAFT})

TRANSITIONS: Transitions = {
    ServeNotice: Transition(DRAFT, (version_is_in_force, nothing_is_deferred, not_signed_yet), _serve),
    SignCommitment: Transition(
        DRAFT,
        (
            version_is_in_force,
            nothing_is_deferred,
            not_signed_yet,
            notice_was_served,
            text_is_the_one_in_force,
            signature_is_confirmed,
            signer_is_the_applicant,
        ),
        _sign,
    ),
    WithdrawCommitment: Transition(
        DRAFT, (promise_is_signed, text_is_given("reason")), lambda case, m, a: (CommitmentWithdrawn(m.reason),)
    ),
    DecideOnCommitment: Transition(
        DRAFT,
        (version_is_in_force, renewals.not_expired, promise_is_signed, nothing_is_deferred, signature_fits),
        _decide,
        _defects,
    ),
}


def _signed(case: Case, event: CommitmentSigned, record: EventRecord) -> dict[str, Any]:
    if case.commitment is None:
        raise ValueError("nothing was served")
    signed = replace(case.commitment, signer=event.signer, signed_at=record.effective_at, evidence=event.evidence)
    return {"commitment": signed}


def _was_decided(case: Case, event: CommitmentDecided, record: EventRecord) -> dict[str, Any]:
    if case.commitment is None:
        raise ValueError("nothing was signed")
    return {"commitment": replace(case.commitment, rule=event.rule, check_body=event.check_body)}


EVOLUTIONS: Evolutions = {
    CommitmentNoticeServed: lambda case, ev, r: {
        "commitment": Commitment(ev.text_version, ev.text_digest, r.effective_at)
    },
    CommitmentSigned: _signed,
    CommitmentWithdrawn: lambda case, ev, r: {"commitment": None},
    CommitmentDecided: _was_decided,
}


def lapses(case: Case, law: Law) -> Iterable[Lapse]:
    """Time alone brings no promise about and ends none."""
    return ()


def told(item: ImplementationItem) -> Mapping[str, str]:
    """The words of the decision document."""
    return {"opinion": opinion(item)}
