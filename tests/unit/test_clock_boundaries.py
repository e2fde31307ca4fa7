"""Every kind of clock against every kind of calendar, a second and a day before, at and after its end.

The dates are counted by hand from the official notices of 2025 and 2026; nothing here computes one. In 2026 working
Sundays and Saturdays are 4 January, 14 and 28 February, 9 May, 20 September and 10 October; off are 1-3 January,
15-23 February, 4-6 April, 1-5 May, 19-21 June, 25-27 September and 1-7 October. For 2027 no notice exists.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache

import pytest

from chalicelib.domain.case_events import HeldCertificate
from chalicelib.domain.cases import Case, CaseState
from chalicelib.domain.catalog import Correction, CorrectionOutcome, LegalBasis, Limit, LimitUnit, RouteStep, StepRole
from chalicelib.domain.clocks import Clock, ClockKind, ClockState, clocks
from chalicelib.domain.deadlines import SHANGHAI, Law
from chalicelib.domain.divisions import Level
from chalicelib.domain.extensions import Extended
from chalicelib.domain.hearing_rights import Hearing, Interested
from chalicelib.domain.law import EXTENSION
from chalicelib.domain.notices import Notice, Notices
from chalicelib.domain.procedures import Procedure
from chalicelib.domain.stays import Stay
from chalicelib.storage.calendar import packaged
from tests import factories as f
from tests import journey

K, S = ClockKind, ClockState
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
OWN = LegalBasis("某条例", "9")

pytestmark = pytest.mark.requirement("B10")


def at(day: str, clock: str = "10:00:00") -> datetime:
    """A moment in China."""
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=SHANGHAI).astimezone(UTC)


def after(day: str) -> datetime:
    """24:00 of a day in China, which is 16:00 UTC of the same date."""
    return datetime.fromisoformat(f"{day}T16:00:00+00:00")


@cache
def under_way() -> tuple[Case, Law]:
    """A case at its last node, of an item with every clock that there is."""
    steps = (
        RouteStep(StepRole.ACCEPT, Level.LEAGUE, "05"),
        RouteStep(StepRole.PRELIMINARY_REVIEW, Level.BANNER, "05"),
        RouteStep(StepRole.REVIEW, Level.LEAGUE, "05", limit=Limit(3, LimitUnit.WORKDAY, OWN)),
        RouteStep(StepRole.DECIDE, Level.LEAGUE, "05"),
    )
    item = f.item(
        steps=steps,
        promised_limit=Limit(7, LimitUnit.WORKDAY),
        correction=Correction(Limit(15, LimitUnit.WORKDAY, OWN), CorrectionOutcome.NOT_ACCEPTED, OWN),
    )
    world = f.World(item)
    return journey.get(world, journey.at(world, "decide")), Law(item, packaged())


LENGTH = {
    K.NOTICE: 5,
    K.CORRECTION: 15,
    K.DECISION_STATUTORY: 20,
    K.DECISION_PROMISED: 7,
    K.PRELIMINARY_REVIEW: 20,
    K.NODE: 3,
    K.ASSIGNMENT: 5,
    K.HEARING_REQUEST: 5,
    K.HEARING: 20,
    K.CERTIFICATE: 10,
}
"""Working days of each clock, by the articles 32, 42, 43, 44, 47 and 55 of 行政许可法 and the item above."""

STOPPABLE = {K.DECISION_STATUTORY, K.DECISION_PROMISED, K.PRELIMINARY_REVIEW, K.NODE}

CALENDARS = {
    "plain weeks": ("2026-03-02", {3: "03-05", 5: "03-09", 7: "03-11", 10: "03-16", 15: "03-23", 20: "03-30"}),
    "from a Friday": ("2026-03-13", {3: "03-18", 5: "03-20", 7: "03-24", 10: "03-27", 15: "04-03", 20: "04-13"}),
    "from a Saturday": ("2026-03-14", {3: "03-18", 5: "03-20", 7: "03-24", 10: "03-27", 15: "04-03", 20: "04-13"}),
    "make-up days": ("2026-02-11", {3: "02-14", 5: "02-25", 7: "02-27", 10: "03-03", 15: "03-10", 20: "03-17"}),
    "the long holiday": ("2026-09-29", {3: "10-09", 5: "10-12", 7: "10-14", 10: "10-19", 15: "10-26", 20: "11-02"}),
    "the year's end": ("2025-12-29", {3: "01-04", 5: "01-06", 7: "01-08", 10: "01-13", 15: "01-20", 20: "01-27"}),
    "an unannounced year": ("2026-12-28", {3: "12-31", 5: "01-05", 7: "01-07", 10: "01-12", 15: "01-19", 20: "01-26"}),
}


def dated(month_and_day: str, start: str) -> str:
    """The date of that month and day which comes after the start."""
    year = int(start[:4])
    return f"{year if month_and_day > start[5:] else year + 1}-{month_and_day}"


def begun(kind: ClockKind, start: datetime) -> Case:
    """A case on which the clock of this kind began at that moment."""
    case, _ = under_way()
    state, position = CaseState.IN_REVIEW, 4
    changes: dict[str, object] = {"received_at": start, "accepted_at": start}
    match kind:
        case K.NOTICE:
            state, position, changes = CaseState.RECEIVED, 0, {"received_at": start, "accepted_at": None}
        case K.CORRECTION:
            state, position = CaseState.CORRECTING, 1
            changes = {"received_at": start, "accepted_at": None, "notices": Notices((Notice("N", start, ()),))}
        case K.PRELIMINARY_REVIEW:
            position = 2
        case K.NODE:
            position = 3
        case K.ASSIGNMENT:
            changes["procedures"] = (Procedure(1, "inspection", "检验", False, "", 5, start, "N"),)
        case K.HEARING_REQUEST:
            party = Interested(1, "applicant", "甲")
            changes["hearing"] = Hearing("direct_interest", start, "N", True, (party,))
        case K.HEARING:
            party = Interested(1, "applicant", "甲", requested_at=start)
            changes["hearing"] = Hearing("direct_interest", start, "N", True, (party,))
        case K.CERTIFICATE:
            state, position, changes["decided_at"] = CaseState.GRANTED, 5, start
    stays = (Stay(state, position, start, start),)
    return replace(case, state=state, position=position, stays=stays, task=None, **changes)


def clock_of(kind: ClockKind, case: Case) -> Clock:
    _, ruling = under_way()
    (found,) = (clock for clock in clocks(case, ruling) if clock.kind == kind)
    return found


@pytest.mark.parametrize("calendar", CALENDARS)
@pytest.mark.parametrize("kind", LENGTH)
def test_each_clock_ends_on_its_day_in_each_calendar(kind: ClockKind, calendar: str) -> None:
    start, ends = CALENDARS[calendar]
    found = clock_of(kind, begun(kind, at(start)))
    last = dated(ends[LENGTH[kind]], start)
    assert (str(found.deadline.last_day), found.deadline.at) == (last, after(last))
    assert found.deadline.provisional is (last >= "2027")


@pytest.mark.parametrize("calendar", CALENDARS)
@pytest.mark.parametrize("kind", LENGTH)
@pytest.mark.parametrize(
    ("offset", "in_time"),
    [(-DAY, True), (-SECOND, True), (timedelta(), False), (SECOND, False), (DAY, False)],
    ids=["-1 day", "-1 s", "0", "+1 s", "+1 day"],
)
def test_before_24_00_is_in_time_and_at_it_is_not(
    kind: ClockKind, calendar: str, offset: timedelta, in_time: bool
) -> None:
    start, ends = CALENDARS[calendar]
    found = clock_of(kind, begun(kind, at(start)))
    moment = after(dated(ends[LENGTH[kind]], start)) + offset
    over = S.LAPSED if kind in (K.CORRECTION, K.HEARING_REQUEST) else S.OVERDUE
    assert found.state(moment) is (S.RUNNING if in_time else over)
    assert replace(found, met_at=moment).state(moment + DAY) is (S.MET if in_time else S.LATE)


@pytest.mark.parametrize(
    ("clock", "last"),
    [
        pytest.param("00:00:00", "2026-03-09", id="the first second of Monday"),
        pytest.param("23:59:59", "2026-03-09", id="its last second"),
    ],
)
@pytest.mark.parametrize("kind", [kind for kind, length in LENGTH.items() if length == 5])
def test_the_hour_of_the_starting_day_moves_nothing(kind: ClockKind, clock: str, last: str) -> None:
    assert str(clock_of(kind, begun(kind, at("2026-03-02", clock))).deadline.last_day) == last


def stopped(case: Case, *stops: tuple[str, str]) -> Case:
    """The case with expert reviews: the day of each notice and the day of its result."""
    made = tuple(
        Procedure(number, "expert_review", "专家评审", True, "45", 5, at(notified), "N", result_at=at(result))
        for number, (notified, result) in enumerate(stops, 1)
    )
    return replace(case, procedures=(*case.procedures, *made))


TWO_STOPS = (("2026-03-03", "2026-03-05"), ("2026-03-09", "2026-03-10"))  # 4, 5 and 10 March are lost
OVER_THE_HOLIDAY = (("2026-09-29", "2026-10-09"),)  # 30 September, 8 and 9 October are lost


@pytest.mark.parametrize("kind", LENGTH)
@pytest.mark.parametrize(
    ("stops", "start", "ends"),
    [
        pytest.param(TWO_STOPS, "2026-03-02", {3: "03-09", 7: "03-16", 20: "04-02"}, id="45 two stops"),
        pytest.param(
            OVER_THE_HOLIDAY, "2026-09-29", {3: "10-13", 7: "10-19", 20: "11-05"}, id="45 a stop over the holiday"
        ),
    ],
)
@pytest.mark.parametrize("offset", [-SECOND, timedelta(), SECOND], ids=["-1 s", "0", "+1 s"])
def test_stops_move_the_clocks_of_the_examination_and_no_other(
    kind: ClockKind, stops: tuple[tuple[str, str], ...], start: str, ends: dict[int, str], offset: timedelta
) -> None:
    plain = next(days for begin, days in CALENDARS.values() if begin == start)
    expected = dated((ends if kind in STOPPABLE else plain)[LENGTH[kind]], start)
    found = clock_of(kind, stopped(begun(kind, at(start)), *stops))
    assert str(found.deadline.last_day) == expected
    assert (found.state(after(expected) + offset) in (S.RUNNING, S.STOPPED)) is (offset < timedelta())


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        pytest.param(at("2026-03-03", "23:59:59"), S.RUNNING, id="45 the last second of the day of the notice"),
        pytest.param(at("2026-03-04", "00:00:00"), S.STOPPED, id="45 the day after the notice begins"),
        pytest.param(at("2026-03-04", "00:00:01"), S.STOPPED, id="45 a second later"),
        pytest.param(at("2026-03-05", "23:59:59"), S.STOPPED, id="45 the last second of the day of the result"),
        pytest.param(at("2026-03-06", "00:00:00"), S.RUNNING, id="45 the day after the result begins"),
        pytest.param(at("2026-03-06", "00:00:01"), S.RUNNING, id="45 a second later than that"),
    ],
)
@pytest.mark.parametrize("kind", [K.DECISION_STATUTORY, K.DECISION_PROMISED])
def test_a_stop_runs_from_the_day_after_the_notice_to_the_day_of_the_result(
    kind: ClockKind, moment: datetime, state: ClockState
) -> None:
    assert clock_of(kind, stopped(begun(kind, at("2026-03-02")), TWO_STOPS[0])).state(moment) is state


@pytest.mark.parametrize("kind", LENGTH)
@pytest.mark.parametrize(
    ("start", "stops", "last"),
    [
        pytest.param("2026-03-02", (), "2026-04-14", id="42(1) 20 + 10 over 清明"),
        pytest.param("2026-03-02", TWO_STOPS, "2026-04-17", id="42(1) and two stops"),
        pytest.param("2026-09-29", OVER_THE_HOLIDAY, "2026-11-19", id="42(1) and a stop over the holiday"),
        pytest.param("2026-12-28", (), "2027-02-09", id="42(1) into the unannounced year"),
    ],
)
def test_an_extension_moves_the_statutory_time_and_no_other(
    kind: ClockKind, start: str, stops: tuple[tuple[str, str], ...], last: str
) -> None:
    case = stopped(begun(kind, at(start)), *stops)
    longer = clock_of(kind, replace(case, extended=Extended(EXTENSION, at(start), "N")))
    if kind is K.DECISION_STATUTORY:
        assert (str(longer.deadline.last_day), longer.deadline.at) == (last, after(last))
        assert longer.state(after(last) - SECOND) is S.RUNNING
        assert longer.state(after(last)) is S.OVERDUE
    else:
        assert longer.deadline == clock_of(kind, case).deadline


# -- renewal: a date ends it, whatever day that is ---------------------------------------------------------


@pytest.mark.parametrize(
    "last",
    [
        pytest.param("2026-06-30", id="50 a Tuesday"),
        pytest.param("2026-06-28", id="50 a Sunday"),
        pytest.param("2026-02-28", id="50 a make-up Saturday"),
        pytest.param("2026-10-03", id="50 in the long holiday"),
        pytest.param("2026-12-31", id="50 the year's end"),
        pytest.param("2027-05-01", id="50 a holiday of the unannounced year"),
    ],
)
@pytest.mark.parametrize("stops", [(), TWO_STOPS], ids=["no stop", "two stops"])
@pytest.mark.parametrize(
    ("offset", "state"),
    [(-DAY, S.RUNNING), (-SECOND, S.RUNNING), (timedelta(), S.OVERDUE), (SECOND, S.OVERDUE), (DAY, S.OVERDUE)],
    ids=["-1 day", "-1 s", "0", "+1 s", "+1 day"],
)
def test_a_renewal_has_until_the_certificate_ends_and_nothing_moves_that(
    last: str, stops: tuple[tuple[str, str], ...], offset: timedelta, state: ClockState
) -> None:
    case = stopped(begun(K.DECISION_STATUTORY, at("2025-12-01")), *stops)
    found = clock_of(K.RENEWAL, replace(case, kind="renewal", about=HeldCertificate("1.2.156", after(last))))
    assert (found.deadline.at, found.deadline.last_day) == (after(last), date.fromisoformat(last))
    assert found.state(after(last) + offset) is state


@pytest.mark.parametrize(
    ("last", "apply_by"),
    [
        pytest.param("2026-06-30", "2026-05-18", id="50(1) over 端午"),
        pytest.param("2026-03-31", "2026-02-11", id="50(1) over the Spring Festival with its make-up days"),
        pytest.param("2026-10-31", "2026-09-14", id="50(1) over the long holiday with its make-up days"),
        pytest.param("2027-01-31", "2026-12-17", id="50(1) back from the unannounced year"),
    ],
)
@pytest.mark.parametrize(
    ("offset", "in_time"), [(-SECOND, True), (timedelta(), False), (SECOND, False)], ids=["-1 s", "0", "+1 s"]
)
def test_thirty_working_days_lie_between_the_application_and_the_end(
    last: str, apply_by: str, offset: timedelta, in_time: bool
) -> None:
    case = begun(K.DECISION_STATUTORY, after(apply_by) + offset)
    _, ruling = under_way()
    found = clocks(replace(case, kind="renewal", about=HeldCertificate("1.2.156", after(last))), ruling)
    assert (K.RENEWAL in {clock.kind for clock in found}) is in_time
