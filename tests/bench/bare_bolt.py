"""Bare Bolt, used well: Socket Mode, process_before_response, a task of its own, one aiohttp session; and blocks."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

ANSWER = {
    "response_type": "ephemeral",
    "text": "currentcalls: 1,312",
    "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "*currentcalls*: *1,312*"}}],
}


async def say_at_once(text: str) -> dict[str, Any]:
    """Return an answer that nobody had to be asked for."""
    return ANSWER


async def serve(fetch: Callable[[str], Awaitable[dict[str, Any]]]) -> None:
    """Answer `/counters` with what `fetch` says, until SIGTERM."""
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    token = os.environ["SLACK_BOT_TOKEN"]
    tasks: set[asyncio.Task[None]] = set()
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(token, base_url=os.environ["SLACK_API_URL"], session=session)
        me = AuthorizeResult.from_auth_test_response(bot_token=token, auth_test_response=await client.auth_test())

        async def authorize() -> AuthorizeResult:
            return me

        app = AsyncApp(client=client, authorize=authorize, process_before_response=True)

        async def answer(url: str, text: str) -> None:
            async with session.post(url, json=await fetch(text)) as response:
                await response.read()

        @app.command("/counters")
        async def on_counters(ack, body) -> None:
            await ack()
            task = asyncio.create_task(answer(body["response_url"], body["text"]))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        handler = AsyncSocketModeHandler(app, os.environ["SLACK_APP_TOKEN"])
        await handler.connect_async()
        await stopped.wait()
        await handler.close_async()


if __name__ == "__main__":
    asyncio.run(serve(say_at_once))
