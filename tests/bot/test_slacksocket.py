"""The Socket Mode connection comes back after every way of losing it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground import seed
from bot.slacksocket import SlackSocketHandler


@pytest.fixture
async def handler(workspace) -> AsyncIterator[SlackSocketHandler]:
    """An app that acknowledges /counters, on a socket that is quick to lose patience; not connected."""

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None, team_id=seed.TEAM_ID, bot_token=workspace.bot_token, bot_user_id=seed.BOT_USER_ID
        )

    app = AsyncApp(
        client=AsyncWebClient(base_url=workspace.api_url, retry_handlers=[]),
        authorize=authorize,
        process_before_response=True,
    )

    @app.command("/counters")
    async def on_counters(ack) -> None:
        await ack()

    handler = SlackSocketHandler(app, workspace.app_token, ping_interval_s=0.2)
    yield handler
    await asyncio.wait_for(handler.close_async(), 3)


async def answers(workspace) -> str:
    delivery = await workspace.person("ana").types("/counters currentcalls")
    return await delivery.ended()


async def test_connects_and_takes_what_comes(workspace, handler):
    await handler.connect_async()

    assert await answers(workspace) == "acked"


async def test_a_refused_handshake_is_tried_again_with_another_address(workspace, handler):
    workspace.faults.refuse_sockets(2)
    async with asyncio.timeout(5):
        await handler.connect_async()

    assert await answers(workspace) == "acked"
    refusals = [entry.summary for entry in workspace.journal if "the address was used before" in entry.summary]
    assert refusals == []


async def test_an_address_that_cannot_be_had_is_asked_for_again(workspace, handler):
    workspace.faults.error_500("apps.connections.open", times=2)
    async with asyncio.timeout(5):
        await handler.connect_async()

    assert await answers(workspace) == "acked"


@pytest.mark.parametrize("loss", ["disconnect", "abort", "half_open"])
async def test_a_lost_connection_is_replaced_although_the_first_handshake_fails(workspace, handler, loss):
    await handler.connect_async()
    opened = workspace.sockets.opened
    workspace.faults.refuse_sockets(1)
    lost = getattr(workspace.sockets, loss)()
    if lost is not None:
        await lost
    async with asyncio.timeout(10):
        await workspace.sockets.opened_beyond(opened)

    assert await answers(workspace) == "acked"


async def test_closing_ends_the_attempts(workspace, handler):
    workspace.faults.refuse_sockets(1000)
    connecting = asyncio.create_task(handler.connect_async())
    async with asyncio.timeout(5):
        while not workspace.journal.after(0):
            await workspace.journal.beyond(0)
    await handler.close_async()
    async with asyncio.timeout(2):
        await connecting
