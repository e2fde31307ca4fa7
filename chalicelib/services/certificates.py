"""Issuing the result of a granted case, and telling a stranger whether a paper in hand is genuine (H1, B5)."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain import access
from chalicelib.domain import case_commands as c
from chalicelib.domain import certificates as rules
from chalicelib.domain.actors import SYSTEM, Actor
from chalicelib.domain.case_events import Document
from chalicelib.domain.cases import Case, CaseState
from chalicelib.domain.catalog import ImplementationItem
from chalicelib.domain.certificates import Certificate, CertificateState
from chalicelib.domain.errors import NotFound, Refused
from chalicelib.domain.fees import settled
from chalicelib.services import cases, renewals
from chalicelib.services.changes import change
from chalicelib.services.filed import item_of
from chalicelib.services.ports import Ports

CERTIFIED = frozenset({"certificate", "approval", "confirmation"})
"""Kinds of result that exist as an electronic certificate; a payment has only its decision."""

_TYPE_NUMBER = 1  # the three digits behind the definer's USCC: no register of certificate types is at hand


@dataclass(frozen=True, slots=True)
class Verification:
    """What a stranger learns. ``genuine``: content, digest and seal agree; ``ended``: its time is over."""

    certificate: Certificate
    genuine: bool
    ended: bool
    holder: str  # masked


def issue(ports: Ports, case_id: str) -> bool:
    """Issue the result of a granted case, sealed; True if it was. Doing it again, or in another state, is harmless.

    While a fee is due nothing is issued: the payment's own event comes back here.
    """
    case = ports.cases.get(case_id)
    if case is None or case.state is not CaseState.GRANTED or not settled(case):
        return False
    item = item_of(ports.catalog, case)
    now = ports.clock.now()
    certificate = _make(ports, case, item, now) if item.result_kind in CERTIFIED else None
    try:
        change(
            ports,
            SYSTEM,
            case_id,
            c.Issue,
            lambda case, now: c.Issue(certificate.identifier if certificate else ""),
            certificate=lambda case, now: certificate,
        )
    except Refused:
        # Somebody else issued it after the case was read: hints come twice, and reconciliation looks as well.
        return False
    return True


def _make(ports: Ports, case: Case, item: ImplementationItem, now: datetime) -> Certificate:
    uscc = item.body.uscc
    plain = Certificate(
        identifier=rules.make_identifier(uscc, _TYPE_NUMBER, uscc, ports.ids.new(now)),
        state=CertificateState.VALID,
        type_name=item.result_name,
        item_code=item.code,
        item_name=item.name,
        case_id=case.id,
        case_number=case.case_number,
        holder_subject=case.applicant.subject,
        holder_name=case.applicant.name,
        issuer=item.body.id,
        issuer_name=item.body.name,
        issuer_uscc=uscc,
        issued_at=now,
        valid_until=renewals.valid_until(case, item, now),
        demo=item.demo,
    )
    digest = plain.content_digest()
    signature = base64.b64encode(ports.seal.sign(digest)).decode()
    return replace(plain, digest=digest.hex(), seal_key=ports.seal.key_id, signature=signature)


def verify(ports: Ports, identifier: str) -> Verification:
    """Judge a certificate by its identifier. Raises NotFound for an unknown or malformed one."""
    certificate = ports.certificates.get(identifier) if rules.is_well_formed(identifier) else None
    if certificate is None:
        raise NotFound.because("certificate.not-found")
    digest = certificate.content_digest()
    genuine = digest.hex() == certificate.digest and ports.seal.verify(digest, base64.b64decode(certificate.signature))
    return Verification(
        certificate, genuine, certificate.ended(ports.clock.now()), rules.masked(certificate.holder_name)
    )


def of_case(ports: Ports, actor: Actor, case_id: str) -> Certificate:
    """The certificate of a case, for those who may see the case; its holder masked for who only oversees it.

    Raises NotFound.
    """
    case = cases.read(ports, actor, case_id, "certificate")
    certificate = ports.certificates.get(case.certificate) if case.certificate else None
    if certificate is None:
        raise NotFound.because("certificate.not-found")
    if access.only_oversees(case, actor):
        return replace(certificate, holder_name=rules.masked(certificate.holder_name))
    return certificate


def verify_document(ports: Ports, number: str) -> Document:
    """Kind, date, body and digest of a written act by its number: enough to compare with the paper in hand."""
    found = ports.cases.document(number)
    if found is None:
        raise NotFound.because("document.not-found")
    return found[1]
