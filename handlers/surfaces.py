"""Where an answer goes: one class for each way that Slack has to show it."""

from __future__ import annotations

from typing import Protocol

from bot.rendering.blocks import Message
from handlers.asks import Ask, Place


class Slack(Protocol):
    """What the surfaces need of Slack. Methods raise the port's own errors."""

    async def respond(self, response_url: str, message: Message, *, is_replacing: bool = False) -> None:
        """Answer through a response_url, for the asker alone."""

    async def post(
        self, channel: str, message: Message, *, thread_ts: str | None = None, key: str | None = None
    ) -> str:
        """Post a message; return its ts."""

    async def update(self, channel: str, ts: str, message: Message) -> None:
        """Replace a message of ours."""

    async def delete(self, channel: str, ts: str) -> None:
        """Delete a message of ours."""

    async def post_private(self, channel: str, user: str, message: Message, *, thread_ts: str | None = None) -> None:
        """Post a message that only `user` sees."""

    async def find_own(self, channel: str, thread_ts: str | None, key: str, *, oldest: str) -> str | None:
        """Return the ts of our message with `key` in its metadata; None if there is none."""


class Surface(Protocol):
    """A place for one answer."""

    async def note(self, message: Message) -> None:
        """Show that the answer takes a while."""

    async def answer(self, message: Message) -> None:
        """Show the answer, in place of the note if there was one."""

    async def refuse(self, message: Message) -> None:
        """Tell the asker alone why there is no answer."""


class Private:
    """Behind a response_url: a slash command's answer, or the report below which a button was pressed."""

    def __init__(self, slack: Slack, ask: Ask) -> None:
        assert ask.response_url is not None
        self._slack = slack
        self._url = ask.response_url
        self._is_button = ask.place is Place.BUTTON
        self._is_noted = False

    async def note(self, message: Message) -> None:
        """Show the note; below a report, in its place."""
        await self._slack.respond(self._url, message, is_replacing=self._is_button)
        self._is_noted = True

    async def answer(self, message: Message) -> None:
        """Show the answer in place of the note, or of the report that the button was below."""
        await self._slack.respond(self._url, message, is_replacing=self._is_button or self._is_noted)

    async def refuse(self, message: Message) -> None:
        """Tell why, and leave the report that stands there alone unless the note has already replaced it."""
        await self._slack.respond(self._url, message, is_replacing=self._is_noted)


class Conversation:
    """A message for everybody who reads there: the thread of a mention, or a direct message."""

    def __init__(self, slack: Slack, ask: Ask) -> None:
        assert ask.ts is not None
        self._slack = slack
        self._ask = ask
        # A mention is answered in a thread, on itself if need be; a direct message where it was written.
        self._thread_ts = ask.thread_ts or (ask.ts if ask.place is Place.MENTION else None)
        self._noted_ts: str | None = None

    async def adopt(self) -> None:
        """Take what was posted before a restart for the note, so that it is replaced and not doubled."""
        assert self._ask.ts is not None
        self._noted_ts = await self._slack.find_own(
            self._ask.channel_id, self._thread_ts, self._ask.key, oldest=self._ask.ts
        )

    async def note(self, message: Message) -> None:
        """Post the note."""
        self._noted_ts = await self._post(message)

    async def answer(self, message: Message) -> None:
        """Post the answer, or make it of the note."""
        if self._noted_ts:
            await self._slack.update(self._ask.channel_id, self._noted_ts, message)
        else:
            await self._post(message)

    async def refuse(self, message: Message) -> None:
        """Tell the asker alone: in a direct message that is the answer, elsewhere a private message."""
        if self._ask.place is Place.DIRECT:
            await self.answer(message)
            return
        if self._noted_ts:
            await self._slack.delete(self._ask.channel_id, self._noted_ts)
            self._noted_ts = None
        # Slack shows a private message in a thread only when the thread exists already.
        await self._slack.post_private(self._ask.channel_id, self._ask.user_id, message, thread_ts=self._ask.thread_ts)

    async def _post(self, message: Message) -> str:
        return await self._slack.post(self._ask.channel_id, message, thread_ts=self._thread_ts, key=self._ask.key)


def surface_for(slack: Slack, ask: Ask) -> Private | Conversation:
    """Return where the answer to `ask` goes."""
    return Private(slack, ask) if ask.response_url else Conversation(slack, ask)
