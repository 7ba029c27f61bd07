"""Watching as a whole: what handlers ask for, and the work that goes on by itself."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bot.errors import CallwatchError
from bot.reporting.errors import BadRequest, NotFound, ReportingError
from bot.reporting.models import Status
from bot.watching.lanes import Chat, Render
from bot.watching.lanes import Outbox as OutboxPort
from bot.watching.models import Observation, Outage, ServiceState, Sight, Thresholds, Watch
from bot.watching.outgoing import Pace
from bot.watching.polling import Book, Poller, Source
from bot.watching.sampling import CounterSource, Sampler, Shelf
from bot.watching.sending import Sender

log = structlog.get_logger(__name__)

_HOUSEKEEPING_S = 1.0
_PRUNE_EVERY_S = 6 * 3600.0
_NOTICES_KEPT = timedelta(days=90)


class Ticks(Protocol):
    """What calls a function again and again."""

    def start(self, tick: Callable[[], None]) -> None:
        """Begin."""

    async def stop(self) -> None:
        """End."""


class WatchBook(Protocol):
    """Where watches are kept. Methods raise CallwatchErrors."""

    async def add(self, watch: Watch, told: Status | None) -> bool:
        """Save a watch; True when it is new."""

    async def remove(self, channel_id: str, service_id: str, by: str, at: datetime) -> bool:
        """End a watch."""

    async def set_notify(self, channel_id: str, service_id: str, notify: tuple[str, ...]) -> bool:
        """Change whom it rings."""

    async def set_remind(self, channel_id: str, service_id: str, remind_after_s: int | None) -> bool:
        """Change how often it reminds."""

    async def mute(self, channel_id: str, service_id: str, *, until: datetime, by: str, reason: str = "") -> bool:
        """Be quiet until then."""

    async def unmute(self, channel_id: str, service_id: str, now: datetime) -> bool:
        """End a mute."""

    async def lapse_mutes(self, now: datetime) -> list[str]:
        """End the mutes whose time is over; return their channels."""

    async def remind(self, now: datetime) -> list[str]:
        """Owe the reminders that are due; return their channels."""


class OutageBook(Protocol):
    """Where outages are kept. Methods raise CallwatchErrors."""

    async def load_open(self, service_ids: Iterable[str] | None = None) -> list[Outage]:
        """Return the outages that are not over."""

    async def acknowledge(self, outage_id: int, by: str, at: datetime) -> tuple[bool, list[str]]:
        """Note who looks after it; whether they are first, and whose cards change."""

    async def unacknowledge(self, outage_id: int) -> tuple[bool, list[str]]:
        """Take that back."""


@dataclass(frozen=True, slots=True)
class Books:
    """Everything that is kept."""

    services: Book
    watches: WatchBook
    outages: OutageBook
    samples: Shelf
    outbox: OutboxPort


class Platform(Source, CounterSource, Protocol):
    """The Reporting API, asked without retries: a poll is not repeated, the next one is."""


@dataclass(frozen=True, slots=True)
class WatchAnswer:
    """What there is to say to who began a watch."""

    is_new: bool  # False: the channel watched it already, and nothing was changed
    status: Status  # now; UNKNOWN when it could not be asked
    why_unknown: str = ""  # a sentence, with UNKNOWN
    outage: Outage | None = None  # the open one, when it is down


@dataclass(frozen=True, slots=True)
class Plan:
    """What is set: thresholds, the sender's waits, which counters are sampled, and how long one poll may take."""

    thresholds: Thresholds = field(default_factory=Thresholds)
    pace: Pace = field(default_factory=Pace)
    counters: Sequence[str] = ()
    timeout_s: float = 5.0

    @property
    def tick_s(self) -> float:
        """Seconds between two ticks: not more than the interval, and often enough for what is done each second."""
        return min(self.thresholds.interval_s, 1.0)


def polls_in_flight(services: int, plan: Plan, *, most: int = 1000) -> int:
    """Return how many polls must be allowed at once so that a platform that hangs delays nobody.

    Each of `services` has one at a time, and one that hangs lasts `plan.timeout_s`. `most` keeps sockets bounded.
    """
    hanging = math.ceil(services * plan.timeout_s / plan.thresholds.interval_s)
    return max(8, min(services, hanging, most))


