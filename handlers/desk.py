"""The desk: every question is taken once, answered in a task of its own, and told why when it cannot be.

This is the rim: nothing below it catches what it does not understand, and nothing above it sees an error.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bot.errors import CallwatchError, SlackError
from bot.rendering import messages
from bot.rendering.blocks import Message
from bot.rendering.messages import Again
from handlers.answers import Answers
from handlers.asks import Ask, Place
from handlers.delivery import Delivery
from handlers.surfaces import Slack, Surface, surface_for

log = structlog.get_logger(__name__)

#: How long a response_url lives, and so how long an unanswered question is worth answering. Source: Slack.
RESPONSE_URL_LIFE = timedelta(minutes=30)
_SEEN_GESTURES = 10_000
#: Longer than anything takes: the press of a button on a card is never announced.
_NO_NOTE_S = 86_400.0
#: Answered questions leave the inbox at multiples of this, seconds; a bot that is killed in between answers them twice.
_CLOSE_EVERY_S = 0.05


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
        #: The newest press below each report that is being answered, by the report's ts.
        self._newest_press: dict[str, str] = {}

    def take(self, read: Callable[[int], Ask | None]) -> None:
        """Answer what `read(received_at_ms)` makes of a payload, in a task of its own. Never fails, never waits."""
        self._start(self._take(read, self._now_ms()))

    def do(self, work: Awaitable[None]) -> None:
        """Do work that answers nobody, in a task of its own; what breaks is in the log. Never fails, never waits."""

        async def doing() -> None:
            await work

        self._start(doing())

    async def resume(self) -> None:
        """Answer what was taken before a restart and not answered, while its response_url lives."""
        since_ms = self._now_ms() - int(RESPONSE_URL_LIFE.total_seconds() * 1000)
        for payload in await self._inbox.open_payloads(since_ms):
            try:
                ask = Ask.from_json(payload)
            except (ValueError, TypeError, KeyError) as error:  # of another version; it goes with the next pruning
                log.error("unreadable_ask", reason=type(error).__name__)
                continue
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
        try:
            await surface.adopt()
        except SlackError as error:
            log.warning("own_message_not_looked_up", key=ask.key, code=error.code, call=error.call)
        if not surface.is_answered:
            await self._serve(ask, surface)
        await self._close(ask)

    async def _serve(self, ask: Ask, surface: Surface) -> None:
        """Answer, or say why not. Every error ends here."""
        if ask.report_ts:
            self._newest_press[ask.report_ts] = ask.key
        note = _Note(
            surface, _NO_NOTE_S if ask.is_card_press else self._note_after_s, is_wanted=lambda: self._is_newest(ask)
        )
        try:
            answer = await self._answers.answer(ask)
        except Exception as error:  # noqa: BLE001 - the rim: whatever it is, the asker hears of it and the log has it
            await note.settle()
            again = [Again("Try again", "retry", ask.text)] if surface.is_report_gone else []
            await self._delivery.refuse(ask, surface, self._explain(error, ask, again))
        else:
            await note.settle()
            if answer is not None and self._is_newest(ask):
                is_aside = answer.is_private and ask.place is Place.MENTION
                await (self._delivery.refuse if is_aside else self._delivery.answer)(ask, surface, answer.message)
        finally:
            note.cancel()
            if ask.report_ts and self._newest_press.get(ask.report_ts) == ask.key:
                del self._newest_press[ask.report_ts]

    def _is_newest(self, ask: Ask) -> bool:
        """Tell whether no later press asks for another report in the same place."""
        return ask.report_ts is None or self._newest_press.get(ask.report_ts) == ask.key

    def _explain(self, error: Exception, ask: Ask, again: Sequence[Again]) -> Message:
        """Return the sentence for the asker; what is not their doing gets a reference that the log has too."""
        if isinstance(error, CallwatchError) and error.log_level < logging.WARNING:
            log.log(error.log_level, "ask_refused", key=ask.key, kind=type(error).__name__)
            return messages.refusal(str(error), suggestion=error.suggestion, again=again)
        reference = secrets.token_hex(4)
        if isinstance(error, CallwatchError):
            details = {name: value for name in ("code", "reference") if (value := getattr(error, name, None))}
            log.warning(
                "ask_not_answered",
                reference=reference,
                key=ask.key,
                kind=type(error).__name__,
                platform=details,
                cause=repr(error.__cause__),
            )
            return messages.refusal(str(error), suggestion=error.suggestion, reference=reference, again=again)
        log.error("ask_broke", reference=reference, key=ask.key, exc_info=error)
        return messages.refusal(
            "Something broke inside Callwatch. Please try once more; if it stays so, give whoever runs Callwatch this "
            "reference.",
            reference=reference,
            again=again,
        )

    async def _save(self, ask: Ask) -> bool:
        """Keep the question until it is answered. A full disk must not keep anybody from an answer."""
        try:
            return await self._inbox.take(ask.keys, ask.place, ask.to_json(), ask.received_at_ms)
        except CallwatchError as error:
            log.error("inbox_not_written", key=ask.key, reason=str(error))
            return True

    async def _close(self, ask: Ask) -> None:
        """Forget an answered question. Nobody waits for that, so it shares one write with the others of its moment."""
        await asyncio.sleep(_CLOSE_EVERY_S - asyncio.get_running_loop().time() % _CLOSE_EVERY_S)
        try:
            await self._inbox.close(ask.key)
        except CallwatchError as error:
            log.error("inbox_not_written", key=ask.key, reason=str(error))


class _Note:
    """The note that appears when an answer takes a while, and never after the answer."""

    def __init__(self, surface: Surface, after_s: float, *, is_wanted: Callable[[], bool]) -> None:
        self._surface = surface
        self._is_wanted = is_wanted
        self._posting: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(after_s, self._begin)

    def _begin(self) -> None:
        if self._is_wanted():
            self._posting = asyncio.create_task(self._post())

    async def _post(self) -> None:
        try:
            await self._surface.note(messages.working())
        except SlackError as error:
            log.warning("note_not_taken", code=error.code, call=error.call)

    async def settle(self) -> None:
        """Post it no more, or wait until it stands."""
        self._timer.cancel()
        if self._posting:
            await self._posting

    def cancel(self) -> None:
        """Post it no more."""
        self._timer.cancel()
        if self._posting:
            self._posting.cancel()
