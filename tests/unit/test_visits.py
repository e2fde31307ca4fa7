"""On-site service: who may ask for it, what a place arranges, and that nobody is sent to two places at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.actors import Actor, ActorKind
from chalicelib.domain.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, Refused, Unavailable
from chalicelib.domain.queueing import Priority
from chalicelib.domain.visits import GROUNDS, LONGEST, Arrangement, Visit, VisitState
from chalicelib.services import authorities, visits
from chalicelib.services.appointments import Wish
from chalicelib.services.log_ports import Access
from chalicelib.services.visits import Address
from chalicelib.storage.memory_appointments import MemoryVisits
from tests import bookings as p
from tests import factories as f
from tests.unit.test_appointment_services import DESK, WISH, person, world

pytestmark = pytest.mark.requirement("E4")
HOME = Address(f.GACHA, "示例嘎查𠮷1号", Priority.ELDERLY)
START = f.START + timedelta(days=1)
UNTIL = f.START + timedelta(days=30)
HOUR = timedelta(hours=1)
MADE = Arrangement(START, START + HOUR, ("desk",), ("TERMINAL-1",))


def authorised(made: p.AppointmentWorld, principal: Actor) -> str:
    """An authority of the agent, until a month has gone."""
    proposed = authorities.propose(made, f.AGENT, principal=principal.subject, items=(p.ITEM,), until=UNTIL).id
    authorities.confirm(made, principal, proposed)
    return proposed


def asked(made: p.AppointmentWorld, number: int = 0) -> str:
    return visits.ask(made, person(number), WISH, HOME).id


def test_a_visit_is_asked_for_arranged_told_and_made() -> None:
    made = world()
    visit = asked(made)
    assert [v.id for v in visits.of_place(made, DESK, p.PLACE, None, 5).items] == [visit]
    receipt = visits.arrange(made, DESK, visit, MADE)
    told = visits.tell(made, visit, receipt.version, "visit.arranged")
    assert told is not None
    assert "2026-03-03 09:00" in told.text.zh
    assert HOME.text not in told.text.zh
    with pytest.raises(Refused) as early:
        visits.finish(made, DESK, visit)
    assert early.value.code == "visit.not-begun"
    made.clock.at = START
    with pytest.raises(Refused) as late:
        visits.cancel(made, person(0), visit)
    assert late.value.code == "visit.begun"
    assert visits.finish(made, DESK, visit).result == {"state": "done"}
    assert visits.of_place(made, DESK, p.PLACE, None, 5).items == []
    assert visits.mine(made, person(0), None, 5).items[0].state is VisitState.DONE


@pytest.mark.parametrize(
    ("wish", "address", "error", "codes"),
    [
        (Wish(p.TERMINAL, p.ITEM), HOME, Refused, {"visit.none-from-here"}),
        (Wish(p.PLACE, "150105009999"), HOME, Invalid, {"appointment.item-not-served"}),
        (Wish("152500000000-none", p.ITEM), HOME, NotFound, {"place.not-found"}),
        (WISH, replace(HOME, division="150100000000"), Invalid, {"visit.outside-area"}),
        (
            WISH,
            replace(HOME, division="999999999999", ground=Priority.SOLDIER),
            Invalid,
            {"division.unknown", "visit.ground"},
        ),
    ],
)
def test_what_cannot_be_asked_for_is_refused_with_everything_that_is_wrong(
    wish: Wish, address: Address, error: type[DomainError], codes: set[str]
) -> None:
    with pytest.raises(error) as refused:
        visits.ask(world(), f.HERDER, wish, address)
    assert {v.code for v in refused.value.violations} == codes


@pytest.mark.parametrize("ground", sorted(GROUNDS))
def test_an_organisation_has_no_ground_that_only_a_person_has(ground: Priority) -> None:
    made, company = world(), Actor("company", ActorKind.ORGANISATION, "示例牧业有限公司")
    authority = authorised(made, company)
    for actor, wish in ((company, WISH), (f.AGENT, replace(WISH, principal=company.subject, authority=authority))):
        with pytest.raises(Invalid) as refused:
            visits.ask(made, actor, wish, replace(HOME, ground=ground))
        assert refused.value.code == "visit.ground-of-persons"


@pytest.mark.parametrize(
    ("made", "codes"),
    [
        (replace(MADE, start=f.START, end=f.START + HOUR), {"visit.past"}),
        (replace(MADE, end=START), {"visit.length"}),
        (replace(MADE, end=START + LONGEST + timedelta(seconds=1)), {"visit.length"}),
        (
            Arrangement(START + timedelta(days=60), START, ("desk",)),
            {"visit.too-far", "visit.length"},
        ),
    ],
)
def test_times_that_make_no_sense_are_refused(made: Arrangement, codes: set[str]) -> None:
    here = world()
    with pytest.raises(Invalid) as refused:
        visits.arrange(here, DESK, asked(here), made)
    assert {v.code for v in refused.value.violations} == codes


@pytest.mark.requirement("H3")
@pytest.mark.parametrize(
    ("staff", "equipment", "pointers"),
    [
        (("0f8fad5b-d9cb-469f-a165-70867728950e", "auth0|5f7c"), ("TERMINAL-1", "P3-17"), []),
        (("wang@gov.cn", "a/b+c="), ("TERMINAL-999999",), []),
        (("张三",), (), ["/staff/0"]),
        (("desk", "Zhang San"), (), ["/staff/1"]),
        (("desk\n",), (), ["/staff/0"]),
        (("desk", "", "x" * 129), (), ["/staff/1", "/staff/2"]),
        (("desk",), ("TERMINAL-01", "TERMINAL-0", "TERMINAL-1000000"), [0, 1, 2]),
        (("desk",), ("张三的电脑-1", "TERMINAL-1", "TERMINAL", "terminal-1", "TERMINAL-٣"), [0, 2, 3, 4]),
    ],
)
def test_staff_and_equipment_are_accounts_and_codes_and_no_names(
    staff: tuple[str, ...], equipment: tuple[str, ...], pointers: list[str | int]
) -> None:
    made = world()
    visit = asked(made)
    arrangement = replace(MADE, staff=staff, equipment=equipment)
    if not pointers:
        assert visits.arrange(made, DESK, visit, arrangement).result == {"state": "arranged"}
        return
    with pytest.raises(Invalid) as refused:
        visits.arrange(made, DESK, visit, arrangement)
    told = [(v.code, v.pointer) for v in refused.value.violations]
    assert told == [
        ("visit.equipment", f"/equipment/{at}") if isinstance(at, int) else ("visit.staff", at) for at in pointers
    ]


@pytest.mark.parametrize(
    ("other", "clash"),
    [
        (MADE, True),
        (replace(MADE, staff=("colleague",)), True),
        (replace(MADE, equipment=()), True),
        (replace(MADE, staff=("colleague",), equipment=("TERMINAL-2",)), False),
        (replace(MADE, start=START + HOUR, end=START + 2 * HOUR), False),
        (replace(MADE, start=START + HOUR - timedelta(seconds=1), end=START + 2 * HOUR), True),
    ],
)
def test_nobody_and_nothing_is_sent_to_two_places_at_a_time(other: Arrangement, clash: bool) -> None:
    made = world()
    visits.arrange(made, DESK, asked(made), MADE)
    second = asked(made, 1)
    if not clash:
        assert visits.arrange(made, DESK, second, other).result == {"state": "arranged"}
        return
    with pytest.raises(Conflict):
        visits.arrange(made, DESK, second, other)
    assert visits.read(made, DESK, second).state is VisitState.REQUESTED


@pytest.mark.parametrize(
    "end",
    [
        lambda made, visit: visits.cancel(made, person(0), visit),
        lambda made, visit: visits.refuse(made, DESK, visit, "道路中断"),
        lambda made, visit: visits.arrange(
            made, DESK, visit, replace(MADE, start=START + 2 * HOUR, end=START + 3 * HOUR)
        ),
    ],
)
def test_what_is_given_up_or_moved_frees_staff_and_equipment(end: Callable[[p.AppointmentWorld, str], object]) -> None:
    made = world()
    first, second = asked(made), asked(made, 1)
    visits.arrange(made, DESK, first, MADE)
    end(made, first)
    assert visits.arrange(made, DESK, second, MADE).result == {"state": "arranged"}


def test_a_refusal_needs_its_reason_and_what_is_over_is_over() -> None:
    made = world()
    visit = asked(made)
    with pytest.raises(Invalid):
        visits.refuse(made, DESK, visit, " ")
    visits.refuse(made, DESK, visit, "道路中断")
    acts: tuple[Callable[[], object], ...] = (
        lambda: visits.arrange(made, DESK, visit, MADE),
        lambda: visits.cancel(made, person(0), visit),
        lambda: visits.finish(made, DESK, visit),
    )
    for act in acts:
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == "visit.over"


@pytest.mark.requirement("I4")
def test_only_both_sides_see_a_visit_and_only_the_staff_arranges_it() -> None:
    made = world()
    visit = asked(made)
    elsewhere = replace(DESK, division=f.BANNER)
    for actor in (f.STRANGER, elsewhere):
        with pytest.raises(NotFound):
            visits.read(made, actor, visit)
    with pytest.raises(Forbidden):
        visits.arrange(made, person(0), visit, MADE)
    with pytest.raises(Forbidden):
        visits.cancel(made, DESK, visit)
    with pytest.raises(Forbidden):
        visits.of_place(made, elsewhere, p.PLACE, None, 5)


@pytest.mark.requirement("I4")
def test_whoever_reads_anothers_visit_is_recorded_and_the_applicant_is_not() -> None:
    made = world()
    authority = authorised(made, f.HERDER)
    visit = visits.ask(made, f.AGENT, replace(WISH, principal=f.HERDER.subject, authority=authority), HOME).id
    for reader in (f.HERDER, f.AGENT, DESK):
        visits.read(made, reader, visit)
    visits.of_place(made, DESK, p.PLACE, None, 5)  # masked, as the agent's list
    visits.mine(made, f.AGENT, None, 5)
    visits.arrange(made, DESK, visit, MADE)  # shows nothing
    visits.mine(made, f.HERDER, None, 5)
    with pytest.raises(NotFound):
        visits.read(made, f.STRANGER, visit)
    found = made.visits.get(visit)
    assert found is not None
    shown = visits.readers(made, f.HERDER, found)
    assert shown is not None
    assert [(a.subject, a.body, a.what) for a in shown] == [
        (DESK.subject, DESK.body, "visit"),
        (f.AGENT.subject, "", "visit"),
    ]
    for other in (f.AGENT, DESK):
        assert visits.readers(made, other, found) is None
    for _ in range(visits.READERS):
        visits.read(made, DESK, visit)
    assert {a.subject for a in visits.readers(made, f.HERDER, found) or ()} == {DESK.subject}


class Unwritable(MemoryVisits):
    """Keeps no record of readings."""

    def note(self, visit: Visit, access: Access, chance: str) -> None:
        raise Unavailable.because("store.unavailable")


@pytest.mark.requirement("I4")
def test_a_reading_that_cannot_be_recorded_shows_nothing() -> None:
    made = world()
    made.visits = Unwritable(made.store)
    visit = asked(made)
    with pytest.raises(Unavailable):
        visits.read(made, DESK, visit)
    assert [v.id for v in visits.of_place(made, DESK, p.PLACE, None, 5).items] == [visit]
    assert visits.read(made, person(0), visit).id == visit


@pytest.mark.requirement("I4")
def test_an_agent_whose_authority_is_over_sees_no_visit_that_they_asked_for() -> None:
    made = world()
    authority = authorised(made, f.HERDER)
    visit = visits.ask(made, f.AGENT, replace(WISH, principal=f.HERDER.subject, authority=authority), HOME).id
    assert visits.read(made, f.AGENT, visit).address == HOME.text
    assert [v.id for v in visits.mine(made, f.AGENT, None, 5).items] == [visit]
    assert [a.what for a in made.visits.accesses(visit, 5)] == ["visit"]
    made.clock.at = UNTIL
    assert visits.mine(made, f.AGENT, None, 5).items == []
    for act in (visits.read, visits.cancel):
        with pytest.raises(NotFound) as over:
            act(made, f.AGENT, visit)
        assert over.value.code == "visit.not-found"
    assert visits.read(made, f.HERDER, visit).booker.agent == f.AGENT.subject
