"""Orders and questions about watched services against the real record, where a whole bot would be too slow."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.errors import ChannelRefused, SlackUnavailable
from bot.reporting.errors import Unavailable
from bot.reporting.models import Counter, Status
from bot.timerange import parse_range
from handlers.asks import Ask, Place
from handlers.watching import Archive, WatchAnswers
from handlers.watchwords import AskHistory, WatchServices
from storage.board import Board
from tests.bot.watching.world import CHANNEL, World, a_world

UTC_ZONE = ZoneInfo("UTC")
COMMANDS = {"calls": "/calls", "counters": "/counters", "services": "/services"}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(tmp_path / "callwatch.db") as world:
        world.platform.services["rtpproxy"] = Status.UP
        yield world


async def is_here(channel_id: str) -> None:
    """Let the bot be everywhere."""


def answers(world: World, check_channel=is_here) -> WatchAnswers:
    archive = Archive(world.watches, world.outages, world.samples, Board(world.database))
    return WatchAnswers(world.watching, archive, check_channel, commands=COMMANDS, now=world.clock)


def ask(place: Place = Place.COMMAND, channel: str = CHANNEL) -> Ask:
    return Ask(place, ("k",), "services", "", "U1", "T1", channel, 0, ts="1.0")


def refusing(code: str, kind=ChannelRefused):
    async def check(channel_id: str) -> None:
        raise kind(code, "conversations.history")

    return check


@pytest.mark.parametrize(
    ("channel", "code", "said"),
    [
        ("C1", "not_in_channel", "Type `/invite @Callwatch` here, then try again."),
        ("G1", "channel_not_found", "Type `/invite @Callwatch` here, then try again."),
        ("C1", "is_archived", "This channel is archived"),
        ("D1", "channel_not_found", "Say the same in a channel, or in a direct message with me."),
    ],
)
async def test_where_nothing_can_be_told_nothing_is_watched(world, channel, code, said):
    answer = await answers(world, refusing(code)).order(ask(channel=channel), WatchServices(("rtpproxy",)))

    assert answer.is_private
    assert said in answer.message.text
    assert '"value": "/services watch rtpproxy"' in str(answer.message.blocks).replace("'", '"')
    assert await world.watches.all() == []


async def test_a_channel_that_slack_cannot_tell_of_now_is_no_hindrance(world):
    async def check(channel_id: str) -> None:
        raise SlackUnavailable("internal_error", "conversations.history", is_ambiguous=False)

    await answers(world, check).order(ask(), WatchServices(("rtpproxy",)))

    assert [watch.service_id for watch in await world.watches.all()] == ["rtpproxy"]


async def test_a_direct_message_needs_no_look(world):
    answer = await answers(world, refusing("missing_scope")).order(ask(Place.DIRECT), WatchServices(("rtpproxy",)))

    assert "rtpproxy is up now" in answer.message.text


async def test_a_second_watch_changes_what_it_says_and_keeps_the_rest(world):
    service = answers(world)
    await service.order(ask(), WatchServices(("rtpproxy",), notify=("U2",), remind_after_s=600))
    await service.order(ask(), WatchServices(("rtpproxy",), remind_after_s=0))
    (watch,) = await world.watches.all()

    assert (watch.notify, watch.remind_after_s) == (("U2",), None)


async def test_what_cannot_be_asked_is_watched_all_the_same(world):
    world.platform.services["rtpproxy"] = Unavailable("The platform cannot be reached.")
    answer = await answers(world).order(ask(), WatchServices(("rtpproxy", "nosuch")))

    assert "rtpproxy is unknown now. The platform cannot be reached." in answer.message.text
    assert "nosuch: not watched." in answer.message.text
    assert [watch.service_id for watch in await world.watches.all()] == ["rtpproxy"]


async def test_a_counter_shows_the_samples_of_its_last_hour(world):
    for minutes, value in ((90, 9999), (30, 1204), (2, 312)):
        sampled_at = world.clock() - timedelta(minutes=minutes)
        await world.samples.save(Counter("currentcalls", value, sampled_at), sampled_at)
    message = await answers(world).counter(Counter("currentcalls", 312, world.clock()))

    assert message.text.endswith("in the last hour 312 to 1,204")


async def test_the_history_counts_each_time_down_while_it_flapped(world):
    await world.watch("rtpproxy")
    await world.sees("rtpproxy", Status.UP, after_s=1)
    for status in (Status.DOWN, Status.UP) * 3:
        await world.sees("rtpproxy", status, after_s=1)
    await world.sees("rtpproxy", Status.UP, after_s=1)
    asked = parse_range("last-24h", now=world.clock() + timedelta(seconds=1), tz=UTC_ZONE)
    message = await answers(world).history(AskHistory("rtpproxy", asked), UTC_ZONE)

    assert message.text == (
        "rtpproxy · last 24 hours: 2 outages, down 3 s, uptime 57.142 % of the 7 s seen (0.1 % of the time)"
    )


async def test_what_happened_within_this_very_second_is_in_the_history(world):
    world.clock.pass_s(0.4)
    await world.watch("rtpproxy")
    await world.sees("rtpproxy", Status.UP, after_s=0.01)
    await world.sees("rtpproxy", Status.DOWN, after_s=0.01)
    world.clock.pass_s(0.01)
    asked = parse_range("last-24h", now=world.clock(), tz=UTC_ZONE)

    assert "1 outage" in (await answers(world).history(AskHistory("rtpproxy", asked), UTC_ZONE)).text
