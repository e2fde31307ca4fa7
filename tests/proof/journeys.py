"""What stands before a command, and the register of journeys: one function for each command, in ``journeys_*.py``.

    @journey()
    def withdraw(stack: Stack) -> Act:
        case_id = at(stack, "review")
        return Act(lambda w, key: cases.withdraw(w, f.HERDER, case_id, "不办了", key=key))

The sweep does the rest: it lists the calls of the command and of all that follows from it, and tries every fault at
each. ``test_coverage`` fails while a command of the product has no journey.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from chalicelib.domain.catalog import Correction, CorrectionOutcome, ImplementationItem, Limit, LimitUnit
from chalicelib.services import cases, contacts, tasks
from chalicelib.services.ports import RequestKey
from tests import factories as f
from tests import journey as short
from tests import proof
from tests.proof.stack import Stack
from tests.unit.test_messages import NUMBER, last_code
from tests.unit.test_procedures import LISTED


@dataclass(frozen=True)
class Act:
    """A command, or one run of a scheduled function. It is asked again under its key until it is answered.

    ``keyed``: a repetition is answered with the first receipt; otherwise (If-Match) it is refused as stale.
    """

    run: Callable[[Any, RequestKey], object]
    keyed: bool = True

    @classmethod
    def schedule(cls, name: str) -> Act:
        """One run of a scheduled function."""
        return cls(lambda stack, key: stack.scheduled(name))


Journey = Callable[[Stack], Act]
JOURNEYS: dict[str, Journey] = {}


def journey(made: Journey) -> Journey:
    """Have this journey swept."""
    if made.__name__ in JOURNEYS:
        raise ValueError(f"two journeys are called {made.__name__}")
    JOURNEYS[made.__name__] = made
    return made


FORM = {
    "type": "object",
    "required": ["subject"],
    "properties": {
        "subject": {"type": "string", "title": "任教学科"},
        "phone": {"type": "string", "title": "联系电话"},
    },
}
ORDINARY = f.item(
    form=FORM,
    special_procedures=LISTED,
    result_validity="5年",
    correction=Correction(Limit(15, LimitUnit.WORKDAY, demo=True), CorrectionOutcome.NOT_ACCEPTED),
)


def begin(stack: Stack, item: ImplementationItem = ORDINARY) -> None:
    """An item is offered; the herder has confirmed a telephone number."""

    def build() -> None:
        stack.restore(stack.empty)
        stack.catalog.publish(item)
        made = contacts.add(stack, f.HERDER, number=NUMBER)  # type: ignore[arg-type]
        contacts.confirm(stack, f.HERDER, made.id, code=last_code(stack), correct=False)  # type: ignore[arg-type]
        stack.sms.sent.clear()

    stack.remembered(("begin", id(item)), build)


def authorised(stack: Stack, item: ImplementationItem = ORDINARY) -> str:
    """The herder has given the agent an authority; answers its id."""

    def build() -> str:
        begin(stack, item)
        return short.authorised(stack)  # type: ignore[arg-type]

    answer: str = stack.remembered(("authorised", id(item)), build)
    return answer


def drafted(stack: Stack, item: ImplementationItem = ORDINARY) -> str:
    """A complete draft of the herder."""

    def build() -> str:
        begin(stack, item)
        case_id = short.drafted(stack)  # type: ignore[arg-type]
        stack.settle()
        return case_id

    answer: str = stack.remembered(("drafted", id(item)), build)
    return answer


def received(stack: Stack, item: ImplementationItem = ORDINARY) -> str:
    """Filed by the agent at the station; the sum's window finds it in its worklist."""

    def build() -> str:
        authority = authorised(stack, item)
        case_id = short.drafted(stack, f.AGENT, f.Channel.STATION, authority=authority)  # type: ignore[arg-type]
        cases.submit(stack, f.AGENT, case_id)  # type: ignore[arg-type]
        stack.settle()
        return case_id

    answer: str = stack.remembered(("received", id(item)), build)
    return answer


def free(stack: Stack, node: str, item: ImplementationItem = ORDINARY) -> str:
    """A case whose task at the named node is open and nobody's."""
    roles = [role for role, _, _ in short.STATIONS]
    place = roles.index(node)
    if place == 0:
        return received(stack, item)

    def build() -> str:
        _, officer, act = short.STATIONS[place - 1]
        case_id = at(stack, roles[place - 1], item)
        act(stack, officer, case_id)  # type: ignore[arg-type]
        stack.settle()
        return case_id

    answer: str = stack.remembered(("free", node, id(item)), build)
    return answer


def at(stack: Stack, node: str, item: ImplementationItem = ORDINARY) -> str:
    """A case whose task at the named node is claimed by its officer."""

    def build() -> str:
        case_id = free(stack, node, item)
        officer = next(officer for role, officer, _ in short.STATIONS if role == node)
        done(stack, tasks.claim(stack, officer, case_id))  # type: ignore[arg-type]
        return case_id

    answer: str = stack.remembered(("at", node, id(item)), build)
    return answer


def done(stack: Stack, *acts: object) -> None:
    """Let everything follow from what was done."""
    stack.settle()


def load() -> dict[str, Journey]:
    """Every journey there is: whoever adds one writes it, and nothing else."""
    for module in iter_modules(proof.__path__):
        if module.name.startswith("journeys_"):
            import_module(f"{proof.__name__}.{module.name}")
    return JOURNEYS
