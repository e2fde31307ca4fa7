"""Electronic certificates for their holders, and verification for everybody."""

from __future__ import annotations

import base64
from typing import Any

from chalicelib import wiring
from chalicelib.api import views
from chalicelib.domain.certificates import Certificate, masked
from chalicelib.edge.api import ApiBlueprint, Auth, Reply, Request
from chalicelib.services import certificates

bp = ApiBlueprint(__name__, tag="certificates")

_NOT_FOUND = "certificate.not-found"


@bp.route_v1(
    "GET",
    "/cases/{case_id}/certificate",
    summary=("查看电子证照", "The certificate of a case"),
    response="certificates/certificate",
    problems=("case.not-found", _NOT_FOUND),
)
def read_certificate(request: Request) -> Reply:
    """With its seal, what was sealed, and the QR code by which anybody can verify it."""
    return Reply(_certificate(request))


@bp.route_v1(
    "GET",
    "/cases/{case_id}/certificate/pdf",
    summary=("下载电子证照(PDF)", "The certificate of a case as PDF"),
    content_type="application/pdf",
    problems=("case.not-found", _NOT_FOUND),
)
def download_certificate(request: Request) -> Reply:
    """The same to keep and to print: A4, fonts embedded."""
    from chalicelib.api.papers import certificate_paper, pdf_reply

    certificate = _certificate(request)
    return pdf_reply(certificate_paper(certificate), certificate["identifier"])


def _certificate(request: Request) -> dict[str, Any]:
    from chalicelib.api.pages import qr_svg

    ports = wiring.current()
    certificate = certificates.of_case(ports, request.who, request.path["case_id"])
    url = f"{ports.settings.public_base_url or request.base_url}/v1/verify/certificates/{certificate.identifier}/page"
    # A certificate whose holder is masked does not show what was sealed: the name stands in it.
    whole = certificate.content_digest().hex() == certificate.digest
    return {
        **_facts(certificate),
        "holder": certificate.holder_name,
        "item": certificate.item_code,
        "case": certificate.case_id,
        "case_number": certificate.case_number,
        "issuer": certificate.issuer,
        "seal": {"key": certificate.seal_key, "algorithm": "ECDSA_SHA_256", "signature": certificate.signature},
        "sealed": certificate.content().decode() if whole else None,
        "verify_url": url,
        "qr": qr_svg(url),
    }


@bp.route_v1(
    "GET",
    "/verify/certificates/{identifier}",
    summary=("核验电子证照", "Verify a certificate"),
    auth=Auth.PUBLIC,
    response="certificates/verification",
    problems=(_NOT_FOUND,),
)
def verify_certificate(request: Request) -> Reply:
    """Whether content and seal agree and whether it still counts. The holder's name is masked."""
    return Reply(_verified(request))


@bp.route_v1(
    "GET",
    "/verify/certificates/{identifier}/page",
    summary=("核验电子证照(网页)", "Verify a certificate, as a page"),
    auth=Auth.PUBLIC,
    content_type="text/html",
    problems=(_NOT_FOUND,),
)
def verify_certificate_page(request: Request) -> Reply:
    """Where the QR code leads."""
    from chalicelib.api.pages import verification_page

    return Reply(verification_page(_verified(request)), content_type="text/html; charset=utf-8")


@bp.route_v1(
    "GET",
    "/seal-keys",
    summary=("电子印章公钥", "The public keys of the seal"),
    auth=Auth.PUBLIC,
    response="certificates/seal_keys",
    problems=("seal.unavailable",),
)
def read_seal_keys(request: Request) -> Reply:
    """A JWK set: with it anybody can verify a certificate without this platform. The current key stands first."""
    keys = [
        {"kid": key.key_id, "kty": "EC", "crv": "P-256", "x": _base64url(key.x), "y": _base64url(key.y), "use": "sig"}
        for key in certificates.seal_keys(wiring.current())
    ]
    return Reply({"keys": keys}, headers={"Cache-Control": "public, max-age=3600"})


@bp.route_v1(
    "GET",
    "/verify/documents/{number}/{code}",
    summary=("核验文书", "Verify a written act"),
    auth=Auth.PUBLIC,
    response="certificates/document_verification",
    problems=("document.not-found",),
)
def verify_document(request: Request) -> Reply:
    """What the document with this number and verification code says, to compare with the paper in hand."""
    return Reply(_document(request))


@bp.route_v1(
    "GET",
    "/verify/documents/{number}/{code}/page",
    summary=("核验文书(网页)", "Verify a written act, as a page"),
    auth=Auth.PUBLIC,
    content_type="text/html",
    problems=("document.not-found",),
)
def verify_document_page(request: Request) -> Reply:
    """Where the QR code on a written act leads."""
    from chalicelib.api.pages import document_verification_page

    return Reply(document_verification_page(_document(request)), content_type="text/html; charset=utf-8")


def _document(request: Request) -> dict[str, Any]:
    found = certificates.verify_document(wiring.current(), request.path["number"], request.path["code"])
    entry, content = found.entry, found.content
    return {
        "number": entry.number,
        "verdict": views.labelled("document_verdict", found.verdict),
        "kind": views.labelled("document", entry.kind),
        "issued_at": views.instant(entry.issued_at),
        "body": entry.body,
        "item": content.item if content else None,
        "applicant": masked(content.applicant) if content else None,
        "texts": views.told(content) if content else {},
        "digest": entry.digest,
    }


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _verified(request: Request) -> dict[str, Any]:
    found = certificates.verify(wiring.current(), request.path["identifier"])
    return {**_facts(found.certificate), "genuine": found.genuine, "ended": found.ended, "holder": found.holder}


def _facts(certificate: Certificate) -> dict[str, Any]:
    return {
        "identifier": certificate.identifier,
        "state": views.labelled("certificate", certificate.state),
        "replaced_by": certificate.replaced_by or None,
        "type": certificate.type_name,
        "item_name": certificate.item_name,
        "issuer_name": certificate.issuer_name,
        "issuer_uscc": certificate.issuer_uscc,
        "issued_at": views.instant(certificate.issued_at),
        "valid_until": views.instant(certificate.valid_until),
        "demo": certificate.demo,
        "digest": certificate.digest,
    }
