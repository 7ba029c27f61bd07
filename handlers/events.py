"""Mentions and direct messages."""

from __future__ import annotations

from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncApp

from handlers.asks import from_event
from handlers.desk import Desk


def register(app: AsyncApp) -> None:
    """Listen to what is said to the bot. Bolt acknowledges events by itself once the listener returns."""
    app.event("app_mention")(on_said)
    app.event("message")(on_said)


async def on_said(body: dict[str, Any], desk: Desk) -> None:
    """Answer a mention in its thread, a direct message where it was written."""
    desk.take(partial(from_event, body))
