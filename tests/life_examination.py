"""Acts on one case for the stateful tests, from the examination to the result in the applicant's hands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from chalicelib.domain.actors import Actor, ActorKind, Role
from chalicelib.domain.hearings import ThirdParty
from chalicelib.services import cases, certificates, hearings, procedures, tasks
from tests import factories as f
from tests import journey
from tests.life_acts import SECOND, Filing, at_node, in_state, kept, likely, yes_or_no
from tests.life_model import ROUTED, Begun, Heard, china_day

GOVERNOR = Actor(
    "governor",
    ActorKind.OFFICER,
    body=f"{f.LEAGUE}-00",
    division=f.LEAGUE,
    roles=frozenset({Role.GOVERNMENT_HEAD}),
)
HEAD = Actor("league-head", ActorKind.OFFICER, body=f.LEAGUE_BUREAU.id, division=f.LEAGUE, roles=frozenset({Role.HEAD}))
REVIEWS = ("preliminary_review", "review")
EXAMINERS = (*REVIEWS, "decide")
KINDS = ("inspection", "consultation", "site_visit", "technical_review")

numbers = st.sampled_from([1, 1, 1, 2, 2, 3])
examined = in_state("in_review")
something_runs = likely(lambda life: life.state == "in_review" and life.running)
nobody_was_told = likely(lambda life: life.state == "in_review" and life.hearing is None)
somebody_was_told = likely(lambda life: life.state == "in_review" and life.hearing is not None)


class Examination(Filing):
    """Opinions, procedures, hearings, extension, decision, fee, result."""

    @rule()
    def the_next_step(self) -> None:
        life = self.life
        if life.state in ROUTED:
            if not life.holder:
                self.work_begins()
            steps = {"receive": self.forward, "accept": self.accept, "decide": lambda: self.decide(granted=True)}
            if life.state == "correcting":
                self.correct(whole=1)
            else:
                steps.get(life.nodes[life.node], lambda: self.give_opinion(conclusion="agree"))()
        elif life.state == "granted":
            if life.fee and not life.paid:
                self.pay()
            self.issue()

    # -- under examination ------------------------------------------------------------------------------

    @at_node("in_review", *REVIEWS)
    @rule(conclusion=st.sampled_from(["agree", "disagree"]))
    def give_opinion(self, conclusion: str) -> None:
        officer, mine = self.on_task(*REVIEWS)
        if self.attempt(
            lambda: mine() and self.life.state == "in_review",
            lambda: tasks.give_opinion(self.world, officer, self.case_id, conclusion=conclusion, opinion="意见"),
        ):
            self.life.onwards()

    @at_node("in_review", "review", "decide")
    @rule()
    def send_back(self) -> None:
        officer, mine = self.on_task(*EXAMINERS)
        life = self.life

        def earlier() -> list[int]:
            return [n for n in range(life.node) if life.nodes[n] in REVIEWS]

        if self.attempt(
            lambda: mine() and life.state == "in_review" and bool(earlier()),
            lambda: tasks.send_back(self.world, officer, self.case_id, reason="意见不清", position=None),
        ):
            life.node = earlier()[-1]
            life.close_task()

    @at_node("in_review", "decide")
    @rule(granted=st.sampled_from([True, True, False]))
    def decide(self, granted: bool) -> None:
        officer, mine = self.on_task("decide")
        life = self.life

        def act() -> None:
            if granted:
                journey.grant(self.world, officer, self.case_id)
            else:
                tasks.refuse(self.world, officer, self.case_id, reasons="不符合条件", remedies="可以申请复议")

        if self.attempt(
            lambda: mine() and life.state == "in_review" and not life.running and not life.hearing_pending(self.now),
            act,
        ):
            life.decide("granted" if granted else "refused", self.now)

    @examined
    @rule(kind=st.sampled_from(KINDS))
    def start_a_procedure(self, kind: str) -> None:
        officer, mine = self.on_task(*EXAMINERS)
        life = self.life
        begun = Begun(kind, self.now)
        if self.attempt(
            lambda: mine() and life.state == "in_review" and not (begun.stops and life.stopped),
            lambda: procedures.start(self.world, officer, self.case_id, kind=kind, reason="需要", days=5),
        ):
            life.procedures.append(begun)

    def procedure(self, number: int) -> Begun | None:
        return self.life.procedures[number - 1] if number <= len(self.life.procedures) else None

    @something_runs
    @rule(number=numbers, two=st.sampled_from([True, True, False]))
    def assign(self, number: int, two: bool) -> None:
        officer, mine = self.on_task(*EXAMINERS)
        found = self.procedure(number)
        named = ["甲", "乙"] if two else ["甲", " 甲 "]
        if self.attempt(
            lambda: (
                mine()
                and self.life.state == "in_review"
                and found is not None
                and found.result is None
                and found.kind == "inspection"
                and two
            ),
            lambda: procedures.assign(self.world, officer, self.case_id, procedure=number, officers=named),
        ):
            assert found is not None
            found.assigned = True

    @something_runs
    @rule(number=numbers, two=st.sampled_from([True, True, False]))
    def record_a_result(self, number: int, two: bool) -> None:
        officer, mine = self.on_task(*EXAMINERS)
        found = self.procedure(number)
        named = ["甲", "乙"] if two else ["甲"]
        if self.attempt(
            lambda: (
                mine()
                and self.life.state == "in_review"
                and found is not None
                and found.result is None
                and (found.kind != "inspection" or found.assigned)
                and (found.kind != "site_visit" or two)
            ),
            lambda: procedures.record_result(
                self.world, officer, self.case_id, procedure=number, result="合格", officers=named
            ),
        ):
            assert found is not None
            found.result = self.now

    @something_runs
    @rule(days=st.integers(0, 9))
    def procedures_take_their_course(self, days: int) -> None:
        """Days pass, and whatever runs has its result."""
        for number, found in enumerate(self.life.procedures, 1):
            if found.result is None:
                if found.kind == "inspection" and not found.assigned:
                    self.assign(number=number, two=True)
                self.to(self.now + timedelta(days=days))
                self.record_a_result(number=number, two=True)

    @likely(lambda life: life.state == "in_review" and not life.extension)
    @rule(days=st.sampled_from([1, 10, 11, 15, 16]), who=st.sampled_from([HEAD, GOVERNOR, f.DECIDER]))
    def extend(self, days: int, who: Actor) -> None:
        life = self.life

        def allowed() -> bool:
            approver = GOVERNOR if life.joint else HEAD
            if life.state != "in_review" or who is not approver or days > life.longest_extension or life.extension:
                return False
            at_home = life.nodes[life.node] != "preliminary_review"  # that body and its place have others
            end = life.ends()["decision_statutory"]
            return at_home and (end is None or self.now < end)

        if self.attempt(
            allowed, lambda: procedures.extend(self.world, who, self.case_id, days=days, reason="情况复杂")
        ):
            life.extension = days

    # -- hearings ---------------------------------------------------------------------------------------

    @nobody_was_told
    @rule(public=st.sampled_from([False, False, True]))
    def tell_of_the_right_to_be_heard(self, public: bool) -> None:
        officer, mine = self.on_task(*EXAMINERS)
        told: Any = {
            "ground": "public_interest" if public else "direct_interest",
            "reason": "涉及相邻权",
            "third_parties": [ThirdParty("乌兰𠮷", "neighbour")],
        }
        if self.attempt(
            lambda: mine() and self.life.state == "in_review" and self.life.hearing is None,
            lambda: hearings.notify(self.world, officer, self.case_id, **told),
        ):
            self.life.hearing = Heard(self.now, public)

    def speaks(self, party: int) -> tuple[Actor, Callable[[], bool]]:
        """Who says it for this party: the applicant, or the examining officer for the neighbour."""
        officer, mine = self.on_task(*EXAMINERS)
        heard = lambda: self.life.state == "in_review" and self.life.hearing is not None  # noqa: E731
        return (f.HERDER, heard) if party == 1 else (officer, lambda: heard() and mine())

    @somebody_was_told
    @rule(party=st.integers(1, 2))
    def request_a_hearing(self, party: int) -> None:
        who, may = self.speaks(party)
        heard = self.life.hearing

        def allowed() -> bool:
            if not may() or heard is None:
                return False
            unused = party not in heard.waived and party not in heard.requested
            return unused and self.now < self.life.request_until()

        if self.attempt(allowed, lambda: hearings.request(self.world, who, self.case_id, party=party)):
            assert heard is not None
            heard.requested[party] = self.now

    @somebody_was_told
    @rule(party=st.integers(1, 2))
    def waive_a_hearing(self, party: int) -> None:
        who, may = self.speaks(party)
        heard = self.life.hearing
        if self.attempt(
            lambda: may() and heard is not None and party not in heard.waived,
            lambda: hearings.waive(self.world, who, self.case_id, party=party),
        ):
            assert heard is not None
            was_due = heard.due
            heard.waived.add(party)
            if heard.scheduled and was_due and not heard.due:
                heard.called_off.append((china_day(heard.scheduled) + timedelta(days=1), china_day(self.now)))
                heard.scheduled = heard.held_on = None

    @somebody_was_told
    @rule(moved=st.sampled_from([-1, 0, 1]), last=yes_or_no)
    def schedule_a_hearing(self, moved: int, last: bool) -> None:
        """Around the first day that seven days' notice leaves, or around the last of the twenty."""
        officer, mine = self.on_task(*EXAMINERS)
        life, heard = self.life, self.life.hearing
        first = life.days.end(self.now, 7)
        assert first is not None
        until = life.ends().get("hearing")
        held_on = (until if last and until else first) - timedelta(hours=6) + timedelta(days=moved)

        def allowed() -> bool:
            if not mine() or life.state != "in_review" or heard is None or not heard.due:
                return False
            late = until is not None and first > until
            in_time = until is None or late or china_day(held_on) <= china_day(until - SECOND)
            free = heard.scheduled is not None or not life.stopped
            return china_day(held_on) >= china_day(first - SECOND) and in_time and free

        if self.attempt(
            allowed,
            lambda: hearings.schedule(
                self.world, officer, self.case_id, held_on=held_on, place="大厅", presider="presider"
            ),
        ):
            assert heard is not None
            heard.scheduled, heard.held_on = heard.scheduled or self.now, held_on

    @precondition(lambda self: self.life.hearing is not None)
    @rule(wait=yes_or_no)
    def record_the_hearing(self, wait: bool) -> None:
        heard = self.life.hearing
        assert heard is not None
        if wait and heard.held_on:
            self.to(heard.held_on)
        officer, mine = self.on_task(*EXAMINERS)
        if self.attempt(
            lambda: (
                mine()
                and self.life.state == "in_review"
                and heard.due
                and heard.held_on is not None
                and self.now >= heard.held_on
            ),
            lambda: hearings.record(self.world, officer, self.case_id, text="笔录"),
        ):
            heard.ended = self.now

    @somebody_was_told
    @rule(days=st.integers(0, 12))
    def the_hearing_takes_its_course(self, days: int) -> None:
        """Somebody applies for it, days pass, it gets its date, and is held."""
        self.request_a_hearing(party=1)
        if self.life.hearing is None:
            return
        self.to(self.now + timedelta(days=days))
        self.schedule_a_hearing(moved=0, last=False)
        self.record_the_hearing(wait=True)

    # -- after the decision -----------------------------------------------------------------------------

    @likely(lambda life: life.state == "granted" and life.fee)
    @rule()
    def pay(self) -> None:
        life = self.life
        if self.attempt(
            lambda: life.state == "granted" and life.fee and not life.paid,
            lambda: self.pay_for(self.case_id),
        ):
            life.paid = True

    @in_state("granted")
    @rule()
    def issue(self) -> None:
        """The platform itself: granted and paid, it makes the result; else nothing happens."""
        self.the_timer_runs()
        life = self.life
        due = life.state == "granted" and (life.paid or not life.fee)
        before = kept(self.world)
        assert certificates.issue(self.world, self.case_id) is due
        assert due or kept(self.world) == before
        self.only_time_passed = False
        if due:
            life.state = "issued"

    @in_state("issued", "refused")
    @rule()
    def fetch_the_result(self) -> None:
        if self.attempt(
            lambda: self.life.state in ("issued", "refused"),
            lambda: cases.confirm_receipt(self.world, f.HERDER, self.case_id),
        ):
            self.life.state = "closed"
            self.life.close_task()

    @likely(lambda life: life.window and life.state in ("issued", "refused"))
    @rule()
    def hand_the_result_over(self) -> None:
        """The window that received it opens a task for it, if the applicant chose to come."""
        life = self.life
        if life.window and life.state in ("issued", "refused") and not life.holder:
            tasks.claim(self.world, f.WINDOW, self.case_id)
            life.holder = f.WINDOW.subject
        if self.attempt(
            lambda: life.window and life.state in ("issued", "refused"),
            lambda: tasks.hand_over(self.world, f.WINDOW, self.case_id, method="window", proof={"recipient": "本人"}),
        ):
            life.state = "closed"
            life.close_task()
