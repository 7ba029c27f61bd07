"""HTTP/1.1 with keep-alive and nothing else: what stands opposite the measured must never be the slow side."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

#: Request line and body in, JSON out; or a `Refusal`.
Answer = Callable[[str, bytes], Any]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A 429; come again after so many seconds."""

    retry_after_s: int
    content: Any


class LeanHttp(asyncio.Protocol):
    """One connection. Answers at once, in order; `answer` gets "GET /path?query" and the body."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            stop = end + 4 + _content_length(head)
            if len(self._buffer) < stop:
                return
            body, self._buffer = self._buffer[end + 4 : stop], self._buffer[stop:]
            target = head[: head.index(b" HTTP/1.1")].decode("ascii")
            answer, status = self._answer(target, body), b"200 OK"
            if isinstance(answer, Refusal):
                status, answer = b"429 Too Many\r\nRetry-After: %d" % answer.retry_after_s, answer.content
            content = json.dumps(answer).encode()
            self._transport.write(
                b"HTTP/1.1 "
                + status
                + b"\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(content)
                + content
            )


def _content_length(head: bytes) -> int:
    at = head.lower().find(b"\r\ncontent-length:")
    return int(head[at + 17 :].split(b"\r\n", 1)[0]) if at >= 0 else 0


async def serve(answer: Answer) -> tuple[asyncio.Server, str]:
    """Return a server on a free port of loopback, and its address."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: LeanHttp(answer), "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    return server, f"http://{host}:{port}"
