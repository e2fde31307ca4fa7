"""On-site service (上门服务): asked for by the applicant or their agent, arranged and made by the place (E4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain import visits as rules
from chalicelib.domain.actors import Actor
from chalicelib.domain.deadlines import legal_day
from chalicelib.domain.divisions import contains
from chalicelib.domain.errors import Forbidden, Invalid, NotFound, Refused, Violation, raise_all
from chalicelib.domain.messages import Message
from chalicelib.domain.queueing import Priority
from chalicelib.domain.schedules import LEVELS
from chalicelib.domain.visits import Arrangement, Visit, VisitState
from chalicelib.services import accesses, notifications, schedules
from chalicelib.services.appointment_ports import AppointmentPorts
from chalicelib.services.appointments import Wish, errand_at, is_own, is_staff, owned, party_of
from chalicelib.services.log_ports import Access
from chalicelib.services.ports import Page, Receipt, RequestKey

READERS = 50
"""So many of those who have read a visit are shown with it, the latest ones: it is read a few times, not every day."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the visit goes, and why the applicant cannot come."""

    division: str
    text: str
    ground: Priority


def ask(
    ports: AppointmentPorts, actor: Actor, wish: Wish, address: Address, *, key: RequestKey | None = None
) -> Receipt:
    """Ask a place to come, for a person. Raises Invalid outside its area, for other grounds, or an item not served."""
    now = ports.clock.now()
    kind, booker = party_of(ports, actor, wish)
    place = schedules.standing(ports, wish.place, legal_day(now))
    if place.kind not in LEVELS:
        raise Refused.because("visit.none-from-here")
    errand = errand_at(ports, place, wish.item)
    found = ports.divisions.get(address.division)
    raise_all(
        Invalid,
        [
            None if found else Violation("division.unknown", "/division", {"division": address.division}),
            Violation("visit.outside-area", "/division")
            if found and not contains(place.division, address.division)
            else None,
            rules.unfit(address.ground, kind),
        ],
    )
    visit = Visit(
        id=ports.ids.new(now),
        version=1,
        state=VisitState.REQUESTED,
        event="visit.requested",
        booker=booker,
        errand=errand,
        place=place.id,
        place_name=place.name,
        division=address.division,
        address=address.text,
        ground=address.ground,
        made_at=now,
        changed_at=now,
    )
    return _commit(ports, visit, None, key)


def arrange(
    ports: AppointmentPorts, actor: Actor, visit_id: str, made: Arrangement, *, key: RequestKey | None = None
) -> Receipt:
    """The staff says when they come, who and with what. Raises Conflict when somebody or something is taken then."""
    return _by_staff(ports, actor, visit_id, lambda visit, now: rules.arrange(visit, made, now), key)


def refuse(
    ports: AppointmentPorts, actor: Actor, visit_id: str, reason: str, *, key: RequestKey | None = None
) -> Receipt:
    """The staff says why they cannot come."""
    return _by_staff(ports, actor, visit_id, lambda visit, now: rules.refuse(visit, reason, now), key)


def finish(ports: AppointmentPorts, actor: Actor, visit_id: str, *, key: RequestKey | None = None) -> Receipt:
    """The staff was there."""
    return _by_staff(ports, actor, visit_id, rules.finish, key)


def cancel(ports: AppointmentPorts, actor: Actor, visit_id: str, *, key: RequestKey | None = None) -> Receipt:
    """The applicant, or who asked for them, needs it no longer."""
    before = _visible(ports, actor, visit_id)
    if is_staff(actor, before.place):
        raise Forbidden.because("appointment.applicants-only")
    return _commit(ports, rules.cancel(before, ports.clock.now()), before, key)


def read(ports: AppointmentPorts, actor: Actor, visit_id: str) -> Visit:
    """For whom it is, who asked for them, and the staff of the place. Raises NotFound for everybody else.

    Readings by anybody but the applicant are recorded before anything is shown (I4); Unavailable if they cannot be.
    """
    found = _visible(ports, actor, visit_id)
    if not is_applicants(actor, found):
        ports.visits.note(found, *accesses.reading(ports, actor, found.id, "visit"))
    return found


def readers(ports: AppointmentPorts, actor: Actor, visit: Visit) -> Sequence[Access] | None:
    """Who else has read a visit that the actor may read, newest first: for the one for whom it is, None for others."""
    return ports.visits.accesses(visit.id, READERS) if is_applicants(actor, visit) else None


def is_applicants(actor: Actor, visit: Visit) -> bool:
    """It is for the actor themselves: name, address and ground are their own, in a list too."""
    return actor.subject == visit.booker.subject


def _visible(ports: AppointmentPorts, actor: Actor, visit_id: str) -> Visit:
    found = ports.visits.get(visit_id)
    if found is None or not (is_own(ports, actor, found.booker) or is_staff(actor, found.place)):
        raise NotFound.because("visit.not-found")
    return found


def mine(ports: AppointmentPorts, actor: Actor, after: str | None, limit: int) -> Page[Visit]:
    """The actor's own visits, and an agent's those asked for under an authority in force; newest first.

    A page may have fewer than ``limit``, and still not be the last. A list shows name, address and ground to nobody but
    whose they are (``is_applicants``), and is not recorded therefore.
    """
    page = ports.visits.of(actor.subject, after, limit)
    return Page(owned(ports, actor, page.items), page.next)


def of_place(ports: AppointmentPorts, actor: Actor, place_id: str, after: str | None, limit: int) -> Page[Visit]:
    """What a place has been asked for and has still to do, oldest first. Raises Forbidden for all but its staff.

    Shown as in ``mine``: the staff reads name, address and ground in the visit itself.
    """
    schedules.standing(ports, place_id, legal_day(ports.clock.now()))
    if not is_staff(actor, place_id):
        raise Forbidden.because("place.staff-only")
    return ports.visits.open_at(place_id, after, limit)


def tell(ports: AppointmentPorts, visit_id: str, number: int, kind: str) -> Message | None:
    """Tell the applicant what became of it. Again is harmless; Unavailable while a provider is away."""
    found = ports.visits.get(visit_id)
    if found is None or kind not in rules.TOLD:
        return None
    places = {
        "item": found.errand.name,
        "place": found.place_name,
        "when": notifications.wall_time(found.start),
        "where": f"{ports.public_address}/v1/visits/{found.id}",
    }
    return notifications.tell(ports, notifications.About(found.id, number, kind, found.booker.subject), places)


def _by_staff(
    ports: AppointmentPorts,
    actor: Actor,
    visit_id: str,
    act: Callable[[Visit, datetime], Visit],
    key: RequestKey | None,
) -> Receipt:
    before = _visible(ports, actor, visit_id)
    if not is_staff(actor, before.place):
        raise Forbidden.because("place.staff-only")
    return _commit(ports, act(before, ports.clock.now()), before, key)


def _commit(ports: AppointmentPorts, after: Visit, before: Visit | None, key: RequestKey | None) -> Receipt:
    receipt = Receipt("visit", after.id, after.version, (after.version,), {"state": str(after.state)})
    ports.visits.commit(after, before=before, key=key, receipt=receipt)
    return receipt
