"""The desk: every question is taken once, answered in a task of its own, and told why when it cannot be.

This is the rim: nothing below it catches what it does not understand, and nothing above it sees an error.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bot.errors import CallwatchError, SlackError
from bot.rendering import messages
from bot.rendering.blocks import Message
from handlers.answers import Answers
from handlers.asks import Ask
from handlers.delivery import Delivery
from handlers.surfaces import Conversation, Private, Slack, surface_for

log = structlog.get_logger(__name__)

#: How long a response_url lives, and so how long an unanswered question is worth answering. Source: Slack.
RESPONSE_URL_LIFE = timedelta(minutes=30)
_SEEN_GESTURES = 10_000


class Inbox(Protocol):
    """What came in and is not answered yet. Methods raise the storage's errors, which are CallwatchErrors."""

    async def take(self, keys: Sequence[str], kind: str, payload: str, received_at_ms: int) -> bool:
        """Keep a question; False when any of its keys was seen before."""

    async def close(self, key: str) -> None:
        """Forget a question that is answered."""

    async def open_payloads(self, received_since_ms: int) -> list[str]:
        """Return the questions that were not answered, oldest first."""


class Desk:
    """Take questions and answer them.

    `note_after_s` is how long an asker waits before a note says that it takes a while, seconds.
    """

    def __init__(
        self,
        answers: Answers,
        slack: Slack,
        inbox: Inbox,
        *,
        now: Callable[[], datetime],
        note_after_s: float = 2.0,
    ) -> None:
        self._answers = answers
        self._slack = slack
        self._inbox = inbox
        self._delivery = Delivery(slack)
        self._now = now
        self._note_after_s = note_after_s
        self._tasks: set[asyncio.Task[None]] = set()
        self._seen: OrderedDict[str, None] = OrderedDict()

    def take(self, read: Callable[[int], Ask | None]) -> None:
        """Answer what `read(received_at_ms)` makes of a payload, in a task of its own. Never fails, never waits."""
        self._start(self._take(read, self._now_ms()))

    async def resume(self) -> None:
        """Answer what was taken before a restart and not answered, while its response_url lives."""
        since_ms = self._now_ms() - int(RESPONSE_URL_LIFE.total_seconds() * 1000)
        for payload in await self._inbox.open_payloads(since_ms):
            ask = Ask.from_json(payload)
            self._is_new(ask)
            log.info("resumed_ask", key=ask.key)
            self._start(self._resume(ask))

    async def drain(self, timeout_s: float) -> None:
        """Wait for the answers under way; what is not done in time stays in the inbox for the next start."""
        if self._tasks:
            _, pending = await asyncio.wait(self._tasks, timeout=timeout_s)
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)

    def _now_ms(self) -> int:
        return int(self._now().timestamp() * 1000)

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("ask_failed", exc_info=error)

    def _is_new(self, ask: Ask) -> bool:
        """Tell whether none of the gesture's names was met since the start, and remember them."""
        is_new = not any(key in self._seen for key in ask.keys)
        self._seen.update(dict.fromkeys(ask.keys))
        while len(self._seen) > _SEEN_GESTURES:
            self._seen.popitem(last=False)
        return is_new

    async def _take(self, read: Callable[[int], Ask | None], received_at_ms: int) -> None:
        ask = read(received_at_ms)
        if ask is None:
            return
        if not self._is_new(ask):
            log.info("repeated_ask", key=ask.key)
            return
        saving = asyncio.ensure_future(self._save(ask))
        # Events come again after a restart, so they wait for the table's word; commands and buttons never do.
        if ask.ts is not None and not await saving:
            log.info("repeated_ask", key=ask.key)
            return
        await self._serve(ask, surface_for(self._slack, ask))
        await saving
        await self._close(ask)

    async def _resume(self, ask: Ask) -> None:
        surface = surface_for(self._slack, ask)
        if isinstance(surface, Conversation):
            try:
                await surface.adopt()
            except SlackError as error:
                log.warning("own_message_not_looked_up", key=ask.key, code=error.code, call=error.call)
        await self._serve(ask, surface)
        await self._close(ask)

    async def _serve(self, ask: Ask, surface: Private | Conversation) -> None:
        """Answer, or say why not. Every error ends here."""
        note = _Note(surface, messages.working(ask.text), self._note_after_s)
        try:
            message = await self._answers.answer(ask)
        except Exception as error:  # noqa: BLE001 - the rim: whatever it is, the asker hears of it and the log has it
            await note.settle()
            await self._delivery.refuse(ask, surface, self._explain(error, ask))
            return
        await note.settle()
        await self._delivery.answer(ask, surface, message)

    def _explain(self, error: Exception, ask: Ask) -> Message:
        """Return the sentence for the asker; what is not their doing gets a reference that the log has too."""
        if isinstance(error, CallwatchError) and error.log_level < logging.WARNING:
            log.log(error.log_level, "ask_refused", key=ask.key, kind=type(error).__name__)
            return messages.refusal(str(error), suggestion=error.suggestion)
        reference = secrets.token_hex(4)
        if isinstance(error, CallwatchError):
            log.warning("ask_not_answered", reference=reference, key=ask.key, reason=repr(error), exc_info=error)
            return messages.refusal(str(error), suggestion=error.suggestion, reference=reference)
        log.error("ask_broke", reference=reference, key=ask.key, exc_info=error)
        return messages.refusal(
            "Something broke on our side, and nobody but us can mend it. Please try once more, and tell whoever runs "
            "Callwatch this reference.",
            reference=reference,
        )

    async def _save(self, ask: Ask) -> bool:
        """Keep the question until it is answered. A full disk must not keep anybody from an answer."""
        try:
            return await self._inbox.take(ask.keys, ask.place, ask.to_json(), ask.received_at_ms)
        except CallwatchError as error:
            log.error("inbox_not_written", key=ask.key, reason=str(error))
            return True

    async def _close(self, ask: Ask) -> None:
        try:
            await self._inbox.close(ask.key)
        except CallwatchError as error:
            log.error("inbox_not_written", key=ask.key, reason=str(error))


class _Note:
    """The note that appears when an answer takes a while, and never after the answer."""

    def __init__(self, surface: Private | Conversation, message: Message, after_s: float) -> None:
        self._surface = surface
        self._message = message
        self._posting: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(after_s, self._begin)

    def _begin(self) -> None:
        self._posting = asyncio.create_task(self._post())

    async def _post(self) -> None:
        try:
            await self._surface.note(self._message)
        except SlackError as error:
            log.warning("note_not_taken", code=error.code, call=error.call)

    async def settle(self) -> None:
        """Post it no more, or wait until it stands."""
        self._timer.cancel()
        if self._posting:
            await self._posting
