"""Instants as the API writes them: ISO 8601, date-only or full, 0 to 9 fraction digits, any offset.

Inside the server an instant is a whole number (nanoseconds or milliseconds since 1970, UTC): records are kept to the
millisecond, and no digit of a filter may be lost before the two are compared.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000
MS_PER_DAY = 86_400_000
_FIRST_NS = (datetime.min.replace(tzinfo=UTC) - EPOCH) // timedelta(seconds=1) * NS_PER_S
_LAST_NS = ((datetime.max.replace(tzinfo=UTC) - EPOCH) // timedelta(seconds=1) + 1) * NS_PER_S - 1

_INSTANT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?(?:Z|([+-])([0-9]{2}):?([0-9]{2})))?"
)


def parse_instant_ns(text: str) -> int:
    """Return the instant in nanoseconds since 1970, UTC; a date alone is its midnight UTC.

    Raises ValueError with a sentence that shows what would do; it never quotes the text.
    """
    found = _INSTANT.fullmatch(text)
    if found is None:
        raise ValueError("write a time as 2014-04-28 or 2014-04-28T12:00:00Z")
    year, month, day, hour, minute, second, fraction, sign, off_hours, off_minutes = found.groups()
    try:
        # The digits as if they were UTC; the offset is taken off the number, where it cannot leave the calendar.
        date = datetime(int(year), int(month), int(day), tzinfo=UTC)
        written = date.replace(hour=int(hour or 0), minute=int(minute or 0), second=int(second or 0))
    except ValueError as error:
        raise ValueError(f"that time does not exist: {error}") from error
    since_epoch = written - EPOCH
    instant_ns = (since_epoch.days * 86_400 + since_epoch.seconds) * NS_PER_S
    if fraction:
        instant_ns += int(fraction.ljust(9, "0"))
    if sign:
        offset_s = int(off_hours) * 3600 + int(off_minutes) * 60
        if offset_s >= 86_400 or int(off_minutes) > 59:
            raise ValueError("that offset from UTC does not exist")
        instant_ns -= offset_s * NS_PER_S * (1 if sign == "+" else -1)
    if not _FIRST_NS <= instant_ns <= _LAST_NS:
        raise ValueError("that time is outside the years 1 to 9999")
    return instant_ns


def to_ms(instant: datetime) -> int:
    """Return an aware instant in whole milliseconds since 1970, rounded down."""
    return (instant - EPOCH) // timedelta(milliseconds=1)


def from_ms(instant_ms: int) -> datetime:
    """Return the aware UTC instant of milliseconds since 1970."""
    return EPOCH + timedelta(milliseconds=instant_ms)


def format_instant(instant: datetime) -> str:
    """Return the API's way of writing an instant: `Z`, and a fraction only where there is one."""
    digits = "milliseconds" if instant.microsecond >= 1000 else "seconds"
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=digits) + "Z"
