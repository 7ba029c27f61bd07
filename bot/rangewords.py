"""The grammar of time ranges: text in, shapes out. What a shape means on the calendar is `bot.timerange`.

    last-7d  last 7 days  7d  last-24h  90min        Last
    today  yesterday  this-week  last-month          Named
    2014-04-28  2014-04-28..2014-05-02  since …      Between
    2014-04  28.4.2014                               Unclear: a date in words that we do not take, and what it may mean

Source: design.md section 2, "Ranges".
"""

from __future__ import annotations

import calendar
import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

#: The longest text that can be a range; "from 2014-04-28 10:00:00 +02:00 to …" twice over.
_LONGEST = 80
#: The most words one range is made of: from, date, time, to, date, time.
_MOST_WORDS = 6


class Unit(StrEnum):
    """What `Last` counts."""

    MINUTES = "m"
    HOURS = "h"
    DAYS = "d"


@dataclass(frozen=True, slots=True)
class Last:
    """The last `count` units; `count` has as many digits as were typed."""

    count: int
    unit: Unit


@dataclass(frozen=True, slots=True)
class Named:
    """One of the ranges that have a name: `today`, `this-week` and so on."""

    name: str


@dataclass(frozen=True, slots=True)
class Point:
    """One end of a range, as typed: a named day, a date, or a date with a time. Nothing is checked yet."""

    spelling: str  # canonical: "yesterday", "2014-04-28", "2014-04-28T10:00", "2014-04-28T10:00Z"
    date: tuple[int, int, int] | None = None  # year, month, day; None for a named day and for now
    time: tuple[int, int, int] | None = None  # hour, minute, second; None for a whole day
    offset: timedelta | None = None  # from UTC, when typed


@dataclass(frozen=True, slots=True)
class Between:
    """From `start` to `stop`; None for a range that ends now."""

    start: Point
    stop: Point | None


@dataclass(frozen=True, slots=True)
class Unclear:
    """A date, but not as we write them; `meant` is our best reading."""

    meant: str


Shape = Last | Named | Between | Unclear

NAMES = ("today", "yesterday", "this-week", "last-week", "this-month", "last-month")

_UNITS = {
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), (1, Unit.MINUTES)),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), (1, Unit.HOURS)),
    **dict.fromkeys(("d", "day", "days"), (1, Unit.DAYS)),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks"), (7, Unit.DAYS)),
    # Always over the limit, so that the answer is "longer than 30 days" and not "what is a month?"
    **dict.fromkeys(("mo", "month", "months"), (31, Unit.DAYS)),
    **dict.fromkeys(("y", "year", "years"), (366, Unit.DAYS)),
}
_PHRASES: dict[tuple[str, str], Shape] = {
    ("last", "hour"): Last(1, Unit.HOURS),
    ("last", "day"): Last(24, Unit.HOURS),
    ("last", "week"): Named("last-week"),
    ("last", "month"): Named("last-month"),
    ("last", "quarter"): Last(92, Unit.DAYS),
    ("last", "year"): Last(366, Unit.DAYS),
    ("past", "hour"): Last(1, Unit.HOURS),
    ("past", "day"): Last(24, Unit.HOURS),
    ("past", "week"): Last(7, Unit.DAYS),
    ("past", "month"): Last(30, Unit.DAYS),
    ("past", "quarter"): Last(92, Unit.DAYS),
    ("past", "year"): Last(366, Unit.DAYS),
    ("this", "day"): Named("today"),
    ("this", "week"): Named("this-week"),
    ("this", "month"): Named("this-month"),
    ("this", "quarter"): Last(92, Unit.DAYS),
    ("this", "year"): Last(366, Unit.DAYS),
}

_LAST = re.compile(r"(?:(?:last|past|previous|prev)[ _-]*)?([0-9]+)[ _-]*([a-z]+)")
_PHRASE = re.compile(r"(last|past|this|previous|prev)[ _-]*(hour|day|week|month|quarter|year)")
_SINCE = re.compile(r"(?:since|from)[ _-]*(.+)")
_SEPARATOR = re.compile(r" ?(?:\.{2,3}|…) ?| (?:to|until|till|-) |(?<=[0-9z])-(?=[0-9]{4}-)")
_POINT = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
    r"(?:(?:t| (?=[0-9]{1,2}:))([0-9]{1,2})(?::([0-9]{2})(?::([0-9]{2}))?)? ?(z|utc|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_CLOCK = re.compile(r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?")