class Watching:
    """Watch services and tell channels. `start` it after taking charge of the database; `stop` loses nothing.

    `on_superseded` is called when another bot has taken over the database: the process should end then.
    """

    def __init__(
        self,
        platform: Platform,
        books: Books,
        chat: Chat,
        render: Render,
        ticks: Ticks,
        plan: Plan,
        *,
        now: Callable[[], datetime],
        on_superseded: Callable[[], None] = lambda: None,
    ) -> None:
        self._platform = platform
        self._books = books
        self._ticks = ticks
        self._now = now
        self._timeout_s = plan.timeout_s
        self.sender = Sender(books.outbox, chat, render, plan.pace, now=now, on_superseded=on_superseded)
        self.poller = Poller(
            platform,
            books.services,
            plan.thresholds,
            now=now,
            on_owed=self.sender.wake,
            timeout_s=plan.timeout_s,
            tick_s=plan.tick_s,
        )
        self._sampler = Sampler(platform, books.samples, plan.counters, now=now, timeout_s=plan.timeout_s)
        self._keep_at = self._prune_at = 0.0  # by the loop's clock
        self._keeping: asyncio.Task[None] | None = None

    @property
    def sight(self) -> Sight:
        """Whether the platform can be seen."""
        return self.poller.sight

    def state(self, service_id: str) -> ServiceState | None:
        """Return what is known of a watched service now; None for one that nobody watches."""
        return self.poller.state(service_id)

    async def start(self) -> None:
        """Begin: what was owed when the bot stopped goes out, and polling goes on. Raises StorageError."""
        await self.sender.start()
        await self.poller.start()
        self._ticks.start(self._tick)

    async def stop(self, timeout_s: float = 3.0) -> None:
        """End within about `timeout_s` seconds; what is not told by then is told after the next start."""
        await self._ticks.stop()
        if self._keeping is not None:
            await asyncio.gather(self._keeping, return_exceptions=True)
        await self._sampler.stop()
        await self.poller.stop()
        await self.sender.stop(timeout_s)

    async def watch(self, watch: Watch) -> WatchAnswer:
        """Begin a watch; raises NotFound, and saves nothing, when the platform knows no such service.

        A platform that cannot be asked now is no hindrance: the answer says so, and a service that turns out to be down
        then is told by a card.
        """
        status, why = await self._ask(watch.service_id)
        # What others were told of this service holds for this channel too: one answer alone may not count as a flip.
        known = self.poller.state(watch.service_id)
        told = known.status if known and known.status is not Status.UNKNOWN else status
        is_new = await self._books.watches.add(watch, told if told is not Status.UNKNOWN else None)
        await self.poller.reload()
        if status is not Status.UNKNOWN:
            # What the answer says is what is known first: the next poll must not be the first sight of it.
            await self.poller.take(Observation(watch.service_id, status, self._now()))
        self.sender.wake([watch.channel_id])
        open_outages = await self._books.outages.load_open([watch.service_id])
        is_down = status is Status.DOWN
        return WatchAnswer(is_new, status, why, outage=open_outages[0] if is_down and open_outages else None)

    async def unwatch(self, channel_id: str, service_id: str, by: str) -> bool:
        """End a watch and close its card; False when there was none."""
        was_there = await self._books.watches.remove(channel_id, service_id, by, self._now())
        await self.poller.reload()
        self.sender.wake([channel_id])
        return was_there

    async def set_notify(self, channel_id: str, service_id: str, notify: tuple[str, ...]) -> bool:
        """Change whom a watch's cards mention; False when there is no such watch."""
        return await self._books.watches.set_notify(channel_id, service_id, notify)

    async def set_remind(self, channel_id: str, service_id: str, remind_after_s: int | None) -> bool:
        """Change how often an outage is reminded of, at least 300 s; False when there is no such watch."""
        return await self._books.watches.set_remind(channel_id, service_id, remind_after_s)

    async def mute(self, channel_id: str, service_id: str, *, until: datetime, by: str, reason: str = "") -> bool:
        """Be quiet about a service until then; False when there is no such watch."""
        is_muted = await self._books.watches.mute(channel_id, service_id, until=until, by=by, reason=reason)
        self.sender.wake([channel_id])
        return is_muted

    async def unmute(self, channel_id: str, service_id: str) -> bool:
        """End a mute and tell what changed meanwhile; False when there was none."""
        was_muted = await self._books.watches.unmute(channel_id, service_id, self._now())
        self.sender.wake([channel_id])
        return was_muted

    async def acknowledge(self, outage_id: int, by: str) -> bool:
        """Note that somebody looks after an outage; False when somebody did already, or it is over."""
        is_first, channels = await self._books.outages.acknowledge(outage_id, by, self._now())
        self.sender.wake(channels)
        return is_first

    async def unacknowledge(self, outage_id: int) -> bool:
        """Take an acknowledgement back; False when there was none, or the outage is over."""
        was_there, channels = await self._books.outages.unacknowledge(outage_id)
        self.sender.wake(channels)
        return was_there

    async def channel_available(self, channel_id: str) -> None:
        """Post in a channel again that took no posts: the bot was invited, or it was unarchived."""
        await self.sender.channel_available(channel_id)

    async def _ask(self, service_id: str) -> tuple[Status, str]:
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await self._platform.fetch_service_status(service_id)
        except (NotFound, BadRequest):
            raise
        except ReportingError as error:
            return Status.UNKNOWN, error.sentence
        except TimeoutError:
            return Status.UNKNOWN, "The platform takes too long to answer."
        if answer.status is Status.UNKNOWN:
            return Status.UNKNOWN, f"The platform says “{answer.said}”, which is neither up nor down."
        return answer.status, ""

    def _tick(self) -> None:
        self.poller.tick()
        self._sampler.tick()
        clock = asyncio.get_running_loop().time()
        if clock >= self._keep_at and (self._keeping is None or self._keeping.done()):
            self._keep_at = clock + _HOUSEKEEPING_S
            self._keeping = asyncio.create_task(self._keep_house())

    async def _keep_house(self) -> None:
        """End mutes, send reminders, forget what was told long ago."""
        await self._wake(self._books.watches.lapse_mutes(self._now()))
        await self._wake(self._books.watches.remind(self._now()))
        clock = asyncio.get_running_loop().time()
        if clock >= self._prune_at:
            self._prune_at = clock + _PRUNE_EVERY_S
            try:
                await self._books.outbox.prune(self._now() - _NOTICES_KEPT)
            except CallwatchError as error:
                log.error("notices_not_pruned", reason=str(error))

    async def _wake(self, finding: Coroutine[object, object, list[str]]) -> None:
        try:
            self.sender.wake(await finding)
        except CallwatchError as error:
            log.error("housekeeping_failed", reason=str(error))
