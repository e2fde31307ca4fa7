"""A small world to run the workflow in: in-memory cases, a clock that stands, and events as AWS delivers them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.domain import case_events as e
from chalicelib.domain.actors import SYSTEM, ActorKind
from chalicelib.domain.case_commands import OpenDraft
from chalicelib.domain.case_events import ActorRef, Document, Event, EventRecord, ItemRef, Party
from chalicelib.domain.cases import Case, evolve, open_draft
from chalicelib.domain.catalog import StepMode, StepRole
from chalicelib.domain.routing import Channel, Node, Route
from chalicelib.services.ports import Hint, OutboxRow, Timer
from chalicelib.storage.memory import MemoryCases, MemoryStore
from chalicelib.storage.memory_messages import MemoryContacts, MemoryMessages
from chalicelib.storage.message_texts import PackagedTexts
from chalicelib.storage.uploads_memory import MemoryUploads
from tests.factories import FakeCalendar, FakeCatalog, item

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
FIVE_LEVELS = ("receive", "accept", "preliminary_review", "review", "decide")


class StandingClock:
    """A clock that moves only when told to."""

    def __init__(self, moment: datetime = NOON) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def advance(self, **delta: float) -> None:
        self.moment += timedelta(**delta)


class LockedCases:
    """Cases for a world in which executions run in threads. ``fail`` lets the next calls raise."""

    def __init__(self, inner: MemoryCases) -> None:
        self._inner = inner
        self._lock = threading.RLock()
        self.failures: list[Exception] = []
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            with self._lock:
                self.calls.append(name)
                if name == "get" and self.failures:
                    raise self.failures.pop(0)
                return method(*args, **kwargs)

        return call


class ListedBus:
    """A bus that keeps what it took. ``refuse`` names the hints that it does not take."""

    def __init__(self) -> None:
        self.taken: list[Hint] = []
        self.refuse: Callable[[Hint], bool] = lambda hint: False

    def publish(self, hints: Sequence[Hint]) -> Sequence[Hint]:
        refused = [hint for hint in hints if self.refuse(hint)]
        self.taken += [hint for hint in hints if hint not in refused]
        return refused


@dataclass
class ListedWorkflows:
    """Executions as a list of what was asked. ``alive`` holds those under way, ``over`` those that have ended."""

    alive: set[tuple[str, int]] = field(default_factory=set)
    over: set[tuple[str, int]] = field(default_factory=set)
    dead_tokens: set[str] = field(default_factory=set)
    succeeded: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)

    def start(self, case_id: str, attempt: int) -> bool:
        if (case_id, attempt) in self.over:
            return False
        self.alive.add((case_id, attempt))
        return True

    def succeed(self, token: str, output: Any) -> bool:
        if token in self.dead_tokens:
            return False
        self.succeeded.append((token, dict(output)))
        return True

    def fail(self, token: str, error: str, cause: str) -> bool:
        if token in self.dead_tokens:
            return False
        self.failed.append((token, error))
        return True

    def is_running(self, case_id: str, attempt: int) -> bool:
        return (case_id, attempt) in self.alive

    def kill(self, case_id: str, attempt: int) -> None:
        self.alive.discard((case_id, attempt))
        self.over.add((case_id, attempt))


class World:
    """Ports for the workflow's use cases, and a hand that makes cases move."""

    home = "150000000000"

    def __init__(self, workflows: Any = None) -> None:
        self.store = MemoryStore()
        self.cases: Any = LockedCases(MemoryCases(self.store))
        self.clock = StandingClock()
        self.catalog = FakeCatalog()
        # Not a licence, so that no legal time moves these cases: here only the workflow does.
        self.catalog.publish(item(code="1" * 31, basic_code="1" * 12, type_code="10"))
        self.calendar = FakeCalendar()
        self.uploads = MemoryUploads(self.store)
        self.bus = ListedBus()
        self.messages, self.contacts = MemoryMessages(self.store), MemoryContacts(self.store)
        self.message_texts, self.public_address = PackagedTexts(), "https://onewindow.test"
        self.workflows: Any = workflows or ListedWorkflows()

    def draft(self, case_id: str) -> Case:
        command = OpenDraft(
            case_id=case_id,
            item=ItemRef(
                "1" * 31, "1" * 12, 1, "草原承包经营权登记", "Grassland contract registration", "body-0", True
            ),
            applicant=Party("herder", ActorKind.PERSON, "巴特尔"),
            division="150100000000",
            channel=Channel.WEB,
        )
        case, events = open_draft(command, SYSTEM, self.clock.now())
        timer = Timer(case_id, "draft", self.clock.now() + timedelta(days=90))
        self.cases.commit(case, events, expected_version=0, timers=[timer])
        return case

    def submit(self, case_id: str, roles: Sequence[str] = FIVE_LEVELS, *, watched: bool = True) -> Case:
        self.draft(case_id)
        nodes = tuple(
            Node(StepRole(role), f"body-{i}", f"机关{i}", "150100000000", StepMode.OWN, f"body-{i}")
            for i, role in enumerate(roles)
        )
        watch = [Timer(case_id, "watch", self.clock.now() + timedelta(hours=1))] if watched else []
        submitted = e.ApplicationSubmitted(f"R-{case_id}", Route(nodes), self.document(f"r-{case_id}"))
        return self.happens(case_id, submitted, timers=watch, cleared=["draft"])

    def end_task(self, case_id: str) -> Case:
        """The officer of the open task does what its role is there for, in favour of the applicant."""
        task = self.case(case_id).task
        assert task is not None, "no task is open"
        by_role: dict[str, Callable[[], Event]] = {
            "receive": lambda: e.ApplicationForwarded(task.number, ""),
            "accept": lambda: e.CaseAccepted(task.number, f"N-{case_id}", self.document(f"a-{case_id}-{task.number}")),
            "preliminary_review": lambda: e.OpinionGiven(task.number, self.case(case_id).position, "agree", "同意"),
            "review": lambda: e.OpinionGiven(task.number, self.case(case_id).position, "agree", "同意"),
            "decide": lambda: e.CaseGranted(task.number, self.document(f"d-{case_id}-{task.number}"), "准予"),
        }
        return self.happens(case_id, by_role[task.role]())

    def send_back(self, case_id: str, position: int) -> Case:
        task = self.case(case_id).task
        assert task is not None
        return self.happens(case_id, e.CaseReturned(task.number, position, "再核实"))

    def withdraw(self, case_id: str) -> Case:
        task = self.case(case_id).task
        return self.happens(case_id, e.CaseWithdrawn("", task.number if task else 0))

    def refuse_acceptance(self, case_id: str) -> Case:
        task = self.case(case_id).task
        assert task is not None
        document = self.document(f"n-{case_id}")
        return self.happens(case_id, e.AcceptanceRefused(task.number, "not_competent", "不属于本机关", "", document))

    def happens(self, case_id: str, event: Event, **commit: Any) -> Case:
        """Commit an event as an officer's command would."""
        before = self.case(case_id)
        now = self.clock.now()
        actor = ActorRef("officer", ActorKind.OFFICER, "body-0", "150100000000")
        record = EventRecord(case_id, before.version + 1, now, now, actor, event)
        after = evolve(before, record)
        self.cases.commit(after, (record,), expected_version=before.version, **commit)
        return after

    def case(self, case_id: str) -> Case:
        case = self.store_cases.get(case_id)
        assert case is not None
        return case

    @property
    def store_cases(self) -> MemoryCases:
        """The cases without failures or counting."""
        return self.cases._inner  # type: ignore[no-any-return]

    def log(self, case_id: str) -> list[str]:
        return [record.event.type for record in self.store_cases.log(case_id)]

    def watch_timer(self, case_id: str) -> Timer | None:
        return self.store.timers.get((case_id, "watch"))

    def outbox(self) -> list[OutboxRow]:
        return sorted(self.store.outbox.values(), key=lambda row: row.key)

    def document(self, number: str) -> Document:
        return Document(number, "receipt", self.clock.now(), "机关", "0" * 64)


