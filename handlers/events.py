"""Mentions and direct messages, and channels that the bot can speak in again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncApp, AsyncBoltContext

from handlers.asks import from_event
from handlers.desk import Desk

#: Told of a channel, by its id. Raises CallwatchErrors.
ChannelAvailable = Callable[[str], Awaitable[None]]


def register(app: AsyncApp, channel_available: ChannelAvailable | None) -> None:
    """Listen to what is said to the bot. Bolt acknowledges events by itself once the listener returns."""
    app.event("app_mention")(on_said)
    app.event("message")(on_said)
    for event in ("member_joined_channel", "channel_unarchive", "group_unarchive"):
        app.event(event)(on_channel(channel_available))


def on_channel(channel_available: ChannelAvailable | None) -> Callable[..., Awaitable[None]]:
    """Return the listener for the bot being invited and for channels being unarchived."""

    async def on_available(event: dict[str, Any], context: AsyncBoltContext, desk: Desk) -> None:
        is_other = event["type"] == "member_joined_channel" and event["user"] != context.bot_user_id
        if channel_available is not None and not is_other:
            desk.do(channel_available(event["channel"]))

    return on_available


async def on_said(body: dict[str, Any], desk: Desk) -> None:
    """Answer a mention in its thread, a direct message where it was written."""
    desk.take(partial(from_event, body))
