"""Which codes scenario ``rejections`` has to meet: those of rows B2–B10 and H0, but for a few with their reasons."""

from __future__ import annotations

import json
from pathlib import Path

import chalicelib

CAPABILITIES = (
    *("authorities", "calendar", "cases", "enquiries", "fees", "hearings", "mandates", "materials", "messages"),
    *("notices", "presence", "procedures", "renewals", "tasks", "texts", "uploads"),
)
"""Files of codes that belong to part 2. Those of the other rows have scenarios of their own, or tables of tests."""

_OUTAGE = "tells that something outside does not answer; nothing that an applicant or an officer does brings it about"
_OPERATOR = "answers the operator's command that publishes a year; no route does"
_MACHINE = "answers an execution of Step Functions, which is nobody's request"
_SCHEMA = "the request's schema refuses it first, with a code of its own (uploads and procedures: schema.*)"
_CATALOGUE = "no item that the rules of the catalogue let through has such a route"

EXCEPTIONS: dict[str, str] = {
    "fee.provider-unavailable": _OUTAGE,
    "message.provider-unavailable": _OUTAGE,
    "objects.unavailable": _OUTAGE,
    "scanner.unavailable": _OUTAGE,
    "store.unavailable": _OUTAGE,
    "store.conflict": "needs two requests at one moment: tests/unit/test_transactions.py",
    "presence.claimed": "needs two claims at one moment: tests/unit/test_presence.py",
    "task.none-open": "holds for the moment between two tasks: tests/unit/test_cases.py",
    **dict.fromkeys(
        (
            *("calendar.unreadable", "calendar.year-unlikely", "calendar.source-missing", "calendar.day-outside-year"),
            *("calendar.kind-not-announced", "calendar.make-up-on-weekday", "calendar.holiday-unnamed"),
            *("calendar.fixed-holiday-missing", "calendar.changed-meanwhile"),
        ),
        _OPERATOR,
    ),
    "workflow.superseded": _MACHINE,
    "workflow.already-dead": _MACHINE,
    "workflow.nothing-to-open": _MACHINE,
    "fee.unpaid": _MACHINE,
    "procedure.days-missing": _SCHEMA,
    "upload.media-type": _SCHEMA,
    "upload.too-large": _SCHEMA,
    "upload.too-many": "needs a hundred uploads: tests/unit/test_uploads.py",
    "upload.other-content": "the bucket refuses it first, by the policy of the form: tests/unit/test_uploads.py",
    "fee.paid": "holds for the moment between payment and issue: tests/unit/test_fees.py",
    "renewal.certificate-not-valid": "needs a renewal that was issued: scenario renewal",
    "renewal.expired": "needs five years: scenario renewal",
    "procedure.result-before-notice": "needs a clock that runs backwards: tests/unit/test_procedures.py",
    "route.body-unknown": _CATALOGUE,
    "route.outlet-only-receives": _CATALOGUE,
    "route.licence-not-competent": _CATALOGUE,
    "mandate.amount-missing": "nothing in the start catalogue pays on the spot: tests/unit/test_window.py",
    "item.version-not-in-force": "needs a new release of the catalogue: tests/unit/test_case_services.py",
}


def codes() -> frozenset[str]:
    """Every code of part 2."""
    folder = Path(chalicelib.__file__).parent / "data" / "problems"
    return frozenset(code for name in CAPABILITIES for code in json.loads((folder / f"{name}.json").read_text("utf-8")))


def missed(provoked: set[str]) -> set[str]:
    """The codes that had to be met and were not."""
    return set(codes()) - provoked - EXCEPTIONS.keys()


def idle(provoked: set[str]) -> set[str]:
    """Exceptions that are none, since they were met or are no code of part 2."""
    return EXCEPTIONS.keys() & provoked | EXCEPTIONS.keys() - codes()
