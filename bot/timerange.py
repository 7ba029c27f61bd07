"""Time ranges: half-open, aware UTC inside, spoken in the asker's zone.

A wall-clock time that does not exist (clocks went forward) means the instant as far after the change; one that comes
twice means the first. A day starts at its first instant, also where midnight does not exist. Everything is compared in
UTC: two aware datetimes of one zone subtract as if clocks never changed.
"""

from __future__ import annotations

import calendar
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import pairwise
from typing import ClassVar
from zoneinfo import ZoneInfo

from bot.errors import CallwatchError
from bot.rangelabels import clock_label, day_label, days_label, instant_label, span_label
from bot.rangewords import Between, Last, Named, Point, Unclear, Unit, nearest_range, read_range

#: The longest range a report covers. Source: spec/call-report.md, "up to 30 days".
LONGEST_DAYS = 30
DEFAULT_RANGE = "last-7d"

_DAY = timedelta(days=1)
_EARLIEST_YEAR = 1970  # before that, zones are guesses


@dataclass(frozen=True, slots=True)
class TimeRange:
    """The instants from `since` up to, not including, `until`; both aware UTC."""

    since: datetime
    until: datetime

    @property
    def length(self) -> timedelta:
        """How long it is; right across daylight-saving changes because both ends are UTC."""
        return self.until - self.since

    @property
    def before(self) -> TimeRange:
        """The equal window that ends where this one starts."""
        return TimeRange(self.since - self.length, self.since)


@dataclass(frozen=True, slots=True)
class ParsedRange:
    """What a person's words for a range mean."""

    time_range: TimeRange  # whole seconds
    words: str  # the canonical spelling: parses to an equal value at the same now and zone
    label: str  # for people: "last 7 days", "28 April 2014", "28 Apr–2 May 2014"
    notes: tuple[str, ...] = ()  # a sentence for each way in which it is not what the words say


class RangeError(CallwatchError):
    """Words that are no range we can report on: `str()` quotes them and says why; `suggestion` is one that works."""

    log_level: ClassVar[int] = logging.INFO
    exit_code: ClassVar[int] = 2

    def __init__(self, sentence: str, suggestion: str) -> None:
        super().__init__(sentence)
        self.suggestion = suggestion


def quoted(text: str) -> str:
    """Return what somebody typed as we say it back: in quotes, on one line, at most 40 characters."""
    text = " ".join(text[:200].split())
    return f"“{text if len(text) <= 40 else text[:39] + '…'}”"


def parse_range(text: str, *, now: datetime, tz: ZoneInfo) -> ParsedRange:
    """Return the range that `text` names for somebody in `tz` at the instant `now` (aware).

    Bounds are whole seconds and end at `now`, cut to the second, at the latest. Raises RangeError, and nothing else.
    Source: design.md section 2, "Ranges".
    """
    reader = _Reader(text, now.astimezone(UTC).replace(microsecond=0), tz)
    match read_range(text):
        case Last() as last:
            return reader.last(last)
        case Named(name):
            return reader.named(name)
        case Between() as between:
            return reader.between(between)
        case Unclear(meant):
            raise reader.error("is not how dates are written here: year, month, day, as in 2014-04-28.", meant)
        case None:
            raise reader.error("is not a time range I know.", nearest_range(text))


def working_range(text: str, *, now: datetime, tz: ZoneInfo) -> str:
    """Return the canonical words of a range: of `text`, or where that is none, of what is suggested instead."""
    try:
        return parse_range(text, now=now, tz=tz).words
    except RangeError as error:
        return error.suggestion


def start_of_day(day: date, tz: ZoneInfo) -> datetime:
    """Return the first instant of a calendar day in a zone, in UTC."""
    return datetime.combine(day, time(), tzinfo=tz).astimezone(UTC)


def bucket_edges(time_range: TimeRange, tz: ZoneInfo) -> tuple[TimeRange, ...]:
    """Return the slices of a range: the days of `tz`, or its hours when the range is under 48 h.

    Together they are the range exactly; the first and the last are cut to it, so a range within one hour is one slice.
    At most 49 hours (a 30-minute change of clocks adds one) or 31 days.
    """
    step = _next_hour if time_range.length < 2 * _DAY else _next_day
    edges = [time_range.since]
    while edges[-1] < time_range.until:
        edges.append(min(step(edges[-1], tz), time_range.until))
    return tuple(TimeRange(since, until) for since, until in pairwise(edges))


