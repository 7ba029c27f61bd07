"""What a bot talks to, as lean as it can be: a Slack that only listens, and a Reporting API that knows one counter."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import WSMsgType, web

from tests.bench import leanhttp

BOT_TOKEN, APP_TOKEN = "xoxb-callwatch-bench", "xapp-callwatch-bench"
KEY, SECRET = "00000000-0000-4000-8000-000000000000", "YmVuY2g="
COUNTER_VALUE = 1312
_PATIENCE_S = 20.0
_TEAM, _USER, _BOT = "T0BENCH", "U0ASKER", "U0BOT"
_PERSON = {"id": _USER, "team_id": _TEAM, "name": "ana", "tz": "Europe/Stockholm", "is_bot": False, "deleted": False}


@dataclass(frozen=True, slots=True)
class Timing:
    """How long one ask took, seconds after its envelope was handed to the socket."""

    ack_s: float
    answer_s: float


class World:
    """One bot at a time comes in by Socket Mode and is asked. `gets` counts the signed requests that it made."""

    def __init__(self) -> None:
        self.slack_url = self.reporting_url = self._socket_url = ""
        self.gets = 0
        self.connected_at = 0.0  # time.perf_counter(), of the newest connection
        self._socket: web.WebSocketResponse | None = None
        self._connected = asyncio.Event()
        self._asked = 0
        self._acks: dict[str, asyncio.Future[float]] = {}
        self._answers: dict[str, asyncio.Future[tuple[float, bytes]]] = {}

    async def ask(self, command: str, text: str) -> Timing:
        """Type a command and wait for its acknowledgement and its answer, which has to show the counter."""
        assert self._socket is not None
        self._asked += 1
        number = str(self._asked)
        envelope = json.dumps(self._envelope(number, command, text))
        loop = asyncio.get_running_loop()
        self._acks[number], self._answers[number] = loop.create_future(), loop.create_future()
        started = time.perf_counter()
        await self._socket.send_str(envelope)
        answered, body = await asyncio.wait_for(self._answers[number], _PATIENCE_S)
        acked = await asyncio.wait_for(self._acks[number], _PATIENCE_S)  # another connection, so it may come second
        del self._acks[number], self._answers[number]
        if b"blocks" not in body or b"1,312" not in body:
            raise AssertionError(f"no answer: {body!r}")
        return Timing(acked - started, answered - started)

    def expect_bot(self) -> None:
        """Forget the bot that was here; call it before the next one is started."""
        self._socket = None
        self._connected.clear()

    async def connected(self) -> None:
        """Wait until the expected bot has its socket open."""
        await asyncio.wait_for(self._connected.wait(), _PATIENCE_S)

    def answer_slack(self, target: str, body: bytes) -> Any:
        """Answer a Web API call or take what comes to a response_url."""
        path = target.partition(" ")[2]
        if path.startswith("/answer/"):
            self._answers[path.removeprefix("/answer/")].set_result((time.perf_counter(), body))
            return {"ok": True}
        match path.removeprefix("/api/").partition("?")[0]:
            case "apps.connections.open":
                return {"ok": True, "url": self._socket_url}
            case "auth.test":
                return {"ok": True, "url": self.slack_url, "team_id": _TEAM, "user_id": _BOT, "bot_id": "B0BOT"}
            case "users.info":
                return {"ok": True, "user": _PERSON}
            case method:
                raise AssertionError(f"nobody is expected to call {method}")

    def answer_reporting(self, target: str, body: bytes) -> Any:
        """Answer a counter; whatever is asked for, it has one value and was refreshed this second."""
        self.gets += 1
        return {"value": COUNTER_VALUE, "modified": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}

    async def hold_socket(self, request: web.Request) -> web.WebSocketResponse:
        """Hold the bot's WebSocket and note its acknowledgements."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str('{"type": "hello", "num_connections": 1}')
        self.connected_at, self._socket = time.perf_counter(), socket
        self._connected.set()
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self._acks[json.loads(message.data)["envelope_id"]].set_result(time.perf_counter())
        return socket

    def _envelope(self, number: str, command: str, text: str) -> dict[str, Any]:
        payload = {
            "token": "callwatch-bench",
            "team_id": _TEAM,
            "team_domain": "bench",
            "channel_id": "C0BENCH",
            "channel_name": "bench",
            "user_id": _USER,
            "user_name": "ana",
            "command": command,
            "text": text,
            "api_app_id": "A0BENCH",
            "is_enterprise_install": "false",
            "response_url": f"{self.slack_url}/answer/{number}",
            "trigger_id": f"{number}.{time.time_ns()}",
        }
        return {"envelope_id": number, "type": "slash_commands", "accepts_response_payload": True, "payload": payload}

    @asynccontextmanager
    async def open(self) -> AsyncIterator[World]:
        """Lend the world, listening on free ports of loopback."""
        slack, self.slack_url = await leanhttp.serve(self.answer_slack)
        reporting, self.reporting_url = await leanhttp.serve(self.answer_reporting)
        app = web.Application()
        app.router.add_get("/socket", self.hold_socket)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self._socket_url = f"ws://127.0.0.1:{runner.addresses[0][1]}/socket"
        try:
            yield self
        finally:
            await runner.cleanup()
            slack.close()
            reporting.close()

    def environment(self) -> dict[str, str]:
        """Return what a contender finds in its environment."""
        return {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
            "SLACK_API_URL": f"{self.slack_url}/api/",
            "SINCH_APPLICATION_KEY": KEY,
            "SINCH_APPLICATION_SECRET": SECRET,
            "SINCH_REPORTING_URL": f"{self.reporting_url}/v1",
        }
