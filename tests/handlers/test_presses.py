"""Presses on cards against the real record: what is too late, what belongs to another card, what changes nothing."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.rendering import cards, digests
from bot.reporting.models import Status
from handlers.asks import CARD, Ask, Place
from handlers.presses import Presses
from handlers.watching import Archive
from storage.board import Board
from tests.bot.watching.world import CHANNEL, OTHER, World, a_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """rtpproxy is down in a channel that watches it, and its card stands there."""
    async with a_world(tmp_path / "callwatch.db") as world:
        await world.watch("rtpproxy", "sbc")
        await world.goes_down("rtpproxy")
        await world.told()
        yield world


async def press(
    world: World, action: str, value: str = "1 rtpproxy", *, who: str = "U1", channel: str = CHANNEL
) -> str:
    """Press something; return what the one who pressed is told, "" for nothing."""
    archive = Archive(world.watches, world.outages, world.samples, Board(world.database))
    presses = Presses(world.watching, archive, now=world.clock)
    answer = await presses.press(
        Ask(Place.BUTTON, ("k",), CARD, f"{action} {value}", who, "T1", channel, 0, response_url="https://slack.test/")
    )
    assert answer is None or answer.is_private
    return "" if answer is None else answer.message.text


async def outage(world: World):
    found = await world.outages.load(1)
    assert found is not None
    return found


async def test_pressing_again_changes_nothing_and_says_nothing(world):
    assert await press(world, cards.ACKNOWLEDGE) == ""
    first = await outage(world)
    world.clock.pass_s(60)
    assert await press(world, cards.ACKNOWLEDGE) == ""

    assert await outage(world) == first
    assert first.acknowledged_by == "U1"


async def test_who_comes_second_is_told_who_was_first(world):
    await press(world, cards.ACKNOWLEDGE)

    assert (await press(world, cards.ACKNOWLEDGE, who="U2")).startswith("<@U1> has acknowledged it already, at ")
    assert (await outage(world)).acknowledged_by == "U1"


async def test_an_acknowledgement_can_be_taken_back_by_anybody_and_twice(world):
    await press(world, cards.ACKNOWLEDGE)

    assert await press(world, cards.UNACKNOWLEDGE, who="U2") == ""
    assert await press(world, cards.UNACKNOWLEDGE, who="U2") == ""
    assert (await outage(world)).acknowledged_by is None


@pytest.mark.parametrize("action", [cards.ACKNOWLEDGE, cards.UNACKNOWLEDGE])
async def test_what_is_over_is_said_to_be_over(world, action):
    await world.sees("rtpproxy", Status.UP)

    assert "over already" in await press(world, action)


@pytest.mark.parametrize(
    "value", ["99 rtpproxy", "1 sbc", "", "x", "1", "all 1"], ids=["no such", "another's", "none", "odd", "bare", "all"]
)
async def test_a_card_that_the_record_does_not_know_is_said_to_be_old(world, value):
    assert "no open outage on record" in await press(world, cards.ACKNOWLEDGE, value)
    assert (await outage(world)).acknowledged_by is None


async def test_a_button_of_another_version_does_nothing(world):
    assert "another version of Callwatch" in await press(world, "card_resolve")


async def test_mute_lasts_an_hour_and_is_never_shortened_by_the_button(world):
    assert await press(world, cards.MUTE) == ""
    watch = await world.watches.load(CHANNEL, "rtpproxy")
    assert (watch.muted_until, watch.muted_by) == (world.clock() + timedelta(hours=1), "U1")

    until = world.clock() + timedelta(days=2)
    await world.watching.mute(CHANNEL, "rtpproxy", until=until, by="U2")
    assert "muted here already, until" in await press(world, cards.MUTE)
    assert await world.watches.load(CHANNEL, "rtpproxy") == replace(watch, muted_until=until, muted_by="U2")


async def test_unmute_is_as_good_where_nothing_is_muted(world):
    assert await press(world, cards.UNMUTE) == ""
    await press(world, cards.MUTE)
    assert await press(world, cards.UNMUTE) == ""
    assert (await world.watches.load(CHANNEL, "rtpproxy")).muted_until is None


@pytest.mark.parametrize("action", [cards.MUTE, cards.UNMUTE])
async def test_what_is_not_watched_any_more_cannot_be_muted(world, action):
    await world.watching.unwatch(CHANNEL, "rtpproxy", "U1")

    assert "does not watch *rtpproxy* any more" in await press(world, action)


async def test_a_menu_means_one_outage_or_all_of_its_card(world):
    assert await press(world, digests.ACKNOWLEDGE, "1") == ""
    assert (await outage(world)).acknowledged_by == "U1"
    assert await press(world, digests.UNACKNOWLEDGE, "all 1") == ""
    assert (await outage(world)).acknowledged_by is None
    assert await press(world, digests.MUTE, "all 1") == ""
    assert (await world.watches.load(CHANNEL, "rtpproxy")).muted_until is not None


async def test_all_of_a_card_means_nothing_in_another_channel(world):
    assert "no open outage on record" in await press(world, digests.ACKNOWLEDGE, "all 1", channel=OTHER)
