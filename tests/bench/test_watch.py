"""How fast a flip is told, what a storm becomes, and what watching costs: the real bot, from outside.

    python -m pytest tests/bench/test_watch.py -m bench -s

The bot has the first core, the platform and Slack that it talks to the last; loopback, plain HTTP. BENCH_ROUNDS sets
the number of rounds of what is random. The table is for reading; the test fails when a flip is missing.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
import platform
import random
import sqlite3
import statistics
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from bot.reporting.models import Status
from bot.watching.models import Watch
from storage.database import Database
from storage.watches import Watches
from tests.bench.contenders import CALLWATCH, Process, pinned, running
from tests.bench.figures import percentile
from tests.bench.watchworld import WatchWorld

pytestmark = [
    pytest.mark.bench,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory and processor are read in /proc"),
]

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "2"))
ROWS: list[tuple[str, str, str]] = []


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Keep the world's side on its core, and its garbage collector out of the figures."""
    gc.collect()
    gc.freeze()
    gc.disable()
    with pinned(first=False):
        yield
    gc.enable()


@pytest.fixture(scope="module", autouse=True)
def table() -> Iterator[None]:
    """Print what was measured, when all of it was."""
    ROWS.clear()
    yield
    print(
        f"\n\nCPython {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.1f} at the end\n\n| | goal | measured |\n|---|---|---|"
    )
    for row in ROWS:
        print(f"| {' | '.join(row)} |")


@asynccontextmanager
async def watching(
    world: WatchWorld, folder: Path, names: Sequence[str], interval_s: float, *, channel: str | None = None
) -> AsyncIterator[Process]:
    """Lend a bot that watches; each service in a channel of its own, or all in `channel`."""
    database = folder / "callwatch.db"
    async with await Database.open(database) as opened:
        watches = Watches(opened)
        async with asyncio.TaskGroup() as group:
            for number, name in enumerate(names):
                watch = Watch(channel or f"C{number:04d}", name, "U0ASKER", datetime.now(UTC))
                group.create_task(watches.add(watch, Status.UP))
    world.statuses.update(dict.fromkeys(names, "up"))
    environment = world.environment() | {
        "CALLWATCH_DATABASE": str(database),
        "CALLWATCH_POLL_SECONDS": str(interval_s),
        "CALLWATCH_LOG_LEVEL": "WARNING",
    }
    async with running(CALLWATCH, environment, folder) as process:
        await world.connected()
        async with asyncio.timeout(interval_s * 3 + 20):
            while len(world.polls) < len(names):
                await asyncio.sleep(0.05)
        await asyncio.sleep(min(1.0, interval_s))
        yield process


@pytest.mark.parametrize(("interval_s", "goal"), [(0.25, "≤ 170 / 300 ms"), (1.0, "≤ 550 / 1,050 ms")])
async def test_flip_to_ping(tmp_path: Path, interval_s: float, goal: str) -> None:
    names = [f"service-{number:02d}" for number in range(50)]
    downs: list[float] = []
    ups: list[float] = []
    for number in range(ROUNDS):
        folder = tmp_path / str(number)
        folder.mkdir()
        async with WatchWorld().open() as world, watching(world, folder, names, interval_s):
            for took_ms, status in ((downs, "down"), (ups, "up")):
                took_ms += await flip_each(world, names, status)
                await asyncio.sleep(1.5)
    ROWS.append(
        (
            f"flip to ping, 50 services at {interval_s:g} s, median / p99 of {len(downs)}",
            goal,
            (
                f"{statistics.median(downs):.0f} / {percentile(downs, 99):.0f} ms (recovery "
                f"{statistics.median(ups):.0f} / {percentile(ups, 99):.0f})"
            ),
        )
    )


async def flip_each(world: WatchWorld, names: Sequence[str], status: str) -> list[float]:
    """Set each service at a moment of chance; return how long each took to be posted, ms."""
    flipped: dict[str, float] = {}
    already = len(world.posted)
    for name in random.sample(list(names), len(names)):
        await asyncio.sleep(random.uniform(0.05, 0.3))
        world.statuses[name], flipped[name] = status, time.perf_counter()
    told: dict[str, float] = {}

    def all_told() -> bool:
        for each in world.posted[already:]:
            if not each.is_edit:
                name = next((name for name in names if name in each.content), None)
                if name is not None:
                    told.setdefault(name, each.at)
        return len(told) == len(names)

    await world.until(all_told)
    return [(told[name] - flipped[name]) * 1e3 for name in names]


def all_named(world: WatchWorld, names: Sequence[str]) -> bool:
    return all(any(name in each.content for each in world.posted) for name in names)


