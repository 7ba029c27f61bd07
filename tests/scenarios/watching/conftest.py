"""The stage with a watch kept ten times a second, a clock to set, and ways to wait for what a channel shows."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.app import Bot, running_bot, utc_now
from bot.demo import DEMO_KEY, DEMO_SECRET, Demo, demo_settings
from bot.manifest import load_manifest
from bot.playground.manifest import parse_manifest
from bot.playground.people import PersonAtClient
from bot.playground.seen import SeenMessage
from bot.playground.server import PlaygroundServer
from bot.reporting.server.serving import ReportingServer
from bot.watching.outgoing import Pace
from tests.scenarios.conftest import sample_records

INTERVAL_S = 0.1
#: So long that whatever would come has come.
A_WHILE_S = 5 * INTERVAL_S
PACE = Pace(between_posts_s=0.05, first_look_s=0.2, second_look_s=0.4, backoff_s=0.05, parked_s=600.0)


@dataclass
class Clock:
    """The wall clock of bot and platform: the real one, set forward."""

    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def api(clock: Clock) -> ReportingServer:
    """The platform, not started, with two services that are up."""
    api = ReportingServer(DEMO_KEY, DEMO_SECRET, sample_records(utc_now()), now=clock)
    for service in ("rtpproxy", "sbc"):
        api.services.set(service, "up")
    return api


@pytest.fixture
async def workspace(api: ReportingServer) -> AsyncIterator[PlaygroundServer]:
    """The workspace, and the platform beside it, without a bot; a rule of Slack's that is broken fails the test."""
    async with api, PlaygroundServer(parse_manifest(load_manifest().text)) as workspace:
        yield workspace
    workspace.assert_no_violations()


def a_bot(
    workspace: PlaygroundServer, api: ReportingServer, folder: Path, clock: Clock
) -> AbstractAsyncContextManager[Bot]:
    """Lend a running bot that remembers what it wrote down in `folder`."""
    settings = replace(demo_settings(workspace, api, folder / "callwatch.db"), poll_s=INTERVAL_S)
    return running_bot(settings, load_manifest(), now=clock, note_after_s=5.0, pace=PACE)


@pytest.fixture
async def stage(workspace, api, tmp_path, clock) -> AsyncIterator[Demo]:
    """A running bot."""
    async with a_bot(workspace, api, tmp_path, clock) as bot:
        yield Demo(api, workspace, bot)


@pytest.fixture
def ana(workspace: PlaygroundServer) -> PersonAtClient:
    """A member, in Stockholm."""
    return workspace.person("ana")


@pytest.fixture
def ben(workspace: PlaygroundServer) -> PersonAtClient:
    """Another member, in New York."""
    return workspace.person("ben")


async def until(
    person: PersonAtClient, said: str, channel: str = "#voice-ops", thread: str | None = None
) -> SeenMessage:
    """Return the next message that says `said`, as it is then; others are passed over."""
    while True:
        seen = await person.reads(channel, thread)
        if (said in seen.text or said in seen.all_text) and thread in (None, seen.thread_ts):
            return seen


async def watches(
    bot: Bot, person: PersonAtClient, words: str = "rtpproxy", channel: str = "#voice-ops"
) -> SeenMessage:
    """Have somebody watch services; return the answer once the bot has seen them, so that what comes is a flip."""
    await person.types(f"/services watch {words}", channel)
    answer = await person.reads(channel)
    await are_seen(bot, *(service for service in ("rtpproxy", "sbc") if service in words))
    return answer


async def are_seen(bot: Bot, *services: str) -> None:
    """Wait until the bot has seen services."""
    await eventually(lambda: all((state := bot.watching.state(each)) and state.last_seen for each in services))


async def eventually(is_so: Callable[[], bool], timeout_s: float = 5.0) -> None:
    """Wait until something is so, looking often; fail when it does not become so."""
    async with asyncio.timeout(timeout_s):
        while not is_so():
            await asyncio.sleep(0.005)


def flip(stage: Demo, service: str, status: str) -> None:
    """Have the platform say something else of a service from now on."""
    stage.api.services.set(service, status)


def of_bot(person: PersonAtClient, channel: str = "#voice-ops", thread: str | None = None) -> list[SeenMessage]:
    """Return what the bot has said to all in a channel or thread."""
    return [seen for seen in person.screen(channel, thread) if seen.author == "callwatch" and not seen.is_ephemeral]
