"""Slash commands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from handlers.asks import from_command
from handlers.desk import Desk


def register(app: AsyncApp, commands: Mapping[str, str]) -> None:
    """Listen to the slash commands; `commands` are their names by topic ("calls": "/calls")."""
    for topic, command in commands.items():
        app.command(command)(on_command(topic))


def on_command(topic: str) -> Callable[..., Awaitable[None]]:
    """Return the listener that answers the command of `topic` to the person who typed it."""

    async def on_typed(ack: AsyncAck, body: dict[str, Any], desk: Desk) -> None:
        await ack()  # nothing that can fail or wait comes before this
        desk.take(partial(from_command, body, topic))

    return on_typed
