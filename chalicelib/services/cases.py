"""What applicants, and those who file for them, do with a case; and what may be read of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain import access, cases, documents, renewals, routing, supplement_dates, window
from chalicelib.domain import case_commands as c
from chalicelib.domain.actors import SYSTEM, Actor, ActorKind
from chalicelib.domain.case_events import (
    DeferredMaterial,
    EventRecord,
    HeldCertificate,
    ItemRef,
    Party,
    SubmittedMaterial,
    awaited_terms,
)
from chalicelib.domain.case_rules import Act
from chalicelib.domain.cases import Case
from chalicelib.domain.catalog import ImplementationItem, Necessity
from chalicelib.domain.credit import Effect
from chalicelib.domain.deadlines import Law, legal_day
from chalicelib.domain.documents import DocumentKind
from chalicelib.domain.errors import Conflict, Invalid, NotFound, Refused, Violation, raise_all
from chalicelib.domain.presence import Shown
from chalicelib.domain.renewals import CaseKind
from chalicelib.domain.routing import Channel
from chalicelib.services import accesses, credit, eligibility, erasure, filing, forms, held, lapses, uploads
from chalicelib.services import renewals as renewal_services
from chalicelib.services.changes import change, receipt_of
from chalicelib.services.documents import write
from chalicelib.services.numbers import case_number
from chalicelib.services.ports import Page, Ports, Receipt, RequestKey, Timer

DRAFT_LIFE = timedelta(days=90)
"""A draft that nobody submits is discarded: personal data is kept only as long as it is needed (I4)."""

WATCH_AFTER = timedelta(hours=1)
"""How long after submission reconciliation first looks whether the case still moves."""

_PERSON = "1"  # 服务对象 code of natural persons; every other code is some kind of organisation


@dataclass(frozen=True, slots=True)
class Opening:
    """A request to begin an application. ``authority`` only for agents.

    Only at a window: ``presence``, the code that the applicant shows, or ``identity``, what the officer checked.
    """

    item: str  # basic code
    division: str
    channel: Channel
    presence: str = ""
    identity: Shown | None = None
    authority: str = ""
    kind: CaseKind = CaseKind.NEW
    certificate: str = ""  # what a renewal, change or reissue is about


def open_draft(ports: Ports, actor: Actor, opening: Opening, key: RequestKey | None = None) -> Receipt:
    """Begin an application, on any channel under the same rules (B1).

    Raises Invalid for an item that is not offered there or not to this kind of applicant, and for a presence code that
    does not hold; Refused for one that was used; Forbidden for an agent without authority in force.
    """
    now = ports.clock.now()
    if ports.divisions.get(opening.division) is None:
        raise Invalid.because("division.unknown", "/division", division=opening.division)
    item = _offer(ports, opening.item, opening.division)
    case_id = ports.ids.new(now)
    filed = filing.of(ports, actor, opening, case_id, now)
    party = filed.party
    if not _serves(item, party):
        raise Invalid.because("item.not-for-this-applicant", "/item")
    command = c.OpenDraft(
        case_id=case_id,
        item=_ref(item),
        applicant=party,
        division=opening.division,
        channel=opening.channel,
        filed_at=filed.filed_at,
        agent="" if actor.kind in (ActorKind.PERSON, ActorKind.ORGANISATION) else actor.subject,
        authority=filed.authority.id if filed.authority else "",
        kind=opening.kind,
        about=_about(ports, opening, party, now),
        presence=filed.presence,
        identity=filed.identity,
    )
    case, events = cases.open_draft(command, actor, now)
    receipt = receipt_of(case, events)
    try:
        ports.cases.commit(
            case,
            events,
            expected_version=0,
            key=key,
            receipt=receipt,
            authority=filed.authority,
            timers=[Timer(case.id, "draft", now + DRAFT_LIFE)],
        )
    except Conflict:
        if filed.presence and ports.cases.presence_used(filed.presence):
            raise Refused.because("presence.code-used", "/presence") from None
        raise
    return receipt


def _about(ports: Ports, opening: Opening, party: Party, now: datetime) -> HeldCertificate | None:
    """The certificate that the case is about, which must be the applicant's own and still count."""
    if opening.kind is CaseKind.NEW:
        return None
    held = ports.certificates.get(opening.certificate)
    known = renewal_services.identified(ports, held, opening.identity)
    raise_all(Invalid, renewals.obstacles(held, opening.kind, party, opening.item, now, identified=known))
    return HeldCertificate(held.identifier, held.valid_until) if held else None


