"""A workspace, a bare Bolt app on it through the real SDK, and a clock that stands until told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground import seed
from bot.playground.deliveries import Timing
from bot.playground.manifest import Manifest, parse_manifest
from bot.playground.server import PlaygroundServer

MANIFEST = Path(__file__).parents[3] / "manifest.yml"


def at() -> datetime:
    """The instant at which all these tests begin."""
    return datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def read_manifest(*more_scopes: str) -> Manifest:
    """The app's own manifest without the scopes to look at channels, and with further ones."""
    manifest = parse_manifest(MANIFEST.read_text())
    return replace(manifest, scopes=manifest.scopes - {"channels:read", "groups:read"} | set(more_scopes))


class SettableClock:
    """Stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(at())


@pytest.fixture(scope="session")
def manifest() -> Manifest:
    return read_manifest()


@pytest.fixture
async def server(manifest: Manifest, clock: SettableClock) -> AsyncIterator[PlaygroundServer]:
    """A workspace; whoever breaks a rule must take the violation back."""
    async with PlaygroundServer(manifest, clock=clock, timing=Timing(redelivery_pauses_s=(0.0, 0.05))) as server:
        yield server
    server.assert_no_violations()


@pytest.fixture
async def impatient(manifest: Manifest, clock: SettableClock) -> AsyncIterator[PlaygroundServer]:
    """A workspace that waits a fifth of a second where Slack waits three."""
    async with PlaygroundServer(manifest, clock=clock, timing=Timing(0.2, (0.0, 0.05, 0.05))) as server:
        yield server
    server.assert_no_violations()


@pytest.fixture
async def client(server: PlaygroundServer) -> AsyncWebClient:
    return AsyncWebClient(server.bot_token, base_url=server.api_url, retry_handlers=[])


class BareBot:
    """The smallest Bolt app: acknowledge first, then work in tasks of its own."""

    def __init__(self, server: PlaygroundServer) -> None:
        async def authorize() -> AuthorizeResult:
            return AuthorizeResult(
                enterprise_id=None,
                team_id=seed.TEAM_ID,
                bot_token=server.bot_token,
                bot_id=seed.BOT_ID,
                bot_user_id=seed.BOT_USER_ID,
            )

        self.client = AsyncWebClient(server.bot_token, base_url=server.api_url, retry_handlers=[])
        self.app = AsyncApp(client=self.client, authorize=authorize, process_before_response=True)
        self.handler = AsyncSocketModeHandler(self.app, server.app_token, ping_interval=0.2)
        self._tasks: set[asyncio.Task[object]] = set()

    def later(self, work: Awaitable[object]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)

    async def finish(self) -> None:
        await asyncio.gather(*self._tasks)


@asynccontextmanager
async def running(server: PlaygroundServer, set_up: Callable[[BareBot], None]) -> AsyncIterator[BareBot]:
    """A bare bot with the listeners of `set_up`, connected."""
    bot = BareBot(server)
    set_up(bot)
    await bot.handler.connect_async()
    await server.sockets.connected()
    try:
        yield bot
        await bot.finish()
    finally:
        await asyncio.wait_for(bot.handler.close_async(), 3)


class RawSocket:
    """One Socket Mode connection without any SDK, for looking at every byte."""

    def __init__(self, server: PlaygroundServer) -> None:
        self._server = server
        self._session = aiohttp.ClientSession()
        self.socket: aiohttp.ClientWebSocketResponse
        self.url = ""

    async def __aenter__(self) -> Self:
        headers = {"Authorization": f"Bearer {self._server.app_token}"}
        async with self._session.post(f"{self._server.api_url}apps.connections.open", headers=headers) as answer:
            self.url = (await answer.json())["url"]
        try:
            self.socket = await self._session.ws_connect(self.url, timeout=aiohttp.ClientWSTimeout(ws_close=0.1))
        except aiohttp.WSServerHandshakeError:
            await self._session.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.socket.close()
        await self._session.close()

    async def receive(self) -> dict[str, Any]:
        """The next message, hello included."""
        message: dict[str, Any] = await self.socket.receive_json(timeout=2)
        return message

    async def ack(self, envelope: dict[str, Any], payload: object = None) -> None:
        answer = {"envelope_id": envelope["envelope_id"]}
        await self.socket.send_json(answer | ({} if payload is None else {"payload": payload}))


@asynccontextmanager
async def acking(server: PlaygroundServer) -> AsyncIterator[None]:
    """An app that acknowledges everything and says nothing."""

    async def ack_all(raw: RawSocket) -> None:
        async for message in raw.socket:
            envelope = message.json()
            if "envelope_id" in envelope:
                await raw.ack(envelope)

    async with RawSocket(server) as raw:
        await server.sockets.connected()
        task = asyncio.create_task(ack_all(raw))
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def refused(server: PlaygroundServer, call: Awaitable[Any], code: str) -> Any:
    """Expect Slack's `code`, in the answer and in the ledger, and return the answer."""
    with pytest.raises(SlackApiError) as error:
        await call
    assert error.value.response["error"] == code
    assert [each.rule for each in server.journal.take_violations(code)] == [code]
    return error.value.response
