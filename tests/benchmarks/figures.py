"""What a benchmark says: named figures with their unit and, where there is one, their aim."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Figure:
    """One figure. ``aim`` reads ``>= 0.7`` or ``<= 250``; empty for what is only reported."""

    name: str
    value: float
    unit: str
    aim: str = ""

    @property
    def holds(self) -> bool | None:
        """Whether the aim is met; None without one."""
        if not self.aim:
            return None
        comparison, bound = self.aim.split()
        return {">=": self.value >= float(bound), "<=": self.value <= float(bound), "==": self.value == float(bound)}[
            comparison
        ]

    @property
    def shown(self) -> str:
        """The value with as many places as make sense."""
        return f"{self.value:.0f}" if abs(self.value) >= 100 or self.value == int(self.value) else f"{self.value:.2f}"


@dataclass
class Report:
    """Collects figures and says each as soon as it is known."""

    figures: list[Figure] = field(default_factory=list)

    def say(self, name: str, value: float, unit: str, aim: str = "") -> None:
        """Print ``name value unit``, and what was aimed at."""
        figure = Figure(name, float(value), unit, aim)
        self.figures.append(figure)
        verdict = {True: "", False: "   MISSED", None: ""}[figure.holds]
        print(f"{name} {figure.shown} {unit}{f'   (aim {aim})' if aim else ''}{verdict}", flush=True)

    def table(self) -> str:
        """The same as a table in Markdown, for docs/performance.md."""
        rows = ["| figure | value | unit | aim | met |", "|---|---|---|---|---|"]
        for f in self.figures:
            met = {True: "yes", False: "**no**", None: "–"}[f.holds]
            rows.append(f"| `{f.name}` | {f.shown} | {f.unit} | {f.aim or '–'} | {met} |")
        return "\n".join(rows)


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile: the smallest value that is not below ``share`` of all."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return percentile(values, 0.5)
