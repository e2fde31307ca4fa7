"""Issuing the result of a granted case, and telling a stranger whether a paper in hand is genuine (H1, B5)."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from chalicelib.domain import access, documents
from chalicelib.domain import case_commands as c
from chalicelib.domain import certificates as rules
from chalicelib.domain.actors import SYSTEM, Actor
from chalicelib.domain.cases import Case, CaseState
from chalicelib.domain.catalog import ImplementationItem
from chalicelib.domain.certificates import Certificate, CertificateState
from chalicelib.domain.documents import Content, Entry
from chalicelib.domain.errors import NotFound, Refused
from chalicelib.domain.fees import settled
from chalicelib.services import cases, renewals
from chalicelib.services.changes import change
from chalicelib.services.filed import item_of
from chalicelib.services.ports import Ports
from chalicelib.services.seal_ports import SealKey

CERTIFIED = frozenset({"certificate", "approval", "confirmation"})
"""Kinds of result that exist as an electronic certificate; a payment has only its decision."""

_TYPE_NUMBER = 1  # the three digits behind the definer's USCC: no register of certificate types is at hand


@dataclass(frozen=True, slots=True)
class Made:
    """A certificate to be committed with its case, and what it ``replaced``, as that stands from then on.

    ``replaces``: the identifier of that, also where its person was erased and nothing of it stands any more.
    """

    certificate: Certificate | None = None
    replaces: str = ""
    replaced: tuple[Certificate, ...] = ()

    @property
    def identifier(self) -> str:
        """Of the new one; empty if there is none."""
        return self.certificate.identifier if self.certificate else ""


@dataclass(frozen=True, slots=True)
class Verification:
    """What a stranger learns. ``genuine``: content, digest and seal agree; ``ended``: its time is over."""

    certificate: Certificate
    genuine: bool
    ended: bool
    holder: str  # masked


class DocumentVerdict(StrEnum):
    """What became of a written act that the platform gave out."""

    GENUINE = "genuine"  # number, code, digest and every word are those of the case's log
    ALTERED = "altered"  # what is kept of it does not fit together
    ERASED = "erased"  # the person's data is erased: only its number, kind, date, body and digest are left


@dataclass(frozen=True, slots=True)
class DocumentVerification:
    """What the holder of a written act learns. ``content``: what it says, if it is genuine."""

    entry: Entry
    verdict: DocumentVerdict
    content: Content | None


def issue(ports: Ports, case_id: str) -> bool:
    """Issue the result of a granted case, sealed; True if it was. Doing it again, or in another state, is harmless.

    While a fee is due nothing is issued: the payment's own event comes back here.
    """
    case = ports.cases.get(case_id)
    if case is None or case.state is not CaseState.GRANTED or not settled(case):
        return False
    item = item_of(ports.catalog, case)
    made = Made()

    def build(case: Case, now: datetime) -> c.Issue:
        nonlocal made
        made = make(ports, case, item, now)
        return c.Issue(made.identifier, made.replaces)

    try:
        change(
            ports,
            SYSTEM,
            case_id,
            c.Issue,
            build,
            certificate=lambda case, now: made.certificate,
            standing=lambda case: made.replaced,
        )
    except Refused:
        # Somebody else issued it after the case was read: hints come twice, and reconciliation looks as well.
        return False
    return True


def make(ports: Ports, case: Case, item: ImplementationItem, now: datetime) -> Made:
    """The sealed certificate of a decided case, if its result is one; it exists once it is committed with the case.

    None where what it would replace was annulled between decision and issue: it would rest on nothing.
    """
    if item.result_kind not in CERTIFIED:
        return Made()
    place = renewals.place(ports, case)
    if place.void:
        return Made()
    sealed = _sealed(ports, case, item, renewals.valid_until(case, item, place, now), now)
    earlier = place.standing
    return Made(sealed, place.identifier, (earlier.replaced(sealed.identifier),) if earlier else ())


def _sealed(ports: Ports, case: Case, item: ImplementationItem, until: datetime | None, now: datetime) -> Certificate:
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
        valid_until=until,
        demo=item.demo,
        salt=ports.ids.secret(documents.CODE_ALPHABET, documents.CODE_LENGTH),
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
    signature = base64.b64decode(certificate.signature)
    genuine = digest.hex() == certificate.digest and ports.seal.verify(certificate.seal_key, digest, signature)
    return Verification(
        certificate, genuine, certificate.ended(ports.clock.now()), rules.masked(certificate.holder_name)
    )


def seal_keys(ports: Ports) -> tuple[SealKey, ...]:
    """The public keys with which anybody can verify a certificate without asking here again; the current one first."""
    return ports.seal.keys()


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


def verify_document(ports: Ports, number: str, code: str) -> DocumentVerification:
    """Judge a written act by its number and the code on it, however it was typed.

    Raises NotFound, the same for a number that does not exist and for a code that is not the document's.
    """
    found = ports.cases.document(number)
    if found is None or not found[1].opened_by(code):
        raise NotFound.because("document.not-found")
    case_id, entry = found
    case = ports.cases.get(case_id)
    if case is None:
        return DocumentVerification(entry, DocumentVerdict.ERASED, None)
    kept = next((d for d in case.documents if d.number == number), None)
    content = documents.read(case, kept, ports.cases.log(case_id)) if kept else None
    if kept is None or content is None or documents.entry(kept) != entry or content.digest() != entry.digest:
        return DocumentVerification(entry, DocumentVerdict.ALTERED, None)
    return DocumentVerification(entry, DocumentVerdict.GENUINE, content)
