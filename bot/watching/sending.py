"""The sender: a lane for each channel, woken when there is something to tell; none waits for another."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial

import structlog

from bot.watching.lanes import Chat, LaneRunner, Office, Outbox, Render
from bot.watching.outgoing import Pace

log = structlog.get_logger(__name__)


class Sender:
    """Tell channels what they are owed.

    `pace` has all waits; `chance` spreads retries (0.0 to 1.0). `on_superseded` is called when another bot has taken
    over: nothing is posted after that.
    """

    def __init__(
        self,
        outbox: Outbox,
        chat: Chat,
        render: Render,
        pace: Pace,
        *,
        now: Callable[[], datetime],
        chance: Callable[[], float] = random.random,
        on_superseded: Callable[[], None] = lambda: None,
    ) -> None:
        self._outbox = outbox
        self._on_superseded = on_superseded
        self._office = Office(outbox, chat, render, pace, now, chance, self.wake, self._superseded)
        self._lanes: dict[str, LaneRunner] = {}
        self._running: dict[str, asyncio.Task[None]] = {}

    async def start(self) -> None:
        """Take up what was left when the bot stopped. Raises StorageError."""
        clock = asyncio.get_running_loop().time
        busy = await self._outbox.busy_lanes(self._office.now())
        for lane in busy:
            self._lane(lane.channel_id).post_at = clock() + lane.wait_s
        self.wake(lane.channel_id for lane in busy)

    def wake(self, channel_ids: Iterable[str]) -> None:
        """Look after these channels now."""
        for channel_id in dict.fromkeys(channel_ids):
            lane = self._lane(channel_id)
            lane.woken.set()
            # A task that has ended stays here for one turn of the loop.
            is_running = channel_id in self._running and not self._running[channel_id].done()
            if not is_running and not self._office.is_stopping:
                task = asyncio.create_task(lane.run())
                self._running[channel_id] = task
                task.add_done_callback(partial(self._finished, channel_id))

    async def channel_available(self, channel_id: str) -> None:
        """Take a channel up again that took no posts: the bot was invited, or it was unarchived."""
        await self._outbox.unpark(channel_id)
        self.wake([channel_id])

    async def stop(self, timeout_s: float) -> None:
        """Take nothing new, let what is on the wire end; the rest is in the outbox for the next start."""
        self._office.is_stopping = True
        running = dict(self._running)
        for channel_id, task in running.items():
            if self._lanes[channel_id].is_waiting:
                task.cancel()
        if running:
            _, late = await asyncio.wait(running.values(), timeout=timeout_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*running.values(), return_exceptions=True)

    def _lane(self, channel_id: str) -> LaneRunner:
        if channel_id not in self._lanes:
            self._lanes[channel_id] = LaneRunner(channel_id, self._office)
        return self._lanes[channel_id]

    def _superseded(self) -> None:
        self._office.is_stopping = True
        self._on_superseded()

    def _finished(self, channel_id: str, task: asyncio.Task[None]) -> None:
        if self._running.get(channel_id) is task:
            del self._running[channel_id]
        if task.cancelled():
            return
        if error := task.exception():
            log.error("lane_broke", channel=channel_id, exc_info=error)
            asyncio.get_running_loop().call_later(self._office.pace.backoff_s, self.wake, [channel_id])
