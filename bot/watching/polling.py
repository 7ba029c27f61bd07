"""The poller: each watched service is asked once an interval, however many channels watch it; nobody waits for another.

A tick looks which services are due before the next one and sets a timer for each; every poll is a task of its own.
What a poll saw is decided at once, and saved only when something changed.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from bot.errors import CallwatchError
from bot.reporting.errors import BadRequest, NotFound, ReportingError
from bot.reporting.models import ServiceStatus, Status
from bot.watching.decide import (
    decide,
    decide_sight,
    is_lost_in_the_platform,
    is_news,
    is_unknown_due,
    tell_unknown,
)
from bot.watching.models import Cause, Decision, Observation, Reason, ServiceState, Sight, SightChange, Thresholds

log = structlog.get_logger(__name__)

#: How often is written until when services were seen, seconds; after a kill so much of the coverage is missing.
_FLUSH_S = 60.0
#: How often is written that the bot is alive; after a kill an outage's beginning is known to this, seconds.
_PULSE_S = 5.0


class Source(Protocol):
    """What is polled. Raises ReportingErrors."""

    async def fetch_service_status(self, service_id: str) -> ServiceStatus:
        """Return what the platform says of a service; asked once, never repeated."""


class Book(Protocol):
    """Where states are kept. Methods raise CallwatchErrors and have saved nothing then."""

    async def load_watched(self) -> list[ServiceState]:
        """Return the state of every watched service."""

    async def load(self, service_id: str) -> ServiceState:
        """Return the state of one service."""

    async def load_sight(self) -> Sight:
        """Return what is known of the platform."""

    async def record(self, decision: Decision) -> list[str]:
        """Save a decision and what it owes; return the channels that have something to hear."""

    async def record_unknown(self, decisions: Sequence[Decision], now: datetime) -> list[str]:
        """Save that services are unknown for long; return the channels that are told."""

    async def record_sight(self, sight: Sight, change: SightChange, now: datetime) -> list[str]:
        """Save that the platform went out of sight or came back; return the channels that are told."""

    async def flush(
        self, states: Iterable[ServiceState], spans: Iterable[tuple[str, datetime, datetime]], pulse: datetime | None
    ) -> None:
        """Save until when services were seen."""


@dataclass(slots=True)
class _Service:
    """One watched service. Times are the loop's."""

    state: ServiceState
    due: float
    is_asked: bool = False  # a poll is on its way: a hanging answer does not pile up others
    is_planned: bool = False  # a timer is set
    is_doubted: bool = False  # saving its state failed, so the storage may know better
    covered_since: datetime | None = None  # seen without a break since then
    covered_until: datetime | None = None


