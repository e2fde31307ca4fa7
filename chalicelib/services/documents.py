"""Written acts: the one place where they are written, each with a verification code of its own."""

from __future__ import annotations

from datetime import datetime

from chalicelib.domain import documents
from chalicelib.domain.case_events import Document
from chalicelib.domain.cases import Case
from chalicelib.domain.documents import DocumentKind
from chalicelib.services.ports import Ports


def blank(kind: DocumentKind, at: datetime) -> Document:
    """The place of a notice that is not written yet."""
    return Document("", kind, at, "", "")


def write(
    ports: Ports,
    case: Case,
    kind: DocumentKind,
    at: datetime,
    body: str | None = None,
    *,
    number: str = "",
    **texts: str,
) -> Document:
    """Write a document of the case: in the name of the body at work, unless another one is named."""
    code = ports.ids.secret(documents.CODE_ALPHABET, documents.CODE_LENGTH)
    signer = acting_body(case) if body is None else body
    return documents.write(case, kind, at, signer, code=code, number=number, texts=texts)


def acting_body(case: Case) -> str:
    """Who signs: the organ in whose name the node acts, named with the entrusted body if there is one."""
    return case.pending_node.signature if case.pending_node else ""