_MONTH = re.compile(r"([0-9]{4})-([0-9]{1,2})")
_YEAR_FIRST = re.compile(r"([0-9]{4})[./]([0-9]{1,2})[./]([0-9]{1,2})")
_YEAR_LAST = re.compile(r"([0-9]{1,2})[./-]([0-9]{1,2})[./-]([0-9]{4})")
_BEGINNINGS = ("last", "past", "prev", "this", "today", "yesterday", "since", "from", "now")


def read_range(text: str) -> Shape | None:
    """Return the shape of a range, None for any other text. Case and the amount of space do not matter."""
    text = " ".join(text.casefold().split())
    # A look at the first letters spares the patterns: this is asked of every few words of a sentence.
    if len(text) > _LONGEST or not ("0" <= text[:1] <= "9" or text.startswith(_BEGINNINGS)):
        return None
    return _named(text) or _last(text) or _between(text) or _unclear(text)


def find_range(words: Sequence[str]) -> tuple[int, int] | None:
    """Return where the first range stands in `words`, as (start, stop) of a slice: the longest one from that start."""
    for start in range(len(words)):
        for stop in range(min(len(words), start + _MOST_WORDS), start, -1):
            if read_range(" ".join(words[start:stop])) is not None:
                return start, stop
    return None


def nearest_range(text: str) -> str | None:
    """Return the range that was probably meant by a mistyped word, None when nothing is near.

    The number survives: `lst-14d` is `last-14d`. It may still be too long a range.
    """
    text = text.casefold()
    if len(text) > _LONGEST:
        return None
    count = re.search("[0-9]{1,6}", text)
    choices = [*NAMES, *(f"last-{count.group()}{unit}" for unit in ("d", "h", "m") if count)]
    return next(iter(difflib.get_close_matches(text, choices, n=1, cutoff=0.7)), None)


def _named(text: str) -> Shape | None:
    if text in ("today", "yesterday"):
        return Named(text)
    if phrase := _PHRASE.fullmatch(text):
        which, what = phrase.groups()
        return _PHRASES.get(("last" if which.startswith("prev") else which, what))
    return None


def _last(text: str) -> Shape | None:
    if (found := _LAST.fullmatch(text)) and found[2] in _UNITS:
        times, unit = _UNITS[found[2]]
        return Last(int(found[1]) * times, unit)
    return None


def _between(text: str) -> Shape | None:
    if (since := _SINCE.fullmatch(text)) and (start := _point(since[1])):
        return Between(start, None)
    ends = _SEPARATOR.split(text.removeprefix("from "), maxsplit=1)
    start = _point(ends[0])
    if start is None:
        return None
    if len(ends) == 1:
        return None if start.spelling == "now" else Between(start, start)
    if ends[1] in ("", "now", "today"):
        return Between(start, None)
    # "2014-04-28T10:00..12:00" ends on the day it starts.
    is_clock = _CLOCK.fullmatch(ends[1]) and start.date and start.time
    stop = _point(f"{start.spelling.partition('T')[0]}T{ends[1]}".casefold() if is_clock else ends[1])
    return Between(start, stop) if stop else None


def _point(text: str) -> Point | None:
    if text in ("now", "today", "yesterday"):
        return Point(text)
    found = _POINT.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, zone = found.groups()
    spelling = f"{year}-{month:0>2}-{day:0>2}"
    if hour is None:
        return Point(spelling, (int(year), int(month), int(day)))
    spelling += f"T{hour:0>2}:{minute or '00'}" + (f":{second}" if int(second or 0) else "")
    offset = None
    if zone in ("z", "utc"):
        spelling, offset = spelling + "Z", timedelta(0)
    elif zone:
        hours, minutes = zone[1:3], zone[-2:]
        spelling += f"{zone[0]}{hours}:{minutes}"
        offset = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if zone[0] == "-" else 1)
    clock = int(hour), int(minute or 0), int(second or 0)
    return Point(spelling, (int(year), int(month), int(day)), clock, offset)


def _unclear(text: str) -> Shape | None:
    if (found := _MONTH.fullmatch(text)) and 1 <= int(found[2]) <= 12 and int(found[1]) > 0:
        year, month = int(found[1]), int(found[2])
        last = min(30, calendar.monthrange(year, month)[1])
        return Unclear(f"{year:04}-{month:02}-01..{year:04}-{month:02}-{last}")
    if found := _YEAR_FIRST.fullmatch(text):
        return Unclear(f"{found[1]}-{found[2]:0>2}-{found[3]:0>2}")
    if found := _YEAR_LAST.fullmatch(text):
        # 28.4.2014 and, where no month has that number, 4/28/2014.
        one, two = found[1].zfill(2), found[2].zfill(2)
        return Unclear(f"{found[3]}-{one}-{two}" if two > "12" else f"{found[3]}-{two}-{one}")
    return None