class Poller:
    """Poll what is watched. `tick` is called every `tick_s` seconds by a scheduler.

    One poll takes `timeout_s` seconds at most. `on_owed` gets the channels that have something to hear.
    """

    def __init__(
        self,
        source: Source,
        book: Book,
        thresholds: Thresholds,
        *,
        now: Callable[[], datetime],
        on_owed: Callable[[list[str]], None],
        timeout_s: float,
        tick_s: float,
    ) -> None:
        self._source = source
        self._book = book
        self._thresholds = thresholds
        self._now = now
        self._on_owed = on_owed
        self._timeout_s = timeout_s
        self._tick_s = tick_s
        self._services: dict[str, _Service] = {}
        self._spans: list[tuple[str, datetime, datetime]] = []  # closed ones, not written yet
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._round_at = self._flush_at = self._pulse_at = 0.0
        self._is_stopped = False
        self.sight = Sight()
        self.last_tick = 0.0  # by the loop's clock

    async def start(self) -> None:
        """Take up every watched service. Raises StorageError."""
        self.sight = await self._book.load_sight()
        clock = asyncio.get_running_loop().time()
        self._round_at, self._flush_at, self._pulse_at = clock, clock + _FLUSH_S, clock + _PULSE_S
        await self.reload()

    async def reload(self) -> None:
        """Ask what is watched now, and forget what is not. New ones are polled at once, old ones keep their turn."""
        clock = asyncio.get_running_loop().time()
        is_first = not self._services
        watched = {state.service_id: state for state in await self._book.load_watched()}
        for service_id in self._services.keys() - watched.keys():
            self._close_span(self._services.pop(service_id))
            if timer := self._timers.pop(service_id, None):
                timer.cancel()
        for service_id, state in watched.items():
            if service_id not in self._services:
                delay_s = self._phase_s(service_id) if is_first and len(watched) > 1 else 0.0
                self._services[service_id] = _Service(state, clock + delay_s)
        self._plan(clock)

    def tick(self) -> None:
        """Set the timers of what is due before the next tick, and do what is done once a round. Never fails."""
        clock = asyncio.get_running_loop().time()
        self.last_tick = clock
        self._plan(clock)
        if clock >= self._round_at:
            self._round_at = clock + max(self._thresholds.interval_s, 1.0)
            self._start(self._round())
        if clock >= self._flush_at:
            self._flush_at, self._pulse_at = clock + _FLUSH_S, clock + _PULSE_S
            self._start(self._flush())
        elif clock >= self._pulse_at:
            self._pulse_at = clock + _PULSE_S
            self._start(self._save_pulse())

    def state(self, service_id: str) -> ServiceState | None:
        """Return what is known of a watched service; None for one that is not watched."""
        service = self._services.get(service_id)
        return service.state if service else None

    async def take(self, seen: Observation) -> None:
        """Take an observation that was made elsewhere as if it had been polled. Raises StorageError."""
        service = self._services.get(seen.service_id)
        if service is not None and not service.is_asked:
            service.is_asked = True  # a poll that ends meanwhile would decide from the same old state
            try:
                await self._take(service, seen)
            finally:
                service.is_asked = False

    async def stop(self) -> None:
        """Ask no more, and write down until when all was seen."""
        self._is_stopped = True
        for timer in self._timers.values():
            timer.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._flush()

    def _plan(self, clock: float) -> None:
        loop = asyncio.get_running_loop()
        horizon = clock + self._tick_s
        for service_id, service in self._services.items():
            if service.due < horizon and not service.is_planned and not self._is_stopped:
                service.is_planned = True
                self._timers[service_id] = loop.call_at(max(service.due, clock), self._ask, service)

    def _phase_s(self, service_id: str) -> float:
        """Return when in the interval a service has its turn: always the same, and spread over all of it."""
        return zlib.crc32(service_id.encode()) / 2**32 * self._thresholds.interval_s

    def _ask(self, service: _Service) -> None:
        clock = asyncio.get_running_loop().time()
        interval_s = self._thresholds.interval_s
        service.is_planned = False
        self._timers.pop(service.state.service_id, None)
        # Turns that were missed are not made up for.
        service.due += interval_s * max(1.0, (clock - service.due) // interval_s + 1.0)
        if not service.is_asked:
            service.is_asked = True
            self._start(self._poll(service))

    async def _poll(self, service: _Service) -> None:
        try:
            seen = await self._observe(service.state.service_id)
            if service.is_doubted:
                await self._read_again(service)
            await self._take(service, seen)
        except CallwatchError as error:
            # It may be saved or not; until that is read, what we believe is only what was true before.
            service.is_doubted = True
            log.error("observation_not_saved", service=service.state.service_id, reason=str(error))
        finally:
            service.is_asked = False

    async def _read_again(self, service: _Service) -> None:
        """Take what the storage has for true, where it differs from what is believed."""
        saved = await self._book.load(service.state.service_id)
        if is_news(service.state, saved):
            service.state = saved
        service.is_doubted = False

    async def _observe(self, service_id: str) -> Observation:
        """Return what the platform says now; every way not to know is UNKNOWN, with its cause."""
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await self._source.fetch_service_status(service_id)
        except (NotFound, BadRequest):
            return Observation(service_id, Status.UNKNOWN, self._now(), Cause.SERVICE)
        except (ReportingError, TimeoutError):
            return Observation(service_id, Status.UNKNOWN, self._now(), Cause.PLATFORM)
        cause = Cause.SERVICE if answer.status is Status.UNKNOWN else None
        return Observation(service_id, answer.status, self._now(), cause)

    async def _take(self, service: _Service, seen: Observation) -> None:
        """Decide, save what changed, and only then believe it."""
        decision = decide(service.state, seen, thresholds=self._thresholds)
        if is_news(service.state, decision.state):
            channels = await self._book.record(decision)
            if decision.reason is not Reason.COULD_NOT_ASK:
                log.info("observed", service=seen.service_id, reason=decision.reason)
            service.state = decision.state
            if channels:
                self._on_owed(channels)
        service.state = decision.state
        self._cover(service, seen)

    def _cover(self, service: _Service, seen: Observation) -> None:
        """Note that a service was seen, or that it was not."""
        at = seen.observed_at
        if seen.status is Status.UNKNOWN:
            self._close_span(service)
            return
        until = service.covered_until
        if until is not None and not 0 <= (at - until).total_seconds() <= self._thresholds.gap_s:
            self._close_span(service)
        if service.covered_since is None:
            service.covered_since = at
        service.covered_until = at

    def _close_span(self, service: _Service) -> None:
        if service.covered_since is not None and service.covered_until is not None:
            self._spans.append((service.state.service_id, service.covered_since, service.covered_until))
        service.covered_since = service.covered_until = None

    async def _round(self) -> None:
        """See whether the platform as a whole is out of sight, or one service alone."""
        # A service that was just added was never asked, which says nothing about the platform.
        now, services = self._now(), [each for each in self._services.values() if each.state.seen_at is not None]
        unseen = sum(is_lost_in_the_platform(each.state) for each in services)
        sight, change = decide_sight(
            self.sight, watched=len(services), unseen=unseen, at=now, thresholds=self._thresholds
        )
        try:
            if change is not None:
                log.warning("platform_sight", change=change)
                self._on_owed(await self._book.record_sight(sight, change, now))
            self.sight = sight
            if not sight.checks:
                await self._tell_unknown(services, now)
        except CallwatchError as error:
            log.error("round_not_saved", reason=str(error))

    async def _tell_unknown(self, services: Iterable[_Service], now: datetime) -> None:
        due = [each for each in services if is_unknown_due(each.state, now, thresholds=self._thresholds)]
        if due:
            decisions = [tell_unknown(each.state) for each in due]
            # Before the wait: a poll that ends meanwhile must find them told.
            for each, decision in zip(due, decisions, strict=True):
                each.state = decision.state
            self._on_owed(await self._book.record_unknown(decisions, now))

    async def _flush(self) -> None:
        services = list(self._services.values())
        open_spans = [
            (each.state.service_id, each.covered_since, each.covered_until)
            for each in services
            if each.covered_since is not None and each.covered_until is not None
        ]
        closed, self._spans = self._spans, []
        states = [each.state for each in services if each.state.seen_at is not None]
        try:
            await self._book.flush(states, [*closed, *open_spans], self._pulse())
        except CallwatchError as error:
            self._spans = closed + self._spans
            log.error("coverage_not_saved", reason=str(error))

    async def _save_pulse(self) -> None:
        try:
            await self._book.flush((), (), self._pulse())
        except CallwatchError as error:
            log.error("pulse_not_saved", reason=str(error))

    def _pulse(self) -> datetime | None:
        """Return until when every service without a change on record was seen."""
        return min(
            (
                each.state.last_seen
                for each in self._services.values()
                if each.state.last_seen is not None and each.state.unknown_since is None and not each.state.count
            ),
            default=None,
        )

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("poll_broke", exc_info=error)
