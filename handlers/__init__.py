"""Slack coming in: payloads become questions, questions become answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp, AsyncBoltContext

from handlers import actions, commands, events
from handlers.desk import Desk
from handlers.events import ChannelAvailable

log = structlog.get_logger(__name__)


def register(
    app: AsyncApp, desk: Desk, command_names: Mapping[str, str], channel_available: ChannelAvailable | None = None
) -> None:
    """Make `app` listen to everything that manifest.yml declares; listeners get `desk` by name.

    `channel_available` is told of channels that take posts (again): the bot was invited, or they were unarchived.
    """

    async def bring_desk(context: AsyncBoltContext, next: Callable[[], Awaitable[None]]) -> None:  # noqa: A002 - Bolt's
        context["desk"] = desk
        await next()

    app.use(bring_desk)
    commands.register(app, command_names)
    events.register(app, channel_available)
    actions.register(app)
    app.error(on_error)


async def on_error(error: Exception, body: dict[str, Any]) -> None:
    """Log what broke before the desk had it; listeners only acknowledge and hand over, so this is a fault of ours."""
    log.error("listener_broke", type=body.get("type"), exc_info=error)