def _next_hour(instant: datetime, tz: ZoneInfo) -> datetime:
    local = instant.astimezone(tz)
    return instant + timedelta(hours=1) - timedelta(minutes=local.minute, seconds=local.second)


def _next_day(instant: datetime, tz: ZoneInfo) -> datetime:
    day = instant.astimezone(tz).date()
    # Where a zone crossed the date line there are days without instants: the first later start counts.
    return next(start for start in _starts_after(day, tz) if start > instant)


def _starts_after(day: date, tz: ZoneInfo) -> Iterator[datetime]:
    while True:
        day += _DAY
        yield start_of_day(day, tz)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Shapes become ranges, for one text, one instant and one zone."""

    text: str
    now: datetime  # aware UTC, whole seconds
    tz: ZoneInfo

    @property
    def today(self) -> date:
        """The calendar day that it is."""
        return self.now.astimezone(self.tz).date()

    def error(self, what: str, suggestion: str | None = None) -> RangeError:
        """Return the error that says `what` of the text; a suggestion that does not work itself is replaced."""
        works = working_range(suggestion, now=self.now, tz=self.tz) if suggestion else DEFAULT_RANGE
        return RangeError(f"{quoted(self.text)} {what}", works)

    def too_long(self, suggestion: str) -> RangeError:
        """Return the error for a range over the limit."""
        return self.error(f"is longer than {LONGEST_DAYS} days, the most that one report covers.", suggestion)

    def last(self, asked: Last) -> ParsedRange:
        """Minutes and hours roll; days are calendar days, today and those before."""
        length = {Unit.MINUTES: timedelta(minutes=1), Unit.HOURS: timedelta(hours=1), Unit.DAYS: _DAY}[asked.unit]
        if asked.count == 0:
            raise self.error("is no time at all.", f"last-1{asked.unit}")
        if asked.count > LONGEST_DAYS * _DAY // length:
            raise self.too_long("last-720h" if asked.unit is Unit.HOURS else "last-30d")
        if asked.unit is Unit.DAYS and asked.count == 1:
            return self.named("today")
        words, noun = f"last-{asked.count}{asked.unit}", asked.unit.name.lower()
        label = f"last {noun.removesuffix('s')}" if asked.count == 1 else f"last {asked.count} {noun}"
        if asked.unit is Unit.DAYS:
            return self._until_now(self.today - (asked.count - 1) * _DAY, words, label)
        return ParsedRange(TimeRange(self.now - asked.count * length, self.now), words, label)

    def named(self, name: str) -> ParsedRange:
        """Calendar days, weeks (from Monday) and months; a month is cut to its last 30 days."""
        today, label = self.today, name.replace("-", " ")
        monday, first = today - today.weekday() * _DAY, today.replace(day=1)
        match name:
            case "today":
                return self._until_now(today, name, label)
            case "yesterday":
                return ParsedRange(self._days(today - _DAY, today), name, label)
            case "this-week":
                return self._until_now(monday, name, label)
            case "last-week":
                return ParsedRange(self._days(monday - 7 * _DAY, monday), name, label)
            case "this-month":
                since = max(first, today - (LONGEST_DAYS - 1) * _DAY)
                note = f"This month is longer than {LONGEST_DAYS} days so far: showing the last {LONGEST_DAYS}."
                return self._until_now(since, name, label, () if since == first else (note,))
            case _:
                start = (first - _DAY).replace(day=1)
                since = max(start, first - LONGEST_DAYS * _DAY)
                note = f"Last month has {(first - start).days} days: showing the last {LONGEST_DAYS}."
                return ParsedRange(self._days(since, first), name, label, () if since == start else (note,))

    def between(self, asked: Between) -> ParsedRange:
        """From one point to another; a date as an end includes its whole day."""
        start, stop = asked.start, asked.stop
        if start.spelling in ("today", "yesterday") and stop == (None if start.spelling == "today" else start):
            return self.named(start.spelling)
        first_day, last_day = self._day(start), self._day(stop or start)
        since = self._instant(start)
        if since >= self.now:
            raise self.error("is in the future." if since > self.now else "is no time at all.")
        until = self.now if stop is None else self._instant(stop, is_end=True)
        if stop is not None and until <= since:
            raise self._backwards(start, stop, is_empty=until == since)
        notes = [self._clock_note(start), self._clock_note(stop) if stop not in (None, start) else ""]
        if until > self.now:
            until = self.now
            notes.append("Ends now, because the range reaches into the future.")
        time_range = TimeRange(since, until)
        if min(time_range.length, self._wall(until) - self._wall(since)) > LONGEST_DAYS * _DAY:
            # A first page, so that the rest can be asked next; a range that ends now keeps its end.
            raise self.too_long(f"{first_day}..{first_day + (LONGEST_DAYS - 1) * _DAY}" if stop else "last-30d")
        words = f"since {start.spelling}" if stop is None else f"{start.spelling}..{stop.spelling}"
        label = self._label(start, stop, time_range, min(last_day, self.today))
        return ParsedRange(time_range, start.spelling if start == stop else words, label, tuple(filter(None, notes)))

    def _until_now(self, first: date, words: str, label: str, notes: tuple[str, ...] = ()) -> ParsedRange:
        since = start_of_day(first, self.tz)
        if since >= self.now:
            raise self.error("has only just begun.", "yesterday")
        return ParsedRange(TimeRange(since, self.now), words, label, notes)

    def _days(self, first: date, end: date) -> TimeRange:
        return TimeRange(start_of_day(first, self.tz), start_of_day(end, self.tz))

    def _wall(self, instant: datetime) -> datetime:
        return instant.astimezone(self.tz).replace(tzinfo=None)

    def _day(self, point: Point) -> date:
        """Return the calendar day of a point; raises RangeError for one that no calendar has."""
        if point.date is None:
            return self.today - _DAY if point.spelling == "yesterday" else self.today
        year, month, day = point.date
        if year < _EARLIEST_YEAR:
            raise self.error("is too long ago.")
        try:
            return date(year, month, day)
        except ValueError:
            is_month = 1 <= month <= 12
            last = f"{year:04}-{month:02}-{calendar.monthrange(year, month)[1]}" if is_month else None
            raise self.error("names a day that does not exist.", last) from None

    def _local(self, point: Point) -> datetime | None:
        """Return the wall-clock time of a point, None for a whole day; raises RangeError for a time like 25:00."""
        if point.time is None:
            return None
        try:
            return datetime.combine(self._day(point), time(*point.time))
        except ValueError:
            raise self.error("names a time that does not exist.", point.spelling.partition("T")[0]) from None

    def _instant(self, point: Point, *, is_end: bool = False) -> datetime:
        """Return a point's instant in UTC: of a day its beginning, or as an end the next day's.

        What is days ahead is three days ahead: far enough to be the future, and never past the end of time.
        """
        if point.spelling == "now":
            return self.now
        day, local = self._day(point), self._local(point)
        if day > self.today + 2 * _DAY:
            return self.now + 3 * _DAY
        if local is None:
            return start_of_day(day + _DAY if is_end else day, self.tz)
        zone = self.tz if point.offset is None else timezone(point.offset)
        return local.replace(tzinfo=zone).astimezone(UTC)

    def _backwards(self, start: Point, stop: Point, *, is_empty: bool) -> RangeError:
        if not is_empty:
            return self.error("stops before it starts.", f"{stop.spelling}..{start.spelling}")
        if start.time is None:
            return self.error(f"is a day that {self.tz.key} never had.")
        hour_later = self._wall(self._instant(start) + timedelta(hours=1)).isoformat(timespec="minutes")
        return self.error("is an instant, and a report needs a start and an end.", f"{start.spelling}..{hour_later}")

    def _clock_note(self, point: Point | None) -> str:
        """Say what is meant where the clocks changed, "" elsewhere."""
        if point is None or point.offset is not None or (local := self._local(point)) is None:
            return ""
        first, second = local.replace(tzinfo=self.tz), local.replace(tzinfo=self.tz, fold=1)
        if first.utcoffset() == second.utcoffset():
            return ""
        clock, day = clock_label(local.time()), day_label(local.date())
        meant = self._wall(first.astimezone(UTC))
        if meant != local:
            return f"{clock} did not exist on {day}, when clocks went forward: {clock_label(meant.time())} is meant."
        return f"{clock} came twice on {day}, when clocks went back: the first is meant."

    def _label(self, start: Point, stop: Point | None, time_range: TimeRange, last_day: date) -> str:
        first_day = self._day(start)
        since = self._wall(time_range.since) if start.time else first_day
        if stop is None:
            named = start.spelling if start.date is None else day_label(first_day)
            return f"since {instant_label(since) if isinstance(since, datetime) else named}"
        if start.time is None and stop.time is None:
            return days_label(first_day, last_day)
        return span_label(since, self._wall(time_range.until) if stop.time else last_day)
