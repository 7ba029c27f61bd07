"""From an observation to what a channel reads: decide, storage and sender together, against a list as Slack."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bot.errors import ChannelRefused, SlackError
from bot.reporting.models import Status
from bot.watching.models import Cause
from tests.bot.watching.world import CHANNEL, QUICK, World, a_world

DOWN, UP, UNKNOWN = Status.DOWN, Status.UP, Status.UNKNOWN
#: Slow enough that everything seen in one go waits together.
UNHURRIED = replace(QUICK, between_posts_s=0.5)


def refused(code: str) -> tuple[SlackError, bool]:
    return ChannelRefused(code, "chat.postMessage"), False


async def settled(world: World, query: str) -> None:
    """Wait until the query finds something."""
    async with asyncio.timeout(5):
        while not await world.rows(query):
            await asyncio.sleep(0.002)


async def test_a_flip_to_down_posts_one_card(world: World) -> None:
    await world.watch("rtpproxy")
    await world.goes_down("rtpproxy")

    assert await world.told() == ["card rtpproxy DOWN"]


async def test_recovery_edits_the_card_and_replies_in_its_thread_and_in_the_channel(world: World) -> None:
    await world.watch("rtpproxy")
    await world.goes_down("rtpproxy")
    await world.told()
    await world.sees("rtpproxy", UP)

    assert await world.told() == ["card rtpproxy UP", "up rtpproxy"]
    card, reply = world.slack.said
    assert (reply.thread_ts, reply.is_broadcast) == (card.ts, True)


async def test_each_channel_that_watches_is_told(world: World) -> None:
    await world.watch("rtpproxy")
    await world.watch("rtpproxy", channel="C2")
    await world.goes_down("rtpproxy")
    await world.told()

    assert world.slack.texts(CHANNEL) == world.slack.texts("C2") == ["card rtpproxy DOWN"]


async def test_first_sight_is_silent_and_the_recovery_of_what_was_down_then_is_told(world: World) -> None:
    await world.watch("rtpproxy", told=DOWN)
    await world.sees("rtpproxy", DOWN)
    assert await world.told() == []
    await world.sees("rtpproxy", UP)

    assert await world.told() == ["card rtpproxy UP"]


async def test_down_at_first_sight_is_told_when_the_answer_to_watch_could_not(world: World) -> None:
    await world.watch("rtpproxy", told=None)
    await world.sees("rtpproxy", UNKNOWN)
    await world.sees("rtpproxy", DOWN)

    assert await world.told() == ["card rtpproxy DOWN"]


async def test_a_flip_is_told_once_however_often_it_is_seen(world: World) -> None:
    await world.watch("rtpproxy")
    await world.goes_down("rtpproxy")
    for status in (DOWN, UNKNOWN, DOWN, DOWN):
        await world.sees("rtpproxy", status)

    assert await world.told() == ["card rtpproxy DOWN"]


async def test_a_card_rings_whom_the_watch_names_and_the_recovery_rings_nobody(world: World) -> None:
    await world.watch("rtpproxy", notify=("U1", "S2"))
    await world.goes_down("rtpproxy")
    assert await world.told() == ["card <@U1> <@S2> rtpproxy DOWN"]
    await world.sees("rtpproxy", UP)

    assert (await world.told())[1] == "up rtpproxy"


class TestAcknowledge:
    async def test_is_written_on_the_card_once_and_can_be_taken_back(self, world: World) -> None:
        await world.watch("rtpproxy")
        await world.goes_down("rtpproxy")
        await world.told()

        assert [await world.watching.acknowledge(1, who) for who in ("U1", "U2")] == [True, False]
        assert await world.told() == ["card rtpproxy DOWN ack U1"]
        assert [await world.watching.unacknowledge(1) for _ in range(2)] == [True, False]
        assert await world.told() == ["card rtpproxy DOWN"]

    async def test_comes_too_late_after_recovery(self, world: World) -> None:
        await world.watch("rtpproxy")
        await world.goes_down("rtpproxy")
        await world.sees("rtpproxy", UP)

        assert not await world.watching.acknowledge(1, "U1")


class TestMute:
    async def mute(self, world: World, hours: float = 1) -> None:
        until = world.clock() + timedelta(hours=hours)
        assert await world.watching.mute(CHANNEL, "rtpproxy", until=until, by="U1")

    async def test_keeps_quiet_and_what_is_as_it_was_told_last_is_not_told_at_its_end(self, world: World) -> None:
        await world.watch("rtpproxy")
        await world.sees("rtpproxy", UP)
        await self.mute(world)
        await world.goes_down("rtpproxy")
        await world.sees("rtpproxy", UP)
        assert await world.watching.unmute(CHANNEL, "rtpproxy")

        assert await world.told() == []

    async def test_tells_at_its_end_what_is_down_then(self, world: World) -> None:
        await world.watch("rtpproxy")
        await world.sees("rtpproxy", UP)
        await self.mute(world)
        await world.goes_down("rtpproxy")
        assert await world.told() == []
        world.clock.pass_s(3600)
        world.watching.sender.wake(await world.watches.lapse_mutes(world.clock()))

        assert await world.told() == ["card rtpproxy DOWN"]

    async def test_keeps_the_card_true_without_a_sound(self, world: World) -> None:
        await world.watch("rtpproxy")
        await world.goes_down("rtpproxy")
        await world.told()
        await self.mute(world)
        await world.sees("rtpproxy", UP)
        assert await world.told() == ["card rtpproxy UP"]
        await world.watching.unmute(CHANNEL, "rtpproxy")

        assert await world.told() == ["card rtpproxy UP", "up rtpproxy"]

    async def test_is_for_its_channel_alone(self, world: World) -> None:
        await world.watch("rtpproxy")
        await world.watch("rtpproxy", channel="C2")
        await world.sees("rtpproxy", UP)
        await self.mute(world)
        await world.goes_down("rtpproxy")
        await world.told()

        assert (world.slack.texts(CHANNEL), world.slack.texts("C2")) == ([], ["card rtpproxy DOWN"])


class TestUnwatch:
    async def test_during_an_outage_closes_the_card_and_keeps_it_no_further(self, world: World) -> None:
        await world.watch("rtpproxy")
        await world.watch("rtpproxy", channel="C2")
        await world.goes_down("rtpproxy")
        await world.told()
        assert await world.watching.unwatch(CHANNEL, "rtpproxy", "U1")
        assert await world.told() == ["card rtpproxy DOWN closed"]
        await world.sees("rtpproxy", UP)

        assert await world.told() == ["card rtpproxy DOWN closed"]
        assert world.slack.texts("C2") == ["card rtpproxy UP", "up rtpproxy"]

    async def test_cancels_what_was_not_sent_yet(self, world: World) -> None:
        world.slack.troubles = [refused("is_archived")]
        await world.watch("rtpproxy")
        await world.goes_down("rtpproxy")
        await settled(world, "SELECT 1 FROM lane WHERE parked_ms IS NOT NULL")
        await world.watching.unwatch(CHANNEL, "rtpproxy", "U1")

        assert ("down", "cancelled") in await world.notices()

    async def test_by_the_last_channel_forgets_the_state_so_that_the_next_begins_anew(self, world: World) -> None:
        await world.watch("rtpproxy")
        await world.goes_down("rtpproxy")
        await world.told()
        await world.watching.unwatch(CHANNEL, "rtpproxy", "U1")
        await world.watch("rtpproxy", told=UP)
        await world.sees("rtpproxy", UP, after_s=86400)
        await world.sees("rtpproxy", DOWN)

        assert await world.told() == ["card rtpproxy DOWN closed", "card rtpproxy DOWN"]
        assert [row["seq"] for row in await world.rows("SELECT seq FROM flip ORDER BY id")] == [1, 2]


class TestFlapping:
    async def test_stays_one_card_until_it_is_steady(self, world: World) -> None:
        await world.watch("rtpproxy")
        await world.sees("rtpproxy", UP)
        for status in (DOWN, UP, DOWN, UP):
            await world.sees("rtpproxy", status)
            await world.told()
        before = world.slack.texts()
        for status in (DOWN, UP, DOWN):
            await world.sees("rtpproxy", status)
            await world.told()

        assert before == ["card rtpproxy UP", "up rtpproxy", "card rtpproxy UP flapping"]
        assert world.slack.texts() == ["card rtpproxy UP", "up rtpproxy", "card rtpproxy DOWN flapping"]
        await world.sees("rtpproxy", DOWN, after_s=601)
        assert (await world.told())[2:] == ["card rtpproxy DOWN", "steady rtpproxy"]
        await world.sees("rtpproxy", UP, after_s=601)
        assert (await world.told())[2:] == ["card rtpproxy UP", "steady rtpproxy", "up rtpproxy"]


class TestUnseen:
    async def rounds(self, world: World, count: int, *service_ids: str, every_s: float = 30) -> None:
        for _ in range(count):
            for number, service_id in enumerate(service_ids):
                await world.sees(service_id, UNKNOWN, after_s=every_s * (number == 0), cause=Cause.PLATFORM)
            await world.watching.poller._round()

    async def test_each_channel_hears_once_that_the_platform_is_out_of_sight_and_once_that_it_is_back(
        self, world: World
    ):
        await world.watch("a", "b")
        await world.watch("a", channel="C2")
        await self.rounds(world, 5, "a", "b")
        assert await world.told() == ["unseen"]
        await world.sees("a", UP)
        await world.sees("b", UP)
        await world.watching.poller._round()

        assert await world.told() == ["unseen", "seen"]
        assert world.slack.texts("C2") == ["unseen", "seen"]

    async def test_a_short_loss_is_not_told(self, world: World) -> None:
        await world.watch("a")
        await self.rounds(world, 2, "a")
        await world.sees("a", UP)
        await world.watching.poller._round()

        assert await world.told() == []

    async def test_one_service_alone_is_told_by_name_after_five_minutes(self, world: World) -> None:
        await world.watch("a", "b", "c")
        for service_id in "abc":
            await world.sees(service_id, UP)
        await self.rounds(world, 12, "a")
        assert await world.told() == ["cannot_tell a"]
        await world.sees("a", UP)

        assert await world.told() == ["cannot_tell a", "can_tell a"]

    async def test_several_are_told_in_one_message(self, world: World) -> None:
        names = [f"s{number}" for number in range(20)]
        await world.watch(*names)
        for name in names:
            await world.sees(name, UP, after_s=0)
        for _ in range(12):
            for name in names[:8]:
                await world.sees(name, UNKNOWN, after_s=4, cause=Cause.SERVICE)
            await world.watching.poller._round()

        assert await world.told() == ["cannot_tell s0, s1, s2, s3, s4", "cannot_tell s5, s6, s7"]


class TestReminder:
    async def test_comes_when_it_is_due_and_stops_with_an_acknowledgement(self, world: World) -> None:
        await world.watch("rtpproxy", remind_after_s=1800)
        await world.goes_down("rtpproxy")
        await world.told()
        for _ in range(2):
            world.clock.pass_s(1801)
            world.watching.sender.wake(await world.watches.remind(world.clock()))
            await world.told()
        assert world.slack.texts() == ["card rtpproxy DOWN", "reminder rtpproxy", "reminder rtpproxy"]
        await world.watching.acknowledge(1, "U1")
        world.clock.pass_s(1801)

        assert await world.watches.remind(world.clock()) == []


class TestMany:
    async def test_up_to_five_get_a_card_each(self, world: World) -> None:
        names = [f"s{number}" for number in range(5)]
        await world.watch(*names)
        await world.goes_down(*names)

        assert await world.told() == [f"card {name} DOWN" for name in names]

    async def test_more_go_into_one_digest_and_the_first_never_waits(self, path: Path) -> None:
        names = [f"s{number}" for number in range(50)]
        async with a_world(path, pace=UNHURRIED) as world:
            await world.watch(*names)
            for status in (UP, DOWN):
                for name in names:
                    await world.sees(name, status, after_s=0)

            first, digest = await world.told()
        assert first == "card s0 DOWN"
        assert digest == "digest " + ", ".join(f"{name} DOWN" for name in names[1:])

    async def test_recoveries_of_a_digest_are_one_reply_in_its_thread(self, path: Path) -> None:
        names = [f"s{number}" for number in range(10)]
        async with a_world(path, pace=UNHURRIED) as world:
            await world.watch(*names)
            for status in (UP, DOWN):
                for name in names:
                    await world.sees(name, status, after_s=0)
            await world.told()
            for name in names:
                await world.sees(name, UP)
            told = await world.told()

        assert told[:2] == ["card s0 UP", "digest " + ", ".join(f"{name} UP" for name in names[1:])]
        assert len(told) == 4
        assert {name for text in told[2:] for name in text.removeprefix("up ").split(", ")} == set(names)

    async def test_a_service_that_rings_somebody_new_does_not_join_in_silence(self, world: World) -> None:
        names = [f"s{number}" for number in range(8)]
        await world.watch(*names)
        await world.watch("vip", notify=("U9",))
        for status in (UP, DOWN):
            for name in names:
                await world.sees(name, status, after_s=0)
        await world.told()
        await world.sees("vip", UP, after_s=0)
        await world.sees("vip", DOWN, after_s=0)

        assert (await world.told())[-1] == "card <@U9> vip DOWN"

    async def test_a_flip_that_recovered_before_it_was_told_is_told_by_one_message(self, world: World) -> None:
        world.slack.troubles = [refused("is_archived")]
        await world.watch("rtpproxy")
        await world.goes_down("rtpproxy")
        await settled(world, "SELECT 1 FROM lane WHERE parked_ms IS NOT NULL")
        await world.sees("rtpproxy", UP)
        await world.watching.channel_available(CHANNEL)

        assert await world.told() == ["card rtpproxy UP"]
        assert await world.notices() == [("down", "sent"), ("lost_channel", "sent"), ("up", "digested")]
