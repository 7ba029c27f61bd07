"""The table of outcomes: what each answer of Slack's does to a notice, to its lane, and to what people read."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from bot.errors import BotRefused, ChannelRefused, MessageRefused, SlackError, SlackRefused, SlackUnavailable
from bot.reporting.models import Status
from storage.database import Database
from storage.lock import take_charge
from tests.bot.watching.world import CHANNEL, QUICK, Said, Slack, World, a_world, unclear

DOWN, UP = Status.DOWN, Status.UP
POST = "chat.postMessage"


def not_sent() -> tuple[SlackError, bool]:
    return SlackUnavailable("ClientConnectorError", POST, is_ambiguous=False), False


def slow_down(seconds: float) -> tuple[SlackError, bool]:
    return SlackUnavailable("ratelimited", POST, retry_after_s=seconds, is_ambiguous=False), False


def refused(kind: type[SlackRefused], code: str) -> tuple[SlackError, bool]:
    return kind(code, POST), False


async def settled(world: World, query: str) -> None:
    async with asyncio.timeout(5):
        while not await world.rows(query):
            await asyncio.sleep(0.002)


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(not_sent(), id="connection refused"),
        pytest.param(slow_down(0.02), id="429"),
        pytest.param(unclear(False), id="unclear and not posted"),
        pytest.param(unclear(True), id="unclear and posted"),
        pytest.param(refused(BotRefused, "invalid_auth"), id="bot broken for a while"),
    ],
)
@pytest.mark.parametrize("times", [1, 3])
async def test_whatever_the_answer_the_card_stands_there_once(world: World, trouble, times: int) -> None:
    world.slack.troubles = [trouble] * times
    await world.watch("rtpproxy")
    await world.goes_down("rtpproxy")

    assert await world.told() == ["card rtpproxy DOWN"]


async def test_what_was_posted_without_an_answer_is_found_and_not_posted_again(world: World) -> None:
    world.slack.troubles = [unclear(True)]
    await world.watch("rtpproxy")
    await world.goes_down("rtpproxy")
    await world.told()
    await world.sees("rtpproxy", UP)

    assert await world.told() == ["card rtpproxy UP", "up rtpproxy"]
    assert world.slack.posts_tried == 2


async def test_what_is_posted_late_is_not_posted_twice(world: World) -> None:
    """Slack answers 500 and shows the message only after our first look."""
    slack = world.slack
    slack.troubles = [unclear(False)]
    await world.watch("rtpproxy")
    await world.goes_down("rtpproxy")
    async with asyncio.timeout(5):
        while slack.looks < 1:
            await asyncio.sleep(0.001)
    key = (await world.rows("SELECT key FROM notice"))[0]["key"]
    slack.said.append(Said("0000000099.000000", CHANNEL, "late card", key, None, is_broadcast=False))

    assert await world.told() == ["late card"]
    assert (slack.looks, slack.posts_tried) == (2, 1)


async def test_a_second_look_comes_before_anything_is_posted_again(world: World) -> None:
    world.slack.troubles = [unclear(False)]
    await world.watch("rtpproxy")
    await world.goes_down("rtpproxy")
    await world.told()

    assert (world.slack.looks, world.slack.posts_tried) == (2, 2)


async def test_slack_that_does_not_let_us_look_yet_is_asked_until_it_does(world: World) -> None:
    world.slack.troubles = [unclear(True)]
    world.slack.look_troubles = [slow_down(0.01)[0], not_sent()[0], unclear(False)[0]]
    await world.watch("rtpproxy")
    await world.goes_down("rtpproxy")

    assert await world.told() == ["card rtpproxy DOWN"]
    assert world.slack.posts_tried == 1


async def test_a_history_that_cannot_be_read_makes_it_a_marked_repeat(world: World) -> None:
    world.slack.troubles = [unclear(True)]
    world.slack.look_troubles = [BotRefused("missing_scope", "conversations.history")]
    await world.watch("rtpproxy")
    await world.goes_down("rtpproxy")

    assert len(await world.told()) == 2
    assert (await world.rows("SELECT is_repeat FROM notice"))[0]["is_repeat"] == 1


class TestPoison:
    async def test_is_said_once_more_in_plain_text(self, world: World) -> None:
        world.slack.troubles = [refused(MessageRefused, "invalid_blocks")]
        await world.watch("rtpproxy")
        await world.goes_down("rtpproxy")

        assert await world.told() == ["rtpproxy DOWN."]

    async def test_that_is_refused_in_plain_text_too_is_dead_and_a_plain_notice_says_so(self, world: World) -> None:
        world.slack.troubles = [refused(MessageRefused, "invalid_blocks")] * 2
        await world.watch("rtpproxy")
        await world.goes_down("rtpproxy")

        assert await world.told() == ["unsayable rtpproxy"]
        assert await world.notices() == [("down", "dead"), ("unsayable", "sent")]
        await world.sees("rtpproxy", UP)
        assert (await world.told())[1:] == ["card rtpproxy UP"]

    async def test_never_stops_the_lane(self, world: World) -> None:
        world.slack.troubles = [refused(MessageRefused, "no_text")] * 3
        await world.watch("rtpproxy", "sipgw")
        await world.goes_down("rtpproxy")
        await world.goes_down("sipgw")

        assert await world.told() == ["sipgw DOWN.", "unsayable rtpproxy"]

    async def test_of_our_own_rendering_is_plain_text_at_once(self, path: Path) -> None:
        def broken(telling):
            raise ZeroDivisionError

        async with a_world(path, render=broken) as world:
            await world.watch("rtpproxy")
            await world.goes_down("rtpproxy")

            assert await world.told() == ["rtpproxy DOWN."]

    async def test_in_an_edit_falls_back_to_plain_text(self, world: World) -> None:
        await world.watch("rtpproxy")
        await world.goes_down("rtpproxy")
        await world.told()
        world.slack.edit_troubles = [MessageRefused("msg_blocks_too_long", "chat.update")]
        await world.sees("rtpproxy", UP)

        assert await world.told() == ["rtpproxy up again.", "up rtpproxy"]


class TestBrokenChannel:
    async def park(self, world: World) -> None:
        world.slack.troubles = [refused(ChannelRefused, "not_in_channel")]
        await world.watch("rtpproxy")
        await world.goes_down("rtpproxy")
        await settled(world, "SELECT 1 FROM notice WHERE kind = 'lost_channel' AND state = 'sent'")

    async def test_tells_whoever_set_the_watch_once_by_a_direct_message(self, world: World) -> None:
        await self.park(world)

        assert world.slack.texts("U0ANA") == ["lost_channel rtpproxy"]
        assert world.slack.texts() == []
        world.slack.troubles = [refused(ChannelRefused, "not_in_channel")]
        world.clock.pass_s(1)
        world.watching.sender.wake([CHANNEL])
        async with asyncio.timeout(5):
            while world.slack.troubles:
                await asyncio.sleep(0.002)
        assert world.slack.texts("U0ANA") == ["lost_channel rtpproxy"]

    async def test_is_taken_up_again_at_an_invitation(self, world: World) -> None:
        await self.park(world)
        await world.watching.channel_available(CHANNEL)

        assert await world.told() == ["card rtpproxy DOWN"]

    async def test_is_no_hindrance_to_another_channel(self, world: World) -> None:
        await self.park(world)
        await world.watch("sipgw", channel="C2")
        await world.goes_down("sipgw")
        async with asyncio.timeout(5):
            while not world.slack.texts("C2"):
                await asyncio.sleep(0.002)

    async def test_gives_up_after_seven_days_and_says_why(self, world: World) -> None:
        await self.park(world)
        world.slack.troubles = [refused(ChannelRefused, "channel_not_found")]
        world.clock.pass_s(8 * 86400)
        world.watching.sender.wake([CHANNEL])
        await settled(world, "SELECT 1 FROM notice WHERE state = 'expired' AND reason LIKE '%channel_not_found'")

        assert await world.told() == []

    async def test_that_is_a_direct_message_makes_no_further_one(self, world: World) -> None:
        world.slack.troubles = [refused(ChannelRefused, "not_in_channel"), refused(ChannelRefused, "user_disabled")]
        await world.watch("rtpproxy")
        await world.goes_down("rtpproxy")
        await settled(world, "SELECT 1 FROM lane WHERE channel_id = 'U0ANA'")

        assert [kind for kind, _ in await world.notices()] == ["down", "lost_channel"]


class TestDeletedCard:
    async def test_is_posted_anew_when_the_service_recovers(self, world: World) -> None:
        await world.watch("rtpproxy")
        await world.goes_down("rtpproxy")
        await world.told()
        world.slack.said.clear()
        await world.sees("rtpproxy", UP)

        assert await world.told() == ["card rtpproxy UP"]

    async def test_is_posted_anew_when_it_is_acknowledged(self, world: World) -> None:
        await world.watch("rtpproxy")
        await world.goes_down("rtpproxy")
        await world.told()
        world.slack.said.clear()
        await world.watching.acknowledge(1, "U1")

        assert await world.told() == ["card rtpproxy DOWN ack U1"]
        await world.sees("rtpproxy", UP)
        assert await world.told() == ["card rtpproxy UP ack U1", "up rtpproxy"]

    async def test_of_many_gets_what_still_goes_on(self, world: World) -> None:
        names = [f"s{number}" for number in range(8)]
        await world.watch(*names)
        for status in (UP, DOWN):
            for name in names:
                await world.sees(name, status, after_s=0)
        await world.told()
        await world.sees("s1", UP, after_s=60)
        await world.told()
        world.slack.said.clear()
        await world.sees("s2", UP, after_s=60)
        told = await world.told()

        assert sum(text.startswith("digest") for text in told) == 1
        assert all("s1" not in text for text in told)
        assert {name for name in names if any(name in text for text in told)} == {f"s{n}" for n in (2, 3, 4, 5, 6, 7)}

    async def test_under_a_reply_is_found_out_by_the_reply(self, world: World) -> None:
        await world.watch("rtpproxy", remind_after_s=600)
        await world.goes_down("rtpproxy")
        await world.told()
        world.slack.said.clear()
        world.clock.pass_s(601)
        world.watching.sender.wake(await world.watches.remind(world.clock()))

        assert await world.told() == ["card rtpproxy DOWN"]


class TestRestart:
    async def test_sends_what_was_pending(self, path: Path) -> None:
        slack = Slack()
        slack.troubles = [refused(ChannelRefused, "is_archived")]
        async with a_world(path, slack=slack) as world:
            await world.watch("rtpproxy")
            await world.goes_down("rtpproxy")
            await settled(world, "SELECT 1 FROM notice WHERE kind = 'lost_channel' AND state = 'sent'")
        async with a_world(path, slack=slack, clock=world.clock) as world:
            await world.watching.channel_available(CHANNEL)

            assert await world.told() == ["card rtpproxy DOWN"]

    async def test_keeps_the_retry_after_of_the_run_before(self, path: Path) -> None:
        slack = Slack()
        slack.troubles = [slow_down(0.3)]
        async with a_world(path, slack=slack) as world:
            await world.watch("rtpproxy")
            await world.goes_down("rtpproxy")
            await settled(world, "SELECT 1 FROM lane")
            await settled(world, "SELECT 1 FROM notice WHERE state = 'pending'")
        clock = asyncio.get_running_loop().time
        async with a_world(path, slack=slack, clock=world.clock) as world:
            started = clock()
            assert await world.told() == ["card rtpproxy DOWN"]
            assert clock() - started >= 0.25

    @pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(days=1), timedelta(days=30)])
    async def test_never_waits_longer_than_was_asked_whatever_was_done_to_the_clock(self, path, jump) -> None:
        slack = Slack()
        slack.troubles = [slow_down(0.1)]
        async with a_world(path, slack=slack) as world:
            await world.watch("rtpproxy")
            await world.goes_down("rtpproxy")
            await settled(world, "SELECT 1 FROM notice WHERE state = 'pending' AND attempts = 1")
        world.clock.at += jump
        async with a_world(path, slack=slack, clock=world.clock) as world:
            assert await world.told(1.0) == ["card rtpproxy DOWN"]

    @pytest.mark.parametrize("stands", [True, False], ids=["posted", "not posted"])
    async def test_looks_for_what_was_being_sent(self, path: Path, stands: bool) -> None:
        slack = Slack()
        slack.troubles = [unclear(stands)]
        slow = replace(QUICK, first_look_s=60.0, second_look_s=120.0)
        async with a_world(path, slack=slack, pace=slow) as world:
            await world.watch("rtpproxy")
            await world.goes_down("rtpproxy")
            async with asyncio.timeout(5):
                while slack.posts_tried < 1:
                    await asyncio.sleep(0.002)
        async with await Database.open(path) as database:
            state = await database.read(lambda db: db.execute("SELECT state FROM notice").fetchone()[0])
        assert state == "sending"
        async with a_world(path, slack=slack, clock=world.clock) as world:
            assert await world.told() == ["card rtpproxy DOWN"]
        assert slack.posts_tried == (1 if stands else 2)

    async def test_of_another_bot_stops_this_one_from_posting(self, world: World) -> None:
        await world.watch("rtpproxy")
        await world.sees("rtpproxy", UP)
        await take_charge(world.database)
        await world.sees("rtpproxy", DOWN)
        await asyncio.sleep(0.1)

        assert world.slack.posts_tried == 0
        assert await world.notices() == [("down", "pending")]


async def test_messages_to_a_channel_are_apart(path: Path) -> None:
    slack, times = Slack(), []
    post = slack.post

    async def timed(*arguments, **more):
        times.append(asyncio.get_running_loop().time())
        return await post(*arguments, **more)

    slack.post = timed
    async with a_world(path, slack=slack, pace=replace(QUICK, between_posts_s=0.1)) as world:
        await world.watch("a", "b", "c")
        await world.goes_down("a", "b", "c")
        await world.told()

    assert all(after - before >= 0.1 for before, after in pairwise(times))


async def test_a_channel_that_was_parked_is_tried_after_an_hour_although_the_clock_was_set_back(world: World) -> None:
    world.slack.troubles = [refused(ChannelRefused, "not_in_channel")]
    await world.watch("rtpproxy")
    await world.goes_down("rtpproxy")
    await settled(world, "SELECT 1 FROM lane WHERE retry_ms IS NOT NULL")
    world.clock.at -= timedelta(hours=1)
    world.watching.sender.wake([CHANNEL])

    assert await world.told() == ["card rtpproxy DOWN"]
