"""Socket Mode: single-use addresses, hello, envelopes to exactly one connection, disconnect messages, ways to break."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from bot.playground import seed
from bot.playground.faults import Faults
from bot.playground.journal import Kind
from bot.playground.wire import Json
from bot.playground.workspace import Workspace

#: Slack allows this many connections of one app at a time.
MAX_CONNECTIONS = 10
#: What a connection is told to expect, seconds; nothing here ends it by itself.
CONNECTION_TIME_S = 18060


@dataclass(slots=True, eq=False)
class Connection:
    """One open WebSocket. While `is_half_open` it takes bytes and answers nothing, as a dead network path does."""

    number: int
    socket: web.WebSocketResponse
    request: web.Request
    is_half_open: bool = False
    stalled: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class Sockets:
    """The app's connections. `on_ack` gets each acknowledgement; `opened` counts all connections there ever were."""

    workspace: Workspace
    faults: Faults
    ws_url: str = ""
    on_ack: Callable[[str, Json], None] | None = None
    connections: list[Connection] = field(default_factory=list)
    opened: int = 0
    _tickets: set[str] = field(default_factory=set)
    _turn: int = 0
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    # -- what the app does

    def issue_url(self) -> str:
        """Return an address that lets one connection in, once."""
        ticket = self.workspace.ids.next("").lower()
        self._tickets.add(ticket)
        return f"{self.ws_url}/link/?ticket={ticket}&app_id={seed.APP_ID}"

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Hold one connection until it ends. A used or unknown ticket gets 404, as the eleventh connection does."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            self.workspace.journal.add(Kind.SOCKET, "refused: the address was used before or never given")
            raise web.HTTPNotFound(text="invalid ticket")
        self._tickets.discard(ticket)
        if self.faults.take_refused_socket():
            self.workspace.journal.add(Kind.FAULT, "handshake refused")
            raise web.HTTPServiceUnavailable(text="no socket today")
        if len(self.connections) >= MAX_CONNECTIONS:
            self.workspace.journal.blame("too_many_websockets", "socket", f"more than {MAX_CONNECTIONS} connections")
            raise web.HTTPNotFound(text="too_many_websockets")
        socket = web.WebSocketResponse(heartbeat=30.0, timeout=0.2, autoping=False)
        await socket.prepare(request)
        self.opened += 1
        connection = Connection(self.opened, socket, request)
        await self._admit(connection)
        try:
            await self._read(connection)
        finally:
            await self._dismiss(connection)
        return socket

    async def _admit(self, connection: Connection) -> None:
        hello: Json = {
            "type": "hello",
            "num_connections": len(self.connections) + 1,
            "debug_info": {
                "host": "playground",
                "build_number": 1,
                "approximate_connection_time": CONNECTION_TIME_S,
            },
            "connection_info": {"app_id": seed.APP_ID},
        }
        await connection.socket.send_str(json.dumps(hello))
        self._end_half_open()
        self.connections.append(connection)
        self.workspace.journal.add(Kind.SOCKET, f"connection {connection.number} open", hello)
        async with self._changed:
            self._changed.notify_all()

    async def _dismiss(self, connection: Connection) -> None:
        self.connections.remove(connection)
        self.workspace.journal.add(Kind.SOCKET, f"connection {connection.number} closed")
        async with self._changed:
            self._changed.notify_all()

    async def _read(self, connection: Connection) -> None:
        while True:
            message = await connection.socket.receive()
            if connection.is_half_open:
                await connection.stalled.wait()
                return
            if message.type is WSMsgType.TEXT:
                self._take(message.data)
            elif message.type is WSMsgType.PING:
                await connection.socket.pong(message.data)
            elif message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR):
                return

    def _take(self, text: str) -> None:
        try:
            answer = json.loads(text)
        except ValueError:
            answer = None
        envelope_id = answer.get("envelope_id") if isinstance(answer, dict) else None
        if not isinstance(answer, dict) or not isinstance(envelope_id, str):
            self.workspace.journal.blame("unreadable_ack", "socket", text[:200])
            return
        unknown = set(answer) - {"envelope_id", "payload"}
        payload = answer.get("payload") or {}
        if unknown or not isinstance(payload, dict):
            self.workspace.journal.blame("unreadable_ack", "socket", text[:200])
            return
        if self.on_ack is not None:
            self.on_ack(envelope_id, payload)

    # -- what Slack does

    async def transmit(self, envelope: Json) -> bool:
        """Send `envelope` to one connection, each in its turn; False when none takes it."""
        text = json.dumps(envelope)
        for _ in range(len(self.connections)):
            self._turn += 1
            connection = self.connections[self._turn % len(self.connections)]
            try:
                await connection.socket.send_str(text)
            except ConnectionError:
                continue
            return True
        return False

    async def connected(self, count: int = 1) -> None:
        """Wait until at least `count` connections are open."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.connections) >= count)

    async def opened_beyond(self, count: int) -> None:
        """Wait until more than `count` connections have been opened in all: after a reconnect, say."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.opened > count)

    async def gone(self) -> None:
        """Wait until no connection is open."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self.connections)

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask every connection to go: `warning` (10 s ahead), `refresh_requested` or `link_disabled`."""
        self.workspace.journal.add(Kind.FAULT, f"disconnect: {reason}")
        text = json.dumps({"type": "disconnect", "reason": reason, "debug_info": {"host": "playground"}})
        for connection in tuple(self.connections):
            await connection.socket.send_str(text)
            if reason != "warning":
                await connection.socket.close()

    def abort(self) -> None:
        """Cut every TCP connection without a word."""
        self.workspace.journal.add(Kind.FAULT, "sockets cut")
        for connection in tuple(self.connections):
            if connection.request.transport is not None:
                connection.request.transport.abort()

    def half_open(self) -> None:
        """Let every connection there is go deaf and dumb, pings included, without closing it.

        What is sent meanwhile is lost: commands for good. It ends when the app comes with a new connection.
        """
        self.workspace.journal.add(Kind.FAULT, "sockets half open")
        for connection in self.connections:
            connection.is_half_open = True

    async def close(self) -> None:
        """Close every connection, the deaf ones by force."""
        self._end_half_open()
        for connection in tuple(self.connections):
            if not connection.is_half_open:
                await connection.socket.close(code=1001)

    def _end_half_open(self) -> None:
        for connection in self.connections:
            if connection.is_half_open:
                connection.stalled.set()
                if connection.request.transport is not None:
                    connection.request.transport.abort()
