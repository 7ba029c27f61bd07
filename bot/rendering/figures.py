"""Figures as people read them: numbers in English, lengths of time, changes, bars, bounds in a zone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.reporting.models import Bucket, CallReport
from bot.timerange import TimeRange

_BARS = "▁▂▃▄▅▆▇█"
_NOTHING = "·"
#: Shorter ranges have a bar per hour. Source: design.md section 3.
_HOURLY_BELOW = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the figures: what, how much, and the change to the window before ("" when not known)."""

    label: str
    value: str
    change: str


def number(value: int) -> str:
    """Return 1204 as 1,204."""
    return f"{value:,}"


def calls(value: int) -> str:
    """Return "1 call", "1,204 calls"."""
    return f"{number(value)} {'call' if value == 1 else 'calls'}"


def percent(value: float | None) -> str:
    """Return a share of all with one digit; never 100.0 or 0.0 when it is only nearly so."""
    if value is None:
        return "–"
    rounded = round(value, 1)
    if rounded == 100 and value < 100:
        rounded = 99.9
    elif rounded == 0 and value > 0:
        rounded = 0.1
    return f"{rounded:.0f} %" if rounded in {0, 100} else f"{rounded:.1f} %"


def duration(seconds: float | None) -> str:
    """Return a length of time: "41 h 12 min", "2 min 8 s", "45 s"."""
    if seconds is None:
        return "–"
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    minutes = round(whole / 60)
    return f"{minutes // 60:,} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60:,} h"


def age(then: datetime, now: datetime) -> str:
    """Return "1 min 20 s ago"; a clock that is ahead of ours gives "just now"."""
    seconds = (now - then).total_seconds()
    return f"{duration(seconds)} ago" if seconds >= 1 else "just now"


def relative_change(now: float | None, before: float | None) -> str:
    """Return the change in percent of before ("+12 %"); "" when there is nothing to compare with."""
    if now is None or not before:
        return ""
    return f"{_signed(100 * (now - before) / before, 0)} %"


def point_change(now: float | None, before: float | None) -> str:
    """Return the change of a share in percentage points ("−1.8 pt")."""
    return "" if now is None or before is None else f"{_signed(now - before, 1)} pt"


def _signed(value: float, digits: int) -> str:
    rounded = round(value, digits)
    if not rounded:
        return "±0"
    return f"{'+' if rounded > 0 else '−'}{abs(rounded):,.{digits}f}"


def figures(report: CallReport, before: CallReport | None, tz: ZoneInfo) -> list[Figure]:
    """Return the figures of a report in the order they are read."""
    lines = [
        Figure(label, show(of(report)), change(of(report), of(before)) if before else "")
        for label, of, show, change in _FIGURES
    ]
    first = report.first_start
    return [*lines, Figure("First call", moment(first, tz) if first else "–", "")]


_FIGURES: tuple[tuple[str, Callable[[CallReport], Any], Callable[[Any], str], Callable[[Any, Any], str]], ...] = (
    ("Calls", lambda report: report.calls, number, relative_change),
    ("Success rate (ASR-like)", lambda report: report.success_rate_pct, percent, point_change),
    ("Succeeded", lambda report: report.success, number, relative_change),
    ("Failed", lambda report: report.failed, number, relative_change),
    ("Talked", lambda report: report.duration_s, duration, relative_change),
    ("A call (ACD)", lambda report: report.acd_s, duration, relative_change),
)


def moment(instant: datetime, tz: ZoneInfo) -> str:
    """Return "Mon 17 Nov 2025 09:14"."""
    local = instant.astimezone(tz)
    return f"{_day(local)} {local.year} {local:%H:%M}"


def bounds(time_range: TimeRange, tz: ZoneInfo) -> str:
    """Return the exact bounds in `tz`: "Mon 17 Nov 00:00 – Sun 23 Nov 2025 14:31 (UTC)"; seconds where they matter."""
    since, until = time_range.since.astimezone(tz), time_range.until.astimezone(tz)
    year = "" if since.year == until.year else f" {since.year}"
    return f"{_day(since)}{year} {_clock(since)} – {_day(until)} {until.year} {_clock(until)} ({tz.key})"


def bars(values: Sequence[int]) -> str:
    """Return one character a value, the tallest for the largest; a middle dot for nothing."""
    most = max(values, default=0)
    return "".join(_NOTHING if value <= 0 else _BARS[(value * len(_BARS) - 1) // most] for value in values)


def bar_lines(buckets: Sequence[Bucket], tz: ZoneInfo) -> tuple[str, str]:
    """Return the two rows of bars, calls and failed, and the line below that says what they show."""
    totals = [bucket.report.calls for bucket in buckets]
    failed = [bucket.report.failed for bucket in buckets]
    rows = f"calls  {bars(totals)}\nfailed {bars(failed)}"
    is_hourly = buckets[-1].time_range.until - buckets[0].time_range.since < _HOURLY_BELOW
    said = [f"One bar per {'hour' if is_hourly else 'day'}", f"most calls {_peak(buckets, totals, tz, is_hourly)}"]
    if any(failed):
        said.append(f"most failed {_peak(buckets, failed, tz, is_hourly)}")
    return rows, "; ".join(said)


def _peak(buckets: Sequence[Bucket], values: Sequence[int], tz: ZoneInfo, is_hourly: bool) -> str:
    most = max(values)
    start = buckets[list(values).index(most)].time_range.since.astimezone(tz)
    return f"{number(most)} ({_day(start)} {start:%H:%M})" if is_hourly else f"{number(most)} ({_day(start)})"


def _day(local: datetime) -> str:
    return f"{local:%a} {local.day} {local:%b}"


def _clock(local: datetime) -> str:
    return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
