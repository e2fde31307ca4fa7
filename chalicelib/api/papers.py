"""Written acts and certificates as PDF. The same paper gives the same bytes: its only date is that of its issue.

Imported inside the views that need it: the typesetter is a large library that most requests need not load.
"""

from __future__ import annotations

import json
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

import typst

from chalicelib.api import views
from chalicelib.api.pages import qr_svg
from chalicelib.api.typography import china_time, chinese
from chalicelib.domain.deadlines import SHANGHAI
from chalicelib.edge.api import Reply

CONTENT_TYPE = "application/pdf"
MISSING = "〓"
"""What typesetters put for a character that their case does not have."""

_DATA = Path(str(files("chalicelib.data") / "fonts"))
_TEMPLATE = Path(str(files("chalicelib.api") / "templates")) / "paper.typ"
_UNBROKEN = re.compile(r"[!-~]{31,}")
_SHARE = 8
_NOT_COMPATIBILITY = re.compile(r"[^\uf900-\ufaff\U0002f800-\U0002fa1f]+")  # all but compatibility ideographs
_UNSAFE = re.compile(r"[^0-9A-Za-z._-]")


@dataclass(frozen=True, slots=True)
class Paper:
    """What a page shows. ``facts`` stand at its head, ``texts`` are its body, ``proofs`` its foot.

    ``verify_url`` and ``code`` are None for who may not have them.
    """

    title: str
    head: str
    number: str
    issued_at: str  # RFC 3339
    signer: str
    facts: tuple[tuple[str, str], ...]
    texts: tuple[tuple[str, str], ...]
    hint: str
    verify_url: str | None
    code: str | None
    proofs: tuple[tuple[str, str], ...]
    demo: bool


def document_paper(document: Mapping[str, Any]) -> Paper:
    """The paper of a written act (schema ``cases/document``)."""
    return Paper(
        title=document["kind"]["zh"],
        head=document["body"],
        number=document["number"],
        issued_at=document["issued_at"],
        signer=document["body"],
        facts=(
            ("申请人", document["applicant"]),
            ("申请事项", chinese(document["item"])),
            ("办件编号", document["case_number"]),
        ),
        texts=tuple(views.printed(document["texts"])),
        hint=chinese("扫描二维码或访问下列网址,核验本文书:"),
        verify_url=document["verify_url"],
        code=document["code"],
        proofs=(("SHA-256", document["digest"]),),
        demo=document["demo"],
    )


def certificate_paper(certificate: Mapping[str, Any]) -> Paper:
    """The paper of a certificate (schema ``certificates/certificate``)."""
    until = certificate["valid_until"]
    return Paper(
        title=certificate["type"],
        head="",
        number="",
        issued_at=certificate["issued_at"],
        signer=certificate["issuer_name"],
        facts=(
            ("证照编号", certificate["identifier"]),
            ("持有人", certificate["holder"]),
            ("事项名称", chinese(certificate["item_name"])),
            ("办件编号", certificate["case_number"]),
            ("发证机关", certificate["issuer_name"]),
            ("机关代码", certificate["issuer_uscc"]),
            ("颁发时间", china_time(certificate["issued_at"])),
            ("有效期", f"至 {china_time(until)} 前" if until else "长期"),
            ("状态", certificate["state"]["zh"]),
            *((("替代证照", certificate["replaced_by"]),) if certificate["replaced_by"] else ()),
        ),
        texts=(),
        hint=chinese("扫描二维码或访问下列网址,核验本证照及其是否仍然有效:"),
        verify_url=certificate["verify_url"],
        code=None,
        proofs=(
            ("SHA-256", certificate["digest"]),
            ("印章密钥", certificate["seal"]["key"]),
            ("电子印章", certificate["seal"]["signature"]),
        ),
        demo=certificate["demo"],
    )


def pdf(paper: Paper) -> bytes:
    """Typeset a paper on A4, fonts embedded. A character that no font has is shown by its code, and said at the end."""
    missing: dict[str, None] = {}

    def shown(text: str) -> str:
        return _breakable("".join(_shown(ch, missing) for ch in _composed(text)))

    def pairs(given: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        return [(shown(name), shown(said)) for name, said in given]

    at = datetime.fromisoformat(paper.issued_at).astimezone(SHANGHAI)
    told: dict[str, Any] = {
        "title": shown(paper.title),
        "head": shown(paper.head),
        "number": paper.number,
        "issued": [at.year, at.month, at.day, at.hour, at.minute, at.second],
        "date": f"{at.year}年{at.month}月{at.day}日",
        "signer": shown(paper.signer),
        "facts": pairs(paper.facts),
        "texts": pairs(paper.texts),
        "hint": paper.hint,
        "verify_url": paper.verify_url,
        "code": paper.code,
        "proofs": pairs(paper.proofs),
        "demo": paper.demo,
    }
    told["missing"] = list(missing)
    inputs = {"paper": json.dumps(told, ensure_ascii=False), "qr": qr_svg(paper.verify_url) if paper.verify_url else ""}
    return typst.compile(
        str(_TEMPLATE),
        root=str(_TEMPLATE.parent),
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs=inputs,
        pdf_standards=["a-2u"],
        timestamp=int(at.timestamp()),
    )


def pdf_reply(paper: Paper, number: str) -> Reply:
    """A paper to keep: under its Chinese name where the client knows RFC 6266, else under its number."""
    plain, full = _UNSAFE.sub("_", number), quote(f"{paper.title} {number}.pdf", safe="")
    named = f"attachment; filename=\"{plain}.pdf\"; filename*=UTF-8''{full}"
    return Reply(pdf(paper), headers={"Content-Disposition": named}, content_type=CONTENT_TYPE)


@cache
def _fonts() -> typst.Fonts:
    """Only our own: the paper looks the same wherever it is made."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(_DATA)])


@cache
def _covered() -> tuple[tuple[int, ...], tuple[int, ...]]:
    """First and last code points of the ranges that some font has (``infra.fonts`` writes them)."""
    lines = (_DATA / "coverage.txt").read_text(encoding="ascii").split()
    ranges = [line.split("-") for line in lines]
    return tuple(int(first, 16) for first, _ in ranges), tuple(int(last, 16) for _, last in ranges)


def has_glyph(character: str) -> bool:
    """True if some font of the chain can show the character."""
    firsts, lasts = _covered()
    at = bisect_right(firsts, ord(character)) - 1
    return at >= 0 and ord(character) <= lasts[at]


def _composed(text: str) -> str:
    """Letters with their marks in one character, as fonts have them. Chinese stays: NFC would write some names anew."""
    return _NOT_COMPATIBILITY.sub(lambda found: unicodedata.normalize("NFC", found.group()), text)


def _shown(character: str, missing: dict[str, None]) -> str:
    if has_glyph(character) or character == "\n":
        return character
    if character == "\t":
        return " "
    if unicodedata.category(character) == "Cf":
        return character  # joiners and directions shape their neighbours and need no glyph
    code = f"U+{ord(character):04X}"
    missing[code] = None
    return f"{MISSING}({code})"


def _breakable(text: str) -> str:
    """Let what has no gaps go over the end of a line, rather than over the edge of the paper."""

    def shared(found: re.Match[str]) -> str:
        run = found.group()
        return "\u200b".join(run[at : at + _SHARE] for at in range(0, len(run), _SHARE))

    return _UNBROKEN.sub(shared, text)
