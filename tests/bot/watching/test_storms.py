"""Storms, in virtual time with the real waits: a thousand services in one second are few messages, soon."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import structlog

from bot.reporting.models import Status
from bot.watching.decide import decide
from bot.watching.models import Observation, Thresholds, Watch
from bot.watching.outgoing import Pace
from bot.watching.sending import Sender
from storage.outbox import Outbox
from storage.services import Services
from storage.watches import Watches
from tests.bot.watching.machine import ListSlack, MemoryDatabase, render
from tests.bot.watching.virtual import VirtualLoop
from tests.bot.watching.world import ANA, T0

UP, DOWN = Status.UP, Status.DOWN


@pytest.fixture(autouse=True)
def silence() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


class Storm:
    """Services that change together, seen over one interval as their polls are spread."""

    def __init__(self, count: int, interval_s: float, channels: tuple[str, ...] = ("C1",)) -> None:
        self.loop = VirtualLoop()
        self.database, self.slack = MemoryDatabase(), ListSlack()
        self.names = [f"s{number:04d}" for number in range(count)]
        self.interval_s = interval_s
        self.channels = channels
        self.thresholds = Thresholds(interval_s=interval_s)
        self.services = Services(self.database)
        self.sender = Sender(
            Outbox(self.database, 0, Pace()), self.slack, render, Pace(), now=self.now, chance=lambda: 0.5
        )
        self.states = {}

    def run(self, story) -> None:
        try:
            self.loop.run_until_complete(story)
            self.loop.run_until_complete(self.sender.stop(1.0))
        finally:
            self.loop.close()
            self.database.db.close()

    def now(self) -> datetime:
        return T0 + timedelta(seconds=self.loop.time())

    async def begin(self) -> None:
        for channel in self.channels:
            for name in self.names:
                await Watches(self.database).add(Watch(channel, name, ANA, T0), UP)
        for state in await self.services.load_watched():
            await self.see(state, UP)

    async def see(self, state, status: Status) -> None:
        seen = Observation(state.service_id, status, self.now())
        decision = decide(state, seen, thresholds=self.thresholds)
        self.sender.wake(await self.services.record(decision))
        self.states[state.service_id] = decision.state

    async def change(self, status: Status) -> float:
        """Let all change and be seen over one interval; return when the last was seen."""
        for name in self.names:
            await self.see(self.states[name], status)
            await asyncio.sleep(self.interval_s / len(self.names))
        return self.loop.time()

    async def settle(self) -> float:
        """Wait until everything is told; return when that was."""
        async with asyncio.timeout(120):
            while await Outbox(self.database, 0, Pace()).backlog():
                await asyncio.sleep(0.05)
        return self.loop.time()

    def messages(self, channel: str = "C1") -> list:
        return [each for each in self.slack.messages if each.channel == channel]


@pytest.mark.parametrize(
    ("count", "interval_s", "channels"), [(50, 1.0, ("C1", "C2")), (200, 10.0, ("C1", "C2")), (1000, 5.0, ("C1",))]
)
def test_all_down_in_the_same_second_are_few_messages_told_soon(count: int, interval_s: float, channels) -> None:
    storm = Storm(count, interval_s, channels)

    async def story() -> None:
        await storm.begin()
        last_seen = await storm.change(DOWN)
        told = await storm.settle()
        assert told - last_seen <= 10
        for channel in storm.channels:
            messages = storm.messages(channel)
            assert len(messages) <= 3
            shown = [outage for message in messages for outage, _ in message.shown]
            assert sorted(shown) == list(range(1, count + 1))
        await asyncio.sleep(60)
        last_seen = await storm.change(UP)
        told = await storm.settle()
        assert told - last_seen <= 20
        for channel in storm.channels:
            messages = storm.messages(channel)
            assert len(messages) <= 3 + 4
            over = {outage for message in messages[:3] for outage, is_over in message.shown if is_over}
            assert len(over) == count
        keys = [each.key for each in storm.slack.messages]
        assert len(set(keys)) == len(keys)

    storm.run(story())


def test_the_first_of_a_storm_never_waits_and_fifty_are_named_within_thirteen_tenths() -> None:
    storm = Storm(50, 1.0)

    async def story() -> None:
        await storm.begin()
        await asyncio.sleep(10)
        began = storm.loop.time()
        changing = asyncio.create_task(storm.change(DOWN))
        async with asyncio.timeout(5):
            while not storm.messages():
                await asyncio.sleep(0.01)
            first = storm.loop.time() - began
            while sum(len(each.shown) for each in storm.messages()) < 50:
                await asyncio.sleep(0.01)
        assert first <= 0.2
        assert storm.loop.time() - began <= 1.35  # a post takes 0.1 s here
        assert len(storm.messages()) == 2
        await changing
        await storm.settle()

    storm.run(story())
