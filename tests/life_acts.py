"""Acts on one case for the stateful tests: filing, time, tasks, and everything before acceptance.

Each act is tried whether it is lawful or not. The law is that of ``life_model``; the use cases are the product's own,
over the in-memory twins and a clock that only the test moves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from chalicelib.domain.actors import Actor
from chalicelib.domain.calendar import DayKind, Year
from chalicelib.domain.case_events import SubmittedMaterial
from chalicelib.domain.catalog import Correction, CorrectionOutcome, Fee, Limit, LimitUnit, SpecialProcedure, StopEffect
from chalicelib.domain.errors import DomainError
from chalicelib.domain.fees import PaymentMethod
from chalicelib.domain.renewals import CaseKind
from chalicelib.services import cases, certificates, fees, lapses, notices, tasks
from chalicelib.services.notices import Demand
from chalicelib.storage.calendar import packaged
from tests import factories as f
from tests import journey
from tests.life_model import MADE_UP_2027, OFF_2027, ROUTED, Days, Life, midnight_after

SECOND = timedelta(seconds=1)
SUPPLIED = SubmittedMaterial("m1", "paper", "申请书(已签名)")
PLACES = ("/form/subject", "/materials/m1")
OFFICERS = {
    "receive": f.WINDOW,
    "accept": f.ACCEPTOR,
    "preliminary_review": f.BANNER_REVIEWER,
    "review": f.REVIEWER,
    "decide": f.DECIDER,
}
LISTED = (
    SpecialProcedure("检验", "产品检验", StopEffect.NO_STOP_RULE),
    SpecialProcedure("征求意见", "征求意见", StopEffect.EXCLUDED_BY_THIS_RULE),
    SpecialProcedure("现场核查", "现场核查", StopEffect.NO_STOP_RULE),
    SpecialProcedure("技术审查", "技术审查", StopEffect.NO_STOP_RULE),
)
FEE = Fee("F1", "工本费", 1000)
LAST_MOMENT = datetime(2028, 6, 1, tzinfo=UTC)

offsets = st.sampled_from([-SECOND, timedelta(), SECOND])
yes_or_no = st.booleans()


def likely(condition: Callable[[Life], bool]) -> Any:
    """Where an act can be lawful; and, after every fifth act, anywhere."""
    return precondition(lambda self: condition(self.life) or self.attempts % 5 == 0)


def at_node(state: str, *roles: str) -> Any:
    """The case stands in this state on a node of one of these roles."""
    return likely(lambda life: life.state == state and life.nodes[life.node] in roles)


def in_state(*states: str) -> Any:
    return likely(lambda life: life.state in states)


open_still = in_state(*ROUTED, "granted")
routed = in_state(*ROUTED)


def item(outcome: str, fee: bool, joint: bool) -> Any:
    """An item with everything that a life can meet."""
    late = CorrectionOutcome.NOT_ACCEPTED if outcome == "not_accepted" else CorrectionOutcome.DEEMED_WITHDRAWN
    return f.item(
        promised_limit=Limit(7, LimitUnit.WORKDAY),
        correction=Correction(Limit(15, LimitUnit.WORKDAY, demo=True), late),
        special_procedures=LISTED,
        fees=(FEE,) if fee else (),
        result_validity="1年",
        joint=joint,
    )


def kept(world: f.World) -> dict[str, Any]:
    """All that the store holds, as it is now."""
    copies: dict[type, Callable[[Any], Any]] = {list: list, set: set}
    return {
        table.name: {k: copies.get(type(v), lambda same: same)(v) for k, v in rows.items()}
        if isinstance(rows := getattr(world.store, table.name), dict)
        else set(rows)
        for table in fields(world.store)
    }


class Filing(RuleBasedStateMachine):
    """One case, from its draft to whatever end it finds."""

    world: f.World
    case_id: str
    life: Life
    attempts = 0

    @initialize(
        outcome=st.sampled_from(["not_accepted", "withdrawn"]),
        fee=yes_or_no,
        joint=yes_or_no,
        window=yes_or_no,
        renews=st.sampled_from([None, None, date(2026, 12, 30), date(2027, 1, 12), date(2027, 2, 26)]),
        day=st.sampled_from([date(2026, 3, 2), date(2026, 2, 11), date(2026, 9, 24), date(2026, 12, 21)]),
        hour=st.integers(0, 23),
        eager=st.sampled_from([True, True, True, False]),
        stage=st.sampled_from(["accept", "decide", "receive", "review", "accept", "decide", "end", "draft"]),
    )
    def draft(
        self,
        outcome: str,
        fee: bool,
        joint: bool,
        window: bool,
        renews: date | None,
        day: date,
        hour: int,
        eager: bool,
        stage: str,
    ) -> None:
        self.world = world = f.World(item(outcome, fee, joint))
        self.eager = eager  # officers take what the workflow opens, at once
        world.calendar.calendar = packaged()
        self.life = Life(Days(), outcome, fee, window, joint=joint)
        opening: dict[str, object] = {}
        if renews:
            first = journey.granted(world)
            if fee:
                self.pay_for(first)
            certificates.issue(world, first)
            opening = {"kind": CaseKind.RENEWAL, "certificate": journey.get(world, first).certificate}
            self.life.renews_until = midnight_after(date(2027, 3, 1))  # a year from 2 March 2026
        start = datetime.combine(renews or day, datetime.min.time(), UTC) + timedelta(hours=hour)
        world.clock.at = start
        self.case_id = self.drafted(window, opening)
        self.acted_at = start
        self.before: list[bytes] = []
        self.last_state = "draft"
        self.ends_before: dict[Any, Any] = {}
        self.only_time_passed = False
        if stage != "draft":
            self.submit()
        while self.life.state in ROUTED and self.life.nodes[self.life.node] != stage:
            self.the_next_step()

    def drafted(self, window: bool, opening: dict[str, object]) -> str:
        world = self.world
        authority = journey.authorised(world)
        case_id = journey.drafted(world, f.AGENT, f.Channel.STATION, authority=authority, **opening)
        if window:
            given: Any = {"form": {"subject": "高中教师"}, "materials": [journey.APPLICATION], "delivery": "window"}
            cases.save(world, f.AGENT, case_id, **given, expected=journey.get(world, case_id).version)
        return case_id

    def pay_for(self, case_id: str) -> None:
        fees.pay(self.world, f.DECIDER, case_id, amount=1000, method=PaymentMethod.CASH, receipt_number="15260001")

    def the_next_step(self) -> None:
        """What comes next if nothing goes wrong."""
        raise NotImplementedError

    # -- trying -----------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        return self.world.clock.at

    def attempt(self, allowed: Callable[[], bool], act: Callable[[], object]) -> bool:
        """Try an act: it has to happen exactly if it is lawful after all that time has brought about."""
        self.only_time_passed = False
        self.attempts += 1
        self.a_moment_later()
        self.life.settle(self.now)
        before, unrecorded = kept(self.world), self.life.unrecorded
        lawful = allowed()
        refusal: DomainError | None = None
        try:
            act()
        except DomainError as refused:
            refusal = refused
        assert (refusal is None) == lawful, f"lawful {lawful}, and the answer was {refusal!r}"
        if refusal is None:
            self.life.unrecorded = False
            self.acted_at = self.now
        else:
            assert unrecorded or kept(self.world) == before, "a refused act left something behind"
        return lawful

    def a_moment_later(self) -> None:
        """No two acts fall into one instant."""
        if self.now == self.acted_at:
            self.world.clock.at += SECOND
            self.life.settle(self.now)

    def on_task(self, *roles: str) -> tuple[Actor, Callable[[], bool]]:
        """Whoever would act on such a task now, and whether they may."""
        self.life.settle(self.now)
        if self.eager and not self.life.unrecorded and self.life.state in ROUTED and not self.life.holder:
            self.work_begins()
        self.a_moment_later()
        here = self.life.nodes[self.life.node] if self.life.node < len(self.life.nodes) else ""
        role = here if here in roles else roles[0]
        officer = OFFICERS[role]
        if self.life.holder == f.COLLEAGUE.subject and role == "review":
            officer = f.COLLEAGUE
        return officer, lambda: self.life.holds(officer.subject, *roles)

    # -- time -------------------------------------------------------------------------------------------

    def to(self, moment: datetime) -> None:
        self.world.clock.at = min(max(moment, self.now), LAST_MOMENT)
        self.life.settle(self.now)
        self.only_time_passed = True

    @open_still
    @rule(chosen=st.integers(0, 11), offset=offsets)
    def jump_to_a_deadline(self, chosen: int, offset: timedelta) -> None:
        """To what happens by itself next, or to the end of any clock."""
        lapse = self.life.next_lapse()
        coming = sorted({at for at in self.life.ends().values() if at and at > self.now})
        if lapse and chosen % 2 == 0:
            self.to(lapse + offset)
        elif coming:
            self.to(coming[chosen % len(coming)] + offset)

    @in_state("received", "correcting")
    @rule(offset=offsets)
    def jump_to_the_next_lapse(self, offset: timedelta) -> None:
        self.to((self.life.next_lapse() or self.now) + offset)

    @open_still
    @rule(span=st.sampled_from([timedelta(minutes=1), *(timedelta(days=days) for days in (1, 2, 3, 6, 12))]))
    def time_passes(self, span: timedelta) -> None:
        self.to(self.now + span)

    @open_still
    @rule()
    def the_timer_runs(self) -> None:
        lapses.on_timer(self.world, self.case_id)
        self.life.settle(self.now)
        self.life.unrecorded = False

    @precondition(lambda self: 2027 not in self.life.days.announced and self.now.year < 2027)
    @rule()
    def the_next_year_is_announced(self) -> None:
        """The timer has run until now: what is a fact stays one, what is open moves."""
        self.the_timer_runs()
        days = dict.fromkeys(OFF_2027, (DayKind.HOLIDAY, "假")) | dict.fromkeys(MADE_UP_2027, (DayKind.MAKE_UP, "班"))
        self.world.calendar.calendar = packaged().with_years([Year(2027, "通知", days, 1, f.START)])
        self.life.days.announced[2027] = (OFF_2027, MADE_UP_2027)
        self.life.settle(self.now)
        self.only_time_passed = False

    # -- filing and leaving -----------------------------------------------------------------------------

    @in_state("draft")
    @rule()
    def submit(self) -> None:
        ends = self.life.renews_until

        def allowed() -> bool:
            return self.life.state == "draft" and (ends is None or self.now < ends)

        if self.attempt(allowed, lambda: cases.submit(self.world, f.AGENT, self.case_id)):
            case = journey.get(self.world, self.case_id)
            self.life.nodes = tuple(str(node.role) for node in case.route.nodes)
            self.life.state, self.life.received = "received", self.now

    @routed
    @rule(sure=st.integers(0, 7))
    def withdraw(self, sure: int) -> None:
        if sure and self.life.state in ROUTED:
            return  # a life that ends at once shows little
        if self.attempt(
            lambda: self.life.state in ROUTED, lambda: cases.withdraw(self.world, f.HERDER, self.case_id, "不办了")
        ):
            self.life.end_early("withdrawn", self.now)

    @precondition(lambda self: self.life.state != "draft" and self.attempts % 5 == 0)
    @rule()
    def discard(self) -> None:
        self.attempt(lambda: False, lambda: cases.discard_draft(self.world, self.case_id, actor=f.HERDER))

    # -- tasks ------------------------------------------------------------------------------------------

    @routed
    @rule()
    def work_begins(self) -> None:
        """The workflow opens the pending node, and its officer takes it."""
        life = self.life
        life.settle(self.now)
        if life.state in ROUTED and life.node < len(life.nodes) and not life.open:
            # What time has brought about is recorded by then: the execution waits behind it.
            self.the_timer_runs()
            journey.opened(self.world, self.case_id)
            life.open = True
        role = life.nodes[life.node] if life.node < len(life.nodes) else "accept"
        officer = OFFICERS[role]
        if self.attempt(
            lambda: life.state in ROUTED and life.open and not life.holder,
            lambda: tasks.claim(self.world, officer, self.case_id),
        ):
            life.holder = officer.subject

    @routed
    @rule(sure=st.integers(0, 3))
    def release(self, sure: int) -> None:
        officer, mine = self.on_task(*OFFICERS)
        if sure and mine():
            return
        if self.attempt(
            lambda: self.life.holds(officer.subject, *OFFICERS),
            lambda: tasks.release(self.world, officer, self.case_id, reason="请假"),
        ):
            self.life.holder = ""

    @at_node("in_review", "review")
    @rule()
    def transfer(self) -> None:
        officer, mine = self.on_task("review")
        other = f.REVIEWER if officer is f.COLLEAGUE else f.COLLEAGUE
        if self.attempt(
            mine, lambda: tasks.transfer(self.world, officer, self.case_id, officer=other.subject, reason="出差")
        ):
            self.life.holder = other.subject

    @at_node("in_review", "decide")
    @rule(who=st.sampled_from([f.STRANGER, f.SUPERVISOR, f.COLLEAGUE, f.WINDOW]))
    def somebody_else_decides(self, who: Actor) -> None:
        self.attempt(lambda: False, lambda: journey.grant(self.world, who, self.case_id))

    # -- before acceptance ------------------------------------------------------------------------------

    @at_node("received", "receive")
    @rule()
    def forward(self) -> None:
        officer, mine = self.on_task("receive")
        if self.attempt(
            lambda: mine() and self.life.state == "received",
            lambda: tasks.forward(self.world, officer, self.case_id),
        ):
            self.life.onwards()

    @at_node("received", "accept")
    @rule()
    def accept(self) -> None:
        officer, mine = self.on_task("accept")
        if self.attempt(
            lambda: mine() and self.life.state == "received", lambda: tasks.accept(self.world, officer, self.case_id)
        ):
            self.life.accept(self.now)

    @at_node("received", "accept")
    @rule(sure=st.integers(0, 3))
    def refuse_acceptance(self, sure: int) -> None:
        officer, mine = self.on_task("accept")
        if sure and mine():
            return
        told: Any = {"ground": "not_a_matter", "reason": "不需要许可", "competent_body": ""}
        if self.attempt(
            lambda: mine() and self.life.state == "received",
            lambda: tasks.refuse_acceptance(self.world, officer, self.case_id, **told),
        ):
            self.life.answered = self.now
            self.life.end_early("not_accepted", self.now)

    @at_node("received", "accept")
    @rule(places=st.sets(st.sampled_from(PLACES), min_size=1))
    def notify(self, places: set[str]) -> None:
        officer, mine = self.on_task("accept")
        life, named = self.life, sorted(places)

        def allowed() -> bool:
            return mine() and life.state == "received" and (life.newly is None or set(named) <= set(life.newly))

        demands = [Demand(place, "不清楚") for place in named]
        if self.attempt(allowed, lambda: notices.notify(self.world, officer, self.case_id, demands, lambda v: v.code)):
            life.state, life.told, life.answered, life.named = "correcting", self.now, self.now, tuple(named)

    @in_state("correcting")
    @rule(whole=st.integers(0, 3))
    def correct(self, whole: int) -> None:
        """All that the notice named, or (rarely) all but one of it."""
        life = self.life
        given = life.named[1:] if whole == 0 else life.named
        case = journey.get(self.world, self.case_id)
        changed = {"subject": f"{case.form.get('subject')}正"} if "/form/subject" in given else None
        supplied = [SUPPLIED] if "/materials/m1" in given else []
        if self.attempt(
            lambda: life.state == "correcting" and set(given) == set(life.named),
            lambda: notices.correct(self.world, f.HERDER, self.case_id, form=changed, supplied=supplied),
        ):
            life.state, life.supplied, life.newly = "received", self.now, life.named
            life.answered = None

    @at_node("received", "accept")
    @rule()
    def correct_on_the_spot(self) -> None:
        officer, mine = self.on_task("accept")
        subject = f"{journey.get(self.world, self.case_id).form.get('subject')}改"
        self.attempt(
            lambda: mine() and self.life.state == "received",
            lambda: notices.correct_on_the_spot(
                self.world, officer, self.case_id, {"/form/subject": (subject,)}, "申请人签字"
            ),
        )
