"""The window of a call report, from the filters `_start` and `_stop`."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl

from bot.reporting.server.faults import Quirks, WholeDays
from bot.reporting.server.times import MS_PER_DAY, NS_PER_MS, parse_instant_ns
from bot.reporting.server.wire import ApiError

LONGEST_DAYS = 30  # source: spec "User Call Report"
_LONGEST_NS = LONGEST_DAYS * MS_PER_DAY * NS_PER_MS


@dataclass(frozen=True, slots=True)
class Window:
    """Half open: calls with `since_ms <= start < until_ms`, milliseconds since 1970, UTC."""

    since_ms: int
    until_ms: int


def parse_window(query: str, *, now_ns: int, quirks: Quirks) -> Window:
    """Return the window that the raw `query` asks for, cut at `now_ns`: no call of the future is told.

    Absent `_stop` is now, absent `_start` is 30 days before `_stop`. Raises ApiError 40001 for a time that cannot be
    read, a stop before the start, and more than 30 days.
    """
    filters = _parse_filters(query)
    stop_ns = filters.get("_stop", now_ns)
    start_ns = filters.get("_start", stop_ns - _LONGEST_NS)
    if stop_ns < start_ns:
        raise ApiError(40001, "_stop is before _start.")
    if stop_ns - start_ns > _LONGEST_NS:
        raise ApiError(40001, f"The window from _start to _stop is longer than {LONGEST_DAYS} days.")
    day_ns = MS_PER_DAY * NS_PER_MS
    if quirks.is_look_back_limited and start_ns < (now_ns - _LONGEST_NS) // day_ns * day_ns:
        raise ApiError(40001, f"_start is more than {LONGEST_DAYS} days ago.")
    match quirks.whole_days:
        case WholeDays.TRUNCATE:
            start_ns, stop_ns = start_ns // day_ns * day_ns, stop_ns // day_ns * day_ns
        case WholeDays.WIDEN:
            start_ns, stop_ns = start_ns // day_ns * day_ns, -(-stop_ns // day_ns) * day_ns
    # Records have whole milliseconds, so rounding both ends up keeps `start <= call < stop` exact.
    return Window(-(-start_ns // NS_PER_MS), -(-min(stop_ns, now_ns) // NS_PER_MS))


def _parse_filters(query: str) -> dict[str, int]:
    """Return the instants (nanoseconds) of the filters that are there."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=100)
    except ValueError as error:
        raise ApiError(40001, "The query has too many fields.") from error
    filters: dict[str, int] = {}
    for name, text in pairs:
        if name not in ("_start", "_stop"):
            continue
        if name in filters:
            raise ApiError(40001, f"{name} is given twice.")
        try:
            filters[name] = parse_instant_ns(text)
        except ValueError as error:
            hint = "; write the + of an offset as %2B" if " " in text else ""
            raise ApiError(40001, f"{name} is invalid: {error}{hint}.") from error
    return filters
