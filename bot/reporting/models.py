"""The Reporting API's nouns as values. Source of every field: spec "Call Report"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.timerange import TimeRange


class IdentityType(StrEnum):
    """What kind of name an endpoint is. Source: "User Call Report", `type`."""

    USERNAME = "username"
    NUMBER = "number"
    EMAIL = "email"
    DID = "did"


class Domain(StrEnum):
    """Where calls ended: over data or on the phone network. The API's default is `data`."""

    DATA = "data"
    PSTN = "pstn"

    @property
    def other(self) -> Domain:
        """The one that this one is not."""
        return Domain.PSTN if self is Domain.DATA else Domain.DATA


class Status(StrEnum):
    """What is known of a service. UNKNOWN means that we could not ask, or did not understand the answer."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose calls: the type and the endpoint, as the API's path wants them."""

    type: IdentityType
    endpoint: str  # "+46730170101" for numbers, free text otherwise; never percent-encoded

    def __str__(self) -> str:
        return f"{self.type} {self.endpoint}"


@dataclass(frozen=True, slots=True)
class CallReport:
    """The aggregate of all calls of one identity and domain that started in one time range."""

    success: int  # calls that succeeded
    failed: int  # calls that failed
    duration_s: int  # sum over all calls, seconds
    first_start: datetime | None  # start of the first call, aware UTC; None when there were no calls

    @property
    def calls(self) -> int:
        """All calls, succeeded or not."""
        return self.success + self.failed

    @property
    def success_rate_pct(self) -> float | None:
        """Succeeded calls in percent of all; None without calls. ASR-like: the API does not say "answered"."""
        return 100 * self.success / self.calls if self.calls else None

    @property
    def acd_s(self) -> float | None:
        """Average call duration, seconds: duration over succeeded calls; None without any."""
        return self.duration_s / self.success if self.success else None

    def __add__(self, other: CallReport) -> CallReport:
        starts = [start for start in (self.first_start, other.first_start) if start is not None]
        return CallReport(
            success=self.success + other.success,
            failed=self.failed + other.failed,
            duration_s=self.duration_s + other.duration_s,
            first_start=min(starts, default=None),
        )


@dataclass(frozen=True, slots=True)
class Bucket:
    """One slice of a call report."""

    time_range: TimeRange
    report: CallReport


class Part(StrEnum):
    """The parts of a report that may be missing while the figures stand."""

    BEFORE = "the window before"
    OTHER = "the other domain"
    BUCKETS = "the bars"


@dataclass(frozen=True, slots=True)
class Missing:
    """A part that is left out, and why in a sentence for people."""

    part: Part
    reason: str


@dataclass(frozen=True, slots=True)
class FullReport:
    """A call report with everything that an answer shows.

    `whole` is the API's own figure for the window; the sum over `buckets` equals it. `before` is the equal window that
    ends where this one starts, `other` the same window in the other domain; either is None, and `buckets` is empty,
    when `missing` says so. `clock_offset_s` is not zero when the host's clock had to be corrected, seconds.
    """

    identity: Identity
    domain: Domain
    time_range: TimeRange
    tz: ZoneInfo
    whole: CallReport
    before: CallReport | None
    other: CallReport | None
    buckets: tuple[Bucket, ...]
    missing: tuple[Missing, ...]
    clock_offset_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Counter:
    """An instrumentation counter, for example the number of ongoing calls."""

    counter_id: str
    value: int
    modified_at: datetime  # when the platform last refreshed it (every two minutes), aware UTC


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """What the platform says of one of its services."""

    service_id: str
    status: Status
    said: str  # the word the platform used; differs from `status` only when that is UNKNOWN
