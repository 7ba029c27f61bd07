"""Buttons."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.rendering import cards, digests
from bot.rendering.messages import AGAIN_PREFIX
from handlers.asks import from_button, from_card
from handlers.desk import Desk

log = structlog.get_logger(__name__)


def register(app: AsyncApp) -> None:
    """Listen to the buttons of reports and outage cards, and acknowledge what an earlier version may have shown."""
    app.action(re.compile(f"^{re.escape(AGAIN_PREFIX)}"))(on_again)
    app.action(re.compile(f"^({cards.PREFIX}|{digests.PREFIX})"))(on_card)
    app.action(re.compile(".*"))(on_unknown)


async def on_again(ack: AsyncAck, body: dict[str, Any], desk: Desk) -> None:
    """Replace a report by one of another range or domain."""
    await ack()
    desk.take(partial(from_button, body))


async def on_card(ack: AsyncAck, body: dict[str, Any], desk: Desk) -> None:
    """Acknowledge, mute and so on: the card changes, and only what went wrong is answered."""
    await ack()
    desk.take(partial(from_card, body))


async def on_unknown(ack: AsyncAck, body: dict[str, Any]) -> None:
    """Acknowledge a button that nobody here knows, so that Slack shows no error beside it."""
    await ack()
    log.warning("unknown_action", action_id=body["actions"][0].get("action_id"))
