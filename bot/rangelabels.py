"""Days and times of day as people read them, in English whatever the machine's locale."""

from __future__ import annotations

from datetime import date, datetime, time

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def day_label(day: date) -> str:
    """Return "28 April 2014"."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def days_label(first: date, last: date) -> str:
    """Return "28 April 2014", "28–30 April 2014", "28 Apr–2 May 2014" or "30 Dec 2013–2 Jan 2014"."""
    if first == last:
        return day_label(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{day_label(last)}"
    if first.year == last.year:
        return f"{first.day} {_MONTHS[first.month - 1][:3]}–{_short(last)}"
    return f"{_short(first)}–{_short(last)}"


def instant_label(local: datetime) -> str:
    """Return "28 April 2014, 10:00", with seconds where there are any."""
    return f"{day_label(local.date())}, {clock_label(local.time())}"


def span_label(since: datetime | date, until: datetime | date) -> str:
    """Return "28 April 2014, 10:00–12:00" or "28 Apr 2014 10:00–29 Apr 2014"; an end that is a date is a whole day."""
    if isinstance(since, datetime) and isinstance(until, datetime) and since.date() == until.date():
        return f"{instant_label(since)}–{clock_label(until.time())}"
    return f"{_end(since)}–{_end(until)}"


def clock_label(clock: time) -> str:
    """Return "10:00", or "10:00:30" where there are seconds."""
    return clock.isoformat("seconds" if clock.second else "minutes")


def _end(value: datetime | date) -> str:
    return f"{_short(value.date())} {clock_label(value.time())}" if isinstance(value, datetime) else _short(value)


def _short(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1][:3]} {day.year}"
