"""A small world to watch in: a settable clock, a platform that says what it is told, and a list as Slack."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from bot.errors import MessageGone, SlackError, SlackUnavailable
from bot.rendering.blocks import Message
from bot.reporting.errors import NotFound, ReportingError
from bot.reporting.models import Counter, ServiceStatus, Status
from bot.watching.models import NoticeKind, Observation, Telling, Thresholds, Watch
from bot.watching.outgoing import Pace
from bot.watching.service import Books, Plan, Watching
from storage.database import Database
from storage.lock import take_charge
from storage.outages import Outages
from storage.outbox import Outbox
from storage.samples import Samples
from storage.services import Services
from storage.watches import Watches

T0 = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
CHANNEL, OTHER = "C1", "C2"
ANA = "U0ANA"

#: All waits a hundredth or so of the real ones.
QUICK = Pace(
    between_posts_s=0.01,
    first_look_s=0.05,
    second_look_s=0.1,
    backoff_s=0.01,
    backoff_most_s=0.05,
    parked_s=0.2,
    broken_s=0.05,
    storm_s=0.2,
)


class Clock:
    """The wall clock: stands still until it is set."""

    def __init__(self) -> None:
        self.at = T0

    def __call__(self) -> datetime:
        return self.at

    def pass_s(self, seconds: float) -> datetime:
        self.at += timedelta(seconds=seconds)
        return self.at


@dataclass
class Said:
    """One message as it stands in the list that is Slack."""

    ts: str
    channel: str
    text: str
    key: str | None
    thread_ts: str | None
    is_broadcast: bool
    edits: int = 0


@dataclass
class Slack:
    """A list as Slack. `troubles` are raised by the next posts: an error, and whether the message stands anyway."""

    said: list[Said] = field(default_factory=list)
    troubles: list[tuple[SlackError, bool]] = field(default_factory=list)
    edit_troubles: list[SlackError] = field(default_factory=list)
    look_troubles: list[SlackError] = field(default_factory=list)
    posts_tried: int = 0
    looks: int = 0
    numbers: count[int] = field(default_factory=lambda: count(1))

    async def post(
        self, channel: str, message: Message, *, thread_ts: str | None, key: str | None, is_broadcast: bool
    ) -> str:
        self.posts_tried += 1
        await asyncio.sleep(0)
        trouble, stands = self.troubles.pop(0) if self.troubles else (None, True)
        if trouble is None and thread_ts is not None and self.find(channel, thread_ts) is None:
            raise MessageGone("thread_not_found", "chat.postMessage")
        ts = f"{next(self.numbers):010d}.000000"
        if stands:
            self.said.append(Said(ts, channel, message.text, key, thread_ts, is_broadcast))
        if trouble is not None:
            raise trouble
        return ts

    async def update(self, channel: str, ts: str, message: Message) -> None:
        await asyncio.sleep(0)
        if self.edit_troubles:
            raise self.edit_troubles.pop(0)
        found = self.find(channel, ts)
        if found is None:
            raise MessageGone("message_not_found", "chat.update")
        found.text = message.text
        found.edits += 1

    async def find_own(self, channel: str, thread_ts: str | None, key: str) -> str | None:
        self.looks += 1
        await asyncio.sleep(0)
        if self.look_troubles:
            raise self.look_troubles.pop(0)
        return next((each.ts for each in self.said if each.channel == channel and each.key == key), None)

    def find(self, channel: str, ts: str) -> Said | None:
        return next((each for each in self.said if each.channel == channel and each.ts == ts), None)

    def delete(self, said: Said) -> None:
        self.said.remove(said)

    def texts(self, channel: str = CHANNEL) -> list[str]:
        return [each.text for each in self.said if each.channel == channel]


def unclear(stands: bool) -> tuple[SlackError, bool]:
    return SlackUnavailable("http_500", "chat.postMessage", is_ambiguous=True), stands


class Platform:
    """What the platform says of services; a ReportingError is raised instead of said."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.services: dict[str, Status | ReportingError] = {}
        self.asked: list[str] = []
        self.hanging: set[str] = set()
        self.counter = 300
        self._now = now

    async def fetch_service_status(self, service_id: str) -> ServiceStatus:
        self.asked.append(service_id)
        if service_id in self.hanging:
            await asyncio.Event().wait()
        answer = self.services.get(service_id, NotFound(f"The platform knows no service “{service_id}”."))
        if isinstance(answer, ReportingError):
            raise answer
        return ServiceStatus(service_id, answer, answer.value)

    async def fetch_counter(self, counter_id: str) -> Counter:
        return Counter(counter_id, self.counter, self._now())


