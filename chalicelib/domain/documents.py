"""Written acts (收件回执、受理/不予受理通知书、决定书): numbered, dated, with a digest of what they say (B5).

The number is that of the case with a suffix for the kind and, from the second of a kind on, a running number: unique
without a counter of its own. A number can be guessed, so each act also bears a verification code by chance. It is part
of what the digest covers, so that nobody can try out names against the digest; who has not the code is told nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib.domain.case_events import Document, EventRecord
from chalicelib.domain.cases import Case
from chalicelib.domain.errors import Invalid, raise_all
from chalicelib.domain.texts import violations as deceiving


class DocumentKind(StrEnum):
    """The kinds of written act."""

    RECEIPT = "receipt"
    ACCEPTANCE = "acceptance"
    NON_ACCEPTANCE = "non_acceptance"
    GRANT = "grant"
    REFUSAL = "refusal"
    DEEMED_RENEWAL = "deemed_renewal"
    CORRECTION_NOTICE = "correction_notice"
    DEEMED_WITHDRAWAL = "deemed_withdrawal"
    ACCEPTANCE_REVOCATION = "acceptance_revocation"
    SUPPLEMENT_NOTICE = "supplement_notice"
    PROCEDURE_NOTICE = "procedure_notice"
    EXTENSION_NOTICE = "extension_notice"
    HEARING_NOTICE = "hearing_notice"
    HEARING_DATE = "hearing_date"
    HEARING_RECORD = "hearing_record"
    CHECK_RESULT = "check_result"
    MENDING_ORDER = "mending_order"
    INTENDED_REVOCATION = "intended_revocation"
    REVOCATION = "revocation"
    NO_REVOCATION = "no_revocation"


_SUFFIX = {
    DocumentKind.RECEIPT: "SJ",
    DocumentKind.ACCEPTANCE: "SL",
    DocumentKind.NON_ACCEPTANCE: "BSL",
    DocumentKind.GRANT: "ZY",
    DocumentKind.REFUSAL: "BXK",
    DocumentKind.DEEMED_RENEWAL: "YX",
    DocumentKind.CORRECTION_NOTICE: "BZ",
    DocumentKind.DEEMED_WITHDRAWAL: "SWCH",
    DocumentKind.ACCEPTANCE_REVOCATION: "CXSL",
    DocumentKind.SUPPLEMENT_NOTICE: "RQBZ",
    DocumentKind.PROCEDURE_NOTICE: "TBCX",
    DocumentKind.EXTENSION_NOTICE: "YCQX",
    DocumentKind.HEARING_NOTICE: "TZGZ",
    DocumentKind.HEARING_DATE: "TZTZ",
    DocumentKind.HEARING_RECORD: "TZBL",
    DocumentKind.CHECK_RESULT: "HCJG",
    DocumentKind.MENDING_ORDER: "XQZG",
    DocumentKind.INTENDED_REVOCATION: "NCX",
    DocumentKind.REVOCATION: "CX",
    DocumentKind.NO_REVOCATION: "BYCX",
}


CODE_ALPHABET = "34679ACDEFGHJKMNPQRTVWXY"
"""No two characters that look alike in print or by hand: without 0 O, 1 I L, 2 Z, 5 S, 8 B and U."""

CODE_LENGTH = 18
"""Of 24 characters: 82 bits of chance."""

_GROUP = 6


@dataclass(frozen=True, slots=True)
class Content:
    """What a document says. ``texts``: reasons, remedies, opinion, as far as the kind has them."""

    kind: DocumentKind
    number: str
    issued_at: datetime
    body: str
    case_number: str
    item: str
    applicant: str
    texts: Mapping[str, str]
    code: str = ""  # written before there were codes

    def digest(self) -> str:
        """SHA-256 over the canonical JSON of all of it, in hex."""
        said = {
            "kind": self.kind,
            "number": self.number,
            "issued_at": self.issued_at.isoformat(),
            "body": self.body,
            "case_number": self.case_number,
            "item": self.item,
            "applicant": self.applicant,
            "texts": dict(self.texts),
        }
        if self.code:
            said["code"] = self.code
        text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Entry:
    """What is kept of a written act outside its case, to find it by its number.

    Of the code only its own digest (``lock``): once a person's data is erased with its key, nothing is left by which
    names could be tried out. Empty for acts from before there were codes: nothing opens them.
    """

    number: str
    kind: str
    issued_at: datetime
    body: str
    digest: str
    lock: str = ""

    def opened_by(self, typed: str) -> bool:
        """True for the code on the act, however it was typed."""
        return bool(self.lock) and hmac.compare_digest(self.lock, _lock(plain_code(typed)))


def entry(document: Document) -> Entry:
    """The entry under which a document is found."""
    d = document
    return Entry(d.number, d.kind, d.issued_at, d.body, d.digest, _lock(d.code) if d.code else "")


def printed_code(code: str) -> str:
    """A code in groups, to be read and typed: ``34679A-CDEFGH-JKMNPQ``."""
    return "-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))


def plain_code(typed: str) -> str:
    """A code as it is kept: without what people put between its groups, in capitals, full-width letters made plain."""
    return "".join(ch for ch in unicodedata.normalize("NFKC", typed).upper() if ch.isalnum())


def _lock(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def write(
    case: Case, kind: DocumentKind, at: datetime, body: str, *, code: str, number: str = "", texts: Mapping[str, str]
) -> Document:
    """A new document of a case.

    ``number`` is the case's number where it gets it only now; ``code`` is drawn by chance. Raises Invalid for words
    that deceive whoever reads them (``domain.texts``): people trust what is in writing.
    """
    raise_all(Invalid, deceiving(texts))
    base = number or case.number
    earlier = sum(d.kind == kind for d in case.documents)
    own = f"{base}-{_SUFFIX[kind]}{earlier + 1 if earlier else ''}"
    content = Content(kind, own, at, body, base, case.item.name, case.applicant.name, texts, code)
    return Document(own, kind, at, body, content.digest(), code)


def read(case: Case, document: Document, log: Iterable[EventRecord]) -> Content | None:
    """What a document of a case says, put together again from the log; its digest tells whether that is still so.

    None if the log knows no such document.
    """
    record = next((r for r in log if getattr(r.event, "document", None) == document), None)
    if record is None:
        return None
    base = document.number.rsplit("-", 1)[0]
    return Content(
        kind=DocumentKind(document.kind),
        number=document.number,
        issued_at=document.issued_at,
        body=document.body,
        case_number=base,
        item=case.item.name,
        applicant=case.applicant.name,
        texts=record.event.told,
        code=document.code,
    )
