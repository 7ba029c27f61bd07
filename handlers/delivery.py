"""Getting an answer shown: what to do when Slack does not take it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from bot.errors import MessageRefused, SlackError, SlackUnavailable
from bot.rendering import messages
from bot.rendering.blocks import Message
from handlers.asks import Ask
from handlers.surfaces import Slack, Surface

log = structlog.get_logger(__name__)

_TRIES = 4
_FIRST_WAIT_S = 1.0
_LONGEST_WAIT_S = 60.0


class Delivery:
    """Show an answer, or say why not: first where it belongs, then plainer, then to the asker alone, then by DM.

    `sleep` waits between tries, seconds.
    """

    def __init__(self, slack: Slack, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._slack = slack
        self._sleep = sleep

    async def answer(self, ask: Ask, surface: Surface, message: Message) -> None:
        """Show `message` to whom it belongs; raises SlackError when even the asker cannot be told."""
        try:
            await self._plainer_if_refused(surface.answer, message)
        except SlackError as error:
            log.warning("answer_not_taken", key=ask.key, code=error.code, call=error.call)
            await self.refuse(ask, surface, messages.not_delivered(error.code))

    async def refuse(self, ask: Ask, surface: Surface, message: Message) -> None:
        """Tell the asker alone; raises SlackError when no way is left.

        Nobody can look whether a private message was shown, so one in doubt is not said again.
        """
        try:
            await self._plainer_if_refused(surface.refuse, message, is_doubt_final=True)
            return
        except SlackError as error:
            log.warning("refusal_not_taken", key=ask.key, code=error.code, call=error.call)
            if isinstance(error, SlackUnavailable) and error.is_ambiguous:
                return
        try:
            await self._slack.post_private(ask.channel_id, ask.user_id, message)
        except SlackError:
            # A direct message reaches people wherever the bot may not speak.
            await self._slack.post(ask.user_id, message, key=ask.key)

    async def _plainer_if_refused(
        self, show: Callable[[Message], Awaitable[None]], message: Message, *, is_doubt_final: bool = False
    ) -> None:
        try:
            await self._insist(show, message, is_doubt_final=is_doubt_final)
        except MessageRefused as error:
            if not message.blocks:
                raise
            log.error("message_refused", code=error.code, call=error.call)
            await self._insist(show, Message(text=message.text, blocks=[]), is_doubt_final=is_doubt_final)

    async def _insist(
        self, show: Callable[[Message], Awaitable[None]], message: Message, *, is_doubt_final: bool
    ) -> None:
        """Try again while Slack may take it later."""
        wait_s = _FIRST_WAIT_S
        for _ in range(_TRIES - 1):
            try:
                await show(message)
                return
            except SlackUnavailable as error:
                if (error.retry_after_s or 0) > _LONGEST_WAIT_S or (error.is_ambiguous and is_doubt_final):
                    raise
                await self._sleep(error.retry_after_s or wait_s)
                wait_s *= 3
        await show(message)
