"""Getting an answer shown: what to do when Slack does not take it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from bot.errors import SlackError, SlackRefused, SlackUnavailable
from bot.rendering import messages
from bot.rendering.blocks import Message
from handlers.asks import Ask
from handlers.surfaces import Conversation, Private, Slack

log = structlog.get_logger(__name__)

_TRIES = 4
_FIRST_WAIT_S = 1.0
_LONGEST_WAIT_S = 60.0
#: Refusals of the message itself; plainer words may pass.
_MESSAGE_REFUSED = frozenset(
    {
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_attachments",
        "invalid_payload",
        "msg_blocks_too_long",
        "msg_too_long",
        "no_text",
    }
)


class Delivery:
    """Show an answer, or say why not: first where it belongs, then plainer, then to the asker alone, then by DM.

    `sleep` waits between tries, seconds.
    """

    def __init__(self, slack: Slack, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._slack = slack
        self._sleep = sleep

    async def answer(self, ask: Ask, surface: Private | Conversation, message: Message) -> None:
        """Show `message` to whom it belongs; raises SlackError when even the asker cannot be told."""
        try:
            await self._insist(surface.answer, message, surface)
        except SlackError as error:
            log.warning("answer_not_taken", key=ask.key, code=error.code, call=error.call)
            await self.refuse(ask, surface, messages.not_delivered(error.code))

    async def refuse(self, ask: Ask, surface: Private | Conversation, message: Message) -> None:
        """Tell the asker alone; raises SlackError when no way is left."""
        try:
            await self._insist(surface.refuse, message, surface)
            return
        except SlackError as error:
            log.warning("refusal_not_taken", key=ask.key, code=error.code, call=error.call)
        try:
            await self._slack.post_private(ask.channel_id, ask.user_id, message)
        except SlackError:
            # A direct message reaches people wherever the bot may not speak.
            await self._slack.post(ask.user_id, message, key=ask.key)

    async def _insist(
        self, show: Callable[[Message], Awaitable[None]], message: Message, surface: Private | Conversation
    ) -> None:
        """Try until Slack takes it or says that it never will; a refused form is tried once more as plain text."""
        wait_s, is_doubtful = _FIRST_WAIT_S, False
        for is_last in [False] * (_TRIES - 1) + [True]:
            try:
                if is_doubtful and isinstance(surface, Conversation):
                    await surface.adopt()
                await show(message)
                return
            except SlackRefused as error:
                if error.code not in _MESSAGE_REFUSED or not message.blocks:
                    raise
                log.error("message_refused", code=error.code, call=error.call)
                message = Message(text=message.text, blocks=[])
            except SlackUnavailable as error:
                if is_last or (error.retry_after_s or 0) > _LONGEST_WAIT_S:
                    raise
                is_doubtful = is_doubtful or error.is_ambiguous
                await self._sleep(error.retry_after_s or wait_s)
                wait_s *= 3
