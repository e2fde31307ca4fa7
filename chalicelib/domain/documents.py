"""Written acts (收件回执、受理/不予受理通知书、决定书): numbered, dated, with a digest of what they say (B5).

The number is that of the case with a suffix for the kind and, from the second of a kind on, a running number: unique
without a counter of its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
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
    PROCEDURE_NOTICE = "procedure_notice"
    EXTENSION_NOTICE = "extension_notice"
    HEARING_NOTICE = "hearing_notice"
    HEARING_DATE = "hearing_date"
    HEARING_RECORD = "hearing_record"


_SUFFIX = {
    DocumentKind.RECEIPT: "SJ",
    DocumentKind.ACCEPTANCE: "SL",
    DocumentKind.NON_ACCEPTANCE: "BSL",
    DocumentKind.GRANT: "ZY",
    DocumentKind.REFUSAL: "BXK",
    DocumentKind.DEEMED_RENEWAL: "YX",
    DocumentKind.CORRECTION_NOTICE: "BZ",
    DocumentKind.DEEMED_WITHDRAWAL: "SWCH",
    DocumentKind.PROCEDURE_NOTICE: "TBCX",
    DocumentKind.EXTENSION_NOTICE: "YCQX",
    DocumentKind.HEARING_NOTICE: "TZGZ",
    DocumentKind.HEARING_DATE: "TZTZ",
    DocumentKind.HEARING_RECORD: "TZBL",
}


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
        text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def write(case: Case, kind: DocumentKind, at: datetime, body: str, *, number: str = "", **texts: str) -> Document:
    """A new document of a case. ``number`` is the case's number where it gets it only now.

    Raises Invalid for words that deceive whoever reads them (``domain.texts``): people trust what is in writing.
    """
    raise_all(Invalid, deceiving(texts))
    base = number or case.number
    earlier = sum(d.kind == kind for d in case.documents)
    own = f"{base}-{_SUFFIX[kind]}{earlier + 1 if earlier else ''}"
    content = Content(kind, own, at, body, base, case.item.name, case.applicant.name, texts)
    return Document(own, kind, at, body, content.digest())


def read(case: Case, document: Document, log: tuple[EventRecord, ...]) -> Content:
    """What a document of a case says, put together again from the log; its digest tells whether that is still so."""
    record = next(r for r in log if getattr(r.event, "document", None) == document)
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
    )
