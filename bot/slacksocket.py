"""The Socket Mode connection, which comes back on its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient


class SlackSocket(SocketModeClient):
    """The SDK's client, except that no address is used for a second attempt to connect.

    Slack's addresses let one connection in, once. The SDK offers the same one for ever when a handshake fails, so one
    bad answer would leave the bot deaf until somebody restarts it.
    """

    async def connect(self) -> None:
        """Connect, however many attempts it takes."""
        connect: Callable[[], Awaitable[None]] = super().connect
        while not self.closed:
            try:
                # After a failure the SDK sleeps for a whole ping interval; a handshake takes a part of a second.
                async with asyncio.timeout(0.8 * self.ping_interval):
                    await connect()
                    return
            except TimeoutError:
                self.wss_uri = None  # so that the SDK asks for another


class SlackSocketHandler(AsyncSocketModeHandler):
    """Bolt's handler of what comes through a `SlackSocket`. Build it in a running event loop; not connected yet.

    `ping_interval_s` is how often the connection is tried; it is held for dead after four silent tries.
    """

    def __init__(self, app: AsyncApp, app_token: str, *, ping_interval_s: float = 10.0) -> None:
        # Not through super(): that would make the SDK's own client, with a task and a session that nobody closes.
        self.app = app
        self.app_token = app_token
        self.client = SlackSocket(
            app_token=app_token, logger=app.logger, web_client=app.client, ping_interval=ping_interval_s
        )
        listeners: list[Any] = self.client.socket_mode_request_listeners  # declared for clients of any kind
        listeners.append(self.handle)
