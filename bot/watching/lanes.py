"""A lane: what one channel is owed leaves here, one message at a time, in order, each told once.

Source: facts on reliability, section 4 (the table of outcomes, and the waits before a post is repeated).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import structlog

from bot.errors import (
    BotRefused,
    CallwatchError,
    ChannelRefused,
    MessageGone,
    SlackError,
    SlackRefused,
    SlackUnavailable,
)
from bot.rendering.blocks import Message
from bot.watching.models import Notice, Telling
from bot.watching.outgoing import Edit, Idle, Lane, Lookup, Pace, Post, SupersededError, Work
from bot.watching.plainly import plainly

log = structlog.get_logger(__name__)

Render = Callable[[Telling], Message]


class Chat(Protocol):
    """Slack, as far as telling needs it. Methods raise SlackError."""

    async def post(
        self, channel: str, message: Message, *, thread_ts: str | None, key: str | None, is_broadcast: bool
    ) -> str:
        """Post a message with `key` in its metadata; return its ts."""

    async def update(self, channel: str, ts: str, message: Message) -> None:
        """Replace a message of ours."""

    async def find_own(self, channel: str, thread_ts: str | None, key: str) -> str | None:
        """Return the ts of our message with that key."""


class Outbox(Protocol):
    """What is owed, as the storage keeps it. Methods raise CallwatchErrors."""

    async def busy_lanes(self, now: datetime) -> list[Lane]:
        """Return the lanes that have anything to do."""

    async def claim(self, channel_id: str, now: datetime, *, may_post: bool, may_edit: bool) -> Work:
        """Return what the lane does next."""

    async def sent(self, notice_id: int, ts: str, version: int, now: datetime) -> None:
        """Note that a notice is told."""

    async def release(self, notice_id: int, *, is_plain: bool = False, is_repeat: bool = False) -> None:
        """Undo a claim."""

    async def bury(self, notice_id: int, code: str, now: datetime) -> None:
        """Give a notice up."""

    async def wait(self, channel_id: str, seconds: float, now: datetime) -> None:
        """Remember a Retry-After."""

    async def park(self, channel_id: str, code: str, now: datetime) -> list[str]:
        """Stop a channel; return who is owed a word about it."""

    async def unpark(self, channel_id: str) -> bool:
        """Take a channel up again."""

    async def edited(self, card_id: int, version: int) -> None:
        """Note what a card shows."""

    async def card_lost(self, card_id: int, now: datetime) -> None:
        """Note that a card is gone."""

    async def prune(self, before: datetime) -> int:
        """Erase what was told, or given up, before then."""


@dataclass(slots=True)
class Office:
    """What all lanes share."""

    outbox: Outbox
    chat: Chat
    render: Render
    pace: Pace
    now: Callable[[], datetime]
    chance: Callable[[], float]  # 0.0 to 1.0, spreads what waits
    wake: Callable[[list[str]], None]  # lanes that were given something
    on_superseded: Callable[[], None]
    paused_until: float = 0.0  # by the loop's clock: Slack takes nothing from us
    is_stopping: bool = False


@dataclass(slots=True)
class LaneRunner:
    """One channel's lane. `run` does what there is to do and returns when there is nothing left."""

    channel_id: str
    office: Office
    post_at: float = 0.0  # by the loop's clock, as are all of these
    edit_at: float = 0.0
    failures: int = 0  # in a row, of Slack being out of reach
    is_waiting: bool = False  # and can be stopped without leaving anything in doubt
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Work until nothing is left; what goes wrong here is logged and tried again."""
        while not self.office.is_stopping:
            self.woken.clear()
            try:
                wait_s = await self._step()
            except SupersededError as error:
                log.error("superseded", reason=str(error))
                self.office.on_superseded()
                return
            except CallwatchError as error:
                log.error("lane_stopped_short", channel=self.channel_id, reason=str(error))
                wait_s = self._backoff_s()
            if wait_s is None and not self.woken.is_set():
                return
            if wait_s:
                await self._pause(wait_s)

    async def _step(self) -> float | None:
        """Do the next thing; return how long to wait before the one after, None when there is nothing more."""
        office, clock = self.office, asyncio.get_running_loop().time
        if (paused_s := office.paused_until - clock()) > 0:
            return paused_s
        may_post, may_edit = clock() >= self.post_at, clock() >= self.edit_at
        work = await office.outbox.claim(self.channel_id, office.now(), may_post=may_post, may_edit=may_edit)
        match work:
            case Post():
                await self._post(work)
            case Edit():
                await self._edit(work)
            case Lookup():
                await self._clear_up(work.notice, work.thread_ts, clock(), is_restart=True)
            case Idle(until):
                waits = [at - clock() for at, may in ((self.post_at, may_post), (self.edit_at, may_edit)) if not may]
                if until is not None:
                    waits.append((until - office.now()).total_seconds())
                return max(0.001, min(waits)) if waits else None
        return 0.0

    async def _post(self, work: Post) -> None:
        notice, office = work.notice, self.office
        message = plainly(work.telling) if notice.is_plain else self._rendered(work.telling)
        started = asyncio.get_running_loop().time()
        try:
            ts = await office.chat.post(
                self.channel_id,
                message,
                thread_ts=work.thread_ts,
                key=notice.key,
                is_broadcast=work.thread_ts is not None,
            )
        except SlackError as error:
            await self._not_posted(work, error, started)
            return
        self.failures = 0
        self.post_at = asyncio.get_running_loop().time() + office.pace.between_posts_s
        await office.outbox.sent(notice.notice_id, ts, work.version, office.now())

    async def _not_posted(self, work: Post, error: SlackError, started: float) -> None:
        """Do what an outcome asks for; only what was surely not posted is released."""
        notice, outbox = work.notice, self.office.outbox
        log.warning("notice_not_taken", channel=self.channel_id, kind=notice.kind, code=error.code)
        match error:
            case SlackUnavailable(is_ambiguous=True):
                self.post_at = asyncio.get_running_loop().time() + self.office.pace.between_posts_s
                await self._clear_up(notice, work.thread_ts, started)
            case SlackUnavailable(code="ratelimited"):
                wait_s = self._retry_after_s(error)
                # First the wait: if we die before the release, the notice is looked up, and that is late enough.
                await outbox.wait(self.channel_id, wait_s, self.office.now())
                await outbox.release(notice.notice_id)
                self.post_at = asyncio.get_running_loop().time() + wait_s
            case SlackUnavailable():
                await outbox.release(notice.notice_id)
                self.post_at = asyncio.get_running_loop().time() + self._backoff_s()
            case ChannelRefused():
                await outbox.release(notice.notice_id)
                await self._park(error)
            case BotRefused():
                await outbox.release(notice.notice_id)
                self._pause_all(error)
            case MessageGone() if notice.card_id is not None:
                await outbox.release(notice.notice_id)
                await outbox.card_lost(notice.card_id, self.office.now())
            case _ if notice.is_plain:
                log.error("notice_dead", channel=self.channel_id, kind=notice.kind, code=error.code, key=notice.key)
                await outbox.bury(notice.notice_id, error.code, self.office.now())
            case _:
                await outbox.release(notice.notice_id, is_plain=True)

    async def _clear_up(
        self, notice: Notice, thread_ts: str | None, started: float, *, is_restart: bool = False
    ) -> None:
        """Find out whether a notice was posted: look twice, with time between, before it may be posted again."""
        pace, outbox = self.office.pace, self.office.outbox
        if not self.channel_id.startswith(("C", "G", "D")):
            # A direct message's history cannot be read under the person's id.
            await outbox.release(notice.notice_id, is_repeat=True)
            return
        # After a restart nobody knows when it was tried, so the waits begin anew; but it may stand there already.
        looks = (0.0, pace.first_look_s, pace.second_look_s) if is_restart else (pace.first_look_s, pace.second_look_s)
        for after_s in looks:
            await self._sleep(started + after_s - asyncio.get_running_loop().time())
            try:
                ts = await self._look(notice, thread_ts)
            except ChannelRefused as error:
                await self._park(error)
                return
            except SlackRefused as error:  # nobody can look, so it is said again, and says that it may be a repeat
                log.error("history_unreadable", channel=self.channel_id, code=error.code)
                await outbox.release(notice.notice_id, is_repeat=True)
                return
            if ts is not None:
                log.info("notice_found", channel=self.channel_id, key=notice.key)
                await outbox.sent(notice.notice_id, ts, 1, self.office.now())
                return
        log.info("notice_not_found", channel=self.channel_id, key=notice.key)
        await outbox.release(notice.notice_id)

    async def _look(self, notice: Notice, thread_ts: str | None) -> str | None:
        """Return the ts of a notice in Slack, None when it is not there; waits until Slack lets us look."""
        while True:
            try:
                return await self.office.chat.find_own(self.channel_id, thread_ts, notice.key)
            except MessageGone:
                return None
            except SlackUnavailable as error:
                wait_s = self._retry_after_s(error) if error.code == "ratelimited" else self._backoff_s()
                await self._sleep(wait_s)

    async def _edit(self, work: Edit) -> None:
        office = self.office
        self.edit_at = asyncio.get_running_loop().time() + office.pace.between_posts_s
        try:
            await office.chat.update(self.channel_id, work.ts, self._rendered(work.telling))
        except MessageGone:
            log.info("card_deleted_by_hand", channel=self.channel_id)
            await office.outbox.card_lost(work.card_id, office.now())
        except ChannelRefused as error:
            await self._park(error)
        except BotRefused as error:
            self._pause_all(error)
        except SlackUnavailable as error:
            # An edit that may have happened is simply made again.
            wait_s = self._retry_after_s(error) if error.code == "ratelimited" else self._backoff_s()
            self.edit_at = asyncio.get_running_loop().time() + wait_s
        except SlackRefused as error:
            log.error("card_not_taken", channel=self.channel_id, code=error.code)
            await self._edit_plainly(work)
        else:
            self.failures = 0
            await office.outbox.edited(work.card_id, work.version)

    async def _edit_plainly(self, work: Edit) -> None:
        """Show a card in the fewest words; when Slack takes not even those, what still goes on gets a new card."""
        try:
            await self.office.chat.update(self.channel_id, work.ts, plainly(work.telling))
        except SlackRefused as error:
            log.error("card_cannot_be_edited", channel=self.channel_id, code=error.code)
            await self.office.outbox.card_lost(work.card_id, self.office.now())
        else:
            await self.office.outbox.edited(work.card_id, work.version)

    def _rendered(self, telling: Telling) -> Message:
        try:
            return self.office.render(telling)
        except Exception as error:
            # The rim of rendering: a mistake there must not keep news back.
            log.error("rendering_broke", kind=telling.kind, exc_info=error)
            return plainly(telling)

    async def _park(self, error: SlackError) -> None:
        log.warning("channel_parked", channel=self.channel_id, code=error.code)
        self.office.wake(await self.office.outbox.park(self.channel_id, error.code, self.office.now()))

    def _pause_all(self, error: SlackError) -> None:
        log.error("slack_does_not_know_us", code=error.code, retry_in_s=self.office.pace.broken_s)
        self.office.paused_until = asyncio.get_running_loop().time() + self.office.pace.broken_s

    def _retry_after_s(self, error: SlackUnavailable) -> float:
        wish_s = self.office.pace.backoff_s if error.retry_after_s is None else error.retry_after_s
        return wish_s + self.office.chance() * self.office.pace.between_posts_s / 10

    def _backoff_s(self) -> float:
        """Return how long to wait after one more failure: up to twice as long as before, by chance."""
        pace = self.office.pace
        longest_s = min(pace.backoff_most_s, pace.backoff_s * 2.0 ** min(self.failures, 16))
        self.failures += 1
        return max(0.05 * pace.backoff_s, self.office.chance() * longest_s)

    async def _pause(self, seconds: float) -> None:
        """Wait, but not longer than until somebody wakes the lane."""
        self.is_waiting = True
        try:
            async with asyncio.timeout(seconds):
                await self.woken.wait()
        except TimeoutError:
            return
        finally:
            self.is_waiting = False

    async def _sleep(self, seconds: float) -> None:
        """Wait to the end; only a stop can cut it short."""
        self.is_waiting = True
        try:
            await asyncio.sleep(max(0.0, seconds))
        finally:
            self.is_waiting = False
