"""Lengths of time and moments to come, as people type them: `30m`, `1h 30min`, `2 hours`, `until 14:00`.

30m  2h  1d  1w  90min  1h30m  2 hours       a length
until 14:00  until tomorrow 09:00            the end of one
until 2014-05-15  until 2014-05-15T14:00
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from handlers.words import Word

_UNITS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86_400),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks"), 7 * 86_400),
}
#: More digits than any length needs; int() of thousands of them would be refused.
_PART = re.compile(r"([0-9]{1,9})([a-z]*)")
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})")
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:t([0-9]{1,2}:[0-9]{2}))?")
_DAYS_AHEAD = {"today": 0, "tomorrow": 1}
#: Sums stay far from where dates end.
_LONGEST_S = 400 * 86_400


@dataclass(frozen=True, slots=True)
class Length:
    """A length of time in words: `seconds`, and where the words after it begin."""

    seconds: int
    stop: int


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment in words: the instant in UTC, how it is spelled, and where the words after it begin."""

    at: datetime
    words: str
    stop: int


def read_length(words: Sequence[Word], start: int) -> Length | None:
    """Return the length that begins at `start`, as long as its words reach; None when there is none."""
    seconds, at = 0, start
    while at < len(words):
        key = words[at].key
        if (whole := _in_one_word(key)) is not None:
            seconds, at = seconds + whole, at + 1
        elif key.isdecimal() and key.isascii() and len(key) <= 9 and at + 1 < len(words):
            unit = _UNITS.get(words[at + 1].key)
            if unit is None:
                break
            seconds, at = seconds + int(key) * unit, at + 2
        else:
            break
    return Length(min(seconds, _LONGEST_S), at) if at > start else None


def spell_length(seconds: int) -> str:
    """Return the shortest word that `read_length` reads as `seconds`: "30m", "2h", "1d"."""
    unit, factor = next((unit, factor) for unit, factor in _SPELLED if seconds % factor == 0)
    return f"{seconds // factor}{unit}"


_SPELLED = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))


def read_moment(words: Sequence[Word], start: int, *, now: datetime, tz: ZoneInfo) -> Moment | None:
    """Return the moment that begins at `start`: the next one of that name, so it may be past only with a date.

    A time of day that clocks skip means as long after the change, as in time ranges. None when there is none.
    """
    key = words[start].key if start < len(words) else ""
    following = words[start + 1].key if start + 1 < len(words) else ""
    today = now.astimezone(tz).date()
    if (clock := _clock(key)) is not None:
        at = _instant(today, clock, tz)
        if at <= now:
            at = _instant(today + timedelta(days=1), clock, tz)
        return Moment(at, f"{clock:%H:%M}", start + 1)
    if key in _DAYS_AHEAD:
        clock = _clock(following)
        at = _instant(today + timedelta(days=_DAYS_AHEAD[key]), clock or time(), tz)
        return Moment(at, f"{key} {clock:%H:%M}" if clock else key, start + (2 if clock else 1))
    if found := _DATE.fullmatch(key):
        try:
            day = date.fromisoformat(found[1])
        except ValueError:
            return None
        typed = found[2] or following
        clock = _clock(typed)
        if (found[2] and clock is None) or not today.year - 1 <= day.year <= today.year + 2:
            return None
        stop = start + (2 if clock and not found[2] else 1)
        return Moment(_instant(day, clock or time(), tz), f"{day} {clock:%H:%M}" if clock else f"{day}", stop)
    return None


def _in_one_word(key: str) -> int | None:
    """Return the seconds of "1h30m"; None for any other word."""
    at = seconds = 0
    while at < len(key):
        part = _PART.match(key, at)
        if part is None or part[2] not in _UNITS:
            return None
        seconds, at = seconds + int(part[1]) * _UNITS[part[2]], part.end()
    return seconds if key else None


def _clock(key: str) -> time | None:
    found = _CLOCK.fullmatch(key)
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        return None
    return time(int(found[1]), int(found[2]))


def _instant(day: date, clock: time, tz: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, tzinfo=tz).astimezone(UTC)
