"""The use cases: a whole call report with what it is compared to, a counter, a service's status."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import timedelta
from functools import reduce
from operator import add
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from bot.reporting.errors import BadRequest, ReportingError
from bot.reporting.models import (
    Bucket,
    CallReport,
    Counter,
    Domain,
    FullReport,
    Identity,
    Missing,
    Part,
    ServiceStatus,
)
from bot.timerange import TimeRange, bucket_edges

T = TypeVar("T")

#: The longest window that one request may ask for. Source: spec/call-report.md, "User Call Report".
LONGEST_REQUEST = timedelta(days=30)


class Source(Protocol):
    """What the service asks: the client, or whatever else answers like the Reporting API."""

    @property
    def clock_offset_s(self) -> float:
        """How far the platform's clock is ahead of ours, seconds."""

    async def fetch_call_report(self, identity: Identity, domain: Domain, time_range: TimeRange) -> CallReport:
        """Return the aggregate of one window of 30 days at most."""

    async def fetch_counter(self, counter_id: str) -> Counter:
        """Return one counter."""

    async def fetch_service_status(self, service_id: str) -> ServiceStatus:
        """Return one service's status."""


class ReportingService:
    """Ask for whole answers. Methods raise `ReportingError`; the text is a sentence for people.

    A report's parts beside its figures are waited for until `budget_s` seconds after the report was asked for.
    """

    def __init__(self, source: Source, *, budget_s: float = 20.0) -> None:
        self._source = source
        self._budget_s = budget_s

    async def counter(self, counter_id: str) -> Counter:
        """Return one counter."""
        return await self._source.fetch_counter(counter_id)

    async def service_status(self, service_id: str) -> ServiceStatus:
        """Return what the platform says of one of its services now."""
        return await self._source.fetch_service_status(service_id)

    async def call_report(self, identity: Identity, domain: Domain, time_range: TimeRange, tz: ZoneInfo) -> FullReport:
        """Return the report of `identity` in `time_range`, its bars in the days (or hours) of `tz`.

        The figures are asked first and alone: when they cannot be had, that error is raised. The window before, the
        other domain and the bars follow together; one that is refused or late is left out and named in `missing`.
        """
        give_up_at = asyncio.get_running_loop().time() + self._budget_s
        whole = await self._window(identity, domain, time_range)

        async def buckets_and_whole() -> tuple[CallReport, tuple[Bucket, ...]]:
            return await self._buckets(identity, domain, time_range, tz, whole)

        before, other, sliced = await asyncio.gather(
            _attempt(Part.BEFORE, self._window(identity, domain, time_range.before), give_up_at),
            _attempt(Part.OTHER, self._window(identity, domain.other, time_range), give_up_at),
            _attempt(Part.BUCKETS, buckets_and_whole(), give_up_at),
        )
        if not isinstance(sliced, Missing):
            whole, buckets = sliced
        else:
            buckets = ()
        missing = [part for part in (before, other, sliced) if isinstance(part, Missing)]
        if not isinstance(sliced, Missing) and not buckets:
            missing.append(Missing(Part.BUCKETS, "The bars do not add up to the whole, so only the whole is shown."))
        return FullReport(
            identity=identity,
            domain=domain,
            time_range=time_range,
            tz=tz,
            whole=whole,
            before=None if isinstance(before, Missing) else before,
            other=None if isinstance(other, Missing) else other,
            buckets=buckets,
            missing=tuple(missing),
            clock_offset_s=self._source.clock_offset_s,
        )

    async def _buckets(
        self, identity: Identity, domain: Domain, time_range: TimeRange, tz: ZoneInfo, whole: CallReport
    ) -> tuple[CallReport, tuple[Bucket, ...]]:
        """Return the whole and the slices that add up to it; no slices when they do not, asked twice.

        Calls that end while we ask make the first sum differ; the second look then shows the later whole.
        """
        slices = bucket_edges(time_range, tz)
        if len(slices) < 2:
            return whole, (Bucket(time_range, whole),)
        if not whole.calls:
            return whole, tuple(Bucket(edges, CallReport(0, 0, 0, None)) for edges in slices)
        for is_second_look in (False, True):
            if is_second_look:
                whole = await self._window(identity, domain, time_range)
            reports = await _gather([self._window(identity, domain, edges) for edges in slices])
            if _figures(reduce(add, reports)) == _figures(whole):
                return whole, tuple(map(Bucket, slices, reports))
        return whole, ()

    async def _window(self, identity: Identity, domain: Domain, time_range: TimeRange) -> CallReport:
        """Return one window's figures; one longer than a request may ask (30 days, one of 25 h) is asked in two."""
        if time_range.length <= LONGEST_REQUEST:
            return await self._source.fetch_call_report(identity, domain, time_range)
        middle = time_range.since + LONGEST_REQUEST
        first, rest = await _gather(
            [
                self._source.fetch_call_report(identity, domain, TimeRange(time_range.since, middle)),
                self._window(identity, domain, TimeRange(middle, time_range.until)),
            ]
        )
        return first + rest


async def _gather(questions: Sequence[Coroutine[object, object, CallReport]]) -> list[CallReport]:
    """Return all answers, or raise the first error and leave no question running."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(question) for question in questions]
    except* ReportingError as errors:
        raise _first(errors) from None
    return [task.result() for task in tasks]


def _first(errors: BaseExceptionGroup[ReportingError]) -> ReportingError:
    for error in errors.exceptions:
        return error if isinstance(error, ReportingError) else _first(error)
    raise AssertionError("an exception group holds an exception")


async def _attempt(part: Part, question: Coroutine[object, object, T], give_up_at: float) -> T | Missing:
    """Return the answer, or why the part is missing."""
    try:
        async with asyncio.timeout_at(give_up_at):
            return await question
    except TimeoutError:
        return Missing(part, "The platform took too long.")
    except BadRequest as error:
        # The whole was taken, so what is refused here is how far back it looks: the platform may know 30 days only.
        return Missing(part, "The platform knows no calls that long ago." if part is Part.BEFORE else error.sentence)
    except ReportingError as error:
        return Missing(part, error.sentence)


def _figures(report: CallReport) -> tuple[int, int, int]:
    return report.success, report.failed, report.duration_s
