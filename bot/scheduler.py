"""The tick: one APScheduler job that drives all watching, and a watchdog that the wall clock cannot stop.

Settings as measured in facts on reliability, section 2: nothing is stored, a late tick is made up for once, two never
run at the same time. APScheduler counts by the wall clock, so a clock that is set back silences it until that has
caught up; the watchdog counts by the monotonic one and sets the job going again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.job import Job
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

log = structlog.get_logger(__name__)

_SILENT_TICKS = 3
#: A busy machine is no stopped scheduler.
_PATIENCE_AT_LEAST_S = 1.0


class SteadyTrigger(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Fire every `period`; what was missed is missed.

    APScheduler's own interval trigger lists every missed time first, which takes seconds when the clock jumps a month.
    """

    def __init__(self, period: timedelta) -> None:
        self._period = period

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """Return the next time to fire: one period after the last, or after now when that is past."""
        if previous_fire_time is None:
            return now
        following = previous_fire_time + self._period
        return following if following > now else now + self._period


class Ticker:
    """Call a function every `period_s` seconds of real time, whatever the wall clock does.

    `on_dead` is called when the ticks have stopped and could not be set going again: the process should end then,
    because a dead scheduler must not look alive.
    """

    def __init__(self, period_s: float, on_dead: Callable[[], None] = lambda: None) -> None:
        self._period_s = period_s
        self._on_dead = on_dead
        self._scheduler: AsyncIOScheduler | None = None
        self._job: Job | None = None
        self._watchdog: asyncio.Task[None] | None = None
        self._last_tick = 0.0  # by the loop's clock

    def start(self, tick: Callable[[], None]) -> None:
        """Begin; the first tick comes at once."""
        logging.getLogger("apscheduler").setLevel(logging.WARNING)
        self._last_tick = asyncio.get_running_loop().time()

        async def run() -> None:
            self._last_tick = asyncio.get_running_loop().time()
            tick()

        self._scheduler = AsyncIOScheduler(
            jobstores={"default": MemoryJobStore()}, executors={"default": AsyncIOExecutor()}, timezone=UTC
        )
        self._job = self._scheduler.add_job(
            run,
            SteadyTrigger(timedelta(seconds=self._period_s)),
            misfire_grace_time=None,
            coalesce=True,
            max_instances=1,
            next_run_time=datetime.now(UTC),
        )
        self._scheduler.start()
        self._watchdog = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """End; a tick that has begun has ended already, because ticks do not wait."""
        if self._watchdog is not None:
            self._watchdog.cancel()
            await asyncio.gather(self._watchdog, return_exceptions=True)
        if self._scheduler is not None and self._job is not None:
            self._job.remove()
            self._scheduler.shutdown(wait=False)
            # It acts one turn of the loop later.
            await asyncio.sleep(0)
            self._scheduler = self._job = None

    async def _watch(self) -> None:
        clock, revived = asyncio.get_running_loop().time, 0
        patience_s = max(_SILENT_TICKS * self._period_s, _PATIENCE_AT_LEAST_S)
        while True:
            await asyncio.sleep(patience_s / 2)
            if clock() - self._last_tick <= patience_s:
                revived = 0
            elif revived < _SILENT_TICKS:
                revived += 1
                log.warning("ticks_stopped", silent_s=round(clock() - self._last_tick, 1))
                self.revive()
            else:
                log.error("ticks_dead", silent_s=round(clock() - self._last_tick, 1))
                self._on_dead()
                return

    def revive(self) -> None:
        """Set the job going from now on."""
        if self._job is not None:
            self._job.modify(next_run_time=datetime.now(UTC))
