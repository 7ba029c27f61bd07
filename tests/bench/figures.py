"""What was measured: medians over rounds with their range, as a table."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: what is measured, in which unit, and the goal where there is one."""

    name: str
    unit: str
    decimals: int
    at_most: float | None = None
    at_least: float | None = None

    @property
    def goal(self) -> str:
        """The goal as the table shows it."""
        if self.at_most is not None:
            return f"≤ {self.at_most:,.{self.decimals}f}"
        return f"≥ {self.at_least:,.{self.decimals}f}" if self.at_least is not None else ""

    def is_met(self, value: float) -> bool:
        """Tell whether `value` reaches the goal; without one it does."""
        return (self.at_most is None or value <= self.at_most) and (self.at_least is None or value >= self.at_least)


ACK_P50 = Figure("acknowledgement p50", "ms", 2, at_most=0.5)
ACK_P99 = Figure("acknowledgement p99", "ms", 2, at_most=1.0)
ANSWER_P50 = Figure("answer p50, one at a time", "ms", 2, at_most=2.0)
ANSWER_P99 = Figure("answer p99, one at a time", "ms", 2)
THROUGHPUT = Figure("answers at 32 at a time", "per s", 0, at_least=750)
CPU = Figure("processor, per answer at 32 at a time", "µs", 0)
IDLE_MEMORY = Figure("idle memory", "MiB", 1, at_most=64.0)
MEMORY_AFTER = Figure("memory after the load", "MiB", 1)
START = Figure("start to connected", "s", 3, at_most=0.45)
FIRST_ANSWER = Figure("first answer, after connecting", "ms", 1)

ROWS = (
    ACK_P50,
    ACK_P99,
    ANSWER_P50,
    ANSWER_P99,
    THROUGHPUT,
    CPU,
    IDLE_MEMORY,
    MEMORY_AFTER,
    START,
    FIRST_ANSWER,
)


@dataclass(slots=True)
class Results:
    """One value per round, by figure and contender."""

    _values: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, figure: Figure, contender: str, value: float) -> None:
        """Keep one round's value."""
        self._values[figure.name, contender].append(value)

    def table(self, contenders: Sequence[str], goals_of: str) -> str:
        """Return all rows as Markdown, `median (lowest–highest)`; the goals are those of one contender."""
        lines = [("", "goal", "", *contenders)]
        for figure in ROWS:
            cells = [self._cell(figure, contender) for contender in contenders]
            values = self._values.get((figure.name, goals_of))
            verdict = (
                ("met" if figure.is_met(statistics.median(values)) else "MISSED") if values and figure.goal else ""
            )
            lines.append((f"{figure.name}, {figure.unit}", figure.goal, verdict, *cells))
        widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
        rows = [_row(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
        return "\n".join([rows[0], _row("-" * width for width in widths), *rows[1:]])

    def _cell(self, figure: Figure, contender: str) -> str:
        values = self._values.get((figure.name, contender))
        if not values:
            return ""
        middle, low, high = (
            f"{each:,.{figure.decimals}f}" for each in (statistics.median(values), min(values), max(values))
        )
        return f"{middle} ({low}–{high})"


def percentile(values: Iterable[float], percent: int) -> float:
    """Return the smallest value that `percent` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