def save(
    ports: Ports,
    actor: Actor,
    case_id: str,
    *,
    form: Mapping[str, Any],
    materials: Sequence[SubmittedMaterial],
    delivery: str,
    expected: int,
    deferred: Sequence[DeferredMaterial] = (),
) -> Receipt:
    """Replace the draft's content. Saving follows the catalogue: the draft moves to the version in force.

    Who still works on a draft has not abandoned it: its life begins anew.
    """

    def build(case: Case, now: datetime) -> c.SaveApplication:
        item = _offer(ports, case.item.basic_code, case.division)
        return c.SaveApplication(_ref(item), form, tuple(materials), delivery, tuple(deferred))

    life = Timer(case_id, "draft", ports.clock.now() + DRAFT_LIFE)
    return change(ports, actor, case_id, c.SaveApplication, build, expected=expected, timers=[life])


def submit(
    ports: Ports, actor: Actor, case_id: str, *, key: RequestKey | None = None, expected: int | None = None
) -> Receipt:
    """Hand the application in: checked once, receipt number, route. Every defect is named at once (B9).

    What the platform holds is not asked for (B8). An item marked 收件即受理 is accepted in the same commit when a
    window that may do so hands it in (B6).
    """

    def build(case: Case, now: datetime) -> c.Submit:
        item = _offer(ports, case.item.basic_code, case.division)
        route = routing.plan(
            item, case.division, case.filed_at, body_of=ports.catalog.body_of, outlet_of=ports.catalog.outlet_of
        )
        given_here = window.accepts_on_receipt(item, route, actor)
        if given_here:
            route = window.without_outlet(route, actor)
        number = receipt_number(ports.home, now, ports.ids.new(now))
        receiver = route.nodes[0].signature
        document = write(ports, case, DocumentKind.RECEIPT, now, receiver, number=number)
        unfit = (*forms.unfit(ports, item, case.form, now), *uploads.unbacked(ports, case, case.materials))
        held_here = held.of_applicant(ports, item, case, now)
        law = Law(item, ports.calendar.current())
        there = {m.code for m in (*case.materials, *held_here)}
        unfit += tuple(supplement_dates.unlawful(case.deferred, item, case.applicant.subject, there, now, law.calendar))
        unfit += (*_barred(ports, case, item, now), *renewal_services.unfit(ports, case, now))
        command = c.Submit(item, unfit, number, route, document, held_here)
        if not given_here:
            return command
        credit.admitted(ports, case, now)
        cases.judge(case, command, Act(actor, now))  # before a number is spent
        official = case_number(ports, case, now)
        accepting = window.accepting_node(route).signature
        awaited = supplement_dates.at_acceptance(case, law, now)
        told = awaited_terms(awaited)
        acceptance = write(ports, case, DocumentKind.ACCEPTANCE, now, accepting, number=official, **told)
        return replace(command, case_number=official, acceptance=acceptance, awaited=awaited)

    watch = Timer(case_id, "watch", ports.clock.now() + WATCH_AFTER)
    return change(
        ports,
        actor,
        case_id,
        c.Submit,
        build,
        key=key,
        expected=expected,
        credit=credit.supposing_none(ports),
        timers=[watch],
        cleared=["draft"],
    )


