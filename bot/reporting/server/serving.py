"""The embedded API on a loopback port: aiohttp in front, `ReportingApi` behind, a journal of what was asked."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from aiohttp import web

from bot.reporting.server.access import Application
from bot.reporting.server.api import ReportingApi
from bot.reporting.server.control import CONTROL_PATH, handle_control
from bot.reporting.server.records import CallRecords
from bot.reporting.server.wire import ApiError, Cut, Reply, Request

HOST = "127.0.0.1"
_JOURNAL_LENGTH = 10_000
#: Handlers that still run when the server stops get this long, seconds; none needs it, they are told to stop.
_SHUTDOWN_S = 0.25


@dataclass(frozen=True, slots=True)
class Served:
    """One line of the journal."""

    at: datetime  # when the request had been read
    method: str
    path: str  # raw, with its query
    status: int  # 0 when there was no answer: cut, or the client gave up
    took_ms: float  # until the answer was ready to be sent, faults included


class ReportingServer:
    """An embedded Reporting API that listens while the `async with` block runs."""

    def __init__(
        self,
        key: str,
        secret: str,
        records: CallRecords,
        *,
        now: Callable[[], datetime],
        port: int = 0,
        tolerance_s: float = 300.0,
        ongoing: Callable[[int], int] | None = None,
    ) -> None:
        """Serve `records`, which must belong to the event loop's thread, to the application `key` with `secret`.

        Port 0 takes a free one. `tolerance_s` is how far an x-timestamp may be off, seconds. `ongoing` counts calls in
        progress at an instant (ms since 1970, UTC); by default those in `records`. Raises ValueError for a secret that
        is not base64.
        """
        self.api = ReportingApi(Application(key, secret, tolerance_s), records, ongoing=ongoing)
        self.records = records
        self.services = self.api.services
        self.counters = self.api.counters
        self.faults = self.api.faults
        self.quirks = self.api.quirks
        self.journal: deque[Served] = deque(maxlen=_JOURNAL_LENGTH)
        self._now = now
        self._port = port
        self._runner: web.ServerRunner | None = None
        self._stopping = asyncio.Event()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def port(self) -> int:
        """The port it listens on, or will."""
        return self._port

    @property
    def url(self) -> str:
        """The base address with version, as `SINCH_REPORTING_URL` wants it."""
        return f"http://{HOST}:{self._port}/v1"

    @property
    def control_url(self) -> str:
        """Where services, counters, faults and the clock are set."""
        return f"http://{HOST}:{self._port}{CONTROL_PATH}"

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        self._stopping.clear()
        # The low-level server, without a router: the path is read raw. A client that goes away ends its handler.
        server = web.Server(self._on_request, access_log=None, handler_cancellation=True)
        runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=_SHUTDOWN_S)
        await runner.setup()
        site = web.TCPSite(runner, HOST, self._port)
        try:
            await site.start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        self._port = runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening and end requests that are still waiting; it can be started again, on the same port."""
        self._stopping.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _on_request(self, message: web.BaseRequest) -> web.StreamResponse:
        started_s = time.perf_counter()
        at = self._now()
        status = 0
        try:
            reply = await self._reply(message, at)
            if reply.delay_s > 0 and not await self._wait(reply.delay_s):
                reply = Reply(0, b"", {}, cut=Cut.BEFORE)
            status = reply.status
        finally:  # a client that gave up cancels us; it asked all the same
            took_ms = (time.perf_counter() - started_s) * 1000
            self.journal.append(Served(at, message.method, message.raw_path, status, took_ms))
        if reply.cut is not None:
            return await _cut(message, reply)
        return web.Response(status=reply.status, body=reply.body, headers=reply.headers)

    async def _reply(self, message: web.BaseRequest, at: datetime) -> Reply:
        try:
            body = await message.read() if message.body_exists else b""
        except web.HTTPRequestEntityTooLarge:
            return self.api.refuse(ApiError(41300, "The body is too large; a request here has none."))
        request = Request(message.method, message.raw_path, message.headers, body)
        if request.path == CONTROL_PATH:
            return handle_control(self.api, request, peer=message.remote or "", now=at)
        return self.api.handle(request, at)

    async def _wait(self, delay_s: float) -> bool:
        """Return True after `delay_s` seconds, or False at once when the server stops."""
        try:
            async with asyncio.timeout(None if delay_s == float("inf") else delay_s):
                await self._stopping.wait()
        except TimeoutError:
            return True
        return False


async def _cut(message: web.BaseRequest, reply: Reply) -> web.StreamResponse:
    """Break the connection: before a byte is sent, or after half of the body."""
    response = web.StreamResponse(status=reply.status or 500, headers=reply.headers)
    if reply.cut is Cut.AFTER:
        response.content_length = len(reply.body)
        await response.prepare(message)
        await response.write(reply.body[: len(reply.body) // 2])
        if message.transport is not None:
            message.transport.close()  # flushes what was written, then says goodbye
    elif message.transport is not None:
        message.transport.abort()
    return response
