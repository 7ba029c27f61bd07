"""Starts bots from the zygote and knows how each of them ended."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.crash.child import Orders

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass
class Child:
    """One bot."""

    pid: int
    ended: asyncio.Future[int]

    @property
    def is_alive(self) -> bool:
        return not self.ended.done()

    def signal(self, number: signal.Signals) -> None:
        if self.is_alive:
            os.kill(self.pid, number)

    async def stop(self) -> int:
        """Ask it to end, and return its exit code (-9: killed)."""
        self.signal(signal.SIGTERM)
        return await asyncio.wait_for(asyncio.shield(self.ended), 10)


@dataclass
class Nursery:
    """The zygote and its children."""

    process: asyncio.subprocess.Process
    births: dict[int, asyncio.Future[Child]] = field(default_factory=dict)
    children: dict[int, Child] = field(default_factory=dict)
    numbers: int = 0

    async def start(self, orders: Orders, log: Path, mode: str = "bot") -> Child:
        self.numbers += 1
        number = self.numbers
        self.births[number] = asyncio.get_running_loop().create_future()
        line = json.dumps({"number": number, "mode": mode, "orders": asdict(orders), "log": str(log)})
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        return await self.births[number]

    async def listen(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            said = json.loads(line)
            if "started" in said:
                child = Child(said["started"], asyncio.get_running_loop().create_future())
                self.children[child.pid] = child
                self.births.pop(said["number"]).set_result(child)
            else:
                self.children.pop(said["ended"]).ended.set_result(said["status"])


@contextlib.asynccontextmanager
async def a_nursery() -> AsyncIterator[Nursery]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.crash.zygote",
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    nursery = Nursery(process)
    listening = asyncio.create_task(nursery.listen())
    try:
        yield nursery
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening
