"""Domain objects as the API shows them: codes with their labels, and nothing the viewer may not read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from chalicelib.api.typography import chinese
from chalicelib.data import label
from chalicelib.domain import access, notices
from chalicelib.domain import case_events as e
from chalicelib.domain.actors import Actor
from chalicelib.domain.case_events import EventRecord
from chalicelib.domain.cases import Case
from chalicelib.domain.certificates import masked
from chalicelib.domain.documents import Content, printed_code
from chalicelib.domain.errors import Invalid
from chalicelib.domain.notices import Defect
from chalicelib.domain.presence import is_provisional
from chalicelib.domain.routing import Node
from chalicelib.services.log_ports import Access


def labelled(group: str, code: str) -> dict[str, str]:
    """A code with its Chinese and English label."""
    text = label(group, code)
    return {"code": str(code), "zh": text["zh"], "en": text["en"]}


def instant(at: datetime | None) -> str | None:
    """A moment as RFC 3339 text in UTC."""
    return at.isoformat() if at else None


def moment(text: str, pointer: str) -> datetime:
    """A moment in UTC. RFC 3339 knows some that nobody can keep: leap seconds, and what lies outside the calendar."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid.because("schema.format", pointer, format="date-time") from None


def reading(access: Access) -> dict[str, Any]:
    """When somebody read another's data, and from which body; not who."""
    return {"at": instant(access.at), "actor": {"kind": labelled("actor", access.kind), "body": access.body}}


def case_summary(case: Case) -> dict[str, Any]:
    """A row of a listing."""
    return {
        "id": case.id,
        "version": case.version,
        "state": labelled("state", case.state),
        "item": asdict(case.item),
        "channel": labelled("channel", case.channel),
        "receipt_number": case.receipt_number,
        "case_number": case.case_number,
        "created_at": instant(case.created_at),
        "received_at": instant(case.received_at),
        "accepted_at": instant(case.accepted_at),
        "decided_at": instant(case.decided_at),
    }


def case(case: Case, viewer: Actor) -> dict[str, Any]:
    """The whole case. Supervisors see how it is handled, not what the applicant wrote (I4)."""
    supervising = access.only_oversees(case, viewer)
    shown = {
        **case_summary(case),
        "applicant": {
            "kind": str(case.applicant.kind),
            "name": masked(case.applicant.name) if supervising else case.applicant.name,
            "account": not is_provisional(case.applicant.subject),
            **_identity(case, supervising),
        },
        "kind": labelled("kind", case.kind),
        "about": case.about.identifier if case.about else "",
        "division": case.division,
        "filed_at": case.filed_at,
        "delivery": case.delivery,
        "route": [_node(case, i, node) for i, node in enumerate(case.route.nodes)],
        "task": _task(case, viewer),
        "documents": [
            {
                "number": d.number,
                "kind": labelled("document", d.kind),
                "issued_at": instant(d.issued_at),
                "body": d.body,
                "digest": d.digest,
            }
            for d in case.documents
        ],
        "notice": _notice(case, supervising),
        "certificate": case.certificate,
        "workflow": {"attempt": case.workflow_attempt, "dead": case.workflow_dead},
    }
    if not supervising:
        shown["form"] = dict(case.form)
        shown["materials"] = [{k: v for k, v in asdict(m).items() if v} for m in case.materials]
    return shown


def _identity(case: Case, supervising: bool) -> dict[str, Any]:
    check = case.identity
    if check is None or supervising:
        return {}
    return {"identity": {"document": labelled("identity_document", check.document), "number": check.number}}


def _notice(case: Case, overseen: bool) -> dict[str, Any] | None:
    """What waits for correction, all of it at once, each in its place."""
    if not notices.open_defects(case):
        return None
    sent = case.notices.sent[-1]
    return {
        "document": sent.number,
        "sent_at": instant(sent.sent_at),
        "defects": [] if overseen else [defect(d) for d in sent.defects],
    }


def defect(found: Defect) -> dict[str, Any]:
    """What is wrong, and where."""
    shown = {"place": found.place, "name": found.name, "reason": found.reason}
    return shown | {name: value for name, value in (("page", found.page), ("code", found.code)) if value}