async def test_fifty_down_at_once_with_one_post_a_second(tmp_path: Path) -> None:
    names = [f"service-{number:02d}" for number in range(50)]
    took_s, posts, refused = [], [], []
    for number in range(max(ROUNDS, 3)):
        folder = tmp_path / str(number)
        folder.mkdir()
        world = WatchWorld(posts_per_s=1.0)
        async with world.open(), watching(world, folder, names, 1.0, channel="C0BENCH"):
            started = time.perf_counter()
            world.statuses.update(dict.fromkeys(names, "down"))
            await world.until(partial(all_named, world, names))
            took_s.append(time.perf_counter() - started)
            await asyncio.sleep(2.5)
            posts.append(sum(not each.is_edit for each in world.posted))
            refused.append(world.refused)
    ROWS.append(
        (
            "50 services down at once, Slack takes one post a second: all named after",
            "≤ 1.3 s, ≤ 2 posts",
            (
                f"{statistics.median(took_s):.2f} s ({min(took_s):.2f}–{max(took_s):.2f}), posts {max(posts)} at most, "
                f"refused {sum(refused)}"
            ),
        )
    )


@pytest.mark.parametrize(("count", "goal"), [(10, "≤ 64 MiB, ≤ 3 %, ≤ 1.05 s"), (1000, "≤ 72 MiB, ≤ 88 %, ≤ 1.05 s")])
async def test_watching_costs(tmp_path: Path, count: int, goal: str) -> None:
    names = [f"service-{number:04d}" for number in range(count)]
    async with WatchWorld().open() as world, watching(world, tmp_path, names, 1.0, channel="C0BENCH") as process:
        await asyncio.sleep(3.0)
        world.polls.clear()
        used_s, started = process.cpu_s, time.perf_counter()
        await asyncio.sleep(15.0)
        percent = (process.cpu_s - used_s) / (time.perf_counter() - started) * 100
        gaps = [after - before for polls in world.polls.values() for before, after in itertools.pairwise(polls)]
        assert len(world.polls) == count
        ROWS.append(
            (
                f"watching {count:,} services at 1 s: memory, processor, real gap (p99)",
                goal,
                (
                    f"{process.memory_mib:.1f} MiB, {percent:.1f} %, {statistics.mean(gaps):.3f} s "
                    f"({percentile(gaps, 99):.3f})"
                ),
            )
        )


async def test_a_storm_of_a_thousand(tmp_path: Path) -> None:
    names = [f"service-{number:04d}" for number in range(1000)]
    world = WatchWorld(posts_per_s=1.0)
    async with world.open(), watching(world, tmp_path, names, 5.0, channel="C0BENCH"):
        started = time.perf_counter()
        world.statuses.update(dict.fromkeys(names, "down"))
        await asyncio.sleep(16.0)
        posts = [each for each in world.posted if not each.is_edit]
        last_seen = max(next(at for at in polls if at >= started) for polls in world.polls.values())
        with sqlite3.connect(f"file:{tmp_path / 'callwatch.db'}?mode=ro", uri=True) as db:
            flips = db.execute("SELECT count(*) FROM flip").fetchone()[0]
            told = db.execute("SELECT count(*) FROM notice WHERE state IN ('sent', 'digested')").fetchone()[0]
            shown = db.execute("SELECT count(*) FROM card_line").fetchone()[0]
            stale = db.execute("SELECT count(*) FROM card WHERE shown < wanted").fetchone()[0]
        assert (flips, told, shown, stale) == (1000, 1000, 1000, 0)
        ROWS.append(
            (
                "1,000 services down in the same second at 5 s: messages; all told after the last observation",
                "≤ 3; ≤ 10 s",
                f"{len(posts)} and {len(world.posted) - len(posts)} edits; {world.posted[-1].at - last_seen:.1f} s",
            )
        )


async def test_five_thousand_services_at_sixty_seconds(tmp_path: Path) -> None:
    names = [f"service-{number:04d}" for number in range(5000)]
    async with WatchWorld().open() as world, watching(world, tmp_path, names, 60.0, channel="C0BENCH") as process:
        world.polls.clear()
        used_s, started = process.cpu_s, time.perf_counter()
        await asyncio.sleep(125.0)
        percent = (process.cpu_s - used_s) / (time.perf_counter() - started) * 100
        gaps = [after - before for polls in world.polls.values() for before, after in itertools.pairwise(polls)]
        assert len(world.polls) == len(names)
        ROWS.append(
            (
                "watching 5,000 services at 60 s: memory, processor, real gap (most)",
                "60 s kept",
                f"{process.memory_mib:.1f} MiB, {percent:.1f} %, {statistics.mean(gaps):.2f} s ({max(gaps):.2f})",
            )
        )
