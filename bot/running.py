"""`callwatch run`: the bot until somebody stops it."""

from __future__ import annotations

import asyncio
import gc
import signal
from contextlib import AsyncExitStack

import structlog

from bot.app import running_bot
from bot.errors import CallwatchError
from bot.manifest import load_manifest
from bot.settings import Settings

log = structlog.get_logger(__name__)


class FatalError(CallwatchError):
    """The bot cannot go on; `str()` says why."""


async def run_until_stopped(settings: Settings) -> None:
    """Run the bot until SIGTERM or SIGINT, then stop in order, within 5 s.

    Raises StartError, StorageError; FatalError when it cannot go on.
    """
    stopped = asyncio.Event()
    failures: list[str] = []

    def fail(reason: str) -> None:
        failures.append(reason)
        stopped.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    async with AsyncExitStack() as stack:
        starting = asyncio.create_task(stack.enter_async_context(running_bot(settings, load_manifest(), on_fatal=fail)))
        stopping = asyncio.create_task(stopped.wait())
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            gc.collect()
            gc.freeze()  # what the start made stays, and need not be looked through again and again
            await stopping
        else:  # the start waits for as long as Slack cannot be reached, and nobody should have to kill it
            starting.cancel()
            await asyncio.wait({starting})
        log.info("stopping")
    if failures:
        raise FatalError(failures[0])
    log.info("stopped")
