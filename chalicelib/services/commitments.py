"""Notice-and-commitment (告知承诺) before the decision, and the decision itself, at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain import access, cases, routing
from chalicelib.domain import commitments as rules
from chalicelib.domain.actors import Actor
from chalicelib.domain.case_rules import Act
from chalicelib.domain.cases import Case
from chalicelib.domain.catalog import ImplementationItem, Material
from chalicelib.domain.commitment_terms import CommitmentTerms
from chalicelib.domain.commitments import (
    DecideOnCommitment,
    Evidence,
    ServeNotice,
    SignCommitment,
    WithdrawCommitment,
)
from chalicelib.domain.credit import CreditFile, Effect
from chalicelib.domain.deadlines import Law
from chalicelib.domain.divisions import ancestor
from chalicelib.domain.documents import DocumentKind
from chalicelib.domain.errors import Invalid, NotFound, Refused, Violation, raise_all
from chalicelib.services import cases as case_services
from chalicelib.services import certificates, credit, eligibility, forms, held, renewals, uploads
from chalicelib.services.changes import change
from chalicelib.services.documents import write
from chalicelib.services.numbers import case_number
from chalicelib.services.ports import Ports, Receipt, RequestKey, Timer
from chalicelib.services.workflow import WATCH, WATCH_EVERY


@dataclass(frozen=True, slots=True)
class Ways:
    """Both ways of a draft, side by side. ``obstacles``: why the promise is not open; ``asked``: without it."""

    case: Case
    item: ImplementationItem
    terms: CommitmentTerms | None
    obstacles: tuple[Violation, ...]
    asked: tuple[Material, ...]
    asked_with_promise: tuple[Material, ...]


def ways(ports: Ports, actor: Actor, case_id: str) -> Ways:
    """What the applicant can choose between. Raises NotFound."""
    case = case_services.read(ports, actor, case_id, "commitment")
    item = _version(ports, case)
    _, obstacles = _judged(ports, case, item, ports.clock.now())
    deferred = rules.nothing_is_deferred(case, None, Act(actor, ports.clock.now()))
    obstacles = (*obstacles, *([deferred] if deferred else ()))
    promised = rules.needed(item).materials if item.commitment and not obstacles else item.materials
    return Ways(case, item, item.commitment, obstacles, item.materials, promised)


def serve(ports: Ports, actor: Actor, case_id: str, *, key: RequestKey | None = None) -> Receipt:
    """Put the text before the applicant, on record. Raises Refused with everything that bars this way."""
    return change(
        ports,
        actor,
        case_id,
        ServeNotice,
        lambda case, now: ServeNotice(_offered(ports, case)),
        key=key,
        credit=lambda case, now: _open_way(ports, case, now),
    )


def sign(
    ports: Ports,
    actor: Actor,
    case_id: str,
    *,
    text_version: int,
    text_digest: str,
    confirmed: bool,
    key: RequestKey | None = None,
) -> Receipt:
    """Sign the text that was served: its version and digest, the application, the person, the time, the channel."""

    def build(case: Case, now: datetime) -> SignCommitment:
        item = _offered(ports, case)
        command = SignCommitment(item, text_version, text_digest, confirmed)
        cases.judge(case, command, Act(actor, now))  # before the seal is asked
        said = rules.statement(
            case, rules.terms_of(item).text, actor.subject, actor.kind, actor.name, now, case.channel
        )
        return replace(command, evidence=ports.signatures.sign(said))

    return change(
        ports,
        actor,
        case_id,
        SignCommitment,
        build,
        key=key,
        credit=lambda case, now: _open_way(ports, case, now),
    )


def withdraw(ports: Ports, actor: Actor, case_id: str, *, reason: str, key: RequestKey | None = None) -> Receipt:
    """Take the promise back before the decision: the ordinary way is open again."""
    return change(ports, actor, case_id, WithdrawCommitment, lambda case, now: WithdrawCommitment(reason), key=key)


def decide(ports: Ports, actor: Actor, case_id: str, *, key: RequestKey | None = None) -> Receipt:
    """Hand the application in and have it decided in the same moment, by the published rule, certificate included.

    No execution is started for the case; its check has one of its own. Raises Refused and Invalid with everything that
    stands against it.
    """
    made = certificates.Made()

    def build(case: Case, now: datetime) -> DecideOnCommitment:
        nonlocal made
        item = _offered(ports, case)
        law = Law(item, ports.calendar.current())
        route = routing.plan(
            item, case.division, case.filed_at, body_of=ports.catalog.body_of, outlet_of=ports.catalog.outlet_of
        )
        number = case_services.receipt_number(ports.home, now, ports.ids.new(now))
        receipt = write(ports, case, DocumentKind.RECEIPT, now, route.nodes[0].signature, number=number)
        unfit = (*forms.unfit(ports, item, case.form, now), *uploads.unbacked(ports, case, case.materials))
        unfit += renewals.unfit(ports, case, now)
        needed = rules.needed(item)
        trial = DecideOnCommitment(
            item,
            law,
            unfit,
            number,
            route,
            receipt,
            held.of_applicant(ports, needed, case, now),
            _check_body(ports, case, item),
        )
        cases.judge(case, trial, Act(actor, now))  # before a number is spent
        official = case_number(ports, case, now)
        signer = route.nodes[-1].signature
        acceptance = write(ports, case, DocumentKind.ACCEPTANCE, now, signer, number=official)
        decision = write(ports, case, DocumentKind.GRANT, now, signer, number=official, **rules.told(item))
        numbered = replace(case, case_number=official)
        made = certificates.Made() if item.fees else certificates.make(ports, numbered, item, now)
        return replace(
            trial,
            case_number=official,
            acceptance=acceptance,
            decision=decision,
            certificate=made.identifier,
            replaces=made.replaces,
        )

    watch = Timer(case_id, WATCH, ports.clock.now() + WATCH_EVERY)
    return change(
        ports,
        actor,
        case_id,
        DecideOnCommitment,
        build,
        key=key,
        certificate=lambda case, now: made.certificate,
        standing=lambda case: made.replaced,
        credit=lambda case, now: _open_way(ports, case, now),
        timers=[watch],
        cleared=["draft"],
    )


def evidence(ports: Ports, actor: Actor, case_id: str) -> tuple[Evidence, bytes]:
    """The signature as a document of its own, with the public key (DER) that verifies it. Raises NotFound."""
    case = case_services.read(ports, actor, case_id, "commitment evidence")
    signed = case.commitment.evidence if case.commitment else None
    if signed is None or access.only_oversees(case, actor):
        raise NotFound.because("commitment.not-signed")
    published = ports.seal.keys()
    key = next((found for found in published if found.key_id == signed.key_id), None)
    return signed, key.spki if key else b""


def _judged(
    ports: Ports, case: Case, item: ImplementationItem, now: datetime
) -> tuple[CreditFile, tuple[Violation, ...]]:
    terms = item.commitment
    return eligibility.judged(
        ports,
        case,
        item,
        Effect.COMMITMENT,
        now,
        listed=terms is not None,
        by_law=terms is not None and terms.by_law,
    )


def _open_way(ports: Ports, case: Case, now: datetime) -> CreditFile:
    """The applicant's file, if the promise is open to them in this item. Raises Refused with every obstacle."""
    item = _version(ports, case)
    file, obstacles = _judged(ports, case, item, now)
    raise_all(Refused, [*obstacles, *credit.bars_to_apply(file, case, item, now)])
    return file


def _offered(ports: Ports, case: Case) -> ImplementationItem:
    """The version in force; the draft must have been saved under it."""
    item = ports.catalog.offer(case.item.basic_code, case.division)
    if item is None:
        raise Invalid.because("item.not-offered", "/item")
    if item.commitment is None:
        raise Refused.because("eligibility.not-listed")
    return item


def _version(ports: Ports, case: Case) -> ImplementationItem:
    item = ports.catalog.version(case.item.code, case.item.version)
    if item is None:
        raise LookupError(f"no version {case.item.version} of {case.item.code}: versions are never removed")
    return item


def _check_body(ports: Ports, case: Case, item: ImplementationItem) -> str:
    """The body that will check the promise: that of the version's department where the case belongs."""
    check = rules.terms_of(item).check
    place = ancestor(case.division, check.level)
    body = ports.catalog.body_of(check.department, place) if place else None
    return body.id if body else item.body.id