def _node(case: Case, index: int, node: Node) -> dict[str, Any]:
    current = case.pending_node is not None and index == case.position
    shown: dict[str, Any] = {
        "role": labelled("task", node.role),
        "body": node.body,
        "body_name": node.body_name,
        "division": node.division,
        "mode": labelled("mode", node.mode),
        "in_name_of": node.in_name_of,
        "state": "current" if current else "done" if index < case.position else "pending",
    }
    if node.limit:
        shown["limit"] = {"value": node.limit.value, "unit": str(node.limit.unit), "demo": node.limit.demo}
    return shown


def _task(case: Case, viewer: Actor) -> dict[str, Any] | None:
    task = case.task
    if task is None:
        return None
    return {
        "number": task.number,
        "role": labelled("task", task.role),
        "body": task.body,
        "opened_at": instant(task.opened_at),
        "claimed": bool(task.assignee),
        "yours": task.assignee == viewer.subject,
    }


def timeline(case: Case, log: Sequence[EventRecord], viewer: Actor) -> dict[str, Any]:
    """The log for everybody who sees the case; without the words of defects for who only oversees it."""
    overseen = access.only_oversees(case, viewer)
    return {
        "case": case.id,
        "version": case.version,
        "state": labelled("state", case.state),
        "events": [
            {
                "number": record.number,
                "type": labelled("event", record.event.type),
                "recorded_at": instant(record.recorded_at),
                "effective_at": instant(record.effective_at),
                "actor": {
                    "kind": labelled("actor", record.actor.kind),
                    "body": record.actor.body,
                    "division": record.actor.division,
                },
                "facts": _facts(record.event, overseen),
            }
            for record in log
        ],
    }


_SHOWN = (
    "receipt_number",
    "case_number",
    "ground",
    "competent_body",
    "role",
    "body",
    "conclusion",
    "certificate",
    "method",
    "attempt",
    "position",
    "task",
    "places",
    "outcome",
    "procedure",
    "stops",
    "late",
    "party",
    "called_off",
)
"""An allow-list: what a field of an event must be called to be shown. Texts that officers wrote for each other,
form data and names stay in the case, where the viewer's rights decide."""

DEFECTS = "defects"
"""What is wrong with an application is told in words that may quote it: not for who only oversees the case (I4)."""

_REASONED = (e.CaseReturned, e.CaseWithdrawn)
"""Events whose reason is shown although no written act goes with them."""


def _facts(event: e.Event, overseen: bool) -> dict[str, Any]:
    names = (*_SHOWN, "reason") if isinstance(event, _REASONED) else _SHOWN
    facts = {name: getattr(event, name) for name in names if getattr(event, name, "") != ""}
    facts |= {name: text for name, text in event.told.items() if text and not (overseen and name == DEFECTS)}
    document = getattr(event, "document", None)
    if document is not None:
        facts["document"] = document.number
    if isinstance(event, e.ResultDelivered):
        # Who received it at a window stays with the case: only what helps to find a parcel is shown.
        facts |= {name: event.proof[name] for name in ("carrier", "tracking_number") if name in event.proof}
    if isinstance(event, e.TaskOpened):
        facts["role"] = labelled("task", event.role)
    return facts


def document(case: Case, content: Content, base_url: str, viewer: Actor) -> dict[str, Any]:
    """A written act with the code and the link that verify it.

    Who only oversees the case learns nobody's full name by it, and so gets no code: with it names could be tried out.
    """
    digest, overseen = content.digest(), access.only_oversees(case, viewer)
    code = "" if overseen else content.code
    verify_url = f"{base_url}/v1/verify/documents/{content.number}/{code}/page" if code else None
    return {
        "number": content.number,
        "kind": labelled("document", content.kind),
        "issued_at": instant(content.issued_at),
        "body": content.body,
        "case_number": content.case_number,
        "item": content.item,
        "applicant": masked(content.applicant) if overseen else content.applicant,
        "texts": {name: text for name, text in told(content).items() if not (overseen and name == DEFECTS)},
        "digest": digest,
        "intact": any(d.number == content.number and d.digest == digest for d in case.documents),
        "demo": case.item.demo,
        "code": printed_code(code) if code else None,
        "verify_url": verify_url,
    }


def printed(texts: Mapping[str, str]) -> list[tuple[str, str]]:
    """The texts of a written act as they stand on paper: what each is called in Chinese, and what it says."""
    return [
        (label("text", name)["zh"], chinese(label("ground", said)["zh"] if name == "ground" else said))
        for name, said in texts.items()
    ]


def told(content: Content) -> dict[str, str]:
    """The texts of a written act that are not empty."""
    return {name: text for name, text in content.texts.items() if text}
