"""Handing in a file as a browser does: announce it, post it into quarantine, ask for the verdict."""

from __future__ import annotations

import hashlib
from typing import Any

import httpx

from tests.e2e.harness import Client, ScenarioFailed

EXTENSIONS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", "application/ofd": "ofd"}


def wish(content: bytes, media_type: str = "application/pdf", **changes: Any) -> dict[str, Any]:
    """What is said of a file before it is sent."""
    return {
        "material": "M01",
        "name": f"申请表.{EXTENSIONS[media_type]}",
        "media_type": media_type,
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        **changes,
    }


def announce(who: Client, case_id: str, content: bytes, media_type: str = "application/pdf") -> str:
    """The id of the upload that was opened for a file."""
    return str(who.post(f"/v1/cases/{case_id}/uploads", wish(content, media_type), status=201)["id"])


def post_file(who: Client, upload: str, content: bytes, *, taken: bool = True) -> None:
    """What a browser does with the form."""
    form = who.get(f"/v1/uploads/{upload}")["form"]
    named = {"file": ("x", content, "application/octet-stream")}
    answer = httpx.post(form["url"], data=form["fields"], files=named, timeout=30)
    if answer.is_success is not taken:
        raise ScenarioFailed(f"the bucket answered {answer.status_code}: {answer.text[:500]}")


def verdict(who: Client, upload: str) -> str:
    """``clean`` or ``refused``."""
    return str(who.post(f"/v1/uploads/{upload}/finalisation")["result"]["state"])


def handed_in(who: Client, case_id: str, content: bytes, media_type: str = "application/pdf") -> str:
    """Announced, posted and judged; the upload's id."""
    upload = announce(who, case_id, content, media_type)
    post_file(who, upload, content)
    verdict(who, upload)
    return upload
