"""首问负责: the officer who is asked first owns the enquiry until somebody else has taken it over, on record (B7).

A hand-over is offered with its reason, to an officer or to a body; until it is taken the first owner stays
responsible. Every step is kept for good, numbered as it happened.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from chalicelib.domain.actors import Actor, ActorKind, Role
from chalicelib.domain.errors import Forbidden, Invalid, NotFound, Refused


class EnquiryState(StrEnum):
    """Where an enquiry stands."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


class StepKind(StrEnum):
    """What happened to an enquiry."""

    ASKED = "asked"
    OFFERED = "offered"
    TAKEN = "taken"
    DECLINED = "declined"
    LINKED = "linked"
    ANSWERED = "answered"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Enquiry:
    """``owner`` of ``body`` answers for it. ``offered_body`` is where it was offered to, ``offered_to`` to whom there.

    ``contact`` is how the one who asked wants to be reached; both may be empty, nobody has to say who they are.
    """

    id: str
    version: int  # the number of its last step
    state: EnquiryState
    question: str
    item: str  # basic code, empty if none is known
    contact: str
    owner: str
    body: str
    division: str
    asked_at: datetime
    case_id: str = ""
    offered_to: str = ""
    offered_body: str = ""
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of its history. ``to`` and ``to_body``: to whom it was offered; ``text``: reason or answer."""

    number: int
    kind: StepKind
    at: datetime
    by: str
    body: str
    to: str = ""
    to_body: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked."""

    text: str
    item: str = ""
    contact: str = ""


Change = tuple[Enquiry, Step]


def ask(actor: Actor, enquiry_id: str, question: Question, now: datetime) -> Change:
    """An officer is asked and owns the matter from now on. Raises Forbidden for anybody else."""
    if actor.kind is not ActorKind.OFFICER or not actor.body:
        raise Forbidden.because("enquiry.officers-only")
    _said(question.text, "/question")
    enquiry = Enquiry(
        id=enquiry_id,
        version=1,
        state=EnquiryState.OPEN,
        question=question.text,
        item=question.item,
        contact=question.contact,
        owner=actor.subject,
        body=actor.body,
        division=actor.division,
        asked_at=now,
    )
    return enquiry, Step(1, StepKind.ASKED, now, actor.subject, actor.body)


def offer(enquiry: Enquiry, actor: Actor, officer: str, body: str, reason: str, now: datetime) -> Change:
    """Offer it to a body, or to one officer there. The owner stays responsible until it is taken.

    A head of the owner's body may offer it too, for an owner who cannot.
    """
    _responsible(enquiry, actor)
    _alive(enquiry)
    _said(reason, "/reason")
    if (officer or actor.subject, body) == (enquiry.owner, enquiry.body):
        raise Invalid.because("enquiry.offered-to-owner", "/officer")
    after = replace(enquiry, offered_to=officer, offered_body=body)
    return _step(after, StepKind.OFFERED, actor, now, to=officer, to_body=body, text=reason)


def take(enquiry: Enquiry, actor: Actor, now: datetime) -> Change:
    """Whoever it was offered to takes it over: only now the owner changes."""
    _offered(enquiry, actor)
    _alive(enquiry)
    after = replace(
        enquiry, owner=actor.subject, body=actor.body, division=actor.division, offered_to="", offered_body=""
    )
    return _step(after, StepKind.TAKEN, actor, now)


def decline(enquiry: Enquiry, actor: Actor, reason: str, now: datetime) -> Change:
    """Whoever it was offered to sends it back; the owner never changed."""
    _offered(enquiry, actor)
    _alive(enquiry)
    _said(reason, "/reason")
    return _step(replace(enquiry, offered_to="", offered_body=""), StepKind.DECLINED, actor, now, text=reason)


def link(enquiry: Enquiry, actor: Actor, case_id: str, now: datetime) -> Change:
    """The question became a case, or was about one."""
    _owned(enquiry, actor)
    _alive(enquiry)
    return _step(replace(enquiry, case_id=case_id), StepKind.LINKED, actor, now)


def answer(enquiry: Enquiry, actor: Actor, text: str, now: datetime) -> Change:
    """The owner answers. An answer may be bettered until the enquiry is closed."""
    _owned(enquiry, actor)
    _alive(enquiry)
    _said(text, "/answer")
    after = replace(enquiry, state=EnquiryState.ANSWERED, answer=text, offered_to="", offered_body="")
    return _step(after, StepKind.ANSWERED, actor, now, text=text)


def close(enquiry: Enquiry, actor: Actor, reason: str, now: datetime) -> Change:
    """The owner closes it: answered, or with the reason why there is no answer."""
    _owned(enquiry, actor)
    _alive(enquiry)
    if enquiry.state is not EnquiryState.ANSWERED:
        _said(reason, "/reason")
    after = replace(enquiry, state=EnquiryState.CLOSED, offered_to="", offered_body="")
    return _step(after, StepKind.CLOSED, actor, now, text=reason)


def may_see(enquiry: Enquiry, actor: Actor) -> bool:
    """Its owner, the heads of the owner's body, and whoever it is offered to."""
    if actor.kind is not ActorKind.OFFICER:
        return False
    return actor.subject == enquiry.owner or _heads(enquiry, actor) or _is_offered(enquiry, actor)


def _step(
    enquiry: Enquiry, kind: StepKind, actor: Actor, now: datetime, *, to: str = "", to_body: str = "", text: str = ""
) -> Change:
    after = replace(enquiry, version=enquiry.version + 1)
    return after, Step(after.version, kind, now, actor.subject, actor.body, to, to_body, text)


def _heads(enquiry: Enquiry, actor: Actor) -> bool:
    return Role.HEAD in actor.roles and actor.body == enquiry.body


def _is_offered(enquiry: Enquiry, actor: Actor) -> bool:
    return (
        bool(enquiry.offered_body) and actor.body == enquiry.offered_body and enquiry.offered_to in ("", actor.subject)
    )


def _seen(enquiry: Enquiry, actor: Actor) -> None:
    if not may_see(enquiry, actor):
        raise NotFound.because("enquiry.not-found")


def _responsible(enquiry: Enquiry, actor: Actor) -> None:
    _seen(enquiry, actor)
    if actor.subject != enquiry.owner and not _heads(enquiry, actor):
        raise Forbidden.because("enquiry.not-yours")


def _owned(enquiry: Enquiry, actor: Actor) -> None:
    _seen(enquiry, actor)
    if actor.subject != enquiry.owner:
        raise Forbidden.because("enquiry.not-yours")


def _offered(enquiry: Enquiry, actor: Actor) -> None:
    _seen(enquiry, actor)
    if not _is_offered(enquiry, actor):
        raise Forbidden.because("enquiry.not-offered-to-you")


def _alive(enquiry: Enquiry) -> None:
    if enquiry.state is EnquiryState.CLOSED:
        raise Refused.because("enquiry.closed")


def _said(text: str, pointer: str) -> None:
    if not text.strip():
        raise Invalid.because("case.text-missing", pointer)
