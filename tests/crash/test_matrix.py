"""The crash matrix: kill -9 wherever it could matter, in every weather: nothing lost, doubled or out of order.

Source of the points: facts on reliability, section 4. `python -m pytest tests/crash -m slow` runs ten with real waits.
"""

from __future__ import annotations

import asyncio
import re
import signal
from collections import Counter
from dataclasses import replace
from itertools import count, product
from pathlib import Path
from typing import Any

import pytest

from storage.database import Database
from storage.migrations import STEPS, migrations
from tests.crash.child import Orders
from tests.crash.nursery import Nursery
from tests.crash.story import FAULTS, QUICK, Story, a_story

CARD, RECOVERED, REPLY = "card: rtpproxy down #1", "card: rtpproxy up #1", "up: rtpproxy up #1"

POINTS = {
    0: "nowhere",
    1: "status read, nothing written",
    2: "inside the flip's transaction",
    3: "before its COMMIT",
    4: "after COMMIT, before the sender sees it",
    5: "claimed, before the post",
    6: "post on the wire, reply not read",
    7: "reply read, not saved",
    8: "after it is saved",
    9: "during a Retry-After",
    10: "between looking in the history and saving what was found",
}
#: Weather that does not come to a point: an answer that is never read, a history that needs no look.
NOT_REACHED = {
    7: ("500 after", "drop after", "late reply"),
    10: ("no fault", "429"),
}
AT_ONCE = 3


async def tell_one_story(story: Story, point: int, hit: int, fault: str, ending: str = "kill") -> bool:
    """Let a service go down and up; return whether the bot died as ordered."""
    await story.start(point=point, hit=hit, ending=ending)
    await story.until("SELECT 1 FROM service WHERE status = 'up'")
    for status in ("down", "up"):
        if point == 9 and fault != "429":
            story.order("429")
        story.order(fault)
        await story.sees(["rtpproxy"], status)
    await story.end()
    story.check(RECOVERED, REPLY)
    reply = story.messages()[1]
    assert (reply.thread_ts, reply.is_broadcast) == (story.messages()[0].ts, True)
    assert set(story.deaths) <= {-9}, (story.folder / "log").read_text()
    return bool(story.deaths)


async def run_all(
    nursery: Nursery, folder: Path, cases: list[tuple[int, int, str]], ending: str = "kill", **world: Any
) -> Counter:
    """Run the cases, some at a time; return how many died as ordered and how many never came to their point."""
    free, counts, failures = asyncio.Semaphore(world.pop("at_once", AT_ONCE)), Counter(), []

    async def run(point: int, hit: int, fault: str) -> None:
        async with free, a_story(nursery, folder / f"{point}-{hit}-{fault.replace(' ', '-')}", **world) as story:
            try:
                died = await tell_one_story(story, point, hit, fault, ending)
                counts["killed" if died else f"not reached in: {fault}"] += 1
            except (AssertionError, TimeoutError) as error:
                texts = [each.text for each in story.messages()]
                log = (story.folder / "log").read_text()[-1500:] if (story.folder / "log").exists() else ""
                failures.append(f"point {point}, hit {hit}, {fault}: {error!r}\n  reads {texts}\n{log}")

    await asyncio.gather(*(run(*case) for case in cases))
    assert not failures, "\n".join(failures)
    return counts


@pytest.mark.timeout(240)
@pytest.mark.parametrize("point", POINTS, ids=[f"{point} {name}" for point, name in POINTS.items()])
async def test_nothing_is_lost_or_doubled(nursery: Nursery, tmp_path: Path, point: int) -> None:
    hits = (1, 2) if point else (1,)
    counts = await run_all(nursery, tmp_path, [(point, hit, fault) for hit, fault in product(hits, FAULTS)])

    reached = len(hits) * len(FAULTS) - 2 * len(NOT_REACHED.get(point, ()))
    assert counts["killed"] == (reached if point else 0), counts


@pytest.mark.timeout(240)
@pytest.mark.parametrize("point", [5, 6, 7])
async def test_being_killed_while_it_stops_is_like_being_killed(nursery: Nursery, tmp_path: Path, point: int) -> None:
    """Point 14: SIGTERM at the post, SIGKILL three milliseconds into stopping."""
    await run_all(nursery, tmp_path, list(product((point,), (1, 2), FAULTS)), "terminate")


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_ten_stories_with_the_waits_of_real_life(nursery: Nursery, tmp_path: Path) -> None:
    cases = [
        (5, 1, "no fault"),
        (5, 2, "drop after"),
        (6, 1, "no fault"),
        (6, 1, "late reply"),
        (6, 2, "500 after"),
        (7, 1, "drop before"),
        (7, 2, "no fault"),
        (9, 1, "429"),
        (10, 1, "drop after"),
        (10, 1, "late reply"),
    ]
    real = {"pace": {}, "timeout_s": 5.0, "late_s": 7.0, "patience_s": 150.0}

    assert await run_all(nursery, tmp_path, cases, at_once=10, **real) == {"killed": 10}


