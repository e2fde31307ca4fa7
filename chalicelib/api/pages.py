"""Pages that people print or land on by a QR code. Everything is escaped; nothing is loaded from elsewhere.

Imported inside the views that need it: templates and QR codes cost start-up time that most requests need not pay.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import segno
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from chalicelib.api import typography, views

_templates = Environment(
    loader=PackageLoader("chalicelib.api", "templates"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
)


_templates.filters["china_time"] = typography.china_time
_templates.filters["printed"] = views.printed
_templates.filters["chinese"] = typography.chinese


def qr_svg(url: str) -> str:
    """The QR code of an address as an SVG element."""
    return segno.make(url, error="m", micro=False).svg_inline(scale=4, border=4)


def document_page(document: Mapping[str, Any]) -> str:
    """A written act, to print on A4."""
    url = document["verify_url"]
    qr = Markup(qr_svg(url)) if url else None  # noqa: S704 -- our own SVG, no user text in it
    return _templates.get_template("document.html").render(document=document, qr=qr)


def verification_page(found: Mapping[str, Any]) -> str:
    """What a stranger learns who scans a certificate."""
    return _templates.get_template("verification.html").render(found=found)


def document_verification_page(found: Mapping[str, Any]) -> str:
    """What a stranger learns who scans a written act."""
    return _templates.get_template("document_verification.html").render(found=found)
