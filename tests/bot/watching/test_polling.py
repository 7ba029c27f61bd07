"""The poller and the tick: who is asked when, whatever the platform, the disk and the clock do."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.reporting.errors import NotFound, Refused, Unavailable
from bot.reporting.models import Status
from bot.scheduler import SteadyTrigger, Ticker
from bot.watching.models import Thresholds, Watch
from bot.watching.service import Plan, polls_in_flight
from storage.errors import StorageFullError
from tests.bot.watching.world import ANA, CHANNEL, T0, World, a_world

UP, DOWN, UNKNOWN = Status.UP, Status.DOWN, Status.UNKNOWN


async def eventually(condition, seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.002)


async def polling(world: World, *service_ids: str, status: Status = UP) -> None:
    """Watch services and let the poller poll by itself."""
    for service_id in service_ids:
        world.platform.services[service_id] = status
        await world.watches.add(Watch(CHANNEL, service_id, ANA, T0), UP)
    await world.watching.poller.reload()


@pytest.fixture
def fast() -> Thresholds:
    return Thresholds(interval_s=0.25)


async def test_each_service_is_asked_once_an_interval_however_many_channels_watch_it(path: Path) -> None:
    async with a_world(path, thresholds=Thresholds(interval_s=0.2)) as world:
        for channel in ("C1", "C2", "C3"):
            await world.watches.add(Watch(channel, "a", ANA, T0), UP)
        await polling(world, "a", "b")
        ticker = Ticker(0.2)
        ticker.start(world.watching.poller.tick)
        started = asyncio.get_running_loop().time()
        await eventually(lambda: Counter(world.platform.asked)["a"] >= 6)
        took_s = asyncio.get_running_loop().time() - started
        await ticker.stop()

        asked = Counter(world.platform.asked)
        assert abs(asked["a"] - asked["b"]) <= 1
        assert took_s >= 0.9  # six polls are five intervals


async def test_polls_are_spread_over_the_interval(path: Path) -> None:
    async with a_world(path, thresholds=Thresholds(interval_s=100.0)) as world:
        await polling(world, *(f"s{number}" for number in range(200)))
        phases = sorted(world.watching.poller._phase_s(f"s{number}") for number in range(200))

        gaps = [after - before for before, after in itertools.pairwise(phases)]
        assert phases[0] < 5
        assert phases[-1] > 95
        assert max(gaps) < 5


async def test_a_service_that_hangs_is_unknown_after_the_timeout_and_delays_nobody(path: Path, fast) -> None:
    async with a_world(path, thresholds=fast) as world:
        world.platform.hanging.add("stuck")
        await polling(world, "stuck", "fine")
        world.watching.poller.tick()
        await eventually(lambda: world.watching.state("fine").status is UP)
        assert world.watching.state("stuck").status is UNKNOWN
        await eventually(lambda: world.watching.state("stuck").unknown_since is not None)


async def test_a_poll_that_hangs_is_not_joined_by_another_of_the_same_service(path: Path, fast) -> None:
    async with a_world(path, thresholds=fast) as world:
        world.watching.poller._timeout_s = 60.0
        world.platform.hanging.add("stuck")
        await polling(world, "stuck")
        for _ in range(4):
            world.watching.poller.tick()
            await asyncio.sleep(0.1)

        assert world.platform.asked == ["stuck"]


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (NotFound("no such service"), "service"),
        (Unavailable("down"), "platform"),
        (Refused("wrong key"), "platform"),
    ],
)
async def test_whatever_goes_wrong_is_unknown_with_its_cause_and_never_down(path: Path, error, cause: str) -> None:
    async with a_world(path) as world:
        await polling(world, "a")
        world.platform.services["a"] = error
        world.watching.poller.tick()
        await eventually(lambda: world.watching.state("a").unknown_since is not None)

        assert world.watching.state("a").unknown_cause == cause
        assert await world.rows("SELECT * FROM flip") == []


async def test_a_flip_that_could_not_be_saved_is_seen_again_and_told_once(world: World) -> None:
    await world.watch("a")
    await world.sees("a", UP)
    service = world.watching.poller._services["a"]
    record, failures = world.services.record, [StorageFullError("full"), StorageFullError("full")]

    async def failing(decision):
        if failures:
            raise failures.pop()
        return await record(decision)

    world.services.record = failing
    world.platform.services["a"] = DOWN
    for _ in range(3):
        world.clock.pass_s(10)
        await world.watching.poller._poll(service)

    assert await world.told() == ["card a DOWN"]
    assert len(await world.rows("SELECT * FROM flip")) == 1


async def test_what_was_saved_although_it_was_reported_as_failed_is_believed(world: World) -> None:
    """The disk failed at the sync: it may have been committed, so the storage is asked before anything is decided."""
    await world.watch("a")
    await world.sees("a", UP)
    service = world.watching.poller._services["a"]
    record = world.services.record

    async def uncertain(decision):
        await record(decision)
        world.services.record = record
        raise StorageFullError("who knows")

    world.services.record = uncertain
    world.platform.services["a"] = DOWN
    for _ in range(2):
        world.clock.pass_s(10)
        await world.watching.poller._poll(service)
    world.watching.sender.wake([CHANNEL])

    assert await world.told() == ["card a DOWN"]
    assert [row["seq"] for row in await world.rows("SELECT seq FROM flip")] == [1]


class TestRestart:
    async def test_announces_nothing_and_counts_go_on(self, path: Path) -> None:
        two = Thresholds(down=2)
        async with a_world(path, thresholds=two) as world:
            await world.watch("a")
            await world.sees("a", UP)
            await world.sees("a", DOWN)
        async with a_world(path, thresholds=two, clock=world.clock) as world:
            assert world.slack.said == []
            await world.sees("a", DOWN)
            assert await world.told() == ["card a DOWN"]

    async def test_after_which_a_flip_says_how_long_the_bot_was_off(self, path: Path) -> None:
        async with a_world(path) as world:
            await world.watch("a")
            await world.sees("a", UP)
            await world.sees("a", UP)
        async with a_world(path, clock=world.clock) as world:
            await world.sees("a", DOWN, after_s=1500)
            outage = (await world.outages.load_open())[0]

            assert outage.off_s == 1500
            assert outage.last_seen_up == T0 + timedelta(seconds=20)

    async def test_that_was_a_kill_knows_until_when_all_was_well_from_the_pulse(self, path: Path) -> None:
        async with a_world(path) as world:
            await world.watch("a")
            await world.sees("a", UP)
            for _ in range(30):
                await world.sees("a", UP)
            await world.watching.poller._save_pulse()
            states = await world.services.load_watched()

            assert states[0].last_seen == states[0].seen_at == T0 + timedelta(seconds=310)

    async def test_keeps_what_was_covered(self, path: Path) -> None:
        async with a_world(path) as world:
            await world.watch("a")
            for status in (UP, UP, UP, UNKNOWN, UNKNOWN, UP, DOWN):
                await world.sees("a", status)
        rows = []
        async with a_world(path, clock=world.clock) as world:
            rows = await world.rows("SELECT (until_ms - since_ms) / 1000 AS s FROM coverage ORDER BY since_ms")

        assert [row["s"] for row in rows] == [20, 10]


async def test_counters_are_sampled_and_stand_on_the_next_card(world: World) -> None:
    await world.watch("a")
    world.platform.counter = 1204
    world.watching._sampler.tick()
    await eventually(lambda: world.watching._sampler._running.done())
    world.clock.pass_s(600)
    world.watching._sampler._sample_at = 0.0
    world.platform.counter = 312
    world.watching._sampler.tick()
    await eventually(lambda: world.watching._sampler._running.done())
    await world.goes_down("a")
    outage = (await world.outages.load_open())[0]

    assert (outage.calls.value, outage.calls_before.value) == (312, 1204)


class TestWatch:
    async def test_an_id_that_the_platform_does_not_know_is_not_stored(self, world: World) -> None:
        with pytest.raises(NotFound):
            await world.watching.watch(Watch(CHANNEL, "typo", ANA, T0))

        assert await world.watches.all() == []

    async def test_answers_with_the_status_and_the_open_outage(self, world: World) -> None:
        world.platform.services["a"] = DOWN
        answer = await world.watching.watch(Watch(CHANNEL, "a", ANA, T0))

        assert (answer.is_new, answer.status) == (True, DOWN)
        assert answer.outage.service_id == "a"
        assert await world.told() == []
        again = await world.watching.watch(Watch(CHANNEL, "a", ANA, T0))
        assert not again.is_new

    async def test_goes_on_when_the_platform_cannot_be_asked(self, world: World) -> None:
        world.platform.services["a"] = Unavailable("The platform is down for the moment.")
        answer = await world.watching.watch(Watch(CHANNEL, "a", ANA, T0))

        assert (answer.status, answer.why_unknown) == (UNKNOWN, "The platform is down for the moment.")
        assert len(await world.watches.all()) == 1


@pytest.mark.parametrize(
    ("services", "interval_s", "expected"),
    [(10, 10.0, 8), (1000, 60.0, 84), (1000, 1.0, 1000), (5000, 60.0, 417), (5000, 1.0, 1000), (3, 0.25, 8)],
)
def test_enough_polls_may_be_in_flight_for_a_platform_that_hangs(services, interval_s, expected) -> None:
    assert polls_in_flight(services, Plan(Thresholds(interval_s=interval_s), timeout_s=5.0)) == expected


class TestTicker:
    async def test_ticks_at_once_and_then_every_period(self) -> None:
        times: list[float] = []
        ticker = Ticker(0.1)
        ticker.start(lambda: times.append(asyncio.get_running_loop().time()))
        await eventually(lambda: len(times) >= 6)
        await ticker.stop()

        assert 0.4 <= times[5] - times[0] <= 1.0

    async def test_is_set_going_again_after_the_clock_was_set_back(self) -> None:
        """APScheduler waits for the wall clock then: its next time is an hour away."""
        ticks: list[int] = []
        ticker = Ticker(0.05)
        ticker.start(lambda: ticks.append(1))
        await eventually(lambda: len(ticks) >= 2)
        ticker._job.modify(next_run_time=datetime.now(UTC) + timedelta(hours=1))
        await asyncio.sleep(0.05)
        before = len(ticks)
        await eventually(lambda: len(ticks) >= before + 5)
        await ticker.stop()

    async def test_says_so_when_it_cannot_be_set_going(self) -> None:
        dead: list[int] = []
        ticker = Ticker(0.05, on_dead=lambda: dead.append(1))
        ticker.start(lambda: None)
        await asyncio.sleep(0.01)
        ticker.revive = lambda: None
        ticker._job.pause()
        await eventually(lambda: bool(dead), 10)
        await ticker.stop()

    @pytest.mark.parametrize("jump", [timedelta(days=1), timedelta(days=30), timedelta(days=3650)])
    def test_a_clock_that_jumps_ahead_is_made_up_for_once_and_at_once(self, jump: timedelta) -> None:
        trigger = SteadyTrigger(timedelta(seconds=0.25))
        now = T0 + jump

        assert trigger.get_next_fire_time(T0, now) == now + timedelta(seconds=0.25)
        assert trigger.get_next_fire_time(now, now) == now + timedelta(seconds=0.25)

    async def test_stopping_leaves_nothing_running(self) -> None:
        ticker = Ticker(0.01)
        ticker.start(lambda: None)
        await asyncio.sleep(0.03)
        await ticker.stop()
        await asyncio.sleep(0.02)

        assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(days=1), timedelta(days=30)])
async def test_a_clock_that_jumps_neither_loses_nor_doubles_a_flip(world: World, jump: timedelta) -> None:
    await world.watch("a")
    await world.sees("a", UP)
    world.clock.at += jump
    await world.sees("a", DOWN)
    await world.told()
    world.clock.at += jump
    await world.sees("a", UP)

    assert await world.told() == ["card a UP", "up a"]
    outage = (await world.rows("SELECT lasted_s FROM outage"))[0]
    assert outage["lasted_s"] >= 0


async def test_housekeeping_ends_mutes_and_forgets_what_was_told_long_ago(world: World) -> None:
    await world.watch("a")
    await world.goes_down("a")
    await world.told()
    await world.sees("a", UP)
    await world.told()
    await world.watching.mute(CHANNEL, "a", until=world.clock() + timedelta(hours=1), by=ANA)
    world.clock.pass_s(100 * 86400)
    await world.watching._keep_house()

    assert await world.rows("SELECT * FROM notice") == []
    assert (await world.watches.load(CHANNEL, "a")).muted_until is None
