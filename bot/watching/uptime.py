"""What a time range was like for a service: how long it was seen, and how much of that it was down. Pure.

Time that nobody saw counts neither as up nor as down.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.reporting.models import Status
from bot.timerange import TimeRange
from bot.watching.models import Outage, ServiceState

#: What is seen is written down within a minute; twice that is surely a gap.
_WRITTEN_WITHIN = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Turn:
    """A recorded flip, as far as uptime needs it."""

    outage_id: int
    new: Status
    at: datetime  # first seen in the new status


@dataclass(frozen=True, slots=True)
class Record:
    """A service in a time range."""

    service_id: str
    time_range: TimeRange
    outages: tuple[Outage, ...]  # those that touch the range, newest first
    seen_s: float  # of the range, seconds
    down_s: float  # of what was seen, seconds
    first_seen: datetime | None  # in the range; None: never

    @property
    def uptime_pct(self) -> float | None:
        """Time up in percent of the time seen; None when nothing was."""
        return 100 * (self.seen_s - self.down_s) / self.seen_s if self.seen_s > 0 else None

    @property
    def coverage_pct(self) -> float:
        """Time seen in percent of the range."""
        return 100 * self.seen_s / self.time_range.length.total_seconds()


def record(
    service_id: str,
    time_range: TimeRange,
    outages: Sequence[Outage],
    turns: Iterable[Turn],
    covered: Sequence[TimeRange],
    *,
    now: datetime,
) -> Record:
    """Return the record of `time_range` (it ends at `now` at the latest).

    `turns` are the flips of these outages in the order they happened; `covered` is when the service was seen without
    a break, oldest first.
    """
    by_outage: dict[int, list[Turn]] = {}
    for turn in turns:
        by_outage.setdefault(turn.outage_id, []).append(turn)
    downs = [
        down for outage in outages for down in _downs(outage, by_outage.get(outage.outage_id, ()), covered, now=now)
    ]
    seen = [part for span in covered if (part := _overlap(span, time_range)) is not None]
    down_s = sum(
        part.length.total_seconds() for span in seen for down in downs if (part := _overlap(span, down)) is not None
    )
    return Record(
        service_id=service_id,
        time_range=time_range,
        outages=tuple(outages),
        seen_s=sum(span.length.total_seconds() for span in seen),
        down_s=down_s,
        first_seen=seen[0].since if seen else None,
    )


def with_present(covered: Sequence[TimeRange], state: ServiceState, outages: Iterable[Outage] = ()) -> list[TimeRange]:
    """Return the time seen with the part that is not written down yet: the record is up to a minute late.

    Where that minute is the first, what is known of `outages` tells since when the service was seen.
    """
    if state.last_seen is None or state.since is None or state.unknown_since is not None:
        return list(covered)
    newest = covered[-1].until if covered else None
    if newest is not None and state.last_seen - newest < _WRITTEN_WITHIN:
        return [*covered[:-1], TimeRange(covered[-1].since, max(newest, state.last_seen))]
    seen = [state.since, *(outage.last_seen_up or outage.first_seen_down for outage in outages)]
    recent = [at for at in seen if state.last_seen - at < _WRITTEN_WITHIN and (newest is None or at > newest)]
    return [*covered, TimeRange(min(recent), state.last_seen)] if recent else list(covered)


def _downs(outage: Outage, turns: Sequence[Turn], covered: Sequence[TimeRange], *, now: datetime) -> list[TimeRange]:
    """Return when an outage was down: once, or, when it flapped, time and again."""
    downs: list[TimeRange] = []
    since: datetime | None = outage.first_seen_down
    for turn in turns:
        if turn.new is Status.UP and since is not None:
            downs.append(TimeRange(since, max(since, turn.at)))
            since = None
        elif turn.new is Status.DOWN and since is None:
            since = turn.at
    if since is None:
        return downs
    until = outage.first_seen_up or now
    if outage.is_down and outage.is_over:
        # Nobody watched any more: how it went on is not known from where the time seen ends.
        until = next((span.until for span in covered if span.until > since), since)
    return [*downs, TimeRange(since, max(since, until))]


def _overlap(one: TimeRange, other: TimeRange) -> TimeRange | None:
    since, until = max(one.since, other.since), min(one.until, other.until)
    return TimeRange(since, until) if since < until else None
