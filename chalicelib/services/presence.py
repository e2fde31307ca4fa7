"""Presence codes of applicants, and claiming what a window filed for somebody without account (B1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain import presence as rules
from chalicelib.domain.actors import Actor
from chalicelib.domain.case_events import Party
from chalicelib.domain.cases import Case
from chalicelib.domain.certificates import Certificate
from chalicelib.domain.errors import NotFound
from chalicelib.domain.presence import ClaimApplication
from chalicelib.services.changes import change
from chalicelib.services.ports import Ports, Receipt, RequestKey


@dataclass(frozen=True, slots=True)
class Code:
    """A code to be shown, and when it ends."""

    text: str
    until: datetime


def code(ports: Ports, actor: Actor) -> Code:
    """A fresh code of the actor's own account. Nothing is stored until a window uses it. Raises Forbidden."""
    now = ports.clock.now()
    made = rules.of(actor, ports.ids.new(now), now)
    return Code(rules.signed(made, ports.presence_secrets[0]), made.until)


def claim(ports: Ports, actor: Actor, receipt: str, number: str, *, key: RequestKey | None = None) -> Receipt:
    """Take over what was filed for the actor: by the number of its receipt and of the document that was checked.

    Raises NotFound whatever does not fit: nobody learns which part of it was wrong, or that there is such a case.
    """
    found = ports.cases.document(receipt)
    case = ports.cases.get(found[0]) if found else None
    if case is None or not rules.may_claim(case, actor, number):
        raise NotFound.because("case.not-found")
    claimant = Party(actor.subject, actor.kind, actor.name)
    return change(
        ports,
        actor,
        case.id,
        ClaimApplication,
        lambda case, now: ClaimApplication(claimant),
        key=key,
        standing=lambda after: _with_its_holder(ports, after),
    )


def _with_its_holder(ports: Ports, case: Case) -> Iterator[Certificate]:
    """The certificate goes with the case; what is sealed in it names no account and stays as it is."""
    issued = ports.certificates.get(case.certificate) if case.certificate else None
    if issued is not None:
        yield issued.held_by(case.applicant.subject)
