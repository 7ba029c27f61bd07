"""Where an answer goes: one class for each way that Slack has to show it.

What Slack has shown is not always known: a reply can be lost after Slack took the message. Each surface remembers when
it is in doubt, and looks or replaces before it says anything again.
"""

from __future__ import annotations

from typing import Protocol

from bot.errors import MessageGone, SlackUnavailable
from bot.rendering.blocks import Message
from handlers.asks import Ask, Place


class Slack(Protocol):
    """What the surfaces need of Slack. Methods raise SlackError."""

    async def respond(self, response_url: str, message: Message, *, is_replacing: bool = False) -> None:
        """Answer through a response_url, for the asker alone."""

    async def post(
        self, channel: str, message: Message, *, thread_ts: str | None = None, key: str | None = None
    ) -> str:
        """Post a message; return its ts."""

    async def update(self, channel: str, ts: str, message: Message, *, key: str | None = None) -> None:
        """Replace a message of ours."""

    async def delete(self, channel: str, ts: str) -> None:
        """Delete a message of ours."""

    async def post_private(self, channel: str, user: str, message: Message, *, thread_ts: str | None = None) -> None:
        """Post a message that only `user` sees."""

    async def find_own(self, channel: str, thread_ts: str | None, key: str, *, oldest: str | None = None) -> str | None:
        """Return the ts of our message with `key` in its metadata; None if there is none."""


class Private:
    """Behind a response_url: a slash command's answer, or the report below which a button was pressed.

    `is_answered` is never known before the answer: nobody can look what stands behind a response_url.
    """

    is_answered = False

    def __init__(self, slack: Slack, ask: Ask) -> None:
        assert ask.response_url is not None
        self._slack = slack
        self._url = ask.response_url
        # A press on an outage card replaces nothing: the card is for everybody, and is edited by whoever keeps it.
        self._is_button = ask.place is Place.BUTTON and not ask.is_card_press
        #: Something of ours may stand there. Replacing it is right; replacing nothing is saying it for the first time.
        self._is_begun = False

    @property
    def is_report_gone(self) -> bool:
        """Whether a note has taken the place of the report that the button was below."""
        return self._is_button and self._is_begun

    async def adopt(self) -> None:
        """Take up after a restart: a note may stand there."""
        self._is_begun = not self._is_button

    async def note(self, message: Message) -> None:
        """Show the note; below a report, in its place."""
        await self._say(message, is_replacing=self._is_button or self._is_begun)

    async def answer(self, message: Message) -> None:
        """Show the answer in place of the note, or of the report that the button was below."""
        await self._say(message, is_replacing=self._is_button or self._is_begun)

    async def refuse(self, message: Message) -> None:
        """Tell why, and leave the report that stands there alone unless the note has already replaced it."""
        await self._say(message, is_replacing=self._is_begun)

    async def _say(self, message: Message, *, is_replacing: bool) -> None:
        try:
            await self._slack.respond(self._url, message, is_replacing=is_replacing)
        except SlackUnavailable as error:
            self._is_begun = self._is_begun or error.is_ambiguous
            raise
        self._is_begun = True


class Conversation:
    """A message for everybody who reads there: the thread of a mention, or a direct message."""

    is_report_gone = False

    def __init__(self, slack: Slack, ask: Ask) -> None:
        assert ask.ts is not None
        self._slack = slack
        self._ask = ask
        # A mention is answered in a thread, on itself if need be; a direct message where it was written.
        self._thread_ts = ask.thread_ts or (ask.ts if ask.place is Place.MENTION else None)
        self._noted_ts: str | None = None
        self._is_doubtful = False
        self.is_answered = False

    async def adopt(self) -> None:
        """Find what was posted already, by its key: the answer, or the note that the answer will replace."""
        where = (self._ask.channel_id, self._thread_ts)
        if await self._slack.find_own(*where, self._ask.key, oldest=self._ask.ts):
            self.is_answered = True
        else:
            self._noted_ts = await self._slack.find_own(*where, self._note_key, oldest=self._ask.ts)
        self._is_doubtful = False

    async def note(self, message: Message) -> None:
        """Post the note, unless one stands there from before a restart."""
        if not self._noted_ts:
            self._noted_ts = await self._post(message, self._note_key)

    async def answer(self, message: Message) -> None:
        """Post the answer, or make it of the note."""
        await self._look_if_doubtful()
        if self.is_answered:
            return
        if self._noted_ts:
            try:
                await self._slack.update(self._ask.channel_id, self._noted_ts, message, key=self._ask.key)
                return
            except MessageGone:
                self._noted_ts = None
        await self._post(message, self._ask.key)

    async def refuse(self, message: Message) -> None:
        """Tell the asker alone: in a direct message that is the answer, elsewhere a private message."""
        if self._ask.place is Place.DIRECT:
            await self.answer(message)
            return
        await self._look_if_doubtful()
        if self._noted_ts:
            ts, self._noted_ts = self._noted_ts, None
            await self._slack.delete(self._ask.channel_id, ts)
        # Slack shows a private message in a thread only when the thread exists already.
        await self._slack.post_private(self._ask.channel_id, self._ask.user_id, message, thread_ts=self._ask.thread_ts)

    @property
    def _note_key(self) -> str:
        return f"{self._ask.key}:note"

    async def _post(self, message: Message, key: str) -> str:
        try:
            return await self._slack.post(self._ask.channel_id, message, thread_ts=self._thread_ts, key=key)
        except SlackUnavailable as error:
            self._is_doubtful = self._is_doubtful or error.is_ambiguous
            raise

    async def _look_if_doubtful(self) -> None:
        if self._is_doubtful:
            await self.adopt()


Surface = Private | Conversation


def surface_for(slack: Slack, ask: Ask) -> Surface:
    """Return where the answer to `ask` goes."""
    return Private(slack, ask) if ask.response_url else Conversation(slack, ask)
