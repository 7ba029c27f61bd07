"""Orders and questions about watched services: what the verbs do, and what is said of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog

from bot.errors import ChannelRefused, SlackError
from bot.rendering import board, history, messages, orders, sampled
from bot.rendering.blocks import Message
from bot.rendering.board import Row
from bot.rendering.orders import Begun
from bot.rendering.voice import Voice
from bot.reporting.errors import BadRequest, NotFound
from bot.reporting.models import Counter
from bot.timerange import TimeRange
from bot.watching.models import Outage, ServiceState, Sight, Watch
from bot.watching.service import WatchAnswer
from bot.watching.uptime import Record, Turn, record, with_present
from handlers.asks import Answer, Ask, Place
from handlers.intents import spell
from handlers.watchwords import (
    AskHistory,
    MuteServices,
    NotifyAbout,
    Order,
    RemindOf,
    UnmuteServices,
    UnwatchServices,
    WatchServices,
)

log = structlog.get_logger(__name__)

#: What a service's answer looks back on.
_RECENT = timedelta(days=30)


class Watching(Protocol):
    """What watching does. Methods raise CallwatchErrors."""

    @property
    def sight(self) -> Sight:
        """Whether the platform can be seen."""

    def state(self, service_id: str) -> ServiceState | None:
        """Return what is known of a watched service now; None for one that nobody watches."""

    async def watch(self, watch: Watch) -> WatchAnswer:
        """Begin a watch; raises NotFound or BadRequest, and saves nothing, for what is no service."""

    async def unwatch(self, channel_id: str, service_id: str, by: str) -> bool:
        """End a watch; False when there was none."""

    async def set_notify(self, channel_id: str, service_id: str, notify: tuple[str, ...]) -> bool:
        """Change whom it rings; False when there is no such watch."""

    async def set_remind(self, channel_id: str, service_id: str, remind_after_s: int | None) -> bool:
        """Change how often it reminds; False when there is no such watch."""

    async def mute(self, channel_id: str, service_id: str, *, until: datetime, by: str, reason: str = "") -> bool:
        """Be quiet until then; False when there is no such watch."""

    async def unmute(self, channel_id: str, service_id: str) -> bool:
        """End a mute; False when there was none."""

    async def acknowledge(self, outage_id: int, by: str) -> bool:
        """Note who looks after an outage; False when somebody does already, or it is over."""

    async def unacknowledge(self, outage_id: int) -> bool:
        """Take that back; False when there was nothing to take back."""


class Watches(Protocol):
    """The watches on record."""

    async def load(self, channel_id: str, service_id: str) -> Watch | None:
        """Return one watch."""

    async def of_channel(self, channel_id: str) -> list[Watch]:
        """Return what a channel watches, by service."""


class Outages(Protocol):
    """The outages on record."""

    async def load(self, outage_id: int) -> Outage | None:
        """Return one outage."""

    async def load_open(self, service_ids: Iterable[str] | None = None) -> list[Outage]:
        """Return those that are not over."""

    async def history(self, service_id: str, within: TimeRange, *, limit: int = 1000) -> list[Outage]:
        """Return those that touch a time range, newest first."""

    async def coverage(self, service_id: str, within: TimeRange) -> list[TimeRange]:
        """Return when a service was seen without a break, oldest first."""


class Samples(Protocol):
    """The samples of counters."""

    async def history(self, counter_id: str, within: TimeRange) -> list[Counter]:
        """Return the samples of a time range, oldest first."""


class Board(Protocol):
    """What else is asked of the record."""

    async def turns(self, outage_ids: Iterable[int]) -> list[Turn]:
        """Return the flips of outages, in order."""

    async def open_on_card(self, channel_id: str, card_id: int) -> list[Outage]:
        """Return the open outages that a card shows."""


@dataclass(frozen=True, slots=True)
class Archive:
    """Everything on record that people ask about. Methods raise the storage's errors."""

    watches: Watches
    outages: Outages
    samples: Samples
    board: Board


