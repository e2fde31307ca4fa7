"""What part 5 brings to the doors: places, proposals of new versions, bookings, the queue of a day, visits."""

from __future__ import annotations

from datetime import date, timedelta

from chalicelib.domain.queueing import Priority
from chalicelib.domain.visits import Arrangement
from chalicelib.services import appointments, authorities, places, queues, visits
from chalicelib.services.appointments import Wish
from chalicelib.services.visits import Address
from tests import bookings
from tests import factories as f
from tests.bookings import AppointmentWorld
from tests.doors import policies
from tests.doors.people import ACTORS
from tests.places import MANAGER, REGULAR, banner_centre, terminal

FIRST = f.START + timedelta(hours=1, minutes=30)
"""A slot of the day of the world: later than half an hour from now, and near enough to check in for it now."""

HOME = Address(f.GACHA, "示例嘎查1号", Priority.ELDERLY)


def prepare(world: AppointmentWorld, made: dict[str, str]) -> None:
    """Put all of it into the world, each by its name in the tables."""
    world.open_for_booking(bookings.terms(early=240))
    banner = banner_centre(windows=bookings.place().windows)
    closed = terminal(9, closed=True)
    world.place_store.load([banner, closed])
    made |= {"place": bookings.PLACE, "place-unbooked": banner.id, "place-closed": closed.id}
    own, foreign = _authority(world, f.HERDER), _authority(world, f.STRANGER)
    _bookings(world, made, own, foreign)
    _visits(world, made, own, foreign)
    authorities.revoke(world, f.STRANGER, foreign)
    _queue(world, made)
    _proposals(world, made)


def _who(name: str) -> f.Actor:
    found = ACTORS[name]
    assert found is not None
    return found


def _authority(world: AppointmentWorld, principal: f.Actor) -> str:
    until = world.clock.now() + timedelta(days=300)
    made = authorities.propose(world, f.AGENT, principal=principal.subject, items=(policies.BASIC,), until=until)
    authorities.confirm(world, principal, made.id)
    return made.id


def _helped(principal: f.Actor, authority: str) -> Wish:
    return Wish(bookings.PLACE, policies.BASIC, principal.subject, authority)


def _bookings(world: AppointmentWorld, made: dict[str, str], own: str, foreign: str) -> None:
    wish, later = Wish(bookings.PLACE, bookings.ITEM), FIRST + timedelta(minutes=30)
    made["appointment-over"] = appointments.book(world, f.HERDER, wish, FIRST).id
    appointments.cancel(world, f.HERDER, made["appointment-over"])
    made["appointment"] = appointments.book(world, f.HERDER, wish, FIRST).id
    for name, principal, authority in (("helped", f.HERDER, own), ("lapsed", f.STRANGER, foreign)):
        made[f"appointment-{name}"] = appointments.book(world, f.AGENT, _helped(principal, authority), later).id


def _visits(world: AppointmentWorld, made: dict[str, str], own: str, foreign: str) -> None:
    wish, start = Wish(bookings.PLACE, bookings.ITEM), f.START + timedelta(days=3)
    for name in ("visit", "visit-arranged", "visit-over"):
        made[name] = visits.ask(world, f.HERDER, wish, HOME).id
    arranged = Arrangement(start, start + timedelta(hours=1), ("desk",), ("TERMINAL-1",))
    visits.arrange(world, _who("desk"), made["visit-arranged"], arranged)
    visits.refuse(world, _who("desk"), made["visit-over"], "道路中断")
    for name, principal, authority in (("helped", f.HERDER, own), ("lapsed", f.STRANGER, foreign)):
        made[f"visit-{name}"] = visits.ask(world, f.AGENT, _helped(principal, authority), HOME).id


def _queue(world: AppointmentWorld, made: dict[str, str]) -> None:
    for _ in range(2):
        queues.take_number(world, _who("desk"), bookings.PLACE, bookings.ITEM)
    queues.call_next(world, _who("desk"), bookings.PLACE, "W1")
    for name, number in (("called", "1"), ("waiting", "2"), ("unnumbered", "99")):
        made |= {f"place-{name}": bookings.PLACE, f"place-{name} queue_number": number}


def _proposals(world: AppointmentWorld, made: dict[str, str]) -> None:
    new = terminal(1, version=1, since=date(2026, 4, 1), name="自助终端", hours=(REGULAR,))
    for name in ("proposal", "proposal-decided"):
        made[name] = places.propose(world, MANAGER, [new], "新设").id
    places.reject(world, _who("bureau"), made["proposal-decided"], "已有")
    made["proposal-region"] = places.propose(world, _who("region-bureau"), [new], "新设").id
