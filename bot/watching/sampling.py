"""The sampler: counters are read every two minutes, which is how often the platform refreshes them, and kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bot.errors import CallwatchError
from bot.reporting.models import Counter

log = structlog.get_logger(__name__)

EVERY_S = 120.0
_KEPT = timedelta(days=40)
_PRUNE_EVERY_S = 6 * 3600.0


class CounterSource(Protocol):
    """What is read. Raises ReportingErrors."""

    async def fetch_counter(self, counter_id: str) -> Counter:
        """Return one counter."""


class Shelf(Protocol):
    """Where samples are kept. Raises CallwatchErrors."""

    async def save(self, counter: Counter, sampled_at: datetime) -> None:
        """Keep a counter as it was read."""

    async def prune(self, before: datetime) -> int:
        """Erase older samples."""


class Sampler:
    """Read and keep the counters called `counter_ids`; one reading takes `timeout_s` seconds at most."""

    def __init__(
        self,
        source: CounterSource,
        shelf: Shelf,
        counter_ids: Sequence[str],
        *,
        now: Callable[[], datetime],
        timeout_s: float,
    ) -> None:
        self._source = source
        self._shelf = shelf
        self._counter_ids = counter_ids
        self._now = now
        self._timeout_s = timeout_s
        self._sample_at = self._prune_at = 0.0  # by the loop's clock
        self._running: asyncio.Task[None] | None = None

    def tick(self) -> None:
        """Begin a reading when one is due. Never fails, never waits."""
        clock = asyncio.get_running_loop().time()
        if clock >= self._sample_at and (self._running is None or self._running.done()):
            self._sample_at = clock + EVERY_S
            self._running = asyncio.create_task(self._sample())

    async def stop(self) -> None:
        """End a reading that is on its way."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def _sample(self) -> None:
        for counter_id in self._counter_ids:
            try:
                async with asyncio.timeout(self._timeout_s):
                    counter = await self._source.fetch_counter(counter_id)
                await self._shelf.save(counter, self._now())
            except (CallwatchError, TimeoutError) as error:
                log.warning("counter_not_sampled", counter=counter_id, reason=str(error) or "no answer in time")
        clock = asyncio.get_running_loop().time()
        if clock >= self._prune_at:
            self._prune_at = clock + _PRUNE_EVERY_S
            try:
                await self._shelf.prune(self._now() - _KEPT)
            except CallwatchError as error:
                log.warning("samples_not_pruned", reason=str(error))
