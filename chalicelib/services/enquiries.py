"""Enquiries at a window (首问负责, B7): asked, handed over on record, answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from chalicelib.domain import enquiries as rules
from chalicelib.domain.actors import Actor, ActorKind
from chalicelib.domain.enquiries import Change, Enquiry, Question, Step
from chalicelib.domain.errors import Forbidden, Invalid, NotFound
from chalicelib.services import cases
from chalicelib.services.ports import Page, Ports, Receipt, RequestKey


def ask(ports: Ports, actor: Actor, question: Question, *, key: RequestKey | None = None) -> Receipt:
    """Record what an officer was asked; they own it. Raises Forbidden for others, Invalid for an unknown item."""
    now = ports.clock.now()
    made = rules.ask(actor, ports.ids.new(now), question, now)
    if question.item and ports.catalog.offer(question.item, actor.division) is None:
        raise Invalid.because("item.not-offered", "/item")
    return _commit(ports, made, 0, key)


def offer(
    ports: Ports, actor: Actor, enquiry_id: str, *, officer: str, body: str, reason: str, key: RequestKey | None = None
) -> Receipt:
    """Offer it to a body or an officer there; it stays with its owner until it is taken."""

    def act(enquiry: Enquiry, now: datetime) -> Change:
        if ports.catalog.body(body) is None:
            raise Invalid.because("enquiry.body-unknown", "/body")
        return rules.offer(enquiry, actor, officer, body, reason, now)

    return _change(ports, actor, enquiry_id, act, key)


def take(ports: Ports, actor: Actor, enquiry_id: str, *, key: RequestKey | None = None) -> Receipt:
    """Take over what was offered."""
    return _change(ports, actor, enquiry_id, lambda enquiry, now: rules.take(enquiry, actor, now), key)


def decline(ports: Ports, actor: Actor, enquiry_id: str, *, reason: str, key: RequestKey | None = None) -> Receipt:
    """Send back what was offered."""
    return _change(ports, actor, enquiry_id, lambda enquiry, now: rules.decline(enquiry, actor, reason, now), key)


def link(ports: Ports, actor: Actor, enquiry_id: str, *, case_id: str, key: RequestKey | None = None) -> Receipt:
    """Link it to a case that the owner may see. Raises NotFound for any other."""

    def act(enquiry: Enquiry, now: datetime) -> Change:
        changed = rules.link(enquiry, actor, case_id, now)
        cases.read(ports, actor, case_id)
        return changed

    return _change(ports, actor, enquiry_id, act, key)


def answer(ports: Ports, actor: Actor, enquiry_id: str, *, text: str, key: RequestKey | None = None) -> Receipt:
    """Record the answer that was given."""
    return _change(ports, actor, enquiry_id, lambda enquiry, now: rules.answer(enquiry, actor, text, now), key)


def close(ports: Ports, actor: Actor, enquiry_id: str, *, reason: str, key: RequestKey | None = None) -> Receipt:
    """Close it."""
    return _change(ports, actor, enquiry_id, lambda enquiry, now: rules.close(enquiry, actor, reason, now), key)


def read(ports: Ports, actor: Actor, enquiry_id: str) -> tuple[Enquiry, Sequence[Step]]:
    """The enquiry with its whole history, for its owner, the owner's heads and whoever it is offered to."""
    enquiry = _seen(ports, actor, enquiry_id)
    return enquiry, ports.enquiries.history(enquiry_id)


def listed(ports: Ports, actor: Actor, queue: str, after: str | None, limit: int) -> Page[Enquiry]:
    """``mine``: those that the officer owns. ``offered``: offered to them. ``body``: offered to any of their body."""
    if actor.kind is not ActorKind.OFFICER or not actor.body:
        raise Forbidden.because("enquiry.officers-only")
    match queue:
        case "mine":
            return ports.enquiries.owned_by(actor.subject, after, limit)
        case "offered":
            return ports.enquiries.offered_to(actor.subject, after, limit)
        case _:
            return ports.enquiries.offered_to(actor.body, after, limit)


def _seen(ports: Ports, actor: Actor, enquiry_id: str) -> Enquiry:
    enquiry = ports.enquiries.get(enquiry_id)
    if enquiry is None or not rules.may_see(enquiry, actor):
        raise NotFound.because("enquiry.not-found")
    return enquiry


def _change(
    ports: Ports,
    actor: Actor,
    enquiry_id: str,
    act: Callable[[Enquiry, datetime], Change],
    key: RequestKey | None,
) -> Receipt:
    before = _seen(ports, actor, enquiry_id)
    return _commit(ports, act(before, ports.clock.now()), before.version, key)


def _commit(ports: Ports, change: Change, expected_version: int, key: RequestKey | None) -> Receipt:
    enquiry, step = change
    receipt = Receipt("enquiry", enquiry.id, enquiry.version, (step.number,), {"state": str(enquiry.state)})
    ports.enquiries.commit(enquiry, step, expected_version=expected_version, key=key, receipt=receipt)
    return receipt
