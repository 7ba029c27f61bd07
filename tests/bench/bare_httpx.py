"""Bare httpx: signed GETs by clients of one connection. Alone it reads "COUNT AT_A_TIME" lines and answers seconds."""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import sys
import time
from datetime import UTC, datetime
from typing import Any

import httpx

_CONNECTIONS = 8


class Getter:
    """Eight clients, the warmest first."""

    def __init__(self) -> None:
        self._url = os.environ["SINCH_REPORTING_URL"]
        self._base_path = httpx.URL(self._url).path
        self._key = os.environ["SINCH_APPLICATION_KEY"]
        self._secret = base64.b64decode(os.environ["SINCH_APPLICATION_SECRET"])
        self._free = asyncio.Semaphore(_CONNECTIONS)
        self._idle = [
            httpx.AsyncClient(verify=False, limits=httpx.Limits(max_connections=1)) for _ in range(_CONNECTIONS)
        ]

    async def get(self, path: str) -> Any:
        """Return the JSON at `path`."""
        stamp = datetime.now(UTC).isoformat()
        text = f"GET\n\n\nx-timestamp:{stamp}\n{self._base_path}{path}"
        signature = base64.b64encode(hmac.digest(self._secret, text.encode(), hashlib.sha256)).decode()
        headers = {"x-timestamp": stamp, "authorization": f"Application {self._key}:{signature}"}
        async with self._free:
            client = self._idle.pop()
            try:
                return (await client.get(self._url + path, headers=headers)).json()
            finally:
                self._idle.append(client)


async def gets(getter: Getter, count: int, at_a_time: int) -> list[float]:
    """Return how long each of `count` GETs took, seconds."""
    left = iter(range(count))
    took: list[float] = []

    async def one_after_the_other() -> None:
        for _ in left:
            started = time.perf_counter()
            await getter.get("/counters/currentcalls")
            took.append(time.perf_counter() - started)

    await asyncio.gather(*(one_after_the_other() for _ in range(at_a_time)))
    return took


async def main() -> None:
    """Do what the lines on stdin say; an answer per line."""
    getter = Getter()
    while line := await asyncio.to_thread(sys.stdin.readline):
        count, at_a_time = map(int, line.split())
        started = time.perf_counter()
        took = await gets(getter, count, at_a_time)
        print(json.dumps({"took_s": took, "all_s": time.perf_counter() - started}), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
