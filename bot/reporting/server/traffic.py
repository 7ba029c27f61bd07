"""Believable sample traffic: the same calls for the same seed and day, whenever it is asked for.

Each user's day is drawn from its own generator, so a day looks alike however long the history around it is. Yesterday
has an outage during which most calls fail. Calls are made up to two days ahead as well, so that a demo left running has
something to tell; the API shows none of them before its time.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.reporting.models import Domain, Identity, IdentityType
from bot.reporting.server.calls import CallRecord
from bot.reporting.server.records import CallRecords
from bot.reporting.server.times import MS_PER_DAY, to_ms

HISTORY_DAYS = 60
AHEAD_DAYS = 2
OUTAGE_FROM = timedelta(hours=13, minutes=40)  # after yesterday's midnight UTC
OUTAGE_UNTIL = timedelta(hours=14, minutes=35)
_OUTAGE_FAILURE = 0.75  # of the calls that start during the outage
_WEEKEND = 0.3  # of a working day's calls
_LONGEST_S = 5400
_MS_PER_HOUR = 3_600_000

# Share of a day's calls per hour, UTC: nights are quiet, lunch is a dip.
_OFFICE = (1, 1, 1, 1, 2, 5, 14, 34, 58, 72, 78, 74, 52, 60, 75, 72, 58, 38, 24, 16, 11, 7, 4, 2)
_EVENING = (6, 3, 2, 1, 1, 1, 3, 6, 9, 12, 15, 18, 22, 22, 21, 24, 32, 45, 60, 70, 66, 48, 28, 14)


@dataclass(frozen=True, slots=True)
class Caller:
    """How one user calls."""

    identity: Identity
    data_per_day: float  # calls on a working day, over data
    pstn_per_day: float  # calls on a working day, to the phone network
    failure: float  # share of calls that fail on a good day
    median_s: float  # median length of a successful call, seconds
    hours: tuple[int, ...] = _OFFICE


CALLERS = (
    Caller(Identity(IdentityType.USERNAME, "abc123"), 185, 64, 0.031, 95),
    Caller(Identity(IdentityType.USERNAME, "alice"), 42, 12, 0.02, 140),
    Caller(Identity(IdentityType.USERNAME, "bob"), 18, 31, 0.06, 210, _EVENING),
    Caller(Identity(IdentityType.USERNAME, "carol"), 6, 2, 0.04, 320, _EVENING),
    Caller(Identity(IdentityType.NUMBER, "+46730170101"), 4, 55, 0.05, 120),
    Caller(Identity(IdentityType.EMAIL, "anna.svensson@example.com"), 22, 9, 0.025, 260),
    Caller(Identity(IdentityType.DID, "+46850000000"), 0, 88, 0.045, 75),
)
#: Known to the platform, and has never called.
SILENT = Identity(IdentityType.USERNAME, "newcomer")


def fill(records: CallRecords, now: datetime, *, seed: int = 1, days: int = HISTORY_DAYS) -> int:
    """Store the sample traffic of the `days` days up to `now` (aware) and a little ahead; return how many calls."""
    records.declare(SILENT)
    return records.add(sample_calls(now, seed=seed, days=days))


def sample_calls(now: datetime, *, seed: int = 1, days: int = HISTORY_DAYS) -> Iterator[CallRecord]:
    """Yield the calls from `days` days before today's midnight UTC to two days after it, user by user."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for caller in CALLERS:
        for offset in range(-days, AHEAD_DAYS + 1):
            day = today + timedelta(days=offset)
            yield from _day_of(caller, day, seed, has_outage=offset == -1)


def ongoing_elsewhere(at_ms: int, *, seed: int = 1) -> int:
    """Return how many calls the rest of the platform has in progress at `at_ms` (ms since 1970, UTC).

    The sample users alone keep one or two lines busy; a platform's counter shows hundreds, with the same daily rhythm.
    """
    hours, past_ms = divmod(at_ms % MS_PER_DAY, _MS_PER_HOUR)
    share = past_ms / _MS_PER_HOUR
    level = _OFFICE[hours] * (1 - share) + _OFFICE[(hours + 1) % 24] * share
    # The epoch was a Thursday: days 2 and 3 after it were a weekend.
    weekday_factor = _WEEKEND if at_ms // MS_PER_DAY % 7 in (2, 3) else 1.0
    noise = random.Random(f"{seed} {at_ms}").gauss(0, 0.03)  # noqa: S311 - sample data, nothing to guard
    return max(0, round((30 + 5 * level * weekday_factor) * (1 + noise)))


def _day_of(caller: Caller, day: datetime, seed: int, *, has_outage: bool) -> Iterator[CallRecord]:
    """Yield one user's calls that start on one day (midnight UTC)."""
    draw = random.Random(f"{seed} {caller.identity} {day:%Y-%m-%d}")  # noqa: S311 - sample data, nothing to guard
    midnight_ms = to_ms(day)
    outage_ms = range(
        midnight_ms + OUTAGE_FROM // timedelta(milliseconds=1), midnight_ms + OUTAGE_UNTIL // timedelta(milliseconds=1)
    )
    factor = _WEEKEND if day.weekday() >= 5 else 1.0
    for domain, per_day in ((Domain.DATA, caller.data_per_day), (Domain.PSTN, caller.pstn_per_day)):
        mean = per_day * factor
        count = max(0, round(draw.gauss(mean, math.sqrt(mean))))
        for hour in draw.choices(range(24), caller.hours, k=count):
            started_at_ms = midnight_ms + hour * _MS_PER_HOUR + int(draw.random() * _MS_PER_HOUR)
            failure = _OUTAGE_FAILURE if has_outage and started_at_ms in outage_ms else caller.failure
            is_success = draw.random() >= failure
            length_s = min(_LONGEST_S, max(2, round(draw.lognormvariate(math.log(caller.median_s), 0.8))))
            yield CallRecord(caller.identity, domain, started_at_ms, length_s if is_success else 0, is_success)
