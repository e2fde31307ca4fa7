"""The law of one case a second time, for tests: small, written from the articles, and without the product's own rules.

It counts days with a calendar typed from the official notice, keeps only what the test itself has done, and says
which acts are lawful, what time alone brings about, and when each period ends. Where it and the product differ, one of
the two is wrong. Articles are those of 行政许可法.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cache

CHINA = timezone(timedelta(hours=8))
DAY = timedelta(days=1)

Stop = tuple[date, date | None]
"""First and last day on which the clock stands; no last day while it stands still."""


def china_day(at: datetime) -> date:
    return at.astimezone(CHINA).date()


def midnight_after(day: date) -> datetime:
    return datetime.combine(day + DAY, time(), CHINA).astimezone(UTC)


def _days(*spans: str) -> set[date]:
    """Dates out of ``2026-01-01..03`` and ``2026-06-19``."""
    found = set()
    for span in spans:
        first, _, last = span.partition("..")
        day = date.fromisoformat(first)
        found |= {day.replace(day=number) for number in range(day.day, int(last or day.day) + 1)}
    return found


OFF_2026 = _days(
    *("2026-01-01..03", "2026-02-15..23", "2026-04-04..06", "2026-05-01..05"),
    *("2026-06-19..21", "2026-09-25..27", "2026-10-01..07"),
)
MADE_UP_2026 = _days("2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10")
# Made up for the tests: the notice for 2027 does not exist yet.
OFF_2027, MADE_UP_2027 = (
    _days("2027-01-01..04", "2027-02-05..12", "2027-05-01..03", "2027-10-01..07"),
    _days("2027-01-10", "2027-02-13", "2027-02-20", "2027-05-08"),
)


@cache
def _unannounced(year: int) -> tuple[set[date], set[date]]:
    """元旦, 劳动节 and 国庆节 are the same every year; nothing else is known."""
    return _days(f"{year}-01-01", f"{year}-05-01..02", f"{year}-10-01..03"), set()


@dataclass
class Days:
    """The official calendar: announced years by their notice, the others by weekday and the fixed holidays."""

    announced: dict[int, tuple[set[date], set[date]]] = field(default_factory=lambda: {2026: (OFF_2026, MADE_UP_2026)})

    def works(self, day: date) -> bool:
        off, made_up = self.announced.get(day.year) or _unannounced(day.year)
        return day in made_up or (day.weekday() < 5 and day not in off)

    def end(self, start: datetime, count: int, stops: tuple[Stop, ...] = ()) -> datetime | None:
        """24:00 of the last of ``count`` working days after the day of ``start``; None while the clock stands."""
        day = china_day(start)
        while count:
            day += DAY
            if any(since <= day and until is None for since, until in stops):
                return None
            stopped = any(until is not None and since <= day <= until for since, until in stops)
            count -= self.works(day) and not stopped
        return midnight_after(day)


@dataclass
class Begun:
    """A special procedure. ``kind``: inspection and consultation stop the clock, the others do not (45)."""

    kind: str
    notified: datetime
    assigned: bool = False
    result: datetime | None = None

    @property
    def stops(self) -> bool:
        return self.kind in ("inspection", "consultation")


@dataclass
class Heard:
    """The right to a hearing of the applicant (1) and of a neighbour (2)."""

    notified: datetime
    public: bool
    requested: dict[int, datetime] = field(default_factory=dict)
    waived: set[int] = field(default_factory=set)
    scheduled: datetime | None = None
    held_on: datetime | None = None
    ended: datetime | None = None
    called_off: list[Stop] = field(default_factory=list)

    @property
    def due(self) -> bool:
        return self.ended is None and (self.public or bool(set(self.requested) - self.waived))


ROUTED = ("received", "correcting", "in_review")

# Which state may follow which, over any number of acts and lapses within one step of a test.
FOLLOWS = {
    "draft": {"received", "discarded"},
    "received": {"correcting", "not_accepted", "in_review", "withdrawn", "granted"},
    "correcting": {"received", "not_accepted", "withdrawn", "granted"},
    "in_review": {"granted", "refused", "withdrawn"},
    "granted": {"issued"},
    "issued": {"closed"},
    "refused": {"closed"},
    "closed": set[str](),
    "withdrawn": set[str](),
    "not_accepted": set[str](),
    "discarded": set[str](),
}


@dataclass
class Life:
    """One case as the law sees it."""

    days: Days
    outcome: str  # of a correction that never comes: not_accepted | withdrawn
    fee: bool
    window: bool  # the result is handed over at a window
    renews_until: datetime | None = None
    joint: bool = False  # several departments handle it together (26(2))
    state: str = "draft"
    nodes: tuple[str, ...] = ()
    node: int = 0
    open: bool = False
    holder: str = ""
    received: datetime | None = None
    supplied: datetime | None = None
    told: datetime | None = None
    named: tuple[str, ...] = ()  # places of the last notice
    newly: tuple[str, ...] | None = None  # places that a further notice may name
    answered: datetime | None = None  # the period of notice was kept
    accepted: datetime | None = None
    decided: datetime | None = None
    granted: bool = False
    by_silence: bool = False  # the decision
    ended_early: datetime | None = None
    paid: bool = False
    extension: int = 0
    procedures: list[Begun] = field(default_factory=list)
    hearing: Heard | None = None
    unrecorded: bool = False  # time has brought about what nobody has recorded yet

    # -- what time alone brings about -------------------------------------------------------------------

    def settle(self, now: datetime) -> None:
        """Let everything happen that is due."""
        while True:
            due = min(self._lapses(), key=lambda lapse: lapse[0], default=None)
            if due is None or due[0] > now:
                return
            due[1]()
            self.unrecorded = True

    def next_lapse(self) -> datetime | None:
        return min((at for at, _ in self._lapses()), default=None)

    def _lapses(self) -> Iterator[tuple[datetime, Callable[[], None]]]:
        if self.state == "received":
            start = self.supplied or self.received
            assert start is not None
            at = self.days.end(start, 5)  # 32(4)
            assert at is not None
            yield at, lambda: self._deemed_accepted(start)
        if self.state == "correcting":
            assert self.told is not None
            at = self.days.end(self.told, 15)
            assert at is not None
            yield at, lambda: self.end_early(self.outcome, at)
        if self.state in ROUTED and self.renewed_in_time and self.renews_until:
            ends = self.renews_until
            yield ends, lambda: self._renewed(ends)  # 50(2)

    def _deemed_accepted(self, start: datetime) -> None:
        self.accept(start, told=False)

    def _renewed(self, ends: datetime) -> None:
        self.by_silence = True
        self.decide("granted", ends)

    @property
    def renewed_in_time(self) -> bool:
        """Thirty working days lie between the application and the end of the certificate (50(1))."""
        if self.renews_until is None or self.received is None:
            return False
        day, left = china_day(self.received) + DAY, 0
        while day < china_day(self.renews_until):
            left += self.days.works(day)
            day += DAY
        return left >= 30

    # -- what people do ---------------------------------------------------------------------------------

    def close_task(self) -> None:
        self.open, self.holder = False, ""

    def onwards(self) -> None:
        self.node += 1
        self.close_task()

    def accept(self, at: datetime, *, told: bool = True) -> None:
        self.state, self.accepted, self.node = "in_review", at, self.nodes.index("accept")
        if told:
            self.answered = at
        self.onwards()

    def end_early(self, state: str, at: datetime) -> None:
        self.state, self.ended_early = state, at
        self.close_task()

    def decide(self, state: str, at: datetime) -> None:
        self.state, self.decided, self.granted, self.node = state, at, state == "granted", len(self.nodes)
        self.close_task()

    # -- what is lawful ---------------------------------------------------------------------------------

    def holds(self, officer: str, *roles: str) -> bool:
        """The officer has claimed the open task, which is of one of these roles."""
        return (
            self.state in ROUTED
            and self.open
            and self.holder == officer
            and self.node < len(self.nodes)
            and self.nodes[self.node] in roles
        )

    @property
    def stopped(self) -> bool:
        return any(until is None for _, until in self.stops)

    @property
    def running(self) -> bool:
        return any(p.result is None for p in self.procedures)

    def hearing_pending(self, now: datetime) -> bool:
        """Nothing is decided before the right to be heard is used up (47)."""
        heard = self.hearing
        if heard is None or heard.ended is not None:
            return False
        open_still = {1, 2} - heard.waived - set(heard.requested)
        return heard.due or (bool(open_still) and now < self.request_until())

    def request_until(self) -> datetime:
        assert self.hearing is not None
        until = self.days.end(self.hearing.notified, 5)
        assert until is not None
        return until

    @property
    def stops(self) -> tuple[Stop, ...]:
        """From the day after the notice to the day of the result (45)."""
        found: list[Stop] = [
            (china_day(p.notified) + DAY, china_day(p.result) if p.result else None) for p in self.procedures if p.stops
        ]
        if self.hearing:
            found += self.hearing.called_off
            if self.hearing.scheduled:
                ended = self.hearing.ended
                found.append((china_day(self.hearing.scheduled) + DAY, china_day(ended) if ended else None))
        return tuple(found)

    @property
    def longest_extension(self) -> int:
        """By the organ's head (42(1)); of joint handling by the head of government (42(2))."""
        return 15 if self.joint else 10

    # -- when periods end -------------------------------------------------------------------------------

    def ends(self) -> dict[str, datetime | None]:
        """The end of each period that has begun, by the name of its clock."""
        found: dict[str, datetime | None] = {}
        if self.received is None:
            return found
        found["notice"] = self.days.end(self.supplied or self.received, 5)
        if self.told:
            found["correction"] = self.days.end(self.told, 15)
        if self.accepted:
            whole = (45 if self.joint else 20) + self.extension  # 42(1), 42(2)
            found["decision_statutory"] = self.days.end(self.accepted, whole, self.stops)
            found["decision_promised"] = self.days.end(self.accepted, 7, self.stops)
            if any(p.kind == "inspection" for p in self.procedures):
                found["assignment"] = self.days.end(self.accepted, 5)
        if self.hearing and not self.hearing.public:
            found["hearing_request"] = self.request_until()
        if self.hearing and self.hearing.requested:
            found["hearing"] = self.days.end(min(self.hearing.requested.values()), 20)
        if self.renewed_in_time:
            found["renewal"] = self.renews_until
        if self.decided and self.granted:
            found["certificate"] = self.days.end(self.decided, 10)
        return found

    def standing(self, kind: str, now: datetime) -> str:
        """How the clock of the decision or of the notice stands."""
        end = self.ends()[kind]
        stops = self.stops if kind.startswith("decision") else ()
        met = self.decided if kind.startswith("decision") else self.answered
        if kind == "notice" and met is None and self.accepted is not None:
            return "late"  # told was nobody, whatever counts now
        if met is not None:
            return "met" if end is None or met < end else "late"
        over = end is not None and (self.ended_early or now) >= end
        if self.ended_early is not None:
            return "late" if over else "dropped"
        if over:
            return "overdue"
        today = china_day(now)
        return "stopped" if any(a <= today and (b is None or today <= b) for a, b in stops) else "running"
