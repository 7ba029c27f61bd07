"""How fast Callwatch is asked and answers, beside bare Bolt and bare httpx in the same run.

    python -m pytest tests/bench -m bench -s

The contender has the first core, whoever asks it the last. All is loopback and plain HTTP: the real Slack and the real
platform add their round trips. Contenders take turns in every round, each from a cold start and with an empty database.
One at a time means that the next question comes at once after the answer. BENCH_ROUNDS sets the number of rounds.
The table is for reading; the test fails only when an answer, a request or a row is missing.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import platform
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench import contenders as who
from tests.bench import figures
from tests.bench.contenders import Contender, Process, pinned, run_to_end, running
from tests.bench.figures import Results, percentile
from tests.bench.world import Timing, World

pytestmark = [
    pytest.mark.bench,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory and processor are read in /proc"),
]

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
WARM_UP, ONE_AT_A_TIME, MANY, AT_A_TIME = 100, 400, 2000, 32
_SETTLE_S = 0.5


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Keep the asking side on its core, and its garbage collector out of the figures."""
    gc.collect()
    gc.freeze()
    gc.disable()
    with pinned(first=False):
        yield
    gc.enable()


async def test_callwatch_beside_what_it_is_made_of(tmp_path: Path) -> None:
    results = Results()
    async with World().open() as world:
        for number in range(ROUNDS):
            for contender in (who.CALLWATCH, who.PATH, who.BOLT):
                folder = tmp_path / f"{number}-{contender.name}"
                folder.mkdir()
                await measure_asking(world, contender, folder, results)
            await measure_httpx(world, tmp_path, results)
            results.add(figures.START, who.NOTHING.name, run_to_end(who.NOTHING))

    names = [contender.name for contender in (who.CALLWATCH, who.PATH, who.BOLT, who.HTTPX, who.NOTHING)]
    print(
        f"\n\n{ROUNDS} rounds, each {ONE_AT_A_TIME} asks one at a time and {MANY} at {AT_A_TIME} at a time; "
        f"median (lowest–highest) of the rounds\nCPython {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end\n\n"
        f"{results.table(names, who.CALLWATCH.name)}"
    )


async def measure_asking(world: World, contender: Contender, folder: Path, results: Results) -> None:
    """Start a contender, ask it, stop it; keep its figures."""
    gets_before, database = world.gets, folder / "callwatch.db"
    environment = world.environment() | {"CALLWATCH_DATABASE": str(database)}
    world.expect_bot()
    async with running(contender, environment, folder) as process:
        await world.connected()
        results.add(figures.START, contender.name, world.connected_at - process.started)
        first = await ask(world)
        results.add(figures.FIRST_ANSWER, contender.name, first.answer_s * 1e3)
        await asyncio.sleep(_SETTLE_S)
        results.add(figures.IDLE_MEMORY, contender.name, process.memory_mib)
        await ask_many(world, WARM_UP, 1)
        one = await ask_many(world, ONE_AT_A_TIME, 1)
        results.add(figures.ACK_P50, contender.name, percentile([each.ack_s for each in one], 50) * 1e3)
        results.add(figures.ACK_P99, contender.name, percentile([each.ack_s for each in one], 99) * 1e3)
        results.add(figures.ANSWER_P50, contender.name, percentile([each.answer_s for each in one], 50) * 1e3)
        results.add(figures.ANSWER_P99, contender.name, percentile([each.answer_s for each in one], 99) * 1e3)
        await ask_many(world, WARM_UP, AT_A_TIME)
        used_s, started = process.cpu_s, time.perf_counter()
        await ask_many(world, MANY, AT_A_TIME)
        results.add(figures.THROUGHPUT, contender.name, MANY / (time.perf_counter() - started))
        results.add(figures.CPU, contender.name, (process.cpu_s - used_s) / MANY * 1e6)
        results.add(figures.MEMORY_AFTER, contender.name, process.memory_mib)
    asks = 1 + WARM_UP + ONE_AT_A_TIME + WARM_UP + MANY
    assert world.gets - gets_before == (0 if contender is who.BOLT else asks)
    if contender is who.CALLWATCH:
        assert rows(database) == {"seen": asks, "inbox": 0}


async def measure_httpx(world: World, folder: Path, results: Results) -> None:
    """Let bare httpx do the signed GETs alone."""
    async with running(who.HTTPX, world.environment(), folder) as process:
        await get_many(process, WARM_UP, 1)
        took_s, _ = await get_many(process, ONE_AT_A_TIME, 1)
        results.add(figures.ANSWER_P50, who.HTTPX.name, percentile(took_s, 50) * 1e3)
        results.add(figures.ANSWER_P99, who.HTTPX.name, percentile(took_s, 99) * 1e3)
        await get_many(process, WARM_UP, AT_A_TIME)
        used_s = process.cpu_s
        _, all_s = await get_many(process, MANY, AT_A_TIME)
        results.add(figures.THROUGHPUT, who.HTTPX.name, MANY / all_s)
        results.add(figures.CPU, who.HTTPX.name, (process.cpu_s - used_s) / MANY * 1e6)


async def ask(world: World) -> Timing:
    """Ask for the counter."""
    return await world.ask("/counters", "currentcalls")


async def ask_many(world: World, count: int, at_a_time: int) -> list[Timing]:
    """Ask `count` times; the next question comes when one of `at_a_time` has its answer."""
    left = iter(range(count))

    async def one_after_the_other() -> list[Timing]:
        return [await ask(world) for _ in left]

    timings = await asyncio.gather(*(one_after_the_other() for _ in range(at_a_time)))
    return [timing for some in timings for timing in some]


async def get_many(process: Process, count: int, at_a_time: int) -> tuple[list[float], float]:
    """Return how long each GET of bare httpx took and how long all took, seconds."""
    assert process.popen.stdin is not None
    assert process.popen.stdout is not None
    process.popen.stdin.write(f"{count} {at_a_time}\n")
    answer = json.loads(await asyncio.to_thread(process.popen.stdout.readline))
    return answer["took_s"], answer["all_s"]


def rows(database: Path) -> dict[str, int]:
    """Return how many rows the inbox's tables have: each question was remembered, and none is left open."""
    with sqlite3.connect(database) as connection:
        counts = {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("seen", "inbox")
        }
    connection.close()
    return counts
