"""Whatever dies in the middle of booking, giving back, promoting or moving: doing it again ends where it would have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain.errors import Refused, Unavailable
from chalicelib.services import appointments, rebooking
from chalicelib.services.ports import RequestKey
from tests import bookings as p
from tests.unit.test_appointment_services import SATURDAY, WISH, filled, person, world
from tests.unit.test_rebooking import closed, full_day

STEPS = 60


class Crashing:
    """Lets the n-th call of a store fail: before it did anything, or after it did and before it could say so."""

    def __init__(self, store: Any, at: int, *, after: bool) -> None:
        self._store, self._left, self._after = store, at, after

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if not callable(found):
            return found

        def call(*args: Any, **named: Any) -> Any:
            self._left -= 1
            if self._left == 0 and not self._after:
                raise Unavailable.because("store.unavailable")
            answer = found(*args, **named)
            if self._left == 0:
                raise Unavailable.because("store.unavailable")
            return answer

        return call


def swept(prepare: Callable[[], p.AppointmentWorld], act: Callable[[p.AppointmentWorld], object]) -> set[str]:
    """Let the act die at each of its calls, do it again, and answer the different endings there were."""
    endings = set()
    for after in (False, True):
        for at in range(1, STEPS):
            made = prepare()
            store = made.appointments
            made.appointments = Crashing(store, at, after=after)  # type: ignore[assignment]
            try:
                act(made)
            except Unavailable:
                made.appointments = store
                act(made)
            else:
                made.appointments = store
                endings.add(ending(made))
                break
            endings.add(ending(made))
        else:
            raise AssertionError(f"more than {STEPS} calls")
    return endings


def ending(made: p.AppointmentWorld) -> str:
    found = [a for n in range(20) for a in made.appointments.of(person(n).subject, None, 9).items]
    seats = [(a.place, a.day, a.seat) for a in found if a.seat]
    assert len(seats) == len(set(seats))
    return str(sorted(Counter((str(a.state), a.version, str(a.start)) for a in found).items()))


@pytest.mark.requirement("E4")
def test_booking_that_dies_and_is_repeated_with_its_key_books_once() -> None:
    key = RequestKey("scope", "content")

    def book(made: p.AppointmentWorld) -> None:
        if made.cases.receipt(key.scope) is None:  # as the edge does for a repeated request
            appointments.book(made, person(0), WISH, SATURDAY, key=key)

    assert len(swept(world, book)) == 1


@pytest.mark.requirement("E4")
def test_giving_back_that_dies_and_is_repeated_gives_back_once() -> None:
    key = RequestKey("scope", "content")

    def prepare() -> p.AppointmentWorld:
        made = world()
        filled(made)
        return made

    def cancel(made: p.AppointmentWorld) -> None:
        if made.cases.receipt(key.scope) is None:
            (mine,) = made.appointments.of(person(0).subject, None, 1).items
            appointments.cancel(made, person(0), mine.id, key=key)

    assert len(swept(prepare, cancel)) == 1


@pytest.mark.requirement("E4")
def test_promoting_that_dies_books_the_one_who_waited_longest_and_nobody_else() -> None:
    def prepare() -> p.AppointmentWorld:
        made, booked, _ = full_day()
        appointments.cancel(made, person(0), booked[0])
        return made

    def promote(made: p.AppointmentWorld) -> None:
        (given_back,) = made.appointments.of(person(0).subject, None, 1).items
        rebooking.promote(made, given_back.id)

    assert len(swept(prepare, promote)) == 1


@pytest.mark.requirement("E4")
def test_moving_that_dies_leaves_nobody_behind_and_moves_nobody_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebooking, "HORIZON", rebooking.HORIZON * 0)  # the days that matter: fewer calls to die at

    def prepare() -> p.AppointmentWorld:
        made = world()
        filled(made)
        made.place_store.load([closed()])
        return made

    endings = swept(prepare, lambda made: rebooking.follow_place(made, p.PLACE, 2))
    assert len(endings) == 1
    assert "2026-03-07" not in endings.pop()


def test_the_sweep_notices_an_act_that_cannot_be_repeated() -> None:
    with pytest.raises(Refused) as noticed:
        swept(world, lambda made: appointments.book(made, person(0), WISH, SATURDAY))
    assert {v.code for v in noticed.value.violations} == {"appointment.item-twice", "appointment.double"}
