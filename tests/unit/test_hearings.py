"""Hearing rights and third parties: hand-written tables of 行政许可法 36, 45, 46, 47 and 48."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from chalicelib.api.procedure_views import shown
from chalicelib.domain import cases
from chalicelib.domain.actors import Actor
from chalicelib.domain.deadlines import end_of
from chalicelib.domain.errors import DomainError
from chalicelib.domain.hearings import ThirdParty
from chalicelib.domain.procedures import pauses
from chalicelib.services import cases as use_cases
from chalicelib.services import hearings, lapses, procedures
from tests import factories as f
from tests import journey
from tests.unit.test_procedures import LISTED

pytestmark = pytest.mark.requirement("B10")

NEIGHBOUR = ThirdParty("乌兰𠮷", "neighbour")
# Told on Monday 2 March 2026 at 09:00 in China: the fifth working day is Monday 9 March.
WINDOW_ENDS = end_of(date(2026, 3, 9))
SECOND = timedelta(seconds=1)


def told(
    node: str = "decide", officer: Actor = f.DECIDER, ground: str = "direct_interest", **item: Any
) -> tuple[f.World, str]:
    """A case on which the applicant and a neighbour were told of their right to a hearing."""
    world = f.World(f.item(special_procedures=LISTED, **item))
    case_id = journey.at(world, node)
    hearings.notify(world, officer, case_id, ground=ground, reason="涉及相邻权", third_parties=[NEIGHBOUR])
    return world, case_id


def at_china(day: int, hour: int = 9, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour - 8, tzinfo=UTC)


def request(world: f.World, case_id: str, actor: Actor = f.HERDER, party: int = 1) -> None:
    hearings.request(world, actor, case_id, party=party)


def waive_all(world: f.World, case_id: str) -> None:
    hearings.waive(world, f.HERDER, case_id, party=1)
    hearings.waive(world, f.DECIDER, case_id, party=2)


def schedule(world: f.World, case_id: str, held_on: datetime, presider: str = "presider") -> None:
    hearings.schedule(world, f.DECIDER, case_id, held_on=held_on, place="盟政务服务中心", presider=presider)


def code_of(act: Callable[[], object]) -> str:
    """The code by which an act is refused, empty if it is not."""
    try:
        act()
    except DomainError as refusal:
        return refusal.code
    return ""


def decision(world: f.World, case_id: str) -> str:
    return code_of(lambda: journey.grant(world, f.DECIDER, case_id))


def test_everybody_concerned_is_told_in_writing_of_the_right_to_be_heard() -> None:
    world, case_id = told()
    case = journey.get(world, case_id)
    assert case.hearing is not None
    assert [(p.number, p.role, p.name) for p in case.hearing.parties] == [
        (1, "applicant", f.HERDER.name),
        (2, "third_party", NEIGHBOUR.name),
    ]
    _, content = use_cases.document(world, f.HERDER, case_id, case.documents[-1].number)
    assert "五个工作日" in content.texts["rights"]
    assert content.digest() == case.documents[-1].digest
    assert NEIGHBOUR.name not in str(content)


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        pytest.param(WINDOW_ENDS - SECOND, "", id="47 the last second of the fifth day"),
        pytest.param(WINDOW_ENDS, "hearing.too-late", id="47 24:00 of the fifth day"),
        pytest.param(WINDOW_ENDS + SECOND, "hearing.too-late", id="47 a second later"),
    ],
)
def test_a_hearing_is_applied_for_within_five_days(moment: datetime, code: str) -> None:
    world, case_id = told()
    world.clock.at = moment
    assert code_of(lambda: request(world, case_id)) == code


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        pytest.param(WINDOW_ENDS - SECOND, "hearing.pending", id="47 the right still runs"),
        pytest.param(WINDOW_ENDS, "", id="47 24:00 of the fifth day"),
        pytest.param(WINDOW_ENDS + SECOND, "", id="47 a second later"),
    ],
)
def test_nothing_is_decided_before_the_five_days_are_over(moment: datetime, code: str) -> None:
    world, case_id = told()
    world.clock.at = moment
    assert decision(world, case_id) == code


def test_a_waiver_of_all_ends_the_waiting_and_a_waiver_of_one_does_not() -> None:
    world, case_id = told()
    hearings.waive(world, f.HERDER, case_id, party=1)
    assert decision(world, case_id) == "hearing.pending"
    hearings.waive(world, f.DECIDER, case_id, party=2)
    assert decision(world, case_id) == ""


@pytest.mark.parametrize(
    ("actor", "party", "code"),
    [
        pytest.param(f.HERDER, 1, "", id="47 the applicant for itself"),
        pytest.param(f.AGENT, 1, "", id="47 the applicant's agent under an authority"),
        pytest.param(f.DECIDER, 2, "", id="36 the officer records a third party"),
        pytest.param(f.HERDER, 2, "hearing.party-not-yours", id="36 the applicant for a third party"),
        pytest.param(f.DECIDER, 1, "hearing.party-not-yours", id="47 the officer for the applicant"),
        pytest.param(f.HERDER, 3, "hearing.party-unknown", id="47 nobody of that number"),
        pytest.param(f.STRANGER, 2, "case.not-found", id="I4 a stranger"),
        pytest.param(f.REVIEWER, 2, "case.not-found", id="36 an officer who is not at work on it"),
    ],
)
def test_everybody_speaks_for_their_own_side(actor: Actor, party: int, code: str) -> None:
    world, case_id = told()
    assert code_of(lambda: request(world, case_id, actor, party)) == code


def test_the_right_is_used_once_and_not_after_a_waiver() -> None:
    world, case_id = told()
    request(world, case_id)
    assert code_of(lambda: request(world, case_id)) == "hearing.already-requested"
    hearings.waive(world, f.DECIDER, case_id, party=2)
    assert code_of(lambda: request(world, case_id, f.DECIDER, 2)) == "hearing.waived"
    assert code_of(lambda: hearings.waive(world, f.DECIDER, case_id, party=2)) == "hearing.waived"


# Applied for on Monday 2 March: seven days' notice is Wednesday 11 March, the twentieth day Monday 30 March.
@pytest.mark.parametrize(
    ("held_on", "code"),
    [
        pytest.param(at_china(10, 23), "hearing.too-soon", id="48(1) six days ahead"),
        pytest.param(at_china(11, 9), "", id="48(1) seven days ahead"),
        pytest.param(at_china(30, 23), "", id="47 the twentieth day"),
        pytest.param(at_china(31, 9), "hearing.beyond-twenty-days", id="47 the day after"),
    ],
)
def test_a_hearing_is_told_seven_days_ahead_and_held_within_twenty(held_on: datetime, code: str) -> None:
    world, case_id = told()
    request(world, case_id)
    assert code_of(lambda: schedule(world, case_id, held_on)) == code


def test_a_date_that_can_no_longer_keep_the_twenty_days_is_told_all_the_same_and_recorded_as_late() -> None:
    world, case_id = told()
    request(world, case_id)
    world.clock.at = at_china(20)  # Friday; seven working days on is Tuesday 31 March
    assert code_of(lambda: schedule(world, case_id, at_china(30))) == "hearing.too-soon"
    schedule(world, case_id, at_china(31))
    assert [*world.cases.log(case_id)][-1].event.late is True  # type: ignore[attr-defined]


def test_whoever_examines_the_case_does_not_preside() -> None:
    world, case_id = told()
    request(world, case_id)
    refused = code_of(lambda: schedule(world, case_id, at_china(12), f.DECIDER.subject))
    assert refused == "hearing.presider-examines"


def test_a_hearing_stops_the_clock_from_the_day_after_its_date_was_told_to_the_day_of_its_record() -> None:
    world, case_id = told()
    request(world, case_id)
    assert pauses(journey.get(world, case_id)) == ()
    world.clock.at = at_china(4)
    schedule(world, case_id, at_china(16))
    world.clock.at = at_china(5)
    schedule(world, case_id, at_china(18))  # another date: the same stop
    assert code_of(lambda: hearings.record(world, f.DECIDER, case_id, text="笔录")) == "hearing.not-yet"
    world.clock.at = at_china(18)
    assert decision(world, case_id) == "hearing.pending"
    hearings.record(world, f.DECIDER, case_id, text="笔录")
    (pause,) = pauses(journey.get(world, case_id))
    assert (pause.since, pause.until, pause.code) == (date(2026, 3, 5), date(2026, 3, 18), "hearing")
    assert decision(world, case_id) == ""
    assert cases.fold(tuple(world.cases.log(case_id))) == replace(journey.get(world, case_id), log_head="")


def test_a_hearing_and_a_stopping_procedure_do_not_overlap() -> None:
    world, case_id = told()
    request(world, case_id)
    procedures.start(world, f.DECIDER, case_id, kind="consultation", reason="需要", days=3)
    assert code_of(lambda: schedule(world, case_id, at_china(16))) == "procedure.overlaps"
    procedures.record_result(world, f.DECIDER, case_id, procedure=1, result="无异议")
    schedule(world, case_id, at_china(16))
    begin = lambda: procedures.start(world, f.DECIDER, case_id, kind="consultation", reason="需要", days=3)  # noqa: E731
    assert code_of(begin) == "procedure.overlaps"


def test_a_hearing_that_nobody_wants_any_more_is_called_off_and_its_stop_ends() -> None:
    world, case_id = told()
    request(world, case_id)
    schedule(world, case_id, at_china(16))
    world.clock.at = at_china(4)
    hearings.waive(world, f.HERDER, case_id, party=1)
    (pause,) = pauses(journey.get(world, case_id))
    assert (pause.since, pause.until) == (date(2026, 3, 3), date(2026, 3, 4))
    # The neighbour still has the right, and uses it.
    assert decision(world, case_id) == "hearing.pending"
    request(world, case_id, f.DECIDER, 2)
    schedule(world, case_id, at_china(17))
    assert [p.until for p in pauses(journey.get(world, case_id))] == [date(2026, 3, 4), None]


def test_a_matter_of_the_public_interest_is_heard_even_if_all_waive() -> None:
    world, case_id = told(ground="public_interest")
    waive_all(world, case_id)
    world.clock.at = WINDOW_ENDS
    assert decision(world, case_id) == "hearing.pending"
    schedule(world, case_id, at_china(20))


@pytest.mark.parametrize(
    ("act", "code"),
    [
        pytest.param(
            lambda w, i: hearings.notify(
                w, f.DECIDER, i, ground="direct_interest", reason="又", third_parties=[NEIGHBOUR]
            ),
            "hearing.already-notified",
            id="47 told twice",
        ),
        pytest.param(lambda w, i: schedule(w, i, at_china(16)), "hearing.not-requested", id="47 nobody applied"),
        pytest.param(
            lambda w, i: hearings.record(w, f.DECIDER, i, text="笔录"), "hearing.not-requested", id="47 nothing held"
        ),
    ],
)
def test_a_hearing_goes_step_by_step(act: Callable[[f.World, str], object], code: str) -> None:
    world, case_id = told()
    assert code_of(lambda: act(world, case_id)) == code


def test_a_held_hearing_is_not_held_again_and_a_date_comes_before_the_record() -> None:
    world, case_id = told()
    request(world, case_id)
    record = lambda: hearings.record(world, f.DECIDER, case_id, text="笔录")  # noqa: E731
    assert code_of(record) == "hearing.not-scheduled"
    schedule(world, case_id, at_china(11))
    world.clock.at = at_china(11)
    record()
    assert code_of(record) == "hearing.already-held"


@pytest.mark.parametrize(
    ("item", "parties", "code"),
    [
        pytest.param({"type_code": "07"}, (), "hearing.not-in-version", id="46 other types: not by themselves"),
        pytest.param({}, (ThirdParty(" "),), "hearing.party-names", id="36 a blank name"),
        pytest.param({}, (NEIGHBOUR, NEIGHBOUR), "hearing.party-names", id="36 the same party twice"),
    ],
)
def test_a_notice_that_may_not_go_out_is_refused(
    item: dict[str, Any], parties: tuple[ThirdParty, ...], code: str
) -> None:
    world = f.World(f.item(**item))
    case_id = journey.at(world, "review")
    act = lambda: hearings.notify(  # noqa: E731
        world, f.REVIEWER, case_id, ground="direct_interest", reason="x", third_parties=parties
    )
    assert code_of(act) == code
    assert code_of(lambda: request(world, case_id)) == "hearing.not-notified"


@pytest.mark.requirement("I4")
@pytest.mark.parametrize(
    ("viewer", "name"),
    [(f.DECIDER, NEIGHBOUR.name), (f.HERDER, "乌**"), (f.SUPERVISOR, "乌**")],
    ids=["examiner", "applicant", "supervisor"],
)
def test_only_whoever_examines_reads_the_names_of_third_parties(viewer: Actor, name: str) -> None:
    world, case_id = told()
    case = journey.get(world, case_id)
    view = shown(case, viewer, lapses.law_of(world, case), world.clock.now())["hearing"]
    assert [p["name"] for p in view["parties"]][1] == name
    assert (view["stage"]["code"], view["blocks_decision"]) == ("open", True)
    assert view["request_until"] == WINDOW_ENDS.isoformat()