class Hand:
    """Ticks by hand."""

    def __init__(self) -> None:
        self.tick: Callable[[], None] = lambda: None

    def start(self, tick: Callable[[], None]) -> None:
        self.tick = tick

    async def stop(self) -> None:
        self.tick = lambda: None


def render(telling: Telling) -> Message:
    """Say it in a form that is easy to compare: `card rtpproxy DOWN`."""
    if telling.card is not None:
        lines = [
            f"{line.outage.service_id} {line.outage.status.upper()}"
            + (" flapping" if line.outage.is_flapping else "")
            + (f" ack {line.outage.acknowledged_by}" if line.outage.acknowledged_by else "")
            + (" closed" if line.closed_at else "")
            for line in telling.card.lines
        ]
        mention = "".join(f"<@{who}> " for who in telling.notify)
        return Message(f"{telling.card.kind} {mention}" + ", ".join(lines), [{"type": "divider"}])
    names = [outage.service_id for outage in telling.outages] or list(telling.services)
    return Message(" ".join([telling.kind, ", ".join(names)]).strip(), [{"type": "divider"}])


@dataclass
class World:
    """Everything, wired. The polls are made by hand with `sees`."""

    database: Database
    services: Services
    watches: Watches
    outages: Outages
    samples: Samples
    outbox: Outbox
    watching: Watching
    slack: Slack
    platform: Platform
    clock: Clock
    ticks: Hand
    thresholds: Thresholds

    async def watch(self, *service_ids: str, channel: str = CHANNEL, told: Status | None = Status.UP, **more) -> None:
        for service_id in service_ids:
            await self.watches.add(Watch(channel, service_id, ANA, self.clock(), **more), told)
        await self.watching.poller.reload()
        self.by_hand()

    def by_hand(self) -> None:
        """Keep the poller from polling by itself: `sees` does it."""
        for timer in self.watching.poller._timers.values():
            timer.cancel()

    async def sees(self, service_id: str, status: Status, after_s: float = 10.0, cause=None) -> None:
        """Let time pass and one poll see a status."""
        at = self.clock.pass_s(after_s)
        service = self.watching.poller._services[service_id]
        await self.watching.poller._take(service, Observation(service_id, status, at, cause))

    async def goes_down(self, *service_ids: str) -> None:
        for service_id in service_ids:
            await self.sees(service_id, Status.UP)
            await self.sees(service_id, Status.DOWN)

    async def told(self, seconds: float = 10.0) -> list[str]:
        """Wait until nothing is owed any more; return what the channel reads."""
        async with asyncio.timeout(seconds):
            while await self.outbox.backlog():
                await asyncio.sleep(0.002)
                self.clock.pass_s(0.002)
        return self.slack.texts()

    async def rows(self, query: str) -> list[dict]:
        return await self.database.read(lambda db: list(db.query(query)))

    async def notices(self) -> list[tuple[str, str]]:
        return [(row["kind"], row["state"]) for row in await self.rows("SELECT kind, state FROM notice ORDER BY id")]


@asynccontextmanager
async def a_world(
    path: Path,
    *,
    pace: Pace = QUICK,
    thresholds: Thresholds | None = None,
    slack: Slack | None = None,
    clock: Clock | None = None,
    render=render,
) -> AsyncIterator[World]:
    thresholds, clock, slack = thresholds or Thresholds(), clock or Clock(), slack or Slack()
    async with await Database.open(path) as database:
        services, watches, outages = Services(database), Watches(database), Outages(database)
        samples, outbox = Samples(database), Outbox(database, await take_charge(database), pace)
        platform, ticks = Platform(clock), Hand()
        books = Books(services, watches, outages, samples, outbox)
        plan = Plan(thresholds, pace, counters=("currentcalls",), timeout_s=0.2)
        watching = Watching(platform, books, slack, render, ticks, plan, now=clock)
        await watching.sender.start()
        await watching.poller.start()
        for timer in watching.poller._timers.values():
            timer.cancel()
        try:
            yield World(
                database,
                services,
                watches,
                outages,
                samples,
                outbox,
                watching,
                slack,
                platform,
                clock,
                ticks,
                thresholds,
            )
        finally:
            await watching.stop(1.0)


KINDS = NoticeKind
