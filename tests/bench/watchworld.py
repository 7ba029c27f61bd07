"""What a watching bot talks to: a platform whose services are flipped, and a Slack that may take one post a second."""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote

from tests.bench.leanhttp import Refusal
from tests.bench.world import World


@dataclass(slots=True)
class Posted:
    """One message that Slack took, or one edit of it."""

    at: float  # time.perf_counter()
    channel: str
    content: str  # text and blocks as they came
    is_edit: bool = False


class WatchWorld(World):
    """The same world, watched. `posts_per_s` is what Slack takes in one channel; None: no limit."""

    def __init__(self, posts_per_s: float | None = None) -> None:
        super().__init__()
        self.posts_per_s = posts_per_s
        self.statuses: dict[str, str] = {}
        self.polls: dict[str, list[float]] = defaultdict(list)  # when each service was asked, time.perf_counter()
        self.posted: list[Posted] = []
        self.refused = 0
        self._free_at: dict[str, float] = defaultdict(float)
        self._news = asyncio.Event()

    def answer_reporting(self, target: str, body: bytes) -> Any:
        path = target.partition(" ")[2]
        if not path.startswith("/v1/services/"):
            return super().answer_reporting(target, body)
        service_id = unquote(path.rpartition("/")[2])
        self.polls[service_id].append(time.perf_counter())
        return {"status": self.statuses[service_id]}

    def answer_slack(self, target: str, body: bytes) -> Any:
        method = target.partition(" ")[2].removeprefix("/api/").partition("?")[0]
        if method not in {"chat.postMessage", "chat.update", "conversations.history", "conversations.replies"}:
            return super().answer_slack(target, body)
        if method.startswith("conversations"):
            return {"ok": True, "messages": [], "has_more": False}
        said = _said(body)
        channel, now = str(said["channel"]), time.perf_counter()
        if method == "chat.postMessage" and self.posts_per_s is not None:
            if now < self._free_at[channel]:
                self.refused += 1
                return Refusal(1, {"ok": False, "error": "ratelimited"})
            self._free_at[channel] = now + 1 / self.posts_per_s
        self.posted.append(
            Posted(now, channel, f"{said.get('text')} {said.get('blocks')}", is_edit=method == "chat.update")
        )
        self._news.set()
        ts = str(said.get("ts") or f"{len(self.posted):010d}.000000")
        return {"ok": True, "channel": channel, "ts": ts}

    async def until(self, condition, patience_s: float = 60.0) -> None:
        """Wait until something that was posted makes it true."""
        async with asyncio.timeout(patience_s):
            while not condition():
                self._news.clear()
                await self._news.wait()


def _said(body: bytes) -> dict[str, Any]:
    text = body.decode()
    if text.startswith("{"):
        said: dict[str, Any] = json.loads(text)
        return said
    return {name: values[0] for name, values in parse_qs(text).items()}