class WatchAnswers:
    """Do what the verbs ask for, in the channel where they are said.

    `check_channel` raises ChannelRefused where the bot cannot read and post; `commands` are the slash commands' names
    by topic.
    """

    def __init__(
        self,
        watching: Watching,
        archive: Archive,
        check_channel: Callable[[str], Awaitable[None]],
        *,
        commands: Mapping[str, str],
        now: Callable[[], datetime],
    ) -> None:
        self._watching = watching
        self._archive = archive
        self._check_channel = check_channel
        self._commands = commands
        self._now = now

    async def order(self, ask: Ask, order: Order) -> Answer:
        """Carry out an order; the answer is for the asker alone."""
        match order:
            case WatchServices():
                message = await self._watch(ask, order)
            case UnwatchServices(service_ids):
                message = await self._each(
                    ask,
                    service_ids,
                    lambda service_id: self._watching.unwatch(ask.channel_id, service_id, ask.user_id),
                    orders.unwatched,
                )
            case NotifyAbout(service_ids, notify):
                message = await self._each(
                    ask,
                    service_ids,
                    lambda service_id: self._watching.set_notify(ask.channel_id, service_id, notify),
                    partial(orders.rung, notify),
                )
            case RemindOf(service_ids, after_s):
                message = await self._each(
                    ask,
                    service_ids,
                    lambda service_id: self._watching.set_remind(ask.channel_id, service_id, after_s or None),
                    partial(orders.reminded, after_s),
                )
            case MuteServices(service_ids, until, _, reason):
                message = await self._each(
                    ask,
                    service_ids,
                    lambda service_id: self._watching.mute(
                        ask.channel_id, service_id, until=until, by=ask.user_id, reason=reason
                    ),
                    partial(orders.muted, until, reason),
                )
            case UnmuteServices(service_ids):
                message = await self._each(
                    ask, service_ids, lambda service_id: self._unmute(ask.channel_id, service_id), orders.unmuted
                )
        return Answer(message, is_private=True)

    async def board(self, ask: Ask) -> Message:
        """Return what the channel watches."""
        watches = await self._archive.watches.of_channel(ask.channel_id)
        if not watches:
            return board.empty_board(messages.help_text("services", self._commands))
        found = await self._archive.outages.load_open(watch.service_id for watch in watches)
        outages = {outage.service_id: outage for outage in found}
        rows = [Row(watch, self._watching.state(watch.service_id), outages.get(watch.service_id)) for watch in watches]
        return board.board(
            rows,
            self._watching.sight,
            now=self._now(),
            command=self._commands["services"],
            is_public=ask.place is Place.MENTION,
        )

    async def service(self, ask: Ask, status: Message, service_id: str) -> Message:
        """Return a service's `status` now with what is on record of it."""
        now = self._now()
        watch = await self._archive.watches.load(ask.channel_id, service_id)
        row = None
        if watch is not None:
            found = await self._archive.outages.load_open([service_id])
            row = Row(watch, self._watching.state(service_id), found[0] if found else None)
        kept = await self._record(service_id, TimeRange(now - _RECENT, now), now)
        return board.service(status, row, kept, now=now, is_public=ask.place is Place.MENTION)

    async def history(self, asked: AskHistory, tz: ZoneInfo) -> Message:
        """Return what happened to a service."""
        now, time_range = self._now(), asked.range.time_range
        if now - time_range.until < timedelta(seconds=1):
            time_range = TimeRange(time_range.since, now)  # what is said in whole seconds means "until now"
        kept = await self._record(asked.service_id, time_range, now)
        if not kept.outages and kept.first_seen is None:
            return history.no_history(
                asked.service_id, asked.range, spell(WatchServices((asked.service_id,)), self._commands)
            )
        return history.history(kept, asked.range, tz.key)

    async def counter(self, value: Counter) -> Message:
        """Return a counter with the last hour of its samples, where it is sampled."""
        now = self._now()
        samples = await self._archive.samples.history(value.counter_id, TimeRange(now - timedelta(hours=1), now))
        return sampled.counter(messages.counter(value, now), samples)

    async def _record(self, service_id: str, time_range: TimeRange, now: datetime) -> Record:
        outages = await self._archive.outages.history(service_id, time_range)
        turns = await self._archive.board.turns(outage.outage_id for outage in outages)
        covered = await self._archive.outages.coverage(service_id, time_range)
        if (state := self._watching.state(service_id)) is not None:
            covered = with_present(covered, state, outages)
        return record(service_id, time_range, outages, turns, covered, now=now)

    async def _watch(self, ask: Ask, order: WatchServices) -> Message:
        if ask.place is not Place.DIRECT and (sentence := await self._why_not_here(ask.channel_id)):
            return orders.not_here(sentence, spell(order, self._commands))
        begun = await asyncio.gather(*(self._begin(ask, order, service_id) for service_id in order.service_ids))
        watches = []
        for each in begun:
            watch = None if each.refused else await self._archive.watches.load(ask.channel_id, each.service_id)
            if watch is not None:
                watches.append(watch)
        named = tuple(watch.service_id for watch in watches[:1])
        return orders.watching(begun, watches, spell(NotifyAbout(named, ("here",)), self._commands))

    async def _begin(self, ask: Ask, order: WatchServices, service_id: str) -> Begun:
        watch = Watch(
            channel_id=ask.channel_id,
            service_id=service_id,
            created_by=ask.user_id,
            created_at=self._now(),
            notify=order.notify or (),
            remind_after_s=order.remind_after_s or None,
        )
        try:
            answer = await self._watching.watch(watch)
        except (NotFound, BadRequest) as error:
            return Begun(service_id, refused=error.sentence)
        if not answer.is_new and order.notify is not None:
            await self._watching.set_notify(ask.channel_id, service_id, order.notify)
        if not answer.is_new and order.remind_after_s is not None:
            await self._watching.set_remind(ask.channel_id, service_id, order.remind_after_s or None)
        return Begun(service_id, answer.is_new, answer.status, answer.why_unknown, answer.outage)

    async def _why_not_here(self, channel_id: str) -> str:
        """Return why the bot could not tell this channel anything, "" when it can."""
        try:
            await self._check_channel(channel_id)
        except ChannelRefused as error:
            if channel_id.startswith("D"):
                return (
                    "I am no part of this conversation, so I could not tell it anything. Say the same in a channel, or "
                    "in a direct message with me."
                )
            if error.code == "is_archived":
                return "This channel is archived, so I could not tell it anything. Say the same in another channel."
            return (
                "Nothing is watched yet: I am not in this channel, so I could not tell it anything. Type "
                "`/invite @Callwatch` here, then try again."
            )
        except SlackError as error:
            # No reason against watching: a channel that takes no posts is told to whoever set the watch.
            log.warning("channel_not_checked", channel_id=channel_id, code=error.code)
        return ""

    async def _each(
        self,
        ask: Ask,
        service_ids: Sequence[str],
        do: Callable[[str], Awaitable[bool]],
        what: Callable[[Voice], str],
    ) -> Message:
        """Do something for each service, and say `what` it did, and for which there was nothing to do it to."""
        found = [await do(service_id) for service_id in service_ids]
        done = [service_id for service_id, was_there in zip(service_ids, found, strict=True) if was_there]
        missing = [service_id for service_id, was_there in zip(service_ids, found, strict=True) if not was_there]
        return orders.done(what, done, missing, self._commands["services"])

    async def _unmute(self, channel_id: str, service_id: str) -> bool:
        """Unmute; what was not muted is as good as unmuted."""
        was_muted = await self._watching.unmute(channel_id, service_id)
        return was_muted or await self._archive.watches.load(channel_id, service_id) is not None