def sqs_event(*hints: Hint | str) -> dict[str, Any]:
    """A batch as the event source mapping delivers it. A string stands for a body as it is."""
    return {"Records": [{"messageId": f"m{i}", "body": _body(hint)} for i, hint in enumerate(hints)]}


def _body(hint: Hint | str) -> str:
    if isinstance(hint, str):
        return hint
    detail = {"case_id": hint.case_id, "number": hint.number, "type": hint.type}
    return json.dumps({"source": "onewindow.cases", "detail-type": hint.type, "detail": detail})


def failed_items(answer: dict[str, Any]) -> list[str]:
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def until(condition: Callable[[], Any], seconds: float = 10.0) -> Any:
    """Wait in real time for another thread; the condition's value is returned."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.02)


def stream_event(images: Iterable[dict[str, Any]], change: str = "INSERT") -> dict[str, Any]:
    """A stream batch with new images, whose values are strings or ints."""
    records = []
    for i, image in enumerate(images):
        typed = {k: {"N": str(v)} if isinstance(v, int) else {"S": v} for k, v in image.items()}
        keys = {k: typed[k] for k in ("pk", "sk")}
        dynamodb = {"SequenceNumber": f"{i:03d}", "Keys": keys, "NewImage": typed}
        records.append({"eventName": change, "dynamodb": dynamodb})
    return {"Records": records}