def _barred(ports: Ports, case: Case, item: ImplementationItem, now: datetime) -> tuple[Violation, ...]:
    """What keeps this applicant from handing anything in later: the excluded areas, and unrepaired credit (D5)."""
    if not case.deferred:
        return ()
    listed = any(m.necessity is Necessity.DEFERRABLE for m in item.materials)
    _, found = eligibility.judged(ports, case, item, Effect.INCOMPLETE_ACCEPTANCE, now, listed=listed, by_law=False)
    return tuple(replace(v, pointer="/deferred") for v in found)


def receipt_number(home: str, now: datetime, chance: str) -> str:
    """Home division, legal day and ten characters of chance: given without a counter, so nobody waits for anybody."""
    return f"{home[:6]}{legal_day(now):%Y%m%d}{chance[-10:]}"


def withdraw(ports: Ports, actor: Actor, case_id: str, reason: str, *, key: RequestKey | None = None) -> Receipt:
    """Take the application back before the decision."""
    return change(ports, actor, case_id, c.Withdraw, lambda case, now: c.Withdraw(reason), key=key)


def confirm_receipt(ports: Ports, actor: Actor, case_id: str, *, key: RequestKey | None = None) -> Receipt:
    """The applicant has the electronic result: delivered, closed."""
    return change(ports, actor, case_id, c.ConfirmReceipt, lambda case, now: c.ConfirmReceipt(), key=key)


def discard_draft(
    ports: Ports, case_id: str, *, actor: Actor = SYSTEM, reason: str = "abandoned", key: RequestKey | None = None
) -> Receipt:
    """Drop a draft: by its applicant at any time, by the timer once it is abandoned."""
    erasing = Timer(case_id, erasure.TIMER, ports.clock.now() + erasure.AFTER_DISCARDING)
    timers = [*uploads.leftovers(ports, case_id), erasing]
    return change(
        ports, actor, case_id, c.Discard, lambda case, now: c.Discard(reason), key=key, timers=timers, cleared=["draft"]
    )


# -- reading ---------------------------------------------------------------------------------------------


def read(ports: Ports, actor: Actor, case_id: str, what: str = "case") -> Case:
    """The case as it stands now, with what time has brought about. Raises NotFound for whoever may not see it.

    ``what`` names the part that is shown, for the record that is kept of everybody else's readings (I4).
    Its version is that of the last recorded event: a lapse that nobody has recorded yet has no number.
    """
    case = accesses.readable(ports, actor, ports.cases.get(case_id))
    seen = access.require_sight(lapses.seen_at(ports, case, ports.clock.now()), actor)
    accesses.note(ports, actor, case, what)
    return replace(seen, version=case.version)


def timeline(ports: Ports, actor: Actor, case_id: str, what: str = "timeline") -> tuple[Case, Sequence[EventRecord]]:
    """The case and its whole log."""
    case = read(ports, actor, case_id, what)
    return case, tuple(ports.cases.log(case_id))


def mine(ports: Ports, actor: Actor, after: str | None, limit: int) -> Page[Case]:
    """The cases in which the actor is applicant or filer, newest first."""
    return ports.cases.cases_of(actor.subject, after, limit)


def document(ports: Ports, actor: Actor, case_id: str, number: str) -> tuple[Case, documents.Content]:
    """What a document of the case says. Raises NotFound."""
    case, log = timeline(ports, actor, case_id, f"document {number}")
    found = next((d for d in case.documents if d.number == number), None)
    content = documents.read(case, found, log) if found else None
    if content is None:
        raise NotFound.because("document.not-found")
    return case, content


def _offer(ports: Ports, basic_code: str, division: str) -> ImplementationItem:
    item = ports.catalog.offer(basic_code, division)
    if item is None:
        raise Invalid.because("item.not-offered", "/item")
    return item


def _serves(item: ImplementationItem, party: Party) -> bool:
    if not item.applicant_kinds:
        return True
    if party.kind is ActorKind.PERSON:
        return _PERSON in item.applicant_kinds
    return any(code != _PERSON for code in item.applicant_kinds)


def _ref(item: ImplementationItem) -> ItemRef:
    return ItemRef(item.code, item.basic_code, item.version, item.name, item.name_en, item.body.id, item.demo)