class TestOtherPoints:
    """Points 11, 12, 15 and 16, without faults."""

    @pytest.mark.parametrize("hit", [1, 2, 5, 7])
    async def test_11_in_the_digest_transaction_each_flip_is_in_exactly_one_post(
        self, nursery: Nursery, tmp_path: Path, hit: int
    ) -> None:
        names = [f"s{number}" for number in range(12)]
        async with a_story(
            nursery, tmp_path / "story", names, pace={**QUICK, "between_posts_s": 0.3, "storm_s": 5.0}
        ) as story:
            await story.start(point=11, hit=hit)
            await story.until("SELECT 1 WHERE 12 = (SELECT count(*) FROM service WHERE status = 'up')")
            await story.sees(names, "down")
            await story.end()

            shown = [name for each in story.messages() for name in re.findall(r"s\d+", each.text)]
            assert sorted(shown) == sorted(names)
            assert len(story.messages()) <= 3
            assert story.deaths == [-9]
            story.slack.assert_no_violations()

    async def test_12_a_migration_killed_before_any_of_its_statements_is_completed_by_the_next_start(
        self, nursery: Nursery, tmp_path: Path
    ) -> None:
        orders = Orders("", "", "", "", "", "")
        for hit in count(1):
            path = tmp_path / f"{hit}.db"
            armed = replace(orders, database=str(path), hit=hit)
            status = await (await nursery.start(armed, tmp_path / "log", "migrate")).ended
            async with await Database.open(path) as database:
                newer = await database.read(lambda db: [each.name for each in migrations().applied(db)])
            assert newer == [step.__name__ for step in STEPS]
            if status == 0:
                break

        assert hit > 30, "every statement had its turn"

    async def test_15_a_command_whose_answer_was_lost_is_answered_after_the_restart_and_again_is_idempotent(
        self, nursery: Nursery, tmp_path: Path
    ) -> None:
        async with a_story(nursery, tmp_path / "story", ["sipgw"], patience_s=25) as story:
            story.api.services.set("rtpproxy", "up")
            ana = story.slack.person("ana")
            armed = replace(story.orders, point=15)
            dying = await nursery.start(armed, story.folder / "log", "whole")
            await story.slack.sockets.connected(1)
            await ana.types("/services watch rtpproxy", channel="#voice-ops")
            assert await asyncio.wait_for(dying.ended, 10) == -9
            story.child = await nursery.start(story.orders, story.folder / "log", "whole")
            answer = await ana.reads(channel="#voice-ops", timeout_s=10)
            await ana.types("/services watch rtpproxy", channel="#voice-ops")
            again = await ana.reads(channel="#voice-ops", timeout_s=10)

            assert "rtpproxy" in answer.all_text
            assert "rtpproxy" in again.all_text
            assert len(story.ask("SELECT 1 FROM watch WHERE service_id = 'rtpproxy'")) == 1
            assert ana.unread() == []

    @pytest.mark.parametrize("point", [4, 5, 6, 7])
    async def test_16_a_second_bot_neither_posts_nor_writes_until_the_first_is_gone(
        self, nursery: Nursery, tmp_path: Path, point: int
    ) -> None:
        async with a_story(nursery, tmp_path / "story") as story:
            first = await story.start(point=point, ending="freeze")
            await story.until("SELECT 1 FROM service WHERE status = 'up'")
            story.api.services.set("rtpproxy", "down")
            await story.until("SELECT 1 FROM notice WHERE state = ?", "pending" if point == 4 else "sending")
            second = await story.start()
            await asyncio.sleep(0.3)
            before = (len(story.messages()), story.ask("SELECT epoch FROM origin")[0]["epoch"])
            await asyncio.sleep(0.3)

            assert (len(story.messages()), story.ask("SELECT epoch FROM origin")[0]["epoch"]) == before
            assert second.is_alive
            first.signal(signal.SIGKILL)
            await story.sees(["rtpproxy"], "down")
            await story.end()
            story.check(CARD)
