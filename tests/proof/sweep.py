"""The crash sweep: every fault at every place that a run without faults passes.

clean = Sweep(stack).journey("grant")
for point in clean.points(): clean.run(point)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from chalicelib.services.ports import Receipt
from tests.proof import invariants
from tests.proof.faults import Mode, Site
from tests.proof.journeys import Act, load
from tests.proof.stack import Stack, key


@dataclass(frozen=True)
class Point:
    """One fault at one place of one journey."""

    journey: str
    site: Site
    mode: Mode

    def __str__(self) -> str:
        return f"{self.journey} at {self.site}: {self.mode}"


@dataclass
class Summary:
    """What a sweep has gone through."""

    journeys: int = 0
    sites: int = 0
    places: set[str] = field(default_factory=set)
    modes: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def with_part(self, other: Summary) -> Summary:
        """Two parts of one sweep together: each has seen every journey, and run points of its own."""
        both = Counter(self.modes) + Counter(other.modes)
        return Summary(other.journeys, other.sites, other.places, both, [*self.violations, *other.violations])

    def lines(self) -> list[str]:
        """For whoever reads the log of a release."""
        spread = ", ".join(f"{mode} {count}" for mode, count in sorted(self.modes.items()))
        return [
            f"crash sweep: {self.journeys} journeys pass {self.sites} call sites, {len(self.places)} of them distinct",
            f"crash sweep: {sum(self.modes.values())} points, {len(self.violations)} violations",
            f"crash sweep: {spread}",
        ]


class Clean:
    """A journey run without faults: where it starts, what it passes, what it brings about."""

    def __init__(self, stack: Stack, name: str) -> None:
        self.stack, self.name = stack, name
        self.act: Act = load()[name](stack)
        self._start = stack.state()
        self.sites, self.effect, self.receipt = self._go(None)
        self._own = self.commanded
        flaws = invariants.flaws(stack)
        if flaws:
            raise AssertionError(f"{name} without any fault: {flaws}")

    def start_over(self) -> None:
        """Put everything back to where the journey begins."""
        self.stack.restore(self._start)

    def _go(self, point: Point | None) -> tuple[list[Site], invariants.Effect, object]:
        stack, fault = self.stack, (point.site.number, point.mode) if point else None
        self.start_over()
        stack.calls.begin(fault)
        try:
            receipt = stack.perform(self.act.run, key(self.name))
            self.commanded = len(stack.calls.sites)
            stack.settle()
        finally:
            sites = stack.calls.end()
        stack.sweep()
        if receipt and self.act.keyed:
            self._ask_again(receipt)
        return sites, invariants.effect(stack), receipt

    def _ask_again(self, receipt: object) -> None:
        """A key that was used is answered as the first time, from what is stored, and nothing else happens."""
        again = self.stack.perform(self.act.run, key(self.name))
        if again != receipt:
            raise AssertionError(f"answered {receipt}, and when asked again {again}")
        stored = self.stack.cases.receipt(key(self.name).scope)
        if stored is None or stored.receipt != receipt:
            raise AssertionError(f"answered {receipt}, stored is {stored}")
        self.stack.settle()

    def points(self, seen: set[tuple[str, Mode]] | None = None) -> Iterator[Point]:
        """Every point of the journey; those of consumers that another journey has shown are left out.

        ``seen`` collects what was shown: the same call of the same function about the same event, in the same mode.
        """
        for site in self.sites:
            for mode in site.modes:
                mark = (site.signature, mode)
                if seen is not None and site.number >= self._own:
                    if mark in seen:
                        continue
                    seen.add(mark)
                yield Point(self.name, site, mode)

    @property
    def places(self) -> set[str]:
        """What the journey passes: its own calls, and those of the consumers that others pass as well."""
        return {f"{self.name} {site}" if site.number < self._own else site.signature for site in self.sites}

    def run(self, point: Point) -> list[str]:
        """Let it happen, and say what is wrong afterwards."""
        try:
            _, effect, receipt = self._go(point)
        except Exception as error:
            return [f"{point}: {type(error).__name__}: {error}"]
        if not self.stack.calls.happened:
            return [f"{point}: the run never came to this place"]
        found = [*invariants.flaws(self.stack), *invariants.differences(self.effect, effect)]
        answered = self.act.keyed or receipt is not None  # without a key, whoever asks again is told that it is stale
        if answered and _told(receipt) != _told(self.receipt):
            found.append(f"the receipt is {receipt} instead of {self.receipt}")
        return [f"{point}: {flaw}" for flaw in found]


def _told(receipt: object) -> object:
    """What a receipt says, without the ids and numbers that a repetition draws anew."""
    if not isinstance(receipt, Receipt):
        return receipt
    steps = (receipt.version, receipt.events) if receipt.kind == "case" else ()  # a check begun anew is one more step
    return receipt.kind, steps, sorted(receipt.result), receipt.result.get("state")


def passed(stack: Stack, name: str) -> list[Site]:
    """Run a journey once and let happen what follows; nothing is compared. Answers the calls that it makes."""
    act = load()[name](stack)
    stack.calls.begin()
    try:
        stack.perform(act.run, key(name))
        stack.settle()
    finally:
        sites = stack.calls.end()
    return sites


def sampled(place: int, points: Sequence[Point], used: Counter[Mode]) -> Point:
    """One point of a journey: in the mode that was used least, which is noted; the call by the journey's place."""
    rarest_first = list(reversed(Mode))  # not every journey has a delivery
    mode = min({point.mode for point in points}, key=lambda mode: (used[mode], rarest_first.index(mode)))
    used[mode] += 1
    fitting = [point for point in points if point.mode is mode]
    return fitting[place * 7 % len(fitting)]


def sweep(stack: Stack, part: int = 0, parts: int = 1, stride: int = 1) -> Summary:
    """Go through every point of every journey, or, of the points in their order, every ``parts``-th from ``part`` on.

    ``stride`` leaves out all but every n-th point: for whoever wants to see something sooner.
    """
    summary, seen, number = Summary(), set[tuple[str, Mode]](), 0
    for name in load():
        clean = Clean(stack, name)
        summary.journeys += 1
        summary.sites += len(clean.sites)
        summary.places |= clean.places
        for point in clean.points(seen):
            number += 1
            if number % (parts * stride) != part * stride:
                continue
            summary.modes[point.mode] += 1
            found = clean.run(point)
            summary.violations += found
            for flaw in found:
                print(flaw, flush=True)  # noqa: T201 -- nobody waits twenty minutes to see that it failed at once
    return summary
