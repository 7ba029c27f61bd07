"""One story: a service goes down and comes up again, while the bot dies somewhere and Slack has weather."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from bot.playground.limits import Limits
from bot.playground.manifest import parse_manifest
from bot.playground.models import Message
from bot.playground.server import PlaygroundServer
from bot.reporting.models import Status
from bot.reporting.server.records import CallRecords
from bot.reporting.server.serving import ReportingServer
from bot.watching.models import Watch
from storage.database import Database
from storage.watches import Watches
from tests.crash.child import Orders
from tests.crash.nursery import ROOT, Child, Nursery

CHANNEL, ANA = "C0VOICEOPS", "U0ANALIND1"
KEY, SECRET = "ca11ca11-0000-4000-8000-ca11ca11ca11", "Y2FsbHdhdGNoLWRlbW8tc2VjcmV0"

FAULTS = ("no fault", "429", "500 before", "500 after", "drop before", "drop after", "late reply")

#: Waits scaled down; a late reply comes after 0.5 s, well between the two looks, as it would in earnest.
QUICK = {
    "between_posts_s": 0.02,
    "first_look_s": 0.3,
    "second_look_s": 1.5,
    "backoff_s": 0.05,
    "backoff_most_s": 0.2,
    "broken_s": 0.2,
    "storm_s": 0.3,
}
QUICK_TIMEOUT_S, LATE_S = 0.2, 0.5


@dataclass
class Story:
    """The world of one run."""

    nursery: Nursery
    folder: Path
    slack: PlaygroundServer
    api: ReportingServer
    orders: Orders
    late_s: float = LATE_S
    patience_s: float = 20.0
    child: Child | None = None
    deaths: list[int] = field(default_factory=list)

    async def start(self, *, point: int = 0, hit: int = 1, ending: str = "kill") -> Child:
        orders = replace(self.orders, point=point, hit=hit, ending=ending)
        self.child = await self.nursery.start(orders, self.folder / "log")
        return self.child

    def order(self, fault: str) -> None:
        """Let the next post meet a fault."""
        faults, post = self.slack.faults, "chat.postMessage"
        match fault:
            case "429":
                faults.ratelimit(post, retry_after_s=1)
            case "500 before" | "500 after":
                faults.error_500(post, after=fault == "500 after")
            case "drop before":
                faults.drop_before(post)
            case "drop after":
                faults.drop_after(post)
            case "late reply":
                faults.slow(post, seconds=self.late_s)

    async def until(self, query: str, *parameters: object) -> None:
        """Wait until the storage says so; a bot that died meanwhile is started again, unarmed."""
        async with asyncio.timeout(self.patience_s):
            while not self.ask(query, *parameters):
                await self.keep_alive()
                await asyncio.sleep(0.01)

    async def keep_alive(self) -> None:
        if self.child is not None and not self.child.is_alive:
            self.deaths.append(self.child.ended.result())
            await self.start()

    def ask(self, query: str, *parameters: object) -> list[sqlite3.Row]:
        with contextlib.closing(sqlite3.connect(f"file:{self.orders.database}?mode=ro", uri=True, timeout=5)) as db:
            db.row_factory = sqlite3.Row
            return db.execute(query, parameters).fetchall()

    async def sees(self, service_ids: Sequence[str], status: str) -> None:
        """Set services, and wait until that is told and nothing is owed."""
        for service_id in service_ids:
            self.api.services.set(service_id, status)
        await self.until(
            """
            SELECT 1
            WHERE (SELECT count(*) FROM service WHERE status = ? AND service_id IN (SELECT value FROM json_each(?))) = ?
              AND NOT EXISTS (SELECT 1 FROM notice WHERE state IN ('pending', 'sending'))
              AND NOT EXISTS (SELECT 1 FROM card WHERE shown < wanted AND ts IS NOT NULL)
            """,
            status,
            json.dumps(list(service_ids)),
            len(service_ids),
        )

    async def end(self) -> None:
        """Stop the bot in order. One that is killed while it stops is started and stopped once more."""
        await asyncio.sleep(0.05)
        await self.keep_alive()
        assert self.child is not None
        if await self.child.stop() != 0:
            await self.keep_alive()
            assert await self.child.stop() == 0, (self.folder / "log").read_text()

    def messages(self) -> list[Message]:
        return [each for each in self.slack.workspace.messages(CHANNEL) if each.metadata]

    def check(self, *texts: str) -> None:
        """Fail unless the channel reads exactly these, in this order, and the storage agrees."""
        messages = self.messages()
        assert [each.text for each in messages] == list(texts)
        keys = [each.metadata["event_payload"]["key"] for each in messages]
        assert len(set(keys)) == len(keys), "doubled"
        sent = self.ask("SELECT key, ts FROM notice WHERE state = 'sent' ORDER BY id")
        assert [(row["key"], row["ts"]) for row in sent] == [
            (key, each.ts) for key, each in zip(keys, messages, strict=True)
        ]
        assert {row["state"] for row in self.ask("SELECT state FROM notice")} <= {"sent", "digested"}
        for service in self.ask("SELECT DISTINCT service_id FROM flip"):
            flips = self.ask("SELECT seq, old, new FROM flip WHERE service_id = ? ORDER BY seq", service["service_id"])
            assert [row["seq"] for row in flips] == [1, 2][: len(flips)]
            assert [row["new"] for row in flips] == ["down", "up"][: len(flips)]
        assert self.ask("PRAGMA integrity_check")[0][0] == "ok"
        self.slack.assert_no_violations()


@contextlib.asynccontextmanager
async def a_story(
    nursery: Nursery,
    folder: Path,
    services: Sequence[str] = ("rtpproxy",),
    *,
    pace: dict[str, float] | None = None,
    timeout_s: float = QUICK_TIMEOUT_S,
    late_s: float = LATE_S,
    patience_s: float = 20.0,
) -> AsyncIterator[Story]:
    folder.mkdir(parents=True)
    path = folder / "callwatch.db"
    async with await Database.open(path) as database:
        for service_id in services:
            await Watches(database).add(Watch(CHANNEL, service_id, ANA, datetime.now(UTC)), Status.UP)
    manifest = parse_manifest((ROOT / "manifest.yml").read_text(encoding="utf-8"))
    async with (
        PlaygroundServer(manifest, limits=Limits.none()) as slack,
        ReportingServer(KEY, SECRET, CallRecords(), now=lambda: datetime.now(UTC)) as api,
    ):
        for service_id in services:
            api.services.set(service_id, "up")
        orders = Orders(
            str(path),
            slack.api_url,
            slack.bot_token,
            api.url,
            KEY,
            SECRET,
            app_token=slack.app_token,
            pace=QUICK if pace is None else pace,
            timeout_s=timeout_s,
        )
        story = Story(nursery, folder, slack, api, orders, late_s, patience_s)
        try:
            yield story
        finally:
            if story.child is not None and story.child.is_alive:
                await story.child.stop()
