"""The flips behind outages, and the open outages that a card shows."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.reporting.models import Status
from storage.board import Board
from tests.bot.watching.world import CHANNEL, OTHER, World, a_world

DOWN, UP = Status.DOWN, Status.UP


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Two services that were seen up and are watched."""
    async with a_world(tmp_path / "callwatch.db") as world:
        await world.watch("rtpproxy", "sbc")
        for service in ("rtpproxy", "sbc"):
            await world.sees(service, UP)
        yield world


async def test_flips_are_told_in_the_order_they_happened_for_the_outages_asked_for(world):
    seen = []
    for service, status in (("rtpproxy", DOWN), ("sbc", DOWN), ("rtpproxy", UP), ("rtpproxy", DOWN)):
        await world.sees(service, status)
        seen.append((service, status, world.clock()))
    outages = {outage.outage_id for outage in await world.outages.load_open() if outage.service_id == "rtpproxy"} | {1}
    turns = await Board(world.database).turns(outages)

    assert [(turn.new, turn.at) for turn in turns] == [(status, at) for name, status, at in seen if name == "rtpproxy"]
    assert await Board(world.database).turns([]) == []


async def test_a_card_shows_the_outages_that_are_open_and_still_watched_in_its_channel(world):
    await world.sees("rtpproxy", DOWN)
    await world.sees("sbc", DOWN)
    await world.told()
    board = Board(world.database)
    (card,) = {row["card_id"] for row in await world.rows("SELECT card_id FROM card_line WHERE outage_id = 1")}

    assert [outage.service_id for outage in await board.open_on_card(CHANNEL, card)] == ["rtpproxy"]
    assert await board.open_on_card(OTHER, card) == []
    await world.watching.unwatch(CHANNEL, "rtpproxy", "U1")
    assert await board.open_on_card(CHANNEL, card) == []


async def test_a_card_whose_outage_is_over_has_nothing_open(world):
    await world.sees("rtpproxy", DOWN)
    await world.told()
    await world.sees("rtpproxy", UP)

    assert await Board(world.database).open_on_card(CHANNEL, 1) == []
